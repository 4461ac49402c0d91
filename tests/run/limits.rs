//! What the provider refuses for a while, or to some: a quota, its test mode, domains that are not verified.

use crate::support::{World, email};
use email_queue::protocol::QueueMessageStatus::{Completed, Failed};
use email_queue::protocol::{NewMessage, Redrive};
use email_queue::worker::Stopped;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn of(domain: &str, index: usize) -> NewMessage {
    let mut message = email(index);
    message.payload["from"] = format!("news@{domain}").into();
    message
}

#[test]
fn what_is_left_of_a_quota_is_used() {
    let world = World::default();
    for index in 0..60 {
        let mut message = email(index);
        message.payload["cc"] = format!("copy{index}@example.com").into();
        world.enqueue(message);
    }
    world.mailer.quota.set(100);
    let report = world.run();
    assert_eq!((report.accepted, report.stopped), (50, Stopped::Throttled));
    assert_eq!(world.mailer.quota.get(), 0);
    // Two or three of each size: 60, 30, 15, 8, 4, 2 and 1.
    let requests = world.mailer.count();
    assert!(requests <= 20, "{requests} requests");
    // Noon, and the quota's day turns at midnight.
    let wait = report.retry_after_seconds.unwrap();
    assert!((11 * 3600..=12 * 3600).contains(&wait), "{wait} s");
    world.clock.advance(HOUR);
    world.run();
    assert_eq!(world.mailer.count(), requests, "it asked too soon");
    world.mailer.quota.set(100);
    world.clock.advance(11 * HOUR);
    world.run();
    world.assert_all_completed(60);
    let attempts = |message: &email_queue::protocol::QueueMessage| message.attempts == 1;
    assert!(world.list(Completed).iter().all(attempts));
}

#[test]
fn a_quota_that_is_used_up_costs_a_backlog_few_requests() {
    let world = World::with_emails(5000);
    world.mailer.quota.set(0);
    let report = world.run();
    assert_eq!((report.accepted, report.stopped), (0, Stopped::Throttled));
    let requests = world.mailer.count();
    assert!(requests <= 60, "{requests} requests");
    world.run();
    assert_eq!(world.mailer.count(), requests, "it asked too soon");
    world.mailer.quota.set(usize::MAX);
    world.clock.advance(12 * HOUR);
    world.drain();
    world.assert_all_completed(5000);
}

#[test]
fn test_mode_rejects_strangers_and_takes_ones_own_address() {
    let world = World::default();
    for index in 0..10 {
        let mut message = email(index);
        message.payload["from"] = "onboarding@resend.dev".into();
        if index != 4 {
            message.payload["to"] = "owner@example.com".into();
        }
        world.enqueue(message);
    }
    world.drain();
    let expected = BTreeMap::from([("completed", 9), ("failed", 1)]);
    assert_eq!(world.counts(), expected);
    let error = world.list(Failed).remove(0).error.unwrap();
    assert_eq!(error["reason"], "rejected");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("testing emails")
    );
}

#[test]
fn three_hundred_unverified_domains_make_nobody_wait_again() {
    let world = World::default();
    let domain = |index: usize| format!("d{index}.example");
    *world.mailer.unverified.borrow_mut() = (0..300).map(domain).collect();
    let mut index = 0;
    let mut enqueue = |domain: &str| {
        index += 1;
        world.enqueue(of(domain, index))
    };
    for index in 0..300 {
        enqueue(&domain(index));
    }
    // Until each has been asked for once.
    while world.mailer.count() < 300 {
        world.run();
    }
    // Good mail that comes when the pauses have just run out: of 15 minutes, then of 30.
    for (minutes, at_most) in [(16, 310), (16, 80), (16, 310)] {
        world.clock.advance(minutes * MINUTE);
        let good = enqueue("good.example");
        let (enqueued, before) = (world.now(), world.mailer.count());
        world.run();
        let requests = world.mailer.requests.borrow();
        let sent = requests
            .iter()
            .find(|request| request.ids().contains(&good));
        let waited = sent.unwrap().at - enqueued;
        assert!(waited < Duration::from_secs(1), "it waited {waited:?}");
        assert_eq!(world.get(&good).status, Completed);
        let asked = requests.len() - before;
        assert!(asked <= at_most, "{asked} requests");
    }
}

#[test]
fn a_domain_that_nobody_verifies_ends_in_dead_letters_that_can_be_redriven() {
    let world = World::default();
    *world.mailer.unverified.borrow_mut() = vec!["new.example".to_owned()];
    let ids: Vec<String> = (0..250)
        .map(|i| world.enqueue(of("new.example", i)))
        .collect();
    let began = world.now();
    world.run();
    while !world.counts().contains_key("failed") {
        assert!(world.now() - began < 5 * 24 * HOUR, "{:?}", world.counts());
        world.clock.advance(15 * MINUTE);
        world.run();
    }
    let after = world.now() - began;
    assert!(after >= 3 * 24 * HOUR && after < 4 * 24 * HOUR, "{after:?}");
    assert_eq!(world.counts(), BTreeMap::from([("failed", 250)]));
    assert!(
        world.mailer.count() <= 30,
        "{} requests",
        world.mailer.count()
    );
    let failed = world.get(&ids[0]);
    let error = failed.error.unwrap();
    assert_eq!(
        (failed.attempts, error["reason"].as_str()),
        (0, Some("rejected"))
    );
    assert_eq!(error["message"], json!("403 validation_error: injected"));
    // What comes later waits for its own three days.
    let later = world.enqueue(of("new.example", 250));
    world.clock.advance(25 * HOUR);
    world.run();
    assert_eq!(world.get(&later).error, None);
    world.mailer.unverified.borrow_mut().clear();
    world.clock.advance(25 * HOUR);
    world.run();
    assert_eq!(world.get(&later).status, Completed);
    let redrive = |ids: &[String], from: Option<&str>| {
        let redrive = Redrive {
            ids: Some(ids.to_vec()),
            from: from.map(str::to_owned),
            ..Redrive::default()
        };
        let queue = &world.database.queue;
        queue.with(|queue, now| queue.redrive_many(now, &redrive, 1000))
    };
    assert_eq!(redrive(&ids[..249], None).redriven.len(), 249);
    // Or with another sender.
    let sender = "Shop <shop@example.com>";
    assert_eq!(redrive(&ids[249..], Some(sender)).redriven, ids[249..]);
    assert_eq!(world.get(&ids[249]).payload["from"], sender);
    world.run();
    world.assert_all_completed(251);
    let requests = world.mailer.requests.borrow();
    let sent = requests.iter().flat_map(|request| request.emails());
    assert_eq!(sent.filter(|email| email["from"] == sender).count(), 1);
}
