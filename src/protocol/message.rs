//! Messages as users write and read them.

use super::Delivery;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueueMessageStatus {
    /// It waits for its first attempt, perhaps until a time in the future.
    Pending,
    /// A worker has it, or it waits for a replay because it may have been sent.
    Processing,
    /// It waits for another attempt.
    Retrying,
    /// Accepted by the provider.
    Completed,
    /// A dead letter: see the error's `reason`.
    Failed,
    /// Cancelled before it was sent.
    Cancelled,
}

impl QueueMessageStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Processing,
        Self::Retrying,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Retrying => "retrying",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// From the database's word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A message of the queue. Times are RFC 3339 text, by the database's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub struct QueueMessage {
    /// Its id, ordered by time.
    pub id: String,
    /// `email`, or a custom consumer's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is in its life.
    pub status: QueueMessageStatus,
    /// What to send; null where it was erased, or is secret.
    pub payload: Value,
    /// 0 (first) to 3.
    pub priority: u8,
    /// Not before this time.
    pub run_at: String,
    /// Attempts used: one a request that it was in. More than `max_attempts` where a message of the same request, which may
    /// have been sent, may use more: such a request is repeated whole.
    pub attempts: u32,
    /// Attempts it may use before it fails.
    pub max_attempts: u32,
    /// The provider request it is or was part of.
    pub dispatch_id: Option<String>,
    /// Until when a worker holds it.
    pub lease_expires_at: Option<String>,
    /// Unique per type while the message exists.
    pub dedup_key: Option<String>,
    /// The caller's own data.
    pub metadata: Option<Value>,
    /// The last error, the reason it failed for, and the history.
    pub error: Option<Value>,
    /// The provider's id of the accepted e-mail.
    pub provider_message_id: Option<String>,
    /// When it was enqueued.
    pub created_at: String,
    /// When it changed last.
    pub updated_at: String,
    /// When it ended.
    pub completed_at: Option<String>,
    /// Fails as expired if it has not begun by then.
    pub send_before: Option<String>,
    /// What the provider reported after it had accepted the e-mail.
    #[serde(default)]
    pub delivery: Option<Delivery>,
    /// What recipients can unsubscribe from.
    #[serde(default)]
    pub topic: Option<String>,
    /// It is sent to suppressed addresses, too.
    #[serde(default)]
    pub ignore_suppression: bool,
    /// Its payload is shown to nobody, and erased once it has ended.
    #[serde(default)]
    pub secret: bool,
    /// Of a secret message: the `to` of its payload.
    #[serde(default)]
    pub recipients: Option<Value>,
    /// What the payload was made of: `{name, language, version}`.
    #[serde(default)]
    pub template: Option<Value>,
    /// An open e-mail, read alone: why it is not sent, where nothing calls the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

impl QueueMessage {
    /// The fields that are times, as JavaScript names them.
    pub const TIMES: &str = "runAt leaseExpiresAt createdAt updatedAt completedAt sendBefore";
}

/// What to enqueue. Only `payload` is needed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all(deserialize = "camelCase"))]
pub struct NewMessage {
    /// `email` by default.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What to send.
    pub payload: Value,
    /// Tags of an e-mail, `[{name, value}]` or `{name: value}`: the same as `payload.tags`, where they are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Value>,
    /// 0 (first) to 3; 2 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// 1 to 100; by default the setting's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Not before this time (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_at: Option<String>,
    /// Not before this long after now, or after `run_at`.
    #[serde(skip_serializing)]
    pub delay_seconds: Option<f64>,
    /// The same in milliseconds, as the database takes it; one of the two is given.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Not worth sending after this time (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_before: Option<String>,
    /// Enqueued once per type and key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<String>,
    /// The caller's own data: an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// What recipients of an e-mail can unsubscribe from: 1 to 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// An e-mail that must go, to suppressed addresses, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_suppression: Option<bool>,
    /// An e-mail whose payload is shown to nobody, and erased once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<bool>,
    /// A stored template that subject, HTML and text of an e-mail are made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The template's variables: an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<Value>,
    /// The template's language, as in `de-AT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// The answer to an enqueue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub struct Enqueued {
    /// The message: the first one with this dedup key, where there was one.
    pub id: String,
    /// False where the dedup key was known.
    pub created: bool,
    /// With a known dedup key: whether that message has another payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_differs: Option<bool>,
    /// An e-mail: why it is not sent, where nothing calls the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}
