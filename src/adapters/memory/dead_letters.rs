//! Redrive and cancel, message by message.

use super::email::lane;
use super::store::{End, Message, Queue, Ready};
use crate::queue::QueueMessageStatus;
use crate::work::Reason;
use std::time::Duration;

impl Queue {
    /// Puts a dead letter back: attempts start again, in a new dispatch with a new key. A `send_before` that has passed
    /// is dropped.
    ///
    /// # Errors
    /// Why it may not be sent again.
    pub fn redrive(
        &mut self,
        now: Duration,
        id: &str,
        allow_duplicates: bool,
    ) -> Result<(), &'static str> {
        let message = (self.messages.get_mut(id)).ok_or("there is no such message")?;
        let end = (message.end.as_ref())
            .filter(|end| end.status == QueueMessageStatus::Failed)
            .ok_or("it is not failed")?;
        if end.reason == Some(Reason::UnknownOutcome) && !allow_duplicates {
            return Err("it may have been sent: redrive it with p_allow_duplicates");
        }
        let lane = lane_of(message).ok_or("its payload was erased")?;
        let errors = message.end.take().map(|end| end.errors);
        message.send_before = message.send_before.filter(|at| *at > now);
        let ready = Ready {
            lane,
            run_at: now,
            entered_at: now,
            attempts: 0,
            errors: errors.unwrap_or_default(),
        };
        self.put_ready(id.to_owned(), ready);
        Ok(())
    }

    /// Ends a message that waits. Says whether it did; what is in a dispatch may have been sent.
    pub fn cancel(&mut self, now: Duration, id: &str) -> bool {
        let Some(ready) = self.take_ready(id) else {
            return false;
        };
        let end = End {
            status: QueueMessageStatus::Cancelled,
            at: now,
            dispatch_id: None,
            attempts: ready.attempts,
            reason: None,
            provider_message_id: None,
            errors: ready.errors,
        };
        self.end(id, end);
        true
    }
}

fn lane_of(message: &Message) -> Option<String> {
    if message.kind != "email" {
        return Some("single:".to_owned());
    }
    lane(message.payload.as_object()?).ok()
}
