//! Random steps on both at once: each answer and each message must be the same, but for ids, tokens and times of day.
//!
//! Times are whole seconds on both sides, and the database's own clock moves by less than that during a run of steps, so
//! whatever is due on one side is due on the other.

use crate::database::Database;
use crate::memory::Memory;
use crate::side::Side;
use crate::subject::Subject;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::json;
use std::time::{Duration, Instant};

/// On a busy machine the rest of the steps is left out: the database's time would show.
const MOST: Duration = Duration::from_millis(800);

#[derive(Debug, Clone)]
pub enum Step {
    Enqueue {
        domain: bool,
        priority: u8,
        max_attempts: u32,
        delay: u64,
        expires: Option<u64>,
    },
    Claim {
        max_messages: u32,
        lease: u64,
        max_frozen: u32,
    },
    Begin {
        which: usize,
        members: bool,
        keyed: bool,
    },
    Settle {
        which: usize,
        how: usize,
        counted: bool,
        delay: u64,
        cooldown: Option<u64>,
        answered: Option<bool>,
    },
    Release {
        which: usize,
    },
    Pause {
        domain: bool,
        seconds: u32,
    },
    Resume {
        domain: bool,
    },
    Advance {
        seconds: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let delay = prop_oneof![3 => Just(0), 2 => 1..90_u64];
    prop_oneof![
        4 => (any::<bool>(), 0..4_u8, 1..4_u32, delay.clone(), proptest::option::weighted(0.3, 1..120_u64)).prop_map(
            |(domain, priority, max_attempts, delay, expires)| Step::Enqueue { domain, priority, max_attempts, delay, expires }),
        4 => (1..5_u32, 5..60_u64, 0..3_u32).prop_map(|(max_messages, lease, max_frozen)| Step::Claim { max_messages, lease, max_frozen }),
        5 => (any::<usize>(), proptest::bool::weighted(0.95), proptest::bool::weighted(0.8)).prop_map(
            |(which, members, keyed)| Step::Begin { which, members, keyed }),
        5 => (any::<usize>(), 0..11_usize, proptest::bool::weighted(0.7), delay, proptest::option::weighted(0.1, 3..30_u64),
            proptest::option::weighted(0.7, proptest::bool::weighted(0.4))).prop_map(
            |(which, how, counted, delay, cooldown, answered)| Step::Settle { which, how, counted, delay, cooldown, answered }),
        1 => any::<usize>().prop_map(|which| Step::Release { which }),
        1 => (any::<bool>(), 1..60_u32).prop_map(|(domain, seconds)| Step::Pause { domain, seconds }),
        1 => any::<bool>().prop_map(|domain| Step::Resume { domain }),
        4 => prop_oneof![4 => 1..40_u64, 1 => 40..4000_u64, 1 => Just(23 * 3600)].prop_map(|seconds| Step::Advance { seconds }),
    ]
}

#[test]
fn random_steps_have_the_same_answers_in_memory_and_in_the_database() {
    if Database::connect().is_none() {
        return;
    }
    let config = Config {
        cases: 40,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let steps = proptest::collection::vec(step(), 10..40);
    runner.run(&steps, |steps| compare(&steps)).unwrap();
}

fn compare(steps: &[Step]) -> Result<(), TestCaseError> {
    let (mut memory, mut database) = (Memory::default(), Database::connect().unwrap());
    let mut sides = [&mut memory as &mut dyn Subject, &mut database].map(|subject| {
        subject.configure(json!({"rate_limit": 1}));
        Side {
            subject,
            messages: Vec::new(),
            dispatches: Vec::new(),
            tokens: 0,
        }
    });
    let began = Instant::now();
    for (number, step) in steps.iter().enumerate() {
        let [memory, database] = sides.each_mut().map(|side| side.take(step));
        if began.elapsed() > MOST {
            break;
        }
        prop_assert_eq!(memory, database, "step {}, {:?}", number, step);
        let [memory, database] = sides.each_mut().map(Side::contents);
        prop_assert_eq!(memory, database, "after step {}, {:?}", number, step);
    }
    Ok(())
}
