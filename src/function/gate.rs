//! One run at a time.

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use std::cell::RefCell;

/// A run that any number of requests wait for.
pub type Run<T> = Shared<LocalBoxFuture<'static, T>>;

/// Lets one run through at a time. Whoever comes during a run may have enqueued after its last claim: all of them
/// together get the run after it.
pub struct Gate<T: Clone + 'static> {
    runs: RefCell<Runs<T>>,
}

struct Runs<T: Clone + 'static> {
    current: Option<Run<T>>,
    next: Option<Run<T>>,
}

impl<T: Clone + 'static> Default for Gate<T> {
    fn default() -> Self {
        Self {
            runs: RefCell::new(Runs {
                current: None,
                next: None,
            }),
        }
    }
}

impl<T: Clone + 'static> Gate<T> {
    /// Whether a run is under way.
    pub fn is_busy(&self) -> bool {
        let mut runs = self.runs.borrow_mut();
        runs.advance();
        runs.current.is_some()
    }

    /// The run that answers a request which comes now.
    pub fn enter(&self, run: impl Future<Output = T> + 'static) -> Run<T> {
        let mut runs = self.runs.borrow_mut();
        runs.advance();
        match (&runs.current, &runs.next) {
            (None, _) => {
                let run = run.boxed_local().shared();
                runs.current = Some(run.clone());
                run
            }
            (Some(_), Some(next)) => next.clone(),
            (Some(current), None) => {
                let current = current.clone();
                let run = async move {
                    current.await;
                    run.await
                }
                .boxed_local()
                .shared();
                runs.next = Some(run.clone());
                run
            }
        }
    }
}

impl<T: Clone + 'static> Runs<T> {
    fn advance(&mut self) {
        while self
            .current
            .as_ref()
            .is_some_and(|run| run.peek().is_some())
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
        let mut first = pin!(gate.enter(run(&started, &open)));
        assert!(first.as_mut().poll(&mut context).is_pending());
        let mut second = pin!(gate.enter(run(&started, &open)));
        let mut third = pin!(gate.enter(run(&started, &open)));
        assert!(second.as_mut().poll(&mut context).is_pending());
        assert!(third.as_mut().poll(&mut context).is_pending());
        assert_eq!(started.get(), 1, "no second run beside the first");
        assert!(gate.is_busy());

        open.set(true);
        assert_eq!(first.as_mut().poll(&mut context), Poll::Ready(0));
        assert_eq!(second.as_mut().poll(&mut context), Poll::Ready(1));
        assert_eq!(third.as_mut().poll(&mut context), Poll::Ready(1));
        assert_eq!(started.get(), 2);
        assert!(!gate.is_busy());
        assert_eq!(
            pin!(gate.enter(run(&started, &open))).poll(&mut context),
            Poll::Ready(2)
        );
    }
}
