//! Attachments: base64 content that travels with the message, or a URL that the provider fetches.

use serde_json::Value;

use super::{
    error::FieldError,
    value::{filled_line, line, object, only, optional, text},
};

/// One more than the longest content id, in characters (Resend's documentation: fewer than 128).
const CONTENT_ID_LIMIT: usize = 128;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Attachment {
    pub(crate) source: Source,
    pub(crate) filename: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_id: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Standard, padded base64.
    Content(String),
    /// An `https://` or `http://` URL.
    Path(String),
}

impl Attachment {
    /// Bytes of base64 that count towards the size of the e-mail.
    pub(super) fn encoded_len(&self) -> usize {
        match &self.source {
            Source::Content(content) => content.len(),
            Source::Path(_) => 0,
        }
    }

    pub(super) fn from_value(value: &Value) -> Result<Self, FieldError> {
        let object = object(value)?;
        only(
            object,
            &["filename", "content", "path", "contentType", "contentId"],
            &[
                ("name", "filename"),
                ("data", "content"),
                ("url", "path"),
                ("href", "path"),
                ("type", "contentType"),
                ("cid", "contentId"),
            ],
        )?;
        let content = optional(object, "content", base64)?;
        let path = optional(object, "path", url)?;
        let filename = optional(object, "filename", filled_line)?;
        let source = match (content, path) {
            (Some(_), Some(_)) => {
                return Err(FieldError::at("path", "give content or path, not both"));
            }
            (None, None) => return Err(FieldError::at("content", "content or path is required")),
            (Some(_), None) if filename.is_none() => {
                return Err(FieldError::at("filename", "is required with content"));
            }
            (Some(content), None) => Source::Content(content.to_owned()),
            (None, Some(path)) => Source::Path(path.to_owned()),
        };
        Ok(Self {
            source,
            filename: filename.map(str::to_owned),
            content_type: optional(object, "contentType", media_type)?.map(str::to_owned),
            content_id: optional(object, "contentId", content_id)?.map(str::to_owned),
        })
    }
}

/// Checks the alphabet and padding of RFC 4648, section 4, without decoding.
fn base64(value: &Value) -> Result<&str, FieldError> {
    let content = text(value)?;
    FieldError::unless(!content.is_empty(), "must not be empty")?;
    let data = content
        .strip_suffix("==")
        .or_else(|| content.strip_suffix('='))
        .unwrap_or(content);
    let standard = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let why = "must be standard base64 with padding, without line breaks or a data: prefix";
    let fits = content.len() % 4 == 0 && data.bytes().all(standard);
    FieldError::unless(fits, why).map(|()| content)
}

fn url(value: &Value) -> Result<&str, FieldError> {
    let url = line(value)?;
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let fits = web && !host.is_empty() && !url.contains(char::is_whitespace);
    FieldError::unless(fits, "must be an https:// or http:// URL").map(|()| url)
}

fn media_type(value: &Value) -> Result<&str, FieldError> {
    let text = line(value)?;
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let parts = essence.split_once('/');
    let fits = text.is_ascii() && parts.is_some_and(|(kind, sub)| token(kind) && token(sub));
    FieldError::unless(fits, "must be a media type such as application/pdf").map(|()| text)
}

fn content_id(value: &Value) -> Result<&str, FieldError> {
    let id = line(value)?;
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'<' && byte != b'>';
    let why = "must be 1 to 127 printable ASCII characters without spaces and angle brackets";
    let fits = (1..CONTENT_ID_LIMIT).contains(&id.len()) && id.bytes().all(allowed);
    FieldError::unless(fits, why).map(|()| id)
}
