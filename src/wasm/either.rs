//! The one or the other queue, in one type.

use crate::base::QueueError;
use crate::client::{QueueProvider, SupabaseQueueProvider};
use crate::model::InMemoryQueueProvider;
use crate::protocol::{
    Cancelled, DeadLetterFilter, Dequeue, Enqueued, Lease, Leased, ListOptions, NewMessage, Page,
    Pause, QueueMessage, QueueMessageStatus, Redrive, Redriven, Settlement, Stats,
};
use serde_json::Value;
use std::time::Duration;

pub(super) enum Either {
    Supabase(SupabaseQueueProvider),
    InMemory(Box<InMemoryQueueProvider>),
}

impl Either {
    /// Not generic: it would be in the module twice.
    pub(super) async fn enqueue_each(
        &self,
        count: usize,
        message: &dyn Fn(usize) -> Result<NewMessage, QueueError>,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<Enqueued>, QueueError> {
        match self {
            Self::Supabase(queue) => queue.enqueue_each(count, message, progress).await,
            Self::InMemory(queue) => queue.enqueue_each(count, message, progress).await,
        }
    }
}

macro_rules! delegate {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl QueueProvider for Either {
            async fn enqueue_many(&self, messages: &[NewMessage]) -> Result<Vec<Enqueued>, QueueError> {
                let message = |index: usize| Ok(messages.get(index).cloned().unwrap_or_default());
                self.enqueue_each(messages.len(), &message, &mut |_| ()).await
            }
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, QueueError> {
                match self {
                    Self::Supabase(queue) => queue.$name($($argument),*).await,
                    Self::InMemory(queue) => queue.$name($($argument),*).await,
                }
            })*
        }
    };
}

delegate! {
    enqueue(message: NewMessage) -> Enqueued;
    dequeue(options: &Dequeue) -> Vec<Leased>;
    extend(lease: &Lease, visibility: Duration) -> Settlement;
    complete(lease: &Lease) -> Settlement;
    fail(lease: &Lease, error: Value) -> Settlement;
    retry(lease: &Lease, error: Value, delay: Duration) -> Settlement;
    release(lease: &Lease) -> Settlement;
    cancel(id: &str) -> Cancelled;
    get_message(id: &str) -> Option<QueueMessage>;
    get_messages_by_status(status: QueueMessageStatus, options: &ListOptions) -> Vec<QueueMessage>;
    list_dead_letters(filter: &DeadLetterFilter, page: &Page) -> Vec<QueueMessage>;
    redrive(redrive: &Redrive) -> Redriven;
    stats() -> Stats;
    pause(pause: &Pause) -> ();
    resume(domain: Option<&str>) -> bool;
}
