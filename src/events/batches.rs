//! Events on their way to the database: one call at a time, and all that come meanwhile go with the next one.

use crate::base::{ErrorCode, QueueError};
use crate::protocol::{ProviderEvent, Recorded, Rpc, events_answer, events_arguments};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// The most events of a call.
const MOST: usize = 100;
/// The most calls that wait for the one under way.
const MOST_WAITING: usize = 10;

/// The database's function.
pub const RECORD: &str = "email_queue_record_events";

/// A call of the database that came to nothing: no event of it was recorded, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub QueueError);

type CallResult = Rc<Result<Vec<Recorded>, Failure>>;
type Call = Shared<LocalBoxFuture<'static, CallResult>>;

/// Takes events to the database.
pub struct Batches<R> {
    rpc: Rc<R>,
    /// Is told of a call that failed.
    failed: Rc<dyn Fn(&QueueError)>,
    /// In their order; the first is under way.
    batches: RefCell<VecDeque<Batch>>,
}

struct Batch {
    /// `None`: they have left.
    events: Rc<RefCell<Option<Vec<ProviderEvent>>>>,
    call: Call,
}

/// An event's place in a call.
pub struct EventTicket {
    call: Call,
    index: usize,
}

impl EventTicket {
    /// What happened to the event.
    ///
    /// # Errors
    /// The call failed.
    pub async fn result(self) -> Result<Recorded, Failure> {
        match &*self.call.await {
            Ok(results) => results.get(self.index).cloned().ok_or_else(|| {
                Failure(QueueError::new(
                    ErrorCode::Unexpected,
                    "an event has no result",
                ))
            }),
            Err(failure) => Err(failure.clone()),
        }
    }
}

impl<R: Rpc + 'static> Batches<R> {
    /// Nothing is under way.
    pub fn new(rpc: Rc<R>, failed: impl Fn(&QueueError) + 'static) -> Self {
        Self {
            rpc,
            failed: Rc::new(failed),
            batches: RefCell::default(),
        }
    }

    /// Has the event go with the next call; `None`: too many wait.
    pub fn enter(&self, event: ProviderEvent) -> Option<EventTicket> {
        let mut batches = self.batches.borrow_mut();
        while batches
            .front()
            .is_some_and(|first| first.call.peek().is_some())
        {
            batches.pop_front();
        }
        if let Some(last) = batches.back()
            && let Some(events) = &mut *last.events.borrow_mut()
            && events.len() < MOST
        {
            events.push(event);
            return Some(EventTicket {
                call: last.call.clone(),
                index: events.len() - 1,
            });
        }
        if batches.len() > MOST_WAITING {
            return None;
        }
        let before = batches.back().map(|last| last.call.clone());
        let events = Rc::new(RefCell::new(Some(vec![event])));
        let (rpc, failed) = (self.rpc.clone(), self.failed.clone());
        let call = call(before, events.clone(), rpc, failed);
        let call = call.boxed_local().shared();
        batches.push_back(Batch {
            events,
            call: call.clone(),
        });
        Some(EventTicket { call, index: 0 })
    }
}

/// Waits for the call before. Where that found no database, this one would not either: a caller that waits should hear so in time.
async fn call<R: Rpc>(
    before: Option<Call>,
    events: Rc<RefCell<Option<Vec<ProviderEvent>>>>,
    rpc: Rc<R>,
    failed: Rc<dyn Fn(&QueueError)>,
) -> CallResult {
    if let Some(before) = before
        && let Err(failure) = &*before.await
        && failure.0.code.is_retryable()
    {
        events.borrow_mut().take();
        return Rc::new(Err(failure.clone()));
    }
    let events = events.borrow_mut().take().unwrap_or_default();
    let outcome = record(&*rpc, &events).await.map_err(|error| {
        failed(&error);
        Failure(error)
    });
    Rc::new(outcome)
}

async fn record(rpc: &impl Rpc, events: &[ProviderEvent]) -> Result<Vec<Recorded>, QueueError> {
    let answer = rpc.call(RECORD, &events_arguments(events, 0)?).await?;
    events_answer(&answer, events.len())
}

#[cfg(test)]
mod tests;
