//! Every call to the database, lost before or after it was carried out; a kill at every moment.

use crate::support::{Behaviour, Fault, World, email};
use email_queue::base::ErrorCode;
use email_queue::protocol::QueueMessageStatus::{Completed, Failed};
use serde_json::json;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

/// Two batches, one of them with a message that is unfit, and one message that travels alone: so many to be completed.
fn world() -> (World, usize) {
    let world = World::with_emails(120);
    let mut attached = email(120);
    attached.payload["attachments"] = json!([{"filename": "a.txt", "content": "YQ=="}]);
    world.enqueue(attached);
    let mut unfit = email(121);
    unfit.payload["replyTo"] = json!(7);
    world.enqueue(unfit);
    (world, 121)
}

#[track_caller]
fn assert_settled(world: &World, completed: usize) {
    assert_eq!(
        world.counts(),
        BTreeMap::from([("completed", completed), ("failed", 1)])
    );
    assert_eq!(world.mailer.accepted(), completed);
    assert_eq!(world.mailer.twice(), Vec::<String>::new());
    assert_eq!(
        world.list(Failed)[0].error.as_ref().unwrap()["reason"],
        "rejected"
    );
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
            assert_settled(&world, count);
            let counts = (report.accepted, report.failed);
            assert_eq!(counts, (count as u64, 1), "call {lost}, {fault:?}");
            assert_eq!(report.lost, 0, "call {lost}, {fault:?}");
            assert_eq!(world.mailer.count(), 3, "call {lost}, {fault:?}");
        }
    }
}

#[test]
fn each_step_of_each_call_failed_once() {
    let calls = calls_of_a_run();
    for failed in 0..calls + 1 {
        for fault in [
            Fault::FailedSettles,
            Fault::FailedBegins,
            Fault::FailedClaim,
        ] {
            let (world, count) = world();
            world
                .database
                .fail(move |number, _| (number == failed).then_some(fault));
            let report = world.run();
            assert_settled(&world, count);
            assert_eq!(report.accepted, count as u64, "call {failed}, {fault:?}");
            assert_eq!(report.lost, 0, "call {failed}, {fault:?}");
            assert!(
                world
                    .list(Completed)
                    .iter()
                    .all(|message| message.attempts == 1)
            );
        }
    }
}

#[test]
fn steps_that_always_fail_end_the_run_soon() {
    for fault in [
        Fault::FailedSettles,
        Fault::FailedBegins,
        Fault::FailedClaim,
    ] {
        let (world, count) = world();
        world.database.fail(move |_, _| Some(fault));
        let report = world.run();
        assert!(
            world.database.count() < 30,
            "{fault:?}: {} calls",
            world.database.count()
        );
        assert_eq!(report.accepted, 0, "{fault:?}: {report:?}");
        world.database.fail(|_, _| None);
        world.drain();
        assert_settled(&world, count);
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
                assert_settled(&world, count);
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
                let lost = number >= from && email_queue::worker::Clock::now(&clock) < end;
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
            assert_settled(&world, count);
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
        assert_settled(&world, count);
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
        assert_settled(&world, count);
        moments += 1;
    }
    assert!(moments > 10, "{moments}");
}
