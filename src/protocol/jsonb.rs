//! Whether Postgres can store a value as `jsonb` or as text, and others can read it: not nested too deep, no NUL character, no number
//! beyond a double. And how long the value is.

use crate::base::limits::{MAX_DEPTH, TOO_LARGE};
use crate::base::{QueueError, shown};
use serde_json::Value;

const NUL: &str = "has a NUL character, which Postgres cannot store";

/// What jsonb can keep, and every reader of JSON can read back.
pub(crate) fn json(field: &str, value: &Value) -> Result<(), QueueError> {
    let fits = !depth_exceeds(value, MAX_DEPTH);
    QueueError::unless(fits, field, "is nested more than 32 deep")?;
    match fault(value) {
        Some((path, why)) => Err(QueueError::invalid(format!("{field}{path}"), why)),
        None => Ok(()),
    }
}

pub(crate) fn plain(field: &str, text: &str) -> Result<(), QueueError> {
    QueueError::unless(!text.contains('\0'), field, NUL)
}

/// An error as it is kept with a message. No mistake in it must keep a consumer from saying that it failed.
pub(crate) fn error(why: Value) -> Value {
    match why {
        Value::String(text) => serde_json::json!({ "message": text.replace('\0', "\u{fffd}") }),
        Value::Object(_) if depth_exceeds(&why, MAX_DEPTH) => Value::Object(Default::default()),
        Value::Object(_) => without_nul(why),
        Value::Null => Value::Object(Default::default()),
        other => serde_json::json!({ "message": other.to_string() }),
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

fn depth_exceeds(value: &Value, levels: usize) -> bool {
    let deeper = |inner: &Value| levels == 0 || depth_exceeds(inner, levels - 1);
    match value {
        Value::Array(items) => items.iter().any(deeper),
        Value::Object(members) => members.values().any(deeper),
        _ => false,
    }
}

/// An answer of the database. One row must not keep the others from being read: a number that no double can hold becomes its
/// text, and what is nested deeper than any parser reads is left out. Enqueue takes neither; what was written by hand may be so.
pub(crate) fn read(answer: &str) -> Option<Value> {
    let whole = serde_json::from_str(answer);
    whole
        .or_else(|_| serde_json::from_str(&readable(answer)))
        .ok()
}

fn readable(json: &str) -> String {
    const LEVELS: usize = 100;
    const DIGITS: usize = 308;
    let mut readable = String::new();
    // What may be a number: Postgres writes one of jsonb without an exponent.
    let mut number = String::new();
    let (mut levels, mut in_text, mut escaped) = (0, false, false);
    for c in json.chars() {
        if !in_text && (c.is_ascii_digit() || c == '.' || c == '-') {
            number.push(c);
            continue;
        }
        let whole = number.trim_start_matches('-').split('.').next();
        let quote = if whole.is_some_and(|it| it.len() > DIGITS) {
            "\""
        } else {
            ""
        };
        if levels <= LEVELS {
            readable.extend([quote, &number, quote]);
        }
        number.clear();
        let opens = !in_text && matches!(c, '[' | '{');
        let closes = !in_text && matches!(c, ']' | '}');
        levels += usize::from(opens);
        if levels <= LEVELS {
            readable.push(c);
        } else if opens && levels == LEVELS + 1 {
            readable.push_str("null");
        }
        levels -= usize::from(closes);
        (in_text, escaped) = match c {
            '"' if !escaped => (!in_text, false),
            _ => (in_text, in_text && c == '\\' && !escaped),
        };
    }
    readable + &number
}

/// The path to the first value that cannot be kept, and why.
fn fault(value: &Value) -> Option<(String, &'static str)> {
    match value {
        Value::String(text) if text.contains('\0') => Some((String::new(), NUL)),
        Value::Number(number) if number.as_f64().is_some_and(|it| it.abs() >= TOO_LARGE) => {
            Some((String::new(), "must be a number below 1e308"))
        }
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let (path, why) = fault(item)?;
            Some((format!("[{index}]{path}"), why))
        }),
        Value::Object(members) => members.iter().find_map(|(key, value)| {
            if key.contains('\0') {
                return Some((String::new(), NUL));
            }
            let (path, why) = fault(value)?;
            Some((format!(".{}{path}", shown(key)), why))
        }),
        _ => None,
    }
}

/// How many bytes `value` has as the database writes it: a space after each colon and comma.
pub(crate) fn bytes(value: &Value) -> u64 {
    let separators = |count: usize| 2 * count.saturating_sub(1) as u64;
    match value {
        Value::Object(members) => {
            let inner = members
                .iter()
                .map(|(key, value)| text_bytes(key) + 2 + bytes(value));
            2 + separators(members.len()) + inner.sum::<u64>()
        }
        Value::Array(items) => 2 + separators(items.len()) + items.iter().map(bytes).sum::<u64>(),
        Value::String(text) => text_bytes(text),
        other => other.to_string().len() as u64,
    }
}

fn text_bytes(text: &str) -> u64 {
    let escaped = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | 8 | 9 | 10 | 12 | 13 => 2,
        0..32 => 6,
        _ => 1,
    });
    2 + escaped.sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_others_cannot_read_is_not_kept() {
        for (value, field) in [
            (json!({"a": [1, 1e308]}), Some("metadata.a[1]")),
            (json!({"a@b": -1.7e308}), Some("metadata.?")),
            (json!({"a": "\0"}), Some("metadata.a")),
            (json!({"a\0": 1}), Some("metadata")),
            (
                json!([9.99e307, -9.99e307, 1e-300, u64::MAX, i64::MIN]),
                None,
            ),
        ] {
            let error = json("metadata", &value).err();
            assert_eq!(error.and_then(|error| error.field).as_deref(), field);
        }
    }

    #[test]
    fn one_row_does_not_keep_the_others_from_being_read() {
        let digits = "9".repeat(400);
        let (open, close) = ("[".repeat(200), "]".repeat(200));
        let answer = format!(
            r#"[{{"n": {digits}, "m": -{digits}.50, "text": "\\\"{digits}\\", "l": [true, 1.5e3, -{digits}]}}, {{"deep": {open}{digits}{close}, "n": 7}}]"#
        );
        assert!(serde_json::from_str::<Value>(&answer).is_err());
        let read = read(&answer).unwrap();
        assert_eq!(
            read.pointer("/0"),
            Some(&json!({
                "n": digits, "m": format!("-{digits}.50"), "text": format!("\\\"{digits}\\"),
                "l": [true, 1.5e3, format!("-{digits}")],
            }))
        );
        assert_eq!(read.pointer("/1/n"), Some(&json!(7)));
        let deepest = format!("/1/deep{}", "/0".repeat(98));
        assert_eq!(read.pointer(&deepest), Some(&Value::Null));
        assert_eq!(super::read("{"), None);
        // As it is, where it can be.
        assert_eq!(super::read("1e300"), Some(json!(1e300)));
    }
}
