//! Reads a JSON value as the expected shape.

use serde_json::{Map, Value};

use super::error::FieldError;

/// The object behind `value`.
pub(super) fn object(value: &Value) -> Result<&Map<String, Value>, FieldError> {
    value
        .as_object()
        .ok_or_else(|| FieldError::here("must be an object"))
}

/// The member `key`; `null` is the same as absent.
pub(super) fn member<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|value| !value.is_null())
}

/// The member `key`, parsed; `None` where it is absent.
pub(super) fn optional<'a, T>(
    object: &'a Map<String, Value>,
    key: &str,
    parse: impl FnOnce(&'a Value) -> Result<T, FieldError>,
) -> Result<Option<T>, FieldError> {
    member(object, key)
        .map(parse)
        .transpose()
        .map_err(|error| error.within(key))
}

/// The member `key`, parsed; an error where it is absent.
pub(super) fn required<'a, T>(
    object: &'a Map<String, Value>,
    key: &str,
    parse: impl FnOnce(&'a Value) -> Result<T, FieldError>,
) -> Result<T, FieldError> {
    optional(object, key, parse)?.ok_or_else(|| FieldError::at(key, "is required"))
}

/// Refuses members that nothing reads, since a misspelt field would be lost silently.
///
/// `hints` maps a wrong name to the right one; a name that differs from a known one only in
/// case, `_` or `-` is recognised without a hint.
pub(super) fn only(
    object: &Map<String, Value>,
    known: &[&str],
    hints: &[(&str, &str)],
) -> Result<(), FieldError> {
    let Some(key) = object.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let folded = fold(key);
    let alike = known.iter().find(|name| fold(name) == folded).copied();
    let hint = alike.or_else(|| {
        hints
            .iter()
            .find(|(wrong, _)| *wrong == folded)
            .map(|(_, right)| *right)
    });
    Err(FieldError::at(
        key,
        match hint {
            Some(name) => format!("unknown field; did you mean {name}?"),
            None => "unknown field".to_owned(),
        },
    ))
}

/// `key` without what differs between spelling conventions.
fn fold(key: &str) -> String {
    key.chars()
        .filter(|c| *c != '_' && *c != '-')
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The string behind `value`, free of NUL, which neither jsonb nor mail can hold.
pub(super) fn text(value: &Value) -> Result<&str, FieldError> {
    let text = value
        .as_str()
        .ok_or_else(|| FieldError::here("must be a string"))?;
    FieldError::unless(!text.contains('\0'), "must not contain NUL characters")?;
    Ok(text)
}

/// A string that ends up in a header of the e-mail: a line break in it would start another header.
pub(super) fn line(value: &Value) -> Result<&str, FieldError> {
    let text = text(value)?;
    check_line(text)?;
    Ok(text)
}

/// A [`line`] that is more than spaces.
pub(super) fn filled_line(value: &Value) -> Result<&str, FieldError> {
    let text = line(value)?;
    FieldError::unless(!text.trim().is_empty(), "must not be empty")?;
    Ok(text)
}

/// Refuses CR, LF and every other control character (C0, DEL and C1).
pub(super) fn check_line(text: &str) -> Result<(), FieldError> {
    let why = "must not contain line breaks or other control characters";
    FieldError::unless(!text.chars().any(char::is_control), why)
}
