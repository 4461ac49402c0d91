//! Messages that can never go fail alone.

use crate::support::{Mode, World, email};
use email_queue::protocol::QueueMessageStatus::{Completed, Failed};
use serde_json::json;
use std::collections::BTreeMap;

fn refuse(world: &World, indexes: &[usize]) {
    let address = |index: &usize| format!("user{index}@example.com");
    *world.mailer.refused.borrow_mut() = indexes.iter().map(address).collect();
}

#[track_caller]
fn assert_alone(world: &World, sent: usize, refused: usize) {
    let expected = BTreeMap::from([("completed", sent), ("failed", refused)]);
    let expected = expected.into_iter().filter(|(_, count)| *count > 0);
    assert_eq!(world.counts(), expected.collect());
    assert_eq!(world.mailer.accepted(), sent);
    assert_eq!(world.mailer.twice(), Vec::<String>::new());
    for message in world.list(Failed) {
        assert_eq!(message.error.unwrap()["reason"], "rejected");
    }
}

#[test]
fn one_refused_member_among_100_fails_alone_with_the_same_request() {
    let world = World::with_emails(100);
    refuse(&world, &[42]);
    let report = world.run();
    assert_eq!((report.accepted, report.failed), (99, 1));
    assert_eq!(world.mailer.count(), 1);
    assert_alone(&world, 99, 1);
    let failed = &world.list(Failed)[0];
    assert_eq!(
        (failed.attempts, failed.payload["subject"].as_str()),
        (1, Some("Order 42"))
    );
    assert!(world.list(Completed).iter().all(|message| {
        message.attempts == 1 && message.provider_message_id == Some(format!("re-{}", message.id))
    }));
}

#[test]
fn where_only_strict_is_answered_the_culprit_is_found_by_halving() {
    let world = World::with_emails(100);
    world.mailer.mode.set(Mode::Strict);
    refuse(&world, &[42]);
    let report = world.run();
    assert_alone(&world, 99, 1);
    assert_eq!((report.accepted, report.failed), (99, 1));
    // 100, then two halves of each of 100, 50, 25, 13, 7, 4 and 2 at the most.
    assert!(
        world.mailer.count() <= 15,
        "{} requests",
        world.mailer.count()
    );
    assert!(
        world.database.count() <= 24,
        "{} calls",
        world.database.count()
    );
    assert!(
        world
            .list(Completed)
            .iter()
            .all(|message| message.attempts == 1)
    );
    assert_eq!(world.list(Failed)[0].attempts, 1);
}

#[test]
fn several_culprits_are_found_too() {
    let world = World::with_emails(100);
    world.mailer.mode.set(Mode::Strict);
    refuse(&world, &[0, 1, 50, 99]);
    world.drain();
    assert_alone(&world, 96, 4);
}

#[test]
fn what_only_the_full_check_finds_is_rejected_before_it_is_sent() {
    let world = World::with_emails(3);
    let mut bad = email(3);
    bad.payload["headers"] = json!({"X-Note": "a\r\nBcc: b@example.com"});
    let id = world.enqueue(bad);
    let report = world.run();
    assert_eq!((report.accepted, report.failed), (3, 1));
    assert_alone(&world, 3, 1);
    let message = world.get(&id);
    assert_eq!(message.attempts, 0);
    assert_eq!(message.error.unwrap()["class"], "rejected");
    assert_eq!((world.mailer.count(), world.database.count()), (1, 3));
    assert!(!world.mailer.requests.borrow()[0].ids().contains(&id));
}

#[test]
fn a_dispatch_of_unfit_messages_ends_without_a_request() {
    let world = World::default();
    for index in 0..3 {
        let mut bad = email(index);
        bad.payload["replyTo"] = json!(7);
        world.enqueue(bad);
    }
    let report = world.run();
    assert_eq!((report.failed, world.mailer.count()), (3, 0));
    assert_alone(&world, 0, 3);
}
