//! Dead letters, redrive and cancel.

use super::email::lane;
use super::message::{Ended, MessageRow};
use super::store::{DispatchRow, Queue, ReadyRow, domain_of};
use super::suppress::Share;
use crate::base::time;
use crate::model::containment::has;
use crate::protocol::jsonb::bytes;
use crate::protocol::{
    Cancelled, DeadLetterFilter, QueueMessage, QueueMessageStatus, Reason, Redrive, Redriven,
    Refused,
};
use serde_json::Value;
use std::time::Duration;

const ACCEPTED: &str = "it was accepted: the provider reported it";

impl Queue {
    /// Failed messages that fit, newest first.
    pub fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        limit: usize,
        before: Option<&str>,
    ) -> Vec<QueueMessage> {
        let ids = self.failed(filter).rev();
        ids.filter(|id| before.is_none_or(|before| id.as_str() < before))
            .take(limit)
            .filter_map(|id| self.get(id))
            .collect()
    }

    /// Puts dead letters back, the oldest first; those that may not be are named with the reason.
    pub fn redrive_many(&mut self, now: Duration, redrive: &Redrive, limit: usize) -> Redriven {
        let fitting = self.selected(redrive.ids.as_deref(), redrive.filter.as_ref(), limit);
        let (mut redriven, mut refused) = (Vec::new(), Vec::new());
        for id in fitting {
            let answer = match redrive.dry_run {
                true => self.to_redrive(&id, redrive).map(|_| ()),
                false => self.redrive(now, &id, redrive),
            };
            match answer {
                Ok(()) => redriven.push(id),
                Err(reason) => refused.push(refusal(id, reason)),
            }
        }
        for id in redrive.ids.iter().flatten() {
            if redriven.contains(id) || refused.iter().any(|refused| &refused.id == id) {
                continue;
            }
            let reason = match self.get(id).map(|message| message.status) {
                None => "there is no such message".to_owned(),
                Some(QueueMessageStatus::Failed) => "it does not fit the filter".to_owned(),
                Some(status) => format!("it is {}, not failed", status.as_str()),
            };
            refused.push(refusal(id.clone(), &reason));
        }
        Redriven {
            dry_run: redrive.dry_run,
            redriven,
            refused,
        }
    }

    /// The ids of failed messages among `ids` that fit, oldest first.
    pub(super) fn selected(
        &self,
        ids: Option<&[String]>,
        filter: Option<&DeadLetterFilter>,
        limit: usize,
    ) -> Vec<String> {
        let all = DeadLetterFilter::default();
        let failed = self.failed(filter.unwrap_or(&all));
        let asked = failed.filter(|id| ids.is_none_or(|ids| ids.contains(id)));
        asked.take(limit).cloned().collect()
    }

    /// Failed messages that fit, oldest first.
    fn failed(&self, filter: &DeadLetterFilter) -> impl DoubleEndedIterator<Item = &String> {
        let bound = |text: &Option<String>| text.as_deref().and_then(time::parse);
        let (since, until) = (bound(&filter.since), bound(&filter.until));
        let text = filter.text.as_ref().map(|text| text.to_ascii_lowercase());
        let fits = move |message: &MessageRow, end: &Ended| {
            end.status == QueueMessageStatus::Failed
                && filter
                    .kind
                    .as_ref()
                    .is_none_or(|kind| *kind == message.kind)
                && filter
                    .reason
                    .is_none_or(|reason| Some(reason) == end.reason)
                && since.is_none_or(|since| end.at >= since)
                && until.is_none_or(|until| end.at < until)
                && has(message.metadata.as_ref(), filter.metadata.as_ref())
                && (text.as_ref())
                    .is_none_or(|text| words(end.errors.last()).to_ascii_lowercase().contains(text))
        };
        let messages = self.messages.iter();
        messages.filter_map(move |(id, message)| fits(message, message.end.as_ref()?).then_some(id))
    }

    /// Cancels a message that waits, or says what it is.
    pub fn cancel_or_explain(&mut self, now: Duration, id: &str) -> Cancelled {
        match self.cancel(now, id) {
            true => Cancelled::of("cancelled", None),
            false => self.explain(now, id),
        }
    }

    /// What a message that does not wait is instead.
    pub(super) fn explain(&self, now: Duration, id: &str) -> Cancelled {
        let Some(message) = self.messages.get(id) else {
            return Cancelled::of("not_found", Some("there is no such message"));
        };
        if let Some(end) = &message.end {
            let status = end.status.as_str();
            return Cancelled::of(status, Some(&format!("it is {status} already")));
        }
        let holder = self.holders(id).next();
        let reason = holder.map(|(dispatch, _)| self.whereabouts_of(now, dispatch));
        Cancelled::of("processing", reason.as_deref())
    }

    /// What has the members of a dispatch. After its lease is over, no worker has them.
    fn whereabouts_of(&self, now: Duration, dispatch: &DispatchRow) -> String {
        let held = dispatch.token.is_some() && dispatch.visible_at > now;
        let reason = if dispatch.frozen {
            "it may have been sent: it waits for its replay"
        } else if held {
            "a worker has it"
        } else if dispatch.kind != "email" {
            "its consumer's lease is over: cancel it after the next dequeue, which puts it back"
        } else if dispatch.begun {
            "its worker's lease is over, and it may have been sent: it waits for its replay"
        } else {
            "its worker's lease is over, and it was not sent: the next run takes it over"
        };
        let domain = self.paused_domains.get(domain_of(&dispatch.lane));
        let pauses = self.budget.paused.iter().chain(domain);
        let paused = pauses.into_iter().any(|paused| paused.holds(now));
        if paused && !held && dispatch.kind == "email" {
            return format!("{reason}, not before the pause ends");
        }
        reason.to_owned()
    }

    /// Puts a dead letter back: attempts start again, in a new dispatch with a new key. A `send_before` that has passed
    /// is dropped.
    ///
    /// # Errors
    /// Why it may not be sent again.
    pub fn redrive(
        &mut self,
        now: Duration,
        id: &str,
        redrive: &Redrive,
    ) -> Result<(), &'static str> {
        let (payload, lane) = match self.to_redrive(id, redrive) {
            Err(ACCEPTED) => {
                self.complete_by_evidence(now, id);
                return Err(ACCEPTED);
            }
            found => found?,
        };
        let message = (self.messages.get_mut(id)).ok_or("there is no such message")?;
        message.bytes = bytes(&payload);
        message.payload = payload;
        let errors = message.end.take().map(|end| end.errors);
        message.send_before = message.send_before.filter(|at| *at > now);
        let ready = ReadyRow {
            lane,
            run_at: now,
            entered_at: now,
            attempts: 0,
            errors: errors.unwrap_or_default(),
        };
        self.put_ready(id.to_owned(), ready);
        Ok(())
    }

    /// The payload and the lane of a dead letter, or why it may not be sent again.
    fn to_redrive(&self, id: &str, redrive: &Redrive) -> Result<(Value, String), &'static str> {
        let message = (self.messages.get(id)).ok_or("there is no such message")?;
        let end = (message.end.as_ref())
            .filter(|end| end.status == QueueMessageStatus::Failed)
            .ok_or("it is not failed")?;
        if message.mark.is_some() && self.has_evidence(id, None) {
            return Err(ACCEPTED);
        }
        if end.reason == Some(Reason::UnknownOutcome) && !redrive.allow_duplicates {
            return Err("it may have been sent: redrive it with duplicates allowed");
        }
        let mut payload = message.payload.clone();
        if message.kind != "email" {
            return Ok((payload, "single:".to_owned()));
        }
        let members = payload.as_object_mut().ok_or("its payload was erased")?;
        if let Some(from) = &redrive.from {
            members.insert("from".to_owned(), from.as_str().into());
        }
        let lane =
            lane(members).map_err(|_| "its sender is refused: redrive it with another one")?;
        if self.suppressed_share(message) == Share::All {
            return Err("every recipient is suppressed: remove an entry first");
        }
        Ok((payload, lane))
    }

    /// Ends a message that waits. Says whether it did; what is in a dispatch may have been sent.
    pub fn cancel(&mut self, now: Duration, id: &str) -> bool {
        self.end_ready(now, id, QueueMessageStatus::Cancelled, None, None)
    }
}

fn refusal(id: String, reason: &str) -> Refused {
    Refused {
        id,
        reason: reason.to_owned(),
    }
}

/// What an error says: its status, name and message.
fn words(error: Option<&Value>) -> String {
    let said = |name| match error?.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    };
    let all = ["status", "name", "message"].into_iter().filter_map(said);
    all.collect::<Vec<_>>().join(" ")
}
