//! Sweep: expired leases, horizons, messages that are no longer worth sending, settled dispatches.

use super::members::{last_ten, stamp};
use super::store::{DispatchRow, Queue};
use crate::protocol::{QueueMessageStatus, Reason};
use serde_json::{Value, json};
use std::time::Duration;

/// Dispatches of each sort in one sweep, and messages.
const DISPATCHES: usize = 20;
const MESSAGES: usize = 500;
/// How long a settled dispatch is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

impl Queue {
    /// Bounded, and also done while the queue is paused.
    pub(super) fn sweep(&mut self, now: Duration) {
        let expired =
            |d: &DispatchRow| (d.token.is_some() && d.visible_at <= now).then_some(d.visible_at);
        for id in self.first(expired) {
            self.recover(now, &id);
        }
        let over = |d: &DispatchRow| {
            d.horizon_at
                .filter(|at| d.frozen && d.token.is_none() && *at <= now)
        };
        for id in self.first(over) {
            let error = unknown("The horizon passed without a definite answer.");
            self.abandon(now, &id, Some(&error));
        }
        self.expire_ready(now);
        self.end_evident(now);
        let old = |d: &DispatchRow| d.settled_at.filter(|at| *at + REMEMBERED < now);
        for id in self.first(old) {
            self.dispatches.remove(&id);
        }
    }

    /// The first dispatches that `since` has a time for, by that time.
    fn first(&self, since: impl Fn(&DispatchRow) -> Option<Duration>) -> Vec<String> {
        let mut found: Vec<_> = self
            .dispatches
            .values()
            .filter_map(|dispatch| Some((since(dispatch)?, dispatch.id.clone())))
            .collect();
        found.sort();
        found
            .into_iter()
            .map(|(_, id)| id)
            .take(DISPATCHES)
            .collect()
    }

    /// A dispatch whose lease ran out. Begun: an e-mail may have been sent, so it is frozen, or ends where its provider does
    /// not know its key again; a custom consumer's message is tried again. Not begun: it is taken over whole once; the second time its members come back one to a dispatch, and
    /// a single pays an attempt.
    fn recover(&mut self, now: Duration, id: &str) {
        let Some(dispatch) = self.dispatches.get_mut(id) else {
            return;
        };
        let was_begun = dispatch.begun;
        // last_token stays: nothing was settled, and the worker that lost this lease must be told so.
        dispatch.token = None;
        dispatch.begun = false;
        dispatch.frozen |= was_begun && dispatch.kind == "email";
        dispatch.updated_at = now;
        if was_begun {
            let error = unknown("The worker's lease ran out after begin.");
            dispatch
                .errors
                .extend(stamp(now, Some(&error), dispatch.attempt));
            dispatch.errors = last_ten(std::mem::take(&mut dispatch.errors));
        } else {
            dispatch.expired_unbegun += 1;
        }
        let mut dispatch = dispatch.clone();
        if dispatch.frozen {
            let over = dispatch.attempt >= dispatch.attempts_allowed;
            if was_begun && (over || dispatch.horizon_at.is_none()) {
                self.abandon(now, id, None);
            } else if was_begun {
                self.complete_evident(now, id);
            }
        } else if was_begun {
            self.retry_members(now, &dispatch, &dispatch.ids(), None, Duration::ZERO);
            self.close(now, id);
        } else if dispatch.expired_unbegun < 2 {
            // It is taken over.
        } else if let [member] = dispatch.members.as_slice() {
            dispatch.attempt += 1;
            let used = (member.attempts + dispatch.attempt) as usize;
            let waits = &self.settings.retry;
            let delay = waits.get(used - 1).or(waits.last());
            let delay = delay.copied().unwrap_or_default();
            let error =
                json!({"class": "crash", "message": "The worker's lease ran out before begin."});
            self.retry_members(now, &dispatch, &dispatch.ids(), Some(&error), delay);
            self.close(now, id);
        } else {
            // The error makes each a suspect, to be claimed without others.
            let error = json!({
                "class": "crash", "message": "The worker's lease ran out before begin, twice.",
            });
            self.return_members(now, &dispatch, &dispatch.ids(), Some(&error), None, true);
            self.close(now, id);
        }
    }

    fn expire_ready(&mut self, now: Duration) {
        let mut late: Vec<_> = self
            .ready
            .keys()
            .filter_map(|id| Some((self.messages.get(id)?.send_before?, id.clone())))
            .filter(|(send_before, _)| *send_before <= now)
            .collect();
        late.sort();
        let (failed, expired) = (QueueMessageStatus::Failed, Some(Reason::Expired));
        for (_, id) in late.into_iter().take(MESSAGES) {
            self.end_ready(now, &id, failed, expired, None);
        }
    }
}

fn unknown(message: &str) -> Value {
    json!({"class": "unknown", "message": message})
}
