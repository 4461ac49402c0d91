//! The state of a run, and its next step. Pure: time and randomness are arguments.
//!
//! A dispatch moves through `prepared` → `beginning` → `waiting` → `sending`, and leaves as a settle. Unfinished
//! settles, begins and claims stay here until the database has answered them; a lost answer means the same call again.

mod apart;
mod call;
mod held;
mod listen;
mod obstacle;
mod reply;
mod report;
#[cfg(test)]
mod tests;
mod waits;

use super::{Config, Prepared, Report, Stopped, tally::Tally};
use crate::base::millis;
use crate::protocol::{Dispatch, Settle};
use crate::provider::{Context, Mail, Provider, Reply};
use crate::worker::decide;
use crate::worker::retry::RetryPolicy;
use apart::Apart;
use held::{Beginning, Pending, Sending, Waiting};
use listen::Listening;
use obstacle::refuses_all;
use std::collections::VecDeque;
use std::time::Duration;

/// The state of one run.
#[derive(Debug)]
pub struct State {
    provider: &'static Provider,
    config: Config,
    started: Duration,
    policy: RetryPolicy,
    /// The database's clock minus ours, in milliseconds, by the quickest answer so far.
    epoch_ms: u64,
    /// Tokens of a claim that is not answered yet.
    claiming: Vec<String>,
    /// Claims by themselves that are not answered yet.
    apart: Vec<Apart>,
    /// What was claimed last was large.
    large: bool,
    prepared: VecDeque<Box<Prepared>>,
    beginning: Vec<Beginning>,
    waiting: Vec<Waiting>,
    sending: Vec<Sending>,
    settles: Vec<Pending>,
    /// Payload bytes of all dispatches that are neither answered nor given back.
    held_bytes: u64,
    claimed_bytes: u64,
    /// Messages claimed, of which a dispatch counts as some at least.
    claimed_cost: u64,
    /// The last claim found nothing more.
    exhausted: bool,
    /// A claim has been answered.
    looked: bool,
    /// Messages that came back because their sender domain is paused, or is paused by the provider's answer.
    paused: u64,
    claim_at: Duration,
    begin_at: Duration,
    /// Claims wait for an answer of the provider, which may open what is closed.
    awaits_answer: bool,
    call_at: Duration,
    failed_calls: u32,
    /// When the database was first not reached, of the failed calls in a row.
    unreached_since: Option<Duration>,
    /// In a row.
    failed_claims: u32,
    /// Set once: no more claims.
    stopped: Option<Stopped>,
    retry_after: Option<Duration>,
    /// The database does not answer: what is held is left to the leases.
    given_up: bool,
    /// The process or the isolate ends.
    halted: bool,
    listening: Listening,
    report: Report,
}

impl State {
    /// A run that starts `now`.
    pub fn new(provider: &'static Provider, config: Config, now: Duration, run_id: String) -> Self {
        Self {
            provider,
            config,
            started: now,
            policy: RetryPolicy {
                replays: provider.replay_window().is_some(),
                ..RetryPolicy::default()
            },
            epoch_ms: 0,
            claiming: Vec::new(),
            apart: Vec::new(),
            large: false,
            prepared: VecDeque::new(),
            beginning: Vec::new(),
            waiting: Vec::new(),
            sending: Vec::new(),
            settles: Vec::new(),
            held_bytes: 0,
            claimed_bytes: 0,
            claimed_cost: 0,
            exhausted: false,
            looked: false,
            paused: 0,
            claim_at: now,
            begin_at: now,
            awaits_answer: false,
            call_at: now,
            failed_calls: 0,
            unreached_since: None,
            failed_claims: 0,
            stopped: None,
            retry_after: None,
            given_up: false,
            halted: false,
            listening: Listening::default(),
            report: Report {
                run_id,
                ..Report::default()
            },
        }
    }

    /// The next request to the provider whose slot has come.
    pub fn next_send(&mut self, now: Duration) -> Option<(String, Mail)> {
        if self.given_up || self.halted {
            return None;
        }
        while let Some(index) = self.waiting.iter().position(|w| w.send_at <= now) {
            let Waiting {
                prepared,
                attempt,
                latest,
                ..
            } = self.waiting.swap_remove(index);
            let prepared = *prepared;
            if now > latest {
                self.give_back(&prepared.dispatch, None);
                continue;
            }
            let id = prepared.dispatch.dispatch_id.clone();
            let mail = Mail {
                endpoint: prepared.endpoint,
                key: format!("email-queue/{id}"),
                body: prepared.body,
                timeout: self.config.timeout,
            };
            let context = Context {
                endpoint: prepared.endpoint,
                members: prepared.dispatch.messages.len(),
                possibly_sent: prepared.dispatch.frozen,
                templated: prepared.templated,
                utc_seconds_of_day: 0,
            };
            self.sending.push(Sending {
                dispatch: prepared.dispatch,
                context,
                attempt,
            });
            return Some((id, mail));
        }
        None
    }

    /// The provider answered, or did not. `unit` is random in `[0, 1)`.
    pub fn on_reply(&mut self, now: Duration, dispatch_id: &str, reply: &Reply, unit: f64) {
        let Some(index) = self
            .sending
            .iter()
            .position(|s| s.dispatch.dispatch_id == dispatch_id)
        else {
            return;
        };
        let sending = self.sending.swap_remove(index);
        let seconds = (self.epoch_ms + millis(now)) / 1000 % 86_400;
        let context = Context {
            utc_seconds_of_day: u32::try_from(seconds).unwrap_or(0),
            ..sending.context
        };
        let (outcome, hints) = self.provider.classify(reply, &context);
        let settle = decide::after_reply(
            &sending.dispatch,
            sending.attempt,
            outcome,
            hints,
            &self.policy,
            unit,
        );
        let signals = settle.signals.as_ref();
        let refuses = signals.is_some_and(refuses_all);
        if signals.is_some_and(|signals| signals.pause.is_some()) {
            self.paused += Tally::of(&settle, sending.dispatch.messages.len()).released;
        }
        self.settle(&sending.dispatch, settle);
        if refuses {
            self.give_back_waiting();
        }
        if std::mem::take(&mut self.awaits_answer) {
            // The settle goes first in the same call, so the claim meets what it changes.
            self.claim_at = self.claim_at.min(now);
        }
    }

    /// When something is to be done although nothing happens; `None` where only an event can move the run.
    pub fn wake_at(&self, now: Duration, calling: bool) -> Option<Duration> {
        let send = self.waiting.iter().map(|w| w.send_at).min();
        let call = (!calling && !self.given_up && !self.is_done()).then(|| {
            // While all requests are open, only an answer can make room for a begin: no time is worth waking for.
            let room = self.open_requests() < self.config.in_flight;
            let begin = (room && !self.prepared.is_empty()).then_some(self.begin_at);
            let claim = (self.stopped.is_none() && self.wants_claim() > 0).then_some(self.claim_at);
            let silent = (self.settles.is_empty() || self.settles_wait())
                && self.beginning.is_empty()
                && self.claiming.is_empty();
            let next = if silent {
                [begin, claim].into_iter().flatten().min()
            } else {
                Some(now)
            };
            let look = self.look_at().filter(|_| self.stopped.is_none());
            let next = [next, look].into_iter().flatten().min();
            next.map(|at| at.max(self.call_at))
        });
        // Where it is to be said again; any other goes with what happens.
        let again = (self.repeats_claim() && !self.given_up).then_some(self.call_at);
        [send, call.flatten(), again].into_iter().flatten().min()
    }

    /// Nothing is held and nothing more is wanted.
    pub fn is_done(&self) -> bool {
        self.given_up && self.sending.is_empty()
            || self.is_idle()
                && self.settles.is_empty()
                && (self.stopped.is_some() || self.exhausted && self.look_at().is_none())
    }

    /// What the run has claimed so far: messages, of which a dispatch counts as some at least, and payload bytes.
    pub fn spent(&self) -> (u64, u64) {
        (self.claimed_cost, self.claimed_bytes)
    }

    /// No dispatch is on its way.
    fn is_idle(&self) -> bool {
        self.apart.is_empty()
            && self.prepared.is_empty()
            && self.beginning.is_empty()
            && self.waiting.is_empty()
            && self.sending.is_empty()
    }

    fn deadline(&self) -> Duration {
        self.started + self.config.deadline
    }

    /// Whether a request begun after `wait` would end before the deadline.
    fn fits(&self, now: Duration, wait: Duration) -> bool {
        now + wait + self.config.longest_request() <= self.deadline()
    }

    fn stop(&mut self, why: Stopped, retry_after: Option<Duration>) {
        if self.stopped.is_none() {
            self.stopped = Some(why);
            self.retry_after = retry_after;
        }
    }

    /// The database does not answer, and that is why the run ends, whatever else would have ended it.
    fn give_up(&mut self, why: Stopped) {
        self.stopped = Some(why);
        self.retry_after = None;
        self.given_up = true;
    }

    /// Its payload is gone: it was sent, or will not be.
    fn settle(&mut self, dispatch: &Dispatch, settle: Settle) {
        self.held_bytes = self.held_bytes.saturating_sub(dispatch.bytes);
        self.note(dispatch, settle);
    }

    fn note(&mut self, dispatch: &Dispatch, settle: Settle) {
        self.settles.push(Pending {
            tally: Tally::of(&settle, dispatch.messages.len()),
            settle,
            failures: 0,
        });
    }
}
