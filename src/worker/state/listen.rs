//! Listening: a woken run that finds nothing looks again before it ends, so that the mails after the one that woke it
//! need no call of their own. While it listens, enqueues make no calls. Before it ends, it lets them make calls again, and looks once
//! more for mail that was committed meanwhile.

use super::State;
use super::waits::POLL;
use crate::base::millis;
use crate::protocol::{Cause, Run, WorkReply};
use crate::worker::{Order, Stopped};
use std::time::Duration;

/// So many empty looks in a row end it; between them it waits the interval of the wake-ups.
const LOOKS: u32 = 3;
/// With a longer interval than this, nothing waits for the next look.
const LONGEST_INTERVAL: Duration = Duration::from_secs(5);
/// Enqueues stay quiet for so much longer than until the next look. A run that dies leaves no more behind.
const QUIET_MARGIN: Duration = Duration::from_millis(1500);
/// What was enqueued just before calls were let through again is committed after so long, if its transaction is short.
const LAST_LOOK: Duration = Duration::from_millis(150);

/// What a run knows of its calls and of the next look.
#[derive(Debug, Default)]
pub(super) struct Listening {
    /// `None`: the database keeps no record of this run.
    cause: Option<Cause>,
    /// No caller waits for the run's answer.
    allowed: bool,
    /// Somebody waits for the next run.
    yields: bool,
    /// The interval of the wake-ups, once the database has told it.
    interval: Option<Duration>,
    /// When the queue, found empty, is looked at again.
    look_at: Option<Duration>,
    /// Empty looks in a row, with nothing under way.
    empty: u32,
    /// Enqueues were told to be quiet, and not yet told otherwise.
    quiet: bool,
    /// The call under way tells them otherwise.
    opening: bool,
    /// They were told, and the next empty look is the last one.
    opened: bool,
    /// The database has recorded the end.
    recorded: bool,
}

impl State {
    /// What the run was started for, and whether it may listen.
    pub fn started_for(mut self, cause: Option<Cause>, listens: bool) -> Self {
        self.listening.cause = cause;
        self.listening.allowed = listens;
        self
    }

    /// An order from outside came.
    pub fn on_order(&mut self, now: Duration, order: Order) {
        match order {
            Order::Yield => {
                self.listening.yields = true;
                if let Some(at) = &mut self.listening.look_at {
                    *at = now.min(*at);
                }
            }
            Order::Halt => {
                self.stop(Stopped::Deadline, None);
                self.halted = true;
            }
        }
    }

    /// The last word to the database, where it does not know yet how the run ended.
    pub fn farewell(&self, now: Duration) -> Option<crate::protocol::WorkRequest> {
        let cause = self.listening.cause?;
        if self.listening.recorded || self.given_up {
            return None;
        }
        Some(crate::protocol::WorkRequest {
            run: Some(Run {
                id: self.report.run_id.clone(),
                cause,
                quiet_ms: self.listening.quiet.then_some(0),
                last: true,
                report: serde_json::to_value(self.report(now)).ok(),
            }),
            ..crate::protocol::WorkRequest::default()
        })
    }

    /// When a listening run looks again.
    pub(super) fn look_at(&self) -> Option<Duration> {
        self.listening.look_at
    }

    /// Makes the next claim due where it is time.
    pub(super) fn look_again(&mut self, now: Duration) {
        if self.listening.look_at.is_some_and(|at| at <= now) {
            self.listening.look_at = None;
            self.exhausted = false;
        }
    }

    /// What the next call says of the run. `looks`: it claims.
    pub(super) fn note_run(&mut self, now: Duration, looks: bool) -> Option<Run> {
        let cause = self.listening.cause?;
        let interval = self.interval();
        let listening = &self.listening;
        let opens = self.stopped.is_some()
            || looks
                && (listening.yields
                    || listening.opened
                    || listening.empty + 1 >= LOOKS
                    || interval.is_some_and(|interval| {
                        !self.fits(now, interval + QUIET_MARGIN + LAST_LOOK)
                    }));
        let silent = self.settles.is_empty() && self.beginning.is_empty() && self.is_idle();
        // The interval is not known with the first call: a woken run may listen after it, any other ends.
        let ends = match interval {
            Some(_) => listening.opened,
            None => cause != Cause::Wake || !listening.allowed,
        };
        let last = looks && silent && ends;
        let quiet_ms = interval.map(|interval| match opens {
            true => 0,
            false => millis(interval + QUIET_MARGIN),
        });
        let report = (last && self.report.claimed > 0).then(|| self.report(now));
        self.listening.opening = quiet_ms == Some(0) && looks;
        if let Some(quiet) = quiet_ms {
            self.listening.quiet = quiet > 0;
        }
        self.listening.recorded = false;
        Some(Run {
            id: self.report.run_id.clone(),
            cause,
            quiet_ms,
            last,
            report: report.and_then(|report| serde_json::to_value(report).ok()),
        })
    }

    /// What the answer says of the wake-ups and of the record.
    pub(super) fn on_answered(&mut self, reply: &WorkReply) {
        self.listening.interval = reply.wake_every_ms.map(Duration::from_millis);
        self.listening.recorded = reply.run_ended;
    }

    /// After a look that nothing stood in the way of: when to look again, if at all.
    pub(super) fn after_look(&mut self, now: Duration, claimed: usize, next_due_ms: Option<u64>) {
        let Some(interval) = self.interval().filter(|_| self.stopped.is_none()) else {
            return;
        };
        let listening = &mut self.listening;
        if claimed > 0 {
            (listening.empty, listening.opened) = (0, false);
        } else if std::mem::replace(&mut listening.opened, listening.opening) {
            // That was the last look.
            listening.look_at = None;
            return;
        }
        if !self.exhausted {
            return;
        }
        // While something is under way the run goes on anyway.
        let idle = self.is_idle();
        let listening = &mut self.listening;
        if claimed == 0 {
            listening.empty = if idle { listening.empty + 1 } else { 0 };
        }
        let wait = match listening.opened {
            true => LAST_LOOK,
            false => next_due_ms
                .map_or(interval, |due| interval.min(Duration::from_millis(due)))
                .max(POLL),
        };
        listening.look_at = Some(now + wait);
    }

    /// The interval, where the run listens.
    fn interval(&self) -> Option<Duration> {
        let listening = &self.listening;
        let found = listening.cause == Some(Cause::Wake) || self.report.claimed > 0;
        listening
            .interval
            .filter(|interval| listening.allowed && found && *interval <= LONGEST_INTERVAL)
    }
}
