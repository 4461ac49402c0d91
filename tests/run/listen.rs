//! A woken run waits for more mail, keeps enqueues quiet meanwhile, and loses nothing when it ends.

use crate::support::{World, email};
use email_queue::protocol::{Cause, Run};
use email_queue::worker::{Clock, Control, Order, Report, Stopped};
use futures_util::join;
use std::time::Duration;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A world whose wake-ups have this interval.
fn world(interval_ms: u64) -> World {
    let world = World::default();
    world
        .database
        .edit(move |_, reply| reply.wake_every_ms = Some(interval_ms));
    world
}

/// Runs it for this while mails come at these times, in milliseconds.
fn run(world: &World, cause: Cause, listens: bool, mails: &[u64]) -> Report {
    let control = Control::default();
    let began = world.now();
    let mail = async {
        for (index, at) in mails.iter().enumerate() {
            let wait = (began + millis(*at)).saturating_sub(world.now());
            world.clock.sleep(wait).await;
            world.enqueue(email(index));
        }
    };
    let work = world.work_for(cause, listens, &control);
    world.clock.run(async { join!(work, mail).0 })
}

/// What each call said of the run, and when.
fn said(world: &World) -> Vec<(Duration, Run)> {
    let calls = world.database.calls.borrow();
    let said = calls
        .iter()
        .map(|call| (call.at, call.request.run.clone().unwrap()));
    said.collect()
}

/// How long calls kept enqueues quiet; `None` where they said nothing of it.
fn quiet(world: &World) -> Vec<Option<u64>> {
    said(world).iter().map(|(_, run)| run.quiet_ms).collect()
}

#[test]
fn the_second_mail_of_a_pair_needs_no_call() {
    let world = world(1000);
    let report = run(&world, Cause::Wake, true, &[0, 400]);
    assert_eq!((report.accepted, report.stopped), (2, Stopped::Empty));
    world.assert_all_completed(2);
    let times = world.mailer.requests.borrow();
    assert!(times[1].at - times[0].at < millis(1500));
}

#[test]
fn a_run_that_listens_keeps_enqueues_quiet_past_its_next_look_and_opens_before_its_last() {
    let world = world(1000);
    run(&world, Cause::Wake, true, &[0]);
    // Nothing is known of the interval with the first call; then the mail; three empty looks, the last of them open, and
    // one more for what was committed meanwhile; then the report, since this queue keeps no record.
    let expected = [
        None,
        Some(2500),
        Some(2500),
        Some(2500),
        Some(0),
        Some(0),
        None,
    ];
    assert_eq!(quiet(&world), expected);
    let said = said(&world);
    assert!(said[4].0 - said[3].0 >= millis(1000));
    let last = said[5].0 - said[4].0;
    assert!((millis(150)..millis(200)).contains(&last), "{last:?}");
    let ends: Vec<bool> = said.iter().map(|(_, run)| run.last).collect();
    assert_eq!(ends, [false, false, false, false, false, true, true]);
    assert_eq!(said[5].1.report.as_ref().unwrap()["accepted"], 1);
}

#[test]
fn what_comes_after_the_opening_is_found_by_the_last_look_and_the_run_listens_on() {
    let world = world(1000);
    // The call that opens leaves at about 2.2 s.
    let opened = {
        run(&world, Cause::Wake, true, &[0]);
        let said = said(&world);
        said.iter()
            .find(|(_, run)| run.quiet_ms == Some(0))
            .unwrap()
            .0
            - said[0].0
    };
    let again = self::world(1000);
    let just_after = opened.as_millis() as u64 + 20;
    let report = run(
        &again,
        Cause::Wake,
        true,
        &[0, just_after, just_after + 1500],
    );
    assert_eq!(report.accepted, 3, "{report:?}");
    let quiet = quiet(&again);
    let opening = quiet.iter().position(|quiet| *quiet == Some(0)).unwrap();
    assert!(quiet[opening + 2..].contains(&Some(2500)), "{quiet:?}");
}

#[test]
fn only_a_run_that_nobody_waits_for_listens_and_only_if_there_was_mail() {
    for (cause, listens, mails, interval_ms) in [
        (Cause::Http, false, &[0][..], 1000),
        (Cause::Wake, false, &[0], 1000),
        (Cause::Schedule, true, &[], 1000),
        (Cause::Http, true, &[], 1000),
        (Cause::Wake, true, &[0], 5001),
    ] {
        let world = world(interval_ms);
        let report = run(&world, cause, listens, mails);
        assert!(report.duration_ms < 500, "{cause:?}: {report:?}");
        assert!(quiet(&world).iter().all(Option::is_none), "{cause:?}");
    }
    for (cause, mails) in [(Cause::Schedule, &[0][..]), (Cause::Wake, &[])] {
        let report = run(&world(1000), cause, true, mails);
        assert!(report.duration_ms > 2000, "{cause:?}: {report:?}");
    }
}

#[test]
fn a_run_without_work_that_nothing_woke_is_one_call_where_its_end_is_recorded() {
    for (recorded, calls) in [(true, 1), (false, 2)] {
        let world = World::default();
        world
            .database
            .edit(move |_, reply| reply.run_ended = recorded);
        run(&world, Cause::Schedule, true, &[]);
        assert_eq!(world.database.count(), calls);
        assert!(said(&world)[0].1.last);
    }
}

#[test]
fn one_mail_a_second_keeps_it_listening_and_it_opens_before_its_deadline() {
    let world = world(1000);
    let mails: Vec<u64> = (0..20)
        .map(|second| second * 1000 + second * 7 % 10 * 30)
        .collect();
    let report = run(&world, Cause::Wake, true, &mails);
    assert_eq!((report.accepted, report.stopped), (20, Stopped::Empty));

    let mails: Vec<u64> = (0..70).map(|second| second * 1000).collect();
    let busy = self::world(1000);
    let report = run(&busy, Cause::Wake, true, &mails);
    assert!(
        report.duration_ms > 25_000 && report.duration_ms < 50_000,
        "{report:?}"
    );
    let said = said(&busy);
    let looks: Vec<Option<u64>> = said.iter().rev().map(|(_, run)| run.quiet_ms).collect();
    assert_eq!(looks.iter().flatten().next(), Some(&0), "{looks:?}");
}

#[test]
fn a_run_that_somebody_waits_for_listens_no_longer() {
    let world = world(1000);
    let control = Control::default();
    world.enqueue(email(0));
    let report = world.clock.run(async {
        let somebody = async {
            world.clock.sleep(millis(700)).await;
            control.give(Order::Yield);
        };
        join!(world.work_for(Cause::Wake, true, &control), somebody).0
    });
    assert_eq!((report.accepted, report.stopped), (1, Stopped::Empty));
    assert!((700..900).contains(&report.duration_ms), "{report:?}");
    let quiet = quiet(&world);
    assert_eq!(
        quiet[quiet.len() - 3..],
        [Some(0), Some(0), None],
        "it opens first, and looks once more"
    );
}

#[test]
fn a_run_that_is_told_to_end_waits_for_its_requests_and_gives_back_the_rest() {
    let mut world = World::with_emails(300);
    world.config.in_flight = 1;
    world.mailer.latency.set(Duration::from_secs(2));
    let control = Control::default();
    let report = world.clock.run(async {
        let platform = async {
            world.clock.sleep(millis(500)).await;
            control.give(Order::Halt);
        };
        join!(world.work_for(Cause::Schedule, true, &control), platform).0
    });
    assert_eq!((report.accepted, report.lost), (100, 0), "{report:?}");
    assert_eq!(report.released + report.accepted, report.claimed);
    assert_eq!(report.stopped, Stopped::Deadline);
    assert_eq!(
        report.reason.as_deref(),
        Some("the function was told to end")
    );
    assert!(report.duration_ms < 2500, "{report:?}");
    assert_eq!(world.counts()["pending"], 200);
    let last = said(&world).pop().unwrap().1;
    assert_eq!(
        last.report.unwrap()["reason"],
        "the function was told to end"
    );
    world.drain();
    world.assert_all_completed(300);
}

#[test]
fn a_listening_run_that_is_told_to_end_ends_at_once_and_lets_enqueues_call_again() {
    let world = world(1000);
    let control = Control::default();
    world.enqueue(email(0));
    let report = world.clock.run(async {
        let platform = async {
            world.clock.sleep(millis(700)).await;
            control.give(Order::Halt);
        };
        join!(world.work_for(Cause::Wake, true, &control), platform).0
    });
    assert!((700..720).contains(&report.duration_ms), "{report:?}");
    assert_eq!(quiet(&world).pop().unwrap(), Some(0));
}
