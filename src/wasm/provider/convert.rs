//! Between JavaScript's values and the queue's.

use crate::queue::{Lease, NewMessage, QueueError, QueueMessage};
use js_sys::{Array, Date, Error, Object, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use wasm_bindgen::prelude::*;

/// The fields of a message that are times.
const TIMES: [&str; 6] = [
    "runAt",
    "leaseExpiresAt",
    "createdAt",
    "updatedAt",
    "completedAt",
    "sendBefore",
];

/// A message to enqueue.
pub(super) fn new_message(message: &JsValue) -> Result<NewMessage, QueueError> {
    if !message.is_object() {
        return Err(QueueError::invalid("message", "must be an object"));
    }
    from_js(with_times(message, &["runAt", "sendBefore"])?, "message")
}

/// Options: the defaults where they are not given. The fields named in `times` may be `Date`s.
pub(super) fn options<T: DeserializeOwned + Default>(
    given: JsValue,
    times: &[&str],
) -> Result<T, QueueError> {
    if given.is_undefined() || given.is_null() {
        return Ok(T::default());
    }
    if !given.is_object() {
        return Err(QueueError::invalid("options", "must be an object"));
    }
    from_js(with_times(&given, times)?, "options")
}

/// A lease, or the message that has it.
pub(super) fn lease(leased: &JsValue) -> Result<Lease, QueueError> {
    let invalid = || QueueError::invalid("lease", "must be a message from dequeue, or its lease");
    if !leased.is_object() {
        return Err(invalid());
    }
    let inner = Reflect::get(leased, &"lease".into()).unwrap_or_default();
    let lease = if inner.is_object() {
        inner
    } else {
        leased.clone()
    };
    serde_wasm_bindgen::from_value(lease).map_err(|_| invalid())
}

/// An error as it is kept with a message: from an `Error`, a text or an object.
pub(super) fn error_object(why: JsValue) -> Value {
    if let Some(error) = why.dyn_ref::<Error>() {
        return json!({ "name": String::from(error.name()), "message": String::from(error.message()) });
    }
    if let Some(text) = why.as_string() {
        return json!({ "message": text });
    }
    match serde_wasm_bindgen::from_value(why) {
        Ok(Value::Object(object)) => Value::Object(object),
        _ => json!({}),
    }
}

/// A length of time.
pub(super) fn seconds(field: &str, given: f64) -> Result<Duration, QueueError> {
    Duration::try_from_secs_f64(given)
        .map_err(|_| QueueError::invalid(field, "must be a number of seconds from 0 on"))
}

/// `Date`s become text on their way in, so that times are accepted as either.
fn with_times(given: &JsValue, names: &[&str]) -> Result<JsValue, QueueError> {
    let copy = Object::assign(&Object::new(), given.unchecked_ref());
    for name in names {
        let value = Reflect::get(&copy, &(*name).into()).unwrap_or_default();
        if let Some(date) = value.dyn_ref::<Date>() {
            if date.get_time().is_nan() {
                return Err(QueueError::invalid(*name, "is an invalid Date"));
            }
            let _ = Reflect::set(&copy, &(*name).into(), &date.to_iso_string());
        }
    }
    Ok(copy.into())
}

/// Reads a value; serde's message names the field that does not fit.
fn from_js<T: DeserializeOwned>(value: JsValue, what: &str) -> Result<T, QueueError> {
    // By way of a map: read straight into a struct, fields that it does not have would be passed over.
    let value: Value = serde_wasm_bindgen::from_value(value)
        .map_err(|error| QueueError::invalid(what, crate::outcome::scrub(&error.to_string())))?;
    serde_json::from_value(value).map_err(|error| {
        let message = error.to_string();
        let field = message
            .split('`')
            .nth(1)
            .filter(|_| message.contains("field"))
            .unwrap_or(what)
            .to_owned();
        QueueError::invalid(field, crate::outcome::scrub(&message))
    })
}

/// Objects, not `Map`s; null, not undefined.
pub(super) fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(Into::into)
}

/// A message with `Date`s.
pub(super) fn message_to_js(message: &QueueMessage) -> Result<JsValue, JsValue> {
    let object = to_js(message)?;
    for name in TIMES {
        if let Some(text) = Reflect::get(&object, &name.into())?.as_string() {
            Reflect::set(&object, &name.into(), &date(&text))?;
        }
    }
    Ok(object)
}

/// Messages with `Date`s.
pub(super) fn messages_to_js(messages: &[QueueMessage]) -> Result<JsValue, JsValue> {
    messages
        .iter()
        .map(message_to_js)
        .collect::<Result<Array, _>>()
        .map(Into::into)
}

/// PostgREST writes `2026-01-01T00:00:00+00:00`, Supabase Lite `2026-01-01 00:00:00+00`.
fn date(text: &str) -> Date {
    let mut text = text.replacen(' ', "T", 1);
    let sign = text.len().checked_sub(3).and_then(|at| text.get(at..=at));
    if matches!(sign, Some("+" | "-")) {
        text.push_str(":00");
    }
    Date::new(&text.into())
}

/// The name that the caller wrote, for an option that the database names its own way.
fn written(field: &str) -> String {
    match field {
        "max_attempts" => "maxAttempts",
        "run_at" => "runAt",
        "delay_ms" => "delaySeconds",
        "send_before" => "sendBefore",
        "dedup_key" => "dedupKey",
        other => other,
    }
    .to_owned()
}

/// An `Error` with `code`, `field`, `retryable` and `cause`; `index.js` makes it a `QueueError`.
pub(super) fn error(error: QueueError) -> JsValue {
    let object = Error::new(&error.to_string());
    let unknown = error.message.starts_with("unknown field");
    let field = error
        .field
        .map(|field| if unknown { field } else { written(&field) });
    let text = |text: Option<String>| text.map_or(JsValue::UNDEFINED, JsValue::from);
    for (name, value) in [
        ("code", JsValue::from(error.code.as_str())),
        ("field", text(field)),
        ("retryable", error.code.is_retryable().into()),
        ("cause", text(error.cause)),
    ] {
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}
