//! The runs of one instance of the module.

use super::answer::log_line;
use super::host::Host;
use super::project;
use crate::base::Random;
use crate::function::{
    Allowance, Ask, Busy, Environment, EnvironmentError, Gate, RESERVE, SharedRun, Spent,
};
use crate::io::{FetchMailer, JavaScriptClock, JavaScriptRandom, Keys, PostgrestRpc};
use crate::protocol::Cause;
use crate::worker::{Clock, Control, Errand, Order, Report, RpcQueue, run_errand};
use serde::Serialize;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// After a run must have ended, the time in which the module must have answered.
const GUARD: Duration = Duration::from_secs(3);

/// A run, to those who share it.
pub struct Ticket {
    /// Its id.
    pub id: String,
    control: Control,
    /// By when it has ended, by the isolate's clock.
    ends: Cell<Duration>,
}

impl Ticket {
    /// Within how many milliseconds from now it must have ended.
    pub fn guard_millis(&self) -> f64 {
        let left = self.ends.get().saturating_sub(JavaScriptClock.now());
        (left + GUARD).as_secs_f64() * 1000.0
    }
}

/// The answer to a run; [`Busy`] if it did not start after all.
pub type RunOutcome = Result<Report, Busy>;

pub struct Service {
    queue: RpcQueue<Keys<PostgrestRpc>>,
    mailer: FetchMailer,
    allowance: Allowance,
    host: Rc<Host>,
    gate: Gate<Rc<Ticket>, RunOutcome>,
    halted: Cell<bool>,
}

impl Service {
    pub fn new(
        variables: &HashMap<String, String>,
        host: Rc<Host>,
    ) -> Result<Self, EnvironmentError> {
        let environment = Environment::read(variables)?;
        let rpc = project::rpc(&environment.project, PostgrestRpc::new)?;
        Ok(Self {
            queue: RpcQueue::new(
                rpc,
                environment.email_from.clone(),
                &environment.project.url,
            ),
            mailer: FetchMailer::new(
                environment.provider,
                &environment.provider_url,
                &environment.provider_key,
            ),
            allowance: Allowance {
                config: environment.config,
                wall: host.limited().then_some(environment.wall),
            },
            host,
            gate: Gate::default(),
            halted: Cell::new(false),
        })
    }

    /// By when a run would have ended that is asked for now.
    pub fn ends(&self) -> Duration {
        let begins = self.gate.current().map(|ticket| ticket.ends.get());
        begins.unwrap_or_else(|| JavaScriptClock.now()) + self.allowance.config.deadline + RESERVE
    }

    /// The run that answers a request which comes now.
    pub fn enter(
        self: &Rc<Self>,
        ask: Ask,
        fault: Option<String>,
    ) -> Result<(Rc<Ticket>, SharedRun<RunOutcome>), Busy> {
        let (now, spent) = (JavaScriptClock.now(), self.spent());
        let current = self.gate.current();
        // Only where somebody waits for the answer: else a run that listens covers what comes, and would be ended by the very
        // calls that its listening makes needless.
        let hurry = |ticket: &Ticket| {
            if !ask.respond_async {
                ticket.control.give(Order::Yield);
            }
        };
        if let Some((ticket, run)) = self.gate.next() {
            current
                .iter()
                .chain([&ticket])
                .for_each(|ticket| hurry(ticket));
            return Ok((ticket, run));
        }
        if self.halted.get() {
            return Err(Busy { retry_after: GUARD });
        }
        match current {
            None => {
                self.allowance.run(now, spent)?;
            }
            Some(current) => {
                self.allowance.queued(now, current.ends.get(), spent)?;
                hurry(&current);
            }
        }
        let ticket = Rc::new(Ticket {
            id: JavaScriptRandom.token(),
            control: Control::default(),
            ends: Cell::new(self.ends()),
        });
        let run = self.clone().run(ticket.clone(), ask, fault);
        Ok(self.gate.enter(ticket, run))
    }

    /// The isolate or the process is about to end: nothing new is begun.
    pub fn halt(&self) {
        self.halted.set(true);
        if let Some(current) = self.gate.current() {
            current.control.give(Order::Halt);
        }
    }

    async fn run(
        self: Rc<Self>,
        ticket: Rc<Ticket>,
        ask: Ask,
        fault: Option<String>,
    ) -> RunOutcome {
        let (now, before) = (JavaScriptClock.now(), self.spent());
        let bounds = match self.halted.get() {
            true => Err(Busy { retry_after: GUARD }),
            false => self.allowance.run(now, before),
        };
        let config = bounds.inspect_err(|_| {
            log_line(&RunRefused {
                event: "email_queue_run",
                run_id: &ticket.id,
                error: BUSY,
            });
        })?;
        ticket.ends.set(now + config.deadline + RESERVE);
        super::faults::inject(fault.as_deref()).await;
        let spend = |messages: u64, bytes: u64| {
            self.host.set_messages((before.messages + messages) as f64);
            self.host.set_bytes((before.bytes + bytes) as f64);
        };
        let errand = Errand {
            id: ticket.id.clone(),
            cause: Some(ask.cause),
            listens: ask.respond_async,
            control: Some(&ticket.control),
            spent: Some(&spend),
        };
        let report = run_errand(
            &self.queue,
            &self.mailer,
            &JavaScriptClock,
            &JavaScriptRandom,
            config,
            errand,
        )
        .await;
        log_line(&Line {
            event: "email_queue_run",
            cause: ask.cause,
            report: &report,
        });
        Ok(report)
    }

    fn spent(&self) -> Spent {
        Spent {
            messages: self.host.messages() as u64,
            bytes: self.host.bytes() as u64,
        }
    }
}

/// What a caller is told, and the log, where no run is left.
pub const BUSY: &str =
    "this isolate takes no more runs: its time or its CPU time is used up, or it is about to end";

#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    cause: Cause,
    #[serde(flatten)]
    report: &'a Report,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunRefused<'a> {
    event: &'static str,
    run_id: &'a str,
    error: &'static str,
}
