//! How the database's answer changes the state.

use super::super::prepare::{Preparation, prepare};
use super::obstacle::stopped_by;
use super::waits::{GRACE, LONGEST_WAIT, POLL};
use super::{Beginning, State, Stopped, Waiting};
use crate::base::{ErrorCode, QueueError, millis, scrub};
use crate::protocol::{BeginState, Begun, Dispatch, SettleResult, Settled, WorkReply};
use crate::provider::ProviderError;
use crate::worker::decide::{not_sent, unfit};
use std::time::Duration;

/// A dispatch that cannot be begun is looked at again after this.
const LATER: Duration = Duration::from_secs(60);
/// A database that has not been reached for so long, by several calls, is given up.
const UNREACHED: Duration = Duration::from_secs(5);
/// A dispatch counts as so many messages at least: a request takes more CPU time than a message in it.
const DISPATCH_COST: u64 = 10;
/// A settle or begin that the database fails this often is given up.
const FAILURES: u32 = 3;

impl State {
    /// The call was answered, or failed.
    pub fn on_call(&mut self, now: Duration, result: Result<WorkReply, QueueError>) {
        match result {
            Ok(reply) => self.on_answer(now, reply),
            Err(error) => self.on_failure(now, &error),
        }
    }

    /// All that the call said is said again: settles, begins and claims can be repeated.
    pub(super) fn on_failure(&mut self, now: Duration, error: &QueueError) {
        let cause = error
            .cause
            .as_deref()
            .map_or(String::new(), |c| format!(" ({c})"));
        self.report.reason = Some(scrub(&format!("{error}{cause}")));
        if !error.code.is_retryable() {
            self.give_up(match error.code {
                ErrorCode::Unauthorized
                | ErrorCode::NotInstalled
                | ErrorCode::NotExposed
                | ErrorCode::InvalidInput => Stopped::Misconfigured,
                _ => Stopped::Unavailable,
            });
            return;
        }
        if self.is_unreached(now, error) {
            self.give_up(Stopped::Unavailable);
            return;
        }
        self.failed_calls += 1;
        let wait = Duration::from_millis(250) * 2_u32.pow(self.failed_calls.min(5) - 1);
        self.call_at = now + wait;
        let holds_nothing = self.is_idle() && self.settles.is_empty();
        if self.call_at > self.deadline() + GRACE || holds_nothing && !self.fits(now, wait) {
            self.give_up(Stopped::Unavailable);
        }
    }

    /// The database shuts down, or has not been reached for too long. The leases do the rest: a run that held on would keep
    /// the function's caller, and a restart, waiting.
    fn is_unreached(&mut self, now: Duration, error: &QueueError) -> bool {
        match error.sqlstate() {
            Some("57P01" | "57P02" | "57P03") => return true,
            // The database itself has answered that it is busy.
            Some("40001" | "40P01" | "55P03" | "57014") => self.unreached_since = None,
            _ => {
                let since = *self.unreached_since.get_or_insert(now);
                return now >= since + UNREACHED;
            }
        }
        false
    }

    /// The database has answered a call, whatever it was.
    pub(super) fn on_heard(&mut self, now: Duration, reply: &WorkReply) {
        self.failed_calls = 0;
        self.unreached_since = None;
        // The quickest answer of the run shows best how far the two clocks are apart.
        let epoch_ms = reply.now_ms.saturating_sub(millis(now));
        self.epoch_ms = self.epoch_ms.max(epoch_ms);
    }

    fn on_answer(&mut self, now: Duration, reply: WorkReply) {
        self.on_heard(now, &reply);
        self.on_answered(&reply);
        let answered_at = Duration::from_millis(reply.now_ms.saturating_sub(self.epoch_ms));
        if !reply.retry_ms.is_empty() {
            self.policy.waits = reply.retry_ms;
        }
        if let Some(remaining) = reply.remaining {
            self.report.remaining = remaining;
        }
        for settled in reply.settles {
            self.on_settled(now, &settled);
        }
        for begun in reply.begins {
            self.on_begun(now, answered_at, begun);
        }
        let asked = std::mem::take(&mut self.claiming).len();
        if asked > 0 {
            let claimed = reply.claims.len();
            self.on_claims(reply.claims);
            // If nothing could be claimed, it is not known whether something is due.
            self.exhausted = false;
            if let Some(error) = &reply.claim_error {
                self.on_claim_error(now, error);
                return;
            }
            self.failed_claims = 0;
            self.looked = true;
            if let Some(obstacle) = reply.obstacle {
                self.on_obstacle(now, &obstacle);
            } else {
                self.exhausted = claimed < asked && reply.next_due_ms != Some(0);
                self.after_look(now, claimed, reply.next_due_ms);
                if claimed == 0 && !self.exhausted {
                    self.claim_at = now + POLL;
                }
            }
        }
    }

    pub(super) fn on_claim_error(&mut self, now: Duration, error: &str) {
        self.report.reason = Some(scrub(error));
        self.large = false;
        self.claim_at = now + POLL;
        self.failed_claims += 1;
        if self.failed_claims == FAILURES {
            self.stop(Stopped::Unavailable, None);
        }
    }

    fn on_settled(&mut self, now: Duration, settled: &Settled) {
        let Some(index) = self
            .settles
            .iter()
            .position(|p| p.settle.dispatch_id == settled.dispatch_id)
        else {
            return;
        };
        let mut pending = self.settles.remove(index);
        match settled.result {
            SettleResult::Applied | SettleResult::Already => {
                self.report.accepted += pending.tally.accepted;
                self.report.retried += pending.tally.retried;
                self.report.failed += pending.tally.failed;
                self.report.released += pending.tally.released;
            }
            SettleResult::Error if pending.failures + 1 < FAILURES => {
                pending.failures += 1;
                self.call_at = now + POLL;
                self.settles.push(pending);
            }
            SettleResult::Error => {
                // What is sent now could not be settled either.
                self.stop(Stopped::Unavailable, None);
                self.report.lost += pending.tally.total();
            }
            SettleResult::Lost | SettleResult::Invalid => {
                self.report.lost += pending.tally.total();
            }
        }
    }

    fn on_begun(&mut self, now: Duration, answered_at: Duration, begun: Begun) {
        let Some(index) = self
            .beginning
            .iter()
            .position(|b| b.prepared.dispatch.dispatch_id == begun.dispatch_id)
        else {
            return;
        };
        let Beginning {
            prepared,
            asked_at,
            repeated,
            failures,
        } = self.beginning.swap_remove(index);
        if let Some(reason) = &begun.reason {
            self.report.reason = Some(scrub(reason));
        }
        let wait = Duration::from_millis(begun.wait_ms);
        let members = prepared.dispatch.messages.len() as u64;
        match begun.state {
            BeginState::Begun => {
                // The lease counts from the begin itself, which was not before the first call with it. How long that
                // one's wait was is not known where its answer was lost.
                let known = if repeated { Duration::ZERO } else { wait };
                let asked_at = asked_at.unwrap_or(now);
                // The wait counts from when the database said so, not from when that was heard: slots would come late
                // by what each answer takes, and a late request and a punctual one fall into one window of the provider.
                let from = answered_at.clamp(asked_at, now);
                self.waiting.push(Waiting {
                    prepared,
                    attempt: begun.attempt,
                    send_at: from + wait,
                    latest: asked_at + known + self.config.margin,
                });
            }
            // Others need not wait for it; it is claimed again when its lane may be.
            BeginState::Unavailable => self.give_back(&prepared.dispatch, None),
            BeginState::Throttled => {
                let after = begun
                    .retry_after_ms
                    .map(Duration::from_millis)
                    .unwrap_or(POLL);
                if after <= LONGEST_WAIT && self.fits(now, after) {
                    self.begin_at = self.begin_at.max(now + after);
                    self.hold(prepared);
                } else {
                    self.give_back(&prepared.dispatch, Some(after));
                    self.stop(stopped_by(begun.state), Some(after));
                }
            }
            // What is left of it goes with the next claim.
            BeginState::Changed => {
                let mut dispatch = prepared.dispatch;
                dispatch.messages.retain(|m| !begun.removed.contains(&m.id));
                self.report.failed += begun.removed.len() as u64;
                self.give_back(&dispatch, None);
            }
            BeginState::Ended => {
                self.report.failed += members;
                self.held_bytes = self.held_bytes.saturating_sub(prepared.dispatch.bytes);
            }
            BeginState::Lost => {
                self.report.lost += members;
                self.held_bytes = self.held_bytes.saturating_sub(prepared.dispatch.bytes);
            }
            BeginState::Paused => {
                self.paused += members;
                self.give_back(&prepared.dispatch, Some(LATER));
            }
            BeginState::Error if failures + 1 < FAILURES => {
                self.call_at = now + POLL;
                // Still counted from the first call: that may have been carried out, and its answer lost.
                self.beginning.push(Beginning {
                    prepared,
                    asked_at,
                    repeated,
                    failures: failures + 1,
                });
            }
            BeginState::Invalid | BeginState::Error => self.set_aside(&prepared.dispatch),
        }
    }

    pub(super) fn on_claimed(&mut self, dispatch: Dispatch) {
        self.report.claimed += dispatch.messages.len() as u64;
        self.claimed_cost += DISPATCH_COST.max(dispatch.messages.len() as u64);
        self.claimed_bytes += dispatch.bytes;
        self.held_bytes += dispatch.bytes;
        match prepare(self.provider, dispatch) {
            Preparation::Ready {
                prepared,
                claimed,
                unfit,
            } => {
                self.settle_unfit(&claimed, unfit, false);
                // Urgent mail overtakes what was claimed before it and has not begun.
                let at = self
                    .prepared
                    .partition_point(|p| p.dispatch.priority <= prepared.dispatch.priority);
                self.prepared.insert(at, prepared);
            }
            Preparation::Unfit { claimed, unfit } => self.settle_unfit(&claimed, unfit, true),
            Preparation::Unknown { claimed } => self.set_aside(&claimed),
        }
        if self.claimed_cost >= self.config.messages || self.claimed_bytes >= self.config.bytes {
            self.stop(Stopped::Limit, None);
        }
    }

    /// Gives a dispatch back that cannot be begun, out of the way of others for a while.
    fn set_aside(&mut self, dispatch: &Dispatch) {
        let mut settle = not_sent(dispatch);
        settle.delay_ms = Some(millis(LATER));
        self.settle(dispatch, settle);
    }

    fn settle_unfit(
        &mut self,
        claimed: &Dispatch,
        rejected: Vec<(String, ProviderError)>,
        whole: bool,
    ) {
        if rejected.is_empty() {
            return;
        }
        let settle = unfit(claimed, rejected);
        // The members that stay are held on.
        match whole {
            true => self.settle(claimed, settle),
            false => self.note(claimed, settle),
        }
    }
}
