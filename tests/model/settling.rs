//! A settle: what it does to the database and the observer's knowledge.

use crate::protocol::Protocol;
use crate::steps::{call, forget_settled, leases};
use crate::system::{System, token_of};
use crate::variant::Variant;
use crate::worker::{Answer, Held, settle};
use email_queue::protocol::{self, Settle, SettleResult, Settled};

impl Protocol {
    pub fn settle(
        &self,
        system: &mut System,
        index: usize,
        held: &Held,
        answer: &Answer,
        clean: bool,
    ) {
        let leased = leases(system, index, held.dispatch);
        let mut settle = settle(index, held, answer, &self.scenario);
        if self.scenario.variant == Variant::NoFence
            && let Some(lease) = system.leases.get(&held.dispatch)
        {
            settle.token = lease.owner.map_or("nobody".to_owned(), token_of);
        }
        let before = (!leased).then(|| system.queue.clone());
        if self.scenario.variant == Variant::ReplayCounts
            && held.frozen
            && leased
            && *answer != Answer::NotSent
        {
            system.queue.forget_replay(&settle.dispatch_id);
        }
        let breaker = system.queue.breaker();
        let result = call_settle(system, settle);
        system.wrong.misjudged |= is_misjudged(held, answer, &breaker, &system.queue.breaker());
        let wrong = &mut system.wrong;
        wrong.unfenced |=
            before.is_some_and(|before| before != system.queue || result == SettleResult::Applied);
        wrong.robbed |= leased && result != SettleResult::Applied;
        wrong.invalid |= matches!(result, SettleResult::Invalid | SettleResult::Error);
        if result != SettleResult::Applied {
            return;
        }
        system.leases.remove(&held.dispatch);
        forget_settled(system);
        if answer.is_definite(clean) {
            for (place, message) in held.members.iter().enumerate() {
                let accepted = matches!(answer, Answer::Read(accepted) if accepted[place]);
                if !accepted {
                    system.unresolved[*message] = None;
                }
            }
        }
    }
}

type Breaker = [(String, u32, Option<std::time::Duration>)];

/// A replay without an answer changes nothing, and one with an answer ends a wait at most. What was sent elsewhere, or not
/// answered, opens nothing.
fn is_misjudged(held: &Held, answer: &Answer, before: &Breaker, after: &Breaker) -> bool {
    let open = |breaker: &Breaker| {
        breaker
            .iter()
            .map(|(_, requests, _)| *requests)
            .sum::<u32>()
    };
    match answer {
        Answer::NotSent | Answer::Silence if held.frozen => before != after,
        Answer::NotSent => before != after,
        Answer::Silence => open(after) > open(before) && before.len() == after.len(),
        _ if held.frozen || held.astray => !before.is_empty() && open(before) != open(after),
        _ => false,
    }
}

fn call_settle(system: &mut System, settle: Settle) -> SettleResult {
    let request = protocol::WorkRequest {
        settles: vec![settle],
        ..protocol::WorkRequest::default()
    };
    let Settled { result, .. } = call(system, &request).settles.remove(0);
    result
}
