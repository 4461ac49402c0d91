//! From e-mails to the bytes of a request.
//!
//! A dispatch that may have been sent is replayed with the same bytes, by whatever release of this
//! crate runs then. A version of the encoding, and what [`Email::parse`] makes of a payload,
//! therefore never changes its output: another output is another version.

mod v1;

use crate::email::{Email, is_tag_text};
use crate::protocol::Endpoint;

/// The version that new dispatches are encoded with.
pub const WIRE_VERSION: u16 = 1;

/// The most e-mails in one batch request (Resend's documentation).
pub const MAX_BATCH: usize = 100;

/// Where a request goes, below the API's base URL.
pub fn path(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Single => "/emails",
        Endpoint::Batch => "/emails/batch",
    }
}

/// One message of a dispatch.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The message's id: 1 to 256 of `A-Z a-z 0-9 _ -`, which a UUID is.
    pub id: &'a str,
    /// What to send.
    pub email: &'a Email,
}

/// Why members cannot be one request. Every variant but `UnknownVersion` is a mistake of the caller.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A newer release began this dispatch: leave it to a worker that knows the version.
    #[error("wire version {0} is unknown to this release")]
    UnknownVersion(u16),
    /// A single request takes one member, a batch 1 to [`MAX_BATCH`].
    #[error("{count} members do not fit the {endpoint} endpoint")]
    MemberCount {
        /// Where the request was to go.
        endpoint: Endpoint,
        /// How many members there were.
        count: usize,
    },
    /// The batch endpoint takes no attachments: send this member alone.
    #[error("member {index} has attachments, which a batch cannot carry")]
    Attachments {
        /// Position among the members, from 0.
        index: usize,
    },
    /// The e-mail was parsed with [`Sender::Optional`](crate::email::Sender::Optional) and names no sender.
    #[error("member {index} has no sender")]
    MissingSender {
        /// Position among the members, from 0.
        index: usize,
    },
    /// The id cannot be a tag's value.
    #[error("the id of member {index} is not 1 to 256 of A-Z a-z 0-9 _ -")]
    InvalidId {
        /// Position among the members, from 0.
        index: usize,
    },
    /// The JSON could not be written; nothing is known to cause this.
    #[error("the request could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// The body of the request that sends `members`, in their order, to `endpoint`: JSON in UTF-8.
///
/// The bytes depend on nothing but the arguments; for one `wire_version` they never change.
///
/// # Errors
/// See [`EncodeError`].
pub fn encode(
    wire_version: u16,
    endpoint: Endpoint,
    members: &[Member<'_>],
) -> Result<Vec<u8>, EncodeError> {
    let encode = match wire_version {
        1 => v1::encode,
        unknown => return Err(EncodeError::UnknownVersion(unknown)),
    };
    check(endpoint, members)?;
    encode(endpoint, members)
}

fn check(endpoint: Endpoint, members: &[Member<'_>]) -> Result<(), EncodeError> {
    let most = match endpoint {
        Endpoint::Single => 1,
        Endpoint::Batch => MAX_BATCH,
    };
    if !(1..=most).contains(&members.len()) {
        return Err(EncodeError::MemberCount {
            endpoint,
            count: members.len(),
        });
    }
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
