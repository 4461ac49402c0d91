//! What the provider reports later, as `email_queue_record_events` takes it. For tests only, so not in the module.

use super::report::ReportedEvent;
use super::store::{Queue, ReadyRow};
use crate::base::limits::DEFAULT_SOFT_BOUNCES;
use crate::base::time;
use crate::protocol::{
    Bounce, Delivery, DeliveryState, QueueMessageStatus, Reason, RecipientDelivery,
    SuppressionReason,
};
use std::collections::BTreeSet;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// For clocks that differ.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

impl Queue {
    /// Records an event: `recorded`, `known`, `foreign` or `ignored`.
    pub fn record(&mut self, now: Duration, event: &ReportedEvent) -> &'static str {
        if state_of(&event.kind).is_none() {
            return "ignored";
        }
        let Some(id) = self.message_of(event) else {
            return "foreign";
        };
        let recorded = self.events.values().flatten();
        if recorded.clone().any(|known| known.id == event.id) {
            return "known";
        }
        if !self.is_ours(&id, event) {
            return "foreign";
        }
        let same = |known: &&ReportedEvent| {
            (&known.kind, &known.provider_message_id, &known.occurred_at)
                == (&event.kind, &event.provider_message_id, &event.occurred_at)
        };
        let counted: Vec<String> = (recorded.filter(same))
            .flat_map(|known| known.recipients.clone())
            .collect();
        let mut new = event.clone();
        // An erased message: no address is kept again.
        if self
            .messages
            .get(&id)
            .is_some_and(|message| message.bytes == 0)
        {
            new.erase();
        }
        new.recipients
            .retain(|recipient| !counted.contains(recipient));
        if self.messages.get(&id).is_some_and(|message| message.secret)
            && let Some(detail) = &mut new.detail
        {
            detail.retain(|name, _| name == "type" || name == "subtype");
        }
        if new.recipients.is_empty() {
            return "known";
        }
        self.events.entry(id.clone()).or_default().push(new);
        self.apply_evidence(now, &id);
        self.suppress_for_event(now, event, &id);
        "recorded"
    }

    fn message_of(&self, event: &ReportedEvent) -> Option<String> {
        let is_email = |id: &String| (self.messages.get(id)).is_some_and(|m| m.kind == "email");
        if event.message_id.is_some() {
            return event.message_id.clone().filter(is_email);
        }
        let mut messages = self.messages.iter();
        let completed_with = |id: &str| self.is_completed_with(id, event);
        messages
            .find(|(id, _)| completed_with(id))
            .map(|(id, _)| id.clone())
    }

    fn is_completed_with(&self, id: &str, event: &ReportedEvent) -> bool {
        let end = self
            .messages
            .get(id)
            .and_then(|message| message.end.as_ref());
        end.is_some_and(|end| {
            end.status == QueueMessageStatus::Completed
                && end.provider_message_id.as_ref() == Some(&event.provider_message_id)
        })
    }

    /// Another installation's events have another mark, or belong to another request.
    fn is_ours(&self, id: &str, event: &ReportedEvent) -> bool {
        let mark = event.mark.clone().unwrap_or_default();
        let of_message = self
            .messages
            .get(id)
            .and_then(|message| message.mark.clone());
        let known = self.events.get(id).into_iter().flatten();
        mark == self.mark()
            || of_message.is_some_and(|of_message| of_message == mark)
            || self.is_completed_with(id, event)
            || known
                .into_iter()
                .any(|known| known.provider_message_id == event.provider_message_id)
            || (self.holders(id)).any(|(dispatch, _)| {
                dispatch.wire_version.is_some() && dispatch.mark.clone().unwrap_or_default() == mark
            })
    }

    /// Ends a message whose outcome is unknown as not accepted, as `email_queue_not_accepted` does; or says why not.
    ///
    /// # Errors
    /// It was accepted, or its request may still arrive.
    pub fn not_accepted(&mut self, now: Duration, id: &str) -> Result<(), &'static str> {
        let end = self
            .messages
            .get(id)
            .and_then(|message| message.end.as_ref());
        let end = end
            .filter(|end| end.reason == Some(Reason::UnknownOutcome))
            .ok_or("it is no dead letter of an unknown outcome")?;
        let dispatch = (end.dispatch_id.as_ref()).and_then(|id| self.dispatches.get(id));
        let horizon = dispatch
            .and_then(|dispatch| dispatch.horizon_at)
            .unwrap_or(end.at + DAY);
        let until = horizon.max(end.at) + TOLERANCE;
        if self.has_evidence(id, None) {
            self.complete_by_evidence(now, id);
            return Err("it was accepted: the provider reported it");
        }
        if until > now {
            return Err("its request may still arrive");
        }
        let message = self.messages.get_mut(id);
        if let Some(end) = message.and_then(|message| message.end.as_mut()) {
            end.reason = Some(Reason::NotAccepted);
        }
        Ok(())
    }

    /// Completes a message whose outcome was not known. One in a dispatch is left there.
    fn apply_evidence(&mut self, now: Duration, id: &str) {
        let Some(message) = self.messages.get(id) else {
            return;
        };
        let Some(end) = &message.end else {
            if message.mark.is_some()
                && let Some(ReadyRow {
                    attempts, errors, ..
                }) = self.take_ready(id)
            {
                self.complete_accepted(now, id, None, attempts, errors);
            }
            return;
        };
        if end.status == QueueMessageStatus::Failed && message.mark.is_some() {
            self.complete_by_evidence(now, id);
        }
    }

    /// A complaint, and a bounce that says that there is no such mailbox, suppress the address; other bounces do after three messages in
    /// a row.
    fn suppress_for_event(&mut self, now: Duration, event: &ReportedEvent, id: &str) {
        let reason = match event.kind.as_str() {
            "email.complained" => SuppressionReason::Complaint,
            "email.bounced" => SuppressionReason::Bounce,
            _ => return,
        };
        let end = self.messages.get(id).and_then(|it| it.end.as_ref());
        let sent = end.map_or(now, |end| end.at);
        let at = time::parse(&event.occurred_at).unwrap_or(now).min(now);
        for address in &event.recipients {
            let soft = reason == SuppressionReason::Bounce && !is_hard(event);
            if !soft || self.soft_bounces(address) >= DEFAULT_SOFT_BOUNCES as usize {
                self.enter_for_event(address, reason, &event.id, at, sent);
            }
        }
    }

    /// Messages in a row to an address that bounced, and may not another time.
    fn soft_bounces(&self, address: &String) -> usize {
        let all = self.events.iter();
        let all = all.flat_map(|(id, events)| events.iter().map(move |event| (event, id)));
        let mut of_address: Vec<_> = all
            .filter(|(event, _)| event.recipients.contains(address))
            .filter(|(event, _)| {
                ["email.bounced", "email.delivered"].contains(&event.kind.as_str())
            })
            .collect();
        of_address.sort_by(|(one, _), (other, _)| other.occurred_at.cmp(&one.occurred_at));
        let in_a_row = of_address.into_iter();
        let in_a_row = in_a_row.take_while(|(event, _)| event.kind == "email.bounced");
        let soft = in_a_row.filter(|(event, _)| !is_hard(event) && !is_of_content(event));
        soft.map(|(_, id)| id).collect::<BTreeSet<_>>().len()
    }

    /// What users see of a message's events.
    pub(super) fn delivery(&self, id: &str) -> Option<Delivery> {
        let events = self.events.get(id)?;
        let mut addresses: Vec<&String> = events.iter().flat_map(|e| &e.recipients).collect();
        addresses.sort();
        addresses.dedup();
        let recipients: Vec<RecipientDelivery> = (addresses.into_iter())
            .filter_map(|address| recipient(events, address))
            .collect();
        let (state, at) = (recipients.iter())
            .map(|it| (it.state, it.at.clone()))
            .max()?;
        Some(Delivery {
            state,
            at,
            recipients,
        })
    }
}

fn is_hard(event: &ReportedEvent) -> bool {
    let of = |name| detail(event, name);
    of("type") == "Permanent" && ["General", "NoEmail"].contains(&of("subtype"))
}

/// It says nothing of the address.
fn is_of_content(event: &ReportedEvent) -> bool {
    let content = ["MessageTooLarge", "ContentRejected", "AttachmentRejected"];
    content.contains(&detail(event, "subtype"))
}

fn detail<'a>(event: &'a ReportedEvent, name: &str) -> &'a str {
    let text = event.detail.as_ref().and_then(|detail| detail.get(name));
    text.map_or("", String::as_str)
}

fn recipient(events: &[ReportedEvent], address: &String) -> Option<RecipientDelivery> {
    let events = || {
        events
            .iter()
            .filter(|event| event.recipients.contains(address))
    };
    let first = |kind: &str| {
        let times = events().filter(|event| event.kind == kind);
        times.map(|event| shown(&event.occurred_at)).min()
    };
    let state = events().filter_map(|event| state_of(&event.kind)).max()?;
    let of_state = events().filter(|event| state_of(&event.kind) == Some(state));
    let event = of_state.min_by_key(|event| &event.occurred_at)?;
    let detail = |name: &str| event.detail.as_ref().and_then(|it| it.get(name).cloned());
    let bounce = (state == DeliveryState::Bounced && event.detail.is_some()).then(|| Bounce {
        kind: detail("type"),
        subtype: detail("subtype"),
        text: detail("text"),
    });
    let refused = matches!(state, DeliveryState::Failed | DeliveryState::Suppressed);
    Some(RecipientDelivery {
        address: Some(address.clone()).filter(|address| address.contains('@')),
        state,
        at: shown(&event.occurred_at),
        bounce,
        reason: (detail("reason").or_else(|| detail("text"))).filter(|_| refused),
        opened_at: first("email.opened"),
        clicked_at: first("email.clicked"),
        complained_at: first("email.complained"),
    })
}

fn shown(at: &str) -> String {
    time::parse(at).map_or_else(|| at.to_owned(), time::format)
}

/// What an event shows; `None` for one that is no outbound e-mail's.
fn state_of(kind: &str) -> Option<DeliveryState> {
    Some(match kind {
        "email.sent" | "email.scheduled" => DeliveryState::Sent,
        "email.delivery_delayed" => DeliveryState::Delayed,
        "email.delivered" | "email.opened" | "email.clicked" | "email.complained" => {
            DeliveryState::Delivered
        }
        "email.suppressed" => DeliveryState::Suppressed,
        "email.failed" => DeliveryState::Failed,
        "email.bounced" => DeliveryState::Bounced,
        _ => return None,
    })
}
