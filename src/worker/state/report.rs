//! The report of a run.

use super::State;
use crate::base::millis;
use crate::worker::{Report, Stopped};
use std::time::Duration;

impl State {
    /// What the run did.
    pub fn report(&self, now: Duration) -> Report {
        // What a run that gave up still holds is left to its leases.
        let held = self.report.claimed.saturating_sub(self.report.ended());
        let stopped = self.stopped.unwrap_or_else(|| self.found_nothing());
        Report {
            lost: self.report.lost + held,
            stopped,
            reason: match (self.halted, stopped) {
                (true, Stopped::Deadline) => Some("the function was told to end".to_owned()),
                _ if self.stopped.is_none() && stopped != Stopped::Empty => Some(
                    stopped
                        .reason(&self.report)
                        .unwrap_or_else(|| self.why_nothing().to_owned()),
                ),
                _ => stopped.reason(&self.report),
            },
            retry_after_seconds: self.retry_after.map(|after| millis(after).div_ceil(1000)),
            duration_ms: millis(now.saturating_sub(self.started)),
            ..self.report.clone()
        }
    }

    /// How a run ended that nothing stopped. The queue was empty if the run has looked, and could do something about what
    /// it claimed. Mail of a paused sender domain is not due.
    fn found_nothing(&self) -> Stopped {
        let report = &self.report;
        let unsent = report.claimed > 0 && report.released + report.lost == report.claimed;
        let stuck = report.lost > 0 || report.released > self.paused;
        match (unsent && stuck) || !self.looked {
            true => Stopped::Unavailable,
            false => Stopped::Empty,
        }
    }

    fn why_nothing(&self) -> &'static str {
        match (self.looked, self.report.lost) {
            (false, _) => "the queue could not be looked at",
            (true, 0) => "all that was claimed came back unsent",
            (true, _) => "the leases of what was claimed were lost",
        }
    }
}
