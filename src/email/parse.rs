//! From the user's payload to an [`Email`].

use serde_json::{Map, Value};

use crate::base::limits::{MAX_PAYLOAD_BYTES, MAX_RECIPIENTS, MAX_SUBJECT};

use super::{
    Body, Email, Sender,
    address::Mailbox,
    attachment::Attachment,
    error::FieldError,
    headers::{parse_headers, parse_tags},
    limits::{at_most, check_limits},
    template::Template,
    value::{filled_line, object, only, optional, required, text},
};

/// What a payload may have.
pub(crate) const FIELDS: [&str; 12] = [
    "to",
    "cc",
    "bcc",
    "from",
    "replyTo",
    "subject",
    "content",
    "text",
    "headers",
    "tags",
    "attachments",
    "template",
];

/// Names that other libraries use, in lower case without `_` and `-`.
const HINTS: [(&str, &str); 16] = [
    ("html", "content"),
    ("htmlbody", "content"),
    ("body", "content"),
    ("bodyhtml", "content"),
    ("message", "content"),
    ("plain", "text"),
    ("plaintext", "text"),
    ("textbody", "text"),
    ("bodytext", "text"),
    ("sender", "from"),
    ("recipient", "to"),
    ("recipients", "to"),
    ("title", "subject"),
    ("header", "headers"),
    ("attachment", "attachments"),
    ("templateid", "template"),
];

/// Reads the whole payload. An error about the whole has an empty field.
pub(super) fn parse(payload: &Value, sender: Sender) -> Result<Email, FieldError> {
    let payload = object(payload)?;
    only(payload, &FIELDS, &HINTS)?;
    check_limits(payload)?;
    let from = match sender {
        Sender::Required => Some(required(payload, "from", Mailbox::from_value)?),
        Sender::Optional => optional(payload, "from", Mailbox::from_value)?,
    };
    let to = required(payload, "to", mailboxes)?;
    if to.is_empty() {
        return Err(FieldError::at("to", "needs at least one address"));
    }
    let body = parse_body(payload)?;
    // A template brings its own subject, which one given here replaces.
    let subject = match body {
        Body::Template(_) => optional(payload, "subject", subject_line)?,
        Body::Inline { .. } => Some(required(payload, "subject", subject_line)?),
    };
    let email = Email {
        from,
        to,
        cc: optional(payload, "cc", mailboxes)?.unwrap_or_default(),
        bcc: optional(payload, "bcc", mailboxes)?.unwrap_or_default(),
        reply_to: optional(payload, "replyTo", mailboxes)?.unwrap_or_default(),
        subject: subject.map(str::to_owned),
        body,
        headers: optional(payload, "headers", parse_headers)?.unwrap_or_default(),
        tags: optional(payload, "tags", parse_tags)?.unwrap_or_default(),
        attachments: optional(payload, "attachments", attachments)?.unwrap_or_default(),
    };
    check_size(&email)?;
    Ok(email)
}

/// One mailbox or a list of them.
fn mailboxes(value: &Value) -> Result<Vec<Mailbox>, FieldError> {
    let Value::Array(items) = value else {
        return Ok(vec![Mailbox::from_value(value)?]);
    };
    at_most(MAX_RECIPIENTS, items.len(), "addresses")?;
    list(items, Mailbox::from_value)
}

fn attachments(value: &Value) -> Result<Vec<Attachment>, FieldError> {
    let items = value
        .as_array()
        .ok_or_else(|| FieldError::here("must be a list"))?;
    list(items, Attachment::from_value)
}

fn list<T>(
    items: &[Value],
    parse: impl Fn(&Value) -> Result<T, FieldError>,
) -> Result<Vec<T>, FieldError> {
    items
        .iter()
        .enumerate()
        .map(|(index, item)| parse(item).map_err(|error| error.item(index)))
        .collect()
}

fn parse_body(payload: &Map<String, Value>) -> Result<Body, FieldError> {
    let template = optional(payload, "template", Template::from_value)?;
    // Empty content says nothing, while empty text tells Resend not to make any from the HTML.
    let html = optional(payload, "content", text)?.filter(|html| !html.is_empty());
    let text = optional(payload, "text", text)?;
    match (template, html, text) {
        (Some(template), None, None) => Ok(Body::Template(template)),
        (Some(_), ..) => Err(FieldError::at("template", "excludes content and text")),
        (None, None, None | Some("")) => Err(FieldError::at(
            "content",
            "content, text or template is required",
        )),
        (None, html, text) => Ok(Body::Inline {
            html: html.map(str::to_owned),
            text: text.map(str::to_owned),
        }),
    }
}

fn check_size(email: &Email) -> Result<(), FieldError> {
    let attached = email.attached_len();
    if email.body_len() + attached <= MAX_PAYLOAD_BYTES {
        return Ok(());
    }
    let field = if attached > 0 {
        "attachments"
    } else {
        "content"
    };
    Err(FieldError::at(
        field,
        "the e-mail is larger than 40 MB; let large attachments be fetched by path",
    ))
}

fn subject_line(value: &Value) -> Result<&str, FieldError> {
    let subject = filled_line(value)?;
    at_most(MAX_SUBJECT, subject.chars().count(), "characters")?;
    Ok(subject)
}
