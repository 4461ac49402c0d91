//! The worker's queue: one function of the database for everything that a run does.

use crate::base::{ErrorCode, QueueError};
use crate::protocol::{self, Rpc};
use crate::worker::WorkQueue;
use serde::Serialize;
use serde_json::json;
use std::cell::Cell;

/// The worker's queue over any RPC.
pub struct RpcQueue<R> {
    rpc: R,
    seed_sender: Cell<Option<String>>,
    project_url: String,
}

impl<R: Rpc> RpcQueue<R> {
    /// `seed_sender` is stored as the default sender with the first call, where none is stored. `project_url` tells a copy
    /// of the database from the original, with each call.
    pub fn new(rpc: R, seed_sender: Option<String>, project_url: &str) -> Self {
        Self {
            rpc,
            seed_sender: Cell::new(seed_sender),
            project_url: project_url.to_owned(),
        }
    }
}

#[derive(Serialize)]
struct SignedRequest<'a> {
    #[serde(flatten)]
    request: &'a protocol::WorkRequest,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed_sender: Option<&'a str>,
    project_url: &'a str,
}

impl<R: Rpc> WorkQueue for RpcQueue<R> {
    async fn work(
        &self,
        request: &protocol::WorkRequest,
    ) -> Result<protocol::WorkReply, QueueError> {
        let seed_sender = self.seed_sender.take();
        let signed = SignedRequest {
            request,
            seed_sender: seed_sender.as_deref(),
            project_url: &self.project_url,
        };
        let arguments = json!({ "p_request": signed }).to_string();
        let answer = self.rpc.call("email_queue_worker_work", &arguments).await;
        if answer.is_err() {
            self.seed_sender.set(seed_sender);
        }
        let answer = answer?;
        serde_json::from_str(&answer).map_err(|error| {
            QueueError::new(
                ErrorCode::Unexpected,
                format!(
                    "the answer of email_queue_worker_work cannot be read: {}",
                    crate::base::scrub(&error.to_string())
                ),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::cell::RefCell;

    struct Spy(RefCell<Vec<serde_json::Value>>);

    impl Rpc for Spy {
        async fn call(&self, _: &str, arguments: &str) -> Result<String, QueueError> {
            let call = serde_json::from_str(arguments).unwrap_or_default();
            self.0.borrow_mut().push(call);
            Ok("{}".to_owned())
        }
    }

    #[test]
    fn each_call_says_whose_function_it_is_and_the_first_has_the_sender() {
        let spy = Spy(RefCell::default());
        let queue = RpcQueue::new(spy, Some("a@b.example".into()), "https://abc.supabase.co");
        for _ in 0..2 {
            let answer = queue.work(&protocol::WorkRequest::default()).now_or_never();
            assert!(answer.unwrap().is_ok());
        }
        let calls = queue.rpc.0.into_inner();
        let field = |name| {
            let values = calls.iter().map(|call| call["p_request"][name].clone());
            values.collect::<Vec<_>>()
        };
        assert_eq!(field("project_url"), ["https://abc.supabase.co"; 2]);
        assert_eq!(field("seed_sender"), [json!("a@b.example"), json!(null)]);
    }
}
