//! Every outcome and its settle: definite answers here, requests without one in `unanswered`.

mod unanswered;

use super::*;
use crate::protocol::ClaimedMessage;
use crate::provider::ErrorClass;
use serde_json::json;

const SECOND: Duration = Duration::from_secs(1);

/// Three messages that have used one attempt before, the second one two; this begin is the third of the dispatch.
fn dispatch(frozen: bool) -> Dispatch {
    let message = |(index, attempts)| ClaimedMessage {
        id: format!("m{index}"),
        attempts,
        payload: Value::Null,
    };
    Dispatch {
        dispatch_id: "d".to_owned(),
        token: "t".to_owned(),
        priority: 2,
        attempt: 2,
        frozen,
        begun: false,
        endpoint: None,
        wire_version: None,
        mark: None,
        bytes: 300,
        messages: [(0, 1), (1, 2), (2, 1)].map(message).into(),
    }
}

fn error() -> ProviderError {
    let (status, name) = (Some(418), Some("teapot"));
    ProviderError::new(ErrorClass::Refused, status, name, "short and stout")
}

fn stored() -> Option<Value> {
    Some(json!({"class": "refused", "status": 418, "name": "teapot", "message": "short and stout"}))
}

const REASON: &str = "418 teapot: short and stout";

/// What follows from an outcome of the third begin, in the middle of the jitter; the provider allows five a second.
fn after(outcome: Outcome) -> Settle {
    let hints = RateHints {
        limit: Some(5),
        ..RateHints::default()
    };
    after_reply(&dispatch(false), 3, outcome, hints, &policy(true), 0.5)
}

fn policy(replays: bool) -> RetryPolicy {
    RetryPolicy {
        waits: vec![30_000, 60_000, 120_000],
        replays,
    }
}

/// A settle of the dispatch, with what every answer says.
fn expected(answer: Answer, rest: Option<Rest>, answered: Option<bool>) -> Settle {
    Settle {
        dispatch_id: "d".to_owned(),
        token: "t".to_owned(),
        answer,
        members: Vec::new(),
        rest,
        reason: None,
        error: stored(),
        delay_ms: None,
        counted: true,
        signals: Some(Signals {
            answered,
            rate_limit: Some(5),
            ..Signals::default()
        }),
    }
}

fn signals(settle: &mut Settle) -> &mut Signals {
    settle.signals.as_mut().unwrap()
}

fn queue_pause(ms: Option<u64>) -> Option<PauseSignal> {
    Some(PauseSignal {
        scope: PauseScope::Queue,
        ms,
        reason: REASON.to_owned(),
    })
}

fn domain_pause() -> Option<PauseSignal> {
    Some(PauseSignal {
        scope: PauseScope::Domain,
        ms: Some(15 * 60_000),
        reason: REASON.to_owned(),
    })
}

#[test]
fn an_answer_ends_each_member_in_the_order_of_the_request() {
    let accepted = |id: &str| MemberOutcome::Accepted {
        provider_message_id: id.to_owned(),
    };
    let members = vec![
        accepted("p0"),
        MemberOutcome::Rejected(error()),
        accepted("p2"),
    ];
    let completed = |id: &str, provider: &str| MemberEnd {
        id: id.to_owned(),
        end: End::Completed {
            provider_message_id: provider.to_owned(),
        },
    };
    let rejected = MemberEnd {
        id: "m1".to_owned(),
        end: End::Failed {
            reason: Reason::Rejected,
            error: stored().unwrap(),
        },
    };
    let mut expected = expected(Answer::Definite, None, Some(true));
    expected.members = vec![completed("m0", "p0"), rejected, completed("m2", "p2")];
    expected.error = None;
    assert_eq!(after(Outcome::Answered(members)), expected);
}

#[test]
fn rejected_fails_without_another_try() {
    let mut expected = expected(Answer::Definite, Some(Rest::Fail), Some(true));
    expected.reason = Some(Reason::Rejected);
    assert_eq!(after(Outcome::Rejected(error())), expected);
}

#[test]
fn isolate_splits_and_uses_no_attempt() {
    let mut expected = expected(Answer::Definite, Some(Rest::Split), Some(true));
    expected.error = None;
    expected.counted = false;
    assert_eq!(after(Outcome::Isolate(error())), expected);
}

#[test]
fn throttled_releases_with_a_cooldown_or_with_a_pause() {
    let throttled = |pause| Outcome::Throttled {
        cooldown: 7 * SECOND,
        pause,
        error: error(),
    };
    let mut expected = expected(Answer::Definite, Some(Rest::Release), Some(true));
    expected.error = None;
    expected.counted = false;
    let mut paused = expected.clone();
    signals(&mut expected).cooldown_ms = Some(7000);
    signals(&mut expected).cooldown_reason = Some(REASON.to_owned());
    assert_eq!(after(throttled(false)), expected);
    // The monthly quota: until an operator resumes.
    signals(&mut paused).pause = queue_pause(None);
    assert_eq!(after(throttled(true)), paused);
}

#[test]
fn misconfigured_releases_and_pauses_the_queue_or_the_domain() {
    for (scope, pause) in [
        (Scope::Queue, queue_pause(Some(5 * 60_000))),
        (Scope::SenderDomain, domain_pause()),
    ] {
        let mut expected = expected(Answer::Definite, Some(Rest::Release), Some(true));
        expected.error = None;
        expected.counted = false;
        signals(&mut expected).pause = pause;
        let outcome = Outcome::Misconfigured {
            scope,
            error: error(),
        };
        assert_eq!(after(outcome), expected);
    }
}

#[test]
fn refused_waits_as_long_as_its_most_tried_member_has_earned() {
    let mut expected = expected(Answer::Definite, Some(Rest::Retry), Some(true));
    expected.delay_ms = Some(120_000);
    assert_eq!(after(Outcome::Refused(error())), expected);
}

#[test]
fn possibly_sent_fails_as_unknown() {
    let mut expected = expected(Answer::Unknown, Some(Rest::Fail), Some(true));
    expected.reason = Some(Reason::UnknownOutcome);
    assert_eq!(after(Outcome::PossiblySent(error())), expected);
}

#[test]
fn unfit_members_leave_and_the_others_are_kept() {
    let rejected = |id: &str| (id.to_owned(), error());
    let failed = |id: &str| MemberEnd {
        id: id.to_owned(),
        end: End::Failed {
            reason: Reason::Rejected,
            error: stored().unwrap(),
        },
    };
    let mut expected = expected(Answer::None, Some(Rest::Keep), Some(true));
    expected.error = None;
    expected.signals = None;
    expected.members = vec![failed("m1")];
    assert_eq!(unfit(&dispatch(false), vec![rejected("m1")]), expected);
    expected.members = ["m0", "m1", "m2"].map(failed).into();
    expected.rest = None;
    let all = ["m0", "m1", "m2"].map(rejected).into();
    assert_eq!(unfit(&dispatch(false), all), expected);
}

#[test]
fn the_reason_on_show_names_what_there_is() {
    let error = |status, name| ProviderError::new(ErrorClass::Unknown, status, name, "text");
    assert_eq!(
        reason(&error(Some(403), Some("a_name"))),
        "403 a_name: text"
    );
    assert_eq!(reason(&error(Some(403), None)), "403: text");
    assert_eq!(reason(&error(None, None)), "text");
    let empty = ProviderError::new(ErrorClass::Unknown, Some(503), None, " ");
    assert_eq!(reason(&empty), "503");
}
