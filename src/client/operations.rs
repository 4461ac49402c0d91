//! What operators search, look up and set, typed. JavaScript carries the same as JSON.

use super::QueueProvider;
use super::words::{recased, snake};
use crate::base::{ErrorCode, QueueError};
use crate::protocol::{
    AuditFilter, Audited, Discard, Discarded, Erased, EventRow, Found, Operation, Page, Pruned,
    RunRow, Search, Shown,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Operators' calls of a project's queue. The queue in memory has `discard`, `erase`, `configure`, `prune`
/// and `search`.
///
/// ```
/// use email_queue::{InMemoryQueueProvider, NewMessage, Page, QueueOperations, QueueProvider, Search};
/// use serde_json::json;
///
/// # futures_util::future::FutureExt::now_or_never(async {
/// let queue = InMemoryQueueProvider::new();
/// let payload = json!({"from": "shop@example.com", "to": "Ann <ann@example.com>", "subject": "Hello", "text": "Hi"});
/// queue.enqueue(NewMessage { payload, ..NewMessage::default() }).await?;
/// let to_ann = Search { recipient: Some("ann@example.com".into()), ..Search::default() };
/// assert_eq!(queue.search(&to_ann, &Page::default()).await?.messages.len(), 1);
/// # Ok::<(), email_queue::QueueError>(())
/// # }).expect("memory waits for nothing")?;
/// # Ok::<(), email_queue::QueueError>(())
/// ```
#[allow(async_fn_in_trait)] // As `QueueProvider`.
pub trait QueueOperations: QueueProvider {
    /// Deletes failed messages for good, at most 1000 a call.
    async fn discard(&self, discard: &Discard) -> Result<Discarded, QueueError> {
        answer(
            self.operate(Operation::Discard, vec![json!(discard)])
                .await?,
        )
    }

    /// Erases payload and metadata of a message that has ended; of one that has not, it says why not.
    async fn erase(&self, id: &str) -> Result<Erased, QueueError> {
        answer(self.operate(Operation::Erase, vec![id.into()]).await?)
    }

    /// Messages of any status, newest first. Where `next` is given, the search goes on before it.
    async fn search(&self, filter: &Search, page: &Page) -> Result<Found, QueueError> {
        let arguments = vec![json!(filter), of_page(page)];
        answer(self.operate(Operation::Search, arguments).await?)
    }

    /// One message with its timeline, or `None`.
    async fn show(&self, id: &str) -> Result<Option<Shown>, QueueError> {
        answer(self.operate(Operation::Show, vec![id.into()]).await?)
    }

    /// What the provider reported about a message, oldest first.
    async fn events(&self, id: &str) -> Result<Vec<EventRow>, QueueError> {
        answer(self.operate(Operation::Events, vec![id.into()]).await?)
    }

    /// Runs of the function, newest first.
    async fn runs(&self, page: &Page) -> Result<Vec<RunRow>, QueueError> {
        answer(self.operate(Operation::Runs, vec![of_page(page)]).await?)
    }

    /// Operators' calls that changed something, newest first.
    async fn audit(&self, filter: &AuditFilter, page: &Page) -> Result<Vec<Audited>, QueueError> {
        let mut arguments = json!(filter);
        if let (Value::Object(filter), Value::Object(page)) = (&mut arguments, of_page(page)) {
            filter.extend(page);
        }
        answer(self.operate(Operation::Audit, vec![arguments]).await?)
    }

    /// Changes the settings that are named, as in `{"rate_limit": 5}`, and answers all of them.
    async fn configure(
        &self,
        settings: Map<String, Value>,
    ) -> Result<Map<String, Value>, QueueError> {
        answer(
            self.operate(Operation::Configure, vec![settings.into()])
                .await?,
        )
    }

    /// Deletes what is past its retention. `limit`: how many messages are looked at, 1000 by default.
    async fn prune(&self, limit: Option<u32>) -> Result<Pruned, QueueError> {
        answer(self.operate(Operation::Prune, vec![json!(limit)]).await?)
    }
}

impl<Q: QueueProvider> QueueOperations for Q {}

fn of_page(page: &Page) -> Value {
    json!({ "limit": page.limit, "before": page.before })
}

fn answer<T: DeserializeOwned>(told: Value) -> Result<T, QueueError> {
    let unread = |_| QueueError::new(ErrorCode::Unexpected, "the answer cannot be read");
    serde_json::from_value(recased(told, &snake)).map_err(unread)
}
