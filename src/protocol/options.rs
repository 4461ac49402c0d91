//! Arguments and answers of the queue's calls, except messages.

use super::{QueueMessage, Reason};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What to lease.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Dequeue {
    /// Custom types; the first that has a message is served.
    pub types: Vec<String>,
    /// 1 to 100; 1 by default.
    pub max_messages: Option<u32>,
    /// How long the messages stay invisible to others, in seconds; 60 by default.
    pub visibility_timeout: Option<f64>,
}

/// The holder of a message, and the end of the lease. It fences every write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub struct Lease {
    /// The dispatch.
    #[serde(alias = "dispatchId")]
    pub dispatch_id: String,
    /// The lease token.
    pub token: String,
}

/// A leased message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leased {
    /// The message.
    pub message: QueueMessage,
    /// Its lease.
    #[serde(flatten)]
    pub lease: Lease,
}

/// The result of a call with a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Done.
    Applied,
    /// Done before, with the same lease.
    Already,
    /// The lease is over: another worker may have the message. Nothing was changed.
    Lost,
}

/// What to pause, and why.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pause {
    /// It is on show in `stats` and in what the function answers.
    pub reason: String,
    /// This sender domain; by default all e-mail.
    pub domain: Option<String>,
    /// For how long; by default until it is resumed.
    pub seconds: Option<f64>,
}

/// The result of a cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// `cancelled`, or what the message is instead: `processing`, `completed`, `failed`, `not_found`.
    pub result: String,
    /// Why it was not cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The result of an erase: `erased`, or the obstacle, as of a cancel; of a message that waits `pending`.
pub type Erased = Cancelled;

impl Cancelled {
    pub(crate) fn of(result: &str, reason: Option<&str>) -> Self {
        Self {
            result: result.to_owned(),
            reason: reason.map(str::to_owned),
        }
    }
}

/// Which page of the dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Page {
    /// How many: 100 by default, at most 1000.
    pub limit: Option<u32>,
    /// Only messages older than this id.
    pub before: Option<String>,
}

/// Which messages of a status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ListOptions {
    /// Only this type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// How many: 100 by default, at most 1000.
    pub limit: Option<u32>,
    /// Only messages older than this id.
    pub before: Option<String>,
    /// Only messages enqueued at this time or later (RFC 3339).
    pub since: Option<String>,
    /// Only messages enqueued before this time (RFC 3339).
    pub until: Option<String>,
    /// Only messages whose metadata contains this object, as Postgres' `@>` says: `{"order": 7}` is in
    /// `{"order": 7, "lines": ["a"]}`, and `{"lines": ["a"]}` too. `{}` is in all that have any.
    pub metadata: Option<Value>,
    /// Only messages that came so far: `sent`, `delayed`, `delivered`, `suppressed`, `failed` or `bounced`; or that were
    /// reported as spam: `complained`. Without `since`, `sent`, `delayed` and `delivered` are looked for among the newest 10,000.
    pub delivery: Option<String>,
}

impl ListOptions {
    /// The words for `delivery`.
    pub(crate) const DELIVERIES: [&str; 7] = [
        "sent",
        "delayed",
        "delivered",
        "suppressed",
        "failed",
        "bounced",
        "complained",
    ];
}

/// Which failed messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeadLetterFilter {
    /// Only this type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only what failed for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Failed at this time or later (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Failed before this time (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// In the last error, whatever its case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only messages whose metadata contains this object, as in [`ListOptions`]; a redrive must name a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

/// What to redrive: ids, or a filter (an empty one for all), or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Redrive {
    /// These messages.
    pub ids: Option<Vec<String>>,
    /// Those that fit.
    pub filter: Option<DeadLetterFilter>,
    /// Only say which.
    pub dry_run: bool,
    /// Also those that may have been sent.
    pub allow_duplicates: bool,
    /// At most this many; 1000 by default.
    pub limit: Option<u32>,
    /// The e-mails' sender from now on, where theirs was refused: an address, or `Name <address>`.
    pub from: Option<String>,
}

/// The answer to a redrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub struct Redriven {
    /// Nothing was changed.
    pub dry_run: bool,
    /// Put back.
    pub redriven: Vec<String>,
    /// Not put back.
    pub refused: Vec<Refused>,
}

/// A message that was not redriven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The message.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// How deep the queue is, and what holds mail up. Counts go up to 100,000.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub struct Stats {
    /// By type.
    pub types: BTreeMap<String, TypeStats>,
    /// The pause: `{since, until, reason}`; of a copied database with `kind`: `copy`, which only `email_queue_adopt` ends.
    pub paused: Option<Value>,
    /// Paused sender domains: `{domain, since, until, reason}`.
    pub paused_domains: Vec<Value>,
    /// The provider's cooldown: `{until, reason}`.
    pub cooldown: Option<Value>,
    /// The most first requests in a row, of a lane or an endpoint, that got no answer; from three on one at a time probes.
    pub unknown_in_a_row: u32,
    /// Requests a second to the provider, over all runs.
    pub requests_per_second: f64,
}

/// Messages of one type by where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub struct TypeStats {
    /// Due.
    pub pending: u64,
    /// Not due yet.
    pub scheduled: u64,
    /// Waiting for another attempt.
    pub retrying: u64,
    /// In a dispatch.
    pub processing: u64,
    /// Of those: may have been sent, waiting for the replay.
    pub frozen: u64,
    /// Dead letters.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
    /// How long the oldest due message has been due.
    pub oldest_due_seconds: Option<u64>,
}
