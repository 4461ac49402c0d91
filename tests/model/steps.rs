//! What each step of a worker does to the database, the provider and the observer's knowledge.

use crate::events::MARK;
use crate::protocol::{LEASE, Protocol, Scenario, Step};
use crate::provider::{Fate, Key, Request};
use crate::system::{
    Lease, NOW, System, TICK, dispatch_number, id, message_number, number, token_of,
};
use crate::variant::Variant;
use crate::worker::{Answer, Held, Worker};
use email_queue::protocol::{self, Begin, BeginState, Begun, Claim, Endpoint, Redrive, WorkReply};

impl Protocol {
    pub fn step(&self, system: &mut System, index: usize, step: Step) {
        let worker = std::mem::replace(&mut system.workers[index], Worker::Idle);
        system.workers[index] = match (step, worker) {
            (Step::Claim { answered }, _) => self.claim(system, index, answered),
            (Step::Begin { answered }, Worker::Holding(held) | Worker::Beginning { held, .. }) => {
                self.begin(system, index, held, answered)
            }
            (Step::Send(fate), Worker::Begun { held, attempt, .. }) => {
                self.send(system, held, attempt, fate)
            }
            (
                Step::GiveBack,
                Worker::Holding(held) | Worker::Beginning { held, .. } | Worker::Begun { held, .. },
            ) => Worker::Settling {
                held,
                answer: Answer::NotSent,
                clean: false,
            },
            (
                Step::Settle { answered },
                Worker::Settling {
                    held,
                    answer,
                    clean,
                },
            ) => {
                self.settle(system, index, &held, &answer, clean);
                match answered {
                    true => Worker::Idle,
                    false => Worker::Settling {
                        held,
                        answer,
                        clean,
                    },
                }
            }
            (Step::Crash, _) => Worker::Idle,
            (step, worker) => unreachable!("{step:?} in {worker:?}"),
        };
        // A worker that starts anew makes new tokens.
        if matches!(system.workers[index], Worker::Idle) {
            for lease in system.leases.values_mut() {
                lease.owner = lease.owner.filter(|owner| *owner != index);
            }
        }
    }

    pub fn redrive(&self, system: &mut System, message: usize, allow_duplicates: bool) {
        let allowed = allow_duplicates || self.scenario.variant == Variant::RedriveOfUnknown;
        let redrive = Redrive {
            allow_duplicates: allowed,
            ..Redrive::default()
        };
        if system
            .queue
            .redrive(NOW, &number(message), &redrive)
            .is_ok()
        {
            system.redrives -= 1;
            if allow_duplicates {
                system.allowed_twice[message] = true;
                system.unresolved[message] = None;
            }
        }
    }

    fn claim(&self, system: &mut System, index: usize, answered: bool) -> Worker {
        let request = protocol::WorkRequest {
            claim: Some(Claim {
                kind: "email".to_owned(),
                tokens: vec![token_of(index)],
                lease_ms: millis(LEASE),
                max_messages: self.scenario.size,
                max_bytes: 1 << 20,
                min_bytes: 0,
                max_wait_ms: 1000,
                max_frozen: 1,
            }),
            ..protocol::WorkRequest::default()
        };
        if self.scenario.variant == Variant::NoTurns {
            system.queue.take_no_turns();
        }
        let reply = match self.scenario.variant {
            Variant::ClaimIgnoresEvidence => {
                let events = system.queue.hide_events();
                let reply = call(system, &request);
                system.queue.show_events(events);
                reply
            }
            _ => call(system, &request),
        };
        let Some(claimed) = reply.claims.into_iter().next() else {
            return Worker::Idle;
        };
        let by_count = self.scenario.variant == Variant::ProbeThroughAnother;
        let batch = claimed.endpoint == Some(Endpoint::Batch);
        let astray = by_count && batch && !claimed.frozen && claimed.messages.len() == 1;
        let held = Held {
            dispatch: dispatch_number(&claimed.dispatch_id),
            frozen: claimed.frozen,
            batch: batch && !astray,
            astray,
            members: (claimed.messages.iter())
                .map(|message| message_number(&message.id))
                .collect(),
        };
        let lease = Lease {
            owner: Some(index),
            left: LEASE,
        };
        let again = leases(system, index, held.dispatch);
        system.leases.entry(held.dispatch).or_insert(lease);
        if let Some(members) = system.begun.get(&held.dispatch) {
            let elsewhere = claimed.endpoint.is_none();
            system.wrong.thawed |= !claimed.frozen || *members != held.members || elsewhere;
        }
        let known = |message: &usize| system.queue.is_accepted(&number(*message));
        system.wrong.resent |= !again && !claimed.frozen && held.members.iter().any(known);
        system.wrong.held_up |= !system.probed && held.members == [0];
        system.probed = true;
        match answered {
            true => Worker::Holding(held),
            false => Worker::Claiming,
        }
    }

    fn begin(&self, system: &mut System, index: usize, held: Held, answered: bool) -> Worker {
        let begin = Begin {
            dispatch_id: id(held.dispatch),
            token: token_of(index),
            endpoint: held.endpoint(),
            wire_version: 2,
            mark: Some(MARK.to_owned()),
            key_window_ms: self.scenario.key_window.map(millis),
            members: u32::try_from(held.members.len()).expect("few"),
            timeout_ms: millis(LEASE) / 2,
            margin_ms: millis(LEASE) / 2,
            max_wait_ms: 1000,
        };
        let request = protocol::WorkRequest {
            begins: vec![begin],
            ..protocol::WorkRequest::default()
        };
        let leased = leases(system, index, held.dispatch);
        let before = (!leased).then(|| system.queue.clone());
        let Begun {
            mut state,
            attempt,
            removed,
            ..
        } = call(system, &request).begins.remove(0);
        if self.scenario.variant == Variant::BeginIgnoresLease && state == BeginState::Lost {
            state = BeginState::Begun;
        }
        let wrong = &mut system.wrong;
        wrong.unfenced |=
            before.is_some_and(|before| before != system.queue || state != BeginState::Lost);
        wrong.robbed |= leased && state == BeginState::Lost;
        wrong.invalid |= matches!(state, BeginState::Invalid | BeginState::Error);
        let waits =
            |(scope, _, next_at): &(String, _, Option<_>)| scope == "batch:" && next_at.is_some();
        let waits = system.queue.breaker().iter().any(waits);
        system.wrong.crowded |= waits && system.queue.open_first_requests("batch:") > 1;
        if state == BeginState::Begun {
            if leased {
                let lease = Lease {
                    owner: Some(index),
                    left: LEASE,
                };
                system.leases.insert(held.dispatch, lease);
                system.begun.insert(held.dispatch, held.members.clone());
            }
            return match answered {
                true => Worker::Begun {
                    held,
                    attempt: self.attempt(attempt),
                    late: false,
                },
                false => Worker::Beginning { held, late: false },
            };
        }
        forget_settled(system);
        if !answered {
            return Worker::Beginning { held, late: false };
        }
        match state {
            BeginState::Lost | BeginState::Ended => Worker::Idle,
            _ => {
                let removed: Vec<usize> = removed.iter().map(|id| message_number(id)).collect();
                let mut held = held;
                held.members.retain(|message| !removed.contains(message));
                Worker::Settling {
                    held,
                    answer: Answer::NotSent,
                    clean: false,
                }
            }
        }
    }

    /// The attempt as far as it is part of the key.
    fn attempt(&self, attempt: u32) -> u32 {
        match self.scenario.variant {
            Variant::KeyPerAttempt => attempt,
            _ => 0,
        }
    }

    fn send(&self, system: &mut System, held: Held, attempt: u32, fate: Fate) -> Worker {
        let key = Key {
            dispatch: held.dispatch,
            attempt,
        };
        let mut body = held.members.clone();
        if self.scenario.variant == Variant::BatchRebuilt && held.frozen {
            body.reverse();
        }
        let mut clean = true;
        for message in &body {
            let before = system.unresolved[*message].replace((key.dispatch, key.attempt));
            system.wrong.new_key |=
                before.is_some_and(|before| before != (key.dispatch, key.attempt));
            clean &= before.is_none();
        }
        let poisoned = self.scenario.trouble && body.contains(&0);
        let request = Request { key, body };
        let answer = match fate {
            Fate::Answered if poisoned => Answer::Silence,
            Fate::Answered => self.handle(system, &request),
            Fate::Unanswered => {
                self.handle(system, &request);
                Answer::Silence
            }
            Fate::Late => {
                system.provider.delay(request);
                Answer::Silence
            }
            Fate::Refused(refusal) => Answer::Refused(refusal),
        };
        Worker::Settling {
            held,
            answer,
            clean,
        }
    }

    pub fn handle(&self, system: &mut System, request: &Request) -> Answer {
        let Scenario {
            bad, mode, kept, ..
        } = self.scenario;
        system.provider.handle(request, bad, mode, kept)
    }
}

pub fn call(system: &mut System, request: &protocol::WorkRequest) -> WorkReply {
    system.queue.work(NOW, request)
}

pub fn leases(system: &System, index: usize, dispatch: u64) -> bool {
    let lease = system.leases.get(&dispatch);
    lease.is_some_and(|lease| lease.owner == Some(index))
}

/// Leases and begins of dispatches that are over.
pub fn forget_settled(system: &mut System) {
    let open: Vec<u64> = system
        .queue
        .open_dispatches()
        .map(dispatch_number)
        .collect();
    system.leases.retain(|dispatch, _| open.contains(dispatch));
    system.begun.retain(|dispatch, _| open.contains(dispatch));
}

fn millis(ticks: u8) -> u64 {
    u64::try_from((TICK * u32::from(ticks)).as_millis()).expect("few")
}
