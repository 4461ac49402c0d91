//! Several workers at once, with everything going wrong at random, from a seed.

use crate::support::{Behaviour, Fault, Mode, OTHER, SeededRandom, World};
use email_queue::base::Random;
use email_queue::protocol::QueueMessageStatus::Failed;
use email_queue::provider::{PROVIDERS, Provider};
use email_queue::worker::Clock;
use futures_util::future::{Either, join_all, select};
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

const MESSAGES: usize = 700;
const WORKERS: usize = 4;

#[test]
fn every_message_is_accepted_once() {
    for seed in 0..30 {
        let world = chaos(seed, PROVIDERS[0]);
        assert_eq!(
            world.counts(),
            BTreeMap::from([("completed", MESSAGES - 1), ("failed", 1)]),
            "seed {seed}",
        );
        let reason = world.list(Failed)[0].error.clone().unwrap()["reason"].clone();
        assert_eq!(reason, "rejected", "seed {seed}");
    }
}

#[test]
fn without_keys_no_message_is_accepted_twice() {
    for seed in 0..5 {
        let world = chaos(seed, &OTHER);
        let counts = world.counts();
        assert_eq!(
            counts["completed"] + counts["failed"],
            MESSAGES,
            "seed {seed}"
        );
        assert!(
            counts["completed"] > MESSAGES / 2,
            "seed {seed}: {counts:?}"
        );
        let failed = world.list(Failed);
        let reasons = failed
            .iter()
            .map(|m| m.error.clone().unwrap()["reason"].clone());
        let known = ["rejected", "unknown_outcome"];
        assert!(
            reasons
                .into_iter()
                .all(|reason| known.contains(&reason.as_str().unwrap()))
        );
    }
}

fn chaos(seed: u64, of: &'static Provider) -> World {
    let mut world = World::with_emails(MESSAGES);
    world.mailer.provider.set(of);
    let random = SeededRandom::new(seed);
    if seed % 2 == 1 {
        // All mail is large: claims go beside the other calls.
        world.config.large_bytes = 1;
    }
    world.config.dispatch_messages = 1 + (random.next() % 60) as u32;
    world.config.in_flight = 1 + (random.next() % 5) as usize;
    if random.next().is_multiple_of(2) {
        world.mailer.mode.set(Mode::Strict);
    }
    *world.mailer.refused.borrow_mut() = vec!["user3@example.com".to_owned()];
    let database = SeededRandom::new(random.next());
    world
        .database
        .fail(move |_, _| match database.next() % 100 {
            0..4 => Some(Fault::LostAnswer),
            4..7 => Some(Fault::LostCall),
            7 => Some(Fault::LateAnswer(Duration::from_millis(
                database.next() % 9000,
            ))),
            _ => None,
        });
    let provider = SeededRandom::new(random.next());
    world.mailer.behave(move |_| match provider.next() % 100 {
        0..4 => Behaviour::LostAnswer,
        4..7 => Behaviour::LostRequest,
        7 => Behaviour::TimeoutAfter,
        8 => Behaviour::Answers(500, "internal_server_error"),
        9 => Behaviour::AnswersAfter(502, "bad_gateway"),
        10 => Behaviour::Answers(409, "concurrent_idempotent_requests"),
        11 => Behaviour::AsksToWait(429, "rate_limit_exceeded", 2),
        _ => Behaviour::Honest,
    });
    world
        .clock
        .run(join_all((0..WORKERS).map(|_| worker(&world, &random))));
    world.database.fail(|_, _| None);
    world.mailer.behave(|_| Behaviour::Honest);
    world.drain();
    let twice = world.mailer.twice();
    assert!(
        twice.is_empty(),
        "seed {seed}: {twice:?} were accepted twice"
    );
    world
}

/// Runs, is killed at random moments, and is started again.
async fn worker(world: &World, random: &SeededRandom) {
    for _ in 0..12 {
        let life = match random.next() % 3 {
            0 => Duration::from_millis(random.next() % 2000),
            _ => Duration::from_secs(3600),
        };
        match select(pin!(world.work()), pin!(world.clock.sleep(life))).await {
            Either::Left(_) | Either::Right(_) => {}
        }
        let pause = Duration::from_secs_f64(20.0 * random.unit());
        world.clock.sleep(pause).await;
    }
}
