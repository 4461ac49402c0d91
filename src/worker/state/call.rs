//! The next call to the database.

use super::waits::GRACE;
use super::{Beginning, State, Stopped};
use crate::base::millis;
use crate::protocol::{Begin, Claim, WorkRequest};
use std::time::Duration;

impl State {
    /// The next call, or `None` where there is nothing to say. It is not asked while a call is under way.
    pub fn next_call(
        &mut self,
        now: Duration,
        mut token: impl FnMut() -> String,
    ) -> Option<WorkRequest> {
        self.look_again(now);
        // A run that is done would find itself idle, and claim again and again until its deadline.
        if now < self.call_at || self.given_up || self.is_done() {
            return None;
        }
        if !self.fits(now, Duration::ZERO) {
            self.stop(Stopped::Deadline, None);
        }
        if self.halted {
            self.give_back_waiting();
        }
        self.drop_late_begins(now);
        self.plan_begins(now);
        let claim = self.plan_claim(now, &mut token);
        let silent = self.settles.is_empty() || self.settles_wait();
        if silent && self.beginning.is_empty() && claim.is_none() {
            return None;
        }
        // Counting costs; only what may be the run's last call needs it.
        let count_remaining = self.stopped.is_some() || claim.is_some() && self.is_idle();
        let run = self.note_run(now, claim.is_some());
        Some(WorkRequest {
            settles: self.settles.iter().map(|p| p.settle.clone()).collect(),
            begins: self.beginning.iter().map(|b| self.begin(b)).collect(),
            claim,
            count_remaining,
            run,
        })
    }

    /// A begin whose call went unanswered for too long may have been carried out: it is given back.
    fn drop_late_begins(&mut self, now: Duration) {
        let margin = self.config.margin;
        let (late, beginning): (Vec<Beginning>, _) = std::mem::take(&mut self.beginning)
            .into_iter()
            .partition(|b| b.asked_at.is_some_and(|at| now > at + margin));
        self.beginning = beginning;
        for Beginning { prepared, .. } in late {
            self.give_back(&prepared.dispatch, None);
        }
    }

    fn plan_begins(&mut self, now: Duration) {
        if self.halted || !self.fits(now, Duration::ZERO) {
            while let Some(prepared) = self.prepared.pop_front() {
                self.give_back(&prepared.dispatch, None);
            }
        }
        while now >= self.begin_at && self.open_requests() < self.config.in_flight {
            let Some(prepared) = self.prepared.pop_front() else {
                break;
            };
            self.beginning.push(Beginning {
                prepared,
                asked_at: None,
                repeated: false,
                failures: 0,
            });
        }
        for beginning in &mut self.beginning {
            beginning.repeated = beginning.asked_at.is_some();
            beginning.asked_at.get_or_insert(now);
        }
    }

    fn plan_claim(&mut self, now: Duration, token: &mut impl FnMut() -> String) -> Option<Claim> {
        if self.claiming.is_empty() {
            if self.stopped.is_some() || now < self.claim_at {
                return None;
            }
            let wanted = self.wants_claim();
            self.claiming = std::iter::repeat_with(token).take(wanted).collect();
        }
        if self.claiming.is_empty() {
            return None;
        }
        let claim = Claim {
            // Of large mail one dispatch, which can leave while the next ones are claimed.
            max_bytes: self
                .config
                .held_bytes
                .saturating_sub(self.held_bytes)
                .clamp(1, self.config.dispatch_bytes * 3 / 2),
            max_frozen: self.wanted_replays(),
            ..self.claim(now, self.claiming.clone())
        };
        Some(claim)
    }

    pub(super) fn claim(&self, now: Duration, tokens: Vec<String>) -> Claim {
        // The lease must outlive the run: whatever is claimed is begun, settled or given back before its end.
        let lease = (self.deadline() + GRACE).saturating_sub(now) + self.config.margin;
        Claim {
            kind: "email".to_owned(),
            tokens,
            lease_ms: millis(lease),
            max_messages: (self.config.dispatch_messages)
                .min(u32::try_from(self.provider.most_messages).unwrap_or(u32::MAX)),
            max_bytes: 1,
            min_bytes: self.config.dispatch_bytes,
            max_wait_ms: millis(self.config.max_wait),
            max_frozen: 0,
        }
    }

    /// Replays take at most a quarter of the places: what hangs once more must not keep fresh mail waiting.
    pub(super) fn wanted_replays(&self) -> u32 {
        let prepared = self
            .prepared
            .iter()
            .chain(self.beginning.iter().map(|b| &b.prepared));
        let prepared = prepared
            .chain(self.waiting.iter().map(|w| &w.prepared))
            .map(|p| &p.dispatch);
        let held = prepared
            .chain(self.sending.iter().map(|s| &s.dispatch))
            .filter(|d| d.frozen)
            .count();
        u32::try_from(self.config.in_flight.div_ceil(4).saturating_sub(held)).unwrap_or(0)
    }

    /// How many dispatches to claim: as many again as may be open at once, so that the next begin needs no call of
    /// its own. A queue that was found empty is asked once more when the last dispatch is settled.
    pub(super) fn wants_claim(&self) -> usize {
        let last_settle = self.is_idle() && !self.settles.is_empty();
        let is_full = self.held_bytes > 0
            && self.held_bytes + self.config.dispatch_bytes > self.config.held_bytes;
        if is_full || self.claims_apart() || self.exhausted && !last_settle {
            return 0;
        }
        self.config.in_flight.saturating_sub(self.prepared.len())
    }

    fn begin(&self, beginning: &Beginning) -> Begin {
        let prepared = &beginning.prepared;
        Begin {
            dispatch_id: prepared.dispatch.dispatch_id.clone(),
            token: prepared.dispatch.token.clone(),
            endpoint: prepared.endpoint,
            wire_version: prepared.wire_version,
            mark: prepared.dispatch.mark.clone(),
            key_window_ms: self.provider.replay_window().map(millis),
            members: u32::try_from(prepared.dispatch.messages.len()).unwrap_or(u32::MAX),
            timeout_ms: millis(self.config.timeout),
            margin_ms: millis(self.config.margin),
            max_wait_ms: millis(self.config.max_wait),
        }
    }

    pub(super) fn open_requests(&self) -> usize {
        self.beginning.len() + self.waiting.len() + self.sending.len()
    }
}
