//! The protocol as a model: what can happen in a state, and what it leads to.

pub use crate::actions::{Action, Step};
use crate::provider::{Fate, Mode};
use crate::system::{MESSAGES, NOW, System, TICK, Wrong, number};
use crate::variant::Variant;
use crate::worker::Worker;
use email_queue::model::{Queue, Settings};
use email_queue::protocol::NewMessage;
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

pub const LEASE: u8 = 1;

/// What is checked: messages, the provider's way with them, and perhaps a mistake.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub variant: Variant,
    pub mode: Mode,
    /// Messages that the provider refuses for what they hold.
    pub bad: [bool; MESSAGES],
    pub max_attempts: u32,
    /// Ticks after which a message is no longer worth sending.
    pub send_before: [Option<u32>; MESSAGES],
    /// Messages in a dispatch.
    pub size: u32,
    /// What may happen to a request; `Answered` is one of them.
    pub fates: &'static [Fate],
    /// Answers of the database get lost.
    pub lossy: bool,
    /// Redrives; with any, messages are also cancelled.
    pub redrives: u8,
    /// Ticks for which the provider keeps a key; 0: it has none.
    pub kept: u8,
    /// Ticks for which the workers count on it.
    pub key_window: Option<u8>,
    /// The provider reports what it has accepted, at any time and any number of times, and other installations' mail too;
    /// operators erase.
    pub events: bool,
    /// The endpoint has been silent, and the first message is one that it never answers.
    pub trouble: bool,
}

pub struct Protocol {
    pub scenario: Scenario,
    /// States from which, without further faults, every message ends.
    ending: Mutex<HashSet<u64>>,
}

impl Protocol {
    pub fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            ending: Mutex::default(),
        }
    }

    pub fn start(&self) -> System {
        let Scenario { send_before, .. } = self.scenario;
        let mut queue = Queue::new(Settings {
            rate_limit: 1000,
            retry: vec![TICK],
            ..Settings::default()
        });
        for ticks in send_before {
            let payload =
                json!({"from": "a@b.example", "to": "c@d.example", "subject": "s", "text": "t"});
            let message = NewMessage {
                payload,
                max_attempts: Some(self.scenario.max_attempts),
                send_before: ticks.map(|ticks| format!("2026-11-24T{:02}:00:00Z", 12 + ticks)),
                ..NewMessage::default()
            };
            queue.enqueue(NOW, &message).expect("it is taken");
        }
        if self.scenario.trouble {
            queue.silence(NOW, "batch:b.example");
        }
        let system = System {
            queue,
            workers: std::array::from_fn(|_| Worker::Idle),
            provider: Default::default(),
            leases: BTreeMap::new(),
            unresolved: Default::default(),
            begun: BTreeMap::new(),
            redrives: self.scenario.redrives,
            events: self.scenario.events,
            allowed_twice: Default::default(),
            probed: !self.scenario.trouble,
            wrong: Wrong::default(),
        };
        system.normal(NOW)
    }

    /// All that can happen. What helps comes first: see [`ends`](Self::ends).
    pub fn possible(&self, system: &System, actions: &mut Vec<Action>) {
        let answered: &[bool] = match self.scenario.lossy {
            true => &[true, false],
            false => &[true],
        };
        for (index, worker) in system.workers.iter().enumerate() {
            let mut step = |step| actions.push(Action::Worker(index, step));
            match worker {
                Worker::Idle => {
                    for answered in answered {
                        step(Step::Claim {
                            answered: *answered,
                        });
                    }
                }
                Worker::Claiming => step(Step::Claim { answered: true }),
                Worker::Holding(_) => {
                    for answered in answered {
                        step(Step::Begin {
                            answered: *answered,
                        });
                    }
                    step(Step::GiveBack);
                }
                Worker::Beginning { late: false, .. } => step(Step::Begin { answered: true }),
                Worker::Begun { late, .. }
                    if !late || self.scenario.variant == Variant::LateSender =>
                {
                    for fate in self.scenario.fates {
                        step(Step::Send(*fate));
                    }
                }
                Worker::Beginning { .. } | Worker::Begun { .. } => step(Step::GiveBack),
                Worker::Settling { .. } => {
                    for answered in answered {
                        step(Step::Settle {
                            answered: *answered,
                        });
                    }
                }
            }
            if *worker != Worker::Idle {
                step(Step::Crash);
            }
        }
        actions.push(Action::Tick);
        if !system.provider.travelling.is_empty() {
            actions.push(Action::Arrive);
        }
        if self.scenario.events {
            for message in 0..MESSAGES {
                if system.provider.accepted[message] > 0 {
                    actions.push(Action::Event {
                        message,
                        ours: true,
                    });
                }
                actions.push(Action::Event {
                    message,
                    ours: false,
                });
                actions.push(Action::Erase(message));
            }
        }
        if system.redrives > 0 {
            for message in 0..MESSAGES {
                actions.push(Action::Cancel(message));
                for allow_duplicates in [false, true] {
                    actions.push(Action::Redrive {
                        message,
                        allow_duplicates,
                    });
                }
            }
        }
    }

    /// What it leads to; `None` where it changes nothing.
    pub fn after(&self, system: &System, action: Action) -> Option<System> {
        let mut next = system.clone();
        let mut now = NOW;
        match action {
            Action::Tick => {
                next.tick();
                now += TICK;
            }
            Action::Arrive => {
                let travelling = next.provider.travelling.remove(0);
                self.handle(&mut next, &travelling.request);
            }
            Action::Cancel(message) => {
                next.queue.cancel(NOW, &number(message));
            }
            Action::Redrive {
                message,
                allow_duplicates,
            } => {
                self.redrive(&mut next, message, allow_duplicates);
            }
            Action::Event { message, ours } => self.event(&mut next, message, ours),
            Action::Erase(message) => self.erase(&mut next, message),
            Action::Worker(index, step) => self.step(&mut next, index, step),
        }
        let next = next.normal(now);
        (next != *system).then_some(next)
    }

    /// Whether every message ends if nothing goes wrong any more: workers go on, time passes.
    pub fn ends(&self, system: &System) -> bool {
        let mut passed = Vec::new();
        let mut state = system.clone();
        let mut actions = Vec::new();
        while !state.has_ended() {
            let known = fingerprint(&state);
            if self.ending.lock().expect("nobody panics").contains(&known) {
                break;
            }
            if passed.contains(&known) {
                return false;
            }
            passed.push(known);
            actions.clear();
            self.possible(&state, &mut actions);
            let next = (actions.iter().copied().filter(is_helpful))
                .find_map(|action| self.after(&state, action));
            match next {
                Some(next) => state = next,
                None => return false,
            }
        }
        self.ending.lock().expect("nobody panics").extend(passed);
        true
    }

    /// Whether nothing at all can happen.
    pub fn is_stuck(&self, system: &System) -> bool {
        let mut actions = Vec::new();
        self.possible(system, &mut actions);
        !actions
            .into_iter()
            .any(|action| self.after(system, action).is_some())
    }
}

fn is_helpful(action: &Action) -> bool {
    matches!(
        action,
        Action::Tick
            | Action::Worker(
                _,
                Step::Claim { answered: true }
                    | Step::Begin { answered: true }
                    | Step::Send(Fate::Answered)
                    | Step::GiveBack
                    | Step::Settle { answered: true }
            )
    )
}

pub fn fingerprint(system: &System) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    system.hash(&mut hasher);
    hasher.finish()
}
