//! Sender domains that the provider refuses.

use super::budget::Paused;
use super::store::{Queue, domain_of};
use crate::protocol::{QueueMessageStatus, Reason};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Queue {
    /// Pauses a domain, each time for longer; what has waited for three days by then fails.
    pub(super) fn refuse_domain(
        &mut self,
        now: Duration,
        domain: &str,
        length: Option<Duration>,
        reason: &str,
    ) {
        let known = self.paused_domains.get(domain);
        let refusals = known.map_or(0, |paused| paused.refusals);
        let since = match known {
            Some(paused) if paused.holds(now) => paused.first_refused_at,
            _ => {
                let since = known.and_then(|paused| paused.first_refused_at);
                let length = length.map(|length| match refusals {
                    0 => length,
                    _ => (length * 2_u32.pow(refusals.min(20))).min(DAY),
                });
                let paused = Paused {
                    refusals: refusals + 1,
                    first_refused_at: since.or(Some(now)),
                    ..Paused::new(now, length, reason)
                };
                self.paused_domains.insert(domain.to_owned(), paused);
                since
            }
        };
        let long_ago = now.checked_sub(3 * DAY);
        let Some(long_ago) = long_ago.filter(|at| since.is_some_and(|since| since <= *at)) else {
            return;
        };
        let waits = |lane: &str| domain_of(lane) == domain;
        let late: Vec<String> = (self.ready.iter())
            .filter(|(_, ready)| waits(&ready.lane) && ready.run_at <= long_ago)
            .map(|(id, _)| id.clone())
            .collect();
        let error = json!({"class": "misconfigured", "message": reason});
        let (failed, rejected) = (QueueMessageStatus::Failed, Some(Reason::Rejected));
        for id in late {
            self.end_ready(now, &id, failed, rejected, Some(&error));
        }
    }

    /// Whether the provider refused the sender domain of a lane when it was asked last.
    pub(super) fn is_lane_refused(&self, lane: &str) -> bool {
        let paused = self.paused_domains.get(domain_of(lane));
        paused.is_some_and(|paused| paused.refusals > 0)
    }

    /// The provider takes mail of the domain again.
    pub(super) fn accept_domain(&mut self, lane: &str) {
        if self.is_lane_refused(lane) {
            self.paused_domains.remove(domain_of(lane));
        }
    }
}
