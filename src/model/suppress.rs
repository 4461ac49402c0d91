//! The suppression list: addresses that get no mail.

use super::members::{last_ten, stamp};
use super::message::MessageRow;
use super::store::{MemberRow, Queue};
use super::suppression::{Entry, Suppressed};
use crate::base::time;
use crate::email::bare;
use crate::protocol::{
    QueueMessageStatus, Reason, Suppress, Suppression, SuppressionList, SuppressionReason,
    SuppressionScope, Unsuppress, Unsuppressed,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// How many of a message's recipients are suppressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    None,
    Some,
    All,
}

impl Queue {
    /// Puts an address on the list.
    pub fn suppress(&mut self, now: Duration, suppress: &Suppress) -> Suppression {
        let address = bare(&suppress.address);
        let id = self.new_id();
        let reason = suppress.reason.unwrap_or(SuppressionReason::Manual);
        let key = (address.clone(), reason, suppress.topic.clone());
        let known = self.suppressions.remove(&key);
        let known = known.filter(|entry| entry.removed_at.is_none());
        let mut entry = known.unwrap_or(Entry {
            id,
            shown: true,
            since: now,
            event: None,
            note: None,
            removed_at: None,
        });
        (entry.shown, entry.event) = (true, None);
        entry.note = suppress.note.clone().or(entry.note);
        if suppress.hash_only {
            (entry.shown, entry.note) = (false, None);
            let entries = self.suppressions.iter_mut();
            for (_, other) in entries.filter(|((of, ..), _)| *of == address) {
                (other.shown, other.note) = (false, None);
            }
        }
        let shown = shown(&key, &entry);
        self.suppressions.insert(key, entry);
        shown
    }

    /// Takes an address off the list.
    pub fn unsuppress(&mut self, now: Duration, unsuppress: &Unsuppress) -> Unsuppressed {
        let address = bare(&unsuppress.address);
        let goes = |(of, reason, topic): &Suppressed| {
            let named = unsuppress
                .reason
                .map_or(*reason != SuppressionReason::Unsubscribe, |wanted| {
                    wanted == *reason
                });
            *of == address && *topic == unsuppress.topic && named
        };
        let of_address = self.standing().filter(|((of, ..), _)| *of == address);
        let keys = of_address.map(|(key, _)| key.clone());
        let (removed, left): (Vec<_>, Vec<_>) = keys.partition(goes);
        for key in &removed {
            if let Some(entry) = self.suppressions.get_mut(key) {
                entry.removed_at = Some(now);
                (entry.event, entry.note) = (None, None);
            }
        }
        let scopes = |keys: Vec<Suppressed>| {
            let scope = |(_, reason, topic)| SuppressionScope { reason, topic };
            keys.into_iter().map(scope).collect()
        };
        Unsuppressed {
            removed: scopes(removed),
            left: scopes(left),
        }
    }

    /// Entries of the list, newest first.
    pub fn list_suppressions(&self, list: &SuppressionList) -> Vec<Suppression> {
        let address = list.address.as_deref().map(bare);
        let fits = |((of, reason, topic), entry): &(&Suppressed, &Entry)| {
            address.as_ref().is_none_or(|address| address == of)
                && list.reason.is_none_or(|wanted| wanted == *reason)
                && (list.topic.is_none() || list.topic == *topic)
                && (list.after.as_ref()).is_none_or(|after| entry.id < *after)
        };
        let mut found: Vec<_> = self.standing().filter(fits).collect();
        found.sort_by(|(_, one), (_, other)| other.id.cmp(&one.id));
        let page = found.into_iter().take(list.limit.unwrap_or(100) as usize);
        page.map(|(key, entry)| shown(key, entry)).collect()
    }

    /// An unsubscribe counts for mail that names a topic, of this topic or of every one.
    pub(super) fn suppressed_share(&self, message: &MessageRow) -> Share {
        if message.kind != "email" || message.ignore_suppression || self.suppressions.is_empty() {
            return Share::None;
        }
        let counts = |address: &String, (of, reason, topic): &Suppressed| {
            address == of
                && (topic.is_none() || *topic == message.topic)
                && (*reason != SuppressionReason::Unsubscribe || message.topic.is_some())
        };
        let recipients = recipients(&message.payload);
        let listed = |address: &&String| self.standing().any(|(key, _)| counts(address, key));
        match recipients.iter().filter(listed).count() {
            0 => Share::None,
            count if count < recipients.len() => Share::Some,
            _ => Share::All,
        }
    }

    fn standing(&self) -> impl Iterator<Item = (&Suppressed, &Entry)> {
        let entries = self.suppressions.iter();
        entries.filter(|(_, entry)| entry.removed_at.is_none())
    }

    /// A bounce or a complaint, perhaps of mail that was sent before an operator removed the entry.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn enter_for_event(
        &mut self,
        address: &str,
        reason: SuppressionReason,
        event: &str,
        at: Duration,
        sent: Duration,
    ) {
        let id = self.new_id();
        let key = (bare(address), reason, None);
        let known = self.suppressions.get(&key);
        let stands = |entry: &Entry| {
            entry
                .removed_at
                .is_none_or(|gone| at <= gone || sent <= gone)
        };
        let forgotten = self
            .standing()
            .any(|((of, ..), entry)| *of == key.0 && !entry.shown);
        if !known.is_some_and(stands) {
            let entry = Entry {
                id,
                shown: !forgotten,
                since: at,
                event: Some(event.to_owned()),
                note: None,
                removed_at: None,
            };
            self.suppressions.insert(key, entry);
        }
    }

    /// Ends a message that no recipient may get.
    pub(super) fn fail_suppressed(&mut self, now: Duration, id: &str) {
        let error = error("Every recipient is on the suppression list.");
        let failed = QueueMessageStatus::Failed;
        self.end_ready(now, id, failed, Some(Reason::Suppressed), Some(&error));
    }
}

/// The provider, too, has a list, and leaves the recipient out. Noted once.
pub(super) fn note_suppression(now: Duration, member: &mut MemberRow) {
    if member.errors.iter().all(|it| it["class"] != "suppressed") {
        let text = "Some of its recipients are on the suppression list; it goes out as it is.";
        let noted = stamp(now, Some(&error(text)), member.attempts);
        let errors = std::mem::take(&mut member.errors);
        member.errors = last_ten(errors.into_iter().chain(noted).collect());
    }
}

fn error(message: &str) -> Value {
    json!({"class": "suppressed", "message": message})
}

/// `to`, `cc` and `bcc`, each address once.
pub(super) fn recipients(payload: &Value) -> BTreeSet<String> {
    let fields = ["to", "cc", "bcc"]
        .into_iter()
        .filter_map(|field| payload.get(field));
    let items = fields.flat_map(|value| match value {
        Value::Array(items) => items.as_slice(),
        value => std::slice::from_ref(value),
    });
    let texts = items.filter_map(|item| item.as_str().or_else(|| item.get("email")?.as_str()));
    texts.map(bare).collect()
}

fn shown((address, reason, topic): &Suppressed, entry: &Entry) -> Suppression {
    Suppression {
        id: entry.id.clone(),
        address: entry.shown.then(|| address.clone()),
        reason: *reason,
        topic: topic.clone(),
        since: time::format(entry.since),
        event: entry.event.clone(),
        note: entry.note.clone(),
    }
}
