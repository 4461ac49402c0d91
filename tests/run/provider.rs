//! What the provider says about itself: throttling, misconfiguration, outage.

use crate::support::{Behaviour, World, email};
use email_queue::protocol::NewMessage;
use email_queue::protocol::QueueMessageStatus::{Completed, Pending};
use email_queue::worker::Stopped;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::time::Duration;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_short_retry_after_is_waited_for_and_uses_no_attempt() {
    let world = World::with_emails(250);
    world.mailer.behave(|request| match request.number {
        0 => Behaviour::AsksToWait(429, "rate_limit_exceeded", 5),
        _ => Behaviour::Honest,
    });
    let report = world.run();
    world.assert_all_completed(250);
    assert_eq!((report.accepted, report.stopped), (250, Stopped::Empty));
    assert!(
        world
            .list(Completed)
            .iter()
            .all(|message| message.attempts == 1)
    );
    let requests = world.mailer.requests.borrow();
    let refused = requests[0].at + world.mailer.latency.get();
    for request in requests.iter().filter(|request| request.at > refused) {
        assert!(
            request.at >= refused + seconds(5),
            "request {} came too soon",
            request.number
        );
    }
}

#[test]
fn a_long_retry_after_ends_the_run_with_the_time_to_come_back() {
    let world = World::with_emails(1000);
    world
        .mailer
        .behave(|_| Behaviour::AsksToWait(429, "rate_limit_exceeded", 600));
    let report = world.run();
    assert_eq!(report.stopped, Stopped::Throttled);
    assert_eq!(report.remaining, 1000);
    assert!(
        (590..=600).contains(&report.retry_after_seconds.unwrap()),
        "{report:?}"
    );
    assert!(world.mailer.count() <= 4);
    let requests = world.mailer.count();
    world.run();
    assert_eq!(
        world.mailer.count(),
        requests,
        "it asked during the cooldown"
    );
    assert_eq!(world.counts(), BTreeMap::from([("pending", 1000)]));
}

#[test]
fn a_refused_key_pauses_the_queue_and_uses_no_attempt() {
    let world = World::with_emails(1000);
    world
        .mailer
        .behave(|_| Behaviour::Answers(401, "missing_api_key"));
    let report = world.run();
    assert_eq!(report.stopped, Stopped::Paused);
    assert!(world.mailer.count() <= 4);
    assert!(
        (290..=300).contains(&report.retry_after_seconds.unwrap()),
        "{report:?}"
    );
    assert_eq!(world.counts(), BTreeMap::from([("pending", 1000)]));
    let (requests, calls) = (world.mailer.count(), world.database.count());
    let report = world.run();
    assert_eq!((report.stopped, report.remaining), (Stopped::Paused, 1000));
    assert_eq!(
        (world.mailer.count(), world.database.count()),
        (requests, calls + 1)
    );
    world.mailer.behave(|_| Behaviour::Honest);
    world.clock.advance(seconds(300));
    world.run();
    world.assert_all_completed(1000);
    assert!(
        world
            .list(Completed)
            .iter()
            .all(|message| message.attempts == 1)
    );
}

#[test]
fn a_domain_that_is_not_verified_stops_only_itself() {
    let world = World::with_emails(150);
    for index in 150..300 {
        let mut message = email(index);
        message.payload["from"] = "news@other.example".into();
        world.enqueue(message);
    }
    *world.mailer.unverified.borrow_mut() = vec!["other.example".to_owned()];
    let report = world.run();
    assert_eq!((report.accepted, report.stopped), (150, Stopped::Empty));
    assert_eq!(
        world.counts(),
        BTreeMap::from([("completed", 150), ("pending", 150)])
    );
    assert!(
        world
            .list(Pending)
            .iter()
            .all(|message| message.attempts == 0)
    );
    assert!(world.mailer.count() <= 4);
    let requests = world.mailer.count();
    world.run();
    assert_eq!(
        world.mailer.count(),
        requests,
        "it asked for a paused domain"
    );
    world.mailer.unverified.borrow_mut().clear();
    world.clock.advance(seconds(15 * 60));
    world.run();
    world.assert_all_completed(300);
}

#[test]
fn an_outage_freezes_a_handful_and_the_backlog_goes_out_afterwards_sign_in_mail_first() {
    let world = World::with_emails(10_000);
    let clock = world.clock.clone();
    let end = world.now() + seconds(3600);
    world.mailer.behave(
        move |_| match email_queue::worker::Clock::now(&clock) < end {
            true => Behaviour::TimeoutBefore,
            false => Behaviour::Honest,
        },
    );
    world.database.checked.set(false);
    while world.now() < end {
        world.run();
        world.clock.advance(seconds(60));
    }
    let sign_in = NewMessage {
        priority: Some(0),
        ..email(10_000)
    };
    let sign_in = world.enqueue(sign_in);
    // Four at once, two that begin before the third answer is missed, and probes of one message after waits of 1, 2,
    // 4 … 256 s, then of five minutes.
    let frozen = world.counts()["processing"];
    assert!(
        frozen <= 600 + 9 + 11,
        "{frozen} messages may have been sent"
    );
    let during = world.mailer.count();
    world.drain();
    world.assert_all_completed(10_001);
    // Every second request comes from elsewhere until a few have been answered, and replays are among them.
    let requests = world.mailer.requests.borrow();
    let place = requests[during..]
        .iter()
        .position(|request| request.ids().contains(&sign_in));
    assert!(place.is_some_and(|place| place < 6), "{place:?}");
}

#[test]
fn a_run_whose_own_probe_succeeds_goes_on() {
    let world = World::with_emails(2000);
    let trouble = world.now() + seconds(2);
    world
        .mailer
        .behave(move |request| match request.at < trouble {
            true => Behaviour::LostRequest,
            false => Behaviour::Honest,
        });
    let report = world.run();
    assert!(world.mailer.requests.borrow()[3].at < trouble);
    assert_eq!(report.stopped, Stopped::Empty, "{report:?}");
    assert_eq!(report.accepted + report.retried, 2000);
    assert!((300..=800).contains(&report.retried), "{report:?}");
    world.drain();
    world.assert_all_completed(2000);
}

#[test]
fn eight_runs_share_one_rate_which_the_provider_teaches_them() {
    let mut world = World::with_emails(3000);
    world.config.dispatch_messages = 25;
    world.mailer.limit.set(5);
    let taught = world.now() + seconds(3);
    world.clock.run(join_all((0..8).map(|_| world.work())));
    world.assert_all_completed(3000);
    // Slots are reserved up to two seconds ahead: for so long, the ceiling of ten a second counts.
    let requests = world.mailer.requests.borrow();
    let refused = world.mailer.throttled.borrow();
    assert!(
        refused.len() <= 10,
        "{} requests were refused",
        refused.len()
    );
    assert!(refused.iter().all(|at| *at < taught), "{refused:?}");
    let later = requests
        .iter()
        .filter(|request| request.at > taught)
        .count();
    let time = requests.last().unwrap().at - taught;
    let used = later as f64 / (5.0 * time.as_secs_f64());
    assert!(
        (0.9..=1.01).contains(&used),
        "{used} of the rate in {time:?}"
    );
    drop((requests, refused));
    assert!(
        world
            .list(Completed)
            .iter()
            .all(|message| message.attempts == 1)
    );
}
