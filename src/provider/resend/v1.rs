//! Wire version 1. Frozen: the golden files in `tests/fixtures/wire/v1` hold its bytes.
//!
//! Order of fields: as the structs below declare them. Headers, tags and variables: by name, in byte order,
//! then the tag `message_id`, whose value is the message's id. Lists of addresses stay lists even with one item; what is absent is left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Number;

use crate::email::{self, Body, Email, MESSAGE_ID_TAG, Mailbox, Source};
use crate::protocol::Endpoint;
use crate::provider::port::{EncodeError, Member};

pub(super) fn encode(endpoint: Endpoint, members: &[Member<'_>]) -> Result<Vec<u8>, EncodeError> {
    encode_with(endpoint, members, |member| Ok(Cow::Borrowed(member.id)))
}

/// With another value of the tag `message_id`.
pub(super) fn encode_with(
    endpoint: Endpoint,
    members: &[Member<'_>],
    tag: for<'a> fn(&Member<'a>) -> Result<Cow<'a, str>, EncodeError>,
) -> Result<Vec<u8>, EncodeError> {
    super::check(endpoint, members)?;
    let requests = members
        .iter()
        .enumerate()
        .map(|(index, member)| WireEmail::new(index, member, tag(member)?))
        .collect::<Result<Vec<_>, _>>()?;
    // Its final size or a little more, so that it is not moved while it grows: that would take twice the memory. In text
    // some letters are escaped, in base64 none.
    let size = |email: &Email| email.attached_len() + email.body_len() * 17 / 16 + 1024;
    let mut bytes = Vec::with_capacity(members.iter().map(|m| size(m.email)).sum());
    match (endpoint, requests.as_slice()) {
        (Endpoint::Single, [request]) => serde_json::to_writer(&mut bytes, request)?,
        (Endpoint::Single, _) => {
            return Err(EncodeError::MemberCount {
                endpoint,
                count: members.len(),
            });
        }
        (Endpoint::Batch, requests) => serde_json::to_writer(&mut bytes, requests)?,
    }
    Ok(bytes)
}

#[derive(Serialize)]
struct WireEmail<'a> {
    from: String,
    to: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_to: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: &'a BTreeMap<String, String>,
    tags: Vec<WireTag<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<WireAttachment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<WireTemplate<'a>>,
}

#[derive(Serialize)]
struct WireTag<'a> {
    name: &'a str,
    value: Cow<'a, str>,
}

#[derive(Serialize)]
struct WireAttachment<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_id: Option<&'a str>,
}

#[derive(Serialize)]
struct WireTemplate<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<&'a str, WireVariable<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WireVariable<'a> {
    Text(&'a str),
    Number(&'a Number),
}

impl<'a> WireEmail<'a> {
    fn new(index: usize, member: &Member<'a>, tag: Cow<'a, str>) -> Result<Self, EncodeError> {
        let email = member.email;
        let (html, text, template) = match &email.body {
            Body::Inline { html, text } => (html.as_deref(), text.as_deref(), None),
            Body::Template(template) => (None, None, Some(WireTemplate::from(template))),
        };
        let tags = email.tags.iter().map(|(name, value)| WireTag {
            name,
            value: Cow::Borrowed(value),
        });
        Ok(Self {
            from: email
                .from
                .as_ref()
                .ok_or(EncodeError::MissingSender { index })?
                .to_header(),
            to: addresses(&email.to),
            subject: email.subject.as_deref(),
            cc: addresses(&email.cc),
            bcc: addresses(&email.bcc),
            reply_to: addresses(&email.reply_to),
            html,
            text,
            headers: &email.headers,
            tags: tags
                .chain([WireTag {
                    name: MESSAGE_ID_TAG,
                    value: tag,
                }])
                .collect(),
            attachments: email.attachments.iter().map(WireAttachment::from).collect(),
            template,
        })
    }
}

fn addresses(mailboxes: &[Mailbox]) -> Vec<String> {
    mailboxes.iter().map(Mailbox::to_header).collect()
}

impl<'a> From<&'a email::Attachment> for WireAttachment<'a> {
    fn from(attachment: &'a email::Attachment) -> Self {
        let (content, path) = match &attachment.source {
            Source::Content(content) => (Some(content.as_str()), None),
            Source::Path(path) => (None, Some(path.as_str())),
        };
        Self {
            content,
            path,
            filename: attachment.filename.as_deref(),
            content_type: attachment.content_type.as_deref(),
            content_id: attachment.content_id.as_deref(),
        }
    }
}

impl<'a> From<&'a email::Template> for WireTemplate<'a> {
    fn from(template: &'a email::Template) -> Self {
        let variable = |(name, value): (&'a String, &'a email::Variable)| {
            let value = match value {
                email::Variable::Text(text) => WireVariable::Text(text),
                email::Variable::Number(number) => WireVariable::Number(number),
            };
            (name.as_str(), value)
        };
        Self {
            id: &template.id,
            variables: template.variables.iter().map(variable).collect(),
        }
    }
}
