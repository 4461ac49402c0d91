//! What is checked: the protocol as it is, in several surroundings, and each mistake.

use crate::protocol::{Protocol, Scenario};
use crate::provider::{EVERY_FATE, Fate, Mode, Refusal};
use crate::variant::Variant;
use stateright::{Checker, DiscoveryClassification, HasDiscoveries, Model};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

const TWICE: &str = "never accepted twice";
const SAME_BYTES: &str = "a key always comes with the same bytes";
const FENCED: &str = "without the lease nothing changes";
const JUDGED: &str = "only first requests through the endpoint move the circuit breaker";
const DOOR: &str = "poison at the head does not hold the door";
const NEW_KEY: &str = "no new key for what may have been sent";

const UNAUTHORIZED: &[Fate] = &[
    Fate::Answered,
    Fate::Unanswered,
    Fate::Late,
    Fate::Refused(Refusal::Unauthorized),
];
const TOO_MANY: &[Fate] = &[
    Fate::Answered,
    Fate::Unanswered,
    Fate::Late,
    Fate::Refused(Refusal::TooMany),
];

/// As if requests that are given up never arrived.
const NOT_LATE: &[Fate] = &[
    Fate::Answered,
    Fate::Unanswered,
    Fate::Refused(Refusal::Unauthorized),
    Fate::Refused(Refusal::TooMany),
];

/// Two messages that share a dispatch; the provider does all that it can do.
const BATCH: Scenario = Scenario {
    variant: Variant::Faithful,
    mode: Mode::Permissive,
    bad: [false, false],
    max_attempts: 2,
    send_before: [None, None],
    size: 2,
    fates: EVERY_FATE,
    lossy: false,
    redrives: 0,
    horizon: 2,
    trouble: false,
};

/// Explores all states. `reached` are the ends that the scenario is there for.
fn holds(name: &str, scenario: Scenario, reached: &[&str]) {
    let began = Instant::now();
    let checker = Protocol::new(scenario).checker();
    let checker = checker
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    println!(
        "{name}: {} states, {} steps, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed().as_secs_f64(),
    );
    let mut examples = BTreeSet::new();
    for (property, path) in checker.discoveries() {
        if let DiscoveryClassification::Example = checker.discovery_classification(property) {
            examples.insert(property);
            continue;
        }
        println!("{:#?}", path.last_state());
        for action in path.into_actions() {
            println!("  {action:?}");
        }
        panic!("{name}: not {property}");
    }
    for property in reached {
        assert!(examples.contains(property), "{name}: never {property}");
    }
}

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
fn a_batch_and_every_refusal() {
    let reached = ["both completed", "unknown_outcome", "exhausted"];
    holds("a batch, every refusal", BATCH, &reached);
}

#[test]
fn a_batch_and_a_database_whose_answers_get_lost() {
    let scenario = Scenario {
        lossy: true,
        fates: &[Fate::Answered, Fate::Unanswered],
        ..BATCH
    };
    let reached = ["both completed", "unknown_outcome"];
    holds("a batch, lost answers of the database", scenario, &reached);
}

#[test]
fn a_single_attempt_with_lost_answers_and_every_refusal() {
    let scenario = Scenario {
        lossy: true,
        max_attempts: 1,
        ..BATCH
    };
    let reached = ["both completed", "unknown_outcome", "exhausted"];
    holds(
        "one attempt, lost answers, every refusal",
        scenario,
        &reached,
    );
}

#[test]
fn two_dispatches_of_one_message() {
    let scenario = Scenario {
        size: 1,
        fates: NOT_LATE,
        ..BATCH
    };
    let reached = ["both completed", "unknown_outcome", "exhausted"];
    holds("two singles, 401, 429", scenario, &reached);
}

#[test]
fn a_bad_member_of_a_strict_batch() {
    let scenario = Scenario {
        mode: Mode::Strict,
        bad: [true, false],
        fates: NOT_LATE,
        ..BATCH
    };
    holds("a bad member, strict, 401, 429", scenario, &["rejected"]);
}

#[test]
fn a_bad_member_of_a_permissive_batch() {
    let scenario = Scenario {
        bad: [true, false],
        fates: NOT_LATE,
        ..BATCH
    };
    holds(
        "a bad member, permissive, 401, 429",
        scenario,
        &["rejected"],
    );
}

#[test]
fn messages_that_expire() {
    let scenario = Scenario {
        send_before: [Some(1), Some(3)],
        ..BATCH
    };
    let reached = ["both completed", "unknown_outcome", "expired"];
    holds("messages that expire, every refusal", scenario, &reached);
}

#[test]
fn messages_that_are_redriven_or_cancelled() {
    let scenario = Scenario {
        redrives: 1,
        max_attempts: 1,
        fates: TOO_MANY,
        ..BATCH
    };
    let reached = [
        "both completed",
        "unknown_outcome",
        "exhausted",
        "cancelled",
    ];
    holds("redrive and cancel, 429", scenario, &reached);
}

/// An endpoint that has been silent, and poison at the head.
const TROUBLE: Scenario = Scenario {
    size: 1,
    fates: &[Fate::Answered, Fate::Unanswered],
    trouble: true,
    ..BATCH
};

#[test]
fn an_endpoint_that_has_been_silent() {
    holds("a silent endpoint, poison", TROUBLE, &["unknown_outcome"]);
}

#[test]
fn an_endpoint_that_has_been_silent_and_lost_answers() {
    let scenario = Scenario {
        lossy: true,
        ..TROUBLE
    };
    holds("a silent endpoint, poison, lost answers", scenario, &[]);
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
        horizon: 3,
        ..mistake(Variant::LongHorizon)
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

fn mistake(variant: Variant) -> Scenario {
    Scenario {
        variant,
        fates: UNAUTHORIZED,
        ..BATCH
    }
}
