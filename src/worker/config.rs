//! The bounds of a run, what it is told, and what it reports.

use serde::Serialize;
use std::time::Duration;

/// The bounds of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// From its start to its end. It begins nothing that it could not finish by then.
    pub deadline: Duration,
    /// The longest time that a request to the provider may take.
    pub timeout: Duration,
    /// How late a request may leave after its begin; the lease covers it.
    pub margin: Duration,
    /// The longest wait for a slot of the rate budget; the database reserves none further ahead than 2 s.
    pub max_wait: Duration,
    /// Requests to the provider open at the same time.
    pub in_flight: usize,
    /// Messages in one dispatch, where the provider takes so many.
    pub dispatch_messages: u32,
    /// Payload bytes claimed, and neither answered nor given back. What is claimed beside other calls comes on top: one `dispatch_bytes`.
    pub held_bytes: u64,
    /// It claims another dispatch only while so many of them are left: a batch of a hundred messages of 50 kB is not cut.
    pub dispatch_bytes: u64,
    /// Dispatches of so many bytes, and not of more than `dispatch_bytes`, are claimed beside the other calls.
    pub large_bytes: u64,
    /// It claims no more after this many messages, of which a dispatch counts as ten at least: the platform counts CPU
    /// time, and a request takes as much of it as some tens of messages.
    pub messages: u64,
    /// It claims no more after this many payload bytes.
    pub bytes: u64,
}

impl Config {
    /// Fits Supabase's free plan: 150 s of wall clock for an isolate that serves several runs, 2 s of CPU.
    pub const DEFAULT: Self = Self {
        deadline: Duration::from_secs(50),
        timeout: Duration::from_secs(15),
        margin: Duration::from_secs(5),
        max_wait: Duration::from_secs(2),
        in_flight: 4,
        dispatch_messages: 100,
        held_bytes: 16 * 1024 * 1024,
        dispatch_bytes: 8 * 1024 * 1024,
        large_bytes: 1024 * 1024,
        messages: 10_000,
        bytes: 64 * 1024 * 1024,
    };

    /// Another deadline; the time for a request shrinks with it, so that a short run can still send.
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self {
            deadline,
            timeout: self.timeout.min(deadline / 3),
            margin: self.margin.min(deadline / 6),
            ..self
        }
    }

    /// From a begin to the latest moment at which its outcome is known.
    pub(crate) fn longest_request(&self) -> Duration {
        self.max_wait + self.margin + self.timeout
    }
}

/// An order to a run. The later one is the stronger one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Somebody waits for the next run: listen no longer.
    Yield,
    /// The isolate or the process is about to end: claim nothing more, give back what has not been sent.
    Halt,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// Nothing is due.
    #[default]
    Empty,
    /// No time for another request.
    Deadline,
    /// The number of messages or bytes of a run is reached.
    Limit,
    /// The rate budget or a cooldown asks for a longer wait than fits.
    Throttled,
    /// The queue is paused.
    Paused,
    /// The provider or the database does not answer.
    Unavailable,
    /// A key, an address or the schema is wrong.
    Misconfigured,
}

impl Stopped {
    /// What was in the way, where something was.
    pub(super) fn reason(self, report: &Report) -> Option<String> {
        match self {
            Self::Empty | Self::Deadline | Self::Limit => None,
            _ => report.reason.clone(),
        }
    }
}

/// What a run did. Numbers are messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Names the run in the logs.
    pub run_id: String,
    /// Claimed, taken over ones included.
    pub claimed: u64,
    /// Accepted by the provider.
    pub accepted: u64,
    /// To be tried again: refused, or their outcome is not known.
    pub retried: u64,
    /// Ended as dead letters.
    pub failed: u64,
    /// Given back without using an attempt.
    pub released: u64,
    /// Their lease was lost, or is left to run out: another run takes them.
    pub lost: u64,
    /// Due and not claimed, up to 10,000.
    pub remaining: u64,
    /// Why it ended.
    pub stopped: Stopped,
    /// What stood in the way, where a run ended for that; without addresses or keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When to come back, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// Wall clock.
    pub duration_ms: u64,
}

impl Report {
    /// All that was claimed and is held no more.
    pub(crate) fn ended(&self) -> u64 {
        self.accepted + self.retried + self.failed + self.released + self.lost
    }
}
