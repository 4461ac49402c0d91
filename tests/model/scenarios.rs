//! What is checked: the protocol as it is, in several surroundings.

use crate::protocol::{Protocol, Scenario};
use crate::provider::{EVERY_FATE, Fate, Mode, Refusal};
use crate::variant::Variant;
use stateright::{Checker, DiscoveryClassification, HasDiscoveries, Model};
use std::collections::BTreeSet;
use std::time::Instant;

pub const UNAUTHORIZED: &[Fate] = &[
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
pub const BATCH: Scenario = Scenario {
    variant: Variant::Faithful,
    mode: Mode::Permissive,
    bad: [false, false],
    max_attempts: 2,
    send_before: [None, None],
    size: 2,
    fates: EVERY_FATE,
    lossy: false,
    redrives: 0,
    kept: 3,
    key_window: Some(2),
    events: false,
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

/// A provider without keys: what may have been sent ends.
pub const KEYLESS: Scenario = Scenario {
    fates: &[
        Fate::Answered,
        Fate::Unanswered,
        Fate::Late,
        Fate::Refused(Refusal::TooMany),
        Fate::Refused(Refusal::Trouble),
    ],
    kept: 0,
    key_window: None,
    ..BATCH
};

#[test]
fn a_provider_without_keys() {
    let reached = ["both completed", "unknown_outcome", "exhausted"];
    holds("no keys, 429, 500", KEYLESS, &reached);
}

#[test]
fn a_provider_without_keys_and_a_database_whose_answers_get_lost() {
    let scenario = Scenario {
        lossy: true,
        fates: UNAUTHORIZED,
        ..KEYLESS
    };
    let reached = ["both completed", "unknown_outcome"];
    holds("no keys, lost answers of the database", scenario, &reached);
}

#[test]
fn a_provider_without_keys_and_messages_that_are_redriven() {
    let scenario = Scenario {
        redrives: 1,
        fates: TOO_MANY,
        ..KEYLESS
    };
    let reached = ["both completed", "unknown_outcome", "cancelled"];
    holds("no keys, redrive and cancel, 429", scenario, &reached);
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

/// The provider reports what it has accepted: early, late, twice, or never.
pub const EVENTS: Scenario = Scenario {
    fates: &[Fate::Answered, Fate::Unanswered],
    events: true,
    ..BATCH
};

#[test]
fn a_provider_that_reports() {
    let reached = ["both completed", "unknown_outcome"];
    holds("events", EVENTS, &reached);
}

#[test]
fn a_provider_that_reports_what_arrives_late() {
    let scenario = Scenario {
        max_attempts: 1,
        fates: &[Fate::Answered, Fate::Late],
        ..EVENTS
    };
    holds("events, late requests", scenario, &["unknown_outcome"]);
}

#[test]
fn a_provider_that_reports_a_batch_with_a_bad_member() {
    let scenario = Scenario {
        bad: [true, false],
        ..EVENTS
    };
    holds("events, a bad member", scenario, &["rejected"]);
}

/// What ended without an answer is redriven.
pub const REDRIVEN: Scenario = Scenario {
    redrives: 1,
    max_attempts: 1,
    ..EVENTS
};

#[test]
fn a_provider_that_reports_what_is_redriven() {
    let reached = ["both completed", "unknown_outcome", "cancelled"];
    holds("events, redrive and cancel", REDRIVEN, &reached);
}

#[test]
fn a_provider_without_keys_that_reports() {
    let scenario = Scenario {
        events: true,
        fates: &[Fate::Answered, Fate::Unanswered],
        lossy: true,
        ..KEYLESS
    };
    holds("no keys, events", scenario, &["both completed"]);
}

/// An endpoint that has been silent, and poison at the head.
pub const TROUBLE: Scenario = Scenario {
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
