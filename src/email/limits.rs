//! Bounds for what costs the worker time, checked on the payload as it came. `check_limits` in `supabase/migrations` has the same bounds
//! and words (`tests/conformance/payloads.rs`).
//!
//! An isolate of the platform has 2 s of CPU. Read and written natively on a busy machine, a megabyte of text takes 6 to
//! 16 ms, 50,000 attachments 80 ms, 100,000 headers 130 ms, a million other values 160 ms; 50 headers of 4096 characters 0.4 ms.
//! So bytes are bounded by `max_payload_bytes`, and counts here.

use serde_json::{Map, Value};

use super::error::FieldError;
use crate::base::limits::{
    MAX_ATTACHMENTS, MAX_CONTENT_TYPE, MAX_FILE_NAME, MAX_HEADER_NAME, MAX_HEADER_VALUE,
    MAX_HEADERS, MAX_PATH, MAX_RECIPIENTS, MAX_VALUES, MAX_VARIABLES,
};
use crate::base::shown;

/// The longest texts of an attachment, in characters.
const LENGTHS: [(&str, usize); 3] = [
    ("filename", MAX_FILE_NAME),
    ("contentType", MAX_CONTENT_TYPE),
    ("path", MAX_PATH),
];

/// The first limit that the payload is over. The reader finds a wrong shape.
pub(crate) fn check_limits(payload: &Map<String, Value>) -> Result<(), FieldError> {
    let reply_to = payload.get("replyTo").and_then(Value::as_array);
    let addresses = reply_to.map_or(0, Vec::len);
    at_most(MAX_RECIPIENTS, addresses, "addresses").map_err(|error| error.within("replyTo"))?;
    if let Some(headers) = payload.get("headers").and_then(Value::as_object) {
        check_headers(headers).map_err(|error| error.within("headers"))?;
    }
    if let Some(attachments) = payload.get("attachments").and_then(Value::as_array) {
        check_attachments(attachments).map_err(|error| error.within("attachments"))?;
    }
    let variables = payload.get("template").and_then(|it| it.get("variables"));
    let variables = variables.and_then(Value::as_object);
    at_most(MAX_VARIABLES, variables.map_or(0, Map::len), "variables")
        .map_err(|error| error.within("template.variables"))?;
    // The payload itself is one.
    let fits = payload.values().map(values).sum::<usize>() < MAX_VALUES;
    FieldError::unless(fits, &format!("has more than {MAX_VALUES} values"))
}

fn check_headers(headers: &Map<String, Value>) -> Result<(), FieldError> {
    at_most(MAX_HEADERS, headers.len(), "headers")?;
    for (name, value) in headers {
        if name.chars().count() > MAX_HEADER_NAME {
            let why = format!("a header's name must have at most {MAX_HEADER_NAME} characters");
            return Err(FieldError::here(why).within(shown(name)));
        }
        check_text(name, Some(value), MAX_HEADER_VALUE)?;
    }
    Ok(())
}

fn check_attachments(attachments: &[Value]) -> Result<(), FieldError> {
    at_most(MAX_ATTACHMENTS, attachments.len(), "attachments")?;
    for (index, attachment) in attachments.iter().enumerate() {
        for (name, most) in LENGTHS {
            check_text(name, attachment.get(name), most).map_err(|error| error.item(index))?;
        }
    }
    Ok(())
}

fn check_text(name: &str, value: Option<&Value>, most: usize) -> Result<(), FieldError> {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    let fits = at_most(most, text.chars().count(), "characters");
    fits.map_err(|error| error.within(shown(name)))
}

pub(super) fn at_most(most: usize, count: usize, what: &str) -> Result<(), FieldError> {
    match count <= most {
        true => Ok(()),
        false => Err(FieldError::here(format!("must have at most {most} {what}"))),
    }
}

/// How many values there are, with those inside.
fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(members) => members.values().map(values).sum::<usize>(),
        _ => 0,
    }
}
