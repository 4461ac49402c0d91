//! A message: enqueued, stored, read.

use super::email::refuse;
use crate::base::limits::{DEFAULT_PRIORITY, LAST_PRIORITY, MAX_ATTEMPTS, MAX_DEDUP_KEY};
use crate::base::{QueueError, time};
use crate::client::check;
use crate::protocol::{
    Delivery, NewMessage, QueueMessage, QueueMessageStatus, Reason, UsedTemplate,
};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What an e-mail is from enqueue on; changed once, at its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct MessageRow {
    pub kind: String,
    pub payload: Value,
    pub bytes: u64,
    pub priority: u8,
    pub max_attempts: u32,
    pub created_at: Duration,
    pub run_at: Duration,
    pub send_before: Option<Duration>,
    pub dedup_key: Option<String>,
    pub metadata: Option<Value>,
    /// Of the last request whose outcome was not known; empty if it had none.
    pub mark: Option<String>,
    pub topic: Option<String>,
    pub ignore_suppression: bool,
    pub secret: bool,
    /// Of a secret message: to whom it goes.
    pub recipients: Option<Value>,
    pub template: Option<UsedTemplate>,
    pub end: Option<Ended>,
}

/// How a message ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Ended {
    pub status: QueueMessageStatus,
    pub at: Duration,
    pub dispatch_id: Option<String>,
    pub attempts: u32,
    pub reason: Option<Reason>,
    pub provider_message_id: Option<String>,
    pub errors: Vec<Value>,
}

/// Where a message is.
pub(super) struct Whereabouts {
    pub status: QueueMessageStatus,
    pub run_at: Duration,
    pub attempts: u32,
    pub dispatch_id: Option<String>,
    pub lease_expires_at: Option<Duration>,
    pub errors: Vec<Value>,
    pub updated_at: Duration,
}

impl MessageRow {
    /// As users read it.
    pub fn shown(&self, id: &str, at: Whereabouts, delivery: Option<Delivery>) -> QueueMessage {
        let reason = self.end.as_ref().and_then(|end| end.reason);
        let failed = at.status == QueueMessageStatus::Failed;
        let error = (failed || !at.errors.is_empty()).then(|| {
            let mut error = match at.errors.last() {
                Some(Value::Object(last)) => last.clone(),
                _ => Map::new(),
            };
            error.insert("reason".to_owned(), json!(reason));
            let history = (!at.errors.is_empty()).then_some(&at.errors);
            error.insert("history".to_owned(), json!(history));
            Value::Object(error)
        });
        let end = self.end.as_ref();
        QueueMessage {
            id: id.to_owned(),
            kind: self.kind.clone(),
            status: at.status,
            payload: if self.secret {
                Value::Null
            } else {
                self.payload.clone()
            },
            priority: self.priority,
            run_at: time::format(at.run_at),
            attempts: at.attempts,
            max_attempts: self.max_attempts,
            dispatch_id: at.dispatch_id,
            lease_expires_at: at.lease_expires_at.map(time::format),
            // The database has a hash of it.
            dedup_key: match &self.dedup_key {
                Some(_) if self.secret => Some("secret".to_owned()),
                key => key.clone(),
            },
            metadata: self.metadata.clone(),
            error,
            provider_message_id: end.and_then(|end| end.provider_message_id.clone()),
            created_at: time::format(self.created_at),
            updated_at: time::format(at.updated_at),
            completed_at: end.map(|end| time::format(end.at)),
            send_before: self.send_before.map(time::format),
            delivery,
            topic: self.topic.clone(),
            ignore_suppression: self.ignore_suppression,
            secret: self.secret,
            recipients: self.recipients.clone(),
            template: self.template.as_ref().map(|template| json!(template)),
            notice: None,
        }
    }

    /// As it is enqueued, but for its payload. The options are checked.
    pub fn of_options(
        now: Duration,
        new: &NewMessage,
        default_max_attempts: u32,
    ) -> Result<Self, QueueError> {
        let kind = new.kind.clone().unwrap_or_else(|| "email".to_owned());
        check::kind(&kind)?;
        let priority = new.priority.unwrap_or(DEFAULT_PRIORITY);
        let why = "must be a whole number from 0 (first) to 3";
        QueueError::unless(priority <= LAST_PRIORITY, "priority", why)?;
        let max_attempts = new.max_attempts.unwrap_or(default_max_attempts);
        let fits = (1..=MAX_ATTEMPTS).contains(&max_attempts);
        QueueError::unless(fits, "max_attempts", "must be a whole number from 1 to 100")?;
        let delay = Duration::from_millis(new.delay_ms.unwrap_or(0));
        let fits = delay <= check::LONGEST_DELAY;
        QueueError::unless(fits, "delay_ms", "must be a whole number of milliseconds")?;
        let run_at = when("run_at", new.run_at.as_deref())?.unwrap_or(now) + delay;
        let send_before = when("send_before", new.send_before.as_deref())?;
        let later = send_before.is_none_or(|send_before| send_before > run_at);
        let why = "must be later than the time to send at";
        QueueError::unless(later, "send_before", why)?;
        let length = new.dedup_key.as_ref().map_or(1, |key| key.chars().count());
        let fits = (1..=MAX_DEDUP_KEY).contains(&length);
        QueueError::unless(fits, "dedup_key", "must have 1 to 255 characters")?;
        let metadata = new.metadata.clone().filter(|metadata| !metadata.is_null());
        check::metadata(metadata.as_ref())?;
        check::topic(new.topic.as_deref())?;
        check::of_email(new)?;
        Ok(Self {
            bytes: 0,
            kind,
            payload: Value::Null,
            priority,
            max_attempts,
            created_at: now,
            run_at,
            send_before,
            dedup_key: new.dedup_key.clone(),
            metadata,
            mark: None,
            topic: new.topic.clone(),
            ignore_suppression: new.ignore_suppression == Some(true),
            secret: new.secret == Some(true),
            recipients: None,
            template: None,
            end: None,
        })
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
