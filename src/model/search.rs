//! Operators' calls with arguments as JSON, and the search, as `email_queue_search` does it.

use super::message::MessageRow;
use super::store::Queue;
use super::suppress::recipients;
use crate::base::{QueueError, typed};
use crate::client::check::canonical;
use crate::email::bare;
use crate::protocol::{DeadLetterFilter, ListOptions, Operation};
use serde_json::{Value, json};
use std::time::Duration;

impl Queue {
    /// An operator's call, with the checked arguments of the database's function.
    ///
    /// # Errors
    /// `invalid_input` names a setting that is wrong; or only a project's queue has this call.
    pub(super) fn operate(
        &mut self,
        now: Duration,
        operation: Operation,
        asked: &Value,
    ) -> Result<Value, QueueError> {
        let of = |name: &str| asked.get(name).cloned().unwrap_or_default();
        Ok(match operation {
            Operation::Discard => {
                let ids: Option<Vec<String>> = typed(&of("p_ids")).unwrap_or_default();
                let ids = ids.map(|ids| ids.iter().map(|id| canonical(id)).collect::<Vec<_>>());
                let filter: Option<DeadLetterFilter> = typed(&of("p_filter")).unwrap_or_default();
                let dry_run = of("p_dry_run") == true;
                let limit = of("p_limit").as_u64().unwrap_or_default() as usize;
                let discarded = self.discard(ids.as_deref(), filter.as_ref(), limit, dry_run);
                json!({ "dryRun": dry_run, "discarded": discarded })
            }
            Operation::Erase => {
                let id = canonical(of("p_id").as_str().unwrap_or_default());
                json!(self.erase_or_explain(now, &id))
            }
            Operation::Configure => self.set(&of("p_settings"))?,
            Operation::Prune => json!({ "deleted": self.prune(now), "erased": 0, "more": false }),
            Operation::Search => self.search(asked),
            _ => return Err(operation.is_missing()),
        })
    }

    /// Searches with the checked arguments of the database's function, and answers as JavaScript reads it. All messages
    /// are looked at.
    fn search(&self, asked: &Value) -> Value {
        let filter = |name: &str| asked.get("p_filter")?.get(name);
        let text = |name: &str| filter(name)?.as_str();
        let own = |name: &str| text(name).map(str::to_owned);
        let limit = asked.get("p_limit").and_then(Value::as_u64);
        let options = ListOptions {
            kind: own("type"),
            limit: limit.and_then(|limit| limit.try_into().ok()),
            before: (asked.get("p_before").and_then(Value::as_str)).map(canonical),
            since: own("since"),
            until: own("until"),
            metadata: filter("metadata").cloned(),
            delivery: own("delivery"),
        };
        let recipient = text("recipient").map(bare);
        let is = |name: &str, own: Option<&str>| text(name).is_none_or(|it| Some(it) == own);
        let fits = |id: &String, message: &MessageRow| {
            let begins = |start: &str| {
                let subject = message.payload.get("subject").and_then(Value::as_str);
                !message.secret && subject.is_some_and(|subject| subject.starts_with(start))
            };
            let reason = message.end.as_ref().and_then(|end| end.reason);
            let template = message.template.as_ref();
            recipient
                .as_ref()
                .is_none_or(|it| recipients(&message.payload).contains(it))
                && text("subject").is_none_or(begins)
                && is(
                    "status",
                    Some(self.whereabouts(id, message).status.as_str()),
                )
                && (filter("reason")).is_none_or(|wanted| *wanted == json!(reason))
                && is("template", template.map(|template| template.name.as_str()))
        };
        let messages = self.fitting(&options, &fits);
        let last = messages.last().map(|message| &message.id);
        let full = limit.is_some_and(|limit| messages.len() as u64 >= limit);
        json!({
            "next": last.filter(|_| full),
            "looked": self.messages.len(),
            "similar": [],
            "messages": messages,
        })
    }
}
