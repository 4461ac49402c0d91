//! Each mistake that the checker is to find: the protocol is no weaker than the proof.

use crate::protocol::{Protocol, Scenario};
use crate::scenarios::{BATCH, EVENTS, REDRIVEN, TROUBLE, UNAUTHORIZED};
use crate::variant::Variant;
use stateright::{Checker, DiscoveryClassification, HasDiscoveries, Model};
use std::collections::BTreeMap;
use std::time::Instant;

const TWICE: &str = "never accepted twice";
const SAME_BYTES: &str = "a key always comes with the same bytes";
const FENCED: &str = "without the lease nothing changes";
const JUDGED: &str = "only first requests through the endpoint move the circuit breaker";
const DOOR: &str = "poison at the head does not hold the door";
const RESENT: &str = "what is known to be accepted is not sent again";
const STAYS_FAILED: &str = "an accepted message with evidence does not stay failed";
const BODIES: &str = "every member of a frozen dispatch has its body";
const TRUE: &str = "what has ended has ended truly";
const NEW_KEY: &str = "no new key for what may have been sent";

/// Finds the shortest way to break any property, which is to be `first`, and the shortest to break `last`.
fn is_caught(scenario: Scenario, first: &'static str, last: &'static str) {
    let began = Instant::now();
    let variant = scenario.variant;
    let (states, broken) = shortest(&scenario, HasDiscoveries::AnyFailures);
    assert!(broken.contains_key(first), "{variant:?}: {broken:?}");
    println!(
        "{variant:?}: not \"{first}\" after {} steps ({states} states)",
        broken[first].len(),
    );
    let (states, broken) = shortest(&scenario, HasDiscoveries::AnyOf([last].into()));
    let steps = &broken[last];
    println!(
        "{variant:?}: not \"{last}\" after {} steps ({states} states, {:.1} s): {}",
        steps.len(),
        began.elapsed().as_secs_f64(),
        steps.join(", "),
    );
}

/// Deeper and deeper, until something breaks.
fn shortest(
    scenario: &Scenario,
    finish: HasDiscoveries,
) -> (usize, BTreeMap<&'static str, Vec<String>>) {
    for depth in 2..40 {
        let checker = Protocol::new(scenario.clone()).checker();
        let checker = checker
            .finish_when(finish.clone())
            .target_max_depth(depth)
            .spawn_bfs()
            .join();
        let failures = checker.discoveries().into_iter().filter(|(property, _)| {
            matches!(
                checker.discovery_classification(property),
                DiscoveryClassification::Counterexample
            )
        });
        let broken: BTreeMap<_, _> = failures
            .map(|(property, path)| {
                let actions = path.into_actions().into_iter();
                (property, actions.map(|action| action.to_string()).collect())
            })
            .collect();
        let wanted = match &finish {
            HasDiscoveries::AnyOf(wanted) => wanted.iter().any(|name| broken.contains_key(name)),
            _ => !broken.is_empty(),
        };
        if wanted {
            return (checker.unique_state_count(), broken);
        }
    }
    panic!("{:?}: not caught", scenario.variant);
}

#[test]
fn with_a_replay_that_counts() {
    let scenario = Scenario {
        variant: Variant::ReplayCounts,
        ..TROUBLE
    };
    is_caught(scenario, JUDGED, JUDGED);
}

#[test]
fn with_a_probe_through_another_endpoint() {
    let scenario = Scenario {
        variant: Variant::ProbeThroughAnother,
        ..TROUBLE
    };
    is_caught(scenario, JUDGED, JUDGED);
}

#[test]
fn with_the_head_always_next() {
    let scenario = Scenario {
        variant: Variant::NoTurns,
        ..TROUBLE
    };
    is_caught(scenario, DOOR, DOOR);
}

#[test]
fn without_a_fence() {
    is_caught(mistake(Variant::NoFence), FENCED, TWICE);
}

#[test]
fn with_a_begin_that_ignores_the_lease() {
    is_caught(mistake(Variant::BeginIgnoresLease), FENCED, TWICE);
}

#[test]
fn with_a_key_for_each_attempt() {
    is_caught(mistake(Variant::KeyPerAttempt), NEW_KEY, TWICE);
}

#[test]
fn with_a_batch_rebuilt_on_replay() {
    is_caught(mistake(Variant::BatchRebuilt), SAME_BYTES, SAME_BYTES);
}

#[test]
fn with_a_401_taken_as_definite_on_a_replay() {
    is_caught(mistake(Variant::UnauthorizedIsDefinite), NEW_KEY, TWICE);
}

#[test]
fn with_a_worker_that_sends_late() {
    is_caught(mistake(Variant::LateSender), TWICE, TWICE);
}

#[test]
fn with_a_horizon_as_long_as_keys_are_kept() {
    let scenario = Scenario {
        key_window: Some(3),
        ..mistake(Variant::LongHorizon)
    };
    is_caught(scenario, TWICE, TWICE);
}

#[test]
fn with_a_replay_to_a_provider_without_keys() {
    let scenario = Scenario {
        kept: 0,
        ..mistake(Variant::ReplayWithoutKey)
    };
    is_caught(scenario, TWICE, TWICE);
}

#[test]
fn with_a_redrive_of_what_may_have_been_sent() {
    let scenario = Scenario {
        redrives: 1,
        max_attempts: 1,
        ..mistake(Variant::RedriveOfUnknown)
    };
    is_caught(scenario, NEW_KEY, TWICE);
}

#[test]
fn with_an_event_that_does_not_see_the_end() {
    let scenario = Scenario {
        variant: Variant::EventSeesNoEnd,
        max_attempts: 1,
        ..EVENTS
    };
    is_caught(scenario, STAYS_FAILED, STAYS_FAILED);
}

#[test]
fn with_a_claim_that_does_not_look_for_evidence() {
    let scenario = Scenario {
        variant: Variant::ClaimIgnoresEvidence,
        ..REDRIVEN
    };
    is_caught(scenario, STAYS_FAILED, RESENT);
}

#[test]
fn with_an_erasure_of_what_an_event_has_marked() {
    let scenario = Scenario {
        variant: Variant::EraseOfMarked,
        ..EVENTS
    };
    is_caught(scenario, BODIES, BODIES);
}

#[test]
fn with_events_of_another_installation() {
    let scenario = Scenario {
        variant: Variant::ForeignCounts,
        ..EVENTS
    };
    is_caught(scenario, RESENT, TRUE);
}

#[test]
fn with_evidence_of_one_member_taken_for_all() {
    let scenario = Scenario {
        variant: Variant::EvidenceForAll,
        bad: [true, false],
        ..EVENTS
    };
    is_caught(scenario, TRUE, TRUE);
}

fn mistake(variant: Variant) -> Scenario {
    Scenario {
        variant,
        fates: UNAUTHORIZED,
        ..BATCH
    }
}
