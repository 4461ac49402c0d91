//! A run begins nothing that it cannot finish, and sends nothing too late.

use crate::support::{Behaviour, Fault, World, email};
use email_queue::protocol::QueueMessageStatus::Completed;
use email_queue::worker::Stopped;
use std::collections::BTreeMap;
use std::time::Duration;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn begins(world: &World, call: usize) -> bool {
    let calls = world.database.calls.borrow();
    calls
        .get(call)
        .is_some_and(|call| !call.request.begins.is_empty())
}

#[test]
fn a_late_answer_to_begin_is_not_acted_on() {
    let world = World::with_emails(10);
    let late = Fault::LateAnswer(seconds(6));
    world
        .database
        .fail(move |number, _| (number == 1).then_some(late));
    let report = world.run();
    assert!(begins(&world, 1));
    assert_eq!((report.released, report.accepted), (10, 10));
    world.assert_all_completed(10);
    assert_eq!(world.mailer.count(), 1);
    assert!(
        world
            .list(Completed)
            .iter()
            .all(|message| message.attempts == 1)
    );
}

#[test]
fn a_worker_that_sleeps_between_begin_and_send_does_not_send() {
    let world = World::with_emails(10);
    world
        .database
        .fail(|number, _| (number == 1).then_some(Fault::Sleep(seconds(6))));
    let report = world.run();
    assert!(begins(&world, 1));
    assert_eq!((report.released, report.accepted), (10, 10));
    world.assert_all_completed(10);
    assert_eq!(world.mailer.count(), 1);
    assert!(
        world
            .list(Completed)
            .iter()
            .all(|message| message.attempts == 1)
    );
}

#[test]
fn a_worker_that_sleeps_past_its_lease_changes_nothing() {
    let world = World::with_emails(10);
    world.mailer.behave(|_| Behaviour::Honest);
    world.mailer.latency.set(seconds(2));
    let report = world.clock.run(async {
        let sleeper = async {
            email_queue::worker::Clock::sleep(&world.clock, seconds(1)).await;
            world.clock.advance(seconds(40));
        };
        futures_util::join!(world.work(), sleeper).0
    });
    assert_eq!(report.lost, 10, "{report:?}");
    world.drain();
    world.assert_all_completed(10);
    assert!(
        world
            .list(Completed)
            .iter()
            .all(|message| message.attempts == 2)
    );
}

#[test]
fn nothing_begins_that_could_not_end_before_the_deadline() {
    let mut world = World::with_emails(3000);
    world.config.in_flight = 2;
    world.mailer.latency.set(seconds(9));
    let began = world.now();
    let report = world.run();
    assert_eq!(report.stopped, Stopped::Deadline);
    assert!(world.now() <= began + world.config.deadline);
    let longest = world.config.max_wait + world.config.margin + world.config.timeout;
    let latest = began + world.config.deadline - longest + world.config.max_wait;
    assert!(
        world
            .mailer
            .requests
            .borrow()
            .iter()
            .all(|request| request.at <= latest)
    );
    // What it claimed and did not begin is free at once.
    assert_eq!(world.counts().get("processing"), None);
    assert_eq!(report.remaining + report.accepted, 3000);
    assert!(report.released > 0);
    world.mailer.latency.set(seconds(1));
    world.drain();
    world.assert_all_completed(3000);
    assert!(
        world
            .list(Completed)
            .iter()
            .all(|message| message.attempts == 1)
    );
}

#[test]
fn a_run_claims_no_more_after_its_limit() {
    let mut world = World::with_emails(1500);
    world.config.messages = 500;
    let report = world.run();
    assert_eq!(report.stopped, Stopped::Limit);
    assert!((500..900).contains(&report.claimed), "{report:?}");
    assert_eq!(report.claimed, report.accepted);
    assert_eq!(report.remaining, 1500 - report.claimed);
}

#[test]
fn a_run_holds_no_more_bytes_than_it_may() {
    let mut world = World::default();
    for index in 0..60 {
        let mut message = email(index);
        message.payload["content"] = "x".repeat(10_000).into();
        world.enqueue(message);
    }
    world.config.held_bytes = 100_000;
    let report = world.run();
    world.assert_all_completed(60);
    assert_eq!(report.stopped, Stopped::Empty);
    assert!(
        world
            .mailer
            .requests
            .borrow()
            .iter()
            .all(|request| request.body.len() < 110_000)
    );
}

#[test]
fn large_mail_travels_in_whole_batches() {
    let world = World::default();
    for index in 0..500 {
        let mut message = email(index);
        message.payload["content"] = "x".repeat(50_000).into();
        world.enqueue(message);
    }
    world.mailer.latency.set(Duration::from_millis(200));
    let report = world.run();
    world.assert_all_completed(500);
    assert_eq!(report.stopped, Stopped::Empty);
    assert_eq!(world.mailer.requests.borrow().len(), 5);
}

#[test]
fn what_another_worker_settled_is_reported_as_lost() {
    let world = World::with_emails(10);
    let world = &world;
    world.mailer.latency.set(seconds(3));
    let report = world.clock.run(async {
        let thief = async {
            email_queue::worker::Clock::sleep(&world.clock, seconds(1)).await;
            // The lease is over by the database's clock alone.
            world.database.queue.with(|queue, now| {
                let claim = email_queue::protocol::Claim {
                    kind: "email".to_owned(),
                    tokens: vec!["thief".to_owned()],
                    lease_ms: 1000,
                    max_messages: 100,
                    max_bytes: 1 << 20,
                    min_bytes: 0,
                    max_wait_ms: 0,
                    max_frozen: 2,
                };
                let request = email_queue::protocol::WorkRequest {
                    claim: Some(claim),
                    ..Default::default()
                };
                let reply = queue.work(now + seconds(60), &request);
                assert_eq!(reply.claims.len(), 1);
            });
        };
        futures_util::join!(world.work(), thief).0
    });
    assert_eq!((report.lost, report.accepted), (10, 0), "{report:?}");
    world.clock.advance(seconds(120));
    world.drain();
    world.assert_all_completed(10);
}

#[test]
fn a_message_that_expires_between_claim_and_begin_is_not_sent() {
    let world = World::with_emails(3);
    let late = email_queue::protocol::NewMessage {
        send_before: Some("2026-11-24T12:16:41Z".to_owned()),
        ..email(3)
    };
    let id = world.enqueue(late);
    world
        .database
        .fail(|number, _| (number == 0).then_some(Fault::LateAnswer(seconds(2))));
    world.run();
    assert_eq!(
        world.counts(),
        BTreeMap::from([("completed", 3), ("failed", 1)])
    );
    assert_eq!(world.get(&id).error.unwrap()["reason"], "expired");
    assert_eq!(world.mailer.accepted(), 3);
}

#[test]
fn a_message_that_expired_is_not_sent_although_the_answer_that_said_so_was_lost() {
    let world = World::with_emails(3);
    let late = email_queue::protocol::NewMessage {
        send_before: Some("2026-11-24T12:16:41Z".to_owned()),
        ..email(3)
    };
    let id = world.enqueue(late);
    world.database.fail(|number, _| match number {
        0 => Some(Fault::LateAnswer(seconds(2))),
        1 => Some(Fault::LostAnswer),
        _ => None,
    });
    world.drain();
    assert_eq!(
        world.counts(),
        BTreeMap::from([("completed", 3), ("failed", 1)])
    );
    assert!(
        !world.mailer.accepted.borrow().contains_key(&id),
        "it was sent"
    );
    assert_eq!(world.mailer.accepted(), 3);
}

#[test]
fn urgent_mail_overtakes_a_backlog_within_one_dispatch() {
    let mut world = World::with_emails(2000);
    world.config.in_flight = 1;
    let enqueued = std::cell::OnceCell::new();
    let world = &world;
    world.clock.run(async {
        let sign_in = async {
            email_queue::worker::Clock::sleep(&world.clock, seconds(1)).await;
            let before = world.mailer.count();
            let id = world.enqueue(email_queue::protocol::NewMessage {
                priority: Some(0),
                ..email(2000)
            });
            enqueued.set((id, before)).unwrap();
        };
        futures_util::join!(world.work(), sign_in)
    });
    let (id, before) = enqueued.get().unwrap();
    let requests = world.mailer.requests.borrow();
    let sent = requests
        .iter()
        .find(|request| request.ids().contains(id))
        .unwrap();
    // The one under way when it came, and what was begun or claimed in the same call.
    assert!(
        sent.number <= before + 2,
        "it was request {} after {before}",
        sent.number
    );
    assert_eq!(sent.ids()[0], *id);
}
