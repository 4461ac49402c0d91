//! How deep the queue is, and what holds mail up.

use super::store::Queue;
use crate::base::time;
use crate::protocol::{QueueMessageStatus, Stats, TypeStats};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

impl Queue {
    /// What `email_queue_stats` answers.
    pub fn stats(&self, now: Duration) -> Stats {
        let when = |at: Option<Duration>| at.map(time::format);
        let budget = &self.budget;
        let paused = budget.paused.as_ref().filter(|paused| paused.holds(now));
        let cooldown = budget.cooldown_until.filter(|until| *until > now);
        let domains = self.paused_domains.iter();
        Stats {
            types: self.depths(now),
            paused: paused.map(|p| json!({"since": time::format(p.since), "until": when(p.until), "reason": p.reason})),
            paused_domains: domains
                .filter(|(_, paused)| paused.holds(now))
                .map(|(domain, p)| json!({"domain": domain, "since": time::format(p.since), "until": when(p.until), "reason": p.reason}))
                .collect(),
            cooldown: cooldown.map(|until| json!({"until": time::format(until), "reason": budget.cooldown_reason})),
            unknown_in_a_row: self.breaker.values().map(|window| window.streak).max().unwrap_or(0),
            requests_per_second: self.requests_per_second(),
        }
    }

    fn depths(&self, now: Duration) -> BTreeMap<String, TypeStats> {
        let mut types: BTreeMap<String, TypeStats> = BTreeMap::new();
        let mut at = |kind: &str, count: &dyn Fn(&mut TypeStats)| {
            count(types.entry(kind.to_owned()).or_default())
        };
        for (id, message) in &self.messages {
            let status = message.end.as_ref().map(|end| end.status);
            match (status, self.ready.get(id)) {
                (Some(QueueMessageStatus::Failed), _) => {
                    at(&message.kind, &|depth| depth.failed += 1)
                }
                (Some(QueueMessageStatus::Cancelled), _) => {
                    at(&message.kind, &|depth| depth.cancelled += 1)
                }
                (None, Some(ready)) => at(&message.kind, &|depth| {
                    match ready.attempts {
                        0 if ready.run_at > now => depth.scheduled += 1,
                        0 => depth.pending += 1,
                        _ => depth.retrying += 1,
                    }
                    if ready.run_at <= now {
                        let due = (now - ready.run_at).as_secs();
                        depth.oldest_due_seconds = depth.oldest_due_seconds.max(Some(due));
                    }
                }),
                _ => {}
            }
        }
        for dispatch in self.dispatches.values().filter(|d| d.settled_at.is_none()) {
            let members = dispatch.members.len() as u64;
            at(&dispatch.kind, &|depth| {
                depth.processing += members;
                depth.frozen += if dispatch.frozen { members } else { 0 };
            });
        }
        types
    }
}
