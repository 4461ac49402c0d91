//! The queue in memory, for users' own tests.

use super::{Queue, Settings};
use crate::base::limits::{MAX_ENQUEUE, MAX_PAGE};
use crate::base::{QueueError, Random};
use crate::client::{QueueProvider, check, check::canonical, check_operator, ending};
use crate::client::{asked::asked, words::told};
use crate::io::{SystemRandom, since_1970};
use crate::protocol::{
    Cancelled, DeadLetterFilter, Dequeue, Enqueued, Lease, Leased, ListOptions, NewMessage,
    NewTemplate, Operation, Page, Pause, QueueMessage, QueueMessageStatus, Redrive, Redriven,
    Settle, Settled, Settlement, Stats, Suppress, Suppression, SuppressionList, Unsuppress,
    Unsuppressed, UsedTemplate,
};
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A queue that lives as long as this value: the contract of
/// [`SupabaseQueueProvider`](crate::client::SupabaseQueueProvider) without a database. Nothing sends its e-mails.
///
/// ```
/// use email_queue::{Dequeue, InMemoryQueueProvider, NewMessage, QueueProvider, Settlement};
/// use serde_json::json;
/// use std::time::Duration;
///
/// # futures_util::future::FutureExt::now_or_never(async {
/// let queue = InMemoryQueueProvider::new();
/// queue.enqueue(NewMessage { kind: Some("report".into()), payload: json!({"month": 1}), ..NewMessage::default() }).await?;
/// let reports = Dequeue { types: vec!["report".into()], ..Dequeue::default() };
/// let first = queue.dequeue(&reports).await?.remove(0);
/// assert_eq!(first.message.payload, json!({"month": 1}));
///
/// // Its worker is slow: after the visibility timeout another has the message, and the first is told so.
/// queue.advance(Duration::from_secs(61));
/// let second = queue.dequeue(&reports).await?.remove(0);
/// assert_eq!(queue.complete(&first.lease).await?, Settlement::Lost);
/// assert_eq!(queue.complete(&second.lease).await?, Settlement::Applied);
/// # Ok::<(), email_queue::QueueError>(())
/// # }).expect("memory waits for nothing")?;
/// # Ok::<(), email_queue::QueueError>(())
/// ```
#[derive(Debug, Default)]
pub struct InMemoryQueueProvider {
    state: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    queue: Queue,
    /// The time of the last call: a clock that is put back must not put the queue back.
    now: Duration,
    advanced: Duration,
}

impl InMemoryQueueProvider {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a default sender, written into payloads without `from`.
    ///
    /// # Errors
    /// `invalid_input` with the field `defaultSender`.
    pub fn with_sender(default_sender: &str) -> Result<Self, QueueError> {
        let settings = Settings {
            default_sender: Some(default_sender.to_owned()),
            ..Settings::default()
        };
        let provider = Self::new();
        (provider.state().queue.configure(settings)).map_err(QueueError::in_callers_words)?;
        Ok(provider)
    }

    /// Lets time pass: leases end, what is scheduled becomes due.
    pub fn advance(&self, time: Duration) {
        let mut state = self.state();
        state.advanced = state.advanced.saturating_add(time);
    }

    fn with<T>(&self, step: impl FnOnce(&mut Queue, Duration) -> T) -> T {
        let mut state = self.state();
        state.now = state.now.max(since_1970() + state.advanced);
        let now = state.now;
        step(&mut state.queue, now)
    }

    fn state(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, settle: &Settle) -> Result<Settlement, QueueError> {
        let Settled { result, reason, .. } = self.with(|queue, now| queue.settle(now, settle));
        ending::settlement(result, &reason.unwrap_or_default())
    }
}

impl QueueProvider for InMemoryQueueProvider {
    async fn enqueue(&self, message: NewMessage) -> Result<Enqueued, QueueError> {
        let message = check::message(message)?;
        (self.with(|queue, now| queue.enqueue(now, &message))).map_err(QueueError::in_callers_words)
    }

    async fn enqueue_each(
        &self,
        count: usize,
        message: &dyn Fn(usize) -> Result<NewMessage, QueueError>,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<Enqueued>, QueueError> {
        let checked =
            |index| (message(index).and_then(check::message)).map_err(|error| error.of_item(index));
        for index in 0..count {
            checked(index)?;
        }
        let mut enqueued = Vec::with_capacity(count);
        while enqueued.len() < count {
            let chunk = enqueued.len()..count.min(enqueued.len() + MAX_ENQUEUE);
            let chunk = chunk.map(checked).collect::<Result<Vec<_>, _>>()?;
            let result = self.with(|queue, now| queue.enqueue_many(now, &chunk));
            let first = enqueued.len();
            enqueued.extend(result.map_err(|error| error.in_callers_words().counted_from(first))?);
            progress(enqueued.len());
        }
        Ok(enqueued)
    }

    async fn dequeue(&self, options: &Dequeue) -> Result<Vec<Leased>, QueueError> {
        let (wanted, visibility) = check::dequeue(options)?;
        let tokens: Vec<String> = (0..wanted).map(|_| SystemRandom.token()).collect();
        Ok(self.with(|queue, now| queue.dequeue(now, &options.types, &tokens, visibility)))
    }

    async fn extend(&self, lease: &Lease, visibility: Duration) -> Result<Settlement, QueueError> {
        let lease = check::lease(lease)?;
        let visibility = check::lease_time(visibility)?;
        let until =
            self.with(|queue, now| queue.extend(now, &lease.dispatch_id, &lease.token, visibility));
        Ok(until.map_or(Settlement::Lost, |_| Settlement::Applied))
    }

    async fn complete(&self, lease: &Lease) -> Result<Settlement, QueueError> {
        self.settle(&ending::complete(lease)?)
    }

    async fn fail(&self, lease: &Lease, error: Value) -> Result<Settlement, QueueError> {
        self.settle(&ending::fail(lease, error)?)
    }

    async fn retry(
        &self,
        lease: &Lease,
        error: Value,
        delay: Duration,
    ) -> Result<Settlement, QueueError> {
        self.settle(&ending::retry(lease, error, delay)?)
    }

    async fn release(&self, lease: &Lease) -> Result<Settlement, QueueError> {
        self.settle(&ending::release(lease)?)
    }

    async fn cancel(&self, id: &str) -> Result<Cancelled, QueueError> {
        check::id("id", id)?;
        Ok(self.with(|queue, now| queue.cancel_or_explain(now, &canonical(id))))
    }

    async fn get_message(&self, id: &str) -> Result<Option<QueueMessage>, QueueError> {
        check::id("id", id)?;
        Ok(self.with(|queue, _| queue.get(&canonical(id))))
    }

    async fn get_messages_by_status(
        &self,
        status: QueueMessageStatus,
        options: &ListOptions,
    ) -> Result<Vec<QueueMessage>, QueueError> {
        check_operator::list(options)?;
        let before = options.before.as_deref().map(canonical);
        let options = ListOptions {
            before,
            ..options.clone()
        };
        Ok(self.with(|queue, _| queue.page(status, &options)))
    }

    async fn list_dead_letters(
        &self,
        filter: &DeadLetterFilter,
        page: &Page,
    ) -> Result<Vec<QueueMessage>, QueueError> {
        check_operator::dead_letters(filter, page)?;
        let before = page.before.as_deref().map(canonical);
        let limit = page.limit.unwrap_or(100) as usize;
        Ok(self.with(|queue, _| queue.dead_letters(filter, limit, before.as_deref())))
    }

    async fn redrive(&self, redrive: &Redrive) -> Result<Redriven, QueueError> {
        check_operator::redrive(redrive)?;
        let redrive = Redrive {
            ids: all_canonical(redrive.ids.as_deref()),
            ..redrive.clone()
        };
        let limit = redrive.limit.unwrap_or(MAX_PAGE) as usize;
        Ok(self.with(|queue, now| queue.redrive_many(now, &redrive, limit)))
    }

    async fn operate(
        &self,
        operation: Operation,
        arguments: Vec<Value>,
    ) -> Result<Value, QueueError> {
        let asked = asked(operation, arguments)?;
        (self.with(|queue, now| queue.operate(now, operation, &asked)))
            .map(told)
            .map_err(QueueError::in_callers_words)
    }

    async fn suppress(&self, suppress: &Suppress) -> Result<Suppression, QueueError> {
        check_operator::suppress(suppress)?;
        Ok(self.with(|queue, now| queue.suppress(now, suppress)))
    }

    async fn unsuppress(&self, unsuppress: &Unsuppress) -> Result<Unsuppressed, QueueError> {
        check_operator::unsuppress(unsuppress)?;
        Ok(self.with(|queue, now| queue.unsuppress(now, unsuppress)))
    }

    async fn list_suppressions(
        &self,
        list: &SuppressionList,
    ) -> Result<Vec<Suppression>, QueueError> {
        check_operator::suppressions(list)?;
        let after = list.after.as_deref().map(canonical);
        let list = SuppressionList {
            after,
            ..list.clone()
        };
        Ok(self.with(|queue, _| queue.list_suppressions(&list)))
    }

    async fn put_template(&self, template: &NewTemplate) -> Result<UsedTemplate, QueueError> {
        self.with(|queue, _| queue.put_template(template))
    }

    async fn stats(&self) -> Result<Stats, QueueError> {
        Ok(self.with(|queue, now| queue.stats(now)))
    }

    async fn pause(&self, pause: &Pause) -> Result<(), QueueError> {
        let time = check_operator::pause(pause)?;
        self.with(|queue, now| queue.pause(now, &pause.reason, pause.domain.as_deref(), time));
        Ok(())
    }

    async fn resume(&self, domain: Option<&str>) -> Result<bool, QueueError> {
        check_operator::domain(domain)?;
        Ok(self.with(|queue, now| queue.resume(now, domain)))
    }
}

fn all_canonical(ids: Option<&[String]>) -> Option<Vec<String>> {
    ids.map(|ids| ids.iter().map(|id| canonical(id)).collect())
}
