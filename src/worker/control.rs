//! What a run under way can be told from outside.

use super::Order;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Tells one run. A weaker order than the last one says nothing.
#[derive(Debug, Default)]
pub struct Control {
    order: Cell<Option<Order>>,
    run: RefCell<Option<Waker>>,
}

impl Control {
    /// Tells the run, at once if it is waiting.
    pub fn give(&self, order: Order) {
        if self.order.get() < Some(order) {
            self.order.set(Some(order));
            if let Some(run) = self.run.take() {
                run.wake();
            }
        }
    }

    /// The next order that is stronger than `known`.
    pub(super) async fn beyond(&self, known: Option<Order>) -> Order {
        poll_fn(|context| match self.order.get() {
            Some(order) if Some(order) > known => Poll::Ready(order),
            _ => {
                self.run.replace(Some(context.waker().clone()));
                Poll::Pending
            }
        })
        .await
    }
}
