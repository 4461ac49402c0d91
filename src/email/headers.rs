//! Extra headers and tags: names and values that the user chooses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    MESSAGE_ID_TAG,
    error::FieldError,
    value::{line, object, only, required, text},
};
use crate::base::limits::{MAX_TAG, MAX_TAGS};
use crate::base::shown;

/// Headers that the e-mail's own fields or the provider write, in lower case; a `-` at the end stands for any continuation.
const RESERVED: [&str; 11] = [
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "return-path",
    "mime-",
    "content-",
    "dkim-",
];

/// Reads `headers`: an object of name to string. Names come out sorted.
pub(super) fn parse_headers(value: &Value) -> Result<BTreeMap<String, String>, FieldError> {
    let mut headers = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (name, value) in object(value)? {
        let folded = name.to_ascii_lowercase();
        check_header_name(name, &folded).map_err(|error| error.within(shown(name)))?;
        if !seen.insert(folded) {
            return Err(FieldError::at(
                name,
                "given twice (the case of a header's name does not matter)",
            ));
        }
        let value = line(value).map_err(|error| error.within(shown(name)))?;
        headers.insert(name.clone(), value.to_owned());
    }
    Ok(headers)
}

fn check_header_name(name: &str, folded: &str) -> Result<(), FieldError> {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    let why = "a header's name must be printable ASCII without spaces and colons";
    FieldError::unless(!name.is_empty() && name.bytes().all(plain), why)?;
    let matches = |reserved: &str| {
        folded == reserved || (reserved.ends_with('-') && folded.starts_with(reserved))
    };
    let why = "this header is not yours to set: the e-mail's fields or the provider write it";
    FieldError::unless(!RESERVED.into_iter().any(matches), why)
}

/// Reads `tags`: a list of `{name, value}`, or an object of name to value. Names come out sorted.
pub(super) fn parse_tags(value: &Value) -> Result<BTreeMap<String, String>, FieldError> {
    let mut tags = BTreeMap::new();
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                parse_tag(item, &mut tags).map_err(|error| error.item(index))?;
            }
        }
        Value::Object(object) => {
            for (name, value) in object {
                let value = check_tag_name(&tags, name).and_then(|()| tag_text(value));
                let value = value.map_err(|error| error.within(shown(name)))?;
                tags.insert(name.clone(), value.to_owned());
            }
        }
        _ => {
            let why = "must be a list of {name, value} or an object";
            return Err(FieldError::here(why));
        }
    }
    let why = format!("more than {MAX_TAGS} tags");
    FieldError::unless(tags.len() <= MAX_TAGS, &why).map(|()| tags)
}

/// What is wrong with tags that are not in a payload yet.
pub(crate) fn check_tags(value: &Value) -> Result<(), FieldError> {
    parse_tags(value).map(|_| ())
}

fn parse_tag(item: &Value, tags: &mut BTreeMap<String, String>) -> Result<(), FieldError> {
    let item = object(item)?;
    only(item, &["name", "value"], &[("key", "name")])?;
    let name = required(item, "name", text)?;
    let value = required(item, "value", Ok)?;
    check_tag_name(tags, name).map_err(|error| error.within("name"))?;
    let value = tag_text(value).map_err(|error| error.within("value"))?;
    tags.insert(name.to_owned(), value.to_owned());
    Ok(())
}

fn check_tag_name(tags: &BTreeMap<String, String>, name: &str) -> Result<(), FieldError> {
    let why = format!("{MESSAGE_ID_TAG} is reserved: the queue adds it");
    FieldError::unless(name != MESSAGE_ID_TAG, &why)?;
    // Webhooks give the tags back as an object, where only one of two could be.
    FieldError::unless(!tags.contains_key(name), "this tag is given twice")?;
    let why = "a tag's name must be 1 to 256 of A-Z a-z 0-9 _ -";
    FieldError::unless(is_tag_text(name), why)
}

fn tag_text(value: &Value) -> Result<&str, FieldError> {
    let value = text(value)?;
    let why = "a tag's value must be 1 to 256 of A-Z a-z 0-9 _ -";
    FieldError::unless(is_tag_text(value), why).map(|()| value)
}

/// Whether Resend takes `text` as a tag's name or value.
pub(crate) fn is_tag_text(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=MAX_TAG).contains(&text.len()) && text.bytes().all(allowed)
}
