//! The database's checks of a payload at enqueue: structure, sizes and sender. The worker checks the rest before it sends.

use crate::base::QueueError;
use crate::base::limits::{MAX_ADDRESS_TEXT, MAX_NAME, MAX_RECIPIENTS, MAX_SUBJECT};
use crate::email::{FIELDS, FieldError, Mailbox, check_limits};
use serde_json::{Map, Value};

/// Checks an e-mail's structure and gives its lane: what may share a dispatch with it.
pub(super) fn lane(payload: &Map<String, Value>) -> Result<String, QueueError> {
    let unknown = payload.keys().find(|name| !FIELDS.contains(&name.as_str()));
    if let Some(name) = unknown {
        return refuse(name, "unknown field");
    }
    for field in ["to", "cc", "bcc"] {
        check_addresses(payload, field)?;
    }
    if given(payload, "template").is_none() {
        let has = |field| payload.get(field).is_some_and(Value::is_string);
        QueueError::unless(has("subject"), "subject", "is missing, or is not a text")?;
        let why = "is missing: give content, text or template";
        QueueError::unless(has("content") || has("text"), "content", why)?;
    }
    let subject = payload.get("subject").and_then(Value::as_str);
    let subject = subject.unwrap_or_default();
    let plain = !subject.chars().any(is_control);
    QueueError::unless(plain, "subject", "has a control character")?;
    let fits = subject.chars().count() <= MAX_SUBJECT;
    QueueError::unless(fits, "subject", "must have at most 980 characters")?;
    let Some(from) = given(payload, "from") else {
        return refuse("from", "is missing, and no default sender is stored");
    };
    let sender = Mailbox::parse(from, "from")?;
    check_limits(payload).map_err(FieldError::of_payload)?;
    let attached = payload
        .get("attachments")
        .and_then(Value::as_array)
        .is_some_and(|attachments| !attachments.is_empty());
    let endpoint = if attached { "single" } else { "batch" };
    Ok(format!("{endpoint}:{}", sender.domain()))
}

fn check_addresses(payload: &Map<String, Value>, field: &str) -> Result<(), QueueError> {
    let value = match given(payload, field) {
        None if field == "to" => return refuse("to", "is missing"),
        None => return Ok(()),
        Some(Value::Array(items)) if items.is_empty() && field != "to" => return Ok(()),
        Some(value) => value,
    };
    let items = match value {
        Value::Array(items) => items.as_slice(),
        value => std::slice::from_ref(value),
    };
    let fits = items.len() <= MAX_RECIPIENTS;
    QueueError::unless(fits, field, "must have at most 50 addresses")?;
    let why = "must be an e-mail address, {email, name}, or a list of either";
    let fits = !items.is_empty() && items.iter().all(is_address);
    QueueError::unless(fits, field, why)?;
    let length = |text: Option<&str>| text.map_or(0, |text| text.chars().count());
    let is_long = |item: &Value| {
        length(text_of_address(item)) > MAX_ADDRESS_TEXT
            || length(item.get("name").and_then(Value::as_str)) > MAX_NAME
    };
    let why = "has a name of more than 256 characters";
    QueueError::unless(!items.iter().any(is_long), field, why)
}

fn is_address(value: &Value) -> bool {
    text_of_address(value).is_some_and(|text| text.chars().position(|c| c == '@') > Some(0))
}

fn text_of_address(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Object(members) => members.get("email")?.as_str(),
        _ => None,
    }
}

fn given<'a>(payload: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    payload.get(field).filter(|value| !value.is_null())
}

fn is_control(c: char) -> bool {
    matches!(c, '\u{1}'..='\u{1f}' | '\u{7f}')
}

pub(super) fn refuse<T>(field: &str, message: &str) -> Result<T, QueueError> {
    Err(QueueError::invalid(field, message))
}
