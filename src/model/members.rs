//! How members leave a dispatch.

use super::credentials::hide_credentials;
use super::message::Ended;
use super::store::{DispatchRow, MemberRow, Queue, ReadyRow, is_secret};
use crate::base::limits::MAX_ERRORS;
use crate::base::time;
use crate::protocol::{QueueMessageStatus, Reason};
use serde_json::Value;
use std::time::Duration;

impl Queue {
    /// Ends members as failed; `error` is added to the history of each.
    pub(super) fn fail_members(
        &mut self,
        now: Duration,
        dispatch: &DispatchRow,
        ids: &[String],
        reason: Reason,
        error: Option<&Value>,
    ) {
        for member in dispatch.members_in(ids) {
            let used = member.attempts + dispatch.attempt;
            let errors = history(dispatch, member, stamp(now, error, used));
            self.end(
                &member.id,
                Ended {
                    status: QueueMessageStatus::Failed,
                    at: now,
                    dispatch_id: Some(dispatch.id.clone()),
                    attempts: used,
                    reason: Some(reason),
                    provider_message_id: None,
                    errors,
                },
            );
            if reason == Reason::UnknownOutcome || dispatch.frozen {
                let message = self
                    .messages
                    .get_mut(&member.id)
                    .filter(|m| m.kind == "email");
                if let Some(message) = message {
                    message.mark = Some(dispatch.mark.clone().unwrap_or_default());
                }
            }
            self.complete_by_evidence(now, &member.id);
        }
    }

    /// Ends a message that waits. Says whether it did; what is in a dispatch may have been sent.
    pub(super) fn end_ready(
        &mut self,
        now: Duration,
        id: &str,
        status: QueueMessageStatus,
        reason: Option<Reason>,
        error: Option<&Value>,
    ) -> bool {
        let Some(ready) = self.take_ready(id) else {
            return false;
        };
        let mut error = stamp(now, error, ready.attempts);
        if is_secret(&ready.lane) {
            let own = reason == Some(Reason::Suppressed);
            error.iter_mut().for_each(|error| hide_text(error, own));
        }
        let end = Ended {
            status,
            at: now,
            dispatch_id: None,
            attempts: ready.attempts,
            reason,
            provider_message_id: None,
            errors: last_ten(ready.errors.into_iter().chain(error).collect()),
        };
        self.end(id, end);
        let redriven = self
            .messages
            .get(id)
            .is_some_and(|message| message.mark.is_some());
        if redriven {
            self.complete_by_evidence(now, id);
        }
        true
    }

    /// Ends one member as accepted, or as done by a custom consumer.
    pub(super) fn complete_member(
        &mut self,
        now: Duration,
        dispatch: &DispatchRow,
        id: &str,
        provider_message_id: Option<&String>,
    ) {
        let Some(member) = dispatch.members.iter().find(|member| member.id == id) else {
            return;
        };
        let end = Ended {
            status: QueueMessageStatus::Completed,
            at: now,
            dispatch_id: Some(dispatch.id.clone()),
            attempts: member.attempts + dispatch.attempt,
            reason: None,
            provider_message_id: provider_message_id.cloned(),
            errors: history(dispatch, member, None),
        };
        self.end(id, end);
    }

    /// Puts members back into ready: after `delay`, or at the place that they had. `alone`: one to a dispatch.
    pub(super) fn return_members(
        &mut self,
        now: Duration,
        dispatch: &DispatchRow,
        ids: &[String],
        error: Option<&Value>,
        delay: Option<Duration>,
        alone: bool,
    ) {
        for member in dispatch.members_in(ids) {
            let used = member.attempts + dispatch.attempt;
            let errors = history(dispatch, member, stamp(now, error, used));
            let Some(message) = self.open(&member.id) else {
                continue;
            };
            let lane = match dispatch.lane.split_once(':') {
                Some((_, domain)) if alone => format!("single:{domain}"),
                _ => dispatch.lane.clone(),
            };
            let ready = ReadyRow {
                lane,
                run_at: delay.map_or(message.run_at, |delay| now + delay),
                entered_at: now,
                attempts: used,
                errors,
            };
            self.put_ready(member.id.clone(), ready);
        }
    }

    /// Puts members back after `delay`, one to a dispatch; those that have used up their attempts fail.
    pub(super) fn retry_members(
        &mut self,
        now: Duration,
        dispatch: &DispatchRow,
        ids: &[String],
        error: Option<&Value>,
        delay: Duration,
    ) {
        let (exhausted, others): (Vec<_>, Vec<_>) = dispatch
            .members_in(ids)
            .partition(|m| m.attempts + dispatch.attempt >= self.max_attempts(&m.id));
        let ids = |members: Vec<&MemberRow>| members.into_iter().map(|m| m.id.clone()).collect();
        let (exhausted, others): (Vec<_>, Vec<_>) = (ids(exhausted), ids(others));
        self.fail_members(now, dispatch, &exhausted, Reason::Exhausted, error);
        self.return_members(now, dispatch, &others, error, Some(delay), true);
    }

    /// Takes members out of a dispatch that keeps others.
    pub(super) fn drop_members(&mut self, now: Duration, id: &str, gone: &[String]) {
        let Some(mut dispatch) = self.dispatches.remove(id) else {
            return;
        };
        dispatch.members.retain(|member| !gone.contains(&member.id));
        dispatch.updated_at = now;
        self.measure(&mut dispatch);
        self.dispatches.insert(dispatch.id.clone(), dispatch);
    }

    /// Sums up over its members what a dispatch keeps of them.
    pub(super) fn measure(&self, dispatch: &mut DispatchRow) {
        let messages = || {
            let members = dispatch.members.iter();
            members.filter_map(|m| Some((m, self.messages.get(&m.id)?)))
        };
        dispatch.bytes = messages().map(|(_, message)| message.bytes).sum();
        dispatch.send_before = messages()
            .filter_map(|(_, message)| message.send_before)
            .min();
        dispatch.attempts_allowed = messages()
            .map(|(m, message)| message.max_attempts.saturating_sub(m.attempts))
            .max()
            .unwrap_or(0);
    }

    /// Ends a dispatch. It stays for a day, so that a repeated settle is told so; its members are in the messages.
    pub(super) fn close(&mut self, now: Duration, id: &str) {
        if let Some(dispatch) = self.dispatches.get_mut(id) {
            let token = dispatch.token.take();
            dispatch.settled_at = Some(now);
            dispatch.updated_at = now;
            dispatch.last_token = token.or(dispatch.last_token.take());
            dispatch.begun = false;
            dispatch.frozen = false;
            dispatch.members = Vec::new();
            dispatch.errors = Vec::new();
        }
    }

    /// Gives up a dispatch that may have been sent.
    pub(super) fn abandon(&mut self, now: Duration, id: &str, error: Option<&Value>) {
        let Some(dispatch) = self.dispatches.get(id).cloned() else {
            return;
        };
        self.fail_members(
            now,
            &dispatch,
            &dispatch.ids(),
            Reason::UnknownOutcome,
            error,
        );
        self.close(now, id);
    }
}

/// A provider's text may quote the payload, and so may its name for the error. `own`: the text is the queue's, which
/// names fields and no values.
pub(super) fn hide_text(error: &mut Value, own: bool) {
    let Some(error) = error.as_object_mut() else {
        return;
    };
    let told = |key: &str| error.get(key).and_then(Value::as_str);
    let message = told("message").filter(|_| own).map(hide_credentials);
    let quotes = told("name").is_some_and(|name| hide_credentials(name) != name);
    error.insert("message".to_owned(), message.into());
    if quotes {
        error.insert("name".to_owned(), Value::Null);
    }
}

/// The error with its time and attempt, as it is stored.
pub(super) fn stamp(now: Duration, error: Option<&Value>, attempt: u32) -> Option<Value> {
    let mut stamped = error?.as_object()?.clone();
    stamped.insert("at".to_owned(), time::format(now).into());
    stamped.insert("attempt".to_owned(), attempt.into());
    Some(Value::Object(stamped))
}

/// The last ten of what a member and its dispatch have gone through.
pub(super) fn history(
    dispatch: &DispatchRow,
    member: &MemberRow,
    last: Option<Value>,
) -> Vec<Value> {
    let all = member.errors.iter().chain(&dispatch.errors).cloned();
    last_ten(all.chain(last).collect())
}

pub(super) fn last_ten(mut errors: Vec<Value>) -> Vec<Value> {
    let surplus = errors.len().saturating_sub(MAX_ERRORS);
    errors.drain(..surplus);
    errors
}
