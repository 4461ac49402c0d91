//! Resend (documentation and OpenAPI document 1.5.0, 2026-08).

mod answers;
mod events;
mod read;
#[cfg(test)]
mod tests;
mod v1;
mod v2;

use super::hints::RateHints;
use super::port::{EncodeError, Envelope, Member, Provider, Variables};
use super::read::error;
use super::webhook::Webhook;
use crate::email::is_tag_text;
use crate::protocol::Endpoint;
use std::time::Duration;

/// Resend.
pub static RESEND: Provider = Provider {
    name: "Resend",
    key_window: Some(Duration::from_secs(24 * 60 * 60)),
    most_messages: 100,
    // The rules of an e-mail are Resend's.
    check: |_| Ok(()),
    wire: &[(1, v1::encode), (2, v2::encode)],
    envelope,
    said: error,
    meaning: answers::meaning,
    members: read::members,
    hints: RateHints::from_headers,
    variables: Variables {
        key: "RESEND_API_KEY",
        url: "RESEND_BASE_URL",
        default_url: "https://api.resend.com",
    },
};

/// Resend's reports, which Svix delivers.
pub static WEBHOOK: Webhook = Webhook {
    segment: "resend",
    secret: "RESEND_WEBHOOK_SECRET",
    prefix: "svix",
    read: events::read,
};

fn envelope(endpoint: Endpoint, key: &str, secret: &str) -> Envelope {
    let mut headers = vec![
        ("Authorization", format!("Bearer {secret}")),
        ("Idempotency-Key", key.to_owned()),
    ];
    let path = match endpoint {
        Endpoint::Single => "/emails",
        Endpoint::Batch => {
            // Said explicitly: the default refuses the whole batch for one bad e-mail.
            headers.push(("x-batch-validation", "permissive".to_owned()));
            "/emails/batch"
        }
    };
    Envelope { path, headers }
}

/// Resend has the message's id as a tag, and takes no attachments in a batch.
fn check(endpoint: Endpoint, members: &[Member<'_>]) -> Result<(), EncodeError> {
    for (index, member) in members.iter().enumerate() {
        if !is_tag_text(member.id) {
            return Err(EncodeError::InvalidId { index });
        }
        if endpoint == Endpoint::Batch && member.email.has_attachments() {
            return Err(EncodeError::Attachments { index });
        }
    }
    Ok(())
}
