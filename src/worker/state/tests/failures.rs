//! Calls that fail, and steps of calls.

use super::*;
use crate::base::{ErrorCode, QueueError};
use crate::protocol::{SettleResult, Settled};

const POLL: Duration = Duration::from_millis(100);

#[test]
fn each_failed_call_in_a_row_doubles_the_wait() {
    let mut state = state(vec![dispatch("a", 2)]);
    let mut now = MILLISECOND;
    for wait in [250, 500, 1000, 2000, 4000, 4000] {
        state.on_call(now, refused("57014"));
        assert_eq!(state.call_at, now + Duration::from_millis(wait));
        now = state.call_at;
    }
    state.on_call(now, Ok(claims(vec![])));
    state.on_call(now, refused("57014"));
    assert_eq!(state.call_at, now + Duration::from_millis(250));
}

/// The database answered, with this code.
fn refused(code: &str) -> Result<Answer, QueueError> {
    let error = QueueError::new(ErrorCode::Unavailable, "injected");
    Err(error.because(&format!("500 {code} injected")))
}

#[test]
fn a_database_that_is_not_reached_for_five_seconds_is_given_up_whatever_is_held() {
    for code in ["PGRST001", "08006", ""] {
        let mut state = state(vec![dispatch("a", 2)]);
        for (now, given_up) in [(1000, false), (3000, false), (5999, false), (6000, true)] {
            state.on_call(Duration::from_millis(now), refused(code));
            assert_eq!(state.given_up, given_up, "{code} {now}");
        }
        assert_eq!(state.stopped, Some(Stopped::Unavailable));
    }
    // In between it was reached.
    for answer in [
        Ok(claims(vec![])),
        refused("55P03"),
        refused("40001"),
        refused("40P01"),
    ] {
        let mut state = state(vec![dispatch("a", 2)]);
        state.on_call(SECOND, unreachable());
        state.on_call(3 * SECOND, answer);
        state.on_call(7 * SECOND, unreachable());
        assert!(!state.given_up);
    }
}

#[test]
fn a_database_that_shuts_down_is_given_up_at_once() {
    for code in ["57P01", "57P02", "57P03"] {
        let mut state = state(vec![dispatch("a", 2)]);
        state.on_call(SECOND, refused(code));
        assert!(state.given_up, "{code}");
        let report = state.report(SECOND);
        assert_eq!(report.stopped, Stopped::Unavailable);
        let reason = report.reason.unwrap();
        assert!(reason.contains(code), "{reason}");
    }
}

#[test]
fn a_run_of_which_everything_came_back_says_why_and_not_that_the_queue_was_empty() {
    for (reason, shown) in [
        (Some("somebody holds a lock"), "somebody holds a lock"),
        (None, "all that was claimed came back unsent"),
    ] {
        let mut state = state(vec![dispatch("a", 2)]);
        begins(&mut state, MILLISECOND);
        let begun = Begun {
            reason: reason.map(str::to_owned),
            ..begun("a", BeginState::Invalid, 0)
        };
        let answer = Answer {
            begins: vec![begun],
            ..Answer::default()
        };
        state.on_call(2 * MILLISECOND, Ok(answer));
        call(&mut state, 3 * MILLISECOND).unwrap();
        let released = Answer {
            settles: vec![Settled {
                dispatch_id: "a".to_owned(),
                result: SettleResult::Applied,
                reason: None,
            }],
            ..Answer::default()
        };
        state.on_call(4 * MILLISECOND, Ok(released));
        let report = state.report(5 * MILLISECOND);
        assert_eq!((report.claimed, report.released), (1, 1));
        assert_eq!(report.stopped, Stopped::Unavailable);
        assert_eq!(report.reason.as_deref(), Some(shown));
    }
}

#[test]
fn a_database_that_does_not_answer_is_given_up_when_nothing_can_come_of_it() {
    let idle = || state(vec![]);
    let held = || state(vec![dispatch("a", 2)]);
    let settled = || {
        let mut state = sending(None);
        accept(&mut state, 3 * MILLISECOND, "a");
        state
    };
    // The first failure waits 250 ms.
    for (mut state, now, given_up) in [
        // With nothing held, while a request of 22 s fits into the run of 50.
        (idle(), 27_750, false),
        (idle(), 27_751, true),
        // Else until 3 s after its end.
        (held(), 27_751, false),
        (held(), 52_750, false),
        (held(), 52_751, true),
        (settled(), 27_751, false),
        (settled(), 52_750, false),
        (settled(), 52_751, true),
    ] {
        state.on_call(Duration::from_millis(now), unreachable());
        assert_eq!(state.given_up, given_up, "{now}");
        assert_eq!(state.stopped, given_up.then_some(Stopped::Unavailable));
    }
}

#[test]
fn what_no_repetition_mends_ends_the_run_at_once() {
    for (code, stopped) in [
        (ErrorCode::Unauthorized, Stopped::Misconfigured),
        (ErrorCode::NotInstalled, Stopped::Misconfigured),
        (ErrorCode::NotExposed, Stopped::Misconfigured),
        // The address: it redirects.
        (ErrorCode::InvalidInput, Stopped::Misconfigured),
        (ErrorCode::Unexpected, Stopped::Unavailable),
    ] {
        let mut state = state(vec![dispatch("a", 2)]);
        state.on_call(SECOND, Err(QueueError::new(code, "injected")));
        assert_eq!((state.given_up, state.stopped), (true, Some(stopped)));
    }
}

#[test]
fn three_claims_in_a_row_that_fail_end_the_run() {
    let mut state = fresh(1);
    let failed = || Answer {
        claim_error: Some("injected".to_owned()),
        ..Answer::default()
    };
    let answers = [failed(), failed(), claims(vec![]), failed(), failed()];
    let mut now = Duration::ZERO;
    for answer in answers {
        assert!(call(&mut state, now).unwrap().claim.is_some());
        state.on_call(now, Ok(answer));
        assert_eq!((state.stopped, state.claim_at), (None, now + POLL));
        now += POLL;
    }
    assert!(call(&mut state, now).unwrap().claim.is_some());
    state.on_call(now, Ok(failed()));
    assert_eq!(state.stopped, Some(Stopped::Unavailable));
}

#[test]
fn a_settle_that_fails_three_times_is_lost_and_ends_the_run() {
    let mut state = sending(None);
    accept(&mut state, 3 * MILLISECOND, "a");
    let failed = || Answer {
        settles: vec![Settled {
            dispatch_id: "a".to_owned(),
            result: SettleResult::Error,
            reason: None,
        }],
        ..Answer::default()
    };
    let mut now = SECOND;
    for _ in 0..2 {
        assert_eq!(call(&mut state, now).unwrap().settles.len(), 1);
        state.on_call(now, Ok(failed()));
        assert_eq!((state.stopped, state.call_at), (None, now + POLL));
        now += POLL;
    }
    assert_eq!(call(&mut state, now).unwrap().settles.len(), 1);
    state.on_call(now, Ok(failed()));
    assert_eq!(state.stopped, Some(Stopped::Unavailable));
    assert!(state.is_done());
    assert_eq!((state.held_bytes, state.report.lost), (0, 1));
}

#[test]
fn a_begin_that_fails_three_times_is_set_aside_for_a_minute() {
    let mut state = state(vec![dispatch("a", 2)]);
    let failed = || Answer {
        begins: vec![begun("a", BeginState::Error, 0)],
        ..Answer::default()
    };
    let mut now = SECOND;
    for _ in 0..2 {
        assert_eq!(begins(&mut state, now), ["a"]);
        state.on_call(now, Ok(failed()));
        assert_eq!((state.settles.len(), state.call_at), (0, now + POLL));
        now += POLL;
    }
    assert_eq!(begins(&mut state, now), ["a"]);
    state.on_call(now, Ok(failed()));
    let request = call(&mut state, now).unwrap();
    assert_given_back(&request);
    assert_eq!(request.settles[0].delay_ms, Some(60_000));
}

#[test]
fn what_a_run_that_gave_up_holds_is_lost_too() {
    let mut state = state(vec![dispatch("a", 2), dispatch("b", 2), dispatch("c", 2)]);
    assert_eq!(begins(&mut state, MILLISECOND), ["a"]);
    let answer = Answer {
        begins: vec![begun("a", BeginState::Lost, 0)],
        ..claims(vec![])
    };
    state.on_call(2 * MILLISECOND, Ok(answer));
    assert_eq!(state.report(SECOND).lost, 1 + 2);
    assert_eq!(state.report(SECOND).duration_ms, 1000);
}

#[test]
fn a_report_says_what_ended_the_run_and_when_to_come_back() {
    for (why, named) in [(Stopped::Limit, false), (Stopped::Throttled, true)] {
        let mut state = state(vec![]);
        // It was mended, and is on record all the same.
        state.on_call(MILLISECOND, unreachable());
        assert_eq!(state.report(SECOND).stopped, Stopped::Empty);
        assert_eq!(state.report(SECOND).reason, None);
        state.stop(why, Some(1001 * MILLISECOND));
        let report = state.report(SECOND);
        assert_eq!(report.stopped, why);
        assert_eq!(report.reason.is_some(), named);
        assert_eq!(report.retry_after_seconds, Some(2));
    }
}

/// `a` came back because its sender domain is paused, by the begin's answer or by the provider's; `beside` came back stuck.
fn came_back(refused_by_the_provider: bool, beside: bool, result: SettleResult) -> Report {
    let mut state = fresh(2);
    call(&mut state, Duration::ZERO).unwrap();
    let names = &["a", "b"][..1 + usize::from(beside)];
    let claimed = names.iter().map(|name| dispatch(name, 2)).collect();
    state.on_call(MILLISECOND, Ok(claims(claimed)));
    begins(&mut state, MILLISECOND);
    let first = match refused_by_the_provider {
        true => BeginState::Begun,
        false => BeginState::Paused,
    };
    let states = names.iter().zip([first, BeginState::Invalid]);
    let answer = Answer {
        begins: states.map(|(name, state)| begun(name, state, 0)).collect(),
        ..Answer::default()
    };
    state.on_call(2 * MILLISECOND, Ok(answer));
    if state.next_send(2 * MILLISECOND).is_some() {
        let reply = Reply::Answered {
            status: 403,
            headers: Vec::new(),
            body: br#"{"statusCode": 403, "name": "validation_error", "message": "The example.com domain is not verified."}"#.to_vec(),
        };
        state.on_reply(3 * MILLISECOND, "a", &reply, 0.5);
    }
    call(&mut state, SECOND).unwrap();
    let settles = names
        .iter()
        .map(|name| Settled {
            dispatch_id: (*name).to_owned(),
            result,
            reason: None,
        })
        .collect();
    let released = Answer {
        settles,
        ..Answer::default()
    };
    state.on_call(SECOND, Ok(released));
    state.report(SECOND)
}

#[test]
fn mail_of_a_paused_domain_does_not_make_the_queue_unavailable_and_stuck_mail_beside_it_does() {
    for refused in [true, false] {
        let report = came_back(refused, false, SettleResult::Applied);
        assert_eq!((report.claimed, report.released), (1, 1));
        assert_eq!((report.stopped, report.reason), (Stopped::Empty, None));

        let report = came_back(refused, true, SettleResult::Applied);
        assert_eq!((report.claimed, report.released), (2, 2));
        assert_eq!(report.stopped, Stopped::Unavailable);

        let report = came_back(refused, false, SettleResult::Lost);
        assert_eq!(report.stopped, Stopped::Unavailable);
    }
}
