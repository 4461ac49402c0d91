//! Each way a run ends, and that its record in the database says the same.

use crate::support::{Behaviour, Fault, World};
use email_queue::base::ErrorCode;
use email_queue::protocol::{BeginState, Cause, SettleResult};
use email_queue::worker::{Clock, Control, Order, Report, Stopped};
use futures_util::join;
use serde_json::Value;
use std::time::Duration;

/// What happens to a run with some mail.
struct Ending {
    name: &'static str,
    happens: fn(&mut World),
    stopped: Stopped,
    /// A part of the reason.
    reason: Option<&'static str>,
}

const EMAILS: usize = 5;

const ENDINGS: &[Ending] = &[
    Ending {
        name: "all is sent",
        happens: |_| (),
        stopped: Stopped::Empty,
        reason: None,
    },
    Ending {
        name: "all is refused for good",
        happens: |world| {
            let all = (0..EMAILS).map(|index| format!("user{index}@example.com"));
            *world.mailer.refused.borrow_mut() = all.collect();
        },
        stopped: Stopped::Empty,
        reason: None,
    },
    Ending {
        name: "the answer of the provider is not known",
        happens: |world| world.mailer.behave(|_| Behaviour::TimeoutAfter),
        stopped: Stopped::Empty,
        reason: None,
    },
    Ending {
        name: "nothing can be begun",
        happens: |world| {
            world
                .database
                .fail(|_, request| (!request.begins.is_empty()).then_some(Fault::FailedBegins));
        },
        stopped: Stopped::Unavailable,
        reason: Some("injected"),
    },
    Ending {
        name: "all that is claimed is given back",
        happens: |world| {
            world.database.edit(|_, reply| {
                for begun in &mut reply.begins {
                    begun.state = BeginState::Invalid;
                }
            });
        },
        stopped: Stopped::Unavailable,
        reason: Some("came back unsent"),
    },
    Ending {
        name: "the leases are lost",
        happens: |world| {
            world.database.edit(|_, reply| {
                for settled in &mut reply.settles {
                    settled.result = SettleResult::Lost;
                }
            });
        },
        stopped: Stopped::Unavailable,
        reason: Some("leases"),
    },
    Ending {
        name: "no settle is taken",
        happens: |world| {
            world
                .database
                .fail(|_, request| (!request.settles.is_empty()).then_some(Fault::FailedSettles));
        },
        stopped: Stopped::Unavailable,
        reason: None,
    },
    Ending {
        name: "no claim succeeds",
        happens: |world| {
            world
                .database
                .fail(|_, request| request.claim.is_some().then_some(Fault::FailedClaim));
        },
        stopped: Stopped::Unavailable,
        reason: Some("injected"),
    },
    Ending {
        name: "the database is not reached",
        happens: |world| world.database.fail(|_, _| Some(Fault::LostCall)),
        stopped: Stopped::Unavailable,
        reason: Some("injected"),
    },
    Ending {
        name: "the database is not reached any more",
        happens: |world| {
            world
                .database
                .fail(|number, _| (number > 1).then_some(Fault::LostCall));
        },
        stopped: Stopped::Unavailable,
        reason: Some("injected"),
    },
    Ending {
        name: "no answer of the database arrives",
        happens: |world| world.database.fail(|_, _| Some(Fault::LostAnswer)),
        stopped: Stopped::Unavailable,
        reason: Some("injected"),
    },
    Ending {
        name: "the key is refused",
        happens: |world| {
            world
                .database
                .fail(|_, _| Some(Fault::Refused(ErrorCode::Unauthorized)));
        },
        stopped: Stopped::Misconfigured,
        reason: Some("injected"),
    },
    Ending {
        name: "the migrations are missing",
        happens: |world| {
            world
                .database
                .fail(|_, _| Some(Fault::Refused(ErrorCode::NotInstalled)));
        },
        stopped: Stopped::Misconfigured,
        reason: Some("injected"),
    },
    Ending {
        name: "the provider's quota is used up",
        happens: |world| world.mailer.quota.set(0),
        stopped: Stopped::Throttled,
        reason: None,
    },
    Ending {
        name: "the provider's key is refused",
        happens: |world| {
            world
                .mailer
                .behave(|_| Behaviour::Answers(401, "invalid_api_key"))
        },
        stopped: Stopped::Paused,
        reason: None,
    },
    Ending {
        name: "its bound is reached",
        happens: |world| world.config.messages = 1,
        stopped: Stopped::Limit,
        reason: None,
    },
    Ending {
        name: "the provider is slow",
        happens: |world| {
            world.config = world.config.with_deadline(Duration::from_secs(10));
            world.config.dispatch_messages = 1;
            world.config.in_flight = 1;
            world.mailer.latency.set(Duration::from_secs(3));
        },
        stopped: Stopped::Deadline,
        reason: None,
    },
];

/// The end that the database records: as `email_queue_worker_work` decides, from what was said last.
pub fn recorded(world: &World) -> Vec<String> {
    let calls = world.database.calls.borrow();
    let ends = calls.iter().filter_map(|call| {
        let (run, reply) = (call.request.run.as_ref()?, call.reply.as_ref()?);
        let ended = run.last
            && reply.claims.is_empty()
            && reply.obstacle.is_none()
            && reply.claim_error.is_none()
            && reply.next_due_ms != Some(0);
        let report = run.report.clone().unwrap_or_default();
        let stopped = report["stopped"].as_str().unwrap_or("empty");
        ended.then(|| stopped.to_owned())
    });
    ends.collect()
}

fn assert_ends(ending: &Ending, listens: bool, world: &World, report: &Report) {
    let Ending {
        name,
        stopped,
        reason,
        ..
    } = ending;
    assert_eq!(report.stopped, *stopped, "{name}, {listens}: {report:?}");
    if let Some(part) = reason {
        let reason = report.reason.as_deref().unwrap_or_default();
        assert!(reason.contains(part), "{name}, {listens}: {reason}");
    }
    let says = serde_json::to_value(report).unwrap();
    for end in recorded(world) {
        assert_eq!(Value::from(end), says["stopped"], "{name}, {listens}");
    }
    // A run that was not heard leaves no end: the doctor finds one that never ended.
    let gave_up = *stopped == Stopped::Misconfigured || name.contains("database");
    assert!(gave_up || !recorded(world).is_empty(), "{name}, {listens}");
}

#[test]
fn each_run_says_how_it_ended_and_its_record_says_the_same() {
    for ending in ENDINGS {
        for listens in [false, true] {
            let mut world = World::with_emails(EMAILS);
            if listens {
                world
                    .database
                    .edit(|_, reply| reply.wake_every_ms = Some(1000));
            }
            (ending.happens)(&mut world);
            let control = Control::default();
            let cause = if listens { Cause::Wake } else { Cause::Http };
            let run = world.work_for(cause, listens, &control);
            let report = world.clock.run(run);
            assert_ends(ending, listens, &world, &report);
        }
    }
}

#[test]
fn a_run_that_is_told_to_end_before_it_looked_says_deadline() {
    let world = World::with_emails(1);
    let control = Control::default();
    let report = world.clock.run(async {
        let platform = async {
            world.clock.sleep(Duration::from_millis(1)).await;
            control.give(Order::Halt);
        };
        join!(world.work_for(Cause::Schedule, true, &control), platform).0
    });
    assert_eq!(
        (report.stopped, report.released),
        (Stopped::Deadline, report.claimed)
    );
    assert_eq!(recorded(&world), ["deadline"]);
}
