//! The state of the whole: database, workers, provider, and what an observer who sees all knows.

use crate::provider::Provider;
use crate::worker::{Held, Worker};
use email_queue::model::{Queue, View};
use email_queue::protocol::{QueueMessageStatus, Reason};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The step in which time passes; every shorter wait counts as one. Leases and backoffs last one.
pub const TICK: Duration = Duration::from_secs(60 * 60);
/// It is always now: what is to come moves nearer. 2026-11-24 12:00:00 UTC.
pub const NOW: Duration = Duration::from_secs(1_795_521_600);
pub const MESSAGES: usize = 2;
pub const WORKERS: usize = 2;

/// The id of a message from its number.
pub fn number(message: usize) -> String {
    id(message as u64 + 1)
}

/// The queue counts its ids.
pub fn id(number: u64) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}

fn number_of(id: &str) -> u64 {
    u64::from_str_radix(&id[24..], 16).expect("an id of this queue")
}

pub fn dispatch_number(id: &str) -> u64 {
    number_of(id)
}

pub fn message_number(id: &str) -> usize {
    usize::try_from(number_of(id)).expect("small") - 1
}

/// The token of a worker's next or present claim. Older ones are renamed: nobody uses them any more.
pub fn token_of(worker: usize) -> String {
    format!("worker-{worker}")
}

/// Who has a dispatch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// `None` if the worker that claimed it is no more.
    pub owner: Option<usize>,
    pub left: u8,
}

/// What went wrong on the way here, that the state itself would not show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Wrong {
    /// A worker without the lease changed something, or was not told that it has none.
    pub unfenced: bool,
    /// A worker with the lease was told that it has none.
    pub robbed: bool,
    /// A message that may have been sent was sent with another key.
    pub new_key: bool,
    /// The database found a settle or begin invalid.
    pub invalid: bool,
    /// A frozen dispatch came back with other members, another order or another endpoint.
    pub thawed: bool,
    /// The circuit breaker was moved by what says nothing about its endpoint.
    pub misjudged: bool,
    /// Two first requests were open while the endpoint waits.
    pub crowded: bool,
    /// Poison at the head was the first probe, with other mail waiting.
    pub held_up: bool,
    /// What was known to be accepted was handed out, and not as a replay.
    pub resent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct System {
    pub queue: Queue,
    pub workers: [Worker; WORKERS],
    pub provider: Provider,
    pub leases: BTreeMap<u64, Lease>,
    /// The dispatch with whose key a message may have been sent: 0 for one that is over.
    pub unresolved: [Option<(u64, u32)>; MESSAGES],
    /// The members of dispatches that have begun and not been settled with a definite answer.
    pub begun: BTreeMap<u64, Vec<usize>>,
    /// Redrives to come.
    pub redrives: u8,
    /// The provider reports what it has accepted, and operators erase.
    pub events: bool,
    /// Messages of which an operator said that they may be sent twice.
    pub allowed_twice: [bool; MESSAGES],
    /// Something fresh was claimed since the trouble began.
    pub probed: bool,
    pub wrong: Wrong,
}

impl System {
    /// How each message ended.
    pub fn ends(&self) -> [Option<(QueueMessageStatus, Option<Reason>)>; MESSAGES] {
        std::array::from_fn(|message| self.queue.end_of(&number(message)))
    }

    pub fn has_ended(&self) -> bool {
        self.ends().iter().all(Option::is_some)
    }

    /// Time passes.
    pub fn tick(&mut self) {
        self.provider.tick();
        self.leases.retain(|_, lease| {
            lease.left -= 1;
            lease.left > 0
        });
        for worker in &mut self.workers {
            worker.tick();
        }
    }

    /// The state by which this one is known, at the time `now`: with numbers in order, equal workers in order, and
    /// nothing that no later step depends on.
    pub fn normal(mut self, now: Duration) -> Self {
        if self.workers[0] > self.workers[1] {
            self.workers.swap(0, 1);
            for lease in self.leases.values_mut() {
                lease.owner = lease.owner.map(|owner| 1 - owner);
            }
            self.rename(now, |worker| 1 - worker);
        } else {
            self.rename(now, |worker| worker);
        }
        self
    }

    /// `place` is where a worker has moved to.
    fn rename(&mut self, now: Duration, place: impl Fn(usize) -> usize) {
        let travelling = &self.provider.travelling;
        let held = self.workers.iter().filter_map(Worker::held);
        let alive: BTreeSet<u64> = (self.queue.open_dispatches().map(dispatch_number))
            .chain(held.map(|held| held.dispatch))
            .chain(travelling.iter().map(|t| t.request.key.dispatch))
            .collect();
        let first = MESSAGES as u64 + 1;
        let numbers: BTreeMap<u64, u64> = alive.into_iter().zip(first..).collect();
        let renamed = |old: u64| numbers.get(&old).copied();
        let workers = &self.workers;
        let token = |token: &str, dispatch: &str| {
            let worker = (0..WORKERS).find(|worker| token_of(*worker) == token)?;
            let worker = place(worker);
            let uses = match &workers[worker] {
                Worker::Claiming => true,
                other => {
                    (other.held()).is_some_and(|held| held.dispatch == dispatch_number(dispatch))
                }
            };
            uses.then(|| token_of(worker))
        };
        let view = View {
            now,
            time: &|at| NOW + TICK * ticks(at.saturating_sub(now)),
            dispatch: &|old| renamed(dispatch_number(old)).map(id),
            token: &token,
            payloads: self.redrives > 0 || self.events,
            ids: MESSAGES as u64 + numbers.len() as u64,
        };
        self.queue = std::mem::take(&mut self.queue).abstracted(&view);
        if self.redrives == 0 {
            // Nobody reads the body of what has ended any more.
            for message in 0..MESSAGES {
                self.queue.erase(&number(message), false);
            }
        }
        for worker in &mut self.workers {
            if let Some(Held { dispatch, .. }) = worker.held_mut() {
                *dispatch = renamed(*dispatch).expect("what a worker holds is alive");
            }
        }
        self.provider.rename(renamed);
        for (dispatch, _) in self.unresolved.iter_mut().flatten() {
            *dispatch = renamed(*dispatch).unwrap_or(0);
        }
        let leases = std::mem::take(&mut self.leases).into_iter();
        self.leases = leases
            .filter_map(|(dispatch, lease)| Some((renamed(dispatch)?, lease)))
            .collect();
        let begun = std::mem::take(&mut self.begun).into_iter();
        self.begun = begun
            .filter_map(|(dispatch, members)| Some((renamed(dispatch)?, members)))
            .collect();
    }
}

/// Every started tick counts.
fn ticks(wait: Duration) -> u32 {
    u32::try_from(wait.as_nanos().div_ceil(TICK.as_nanos())).expect("few")
}
