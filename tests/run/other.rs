//! A second provider: no keys, smaller requests, other words.

use crate::support::{Behaviour, OTHER, World, email};
use email_queue::protocol::QueueMessageStatus::{Completed, Failed, Processing};
use email_queue::protocol::{NewMessage, QueueMessage};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const NO_ANSWER: [Behaviour; 6] = [
    Behaviour::LostRequest,
    Behaviour::LostAnswer,
    Behaviour::TimeoutBefore,
    Behaviour::TimeoutAfter,
    Behaviour::Answers(500, "internal"),
    Behaviour::AnswersAfter(202, "garbage"),
];

fn world(count: usize) -> World {
    let world = World::with_emails(count);
    world.mailer.provider.set(&OTHER);
    world
}

fn reason(message: &QueueMessage) -> String {
    let error = message.error.as_ref().expect("it has an error");
    error["reason"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn assert_unknown(world: &World, count: usize) {
    let failed = world.list(Failed);
    assert_eq!(failed.len(), count);
    assert!(failed.iter().all(|m| reason(m) == "unknown_outcome"));
    assert_eq!(world.mailer.twice(), Vec::<String>::new());
}

#[test]
fn all_is_sent_in_requests_of_the_size_that_it_takes() {
    let world = world(250);
    world.drain();
    world.assert_all_completed(250);
    let requests = world.mailer.requests.borrow();
    assert!(requests.iter().all(|request| request.ids().len() <= 20));
    assert_eq!(requests.len(), 13);
}

#[test]
fn what_has_no_answer_ends_and_is_never_sent_again() {
    for behaviour in NO_ANSWER {
        for count in [1, 20] {
            let world = world(count);
            let first = behaviour.clone();
            world.mailer.behave(move |_| first.clone());
            let report = world.run();
            assert_eq!((report.failed, report.retried), (count as u64, 0));
            world.clock.advance(Duration::from_secs(48 * 3600));
            world.run();
            assert_unknown(&world, count);
            assert_eq!(world.mailer.count(), 1, "{behaviour:?}");
        }
    }
}

#[test]
fn a_kill_between_acceptance_and_settle_ends_it_after_the_lease() {
    let world = world(20);
    assert_eq!(world.run_until(|| world.mailer.accepted() > 0), None);
    world.run();
    assert_eq!(world.list(Processing).len(), 20);
    world.clock.advance(Duration::from_secs(60));
    world.run();
    assert_unknown(&world, 20);
    assert_eq!(world.mailer.count(), 1);
}

#[test]
fn a_kill_before_begin_costs_nothing() {
    let world = world(20);
    let claimed = || {
        let calls = world.database.calls.borrow();
        calls.last().is_some_and(|call| call.reply.is_some())
    };
    assert_eq!(world.run_until(claimed), None);
    world.clock.advance(Duration::from_secs(120));
    world.run();
    world.assert_all_completed(20);
    assert!(world.list(Completed).iter().all(|m| m.attempts == 1));
}

#[test]
fn its_own_word_for_too_much_is_waited_for_and_uses_no_attempt() {
    let world = world(60);
    world.mailer.behave(|request| match request.number {
        0 => Behaviour::AsksToWait(429, "rate_limit_exceeded", 5),
        _ => Behaviour::Honest,
    });
    world.run();
    world.assert_all_completed(60);
    assert!(world.list(Completed).iter().all(|m| m.attempts == 1));
    let requests = world.mailer.requests.borrow();
    let refused = requests[0].at + world.mailer.latency.get();
    let mut later = requests.iter().filter(|request| request.at > refused);
    assert!(later.all(|request| request.at >= refused + Duration::from_secs(5)));
}

#[test]
fn one_that_it_refuses_fails_alone() {
    for mode in [
        crate::support::Mode::Permissive,
        crate::support::Mode::Strict,
    ] {
        let world = world(20);
        world.mailer.mode.set(mode);
        *world.mailer.refused.borrow_mut() = vec!["user3@example.com".to_owned()];
        world.drain();
        let counts = BTreeMap::from([("completed", 19), ("failed", 1)]);
        assert_eq!(world.counts(), counts, "{mode:?}");
        assert_eq!(reason(&world.list(Failed)[0]), "rejected");
        assert_eq!(world.mailer.twice(), Vec::<String>::new());
    }
}

#[test]
fn what_it_does_not_take_fails_alone_and_unsent() {
    let world = world(5);
    let mut attached = email(5);
    attached.payload["attachments"] = json!([{"filename": "a.txt", "content": "YQ=="}]);
    let id = world.enqueue(attached);
    world.drain();
    assert_eq!(
        world.counts(),
        BTreeMap::from([("completed", 5), ("failed", 1)])
    );
    let message = world.get(&id);
    assert_eq!(
        (reason(&message).as_str(), message.attempts),
        ("rejected", 0)
    );
    let error = message.error.unwrap();
    assert_eq!(error["message"], "attachments: Other takes none");
}

#[test]
fn what_may_have_been_sent_goes_to_no_other_provider() {
    let world = World::default();
    for index in 0..3 {
        world.enqueue(NewMessage {
            max_attempts: Some(100),
            ..email(index)
        });
    }
    world.mailer.behave(|request| match request.number {
        0 => Behaviour::LostAnswer,
        _ => Behaviour::Honest,
    });
    world.run();
    assert_eq!((world.mailer.count(), world.list(Processing).len()), (1, 3));
    world.mailer.provider.set(&OTHER);
    world.enqueue(email(3));
    for _ in 0..24 {
        world.clock.advance(Duration::from_secs(3600));
        world.run();
    }
    assert_unknown(&world, 3);
    assert_eq!((world.mailer.count(), world.list(Completed).len()), (2, 1));
}
