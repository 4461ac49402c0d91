//! The queue in memory behind a connection that can fail.

use super::{MemoryQueue, SimulatedClock};
use email_queue::base::{ErrorCode, QueueError};
use email_queue::protocol::{
    Begin, BeginState, Begun, Settle, SettleResult, Settled, WorkReply, WorkRequest,
};
use email_queue::worker::{Clock, WorkQueue};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives.
    LostCall,
    /// It is carried out; its answer gets lost.
    LostAnswer,
    /// It is carried out; its answer comes late.
    LateAnswer(Duration),
    /// The machine of the worker sleeps before it reads the answer.
    Sleep(Duration),
    /// It is refused.
    Refused(ErrorCode),
    /// All of its settles fail.
    FailedSettles,
    /// All of its begins fail.
    FailedBegins,
    /// Its claim fails.
    FailedClaim,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    pub at: Duration,
    pub request: WorkRequest,
    /// `None` where it was not carried out.
    pub reply: Option<WorkReply>,
}

type Plan = dyn Fn(usize, &WorkRequest) -> Option<Fault>;
type Edit = dyn Fn(usize, &mut WorkReply);

/// The queue behind a connection.
pub struct Connection {
    pub queue: MemoryQueue<SimulatedClock>,
    pub calls: RefCell<Vec<Call>>,
    pub latency: Duration,
    /// Whether all that is stored is checked after each call; a long simulation does without.
    pub checked: Cell<bool>,
    clock: SimulatedClock,
    plan: RefCell<Box<Plan>>,
    edit: RefCell<Box<Edit>>,
}

impl Connection {
    pub fn new(queue: MemoryQueue<SimulatedClock>, clock: SimulatedClock) -> Self {
        Self {
            queue,
            calls: RefCell::default(),
            latency: Duration::from_millis(4),
            checked: Cell::new(true),
            clock,
            plan: RefCell::new(Box::new(|_, _| None)),
            edit: RefCell::new(Box::new(|_, _| ())),
        }
    }

    /// From now on `plan` says, for each call by its number from 0, what goes wrong.
    pub fn fail(&self, plan: impl Fn(usize, &WorkRequest) -> Option<Fault> + 'static) {
        *self.plan.borrow_mut() = Box::new(plan);
    }

    /// From now on `edit` changes what the worker gets to see.
    pub fn edit(&self, edit: impl Fn(usize, &mut WorkReply) + 'static) {
        *self.edit.borrow_mut() = Box::new(edit);
    }

    pub fn count(&self) -> usize {
        self.calls.borrow().len()
    }

    async fn carry_out(&self, number: usize, request: &WorkRequest) -> WorkReply {
        let mut reply = self
            .queue
            .work(request)
            .await
            .expect("memory does not fail");
        if self.checked.get() {
            let fault = self.queue.with(|queue, _| queue.fault());
            assert_eq!(fault, None, "after call {number}: {request:#?}");
        }
        assert_eq!(reply.settles.len(), request.settles.len());
        assert_eq!(reply.begins.len(), request.begins.len());
        (self.edit.borrow())(number, &mut reply);
        reply
    }
}

impl WorkQueue for Connection {
    async fn work(&self, request: &WorkRequest) -> Result<WorkReply, QueueError> {
        let number = self.count();
        self.calls.borrow_mut().push(Call {
            at: self.clock.now(),
            request: request.clone(),
            reply: None,
        });
        let fault = (self.plan.borrow())(number, request);
        self.clock.sleep(self.latency / 2).await;
        let failed = |code| Err(QueueError::new(code, "injected"));
        if let Some(Fault::LostCall) = fault {
            self.clock.sleep(self.latency / 2).await;
            return failed(ErrorCode::Unreachable);
        }
        if let Some(Fault::Refused(code)) = fault {
            self.clock.sleep(self.latency / 2).await;
            return failed(code);
        }
        let mut carried = request.clone();
        match fault {
            Some(Fault::FailedSettles) => carried.settles.clear(),
            Some(Fault::FailedBegins) => carried.begins.clear(),
            Some(Fault::FailedClaim) => carried.claim = None,
            _ => {}
        }
        let mut reply = self.carry_out(number, &carried).await;
        match fault {
            Some(Fault::FailedSettles) => {
                reply.settles = request.settles.iter().map(failed_settle).collect()
            }
            Some(Fault::FailedBegins) => {
                reply.begins = request.begins.iter().map(failed_begin).collect()
            }
            Some(Fault::FailedClaim) => reply.claim_error = Some("injected".to_owned()),
            _ => {}
        }
        self.calls.borrow_mut()[number].reply = Some(reply.clone());
        self.clock.sleep(self.latency / 2).await;
        match fault {
            Some(Fault::LostAnswer) => return failed(ErrorCode::Timeout),
            Some(Fault::LateAnswer(by)) => self.clock.sleep(by).await,
            Some(Fault::Sleep(by)) => self.clock.advance(by),
            _ => {}
        }
        Ok(reply)
    }
}

fn failed_settle(settle: &Settle) -> Settled {
    Settled {
        dispatch_id: settle.dispatch_id.clone(),
        result: SettleResult::Error,
        reason: Some("injected".to_owned()),
    }
}

fn failed_begin(begin: &Begin) -> Begun {
    Begun {
        dispatch_id: begin.dispatch_id.clone(),
        state: BeginState::Error,
        wait_ms: 0,
        attempt: 0,
        retry_after_ms: None,
        removed: Vec::new(),
        reason: Some("injected".to_owned()),
    }
}
