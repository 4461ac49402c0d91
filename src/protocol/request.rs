//! What the worker asks for.

use crate::protocol::Endpoint;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One call: first all settles, then all begins, then the claim. Settles stand even if the rest fails.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WorkRequest {
    /// Outcomes to apply.
    pub settles: Vec<Settle>,
    /// Dispatches about to be sent.
    pub begins: Vec<Begin>,
    /// What to claim, if anything.
    pub claim: Option<Claim>,
    /// Whether to count what is due and not claimed.
    pub count_remaining: bool,
    /// What the database keeps of the run that calls; a worker may say nothing of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}

/// The run that calls, for the database's record and for its wake-ups.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// What it was started for.
    pub cause: Cause,
    /// For so long enqueues make no call of the function: the run looks again by then. 0: from now on they make calls
    /// again; the claim of this call comes after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_ms: Option<u64>,
    /// The run ends with this call, unless the claim gives something, or a pause or a limit keeps it from that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub last: bool,
    /// What the run did, as JSON of a `Report`. Without a claim it has ended with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Value>,
}

/// What a run was started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// An enqueue.
    Wake,
    /// The schedule.
    Schedule,
    /// Somebody called `email_queue_call`.
    Hand,
    /// Anybody else's request.
    Http,
}

/// Up to one dispatch for each token.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Claim {
    /// `email`, or a custom consumer's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Made by the caller, so that a repeated call gives the same dispatches.
    pub tokens: Vec<String>,
    /// How long the dispatches stay invisible to others.
    pub lease_ms: u64,
    /// Messages in one dispatch, 1 to 100.
    pub max_messages: u32,
    /// Payload bytes in all dispatches together; the first message is given whatever its size.
    pub max_bytes: u64,
    /// Another dispatch is given only while so many of `max_bytes` are left: a batch of large messages would be cut into small requests.
    pub min_bytes: u64,
    /// The longest wait for a slot of the rate budget that the caller would accept.
    pub max_wait_ms: u64,
    /// Replays among them, as long as there is fresh mail.
    pub max_frozen: u32,
}

/// A dispatch about to be sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Begin {
    /// The dispatch.
    pub dispatch_id: String,
    /// The lease token.
    pub token: String,
    /// Where it will go.
    pub endpoint: Endpoint,
    /// How its body is encoded.
    pub wire_version: u16,
    /// The mark that its e-mails carry; none under a version without marks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// For so long from its first begin the provider knows its key again. Without, it is never sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_window_ms: Option<u64>,
    /// How many messages its body holds. Fewer are left where an answer that took some out was lost.
    pub members: u32,
    /// The longest time that the request may take.
    pub timeout_ms: u64,
    /// How late the request may leave.
    pub margin_ms: u64,
    /// The longest wait for a slot.
    pub max_wait_ms: u64,
}

/// The fate of a dispatch, as far as the worker knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The provider gave a definite answer.
    Definite,
    /// It was not sent under this lease.
    None,
    /// It may have been sent.
    Unknown,
}

/// What happens to the members that a settle does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// They stay in the dispatch, which has not begun.
    Keep,
    /// They stay for the replay.
    Freeze,
    /// Two new dispatches of half the members each.
    Split,
    /// Back to ready, at the place they had.
    Release,
    /// Back to ready after a delay, one to a dispatch; those without attempts left fail as `exhausted`.
    Retry,
    /// They fail for `reason`.
    Fail,
    /// They are done: a custom consumer's.
    Complete,
}

/// The outcome of a dispatch, under its lease token.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settle {
    /// The dispatch.
    pub dispatch_id: String,
    /// The lease token.
    pub token: String,
    /// What is known.
    pub answer: Answer,
    /// Members with an end of their own.
    pub members: Vec<MemberEnd>,
    /// The others; `None` if all are named.
    pub rest: Option<Rest>,
    /// With [`Rest::Fail`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What went wrong, as JSON of a `ProviderError`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// With [`Rest::Freeze`] and [`Rest::Retry`]: the wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Whether this begin used an attempt.
    pub counted: bool,
    /// What the answer says about the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signals: Option<Signals>,
}

impl Settle {
    /// Of the whole, after a begin that used an attempt. There is no more to say of it.
    pub fn new(dispatch_id: &str, token: &str, answer: Answer, rest: Option<Rest>) -> Self {
        Self {
            dispatch_id: dispatch_id.to_owned(),
            token: token.to_owned(),
            answer,
            members: Vec::new(),
            rest,
            reason: None,
            error: None,
            delay_ms: None,
            counted: true,
            signals: None,
        }
    }
}

/// The end of one member.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberEnd {
    /// The message.
    pub id: String,
    /// How it ended.
    #[serde(flatten)]
    pub end: End,
}

/// How a member ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum End {
    /// Accepted by the provider.
    Completed {
        /// The provider's id of the e-mail.
        provider_message_id: String,
    },
    /// It is a dead letter now.
    Failed {
        /// Why.
        reason: Reason,
        /// What went wrong.
        error: Value,
    },
}

/// Why a message failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// This e-mail can never go.
    Rejected,
    /// `max_attempts` used up on definite failures.
    Exhausted,
    /// It may have been sent.
    UnknownOutcome,
    /// It may have been sent, and the provider does not have it: `email-queue reconcile` has read that.
    NotAccepted,
    /// `send_before` passed before its first begin.
    Expired,
    /// No recipient is left that may get it.
    Suppressed,
}

/// What an answer says about the provider, for all runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Signals {
    /// Whether the provider answered at all: what the circuit breaker counts, of first requests. `None` where that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<bool>,
    /// No run begins for this long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown_ms: Option<u64>,
    /// The provider's word for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown_reason: Option<String>,
    /// What stops until an operator or the time resumes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<PauseSignal>,
    /// Requests a second, from the provider's headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PauseSignal {
    /// What stops.
    pub scope: PauseScope,
    /// For how long; `None` until an operator resumes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// The reason on show.
    pub reason: String,
}

/// What a pause stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseScope {
    /// All e-mail.
    Queue,
    /// The sender domain of the dispatch.
    Domain,
}
