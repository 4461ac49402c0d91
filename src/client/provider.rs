//! The contract of a queue. Each method is here once: for implementations, for a holder of either queue ([`Either`]), and for callers
//! that write JSON ([`call`]). JavaScript gets its methods from [`call`], too.
#![allow(async_fn_in_trait)] // The futures of the WebAssembly implementation are not `Send`.

use super::check;
use super::json::{self, options, read_out, read_out_all, text, write};
use crate::base::QueueError;
use crate::protocol::{
    Cancelled, DeadLetterFilter, Dequeue, Enqueued, Lease, Leased, ListOptions, NewMessage,
    NewTemplate, Operation, Page, Pause, QueueMessage, QueueMessageStatus, Redrive, Redriven,
    Settlement, Stats, Suppress, Suppression, SuppressionList, Unsuppress, Unsuppressed,
    UsedTemplate,
};
use serde_json::Value;
use std::time::Duration;

macro_rules! queue_provider {
    ($($(#[$doc:meta])* $method:ident = $name:ident($($argument:ident: $type:ty),*) -> $answer:ty
        => |$queue:ident, $next:ident| $carry_out:expr;)*
        $(-> $operation:ident;)*) => {
        /// A queue: enqueue, consume, watch, operate. All implementations pass the same cases.
        ///
        /// Every error can be a call that failed; after `timeout` and `unreachable` it may have been carried out. Enqueueing
        /// can be repeated safely with a `dedup_key`, the calls with a lease always.
        pub trait QueueProvider {
            /// Enqueues `count` messages that `message` makes, so that not all of them need be held at once: each is made
            /// twice, once to be checked and once to be sent. `progress` is told how many are enqueued, after each call.
            ///
            /// # Errors
            /// As [`enqueue_many`](Self::enqueue_many).
            async fn enqueue_each(
                &self,
                count: usize,
                message: &dyn Fn(usize) -> Result<NewMessage, QueueError>,
                progress: &mut dyn FnMut(usize),
            ) -> Result<Vec<Enqueued>, QueueError>;

            /// Enqueues messages in their order, up to a thousand in one call; each call is one transaction. All are
            /// checked before the first call, but for what only the database knows: its clock (`send_before` in the past),
            /// its limit of a payload, its default sender. Where a call fails, earlier ones stand. The field of what is
            /// wrong begins with `messages[i]`.
            async fn enqueue_many(&self, messages: &[NewMessage]) -> Result<Vec<Enqueued>, QueueError> {
                let message = |index: usize| Ok(messages.get(index).cloned().unwrap_or_default());
                self.enqueue_each(messages.len(), &message, &mut |_| ()).await
            }

            $($(#[$doc])* async fn $name(&self, $($argument: $type),*) -> Result<$answer, QueueError>;)*

            /// What not every queue has, with arguments and answer as JavaScript writes them:
            /// [`QueueOperations`](super::QueueOperations) are these in Rust.
            ///
            /// # Errors
            /// `invalid_input` where this queue does not have it.
            async fn operate(&self, operation: Operation, arguments: Vec<Value>) -> Result<Value, QueueError> {
                let _ = arguments;
                Err(operation.is_missing())
            }
        }

        /// The one or the other queue.
        #[derive(Debug)]
        pub enum Either<A, B> {
            /// The one.
            One(A),
            /// The other.
            Other(B),
        }

        impl<A: QueueProvider, B: QueueProvider> QueueProvider for Either<A, B> {
            async fn enqueue_each(
                &self,
                count: usize,
                message: &dyn Fn(usize) -> Result<NewMessage, QueueError>,
                progress: &mut dyn FnMut(usize),
            ) -> Result<Vec<Enqueued>, QueueError> {
                match self {
                    Self::One(queue) => queue.enqueue_each(count, message, progress).await,
                    Self::Other(queue) => queue.enqueue_each(count, message, progress).await,
                }
            }

            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, QueueError> {
                match self {
                    Self::One(queue) => queue.$name($($argument),*).await,
                    Self::Other(queue) => queue.$name($($argument),*).await,
                }
            })*

            async fn operate(&self, operation: Operation, arguments: Vec<Value>) -> Result<Value, QueueError> {
                match self {
                    Self::One(queue) => queue.operate(operation, arguments).await,
                    Self::Other(queue) => queue.operate(operation, arguments).await,
                }
            }
        }

        /// The methods, as JavaScript names them but for the first letter.
        #[cfg_attr(target_arch = "wasm32", wasm_bindgen::prelude::wasm_bindgen)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)] // See the trait.
        pub enum Method { EnqueueMany, $($method,)* $($operation),* }

        impl Method {
            /// All of them.
            pub const ALL: &[Self] = &[Self::EnqueueMany, $(Self::$method,)* $(Self::$operation),*];
        }

        /// Calls a method with its arguments as JavaScript writes them: names in camelCase, times as text.
        ///
        /// # Errors
        /// As the method's; `invalid_input` also names what does not have the type that it must have.
        pub async fn call(
            queue: &impl QueueProvider,
            method: Method,
            arguments: Vec<Value>,
        ) -> Result<Value, QueueError> {
            let operation = match method {
                $(Method::$operation => Some(Operation::$operation),)*
                _ => None,
            };
            if let Some(operation) = operation {
                return queue.operate(operation, arguments).await;
            }
            let mut arguments = arguments.into_iter();
            let mut next = || arguments.next().unwrap_or_default();
            match method {
                // A module has a door of its own for it, through which one message comes at a time.
                #[cfg(target_arch = "wasm32")]
                Method::EnqueueMany => Ok(Value::Null),
                #[cfg(not(target_arch = "wasm32"))]
                Method::EnqueueMany => write(queue.enqueue_many(&json::messages(next())?).await?),
                $(Method::$method => { let ($queue, $next) = (queue, &mut next); $carry_out })*
                $(Method::$operation => Ok(Value::Null),)*
            }
        }
    };
}

queue_provider! {
    /// Enqueues one message. E-mail payloads are checked in full first.
    Enqueue = enqueue(message: NewMessage) -> Enqueued
        => |queue, next| write(queue.enqueue(json::message(next())?).await?);

    /// Leases messages of a custom type; `email` is the function's.
    Dequeue = dequeue(options: &Dequeue) -> Vec<Leased> => |queue, next| {
        let leased = queue.dequeue(&options(next())?).await?.into_iter();
        leased.map(|leased| read_out(leased.message, Some(leased.lease))).collect()
    };

    /// Makes a lease end `visibility` from now, if that is later.
    Extend = extend(lease: &Lease, visibility: Duration) -> Settlement => |queue, next| {
        let lease = json::lease(next())?;
        let visibility = check::visibility(json::number("visibilityTimeout", next())?)?;
        write(queue.extend(&lease, visibility).await?)
    };

    /// The message is done.
    Complete = complete(lease: &Lease) -> Settlement
        => |queue, next| write(queue.complete(&json::lease(next())?).await?);

    /// The message can never be done: it fails as `rejected`. `error` is kept with it: an object.
    Fail = fail(lease: &Lease, error: Value) -> Settlement
        => |queue, next| write(queue.fail(&json::lease(next())?, next()).await?);

    /// The message is tried again after `delay`, or fails as `exhausted` where its attempts are used up.
    Retry = retry(lease: &Lease, error: Value, delay: Duration) -> Settlement => |queue, next| {
        let (lease, error) = (json::lease(next())?, next());
        write(queue.retry(&lease, error, json::delay(next())?).await?)
    };

    /// Gives the message back without having used an attempt.
    Release = release(lease: &Lease) -> Settlement
        => |queue, next| write(queue.release(&json::lease(next())?).await?);

    /// Cancels a message that waits; for one that does not, it says why.
    Cancel = cancel(id: &str) -> Cancelled => |queue, next| write(queue.cancel(&text(next())).await?);

    /// One message, or `None`.
    GetMessage = get_message(id: &str) -> Option<QueueMessage> => |queue, next| {
        let message = queue.get_message(&text(next())).await?;
        message.map_or(Ok(Value::Null), |message| read_out(message, None))
    };

    /// Messages in a status, newest first.
    GetMessagesByStatus = get_messages_by_status(status: QueueMessageStatus, options: &ListOptions) -> Vec<QueueMessage>
        => |queue, next| {
            let status = json::status(next())?;
            read_out_all(queue.get_messages_by_status(status, &options(next())?).await?)
        };

    /// Failed messages, newest first.
    ListDeadLetters = list_dead_letters(filter: &DeadLetterFilter, page: &Page) -> Vec<QueueMessage> => |queue, next| {
        let (filter, page) = json::filter_and_page(next())?;
        read_out_all(queue.list_dead_letters(&filter, &options(page)?).await?)
    };

    /// Puts failed messages back to be sent, at most 1000 a call.
    Redrive = redrive(redrive: &Redrive) -> Redriven
        => |queue, next| write(queue.redrive(&options(next())?).await?);

    /// Puts an address on the suppression list: no mail of its topic, or none at all, is sent to it.
    Suppress = suppress(suppress: &Suppress) -> Suppression
        => |queue, next| write(queue.suppress(&options(next())?).await?);

    /// Takes an address off the suppression list.
    Unsuppress = unsuppress(unsuppress: &Unsuppress) -> Unsuppressed
        => |queue, next| write(queue.unsuppress(&options(next())?).await?);

    /// Entries of the suppression list, newest first.
    ListSuppressions = list_suppressions(list: &SuppressionList) -> Vec<Suppression>
        => |queue, next| write(queue.list_suppressions(&options(next())?).await?);

    /// Stores a template of e-mails. Another content is another version.
    PutTemplate = put_template(template: &NewTemplate) -> UsedTemplate
        => |queue, next| write(queue.put_template(&options(next())?).await?);

    /// How deep the queue is, and what holds mail up.
    Stats = stats() -> Stats => |queue, _next| write(queue.stats().await?);

    /// Pauses e-mail, or one sender domain, for a time or until it is resumed.
    Pause = pause(pause: &Pause) -> () => |queue, next| write(queue.pause(&options(next())?).await?);

    /// Ends a pause. Answers whether there was one.
    Resume = resume(domain: Option<&str>) -> bool
        => |queue, next| write(queue.resume(json::domain(next())?.as_deref()).await?);

    -> Discard;
    -> Erase;
    -> Configure;
    -> Prune;
    -> Search;
    -> Show;
    -> Events;
    -> Runs;
    -> Audit;
}
