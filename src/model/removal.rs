//! What operators remove: dead letters, the content of a message, what is past its retention.

use super::store::Queue;
use crate::protocol::{DeadLetterFilter, Erased, QueueMessageStatus};
use serde_json::Value;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Queue {
    /// Deletes dead letters, the oldest first, or only says which.
    pub fn discard(
        &mut self,
        ids: Option<&[String]>,
        filter: Option<&DeadLetterFilter>,
        limit: usize,
        dry_run: bool,
    ) -> Vec<String> {
        let found = self.selected(ids, filter, limit);
        if !dry_run {
            self.delete(&found);
        }
        found
    }

    /// Erases what a message that has ended says, or says why not.
    pub fn erase_or_explain(&mut self, now: Duration, id: &str) -> Erased {
        if self.ready.contains_key(id) {
            return Erased::of("pending", Some("it waits to be sent: cancel it first"));
        }
        match self.messages.get_mut(id) {
            Some(message) if message.end.is_some() => {
                (message.payload, message.metadata, message.recipients) = (Value::Null, None, None);
                message.bytes = 0;
            }
            _ => return self.explain(now, id),
        }
        #[cfg(not(target_arch = "wasm32"))]
        for event in self.events.get_mut(id).into_iter().flatten() {
            event.erase();
        }
        Erased::of("erased", None)
    }

    /// Deletes what ended longer ago than the database keeps it by default: how many messages.
    pub fn prune(&mut self, now: Duration) -> usize {
        let mut old = Vec::new();
        for (id, message) in &self.messages {
            let Some(end) = &message.end else { continue };
            let completed = end.status == QueueMessageStatus::Completed;
            if end.at + DAY * (if completed { 30 } else { 90 }) < now {
                old.push(id.clone());
            }
        }
        self.delete(&old);
        old.len()
    }

    /// Deletes messages whose ids are in order. A tree that only grows is less code than one that also shrinks.
    fn delete(&mut self, ids: &[String]) {
        for (id, message) in std::mem::take(&mut self.messages) {
            if ids.binary_search(&id).is_err() {
                self.messages.insert(id, message);
            }
        }
        #[cfg(not(target_arch = "wasm32"))]
        self.events.retain(|id, _| ids.binary_search(id).is_err());
    }
}
