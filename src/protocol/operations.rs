//! Arguments and answers of operators' calls: what is removed, and what is searched and looked up.

use super::{DeadLetterFilter, QueueMessage, QueueMessageStatus, Reason};
use crate::base::{ErrorCode, QueueError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The operators' calls that carry their arguments and answers as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // See `QueueOperations`.
pub enum Operation {
    Discard,
    Erase,
    Configure,
    Prune,
    Search,
    Show,
    Events,
    Runs,
    Audit,
}

impl Operation {
    /// The times in the answers, besides those of messages, as JavaScript names them.
    pub const TIMES: &str = "at until last occurredAt receivedAt startedAt lastSeenAt endedAt";

    /// The database's function.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Discard => "email_queue_discard",
            Self::Erase => "email_queue_erase",
            Self::Configure => "email_queue_configure",
            Self::Prune => "email_queue_prune",
            Self::Search => "email_queue_search",
            Self::Show => "email_queue_show",
            Self::Events => "email_queue_events",
            Self::Runs => "email_queue_runs",
            Self::Audit => "email_queue_audit",
        }
    }

    /// Where only a project's queue has it.
    pub(crate) fn is_missing(self) -> QueueError {
        let name = self.function().trim_start_matches("email_queue_");
        let message = format!("this queue has no {name}: it is a project's queue that has it");
        QueueError::new(ErrorCode::InvalidInput, message)
    }
}

/// Which dead letters to delete: ids, or a filter (an empty one for all), or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Discard {
    /// These messages.
    pub ids: Option<Vec<String>>,
    /// Those that fit.
    pub filter: Option<DeadLetterFilter>,
    /// Only say which.
    pub dry_run: bool,
    /// At most this many; 1000 by default.
    pub limit: Option<u32>,
}

/// The answer to a discard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Discarded {
    /// Nothing was changed.
    pub dry_run: bool,
    /// Deleted.
    pub discarded: Vec<String>,
}

/// The answer to a prune.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pruned {
    /// Messages deleted.
    pub deleted: u64,
    /// Payloads erased.
    pub erased: u64,
    /// Whether there may be more: call it again.
    pub more: bool,
}

/// Which messages to search for, whatever their status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Search {
    /// To this address: in `to`, `cc` or `bcc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// Whose subject begins so, in upper and lower case as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// In this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<QueueMessageStatus>,
    /// Failed for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// That came so far, as in [`ListOptions`](super::ListOptions).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// Of this type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Made of the template of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Enqueued at this time or later (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Enqueued before this time (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whose metadata contains this object, as in [`ListOptions`](super::ListOptions).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Found {
    /// The messages, newest first.
    pub messages: Vec<QueueMessage>,
    /// `before` of the next page, also where this one is short or empty; `None`: nothing more.
    pub next: Option<String>,
    /// How many messages were looked at.
    pub looked: u64,
    /// Where nothing was sent to the recipient: addresses like it.
    pub similar: Vec<Similar>,
}

/// An address like the one that was searched for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Similar {
    /// The address.
    pub address: String,
    /// How many messages it was sent.
    pub messages: u64,
    /// When the last one was enqueued.
    pub last: Option<String>,
}

/// A message with its timeline.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Shown {
    /// The message.
    #[serde(flatten)]
    pub message: QueueMessage,
    /// What happened, and what is to come, in its order.
    pub timeline: Vec<Moment>,
    /// Why it cannot be cancelled, redriven, discarded or erased; `None`: it can.
    pub can: Can,
    /// Entries of the suppression list about its recipients: `{address, reason, topic, since}`.
    pub suppressed: Vec<Value>,
}

/// A moment in the life of a message.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Moment {
    /// When; `None` for what is still to come.
    pub at: Option<String>,
    /// `enqueued`, `claimed`, `attempt`, `waits`, `accepted`, `event` or `ended`.
    pub what: String,
    /// What else is known of it.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Value>,
}

/// What can be done with a message: `None`, or why not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Can {
    /// Cancel it.
    pub cancel: Option<String>,
    /// Redrive it.
    pub redrive: Option<String>,
    /// Discard it.
    pub discard: Option<String>,
    /// Erase it.
    pub erase: Option<String>,
}

/// What the provider reported about one recipient of a message.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EventRow {
    /// As in `email.delivered`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The address; `None` where the message was erased.
    pub recipient: Option<String>,
    /// When it happened, by the provider's clock.
    pub occurred_at: String,
    /// When it was recorded.
    pub received_at: String,
    /// Why it bounced, or was not sent.
    pub detail: Option<Value>,
}

/// A run of the function.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RunRow {
    /// Its `runId`.
    pub id: String,
    /// `wake`, `schedule`, `hand` or `http`.
    pub cause: String,
    /// When its first call came.
    pub started_at: String,
    /// When a call of it came last.
    pub last_seen_at: String,
    /// When it ended; `None` while it is under way, and if it was killed.
    pub ended_at: Option<String>,
    /// Why it ended.
    pub stopped: Option<String>,
    /// What stood in the way.
    pub reason: Option<String>,
    /// What it did.
    pub counts: Option<Value>,
}

/// Which of the operators' calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuditFilter {
    /// By this actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// As in `redrive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// At this time or later (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Before this time (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A call that changed something.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Audited {
    /// Its id, ordered by time.
    pub id: String,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What, as in `redrive`.
    pub action: String,
    /// How many messages it changed.
    pub messages: Option<u64>,
    /// With what, without addresses and payloads.
    pub arguments: Option<Value>,
}
