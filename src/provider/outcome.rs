//! The outcome of a request, and what it means for the members of the dispatch.

use super::error::ProviderError;
use crate::protocol::Endpoint;
use std::fmt;
use std::time::Duration;

/// One request to the provider.
pub struct Mail {
    /// Where it goes.
    pub endpoint: Endpoint,
    /// The Idempotency-Key.
    pub key: String,
    /// JSON.
    pub body: Vec<u8>,
    /// How long an answer is waited for.
    pub timeout: Duration,
}

/// The outcome of one request to the provider.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply {
    /// An HTTP answer, read to its end.
    Answered {
        /// The HTTP status.
        status: u16,
        /// Names in whatever case.
        headers: Vec<(String, String)>,
        /// The bytes as they came.
        body: Vec<u8>,
    },
    /// No complete answer: the request may or may not have arrived.
    NoAnswer {
        /// What ended the wait.
        kind: NoAnswer,
        /// The cause in the words of its observer; scrubbed before it is kept.
        detail: String,
    },
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// The time for the request ran out.
    Timeout,
    /// The connection failed, before or after the request left.
    Network,
    /// The answer is larger than any that the provider gives; it was not read to its end.
    TooLarge,
}

/// Without body, headers or detail: they can hold addresses.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { status, body, .. } => f
                .debug_struct("Answered")
                .field("status", status)
                .field("body_bytes", &body.len())
                .finish_non_exhaustive(),
            Self::NoAnswer { kind, .. } => f
                .debug_struct("NoAnswer")
                .field("kind", kind)
                .finish_non_exhaustive(),
        }
    }
}

/// What must be known of a request to understand its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Where the request went.
    pub endpoint: Endpoint,
    /// How many messages it held.
    pub members: usize,
    /// An earlier begin of this dispatch may have been sent: this is a replay.
    pub possibly_sent: bool,
    /// A member names a template, so that a 404 `not_found` may speak of that.
    pub templated: bool,
    /// Seconds since 00:00 UTC when the answer came; the daily quota turns at 00:00.
    pub utc_seconds_of_day: u32,
}

/// What to do with the members of the dispatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A readable 2xx: the outcome of each member, in the order of the request.
    Answered(Vec<MemberOutcome>),
    /// The only member can never go: it fails as `rejected`.
    Rejected(ProviderError),
    /// A batch was refused whole for the sake of some member, or because the rest of a quota is smaller, and nothing was
    /// accepted: split it, with new keys.
    ///
    /// On a replay too: only a 400 or 422 about the body gets here then, and the same bytes would have been refused
    /// the first time as well, so nothing was sent.
    Isolate(ProviderError),
    /// Nothing was sent; no attempt is used; no run begins before the cooldown is over.
    Throttled {
        /// Never zero. With `pause`, the earliest moment at which a try could succeed.
        cooldown: Duration,
        /// The monthly quota: the queue pauses until an operator resumes it.
        pause: bool,
        /// What the provider said.
        error: ProviderError,
    },
    /// Nothing was sent, and nothing will be until an operator acts; no attempt is used.
    Misconfigured {
        /// What pauses.
        scope: Scope,
        /// What the provider said: the reason on show.
        error: ProviderError,
    },
    /// Nothing was sent; an attempt is used; try again after the backoff, then `exhausted`.
    Refused(ProviderError),
    /// It may have been sent: the dispatch stays frozen and is replayed whole with the same key.
    Unknown {
        /// What the provider said, or why there is no answer.
        error: ProviderError,
        /// This request used an attempt. False for what throttling and misconfiguration leave uncounted.
        counted: bool,
        /// The first request is still under way: [`delay_soon`](crate::worker::retry::RetryPolicy::delay_soon) applies.
        soon: bool,
        /// No run begins before it is over: a 429, or a 5xx with `retry-after`.
        cooldown: Option<Duration>,
        /// As in [`Outcome::Throttled`].
        pause: bool,
        /// What pauses, as in [`Outcome::Misconfigured`].
        misconfigured: Option<Scope>,
    },
    /// Another body was sent under this key: the members fail as `unknown_outcome`, and never get a new key.
    PossiblySent(ProviderError),
}

/// The outcome of one member of an answered dispatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberOutcome {
    /// The provider took it. Delivery is another matter.
    Accepted {
        /// The provider's id of the e-mail; webhooks name it `email_id`.
        provider_message_id: String,
    },
    /// It can never go: it fails as `rejected`.
    Rejected(ProviderError),
}

/// What a misconfiguration stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything: the account, the key or the address of the API.
    Queue,
    /// The domain of the dispatch's `from`.
    SenderDomain,
}

impl Outcome {
    /// What went wrong with the whole dispatch; `None` if the provider answered for each member.
    pub fn error(&self) -> Option<&ProviderError> {
        match self {
            Self::Answered(_) => None,
            Self::Rejected(error)
            | Self::Isolate(error)
            | Self::Throttled { error, .. }
            | Self::Misconfigured { error, .. }
            | Self::Refused(error)
            | Self::Unknown { error, .. }
            | Self::PossiblySent(error) => Some(error),
        }
    }

    /// Unknown, counted, to be replayed after the ordinary backoff.
    pub(super) fn unknown(error: ProviderError) -> Self {
        Self::Unknown {
            error,
            counted: true,
            soon: false,
            cooldown: None,
            pause: false,
            misconfigured: None,
        }
    }
}
