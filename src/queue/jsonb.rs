//! What Postgres can keep as `jsonb` and as text: nothing nested too deep, and no NUL character.

use super::QueueError;
use crate::email::shown;
use serde_json::Value;

/// As the database: deeper than any payload needs.
const MAX_DEPTH: usize = 32;

/// What jsonb can keep.
pub(super) fn json(field: &str, value: &Value) -> Result<(), QueueError> {
    if depth_exceeds(value, MAX_DEPTH) {
        return Err(QueueError::invalid(field, "is nested more than 32 deep"));
    }
    match nul(value) {
        Some(path) => Err(no_nul(&format!("{field}{path}"))),
        None => Ok(()),
    }
}

pub(super) fn plain(field: &str, text: &str) -> Result<(), QueueError> {
    if text.contains('\0') {
        Err(no_nul(field))
    } else {
        Ok(())
    }
}

/// An error as it is kept with a message. No mistake in it must keep a consumer from saying that it failed.
pub(super) fn error(why: Value) -> Value {
    match why {
        Value::String(text) => serde_json::json!({ "message": text.replace('\0', "\u{fffd}") }),
        Value::Object(_) if depth_exceeds(&why, MAX_DEPTH) => Value::Object(Default::default()),
        Value::Object(_) => without_nul(why),
        _ => Value::Object(Default::default()),
    }
}

fn without_nul(value: Value) -> Value {
    let clean = |text: String| text.replace('\0', "\u{fffd}");
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(items) => items.into_iter().map(without_nul).collect(),
        Value::Object(members) => (members
            .into_iter()
            .map(|(key, value)| (clean(key), without_nul(value))))
        .collect(),
        other => other,
    }
}

fn no_nul(field: &str) -> QueueError {
    QueueError::invalid(field, "has a NUL character, which Postgres cannot store")
}

fn depth_exceeds(value: &Value, levels: usize) -> bool {
    let deeper = |inner: &Value| levels == 0 || depth_exceeds(inner, levels - 1);
    match value {
        Value::Array(items) => items.iter().any(deeper),
        Value::Object(members) => members.values().any(deeper),
        _ => false,
    }
}

/// The path to the first text with a NUL character.
fn nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| Some(format!("[{index}]{}", nul(item)?)))
        }
        Value::Object(members) => members.iter().find_map(|(key, value)| {
            if key.contains('\0') {
                return Some(String::new());
            }
            Some(format!(".{}{}", shown(key), nul(value)?))
        }),
        _ => None,
    }
}
