//! What the queue in memory stores: the tables of `supabase/migrations`, with the same rules.

use super::budget::{Budget, Paused};
use super::message::{Ended, MessageRow};
#[cfg(not(target_arch = "wasm32"))]
use super::report::ReportedEvent;
use super::settings::Settings;
use super::suppression::{Entry, Suppressed};
use super::versions::TemplateRow;
use super::window::Window;
use crate::protocol::{Endpoint, QueueMessageStatus};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The queue, as a value: a pure transition function with time as an argument. `now` is time since 1970 and never goes
/// back. Ids are counted, so that the same calls give the same queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Queue {
    pub(super) settings: Settings,
    /// What the provider reported, by message.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) events: BTreeMap<String, Vec<ReportedEvent>>,
    pub(super) messages: BTreeMap<String, MessageRow>,
    pub(super) ready: BTreeMap<String, ReadyRow>,
    /// The rows of `ready` in the order of claims within a lane.
    pub(super) order: BTreeSet<Place>,
    pub(super) dispatches: BTreeMap<String, DispatchRow>,
    pub(super) budget: Budget,
    pub(super) paused_domains: BTreeMap<String, Paused>,
    /// By scope: a lane, or an endpoint, as in `batch:`.
    pub(super) breaker: BTreeMap<String, Window>,
    pub(super) suppressions: BTreeMap<Suppressed, Entry>,
    /// The newest of a name and language is the last.
    pub(super) templates: Vec<TemplateRow>,
    /// How often another mark was minted.
    pub(super) marks: u64,
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
    /// What its e-mails carry since its first begin; none under a version without marks.
    pub mark: Option<String>,
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

    /// The mark that new e-mails carry.
    pub(super) fn mark(&self) -> String {
        format!("{:012x}", self.marks)
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
            // No request with it will leave any more.
            if message.secret {
                message.payload = Value::Null;
            }
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
    lane.split(':').nth(1).unwrap_or_default()
}

/// Secret messages share no dispatch with others.
pub(super) fn is_secret(lane: &str) -> bool {
    lane.ends_with(":secret")
}
