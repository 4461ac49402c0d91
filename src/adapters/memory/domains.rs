//! Sender domains that the provider refuses.

use super::members::{last_ten, stamp};
use super::store::{End, Paused, Queue, domain_of};
use crate::queue::QueueMessageStatus;
use crate::work::Reason;
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
        if known.is_some_and(|paused| paused.holds(now)) {
            return;
        }
        let refusals = known.map_or(0, |paused| paused.refusals);
        let since = known
            .and_then(|paused| paused.first_refused_at)
            .unwrap_or(now);
        let length = length.map(|length| match refusals {
            0 => length,
            _ => (length * 2_u32.pow(refusals.min(20))).min(DAY),
        });
        let paused = Paused {
            refusals: refusals + 1,
            first_refused_at: Some(since),
            ..Paused::new(now, length, reason)
        };
        self.paused_domains.insert(domain.to_owned(), paused);
        let Some(long_ago) = now.checked_sub(3 * DAY).filter(|at| since <= *at) else {
            return;
        };
        let waits = |lane: &str| domain_of(lane) == domain;
        let late: Vec<String> = (self.ready.iter())
            .filter(|(_, ready)| waits(&ready.lane) && ready.run_at <= long_ago)
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            let Some(ready) = self.take_ready(&id) else {
                continue;
            };
            let error = json!({"class": "misconfigured", "message": reason});
            let error = stamp(now, Some(&error), ready.attempts);
            let end = End {
                status: QueueMessageStatus::Failed,
                at: now,
                dispatch_id: None,
                attempts: ready.attempts,
                reason: Some(Reason::Rejected),
                provider_message_id: None,
                errors: last_ten(ready.errors.into_iter().chain(error).collect()),
            };
            self.end(&id, end);
        }
    }

    /// The provider takes mail of the domain again.
    pub(super) fn accept_domain(&mut self, lane: &str) {
        let domain = domain_of(lane);
        if (self.paused_domains.get(domain)).is_some_and(|paused| paused.refusals > 0) {
            self.paused_domains.remove(domain);
        }
    }
}
