//! The queue in a Supabase project.

use super::{Enqueued, ErrorCode, NewMessage, QueueError, QueueMessage, QueueMessageStatus};
use crate::adapters::PostgrestRpc;
use crate::email::{Email, Sender};
use crate::ports::Rpc;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Messages in one call of `enqueue_many`, and bytes: PostgREST and the statement timeout bear more, but a call that
/// fails is repeated whole.
const CHUNK_MESSAGES: usize = 500;
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// The queue in a Supabase project, over PostgREST.
pub struct SupabaseQueueProvider<R = PostgrestRpc> {
    rpc: R,
}

impl SupabaseQueueProvider {
    /// `url` is the project's; `key` is one of its secret keys.
    ///
    /// # Errors
    /// `invalid_input` with the field `url` or `key`.
    pub fn new(url: &str, key: &str) -> Result<Self, QueueError> {
        Ok(Self::over(PostgrestRpc::new(url, key)?))
    }
}

impl<R: Rpc> SupabaseQueueProvider<R> {
    /// Over any RPC.
    pub fn over(rpc: R) -> Self {
        Self { rpc }
    }

    /// Enqueues one message. E-mail payloads are checked in full first.
    ///
    /// # Errors
    /// `invalid_input` names the field. After `timeout` or `unreachable` it may have been enqueued: with a `dedup_key`
    /// it can be repeated safely.
    pub async fn enqueue(&self, message: NewMessage) -> Result<Enqueued, QueueError> {
        let mut enqueued = self
            .enqueue_many(vec![message])
            .await
            .map_err(|error| QueueError {
                field: error.field.map(|field| {
                    field
                        .strip_prefix("messages[0].")
                        .map(str::to_owned)
                        .unwrap_or(field)
                }),
                ..error
            })?;
        enqueued
            .pop()
            .ok_or_else(|| unreadable("email_queue_enqueue_many"))
    }

    /// Enqueues messages in their order, some hundred in one call; each call is one transaction. All are checked before
    /// the first call.
    ///
    /// # Errors
    /// As [`enqueue`](Self::enqueue), with `messages[i].` before the field. Earlier calls stand.
    pub async fn enqueue_many(
        &self,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<Enqueued>, QueueError> {
        let mut encoded = Vec::with_capacity(messages.len());
        for (index, message) in messages.into_iter().enumerate() {
            let text = check(message).map_err(|error| QueueError {
                field: error
                    .field
                    .map(|field| format!("messages[{index}].{field}")),
                ..error
            })?;
            encoded.push(text);
        }
        let mut enqueued = Vec::with_capacity(encoded.len());
        let mut rest = encoded.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fitting = rest
                .iter()
                .take(CHUNK_MESSAGES)
                .take_while(|text| {
                    bytes += text.len();
                    bytes <= CHUNK_BYTES
                })
                .count();
            let (chunk, others) = rest.split_at(fitting.max(1).min(rest.len()));
            let arguments = format!("{{\"p_messages\":[{}]}}", chunk.join(","));
            enqueued.extend(
                self.call::<Vec<Enqueued>>("email_queue_enqueue_many", arguments)
                    .await?,
            );
            rest = others;
        }
        Ok(enqueued)
    }

    /// One message, or `None`.
    ///
    /// # Errors
    /// `invalid_input` where `id` is no UUID; otherwise the call failed.
    pub async fn get_message(&self, id: &str) -> Result<Option<QueueMessage>, QueueError> {
        let plain: String = id.chars().filter(|c| *c != '-').collect();
        if plain.len() != 32 || !plain.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(QueueError::invalid(
                "id",
                "must be the id of a message (a UUID)",
            ));
        }
        self.call("email_queue_get", json!({ "p_id": id }).to_string())
            .await
    }

    /// The newest messages in a status, at most 1000.
    ///
    /// # Errors
    /// The call failed.
    pub async fn get_messages_by_status(
        &self,
        status: QueueMessageStatus,
        options: &ListOptions,
    ) -> Result<Vec<QueueMessage>, QueueError> {
        let arguments = json!({
            "p_status": status.as_str(),
            "p_type": options.kind,
            "p_limit": options.limit.unwrap_or(100),
            "p_before": options.before,
        });
        self.call("email_queue_list", arguments.to_string()).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: String,
    ) -> Result<T, QueueError> {
        let answer = self.rpc.call(function, &arguments).await?;
        serde_json::from_str(&answer).map_err(|_| unreadable(function))
    }
}

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ListOptions {
    /// Only this type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// How many: 100 where it is not given, at most 1000.
    pub limit: Option<u32>,
    /// Only messages older than this id.
    pub before: Option<String>,
}

/// Checks what can be checked here, and gives the message's JSON.
fn check(mut message: NewMessage) -> Result<String, QueueError> {
    if message.kind.as_deref().is_none_or(|kind| kind == "email") {
        Email::parse(&message.payload, Sender::Optional)
            .map_err(QueueError::from)
            .map_err(|error| QueueError {
                field: error.field.map(|field| format!("payload.{field}")),
                ..error
            })?;
    } else if message.payload == Value::Null {
        return Err(QueueError::invalid("payload", "is missing"));
    }
    if let Some(seconds) = message.delay_seconds {
        let delay = std::time::Duration::try_from_secs_f64(seconds).map_err(|_| {
            QueueError::invalid("delaySeconds", "must be a number of seconds from 0 on")
        })?;
        message.delay_ms = Some(crate::decide::millis(delay));
    }
    serde_json::to_string(&message).map_err(|_| QueueError::invalid("payload", "is not JSON"))
}

fn unreadable(function: &str) -> QueueError {
    QueueError::new(
        ErrorCode::Unexpected,
        format!("the answer of {function} cannot be read"),
    )
}
