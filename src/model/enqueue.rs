//! Enqueue: options, structure, size and sender are checked, as the database does.

use super::email::{lane, refuse};
use super::message::MessageRow;
use super::store::{Queue, ReadyRow};
use super::versions::Rendered;
use crate::base::QueueError;
use crate::client::tags;
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
            messages.find(|(_, m)| {
                (&m.kind, m.secret) == (&message.kind, message.secret)
                    && m.dedup_key.as_ref() == Some(key)
            })
        });
        if let Some((id, known)) = known {
            return Ok(Enqueued {
                id: id.clone(),
                created: false,
                // A payload that was erased is not compared.
                payload_differs: Some(!known.payload.is_null() && known.payload != message.payload),
                notice: None,
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
            notice: None,
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
        let attempts = self.settings.default_max_attempts;
        let mut message = MessageRow::of_options(now, new, attempts)?;
        let mut new = std::borrow::Cow::Borrowed(new);
        if let Some(name) = &new.template {
            let variables = new.variables.clone().unwrap_or_default();
            let rendered = self.render(name, new.language.as_deref(), &variables)?;
            fill(&mut new.to_mut().payload, &rendered)?;
            message.template = Some(rendered.template);
        }
        let (payload, mut lane) = self.check_payload(&message.kind, &new)?;
        if message.secret {
            lane.push_str(":secret");
            message.recipients = payload.get("to").cloned();
        }
        (message.bytes, message.payload) = (bytes(&payload), payload);
        let fits = message.bytes <= self.settings.max_payload_bytes;
        let why = "is too large: give large attachments by path";
        QueueError::unless(fits, "payload", why).map(|()| (message, lane))
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
            return match email {
                true => refuse("payload", "must be an object"),
                false => refuse("payload", "is missing"),
            };
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

fn fill(payload: &mut Value, rendered: &Rendered) -> Result<(), QueueError> {
    let Some(members) = payload.as_object_mut() else {
        return refuse("payload", "must be an object");
    };
    for field in ["subject", "content", "text", "template"] {
        let absent = members.get(field).is_none_or(Value::is_null);
        let why = "comes from the template: leave it out of the payload";
        QueueError::unless(absent, field, why)?;
    }
    members.insert("subject".to_owned(), rendered.subject.clone().into());
    let parts = [("content", &rendered.html), ("text", &rendered.text)];
    for (field, part) in parts {
        if let Some(part) = part {
            members.insert(field.to_owned(), part.clone().into());
        }
    }
    Ok(())
}
