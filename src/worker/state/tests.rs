//! What the driver relies on; whole runs are in `tests/run`.

mod answers;
mod apart;
mod failures;
mod obstacles;
mod times;

use super::*;
use crate::protocol::{BeginState, Begun, ClaimedMessage, WorkReply as Answer};
use crate::provider::PROVIDERS;
use serde_json::json;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn dispatch(name: &str, priority: u8) -> Dispatch {
    Dispatch {
        dispatch_id: name.to_owned(),
        token: format!("token-{name}"),
        priority,
        attempt: 0,
        frozen: false,
        begun: false,
        endpoint: None,
        wire_version: None,
        mark: Some("0123456789ab".to_owned()),
        bytes: 100,
        messages: vec![ClaimedMessage {
            id: format!("message-{name}"),
            attempts: 0,
            payload: json!({"from": "a@example.com", "to": "b@example.com", "subject": "s", "text": "t"}),
        }],
    }
}

fn claims(dispatches: Vec<Dispatch>) -> Answer {
    Answer {
        claims: dispatches,
        next_due_ms: Some(0),
        ..Answer::default()
    }
}

fn begun(dispatch_id: &str, state: BeginState, wait_ms: u64) -> Begun {
    Begun {
        dispatch_id: dispatch_id.to_owned(),
        state,
        wait_ms,
        attempt: 1,
        retry_after_ms: Some(500),
        removed: Vec::new(),
        reason: None,
    }
}

/// A run with one request at a time, after its first call, which claimed `dispatches`.
fn state(dispatches: Vec<Dispatch>) -> State {
    let mut state = fresh(1);
    call(&mut state, Duration::ZERO).unwrap();
    state.on_call(MILLISECOND, Ok(claims(dispatches)));
    state
}

/// A run with so many requests at a time.
fn fresh(in_flight: usize) -> State {
    let config = Config {
        in_flight,
        ..Config::DEFAULT
    };
    State::new(PROVIDERS[0], config, Duration::ZERO, "run".to_owned())
}

/// A run of two requests at a time, one of which, `a`, is on its way to the provider since the second millisecond.
/// `next_due_ms` is what its last claim, which found nothing, said.
fn sending(next_due_ms: Option<u64>) -> State {
    let mut state = fresh(2);
    call(&mut state, Duration::ZERO).unwrap();
    state.on_call(MILLISECOND, Ok(claims(vec![dispatch("a", 2)])));
    assert_eq!(begins(&mut state, MILLISECOND), ["a"]);
    let answer = Answer {
        begins: vec![begun("a", BeginState::Begun, 0)],
        next_due_ms,
        ..Answer::default()
    };
    state.on_call(2 * MILLISECOND, Ok(answer));
    assert!(state.next_send(2 * MILLISECOND).is_some());
    state
}

fn accept(state: &mut State, now: Duration, dispatch_id: &str) {
    let reply = Reply::Answered {
        status: 200,
        headers: Vec::new(),
        body: br#"{"id": "e"}"#.to_vec(),
    };
    state.on_reply(now, dispatch_id, &reply, 0.5);
}

fn call(state: &mut State, now: Duration) -> Option<crate::protocol::WorkRequest> {
    state.next_call(now, || "token".to_owned())
}

fn begins(state: &mut State, now: Duration) -> Vec<String> {
    let begins = call(state, now).unwrap().begins;
    begins.into_iter().map(|begin| begin.dispatch_id).collect()
}

#[test]
fn while_all_requests_are_open_only_an_answer_wakes_the_run() {
    let mut state = state(vec![dispatch("a", 2), dispatch("b", 2)]);
    assert_eq!(begins(&mut state, MILLISECOND), ["a"]);
    let answer = Answer {
        begins: vec![begun("a", BeginState::Begun, 0)],
        ..claims(vec![])
    };
    state.on_call(2 * MILLISECOND, Ok(answer));
    let (id, mail) = state.next_send(2 * MILLISECOND).unwrap();
    assert_eq!((id.as_str(), mail.key.as_str()), ("a", "email-queue/a"));
    assert_eq!(call(&mut state, 2 * MILLISECOND), None);
    assert_eq!(state.wake_at(2 * MILLISECOND, false), None);
    assert!(!state.is_done());
}

#[test]
fn a_slot_is_counted_from_when_the_database_gave_it_not_from_when_that_was_heard() {
    // (the database's clock at the answer, when it was heard, when to send); the claim's answer was heard at 1 ms.
    let day = 86_400_000;
    let cases = [
        (day + 10, 10, 709),     // as quick as the claim's
        (day + 10, 60, 709),     // 50 ms slower
        (day + 10, 3, 703),      // quicker: so the clocks are further apart than was thought
        (day + 10_000, 60, 760), // the database's clock was put forward: not later than heard
        (day - 10_000, 60, 702), // put back: not sooner than asked
    ];
    for (now_ms, heard, send_at) in cases {
        let mut state = State::new(
            PROVIDERS[0],
            Config {
                in_flight: 1,
                ..Config::DEFAULT
            },
            Duration::ZERO,
            "run".to_owned(),
        );
        call(&mut state, Duration::ZERO).unwrap();
        let claimed = Answer {
            now_ms: day + 2,
            ..claims(vec![dispatch("a", 2)])
        };
        state.on_call(MILLISECOND, Ok(claimed));
        assert_eq!(begins(&mut state, 2 * MILLISECOND), ["a"]);
        let answer = Answer {
            begins: vec![begun("a", BeginState::Begun, 700)],
            now_ms,
            ..claims(vec![])
        };
        state.on_call(heard * MILLISECOND, Ok(answer));
        let send_at = send_at * MILLISECOND;
        assert!(state.next_send(send_at - MILLISECOND).is_none(), "{now_ms}");
        assert_eq!(
            state.wake_at(heard * MILLISECOND, true),
            Some(send_at),
            "{now_ms}"
        );
        assert!(state.next_send(send_at).is_some());
    }
}

#[test]
fn urgent_dispatches_begin_first_and_refused_ones_keep_their_place() {
    let mut state = state(vec![
        dispatch("bulk", 3),
        dispatch("code", 0),
        dispatch("mail", 2),
    ]);
    assert_eq!(begins(&mut state, MILLISECOND), ["code"]);
    let answer = Answer {
        begins: vec![begun("code", BeginState::Throttled, 0)],
        ..Answer::default()
    };
    state.on_call(2 * MILLISECOND, Ok(answer));
    assert_eq!(call(&mut state, 3 * MILLISECOND), None);
    let after = 502 * MILLISECOND;
    assert_eq!(state.wake_at(3 * MILLISECOND, false), Some(after));
    assert_eq!(begins(&mut state, after), ["code"]);
}

#[test]
fn answers_about_what_it_does_not_hold_change_nothing() {
    let mut state = state(vec![]);
    let before = format!("{state:?}");
    let reply = Reply::Answered {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    };
    state.on_reply(MILLISECOND, "unknown", &reply, 0.5);
    assert_eq!(format!("{state:?}"), before);
}

fn unreachable() -> Result<Answer, crate::base::QueueError> {
    let code = crate::base::ErrorCode::Unreachable;
    Err(crate::base::QueueError::new(code, "injected"))
}

/// The dispatch is given back: it was not sent.
#[track_caller]
fn assert_given_back(request: &crate::protocol::WorkRequest) {
    assert_eq!(request.begins, []);
    let rests: Vec<_> = request.settles.iter().map(|settle| settle.rest).collect();
    assert_eq!(rests, [Some(crate::protocol::Rest::Release)]);
    assert!(!request.settles[0].counted);
}

#[test]
fn a_begin_that_went_unanswered_for_longer_than_the_margin_is_not_repeated() {
    let mut state = state(vec![dispatch("a", 2)]);
    let margin = Config::DEFAULT.margin;
    assert_eq!(begins(&mut state, MILLISECOND), ["a"]);
    state.on_call(margin, unreachable());
    // Just in time still: the same begin again.
    let again = margin + MILLISECOND;
    state.call_at = again;
    assert_eq!(begins(&mut state, again), ["a"]);
    state.on_call(again, unreachable());
    state.call_at = again;
    let late = call(&mut state, again + MILLISECOND).unwrap();
    assert_given_back(&late);
}

#[test]
fn a_begin_is_counted_from_its_first_call_although_a_later_one_failed() {
    let mut state = state(vec![dispatch("a", 2)]);
    assert_eq!(begins(&mut state, MILLISECOND), ["a"]);
    // It may have been carried out.
    state.on_call(SECOND, unreachable());
    assert_eq!(begins(&mut state, 2 * SECOND), ["a"]);
    let failed = Answer {
        begins: vec![begun("a", BeginState::Error, 0)],
        ..claims(vec![])
    };
    state.on_call(3 * SECOND, Ok(failed));
    assert_eq!(begins(&mut state, 4 * SECOND), ["a"]);
    let answer = Answer {
        begins: vec![begun("a", BeginState::Begun, 0)],
        ..claims(vec![])
    };
    state.on_call(6 * SECOND, Ok(answer));
    assert!(
        state.next_send(6 * SECOND).is_none(),
        "its lease may be over before the answer"
    );
    assert_given_back(&call(&mut state, 6 * SECOND).unwrap());
}
