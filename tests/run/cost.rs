//! How many requests a run costs.

use crate::support::{World, email};
use email_queue::model::Settings;
use email_queue::worker::Stopped;
use std::time::Duration;

#[test]
fn an_empty_queue_costs_one_call() {
    let world = World::default();
    let report = world.run();
    assert_eq!(report.stopped, Stopped::Empty);
    assert_eq!(report.claimed, 0);
    assert_eq!((world.database.count(), world.mailer.count()), (1, 0));
}

#[test]
fn one_message_costs_three_calls() {
    let world = World::with_emails(1);
    let report = world.run();
    assert_eq!((report.accepted, report.stopped), (1, Stopped::Empty));
    assert_eq!((world.database.count(), world.mailer.count()), (3, 1));
    world.assert_all_completed(1);
}

#[test]
fn a_burst_of_250_costs_three_requests_and_at_most_six_calls() {
    let world = World::with_emails(250);
    world.run();
    world.assert_all_completed(250);
    assert_eq!(world.mailer.count(), 3);
    assert!(
        world.database.count() <= 6,
        "{} calls",
        world.database.count()
    );
}

#[test]
fn in_steady_state_100_messages_cost_two_requests() {
    let world = World::with_emails(2000);
    let report = world.run();
    world.assert_all_completed(2000);
    assert_eq!(report.accepted, 2000);
    assert_eq!(world.mailer.count(), 20);
    assert!(
        world.database.count() <= 24,
        "{} calls",
        world.database.count()
    );
}

#[test]
fn a_thousand_messages_cost_ten_requests_and_at_most_fourteen_calls() {
    let world = World::with_emails(1000);
    world.run();
    world.assert_all_completed(1000);
    assert_eq!(world.mailer.count(), 10);
    assert!(
        world.database.count() <= 14,
        "{} calls",
        world.database.count()
    );
}

#[test]
fn singles_cost_one_request_each_and_no_more_calls_than_that() {
    let world = World::default();
    for index in 0..20 {
        let mut message = email(index);
        message.payload["attachments"] =
            serde_json::json!([{"filename": "a.txt", "content": "YQ=="}]);
        world.enqueue(message);
    }
    world.run();
    world.assert_all_completed(20);
    assert_eq!(world.mailer.count(), 20);
    assert!(
        world.database.count() <= 24,
        "{} calls",
        world.database.count()
    );
}

#[test]
fn large_mail_is_claimed_while_other_mail_is_sent() {
    let run = |large_bytes| {
        let mut world = World::new(Settings {
            rate_limit: 1000,
            ..Settings::default()
        });
        (0..2000).for_each(|index| drop(world.enqueue(email(index))));
        world.mailer.limit.set(1000);
        world.config.large_bytes = large_bytes;
        // The database takes as long as the provider.
        world.database.latency = Duration::from_millis(100);
        world.mailer.latency.set(Duration::from_millis(100));
        // A dispatch has some twelve kilobytes.
        world.config.dispatch_bytes = 20_000;
        world.config.held_bytes = 40_000;
        let began = world.now();
        world.run();
        world.assert_all_completed(2000);
        assert_eq!(world.mailer.requests.borrow().len(), 20);
        (world.now() - began, world.database.calls.borrow().len())
    };
    let ((large, calls), (small, _)) = (run(1), run(u64::MAX));
    assert!(large * 5 < small * 4, "{large:?} {small:?}");
    // A claim, and a begin with the settle of an earlier one.
    assert!(calls <= 2 * 20 + 2, "{calls}");
}
