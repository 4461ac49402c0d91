//! A queue reduced to what tells states apart, for the model checker (`tests/model`).

use super::budget::{Budget, Paused};
use super::message::MessageRow;
use super::report::ReportedEvent;
use super::store::{DispatchRow, Queue};
use super::window::Window;
use crate::protocol::{QueueMessageStatus, Reason, Signals};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How a queue is seen. Two queues that look the same behave the same from then on.
pub struct View<'a> {
    /// The present.
    pub now: Duration,
    /// Another time for a time.
    pub time: &'a dyn Fn(Duration) -> Duration,
    /// The new id of a dispatch; a settled one without is forgotten.
    pub dispatch: &'a dyn Fn(&str) -> Option<String>,
    /// The new name of a token, for a dispatch by its old id; without one, the holder of the lease never calls again.
    pub token: &'a dyn Fn(&str, &str) -> Option<String>,
    /// Payloads are kept: a redrive reads them.
    pub payloads: bool,
    /// The number of the last id given.
    pub ids: u64,
}

impl Queue {
    /// This installation is another one from now on: its e-mails carry another mark.
    pub fn adopt(&mut self) {
        self.marks += 1;
    }

    /// The ids of the dispatches that are not settled.
    pub fn open_dispatches(&self) -> impl Iterator<Item = &str> {
        let open = self.dispatches.values().filter(|d| d.settled_at.is_none());
        open.map(|dispatch| dispatch.id.as_str())
    }

    /// How a message ended, if it has.
    pub fn end_of(&self, id: &str) -> Option<(QueueMessageStatus, Option<Reason>)> {
        let end = self.messages.get(id)?.end.as_ref()?;
        Some((end.status, end.reason))
    }

    /// Three first requests of a lane got no answer: it and its endpoint wait.
    pub fn silence(&mut self, now: Duration, lane: &str) {
        let mut dispatch = DispatchRow::new(String::new(), now, "email", lane, 0, Vec::new());
        dispatch.begun = true;
        let signals = Signals {
            answered: Some(false),
            ..Signals::default()
        };
        for _ in 0..3 {
            self.judge(now, &dispatch, &signals);
        }
    }

    /// The circuit breaker's scopes: how many requests each may have open, and how long it waits.
    pub fn breaker(&self) -> Vec<(String, u32, Option<Duration>)> {
        let windows = self.breaker.iter();
        let shown = windows.map(|(scope, w)| (scope.clone(), w.requests, w.next_at));
        shown.collect()
    }

    /// First requests that are open, of the lanes of an endpoint.
    pub fn open_first_requests(&self, endpoint: &str) -> usize {
        let first = self.dispatches.values().filter(|d| d.begun && !d.frozen);
        first.filter(|d| d.lane.starts_with(endpoint)).count()
    }

    /// Whether the provider has reported a message.
    pub fn is_accepted(&self, id: &str) -> bool {
        self.events.contains_key(id)
    }

    /// Erases the payload of a message that has ended; a mistake: of an open one too.
    pub fn erase(&mut self, id: &str, open: bool) {
        let message = self.messages.get_mut(id);
        if let Some(message) = message.filter(|message| open || message.end.is_some()) {
            message.payload = Value::Null;
        }
    }

    /// Whether what may have to be repeated can be.
    pub fn frozen_have_bodies(&self) -> bool {
        let frozen = self.dispatches.values().filter(|dispatch| dispatch.frozen);
        let mut members = frozen.flat_map(DispatchRow::ids);
        members.all(|id| (self.messages.get(&id)).is_some_and(|message| !message.payload.is_null()))
    }

    /// A mistake: an event is recorded, and nothing else.
    pub fn record_only(&mut self, event: &ReportedEvent) {
        let events = self
            .events
            .entry(event.message_id.clone().unwrap_or_default());
        *events.or_default() = vec![event.clone()];
    }

    /// A mistake: evidence of a member is taken for the other members of its request.
    pub fn spread_evidence(&mut self, id: &str) {
        let Some(events) = self.events.get(id).cloned() else {
            return;
        };
        let members: Vec<String> = self
            .holders(id)
            .flat_map(|(dispatch, _)| dispatch.ids())
            .collect();
        for member in members {
            self.events.entry(member).or_insert_with(|| events.clone());
        }
    }

    /// A mistake: for a while no evidence is seen.
    pub fn hide_events(&mut self) -> BTreeMap<String, Vec<ReportedEvent>> {
        std::mem::take(&mut self.events)
    }

    /// See [`hide_events`](Self::hide_events).
    pub fn show_events(&mut self, events: BTreeMap<String, Vec<ReportedEvent>>) {
        self.events = events;
    }

    /// A mistake: the head of the queue is next, whosever turn it is.
    pub fn take_no_turns(&mut self) {
        for window in self.breaker.values_mut() {
            window.tries = 1;
        }
    }

    /// A mistake: a replay is taken for a first request.
    pub fn forget_replay(&mut self, dispatch: &str) {
        if let Some(dispatch) = self.dispatches.get_mut(dispatch) {
            dispatch.frozen = false;
        }
    }

    /// Takes out what no later step depends on (payloads, errors, texts, past times, slots of the rate budget, the
    /// length of a streak beyond three) and renames the rest.
    pub fn abstracted(mut self, view: &View<'_>) -> Self {
        // Every field is named, so that a new one is not forgotten here.
        let Self {
            settings: _,
            events,
            messages,
            ready,
            order,
            dispatches,
            budget,
            paused_domains,
            breaker,
            suppressions: _,
            templates: _,
            marks: _,
            ids,
        } = &mut self;
        (messages.values_mut()).for_each(|message| view.message(message));
        // Whether there is evidence; what was completed or cancelled stays so.
        let is_over = |id: &String| {
            let end = messages.get(id).and_then(|message| message.end.as_ref());
            end.is_some_and(|end| end.status != QueueMessageStatus::Failed)
        };
        events.retain(|id, _| !is_over(id));
        for events in events.values_mut() {
            let mut marks = BTreeSet::new();
            events.retain(|event| marks.insert(event.mark.clone()));
            for event in events {
                event.id.clear();
                event.occurred_at.clear();
            }
        }
        *dispatches = (std::mem::take(dispatches).into_values())
            .filter_map(|dispatch| view.dispatch(dispatch))
            .map(|dispatch| (dispatch.id.clone(), dispatch))
            .collect();
        view.budget(budget);
        paused_domains.retain(|_, paused| view.paused(paused));
        breaker.retain(|_, window| view.window(window));
        *ids = view.ids;
        order.clear();
        for (id, mut ready) in std::mem::take(ready) {
            ready.run_at = (view.time)(ready.run_at);
            ready.entered_at = Duration::ZERO;
            suspicion(&mut ready.errors);
            self.put_ready(id, ready);
        }
        self
    }
}

impl View<'_> {
    fn message(&self, message: &mut MessageRow) {
        if !self.payloads && !message.payload.is_null() {
            // That there is one: an erased one is null.
            message.payload = Value::Bool(true);
        }
        message.created_at = Duration::ZERO;
        message.run_at = (self.time)(message.run_at);
        message.send_before = message.send_before.map(self.time);
        if let Some(end) = &mut message.end {
            (end.at, end.attempts) = (Duration::ZERO, 0);
            (end.dispatch_id, end.provider_message_id) = (None, None);
            if end.status != QueueMessageStatus::Failed {
                message.mark = None;
            }
            suspicion(&mut end.errors);
        }
    }

    fn dispatch(&self, mut dispatch: DispatchRow) -> Option<DispatchRow> {
        let id = (self.dispatch)(&dispatch.id)?;
        let token = |token: &String| (self.token)(token, &dispatch.id);
        let last_token = dispatch.last_token.as_ref().and_then(token);
        if dispatch.settled_at.is_some() {
            return Some(DispatchRow {
                last_token,
                settled_at: Some((self.time)(self.now)),
                ..DispatchRow::new(id, Duration::ZERO, "", "", 0, Vec::new())
            });
        }
        let nobody = || "nobody".to_owned();
        for member in &mut dispatch.members {
            suspicion(&mut member.errors);
        }
        Some(DispatchRow {
            token: (dispatch.token.as_ref()).map(|t| token(t).unwrap_or_else(nobody)),
            id,
            last_token,
            updated_at: Duration::ZERO,
            visible_at: (self.time)(dispatch.visible_at),
            slot_at: Duration::ZERO,
            horizon_at: dispatch.horizon_at.map(self.time),
            send_before: dispatch.send_before.map(self.time),
            errors: Vec::new(),
            ..dispatch
        })
    }

    fn budget(&self, budget: &mut Budget) {
        let future = |at: &Duration| *at > self.now;
        budget.next_slot_at = Duration::ZERO;
        budget.answered = true;
        budget.cooldown_until = budget.cooldown_until.filter(future).map(self.time);
        budget.cooldown_reason = None;
        budget.paused.take_if(|paused| !self.paused(paused));
    }

    /// A window with room for more than two workers and two messages is as good as a full one. Its streak is forgotten, or
    /// each state would count several times: what three in a row lead to begins with [`Queue::silence`].
    fn window(&self, window: &mut Window) -> bool {
        let future = |at: Duration| match at > self.now {
            true => (self.time)(at),
            false => Duration::ZERO,
        };
        window.streak = window.streak.min(3);
        window.wait = Duration::ZERO;
        window.noted_at = (self.time)(self.now);
        window.next_at = window.next_at.map(future);
        window.tries %= 2;
        window.requests.min(window.size) < 8
    }

    fn paused(&self, paused: &mut Paused) -> bool {
        // Of a refused domain the next pause is longer.
        let matters = paused.holds(self.now) || paused.refusals > 0;
        paused.since = Duration::ZERO;
        paused.until = paused.until.map(self.time);
        paused.reason.clear();
        paused.refusals = paused.refusals.min(8);
        paused.first_refused_at = paused.first_refused_at.map(self.time);
        matters
    }
}

/// What a claim looks for in a message's errors.
fn suspicion(errors: &mut Vec<Value>) {
    errors.retain(|error| error["class"] == "crash");
    errors.truncate(1);
    errors.fill(json!({"class": "crash"}));
}
