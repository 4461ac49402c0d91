//! E-mails: reading the user's payload.
//!
//! Pure: no I/O, no clock, no randomness.
//!
//! ```
//! use email_queue::email::{Email, Sender};
//! use serde_json::json;
//!
//! let payload = json!({"from": "a@example.com", "to": "b@example.com", "subject": "Hello", "content": "<p>Hi</p>"});
//! let email = Email::parse(&payload, Sender::Required)?;
//! assert_eq!(email.sender_domain(), Some("example.com"));
//!
//! let mistake = json!({"to": ["b@example.com", "c@"], "subject": "Hello", "content": "<p>Hi</p>"});
//! let error = Email::parse(&mistake, Sender::Optional).unwrap_err();
//! assert_eq!(error.to_string(), "to[1]: not a valid e-mail address: the domain is malformed");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod attachment;
mod error;
mod headers;
mod limits;
mod parse;
mod template;
mod value;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

pub use self::{address::Mailbox, error::FieldError};
pub(crate) use self::{
    address::{bare, is_domain},
    attachment::{Attachment, Source},
    headers::{check_tags, is_tag_text},
    limits::check_limits,
    parse::FIELDS,
    template::{Template, Variable},
};

/// The tag that a request adds, with the message's id as its value. Webhooks give it back as `data.tags.message_id`.
pub const MESSAGE_ID_TAG: &str = "message_id";

/// Whether a payload must name its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// It must: before sending.
    Required,
    /// It need not: at enqueue, where the database writes the default sender in.
    Optional,
}

/// A valid e-mail. `Debug` shows counts only: no address, subject or body.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    pub(crate) from: Option<Mailbox>,
    /// 1 to [`MAX_RECIPIENTS`](crate::base::limits::MAX_RECIPIENTS).
    pub(crate) to: Vec<Mailbox>,
    pub(crate) cc: Vec<Mailbox>,
    pub(crate) bcc: Vec<Mailbox>,
    pub(crate) reply_to: Vec<Mailbox>,
    /// `None` only with a template.
    pub(crate) subject: Option<String>,
    pub(crate) body: Body,
    // Sorted maps: jsonb does not keep the order in which the user wrote them, and the bytes must not depend on it.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) attachments: Vec<Attachment>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// At least one of the two is there and not empty.
    Inline {
        html: Option<String>,
        text: Option<String>,
    },
    Template(Template),
}

impl Email {
    /// Reads a payload in the form that users write: `to`, `cc`, `bcc`, `from`, `replyTo`, `subject`,
    /// `content`, `text`, `headers`, `tags`, `attachments`, `template`. `null` is the same as absent.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn parse(payload: &Value, sender: Sender) -> Result<Self, FieldError> {
        parse::parse(payload, sender).map_err(FieldError::of_payload)
    }

    /// What is wrong with a payload, with `field` as the start of its path.
    pub(crate) fn check(payload: &Value, sender: Sender, field: &str) -> Result<(), FieldError> {
        match parse::parse(payload, sender) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.within(field)),
        }
    }

    /// The domain of `from` in lower case, or `None` where there is no `from` (only with [`Sender::Optional`]).
    pub fn sender_domain(&self) -> Option<&str> {
        self.from.as_ref().map(Mailbox::domain)
    }

    /// Whether it has attachments, which Resend's batch endpoint does not take.
    pub fn has_attachments(&self) -> bool {
        !self.attachments.is_empty()
    }

    /// How many addresses it goes to: `to`, `cc` and `bcc`, each of which counts towards Resend's quotas.
    pub fn recipients(&self) -> usize {
        self.to.len() + self.cc.len() + self.bcc.len()
    }

    /// Bytes of its HTML and text.
    pub(crate) fn body_len(&self) -> usize {
        match &self.body {
            Body::Inline { html, text } => {
                let parts = [html, text].into_iter().flatten();
                parts.map(String::len).sum()
            }
            Body::Template(_) => 0,
        }
    }

    /// Bytes of base64 in its attachments.
    pub(crate) fn attached_len(&self) -> usize {
        self.attachments.iter().map(Attachment::encoded_len).sum()
    }

    /// Whether its body is a template stored at Resend.
    pub fn is_templated(&self) -> bool {
        matches!(self.body, Body::Template(_))
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email")
            .field("recipients", &self.recipients())
            .field("attachments", &self.attachments.len())
            .field("templated", &self.is_templated())
            .finish_non_exhaustive()
    }
}
