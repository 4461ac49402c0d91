//! What the queue in memory stores: the tables of `supabase/migrations`, with the same rules.

use super::budget::{Budget, Paused};
use super::message::{Ended, MessageRow};
use super::window::Window;
use crate::base::limits::{DEFAULT_MAX_ATTEMPTS, DEFAULT_PAYLOAD_BYTES, DEFAULT_RATE};
use crate::protocol::{Endpoint, QueueMessageStatus};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What operators set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Written into a payload without `from`.
    pub default_sender: Option<String>,
    /// Ceiling of provider requests a second over all runs, 1 to 1000.
    pub rate_limit: u32,
    /// How long after its first begin a frozen dispatch may be replayed at most; without, as long as its key is known.
    pub horizon: Option<Duration>,
    /// `max_attempts` of a message that names none.
    pub default_max_attempts: u32,
    /// Largest payload, in bytes of its JSON text.
    pub max_payload_bytes: u64,
    /// The wait after each attempt, from the first; the last one holds for all further attempts.
    pub retry: Vec<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_sender: None,
            rate_limit: DEFAULT_RATE,
            horizon: None,
            default_max_attempts: DEFAULT_MAX_ATTEMPTS,
            max_payload_bytes: u64::from(DEFAULT_PAYLOAD_BYTES),
            retry: [30, 60, 120, 240, 480, 960, 1920, 3600]
                .map(Duration::from_secs)
                .into(),
        }
    }
}

/// The queue, as a value: a pure transition function with time as an argument. `now` is time since 1970 and never goes
/// back. Ids are counted, so that the same calls give the same queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Queue {
    pub(super) settings: Settings,
    pub(super) messages: BTreeMap<String, MessageRow>,
    pub(super) ready: BTreeMap<String, ReadyRow>,
    /// The rows of `ready` in the order of claims within a lane.
    pub(super) order: BTreeSet<Place>,
    pub(super) dispatches: BTreeMap<String, DispatchRow>,
    pub(super) budget: Budget,
    pub(super) paused_domains: BTreeMap<String, Paused>,
    /// By scope: a lane, or an endpoint, as in `batch:`.
    pub(super) breaker: BTreeMap<String, Window>,
    pub(super) ids: u64,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ReadyRow {
    pub lane: String,
    pub run_at: Duration,
    pub entered_at: Duration,
    pub attempts: u32,
    pub errors: Vec<Value>,
}

/// The order of claims: within a lane of a type, by priority and time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub kind: String,
    pub lane: String,
    pub priority: u8,
    pub run_at: Duration,
    pub id: String,
}

impl Place {
    /// Before all others of a lane from a priority on.
    pub fn first(kind: &str, lane: String, priority: u8) -> Self {
        Self {
            kind: kind.to_owned(),
            lane,
            priority,
            run_at: Duration::ZERO,
            id: String::new(),
        }
    }
}

/// One request to the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct DispatchRow {
    pub id: String,
    pub kind: String,
    pub lane: String,
    pub priority: u8,
    pub members: Vec<MemberRow>,
    pub bytes: u64,
    pub send_before: Option<Duration>,
    pub attempts_allowed: u32,
    /// Whose lease it is; `None` while it waits and once it is settled.
    pub token: Option<String>,
    /// Who settled it last.
    pub last_token: Option<String>,
    pub updated_at: Duration,
    /// Leased: when the lease ends. Waiting: when it may be claimed.
    pub visible_at: Duration,
    pub slot_at: Duration,
    /// Once begun, until when it may be replayed; without, it is never sent again.
    pub horizon_at: Option<Duration>,
    pub settled_at: Option<Duration>,
    pub attempt: u32,
    pub expired_unbegun: u32,
    pub begun: bool,
    pub frozen: bool,
    pub endpoint: Option<Endpoint>,
    pub wire_version: Option<u16>,
    /// Of its own attempts.
    pub errors: Vec<Value>,
}

/// A message in a dispatch, with what it had gone through before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct MemberRow {
    pub id: String,
    pub attempts: u32,
    pub errors: Vec<Value>,
}

impl DispatchRow {
    pub fn is_waiting(&self) -> bool {
        self.token.is_none() && self.settled_at.is_none()
    }

    /// Whether `token` has it and its lease is not over.
    pub fn is_held(&self, now: Duration, token: &str) -> bool {
        self.token.as_deref() == Some(token) && self.visible_at > now
    }

    /// It, or a member of it, may have ended a worker before: it is handed out without others, so that those do not pay
    /// for it each time.
    pub fn is_suspect(&self) -> bool {
        let mut errors = self.members.iter().flat_map(|member| &member.errors);
        self.expired_unbegun > 0 || errors.any(|error| error["class"] == "crash")
    }

    pub fn ids(&self) -> Vec<String> {
        self.members
            .iter()
            .map(|member| member.id.clone())
            .collect()
    }

    pub fn members_in<'a>(&'a self, ids: &'a [String]) -> impl Iterator<Item = &'a MemberRow> {
        self.members
            .iter()
            .filter(|member| ids.contains(&member.id))
    }
}

impl Queue {
    /// An empty queue.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// An id in the form of a UUIDv7, ordered by creation.
    pub(super) fn new_id(&mut self) -> String {
        self.ids += 1;
        format!("00000000-0000-7000-8000-{:012x}", self.ids)
    }

    /// The message, unless it has ended.
    pub(super) fn open(&self, id: &str) -> Option<&MessageRow> {
        self.messages
            .get(id)
            .filter(|message| message.end.is_none())
    }

    pub(super) fn max_attempts(&self, id: &str) -> u32 {
        self.messages
            .get(id)
            .map_or(0, |message| message.max_attempts)
    }

    /// Ends a message, once.
    pub(super) fn end(&mut self, id: &str, mut end: Ended) {
        if let Some(message) = self.messages.get_mut(id)
            && message.end.is_none()
        {
            if end.status == QueueMessageStatus::Failed {
                end.attempts = end.attempts.min(message.max_attempts);
            }
            message.end = Some(end);
        }
    }

    pub(super) fn put_ready(&mut self, id: String, ready: ReadyRow) {
        if let Some(place) = self.place(&id, &ready) {
            self.order.insert(place);
            self.ready.insert(id, ready);
        }
    }

    pub(super) fn take_ready(&mut self, id: &str) -> Option<ReadyRow> {
        let ready = self.ready.remove(id)?;
        if let Some(place) = self.place(id, &ready) {
            self.order.remove(&place);
        }
        Some(ready)
    }

    fn place(&self, id: &str, ready: &ReadyRow) -> Option<Place> {
        let message = self.messages.get(id)?;
        Some(Place {
            kind: message.kind.clone(),
            lane: ready.lane.clone(),
            priority: message.priority,
            run_at: ready.run_at,
            id: id.to_owned(),
        })
    }

    /// Whether the sender domain of `lane` is paused.
    pub(super) fn is_lane_paused(&self, now: Duration, lane: &str) -> bool {
        let paused = self.paused_domains.get(domain_of(lane));
        paused.is_some_and(|paused| paused.holds(now))
    }
}

/// The sender domain of a lane.
pub(super) fn domain_of(lane: &str) -> &str {
    lane.split_once(':').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::limits::{DEFAULT_RETRY_BASE_MS, DEFAULT_RETRY_CAP_MS};

    const HOUR: Duration = Duration::from_secs(3600);
    /// The most by which the worker shortens or lengthens a wait.
    const JITTER: f64 = 0.2;

    #[test]
    fn the_waits_are_those_of_the_default_settings() {
        let mut expected = Duration::from_millis(DEFAULT_RETRY_BASE_MS);
        for wait in Settings::default().retry {
            assert_eq!(wait, expected);
            expected = (expected * 2).min(Duration::from_millis(DEFAULT_RETRY_CAP_MS));
        }
        assert_eq!(Settings::default().retry.last(), Some(&expected));
    }

    fn from_first_to_last(attempts: u32) -> Duration {
        let waits = Settings::default().retry;
        let last = waits.last().copied().into_iter().cycle();
        let waits = waits.iter().copied().chain(last);
        waits.take(attempts as usize - 1).sum()
    }

    #[test]
    fn the_default_attempts_outlast_an_outage_of_six_hours() {
        let attempts = Settings::default().default_max_attempts;
        assert!(from_first_to_last(attempts).mul_f64(1.0 - JITTER) > 6 * HOUR);
        assert!(from_first_to_last(attempts - 1).mul_f64(1.0 - JITTER) <= 6 * HOUR);
    }

    #[test]
    fn the_default_attempts_take_less_than_half_a_day() {
        let attempts = Settings::default().default_max_attempts;
        assert!(from_first_to_last(attempts).mul_f64(1.0 + JITTER) < 12 * HOUR);
        assert_eq!(from_first_to_last(attempts).as_secs() / 60, 8 * 60 + 3);
    }
}
