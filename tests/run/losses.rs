//! Every call to the database, lost before or after it was carried out; a kill at every moment.

use crate::support::{Behaviour, Fault, World, email};
use email_queue::queue::ErrorCode;
use serde_json::json;
use std::cell::Cell;
use std::time::Duration;

/// Two batches, one message that travels alone.
fn world() -> (World, usize) {
    let world = World::with_emails(120);
    let mut attached = email(120);
    attached.payload["attachments"] = json!([{"filename": "a.txt", "content": "YQ=="}]);
    world.enqueue(attached);
    (world, 121)
}

fn calls_of_a_run() -> usize {
    let (world, _) = world();
    world.run();
    world.database.count()
}

#[test]
fn each_call_lost_once_before_or_after_it_was_carried_out() {
    let calls = calls_of_a_run();
    for lost in 0..calls + 1 {
        for fault in [Fault::LostCall, Fault::LostAnswer] {
            let (world, count) = world();
            world
                .database
                .fail(move |number, _| (number == lost).then_some(fault));
            let report = world.run();
            world.assert_all_completed(count);
            assert_eq!(report.accepted, count as u64, "call {lost}, {fault:?}");
            assert_eq!(report.lost, 0, "call {lost}, {fault:?}");
            assert_eq!(world.mailer.count(), 3, "call {lost}, {fault:?}");
        }
    }
}

#[test]
fn any_two_calls_lost() {
    let calls = calls_of_a_run();
    for first in 0..calls + 1 {
        for second in first + 1..calls + 3 {
            for (a, b) in [
                (Fault::LostCall, Fault::LostAnswer),
                (Fault::LostAnswer, Fault::LostCall),
                (Fault::LostAnswer, Fault::LostAnswer),
            ] {
                let (world, count) = world();
                world.database.fail(move |number, _| match number {
                    _ if number == first => Some(a),
                    _ if number == second => Some(b),
                    _ => None,
                });
                world.drain();
                world.assert_all_completed(count);
            }
        }
    }
}

#[test]
fn all_calls_lost_from_one_on_for_a_minute() {
    for from in 0..calls_of_a_run() + 1 {
        for fault in [
            Fault::LostCall,
            Fault::LostAnswer,
            Fault::Refused(ErrorCode::Unavailable),
            Fault::Refused(ErrorCode::Unauthorized),
            Fault::Refused(ErrorCode::Unexpected),
        ] {
            let (world, count) = world();
            let clock = world.clock.clone();
            let end = world.now() + Duration::from_secs(60);
            world.database.fail(move |number, _| {
                let lost = number >= from && email_queue::ports::Clock::now(&clock) < end;
                lost.then_some(fault)
            });
            let began = world.now();
            let report = world.run();
            let longest = world.config.deadline + Duration::from_secs(5);
            assert!(
                world.now() <= began + longest,
                "{fault:?} from {from}: {report:?}"
            );
            assert!(
                world.database.count() < from + 40,
                "{} calls",
                world.database.count()
            );
            world.drain();
            world.assert_all_completed(count);
        }
    }
}

#[test]
fn a_kill_at_every_moment() {
    let mut moments = 0;
    loop {
        let (world, count) = world();
        let polls = Cell::new(0);
        let killed = world.run_until(|| {
            polls.set(polls.get() + 1);
            polls.get() > moments
        });
        if killed.is_some() {
            break;
        }
        world.drain();
        world.assert_all_completed(count);
        moments += 1;
    }
    assert!(moments > 15, "{moments}");
}

#[test]
fn a_kill_at_every_moment_of_a_run_that_replays() {
    let mut moments = 0;
    loop {
        let (world, count) = world();
        world.mailer.behave(|request| match request.number {
            0..3 => Behaviour::LostAnswer,
            _ => Behaviour::Honest,
        });
        world.run();
        world.clock.advance(Duration::from_secs(60));
        let polls = Cell::new(0);
        let killed = world.run_until(|| {
            polls.set(polls.get() + 1);
            polls.get() > moments
        });
        if killed.is_some() {
            break;
        }
        world.drain();
        world.assert_all_completed(count);
        moments += 1;
    }
    assert!(moments > 10, "{moments}");
}
