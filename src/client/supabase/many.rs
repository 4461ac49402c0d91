//! Enqueueing any number of messages, a bounded number in each call.

use super::{SupabaseQueueProvider, unreadable};
use crate::base::limits::MAX_ENQUEUE;
use crate::base::{QueueError, Random, typed};
use crate::client::check;
use crate::protocol::{Enqueued, NewMessage, Rpc};

/// Messages and bytes in one call of `enqueue_many`. The database takes no more than a thousand; a call that fails is
/// repeated whole.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

impl<R: Rpc, T: Random> SupabaseQueueProvider<R, T> {
    pub(super) async fn in_chunks(
        &self,
        count: usize,
        message: &dyn Fn(usize) -> Result<NewMessage, QueueError>,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<Enqueued>, QueueError> {
        let encode = |index| {
            message(index)
                .and_then(encoded)
                .map_err(|error| error.of_item(index))
        };
        for index in 0..count {
            encode(index)?;
        }
        let mut enqueued = Vec::with_capacity(count);
        let mut chunk = String::new();
        let mut chunked = 0;
        for index in 0..count {
            let text = encode(index)?;
            let full = chunked == MAX_ENQUEUE || chunk.len() + text.len() > CHUNK_BYTES;
            if full && chunked > 0 {
                let result = self.enqueue_chunk(std::mem::take(&mut chunk)).await;
                enqueued.extend(result.map_err(|error| error.counted_from(enqueued.len()))?);
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
            let result = self.enqueue_chunk(chunk).await;
            enqueued.extend(result.map_err(|error| error.counted_from(enqueued.len()))?);
            progress(enqueued.len());
        }
        Ok(enqueued)
    }

    pub(super) async fn enqueue_chunk(
        &self,
        messages: String,
    ) -> Result<Vec<Enqueued>, QueueError> {
        let arguments = format!("{{\"p_messages\":[{messages}]}}");
        let answer = self.ask("email_queue_enqueue_many", arguments).await?;
        typed(&answer).map_err(|_| unreadable("email_queue_enqueue_many"))
    }
}

/// The message's JSON, once it is checked.
pub(super) fn encoded(message: NewMessage) -> Result<String, QueueError> {
    let message = check::message(message)?;
    serde_json::to_string(&message).map_err(|_| QueueError::invalid("payload", "is not JSON"))
}
