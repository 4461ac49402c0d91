//! The messages as users read them.

use super::members::history;
use super::message::{MessageRow, Whereabouts};
use super::store::{DispatchRow, MemberRow, Queue};
use crate::base::limits::{MAX_DISPATCH, MAX_PAGE};
use crate::base::time;
use crate::model::containment::has;
use crate::protocol::{Delivery, DeliveryState, ListOptions, QueueMessage, QueueMessageStatus};
use std::collections::BTreeMap;

impl Queue {
    /// One message.
    pub fn get(&self, id: &str) -> Option<QueueMessage> {
        let message = self.messages.get(id)?;
        Some(message.shown(id, self.whereabouts(id, message), self.delivery_of(id)))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn delivery_of(&self, id: &str) -> Option<Delivery> {
        self.delivery(id)
    }

    /// Nothing reports there.
    #[cfg(target_arch = "wasm32")]
    fn delivery_of(&self, _: &str) -> Option<Delivery> {
        None
    }

    /// Messages in a status, newest first: at most `limit` (1 to 1000) of `kind`, older than the id `before`.
    pub fn list(
        &self,
        status: QueueMessageStatus,
        kind: Option<&str>,
        limit: usize,
        before: Option<&str>,
    ) -> Vec<QueueMessage> {
        let options = ListOptions {
            kind: kind.map(str::to_owned),
            limit: u32::try_from(limit).ok(),
            before: before.map(str::to_owned),
            ..ListOptions::default()
        };
        self.page(status, &options)
    }

    /// Messages in a status, newest first.
    pub fn page(&self, status: QueueMessageStatus, options: &ListOptions) -> Vec<QueueMessage> {
        let in_status =
            |id: &String, message: &MessageRow| self.whereabouts(id, message).status == status;
        self.fitting(options, &in_status)
    }

    /// Messages that fit the options and `fits`, newest first.
    pub(super) fn fitting(
        &self,
        options: &ListOptions,
        fits: &dyn Fn(&String, &MessageRow) -> bool,
    ) -> Vec<QueueMessage> {
        let bound = |text: &Option<String>| text.as_deref().and_then(time::parse);
        let (since, until) = (bound(&options.since), bound(&options.until));
        let fits = |(id, message): &(&String, &MessageRow)| {
            (options.kind.as_ref()).is_none_or(|kind| message.kind == *kind)
                && (options.before.as_ref()).is_none_or(|before| *id < before)
                && since.is_none_or(|since| message.created_at >= since)
                && until.is_none_or(|until| message.created_at < until)
                && (options.delivery.as_ref())
                    .is_none_or(|wanted| came(self.delivery_of(id), wanted))
                && has(message.metadata.as_ref(), options.metadata.as_ref())
                && fits(id, message)
        };
        let limit = options.limit.map_or(100, |limit| limit as usize);
        let found = self.messages.iter().rev().filter(fits);
        let page = found.take(limit.clamp(1, MAX_PAGE as usize));
        page.filter_map(|(id, _)| self.get(id)).collect()
    }

    /// How many messages there are in each status that has any.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (id, message) in &self.messages {
            let status = self.whereabouts(id, message).status;
            *counts.entry(status.as_str()).or_default() += 1;
        }
        counts
    }

    /// The first thing found wrong with what is stored: promise 1, and what the database's constraints hold.
    pub fn fault(&self) -> Option<String> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let members = self.dispatches.values().flat_map(|d| &d.members);
        for id in self.ready.keys().chain(members.map(|member| &member.id)) {
            *places.entry(id).or_default() += 1;
        }
        for (id, message) in &self.messages {
            let places = places.remove(id.as_str()).unwrap_or(0);
            if places + usize::from(message.end.is_some()) != 1 {
                return Some(format!("message {id} is in {places} places"));
            }
        }
        if let Some(id) = places.keys().next() {
            return Some(format!("there is no message {id}"));
        }
        if self.order.len() != self.ready.len() {
            return Some("the order of claims is not that of the ready messages".to_owned());
        }
        self.dispatches.values().find_map(|dispatch| {
            let id = &dispatch.id;
            let open = dispatch.settled_at.is_none();
            if open != (1..=MAX_DISPATCH as usize).contains(&dispatch.members.len()) {
                return Some(format!(
                    "dispatch {id} has {} members",
                    dispatch.members.len()
                ));
            }
            if dispatch.begun && dispatch.token.is_none() {
                return Some(format!("dispatch {id} has begun and nobody holds it"));
            }
            if dispatch.frozen && dispatch.horizon_at.is_none() {
                return Some(format!("dispatch {id} is frozen without a horizon"));
            }
            None
        })
    }

    pub(super) fn holders<'a>(
        &'a self,
        id: &'a str,
    ) -> impl Iterator<Item = (&'a DispatchRow, &'a MemberRow)> {
        self.dispatches.values().filter_map(move |dispatch| {
            let member = dispatch.members.iter().find(|member| member.id == id)?;
            Some((dispatch, member))
        })
    }

    pub(super) fn whereabouts(&self, id: &str, message: &MessageRow) -> Whereabouts {
        if let Some(end) = &message.end {
            return Whereabouts {
                status: end.status,
                run_at: message.run_at,
                attempts: end.attempts,
                dispatch_id: end.dispatch_id.clone(),
                lease_expires_at: None,
                errors: end.errors.clone(),
                updated_at: end.at,
            };
        }
        if let Some(ready) = self.ready.get(id) {
            return Whereabouts {
                status: match ready.attempts {
                    0 => QueueMessageStatus::Pending,
                    _ => QueueMessageStatus::Retrying,
                },
                run_at: ready.run_at,
                attempts: ready.attempts,
                dispatch_id: None,
                lease_expires_at: None,
                errors: ready.errors.clone(),
                updated_at: ready.entered_at,
            };
        }
        let holder = self.holders(id).next();
        Whereabouts {
            status: QueueMessageStatus::Processing,
            run_at: message.run_at,
            attempts: holder.map_or(0, |(dispatch, member)| member.attempts + dispatch.attempt),
            dispatch_id: holder.map(|(dispatch, _)| dispatch.id.clone()),
            lease_expires_at: holder
                .filter(|(dispatch, _)| dispatch.token.is_some())
                .map(|(dispatch, _)| dispatch.visible_at),
            errors: holder.map_or(Vec::new(), |(dispatch, member)| {
                history(dispatch, member, None)
            }),
            updated_at: holder.map_or(message.created_at, |(dispatch, _)| dispatch.updated_at),
        }
    }
}

fn came(delivery: Option<Delivery>, wanted: &str) -> bool {
    let Some(delivery) = delivery else {
        return false;
    };
    let word = match delivery.state {
        DeliveryState::Sent => "sent",
        DeliveryState::Delayed => "delayed",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Suppressed => "suppressed",
        DeliveryState::Failed => "failed",
        DeliveryState::Bounced => "bounced",
    };
    let mut recipients = delivery.recipients.iter();
    word == wanted || wanted == "complained" && recipients.any(|it| it.complained_at.is_some())
}
