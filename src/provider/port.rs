//! The interface of a provider.

use super::hints::RateHints;
use super::meaning::Meaning;
use super::outcome::{Context, MemberOutcome};
use super::read::Said;
use crate::email::{Email, FieldError};
use crate::protocol::Endpoint;
use std::fmt;
use std::time::Duration;

/// How much sooner than the provider the queue gives up a key: clocks differ, a request waits for its slot and takes its
/// time, and a replay must not come when its key has just been forgotten.
const KEY_MARGIN: Duration = Duration::from_secs(60 * 60);

/// What the worker must know of a provider. A folder beside this file fills it in.
pub struct Provider {
    /// As people call it.
    pub name: &'static str,
    /// For how long the same Idempotency-Key is known again. `None`: it takes no keys, and what may have been sent ends
    /// as `unknown_outcome`.
    pub key_window: Option<Duration>,
    /// The most e-mails in a request.
    pub most_messages: usize,
    /// What it does not take of an e-mail that is valid: it fails as `rejected`, alone and unsent.
    pub check: fn(&Email) -> Result<(), FieldError>,
    /// How bodies are encoded, by version; the last one is what new dispatches get. A version never changes its bytes and
    /// is never taken away, and no two providers share a number: so a dispatch that may have been sent is replayed with
    /// the same bytes, and to no other provider.
    pub wire: &'static [(u16, Encode)],
    /// The request around a body, for an endpoint, an Idempotency-Key and the account's key.
    pub envelope: fn(Endpoint, &str, &str) -> Envelope,
    /// What an answer of its own outside 2xx says. With a name it shows that the provider is there.
    pub said: fn(&[u8]) -> Said,
    /// What an answer outside 2xx speaks of, by its status and what it says; `true`: a member names a template.
    pub meaning: fn(u16, &Said, bool) -> Meaning,
    /// The outcome of each member, in the order of the request, from a 2xx; or why it cannot be read.
    pub members: Members,
    /// What the headers say about the rate.
    pub hints: fn(&[(String, String)]) -> RateHints,
    /// What its account is called in the function's environment.
    pub variables: Variables,
}

/// Writes the body of a request.
pub type Encode = fn(Endpoint, &[Member<'_>]) -> Result<Vec<u8>, EncodeError>;

/// Reads the outcome of each member, or says why it cannot be read.
pub type Members = fn(u16, &[u8], &Context) -> Result<Vec<MemberOutcome>, &'static str>;

/// Where a request goes, and its headers beside Content-Type and User-Agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Below the address of the API.
    pub path: &'static str,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
}

/// What an account is called in the function's environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variables {
    /// The account's key.
    pub key: &'static str,
    /// Another address of the API than its own.
    pub url: &'static str,
    /// Its own.
    pub default_url: &'static str,
}

/// One message of a dispatch.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The message's id: 1 to 256 of `A-Z a-z 0-9 _ -`, which a UUID is.
    pub id: &'a str,
    /// The mark of the installation that sends it, which is told by it from others of the same team. Versions that have
    /// none ignore it.
    pub mark: Option<&'a str>,
    /// What to send.
    pub email: &'a Email,
}

/// Why members cannot be one request. Every variant but `UnknownVersion` is a mistake of the caller.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A newer release began this dispatch: leave it to a worker that knows the version.
    #[error("wire version {0} is unknown to this release")]
    UnknownVersion(u16),
    /// A single request takes one member, a batch as many as the provider does.
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
    /// This wire version writes a mark, and none is given.
    #[error("this wire version needs a mark of 12 hexadecimal digits")]
    InvalidMark,
    /// The JSON could not be written; nothing is known to cause this.
    #[error("the request could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Without functions.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Provider {
    /// For how long from its first begin a dispatch may be replayed; `None`: it may not.
    pub fn replay_window(&self) -> Option<Duration> {
        let window = self.key_window?.checked_sub(KEY_MARGIN)?;
        (!window.is_zero()).then_some(window)
    }

    /// The version that new dispatches are encoded with.
    pub fn wire_version(&self) -> u16 {
        self.wire.last().map_or(0, |(version, _)| *version)
    }

    /// The body of the request that sends `members`, in their order, to `endpoint`: JSON in UTF-8.
    ///
    /// The bytes depend on nothing but the arguments; for one `wire_version` they never change.
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn encode(
        &self,
        wire_version: u16,
        endpoint: Endpoint,
        members: &[Member<'_>],
    ) -> Result<Vec<u8>, EncodeError> {
        let (_, encode) = (self.wire.iter())
            .find(|(version, _)| *version == wire_version)
            .ok_or(EncodeError::UnknownVersion(wire_version))?;
        let most = match endpoint {
            Endpoint::Single => 1,
            Endpoint::Batch => self.most_messages,
        };
        if !(1..=most).contains(&members.len()) {
            return Err(EncodeError::MemberCount {
                endpoint,
                count: members.len(),
            });
        }
        encode(endpoint, members)
    }
}
