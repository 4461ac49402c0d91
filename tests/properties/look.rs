//! What can be seen of the queue from outside.

use crate::world::World;
use email_queue::protocol::{QueueMessage, QueueMessageStatus};

impl World {
    pub fn messages(&self) -> Vec<QueueMessage> {
        self.ids
            .iter()
            .map(|id| self.queue.get(id).expect("it is there"))
            .collect()
    }

    pub fn ended(&self) -> Vec<(String, QueueMessageStatus)> {
        use QueueMessageStatus::{Cancelled, Completed, Failed};
        let messages = self.messages().into_iter();
        let ended = messages.filter(|m| [Cancelled, Completed, Failed].contains(&m.status));
        ended.map(|message| (message.id, message.status)).collect()
    }

    /// The members of a message's dispatch, itself among them.
    pub fn members_beside(&self, message: &QueueMessage) -> Vec<QueueMessage> {
        let mut messages = self.messages();
        messages.retain(|other| {
            other.status == message.status && other.dispatch_id == message.dispatch_id
        });
        messages
    }

    pub fn has_begun(&self, message: &QueueMessage) -> bool {
        let id = message.dispatch_id.as_ref();
        id.is_some_and(|id| self.begun.contains_key(id))
    }

    /// What is found changed of an open dispatch that has begun.
    pub fn changed_after_begin(&mut self) -> Option<String> {
        let open: Vec<String> = self.queue.open_dispatches().map(str::to_owned).collect();
        self.begun.retain(|id, _| open.contains(id));
        for (dispatch, (members, _)) in &self.begun {
            let inside = |id: &&String| {
                let message = self.queue.get(id);
                message.is_some_and(|m| m.dispatch_id.as_ref() == Some(dispatch))
            };
            let count = self
                .messages()
                .iter()
                // What was rejected before the begin has ended in it too.
                .filter(|m| m.dispatch_id.as_ref() == Some(dispatch) && m.completed_at.is_none())
                .count();
            if !members.iter().all(|id| inside(&id)) || count != members.len() {
                return Some(format!("{dispatch} had {members:?}"));
            }
        }
        self.changed.clone()
    }
}
