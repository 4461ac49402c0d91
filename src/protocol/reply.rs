//! What the database answers.

use crate::protocol::Endpoint;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The answer to a [`WorkRequest`](super::WorkRequest).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct WorkReply {
    /// One for each settle.
    pub settles: Vec<Settled>,
    /// One for each begin.
    pub begins: Vec<Begun>,
    /// What was claimed.
    pub claims: Vec<Dispatch>,
    /// Why nothing may begin.
    pub obstacle: Option<Obstacle>,
    /// Why the claim failed, where it did.
    pub claim_error: Option<String>,
    /// When the next thing can be claimed, if the claim came back short; `None` where nothing waits.
    pub next_due_ms: Option<u64>,
    /// Messages due and not claimed, up to 10,000, if asked for.
    pub remaining: Option<u64>,
    /// The wait after each attempt, from the first; the last one holds for all further attempts.
    pub retry_ms: Vec<u64>,
    /// The database's clock, in milliseconds since 1970.
    pub now_ms: u64,
    /// Setting: enqueues wake the function at most once in so many milliseconds; `None` where they do not.
    pub wake_every_ms: Option<u64>,
    /// The database has recorded the end of the run that called.
    pub run_ended: bool,
}

/// The result of a settle.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Settled {
    /// The dispatch.
    pub dispatch_id: String,
    /// Its result.
    pub result: SettleResult,
    /// With `invalid` and `error`.
    pub reason: Option<String>,
}

/// The result of a settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettleResult {
    /// Done.
    Applied,
    /// Done before, by the same token.
    Already,
    /// The lease is another's, or over.
    Lost,
    /// The settle contradicts the dispatch: a bug.
    Invalid,
    /// The database failed; the settle can be repeated.
    Error,
}

/// The result of a begin.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Begun {
    /// The dispatch.
    pub dispatch_id: String,
    /// Its result.
    pub state: BeginState,
    /// With `begun`: how long to wait before sending.
    #[serde(default)]
    pub wait_ms: u64,
    /// With `begun`: which attempt this is, from 1.
    #[serde(default)]
    pub attempt: u32,
    /// With `paused`, `throttled` and `unavailable`: when to come back, where it is known.
    pub retry_after_ms: Option<u64>,
    /// With `changed`: members that expired.
    #[serde(default)]
    pub removed: Vec<String>,
    /// Why.
    pub reason: Option<String>,
}

/// The result of a begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeginState {
    /// Send it after the wait.
    Begun,
    /// It is not as it was prepared: members expired, an answer that took some out was lost, or the mark was retired.
    Changed,
    /// The queue or the sender domain is paused.
    Paused,
    /// The provider did not answer others: as many as may probe it do.
    Unavailable,
    /// No slot of the rate budget within the wait.
    Throttled,
    /// Over: nothing to send.
    Ended,
    /// The lease is another's, or over.
    Lost,
    /// The begin contradicts the dispatch: a bug.
    Invalid,
    /// The database failed; the begin can be repeated.
    Error,
}

/// Why nothing may begin.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Obstacle {
    /// `paused`, `unavailable` or `throttled`.
    pub state: BeginState,
    /// Why.
    pub reason: Option<String>,
    /// When to come back; `None` when an operator must act.
    pub retry_after_ms: Option<u64>,
}

/// A claimed dispatch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Dispatch {
    /// Its id; the Idempotency-Key is `email-queue/<id>`.
    pub dispatch_id: String,
    /// The lease token.
    pub token: String,
    /// The best of its members': 0 (first) to 3.
    pub priority: u8,
    /// Begins that counted so far.
    pub attempt: u32,
    /// It may have been sent: a replay.
    pub frozen: bool,
    /// Begun under this lease: its claim was repeated after the begin.
    #[serde(default)]
    pub begun: bool,
    /// Where it goes, or went.
    pub endpoint: Option<Endpoint>,
    /// How its body was encoded, once begun.
    pub wire_version: Option<u16>,
    /// The mark that its e-mails carry, or are to carry: the installation's. `None` under a wire version without marks.
    #[serde(default)]
    pub mark: Option<String>,
    /// Payload bytes.
    pub bytes: u64,
    /// Its members, in the order of the request.
    pub messages: Vec<ClaimedMessage>,
}

/// A member of a claimed dispatch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ClaimedMessage {
    /// Its id.
    pub id: String,
    /// Attempts used so far.
    pub attempts: u32,
    /// What to send. Null where it cannot be read: `jsonb` holds numbers that no one else does.
    #[serde(deserialize_with = "one_by_one")]
    pub payload: Value,
}

/// Reads a payload by itself, so that an unreadable one does not make the whole claim unreadable.
fn one_by_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    // Borrowed where it can be: an e-mail may be of 10 MB.
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_payload_leaves_the_others_readable() {
        let huge = format!("1{}", "0".repeat(400));
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let member = |payload: &str| format!(r#"{{"id":"x","attempts":0,"payload":{payload}}}"#);
        for unreadable in [huge, deep] {
            let members = format!("[{},{}]", member(&unreadable), member(r#"{"to":"a"}"#));
            let read: Vec<ClaimedMessage> = serde_json::from_str(&members).unwrap();
            assert_eq!(read[0].payload, Value::Null);
            assert_eq!(read[1].payload["to"], "a");
        }
    }
}
