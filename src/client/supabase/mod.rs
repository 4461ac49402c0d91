//! The queue in a Supabase project.

mod connect;
mod many;

use super::asked::asked;
use super::words::told;
use super::{QueueProvider, check, check_operator, ending};
use crate::base::{ErrorCode, QueueError, Random, millis, typed};
use crate::io::{PostgrestRpc, SystemRandom};
use crate::protocol::{
    Cancelled, DeadLetterFilter, Dequeue, Enqueued, Lease, Leased, ListOptions, NewMessage,
    NewTemplate, Operation, Page, Pause, QueueMessage, QueueMessageStatus, Redrive, Redriven, Rpc,
    Settle, SettleResult, Settlement, Stats, Suppress, Suppression, SuppressionList, Unsuppress,
    Unsuppressed, UsedTemplate, jsonb,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// The queue in a Supabase project, over PostgREST.
pub struct SupabaseQueueProvider<R = PostgrestRpc, T = SystemRandom> {
    rpc: R,
    random: T,
}

impl<R: Rpc, T: Random> SupabaseQueueProvider<R, T> {
    /// Over any RPC and randomness.
    pub fn over(rpc: R, random: T) -> Self {
        Self { rpc, random }
    }

    async fn settle(&self, settle: Settle) -> Result<Settlement, QueueError> {
        let arguments = json!({ "p_settle": settle });
        let settled = self
            .ask("email_queue_settle", arguments.to_string())
            .await?;
        settlement("email_queue_settle", &settled)
    }

    async fn call<A: DeserializeOwned>(
        &self,
        function: &str,
        with: Value,
    ) -> Result<A, QueueError> {
        let answer = self.ask(function, with.to_string()).await?;
        typed(&answer).map_err(|_| unreadable(function))
    }

    /// Not generic, and by way of a value: a future and a parser of text for each type of answer would make the module
    /// larger by some kilobytes.
    async fn ask(&self, function: &str, arguments: String) -> Result<Value, QueueError> {
        let answer = self.rpc.call(function, &arguments).await;
        let answer = answer.map_err(QueueError::in_callers_words)?;
        jsonb::read(&answer).ok_or_else(|| unreadable(function))
    }
}

impl<R: Rpc, T: Random> QueueProvider for SupabaseQueueProvider<R, T> {
    async fn enqueue(&self, message: NewMessage) -> Result<Enqueued, QueueError> {
        let text = many::encoded(message)?;
        let mut enqueued = (self.enqueue_chunk(text).await).map_err(QueueError::of_one)?;
        enqueued
            .pop()
            .ok_or_else(|| unreadable("email_queue_enqueue_many"))
    }

    async fn enqueue_each(
        &self,
        count: usize,
        message: &dyn Fn(usize) -> Result<NewMessage, QueueError>,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<Enqueued>, QueueError> {
        self.in_chunks(count, message, progress).await
    }

    async fn dequeue(&self, options: &Dequeue) -> Result<Vec<Leased>, QueueError> {
        let (wanted, visibility) = check::dequeue(options)?;
        let tokens: Vec<String> = (0..wanted).map(|_| self.random.token()).collect();
        let arguments = json!({
            "p_types": options.types, "p_tokens": tokens, "p_visibility_ms": millis(visibility),
        });
        self.call("email_queue_dequeue", arguments).await
    }

    async fn extend(&self, lease: &Lease, visibility: Duration) -> Result<Settlement, QueueError> {
        let lease = check::lease(lease)?;
        let arguments = json!({
            "p_dispatch_id": lease.dispatch_id,
            "p_token": lease.token,
            "p_lease_ms": millis(check::lease_time(visibility)?),
        });
        let extended = self
            .ask("email_queue_extend", arguments.to_string())
            .await?;
        settlement("email_queue_extend", &extended)
    }

    async fn complete(&self, lease: &Lease) -> Result<Settlement, QueueError> {
        self.settle(ending::complete(lease)?).await
    }

    async fn fail(&self, lease: &Lease, error: Value) -> Result<Settlement, QueueError> {
        self.settle(ending::fail(lease, error)?).await
    }

    async fn retry(
        &self,
        lease: &Lease,
        error: Value,
        delay: Duration,
    ) -> Result<Settlement, QueueError> {
        self.settle(ending::retry(lease, error, delay)?).await
    }

    async fn release(&self, lease: &Lease) -> Result<Settlement, QueueError> {
        self.settle(ending::release(lease)?).await
    }

    async fn cancel(&self, id: &str) -> Result<Cancelled, QueueError> {
        check::id("id", id)?;
        self.call("email_queue_cancel", json!({ "p_id": id })).await
    }

    async fn get_message(&self, id: &str) -> Result<Option<QueueMessage>, QueueError> {
        check::id("id", id)?;
        self.call("email_queue_get", json!({ "p_id": id })).await
    }

    async fn get_messages_by_status(
        &self,
        status: QueueMessageStatus,
        options: &ListOptions,
    ) -> Result<Vec<QueueMessage>, QueueError> {
        check_operator::list(options)?;
        let arguments = json!({
            "p_status": status.as_str(),
            "p_type": options.kind,
            "p_limit": options.limit.unwrap_or(100),
            "p_before": options.before,
            "p_since": options.since,
            "p_until": options.until,
            "p_metadata": options.metadata,
            "p_delivery": options.delivery,
        });
        self.call("email_queue_list", arguments).await
    }

    async fn list_dead_letters(
        &self,
        filter: &DeadLetterFilter,
        page: &Page,
    ) -> Result<Vec<QueueMessage>, QueueError> {
        check_operator::dead_letters(filter, page)?;
        let arguments = json!({
            "p_filter": filter, "p_limit": page.limit.unwrap_or(100), "p_before": page.before,
        });
        self.call("email_queue_dead_letters", arguments).await
    }

    async fn redrive(&self, redrive: &Redrive) -> Result<Redriven, QueueError> {
        check_operator::redrive(redrive)?;
        let arguments = json!({
            "p_ids": redrive.ids,
            "p_filter": redrive.filter,
            "p_dry_run": redrive.dry_run,
            "p_allow_duplicates": redrive.allow_duplicates,
            "p_limit": redrive.limit.unwrap_or(1000),
            "p_from": redrive.from,
        });
        self.call("email_queue_redrive", arguments).await
    }

    async fn operate(
        &self,
        operation: Operation,
        arguments: Vec<Value>,
    ) -> Result<Value, QueueError> {
        let arguments = asked(operation, arguments)?;
        let answer = self.ask(operation.function(), arguments.to_string()).await;
        answer.map(told)
    }

    async fn suppress(&self, suppress: &Suppress) -> Result<Suppression, QueueError> {
        check_operator::suppress(suppress)?;
        let arguments = json!({
            "p_address": suppress.address,
            "p_reason": suppress.reason,
            "p_topic": suppress.topic,
            "p_note": suppress.note,
            "p_hash_only": suppress.hash_only,
        });
        self.call("email_queue_suppress", arguments).await
    }

    async fn unsuppress(&self, unsuppress: &Unsuppress) -> Result<Unsuppressed, QueueError> {
        check_operator::unsuppress(unsuppress)?;
        let arguments = json!({
            "p_address": unsuppress.address,
            "p_topic": unsuppress.topic,
            "p_reason": unsuppress.reason,
        });
        self.call("email_queue_unsuppress", arguments).await
    }

    async fn list_suppressions(
        &self,
        list: &SuppressionList,
    ) -> Result<Vec<Suppression>, QueueError> {
        check_operator::suppressions(list)?;
        let filter = json!({
            "address": list.address, "reason": list.reason, "topic": list.topic,
        });
        let arguments = json!({
            "p_filter": filter, "p_after": list.after, "p_limit": list.limit.unwrap_or(100),
        });
        self.call("email_queue_suppressions", arguments).await
    }

    async fn put_template(&self, template: &NewTemplate) -> Result<UsedTemplate, QueueError> {
        let arguments = json!({
            "p_name": template.name,
            "p_subject": template.subject,
            "p_html": template.html,
            "p_text": template.text,
            "p_language": template.language,
        });
        let put = self.call("email_queue_template_put", arguments).await;
        put.map_err(QueueError::in_a_template)
    }

    async fn stats(&self) -> Result<Stats, QueueError> {
        self.call("email_queue_stats", json!({})).await
    }

    async fn pause(&self, pause: &Pause) -> Result<(), QueueError> {
        let seconds = check_operator::pause(pause)?.map(|time| millis(time).div_ceil(1000));
        let arguments =
            json!({ "p_reason": pause.reason, "p_domain": pause.domain, "p_seconds": seconds });
        let answer = self.ask("email_queue_pause", arguments.to_string()).await;
        answer.map(|_| ())
    }

    async fn resume(&self, domain: Option<&str>) -> Result<bool, QueueError> {
        check_operator::domain(domain)?;
        let arguments = json!({ "p_domain": domain });
        let answer = self
            .ask("email_queue_resume", arguments.to_string())
            .await?;
        answer
            .get("resumed")
            .and_then(Value::as_bool)
            .ok_or_else(|| unreadable("email_queue_resume"))
    }
}

fn settlement(function: &str, answer: &Value) -> Result<Settlement, QueueError> {
    let result = answer.get("result").map(typed::<SettleResult>);
    let reason = answer.get("reason").and_then(Value::as_str);
    match result {
        Some(Ok(result)) => ending::settlement(result, reason.unwrap_or_default()),
        _ => Err(unreadable(function)),
    }
}

fn unreadable(function: &str) -> QueueError {
    QueueError::new(
        ErrorCode::Unexpected,
        format!("the answer of {function} cannot be read"),
    )
}
