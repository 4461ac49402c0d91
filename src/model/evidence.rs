//! Evidence: an event about an e-mail shows that the provider accepted it.

use super::members::history;
use super::message::Ended;
use super::store::{DispatchRow, Queue};
use crate::protocol::QueueMessageStatus;
use serde_json::Value;
use std::time::Duration;

impl Queue {
    /// Whether an event shows that a message was accepted. `begun`: of the dispatch that it is in.
    pub(super) fn has_evidence(&self, id: &str, begun: Option<&DispatchRow>) -> bool {
        self.accepted_as(id, begun).is_some()
    }

    /// The provider's id of the e-mail. An event counts with a mark that the message was begun under.
    #[cfg(not(target_arch = "wasm32"))]
    fn accepted_as(&self, id: &str, begun: Option<&DispatchRow>) -> Option<String> {
        let begun = begun.filter(|dispatch| dispatch.wire_version.is_some());
        let begun = begun.map(|dispatch| dispatch.mark.as_deref().unwrap_or_default());
        let unknown = self.messages.get(id)?.mark.as_deref();
        let mut events = self.events.get(id)?.iter();
        let evidence = events.find(|event| {
            let mark = Some(event.mark.as_deref().unwrap_or_default());
            mark == begun || mark == unknown
        })?;
        Some(evidence.provider_message_id.clone())
    }

    /// Nothing reports there.
    #[cfg(target_arch = "wasm32")]
    fn accepted_as(&self, _: &str, _: Option<&DispatchRow>) -> Option<String> {
        None
    }

    /// A failed message was accepted, if there is evidence.
    pub(super) fn complete_by_evidence(&mut self, now: Duration, id: &str) {
        let accepted_as = self.accepted_as(id, None);
        let end = self
            .messages
            .get_mut(id)
            .and_then(|message| message.end.as_mut());
        if let Some(end) = end.filter(|end| end.status == QueueMessageStatus::Failed)
            && accepted_as.is_some()
        {
            end.status = QueueMessageStatus::Completed;
            end.reason = None;
            end.at = now;
            end.provider_message_id = accepted_as;
        }
    }

    /// Ends an open message that has evidence.
    pub(super) fn complete_accepted(
        &mut self,
        now: Duration,
        id: &str,
        dispatch: Option<&DispatchRow>,
        attempts: u32,
        errors: Vec<Value>,
    ) {
        let end = Ended {
            status: QueueMessageStatus::Completed,
            at: now,
            dispatch_id: dispatch.map(|dispatch| dispatch.id.clone()),
            attempts,
            reason: None,
            provider_message_id: self.accepted_as(id, dispatch),
            errors,
        };
        self.end(id, end);
    }

    /// Ends a frozen dispatch all of whose members were accepted. The circuit breaker learns nothing from it.
    pub(super) fn complete_evident(&mut self, now: Duration, id: &str) {
        let Some(dispatch) = self
            .dispatches
            .get(id)
            .filter(|d| d.kind == "email")
            .cloned()
        else {
            return;
        };
        let ids = dispatch.ids();
        if !ids.is_empty() && ids.iter().all(|id| self.has_evidence(id, Some(&dispatch))) {
            self.complete_members(now, &dispatch, &ids);
            self.close(now, id);
        }
    }

    fn complete_members(&mut self, now: Duration, dispatch: &DispatchRow, ids: &[String]) {
        for member in dispatch.members_in(ids) {
            let (attempts, errors) = (
                member.attempts + dispatch.attempt,
                history(dispatch, member, None),
            );
            self.complete_accepted(now, &member.id, Some(dispatch), attempts, errors);
        }
    }

    /// Frozen dispatches that need no replay.
    pub(super) fn end_evident(&mut self, now: Duration) {
        let frozen = (self.dispatches.values()).filter(|d| d.frozen && d.token.is_none());
        let ids: Vec<String> = frozen.map(|dispatch| dispatch.id.clone()).collect();
        for id in ids {
            self.complete_evident(now, &id);
        }
    }

    /// Takes the redriven members that were accepted after all out of a dispatch that has not begun, and completes them.
    pub(super) fn drop_accepted(&mut self, now: Duration, dispatch: &mut DispatchRow) {
        let accepted = |id: &String| {
            let redriven = self
                .messages
                .get(id)
                .is_some_and(|message| message.mark.is_some());
            redriven && self.has_evidence(id, None)
        };
        let accepted: Vec<String> = dispatch.ids().into_iter().filter(accepted).collect();
        self.complete_members(now, dispatch, &accepted);
        dispatch
            .members
            .retain(|member| !accepted.contains(&member.id));
        self.measure(dispatch);
    }
}
