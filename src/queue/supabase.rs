//! The queue in a Supabase project.

use super::{
    Cancelled, DeadLetterFilter, Dequeue, Enqueued, ErrorCode, Lease, Leased, ListOptions,
    NewMessage, QueueError, QueueMessage, QueueMessageStatus, QueueProvider, Redrive, Redriven,
    Settlement, Stats,
};
use crate::adapters::{PostgrestRpc, SystemRandom};
use crate::decide::millis;
use crate::ports::{Random, Rpc};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// Messages and bytes in one call of `enqueue_many`. The database takes no more than a thousand; a call that fails is
/// repeated whole.
const CHUNK_MESSAGES: usize = 1000;
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// The queue in a Supabase project, over PostgREST.
pub struct SupabaseQueueProvider<R = PostgrestRpc, T = SystemRandom> {
    rpc: R,
    random: T,
}

impl SupabaseQueueProvider {
    /// `url` is the project's; `key` is one of its secret keys.
    ///
    /// # Errors
    /// `invalid_input` with the field `url` or `key`.
    pub fn new(url: &str, key: &str) -> Result<Self, QueueError> {
        Self::with_timeout(url, key, None)
    }

    /// With another limit for a call than ten seconds.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_timeout(
        url: &str,
        key: &str,
        timeout: Option<Duration>,
    ) -> Result<Self, QueueError> {
        let rpc = PostgrestRpc::new(url, key)?;
        let rpc = match timeout {
            Some(timeout) => rpc.with_timeout(timeout),
            None => rpc,
        };
        Ok(Self::over(rpc, SystemRandom))
    }
}

impl<R: Rpc, T: Random> SupabaseQueueProvider<R, T> {
    /// Over any RPC and randomness.
    pub fn over(rpc: R, random: T) -> Self {
        Self { rpc, random }
    }

    /// Enqueues `count` messages that `message` makes, so that not all of them need be held at once: each is made twice,
    /// once to be checked and once to be sent. `progress` is told how many are enqueued, after each call.
    ///
    /// # Errors
    /// As [`QueueProvider::enqueue_many`].
    pub async fn enqueue_each(
        &self,
        count: usize,
        message: impl Fn(usize) -> Result<NewMessage, QueueError>,
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<Enqueued>, QueueError> {
        let encode = |index| {
            message(index)
                .and_then(NewMessage::encode)
                .map_err(|error| error.below(&format!("messages[{index}]")))
        };
        for index in 0..count {
            encode(index)?;
        }
        let mut enqueued = Vec::with_capacity(count);
        let mut chunk = String::new();
        let mut chunked = 0;
        for index in 0..count {
            let text = encode(index)?;
            let full = chunked == CHUNK_MESSAGES || chunk.len() + text.len() > CHUNK_BYTES;
            if full && chunked > 0 {
                enqueued.extend(self.enqueue_chunk(std::mem::take(&mut chunk)).await?);
                chunked = 0;
                progress(enqueued.len());
            }
            if chunked > 0 {
                chunk.push(',');
            }
            chunk.push_str(&text);
            chunked += 1;
        }
        if chunked > 0 {
            enqueued.extend(self.enqueue_chunk(chunk).await?);
            progress(enqueued.len());
        }
        Ok(enqueued)
    }

    async fn enqueue_chunk(&self, messages: String) -> Result<Vec<Enqueued>, QueueError> {
        let arguments = format!("{{\"p_messages\":[{messages}]}}");
        self.call("email_queue_enqueue_many", arguments).await
    }

    async fn settle(
        &self,
        lease: &Lease,
        rest: &str,
        more: Value,
    ) -> Result<Settlement, QueueError> {
        let mut settle = json!({
            "dispatch_id": lease.dispatch_id,
            "token": lease.token,
            "answer": "definite",
            "members": [],
            "rest": rest,
        });
        if let (Some(settle), Value::Object(more)) = (settle.as_object_mut(), more) {
            settle.extend(more);
        }
        let settled: Value = self
            .call(
                "email_queue_settle",
                json!({ "p_settle": settle }).to_string(),
            )
            .await?;
        settlement("email_queue_settle", &settled)
    }

    async fn call<A: DeserializeOwned>(
        &self,
        function: &str,
        arguments: String,
    ) -> Result<A, QueueError> {
        let answer = self.rpc.call(function, &arguments).await?;
        serde_json::from_str(&answer).map_err(|_| unreadable(function))
    }
}

impl<R: Rpc, T: Random> QueueProvider for SupabaseQueueProvider<R, T> {
    async fn enqueue(&self, message: NewMessage) -> Result<Enqueued, QueueError> {
        let text = message.encode()?;
        let mut enqueued = self.enqueue_chunk(text).await?;
        enqueued
            .pop()
            .ok_or_else(|| unreadable("email_queue_enqueue_many"))
    }

    async fn enqueue_many(&self, messages: &[NewMessage]) -> Result<Vec<Enqueued>, QueueError> {
        let message = |index: usize| {
            messages
                .get(index)
                .cloned()
                .ok_or_else(|| QueueError::invalid("messages", "is too short"))
        };
        self.enqueue_each(messages.len(), message, |_| ()).await
    }

    async fn dequeue(&self, options: &Dequeue) -> Result<Vec<Leased>, QueueError> {
        let wanted = options.max_messages.unwrap_or(1);
        if !(1..=100).contains(&wanted) {
            return Err(QueueError::invalid(
                "maxMessages",
                "must be a whole number from 1 to 100",
            ));
        }
        let tokens: Vec<String> = (0..wanted).map(|_| self.random.token()).collect();
        let arguments = json!({
            "p_types": options.types,
            "p_tokens": tokens,
            "p_visibility_ms": u64::from(options.visibility_timeout.unwrap_or(60)) * 1000,
        });
        self.call("email_queue_dequeue", arguments.to_string())
            .await
    }

    async fn extend(&self, lease: &Lease, visibility: Duration) -> Result<Settlement, QueueError> {
        let arguments = json!({
            "p_dispatch_id": lease.dispatch_id,
            "p_token": lease.token,
            "p_lease_ms": millis(visibility),
        });
        let extended: Value = self
            .call("email_queue_extend", arguments.to_string())
            .await?;
        settlement("email_queue_extend", &extended)
    }

    async fn complete(&self, lease: &Lease) -> Result<Settlement, QueueError> {
        self.settle(lease, "complete", Value::Null).await
    }

    async fn fail(&self, lease: &Lease, error: Value) -> Result<Settlement, QueueError> {
        self.settle(lease, "fail", json!({ "error": error })).await
    }

    async fn retry(
        &self,
        lease: &Lease,
        error: Value,
        delay: Duration,
    ) -> Result<Settlement, QueueError> {
        self.settle(
            lease,
            "retry",
            json!({ "error": error, "delay_ms": millis(delay) }),
        )
        .await
    }

    async fn release(&self, lease: &Lease) -> Result<Settlement, QueueError> {
        self.settle(
            lease,
            "release",
            json!({ "answer": "none", "counted": false }),
        )
        .await
    }

    async fn cancel(&self, id: &str) -> Result<Cancelled, QueueError> {
        check_id("id", id)?;
        self.call("email_queue_cancel", json!({ "p_id": id }).to_string())
            .await
    }

    async fn get_message(&self, id: &str) -> Result<Option<QueueMessage>, QueueError> {
        check_id("id", id)?;
        self.call("email_queue_get", json!({ "p_id": id }).to_string())
            .await
    }

    async fn get_messages_by_status(
        &self,
        status: QueueMessageStatus,
        options: &ListOptions,
    ) -> Result<Vec<QueueMessage>, QueueError> {
        if let Some(before) = &options.before {
            check_id("before", before)?;
        }
        let arguments = json!({
            "p_status": status.as_str(),
            "p_type": options.kind,
            "p_limit": options.limit.unwrap_or(100),
            "p_before": options.before,
            "p_since": options.since,
            "p_until": options.until,
        });
        self.call("email_queue_list", arguments.to_string()).await
    }

    async fn list_dead_letters(
        &self,
        filter: &DeadLetterFilter,
        options: &ListOptions,
    ) -> Result<Vec<QueueMessage>, QueueError> {
        if let Some(before) = &options.before {
            check_id("before", before)?;
        }
        let arguments = json!({
            "p_filter": filter,
            "p_limit": options.limit.unwrap_or(100),
            "p_before": options.before,
        });
        self.call("email_queue_dead_letters", arguments.to_string())
            .await
    }

    async fn redrive(&self, redrive: &Redrive) -> Result<Redriven, QueueError> {
        for id in redrive.ids.iter().flatten() {
            check_id("ids", id)?;
        }
        let arguments = json!({
            "p_ids": redrive.ids,
            "p_filter": redrive.filter,
            "p_dry_run": redrive.dry_run,
            "p_allow_duplicates": redrive.allow_duplicates,
            "p_limit": redrive.limit.unwrap_or(1000),
        });
        self.call("email_queue_redrive", arguments.to_string())
            .await
    }

    async fn stats(&self) -> Result<Stats, QueueError> {
        self.call("email_queue_stats", "{}".to_owned()).await
    }

    async fn pause(
        &self,
        reason: &str,
        domain: Option<&str>,
        time: Option<Duration>,
    ) -> Result<(), QueueError> {
        let seconds = time.map(|time| millis(time).div_ceil(1000));
        let arguments = json!({ "p_reason": reason, "p_domain": domain, "p_seconds": seconds });
        self.call::<Value>("email_queue_pause", arguments.to_string())
            .await
            .map(|_| ())
    }

    async fn resume(&self, domain: Option<&str>) -> Result<bool, QueueError> {
        let answer: Value = self
            .call(
                "email_queue_resume",
                json!({ "p_domain": domain }).to_string(),
            )
            .await?;
        answer
            .get("resumed")
            .and_then(Value::as_bool)
            .ok_or_else(|| unreadable("email_queue_resume"))
    }
}

fn settlement(function: &str, answer: &Value) -> Result<Settlement, QueueError> {
    match answer.get("result").and_then(Value::as_str) {
        Some("applied") => Ok(Settlement::Applied),
        Some("already") => Ok(Settlement::Already),
        Some("lost") => Ok(Settlement::Lost),
        Some("invalid") => {
            let reason = answer
                .get("reason")
                .and_then(Value::as_str)
                .unwrap_or_default();
            Err(QueueError::invalid("lease", reason))
        }
        Some("error") => Err(QueueError::new(
            ErrorCode::Unavailable,
            "the database could not settle it; try again",
        )),
        _ => Err(unreadable(function)),
    }
}

fn check_id(field: &str, id: &str) -> Result<(), QueueError> {
    let digits = id.chars().filter(|c| *c != '-').count();
    if digits == 32 && id.chars().all(|c| c == '-' || c.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(QueueError::invalid(
            field,
            "must be the id of a message (a UUID)",
        ))
    }
}

fn unreadable(function: &str) -> QueueError {
    QueueError::new(
        ErrorCode::Unexpected,
        format!("the answer of {function} cannot be read"),
    )
}
