//! Enqueue: options, structure, size and sender are checked, as the database does.

use super::email::{lane, refuse};
use super::store::{MessageRow, Queue, ReadyRow};
use crate::base::limits::{DEFAULT_PRIORITY, LAST_PRIORITY, MAX_ATTEMPTS, MAX_DEDUP_KEY};
use crate::base::{QueueError, time};
use crate::client::{check, tags};
use crate::protocol::jsonb::{bytes, json};
use crate::protocol::{Enqueued, NewMessage};
use serde_json::Value;
use std::time::Duration;

impl Queue {
    /// Inserts one message.
    ///
    /// # Errors
    /// `invalid_input` names the field.
    pub fn enqueue(&mut self, now: Duration, new: &NewMessage) -> Result<Enqueued, QueueError> {
        let (mut message, lane) = self.check(now, new)?;
        let known = message.dedup_key.as_ref().and_then(|key| {
            let mut messages = self.messages.iter();
            messages.find(|(_, m)| m.kind == message.kind && m.dedup_key.as_ref() == Some(key))
        });
        if let Some((id, known)) = known {
            return Ok(Enqueued {
                id: id.clone(),
                created: false,
                payload_differs: Some(known.payload != message.payload),
            });
        }
        let id = self.new_id();
        message.created_at = now;
        let ready = ReadyRow {
            lane,
            run_at: message.run_at,
            entered_at: now,
            attempts: 0,
            errors: Vec::new(),
        };
        self.messages.insert(id.clone(), message);
        self.put_ready(id.clone(), ready);
        Ok(Enqueued {
            id,
            created: true,
            payload_differs: None,
        })
    }

    /// Inserts all messages or, where one is wrong, none.
    ///
    /// # Errors
    /// `invalid_input` names the field, below `messages[i]`.
    pub fn enqueue_many(
        &mut self,
        now: Duration,
        messages: &[NewMessage],
    ) -> Result<Vec<Enqueued>, QueueError> {
        for (index, message) in messages.iter().enumerate() {
            (self.check(now, message)).map_err(|error| error.of_item(index))?;
        }
        messages
            .iter()
            .map(|message| self.enqueue(now, message))
            .collect()
    }

    fn check(&self, now: Duration, new: &NewMessage) -> Result<(MessageRow, String), QueueError> {
        let kind = new.kind.clone().unwrap_or_else(|| "email".to_owned());
        check::kind(&kind)?;
        let priority = new.priority.unwrap_or(DEFAULT_PRIORITY);
        if priority > LAST_PRIORITY {
            return refuse("priority", "must be a whole number from 0 (first) to 3");
        }
        let max_attempts = new
            .max_attempts
            .unwrap_or(self.settings.default_max_attempts);
        if !(1..=MAX_ATTEMPTS).contains(&max_attempts) {
            return refuse("max_attempts", "must be a whole number from 1 to 100");
        }
        let delay = Duration::from_millis(new.delay_ms.unwrap_or(0));
        if delay > check::LONGEST_DELAY {
            return refuse("delay_ms", "must be a whole number of milliseconds");
        }
        let run_at = when("run_at", new.run_at.as_deref())?.unwrap_or(now) + delay;
        let send_before = when("send_before", new.send_before.as_deref())?;
        if send_before.is_some_and(|send_before| send_before <= run_at) {
            return refuse("send_before", "must be later than the time to send at");
        }
        let length = new.dedup_key.as_ref().map_or(1, |key| key.chars().count());
        if !(1..=MAX_DEDUP_KEY).contains(&length) {
            return refuse("dedup_key", "must have 1 to 255 characters");
        }
        let metadata = new.metadata.clone().filter(|metadata| !metadata.is_null());
        check::metadata(metadata.as_ref())?;
        let (payload, lane) = self.check_payload(&kind, new)?;
        let message = MessageRow {
            bytes: bytes(&payload),
            kind,
            payload,
            priority,
            max_attempts,
            created_at: now,
            run_at,
            send_before,
            dedup_key: new.dedup_key.clone(),
            metadata,
            end: None,
        };
        if message.bytes > self.settings.max_payload_bytes {
            return refuse("payload", "is too large: give large attachments by path");
        }
        Ok((message, lane))
    }

    /// The payload with its tags and the default sender written in, and its lane.
    fn check_payload(&self, kind: &str, new: &NewMessage) -> Result<(Value, String), QueueError> {
        let payload = &new.payload;
        let tags = tags::to_write(Some(kind), payload, new.tags.as_ref())?;
        json("payload", payload)?;
        let email = kind == "email";
        if !email && !payload.is_null() {
            return Ok((payload.clone(), "single:".to_owned()));
        }
        let Value::Object(members) = payload else {
            let why = if email { "must be an object" } else { "is missing" };
            return refuse("payload", why);
        };
        let mut members = members.clone();
        if let Some(tags) = tags {
            members.insert("tags".to_owned(), tags.clone());
        }
        if let Some(sender) = &self.settings.default_sender
            && members.get("from").is_none_or(Value::is_null)
        {
            members.insert("from".to_owned(), sender.as_str().into());
        }
        let lane = lane(&members)?;
        Ok((Value::Object(members), lane))
    }
}

fn when(field: &str, text: Option<&str>) -> Result<Option<Duration>, QueueError> {
    match text.map(time::parse) {
        None => Ok(None),
        Some(None) => refuse(field, "must be a time"),
        Some(Some(time)) if !time::is_near(time) => {
            refuse(field, "must be a time between the years 2000 and 3000")
        }
        Some(Some(time)) => Ok(Some(time)),
    }
}
