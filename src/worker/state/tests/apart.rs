//! Large mail is claimed beside the other calls.

use super::*;
use crate::base::{ErrorCode, QueueError};
use crate::protocol::{Claim, Obstacle};

const MB: u64 = 1024 * 1024;

fn large(name: &str, mb: u64) -> Dispatch {
    Dispatch {
        bytes: mb * MB,
        ..dispatch(name, 2)
    }
}

/// A run that has claimed this with its first call.
fn holding(dispatches: Vec<Dispatch>) -> State {
    let mut state = fresh(4);
    call(&mut state, Duration::ZERO).unwrap();
    state.on_call(MILLISECOND, Ok(claims(dispatches)));
    state
}

fn claim(state: &mut State, now: Duration, name: &str) -> Option<Claim> {
    let (token, request) = state.next_claim(now, || name.to_owned())?;
    let alone = crate::protocol::WorkRequest {
        claim: request.claim.clone(),
        ..Default::default()
    };
    assert_eq!(request, alone);
    let claim = request.claim.unwrap();
    assert_eq!(claim.tokens, [token]);
    Some(claim)
}

fn begin_all(state: &mut State, now: Duration) {
    let begins = begins(state, now);
    let begins = begins.iter().map(|id| begun(id, BeginState::Begun, 0));
    let answer = Answer {
        begins: begins.collect(),
        ..Answer::default()
    };
    state.on_call(now, Ok(answer));
    while state.next_send(now).is_some() {}
}

#[test]
fn the_first_claim_takes_one_large_dispatch_and_four_of_a_megabyte() {
    let claim = call(&mut fresh(4), Duration::ZERO).unwrap().claim.unwrap();
    assert_eq!((claim.max_bytes, claim.min_bytes), (12 * MB, 8 * MB));
}

#[test]
fn two_claims_of_large_mail_go_beside_a_begin() {
    let mut state = holding(vec![large("a", 5)]);
    let first = claim(&mut state, MILLISECOND, "1").unwrap();
    let second = claim(&mut state, MILLISECOND, "2").unwrap();
    assert_eq!((first.max_bytes, second.max_bytes), (8 * MB, 8 * MB));
    // Replays have one of four places.
    assert_eq!((first.max_frozen, second.max_frozen), (1, 0));
    assert_eq!(claim(&mut state, MILLISECOND, "3"), None);
    let request = call(&mut state, MILLISECOND).unwrap();
    assert_eq!((request.begins.len(), request.claim), (1, None));
}

#[test]
fn small_mail_and_what_fills_the_memory_alone_are_claimed_one_call_at_a_time() {
    for dispatches in [
        vec![dispatch("a", 2)],
        vec![large("a", 5), dispatch("b", 2)],
        vec![large("a", 9)],
        vec![],
    ] {
        let mut state = holding(dispatches);
        assert_eq!(claim(&mut state, MILLISECOND, "1"), None);
    }
}

#[test]
fn no_more_is_claimed_beside_other_calls_than_fits() {
    for (held, expected) in [
        (vec![8, 8], 1),
        (vec![8, 7], 1),
        (vec![8], 2),
        (vec![6, 6, 6], 0),
    ] {
        let dispatches = held.iter().enumerate();
        let mut state = holding(
            dispatches
                .map(|(i, mb)| large(&i.to_string(), *mb))
                .collect(),
        );
        let mut claims = 0;
        while claim(&mut state, MILLISECOND, &format!("t{claims}")).is_some() {
            claims += 1;
        }
        assert_eq!(claims, expected, "{held:?}");
    }
    // Nor more than can be begun.
    let mut state = fresh(1);
    call(&mut state, Duration::ZERO).unwrap();
    state.on_call(MILLISECOND, Ok(claims(vec![large("a", 2)])));
    assert_eq!(claim(&mut state, MILLISECOND, "1"), None);
}

#[test]
fn settles_go_with_the_begin_of_what_is_being_claimed() {
    let mut state = holding(vec![large("a", 5)]);
    assert!(claim(&mut state, MILLISECOND, "1").is_some());
    begin_all(&mut state, MILLISECOND);
    accept(&mut state, 2 * MILLISECOND, "a");
    assert_eq!(call(&mut state, 2 * MILLISECOND), None);
    assert_eq!(state.wake_at(2 * MILLISECOND, false), None);
    assert!(!state.is_done());
    state.on_claim(3 * MILLISECOND, "1", Ok(claims(vec![large("b", 5)])));
    let request = call(&mut state, 3 * MILLISECOND).unwrap();
    assert_eq!((request.settles.len(), request.begins.len()), (1, 1));
}

#[test]
fn what_others_are_to_know_waits_for_no_claim() {
    let mut state = holding(vec![large("a", 5)]);
    assert!(claim(&mut state, MILLISECOND, "1").is_some());
    begin_all(&mut state, MILLISECOND);
    let reply = Reply::Answered {
        status: 429,
        headers: Vec::new(),
        body: br#"{"statusCode": 429, "name": "rate_limit_exceeded", "message": "m"}"#.to_vec(),
    };
    state.on_reply(2 * MILLISECOND, "a", &reply, 0.5);
    assert_eq!(state.wake_at(2 * MILLISECOND, false), Some(2 * MILLISECOND));
    assert_eq!(call(&mut state, 2 * MILLISECOND).unwrap().settles.len(), 1);
}

#[test]
fn a_run_that_is_told_to_end_settles_at_once_and_gives_back_what_is_claimed_later() {
    let mut state = holding(vec![large("a", 5)]);
    assert!(claim(&mut state, MILLISECOND, "1").is_some());
    begin_all(&mut state, MILLISECOND);
    accept(&mut state, 2 * MILLISECOND, "a");
    state.on_order(2 * MILLISECOND, crate::worker::Order::Halt);
    assert_eq!(call(&mut state, 2 * MILLISECOND).unwrap().settles.len(), 1);
    let settled = Answer {
        settles: vec![crate::protocol::Settled {
            dispatch_id: "a".to_owned(),
            result: crate::protocol::SettleResult::Applied,
            reason: None,
        }],
        ..Answer::default()
    };
    state.on_call(3 * MILLISECOND, Ok(settled));
    assert!(!state.is_done());
    state.on_claim(4 * MILLISECOND, "1", Ok(claims(vec![large("b", 5)])));
    assert_eq!(claim(&mut state, 4 * MILLISECOND, "2"), None);
    let request = call(&mut state, 4 * MILLISECOND).unwrap();
    assert_eq!(request.settles[0].dispatch_id, "b");
    assert_eq!(request.begins, []);
}

#[test]
fn a_claim_whose_answer_is_lost_is_said_again_with_its_token() {
    let mut state = holding(vec![large("a", 5)]);
    let first = claim(&mut state, MILLISECOND, "1").unwrap();
    begin_all(&mut state, MILLISECOND);
    let lost = QueueError::new(ErrorCode::Timeout, "lost");
    state.on_claim(2 * MILLISECOND, "1", Err(lost));
    assert_eq!(claim(&mut state, 2 * MILLISECOND, "2"), None);
    let again = state.wake_at(2 * MILLISECOND, false).unwrap();
    assert!(again > 2 * MILLISECOND);
    assert!(!state.is_done());
    let second = claim(&mut state, again, "2").unwrap();
    assert_eq!(
        (first.tokens, first.max_frozen),
        (second.tokens, second.max_frozen)
    );
    state.on_claim(again, "1", Ok(claims(vec![large("b", 5)])));
    assert_eq!(begins(&mut state, again), ["b"]);
    // The run does not wait for it any more.
    state.on_claim(again, "1", Ok(claims(vec![large("c", 5)])));
    assert_eq!(state.report.claimed, 2);
}

#[test]
fn where_nothing_comes_the_other_calls_look() {
    let error = Answer {
        claim_error: Some("why".to_owned()),
        ..Answer::default()
    };
    let obstacle = Answer {
        obstacle: Some(Obstacle {
            state: BeginState::Throttled,
            reason: None,
            retry_after_ms: Some(500),
        }),
        ..claims(vec![large("b", 2)])
    };
    for (answer, at) in [
        (claims(vec![]), 2 * MILLISECOND),
        (claims(vec![dispatch("b", 2)]), 2 * MILLISECOND),
        (error, 102 * MILLISECOND),
        (obstacle, 502 * MILLISECOND),
    ] {
        let mut state = holding(vec![large("a", 2)]);
        assert!(claim(&mut state, MILLISECOND, "1").is_some());
        begin_all(&mut state, MILLISECOND);
        state.on_claim(2 * MILLISECOND, "1", Ok(answer));
        assert_eq!(claim(&mut state, at, "2"), None);
        begin_all_if_any(&mut state, 2 * MILLISECOND);
        let wake_at = state.wake_at(2 * MILLISECOND, false).unwrap();
        assert_eq!(wake_at.max(2 * MILLISECOND), at);
        assert!(call(&mut state, at).unwrap().claim.is_some());
    }
}

fn begin_all_if_any(state: &mut State, now: Duration) {
    if !state.prepared.is_empty() && now < state.claim_at {
        begin_all(state, now);
    }
}
