//! The one or the other queue, in one type.

use crate::queue::{
    Cancelled, DeadLetterFilter, Dequeue, Enqueued, InMemoryQueueProvider, Lease, Leased,
    ListOptions, NewMessage, Page, Pause, QueueError, QueueMessage, QueueMessageStatus,
    QueueProvider, Redrive, Redriven, Settlement, Stats, SupabaseQueueProvider,
};
use serde_json::Value;
use std::time::Duration;

pub(super) enum Either {
    Supabase(SupabaseQueueProvider),
    InMemory(Box<InMemoryQueueProvider>),
}

impl Either {
    pub(super) async fn enqueue_each(
        &self,
        count: usize,
        message: impl Fn(usize) -> Result<NewMessage, QueueError>,
        progress: impl FnMut(usize),
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
    enqueue_many(messages: &[NewMessage]) -> Vec<Enqueued>;
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
