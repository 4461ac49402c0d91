//! A run that could not look into the queue does not say that it is empty.

use crate::endings::recorded;
use crate::support::{Fault, World};
use email_queue::base::ErrorCode;
use email_queue::protocol::Cause;
use email_queue::worker::{Control, Stopped};

#[test]
fn a_run_without_mail_is_empty_only_if_it_could_look() {
    for (fault, stopped) in [
        (None, Stopped::Empty),
        (Some(Fault::LostCall), Stopped::Unavailable),
        (Some(Fault::LostAnswer), Stopped::Unavailable),
        (Some(Fault::FailedClaim), Stopped::Unavailable),
        (
            Some(Fault::Refused(ErrorCode::Unavailable)),
            Stopped::Unavailable,
        ),
        (
            Some(Fault::Refused(ErrorCode::Database)),
            Stopped::Unavailable,
        ),
        (
            Some(Fault::Refused(ErrorCode::Unexpected)),
            Stopped::Unavailable,
        ),
        (
            Some(Fault::Refused(ErrorCode::NotExposed)),
            Stopped::Misconfigured,
        ),
        (
            Some(Fault::Refused(ErrorCode::InvalidInput)),
            Stopped::Misconfigured,
        ),
    ] {
        for (cause, listens) in [
            (Cause::Http, false),
            (Cause::Schedule, true),
            (Cause::Wake, true),
        ] {
            let world = World::default();
            world
                .database
                .edit(|_, reply| reply.wake_every_ms = Some(1000));
            world
                .database
                .fail(move |_, request| fault.filter(|_| request.claim.is_some()));
            let control = Control::default();
            let report = world.clock.run(world.work_for(cause, listens, &control));
            assert_eq!(report.stopped, stopped, "{fault:?} {cause:?}");
            assert_eq!(
                report.reason.is_some(),
                fault.is_some(),
                "{fault:?} {cause:?}"
            );
            // Where only the answer was lost, the database has looked.
            for end in recorded(&world)
                .iter()
                .filter(|_| fault != Some(Fault::LostAnswer))
            {
                let says = serde_json::to_value(&report).unwrap();
                assert_eq!(*end, says["stopped"], "{fault:?} {cause:?}");
            }
        }
    }
}

#[test]
fn a_listening_run_that_cannot_look_any_more_is_not_empty() {
    for fault in [Fault::LostCall, Fault::FailedClaim] {
        let world = World::with_emails(1);
        world
            .database
            .edit(|_, reply| reply.wake_every_ms = Some(1000));
        // After its mail, and the first look that found nothing.
        world
            .database
            .fail(move |number, request| (number > 3 && request.claim.is_some()).then_some(fault));
        let control = Control::default();
        let run = world.work_for(Cause::Wake, true, &control);
        let report = world.clock.run(run);
        assert_eq!(
            (report.accepted, report.stopped),
            (1, Stopped::Unavailable),
            "{fault:?}"
        );
        assert!(report.reason.unwrap().contains("injected"));
        assert!(
            recorded(&world).iter().all(|end| end == "unavailable"),
            "{fault:?}"
        );
    }
}
