//! Virtual time, and an executor that jumps to the next timer when nothing else can happen.

use email_queue::worker::Clock;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// So many polls at one moment are no work any more but a spin.
const SPIN: u32 = 300;

/// Virtual time. Clones show the same time.
#[derive(Clone, Default)]
pub struct SimulatedClock(Rc<RefCell<Time>>);

#[derive(Default)]
struct Time {
    now: Duration,
    timers: BTreeMap<(Duration, u64), Waker>,
    made: u64,
}

impl SimulatedClock {
    /// Moves time without letting anything happen meanwhile, as when a machine sleeps.
    pub fn advance(&self, by: Duration) {
        self.0.borrow_mut().now += by;
    }

    /// Runs `future` to its end. Panics if it spins, or waits for something that will never happen.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.run_until(future, || false)
            .expect("it was not stopped")
    }

    /// Like [`run`](Self::run), but drops the future as soon as `stop` says so, as when a process is killed.
    pub fn run_until<F: Future>(
        &self,
        future: F,
        mut stop: impl FnMut() -> bool,
    ) -> Option<F::Output> {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(flag.clone());
        let (mut moment, mut polls) = (self.now(), 0);
        loop {
            while flag.0.swap(false, Ordering::SeqCst) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
                {
                    return Some(output);
                }
                if stop() {
                    return None;
                }
                polls = if moment == self.now() { polls + 1 } else { 0 };
                moment = self.now();
                assert!(polls < SPIN, "it spins at {moment:?}");
            }
            assert!(
                self.fire(),
                "nothing will ever happen any more, at {moment:?}"
            );
        }
    }

    /// Wakes whoever waits for the next timer.
    fn fire(&self) -> bool {
        let mut time = self.0.borrow_mut();
        let Some(((at, _), waker)) = time.timers.pop_first() else {
            return false;
        };
        time.now = time.now.max(at);
        drop(time);
        waker.wake();
        true
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Duration {
        self.0.borrow().now
    }

    async fn sleep(&self, duration: Duration) {
        let key = {
            let mut time = self.0.borrow_mut();
            time.made += 1;
            (time.now + duration, time.made)
        };
        let sleep = Sleep {
            clock: self.clone(),
            key,
            polled: false,
        };
        sleep.await;
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Sleep {
    clock: SimulatedClock,
    key: (Duration, u64),
    polled: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut time = self.clock.0.borrow_mut();
        let fired = !time.timers.contains_key(&self.key);
        if self.polled && fired {
            return Poll::Ready(());
        }
        time.timers.insert(self.key, context.waker().clone());
        drop(time);
        self.polled = true;
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.0.borrow_mut().timers.remove(&self.key);
    }
}
