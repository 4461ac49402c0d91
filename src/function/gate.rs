//! One run at a time.

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use std::cell::RefCell;

/// A run that any number of requests wait for.
pub type SharedRun<T> = Shared<LocalBoxFuture<'static, T>>;

/// Lets one run through at a time. A caller during a run may have enqueued after its last claim: all such callers
/// together get the run after it. Each run has a ticket, by which those who share it know it.
pub struct Gate<K: Clone, T: Clone + 'static> {
    runs: RefCell<Runs<K, T>>,
}

struct Runs<K: Clone, T: Clone + 'static> {
    current: Option<(K, SharedRun<T>)>,
    next: Option<(K, SharedRun<T>)>,
}

impl<K: Clone, T: Clone + 'static> Default for Gate<K, T> {
    fn default() -> Self {
        let (current, next) = (None, None);
        Self {
            runs: RefCell::new(Runs { current, next }),
        }
    }
}

impl<K: Clone, T: Clone + 'static> Gate<K, T> {
    /// The run under way.
    pub fn current(&self) -> Option<K> {
        let mut runs = self.runs.borrow_mut();
        runs.advance();
        runs.current.as_ref().map(|(ticket, _)| ticket.clone())
    }

    /// The run that waits for the one under way, and answers the callers that come now.
    pub fn next(&self) -> Option<(K, SharedRun<T>)> {
        let mut runs = self.runs.borrow_mut();
        runs.advance();
        runs.next.clone()
    }

    /// Starts `run`, or has it wait for the one under way. Where one waits already, that one answers this request too.
    pub fn enter(&self, ticket: K, run: impl Future<Output = T> + 'static) -> (K, SharedRun<T>) {
        let mut runs = self.runs.borrow_mut();
        runs.advance();
        match (&runs.current, &runs.next) {
            (None, _) => {
                let entry = (ticket, run.boxed_local().shared());
                runs.current = Some(entry.clone());
                entry
            }
            (Some(_), Some(next)) => next.clone(),
            (Some((_, current)), None) => {
                let current = current.clone();
                let run = async move {
                    current.await;
                    run.await
                };
                let entry = (ticket, run.boxed_local().shared());
                runs.next = Some(entry.clone());
                entry
            }
        }
    }
}

impl<K: Clone, T: Clone + 'static> Runs<K, T> {
    fn advance(&mut self) {
        while self
            .current
            .as_ref()
            .is_some_and(|(_, run)| run.peek().is_some())
        {
            self.current = self.next.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::task::noop_waker;
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::rc::Rc;
    use std::task::{Context, Poll};

    /// A run that ends once `open` is set, and answers how many were started before it.
    fn run(started: &Rc<Cell<u32>>, open: &Rc<Cell<bool>>) -> impl Future<Output = u32> + 'static {
        let (started, open) = (started.clone(), open.clone());
        let mut number = None;
        poll_fn(move |_| {
            let number = *number.get_or_insert_with(|| started.replace(started.get() + 1));
            if open.get() {
                Poll::Ready(number)
            } else {
                Poll::Pending
            }
        })
    }

    #[test]
    fn those_who_come_during_a_run_share_the_next() {
        let gate = Gate::default();
        let (started, open) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
        let waker = noop_waker();
        let mut context = Context::from_waker(&waker);
        assert_eq!(gate.current(), None);
        let mut first = pin!(gate.enter("first", run(&started, &open)).1);
        assert!(first.as_mut().poll(&mut context).is_pending());
        assert!(gate.next().is_none());
        let (ticket, second) = gate.enter("second", run(&started, &open));
        assert_eq!(
            (ticket, gate.next().map(|next| next.0)),
            ("second", Some("second"))
        );
        let (ticket, third) = gate.enter("third", run(&started, &open));
        assert_eq!(ticket, "second", "it is answered by the one that waits");
        let (mut second, mut third) = (pin!(second), pin!(third));
        assert!(second.as_mut().poll(&mut context).is_pending());
        assert!(third.as_mut().poll(&mut context).is_pending());
        assert_eq!(started.get(), 1, "no second run beside the first");
        assert_eq!(gate.current(), Some("first"));

        open.set(true);
        assert_eq!(first.as_mut().poll(&mut context), Poll::Ready(0));
        assert_eq!(gate.current(), Some("second"));
        assert!(gate.next().is_none());
        assert_eq!(second.as_mut().poll(&mut context), Poll::Ready(1));
        assert_eq!(third.as_mut().poll(&mut context), Poll::Ready(1));
        assert_eq!(started.get(), 2);
        assert_eq!(gate.current(), None);
        let (_, last) = gate.enter("last", run(&started, &open));
        assert_eq!(pin!(last).poll(&mut context), Poll::Ready(2));
    }
}
