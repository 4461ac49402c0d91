//! The worker's queue: one function of the database for all that a run does.

use crate::ports::{Rpc, WorkQueue};
use crate::queue::{ErrorCode, QueueError};
use crate::work;
use serde::Serialize;
use serde_json::json;
use std::cell::Cell;

/// The worker's queue over any RPC.
pub struct RpcQueue<R> {
    rpc: R,
    seed_sender: Cell<Option<String>>,
}

impl<R: Rpc> RpcQueue<R> {
    /// `seed_sender` is stored as the default sender with the first call, where none is stored.
    pub fn new(rpc: R, seed_sender: Option<String>) -> Self {
        Self {
            rpc,
            seed_sender: Cell::new(seed_sender),
        }
    }
}

#[derive(Serialize)]
struct SeededRequest<'a> {
    #[serde(flatten)]
    request: &'a work::Request,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed_sender: Option<&'a str>,
}

impl<R: Rpc> WorkQueue for RpcQueue<R> {
    async fn work(&self, request: &work::Request) -> Result<work::Reply, QueueError> {
        let seed_sender = self.seed_sender.take();
        let seeded = SeededRequest {
            request,
            seed_sender: seed_sender.as_deref(),
        };
        let arguments = json!({ "p_request": seeded }).to_string();
        let answer = self.rpc.call("email_queue_work", &arguments).await;
        if answer.is_err() {
            self.seed_sender.set(seed_sender);
        }
        let answer = answer?;
        serde_json::from_str(&answer).map_err(|error| {
            QueueError::new(
                ErrorCode::Unexpected,
                format!(
                    "the answer of email_queue_work cannot be read: {}",
                    crate::outcome::scrub(&error.to_string())
                ),
            )
        })
    }
}
