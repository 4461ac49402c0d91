//! Arguments and answers of the queue's calls in JSON, as JavaScript writes it. Its classes carry this JSON into the WebAssembly module,
//! and the shared test cases are written in it.

use super::check;
use super::words::told;
use crate::base::{ErrorCode, Misfit, QueueError, shown, typed, typed_fields};
use crate::protocol::{DeadLetterFilter, Lease, NewMessage, QueueMessage, QueueMessageStatus};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::time::Duration;

pub(super) const UNKNOWN: &str = "is not an option here";

pub(super) type Fields = Map<String, Value>;

/// A message to enqueue.
///
/// # Errors
/// `invalid_input` names the option that is not known, or not of the type that it must have.
pub fn message(given: Value) -> Result<NewMessage, QueueError> {
    read(given, "message")
}

/// One message of a list: an error without a field is about the message itself.
///
/// # Errors
/// As [`message`].
pub fn item(given: Value) -> Result<NewMessage, QueueError> {
    if given.is_object() {
        message(given)
    } else {
        let why = "must be an object";
        Err(QueueError::new(ErrorCode::InvalidInput, why))
    }
}

/// Options, the defaults where they are not given.
///
/// # Errors
/// `invalid_input` names the option that is not known, or not of the type that it must have.
pub fn options<T: DeserializeOwned + Default>(given: Value) -> Result<T, QueueError> {
    match given {
        Value::Null => Ok(T::default()),
        given => read(given, "options"),
    }
}

/// How long a call may take.
///
/// # Errors
/// `invalid_input` with the field `timeoutSeconds`.
pub fn timeout(seconds: f64) -> Result<Duration, QueueError> {
    check::positive("timeoutSeconds", seconds)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Retry {
    delay_seconds: f64,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Resume {
    domain: Option<String>,
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) fn messages(given: Value) -> Result<Vec<NewMessage>, QueueError> {
    let Value::Array(messages) = given else {
        return Err(QueueError::invalid("messages", "must be a list"));
    };
    let messages = messages
        .into_iter()
        .enumerate()
        .map(|(index, given)| item(given).map_err(|error| error.of_item(index)));
    messages.collect()
}

/// How long a retry waits, of its options.
pub(super) fn delay(given: Value) -> Result<Duration, QueueError> {
    check::delay(options::<Retry>(given)?.delay_seconds)
}

/// Whose pause ends, of its options.
pub(super) fn domain(given: Value) -> Result<Option<String>, QueueError> {
    Ok(options::<Resume>(given)?.domain)
}

pub(super) fn status(given: Value) -> Result<QueueMessageStatus, QueueError> {
    QueueMessageStatus::parse(&text(given))
        .ok_or_else(|| QueueError::invalid("status", check::rule("status")))
}

/// In JavaScript they are one object.
pub(super) fn filter_and_page(given: Value) -> Result<(DeadLetterFilter, Value), QueueError> {
    let Value::Object(filter) = given else {
        return Ok((options(given)?, Value::Null));
    };
    let (filter, page) = split_page(filter);
    Ok((options(Value::Object(filter))?, Value::Object(page)))
}

pub(super) fn split_page(mut filter: Fields) -> (Fields, Fields) {
    let page = ["limit", "before"].into_iter();
    let page = page.filter_map(|name| filter.remove_entry(name)).collect();
    (filter, page)
}

/// A lease, or the message that has it.
pub(super) fn lease(mut given: Value) -> Result<Lease, QueueError> {
    let inner = given.get_mut("lease").map(Value::take);
    typed::<Lease>(&inner.unwrap_or(given)).map_err(|_| check::not_a_lease())
}

pub(super) fn text(given: Value) -> String {
    match given {
        Value::String(text) => text,
        _ => String::new(),
    }
}

pub(super) fn number(field: &str, given: Value) -> Result<f64, QueueError> {
    given
        .as_f64()
        .ok_or_else(|| QueueError::invalid(field, check::rule(field)))
}

/// Each of the objects read here has a default for every field, so that a field can be tried alone.
fn read<T: DeserializeOwned>(given: Value, what: &str) -> Result<T, QueueError> {
    let Value::Object(fields) = given else {
        return Err(QueueError::invalid(what, "must be an object"));
    };
    // Read by reference, so that a large payload is not copied for the sake of an error.
    typed_fields(&fields)
        .map_err(|_| culprit(&fields, what, &|alone| typed_fields::<T>(alone).err()))
}

/// Which field it is that does not fit, where `fault` says what is wrong with one alone. (Not generic: it would be in the
/// module a dozen times.)
fn culprit(
    fields: &Map<String, Value>,
    what: &str,
    fault: &dyn Fn(&Fields) -> Option<Misfit>,
) -> QueueError {
    for (name, value) in fields {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        let Some(misfit) = fault(&alone) else {
            continue;
        };
        // The only one with fields of its own.
        if name == "filter" && value.is_object() {
            let inner = options::<DeadLetterFilter>(value.clone()).err();
            return inner.map_or(error_of(name), |error| error.below(name));
        }
        match misfit {
            Misfit::Unknown => return QueueError::invalid(shown(name), UNKNOWN),
            Misfit::NoneOf(known) => {
                let (last, most) = known.split_last().unwrap_or((&"", &[]));
                let most = most.join(", ");
                return QueueError::invalid(name, format!("must be {most} or {last}"));
            }
            Misfit::Other => {}
        }
        let list = (value.as_array()).filter(|_| ["types", "ids"].contains(&name.as_str()));
        let mut items = list.into_iter().flatten();
        return match items.position(|item| !item.is_string()) {
            Some(index) => QueueError::invalid(format!("{name}[{index}]"), "must be a text"),
            None => error_of(name),
        };
    }
    QueueError::invalid(what, "cannot be read")
}

fn error_of(name: &str) -> QueueError {
    QueueError::invalid(name, check::rule(name))
}

/// A message as callers read it.
pub(super) fn read_out(message: QueueMessage, lease: Option<Lease>) -> Result<Value, QueueError> {
    let mut message = told(write(message)?);
    if let (Some(fields), Some(lease)) = (message.as_object_mut(), lease) {
        fields.insert("lease".to_owned(), write(lease)?);
    }
    Ok(message)
}

pub(super) fn read_out_all(messages: Vec<QueueMessage>) -> Result<Value, QueueError> {
    (messages.into_iter().map(|message| read_out(message, None))).collect()
}

pub(super) fn write(value: impl serde::Serialize) -> Result<Value, QueueError> {
    serde_json::to_value(value)
        .map_err(|_| QueueError::new(ErrorCode::Unexpected, "the answer cannot be written"))
}
