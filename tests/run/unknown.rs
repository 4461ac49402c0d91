//! What may have been sent keeps its members, their order, its key and its bytes, until a definite answer.

use crate::support::{Behaviour, World, email};
use email_queue::protocol::QueueMessageStatus::{Completed, Failed, Processing};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Each request has the bytes that its key had first.
#[track_caller]
fn assert_same_bytes(world: &World) {
    let mut bodies = BTreeMap::new();
    for request in world.mailer.requests.borrow().iter() {
        let first = bodies
            .entry(request.key.clone())
            .or_insert_with(|| request.body.clone());
        assert!(*first == request.body, "{} has another body", request.key);
    }
}

fn keys(world: &World) -> BTreeSet<String> {
    let requests = world.mailer.requests.borrow();
    requests.iter().map(|request| request.key.clone()).collect()
}

const UNKNOWN: [Behaviour; 8] = [
    Behaviour::LostRequest,
    Behaviour::LostAnswer,
    Behaviour::TimeoutBefore,
    Behaviour::TimeoutAfter,
    Behaviour::Answers(500, "internal_server_error"),
    Behaviour::AnswersAfter(502, "bad_gateway"),
    Behaviour::AnswersAfter(200, "garbage"),
    Behaviour::Answers(408, "request_timeout"),
];

#[test]
fn an_unknown_outcome_is_replayed_with_the_same_key_and_bytes() {
    for behaviour in UNKNOWN {
        for count in [1, 100] {
            let world = World::with_emails(count);
            let first = behaviour.clone();
            world.mailer.behave(move |request| match request.number {
                0 => first.clone(),
                _ => Behaviour::Honest,
            });
            let report = world.run();
            assert_eq!(report.retried, count as u64, "{behaviour:?}");
            let waiting = world.list(Processing);
            assert_eq!(waiting.len(), count);
            assert!(
                waiting
                    .iter()
                    .all(|message| message.lease_expires_at.is_none())
            );
            world.drain();
            world.assert_all_completed(count);
            assert_same_bytes(&world);
            assert_eq!(
                (world.mailer.count(), keys(&world).len()),
                (2, 1),
                "{behaviour:?}"
            );
            assert!(
                world
                    .list(Completed)
                    .iter()
                    .all(|message| message.attempts == 2)
            );
        }
    }
}

#[test]
fn a_message_enqueued_meanwhile_does_not_join_the_replay() {
    let world = World::with_emails(3);
    world.mailer.behave(|request| match request.number {
        0 => Behaviour::LostAnswer,
        _ => Behaviour::Honest,
    });
    world.run();
    world.enqueue(email(3));
    world.drain();
    world.assert_all_completed(4);
    assert_same_bytes(&world);
}

#[test]
fn on_a_replay_a_refusal_says_nothing_about_the_first_request() {
    for (status, name) in [
        (401, "missing_api_key"),
        (403, "validation_error"),
        (403, "suspended_api_key"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (409, "concurrent_idempotent_requests"),
        (418, "teapot"),
        (429, "rate_limit_exceeded"),
        (429, "daily_quota_exceeded"),
        (451, "security_error"),
        (503, "unavailable"),
    ] {
        let world = World::with_emails(10);
        world.mailer.behave(move |request| match request.number {
            0 => Behaviour::LostAnswer,
            1 => Behaviour::Answers(status, name),
            _ => Behaviour::Honest,
        });
        for _ in 0..30 {
            world.run();
            world.clock.advance(Duration::from_secs(3600));
        }
        world.assert_all_completed(10);
        assert_same_bytes(&world);
        assert_eq!(keys(&world).len(), 1, "{status} {name}");
    }
}

#[test]
fn another_body_under_the_key_ends_it_as_unknown() {
    let world = World::with_emails(2);
    world.mailer.behave(|request| match request.number {
        0 => Behaviour::LostAnswer,
        _ => Behaviour::Answers(409, "invalid_idempotent_request"),
    });
    world.drain();
    assert_eq!(world.counts(), BTreeMap::from([("failed", 2)]));
    assert!(
        world
            .list(Failed)
            .iter()
            .all(|message| { message.error.as_ref().unwrap()["reason"] == "unknown_outcome" })
    );
    assert_eq!(world.mailer.count(), 2);
}

#[test]
fn attempts_used_up_on_unknown_outcomes_end_it_without_a_new_key() {
    let world = World::default();
    for index in 0..2 {
        world.enqueue(email_queue::protocol::NewMessage {
            max_attempts: Some(3),
            ..email(index)
        });
    }
    world.mailer.behave(|_| Behaviour::TimeoutBefore);
    world.drain();
    assert_eq!(world.counts(), BTreeMap::from([("failed", 2)]));
    for message in world.list(Failed) {
        let error = message.error.unwrap();
        assert_eq!(
            (message.attempts, error["reason"].as_str()),
            (3, Some("unknown_outcome"))
        );
        assert_eq!(error["history"].as_array().unwrap().len(), 3);
    }
    assert_eq!((world.mailer.count(), keys(&world).len()), (3, 1));
}

#[test]
fn nothing_is_replayed_past_the_horizon() {
    let world = World::default();
    world.enqueue(email_queue::protocol::NewMessage {
        max_attempts: Some(100),
        ..email(0)
    });
    world.mailer.behave(|_| Behaviour::LostAnswer);
    let began = world.now();
    while world.list(Failed).is_empty() {
        world.run();
        world.clock.advance(Duration::from_secs(300));
        assert!(
            world.now() < began + Duration::from_secs(25 * 3600),
            "it never ends"
        );
    }
    let horizon = began + Duration::from_secs(23 * 3600);
    assert!(
        world
            .mailer
            .requests
            .borrow()
            .iter()
            .all(|request| request.at < horizon)
    );
    assert_eq!(world.mailer.twice(), Vec::<String>::new());
    assert_eq!(
        world.list(Failed)[0].error.as_ref().unwrap()["reason"],
        "unknown_outcome"
    );
    assert!(world.now() >= horizon);
}

#[test]
fn a_kill_between_acceptance_and_settle_is_replayed_after_the_lease() {
    let world = World::with_emails(100);
    assert_eq!(world.run_until(|| world.mailer.accepted() > 0), None);
    // While the lease lasts, nobody else touches it.
    world.run();
    assert_eq!(world.mailer.count(), 1);
    world.clock.advance(Duration::from_secs(60));
    world.run();
    world.assert_all_completed(100);
    assert_same_bytes(&world);
    assert_eq!((world.mailer.count(), keys(&world).len()), (2, 1));
}

#[test]
fn a_kill_before_begin_sends_nothing_and_uses_no_attempt() {
    let world = World::with_emails(100);
    assert_eq!(
        world.run_until(|| world
            .database
            .calls
            .borrow()
            .last()
            .is_some_and(|call| call.reply.is_some())),
        None
    );
    assert_eq!(world.mailer.count(), 0);
    world.clock.advance(Duration::from_secs(120));
    world.run();
    world.assert_all_completed(100);
    assert!(
        world
            .list(Completed)
            .iter()
            .all(|message| message.attempts == 1)
    );
}
