//! What must hold in every state.

use crate::events::stays_failed;
use crate::protocol::{Action, Protocol};
use crate::system::System;
use email_queue::protocol::{QueueMessageStatus, Reason};
use stateright::{Model, Property};

impl Model for Protocol {
    type State = System;
    type Action = Action;

    fn init_states(&self) -> Vec<System> {
        vec![self.start()]
    }

    fn actions(&self, system: &System, actions: &mut Vec<Action>) {
        self.possible(system, actions);
    }

    fn next_state(&self, system: &System, action: Action) -> Option<System> {
        self.after(system, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("never accepted twice", |_, system: &System| {
                let mut accepted = system.provider.accepted.iter().zip(system.allowed_twice);
                accepted.all(|(times, allowed)| *times < 2 || allowed)
            }),
            Property::always(
                "no new key for what may have been sent",
                |_, system: &System| !system.wrong.new_key,
            ),
            Property::always(
                "a key always comes with the same bytes",
                |_, system: &System| !system.provider.other_bytes,
            ),
            Property::always("without the lease nothing changes", |_, system: &System| {
                !system.wrong.unfenced
            }),
            Property::always("with the lease nothing is lost", |_, system: &System| {
                !system.wrong.robbed
            }),
            Property::always("a begun dispatch stays as it is", |_, system: &System| {
                !system.wrong.thawed
            }),
            Property::always(
                "only first requests through the endpoint move the circuit breaker",
                |_, system: &System| !system.wrong.misjudged,
            ),
            Property::always(
                "one first request at a time while the endpoint waits",
                |_, system: &System| !system.wrong.crowded,
            ),
            Property::always(
                "poison at the head does not hold the door",
                |_, system: &System| !system.wrong.held_up,
            ),
            Property::always(
                "what is known to be accepted is not sent again",
                |_, system: &System| !system.wrong.resent,
            ),
            Property::always(
                "an accepted message with evidence does not stay failed",
                |_, system: &System| !stays_failed(system),
            ),
            Property::always(
                "every member of a frozen dispatch has its body",
                |_, system: &System| system.queue.frozen_have_bodies(),
            ),
            Property::always("no settle or begin is invalid", |_, system: &System| {
                !system.wrong.invalid
            }),
            Property::always(
                "a message is ended or in one place",
                |_, system: &System| system.queue.fault().is_none(),
            ),
            Property::always("what has ended has ended truly", |_, system: &System| {
                is_truthful(system)
            }),
            Property::always(
                "nothing stops with an open message",
                |protocol: &Protocol, system: &System| {
                    // What can end is not stuck, and known already.
                    protocol.ends(system) || !protocol.is_stuck(system)
                },
            ),
            Property::always(
                "every message can end",
                |protocol: &Protocol, system: &System| protocol.ends(system),
            ),
            Property::sometimes("both completed", |_, system: &System| {
                system
                    .ends()
                    .iter()
                    .all(|end| matches!(end, Some((QueueMessageStatus::Completed, _))))
            }),
            Property::sometimes("cancelled", |_, system: &System| {
                system
                    .ends()
                    .iter()
                    .any(|end| matches!(end, Some((QueueMessageStatus::Cancelled, _))))
            }),
            Property::sometimes("exhausted", |_, system: &System| {
                failed(system, Reason::Exhausted)
            }),
            Property::sometimes("unknown_outcome", |_, system: &System| {
                failed(system, Reason::UnknownOutcome)
            }),
            Property::sometimes("rejected", |_, system: &System| {
                failed(system, Reason::Rejected)
            }),
            Property::sometimes("expired", |_, system: &System| {
                failed(system, Reason::Expired)
            }),
        ]
    }
}

/// Completed was accepted; failed was not, unless nobody can know.
fn is_truthful(system: &System) -> bool {
    let known = (system.provider.accepted.into_iter()).zip(system.allowed_twice);
    let mut ends = system.ends().into_iter().zip(known);
    ends.all(|(end, (accepted, allowed_twice))| match end {
        None => true,
        _ if allowed_twice => true,
        Some((QueueMessageStatus::Completed, _)) => accepted > 0,
        Some((_, reason)) => accepted == 0 || reason == Some(Reason::UnknownOutcome),
    })
}

fn failed(system: &System, reason: Reason) -> bool {
    let mut ends = system.ends().into_iter().flatten();
    ends.any(|(_, why)| why == Some(reason))
}
