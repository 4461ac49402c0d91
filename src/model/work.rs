//! One call: settles, the claim and begins, in this order.

use super::store::{DispatchRow, MemberRow, Queue};
use crate::base::millis;
use crate::protocol::{WorkReply, WorkRequest};
use std::time::Duration;

impl Queue {
    /// What `email_queue_worker_work` does.
    pub fn work(&mut self, now: Duration, request: &WorkRequest) -> WorkReply {
        let mut reply = WorkReply {
            settles: (request.settles.iter())
                .map(|settle| self.settle(now, settle))
                .collect(),
            retry_ms: self.settings.retry.iter().copied().map(millis).collect(),
            now_ms: millis(now),
            ..WorkReply::default()
        };
        if let Some(claim) = &request.claim {
            self.claim(now, claim, &request.begins, &mut reply);
        }
        let begins = request.begins.iter();
        reply.begins = begins.map(|begin| self.begin(now, begin)).collect();
        let count = request.count_remaining;
        reply.remaining = count.then(|| self.remaining(now, "email"));
        reply
    }
}

impl DispatchRow {
    /// A waiting dispatch, due at once; what depends on its members is not measured yet.
    pub(super) fn new(
        id: String,
        now: Duration,
        kind: &str,
        lane: &str,
        priority: u8,
        members: Vec<MemberRow>,
    ) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            lane: lane.to_owned(),
            priority,
            members,
            updated_at: now,
            visible_at: now,
            slot_at: now,
            ..Self::default()
        }
    }
}
