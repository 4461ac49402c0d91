//! What holds a run up, and how long it waits.

use super::*;
use crate::protocol::{Obstacle, PauseScope, PauseSignal, Signals};

fn obstacle(state: BeginState, retry_after_ms: Option<u64>) -> Answer {
    Answer {
        obstacle: Some(Obstacle {
            state,
            reason: Some("in the way".to_owned()),
            retry_after_ms,
        }),
        ..Answer::default()
    }
}

#[test]
fn short_obstacles_are_waited_for_and_others_end_the_run() {
    use BeginState::*;
    // In a run of 50 s that needs 22 s for a request.
    for (state, now, after, expected) in [
        (Throttled, 1000, Some(500), Ok(1500)),
        (Throttled, 1000, Some(0), Ok(1100)),
        (Throttled, 1000, Some(10_000), Ok(11_000)),
        (Throttled, 1000, Some(10_001), Err(Stopped::Throttled)),
        (Throttled, 1000, None, Err(Stopped::Throttled)),
        (Throttled, 27_500, Some(500), Ok(28_000)),
        (Throttled, 27_501, Some(500), Err(Stopped::Throttled)),
        (Unavailable, 1000, Some(500), Ok(1500)),
        (Unavailable, 1000, Some(10_001), Err(Stopped::Unavailable)),
        (Paused, 1000, Some(500), Err(Stopped::Paused)),
    ] {
        let mut run = fresh(1);
        call(&mut run, Duration::ZERO).unwrap();
        run.on_call(Duration::from_millis(now), Ok(obstacle(state, after)));
        let stopped = run.stopped;
        let came = stopped.map_or(Ok(run.claim_at), Err);
        let expected = expected.map(Duration::from_millis);
        assert_eq!(came, expected, "{state:?} {after:?} at {now}");
        assert_eq!(run.begin_at, Duration::ZERO);
        if stopped.is_some() {
            assert_eq!(run.retry_after, after.map(Duration::from_millis));
        }
        let reason = run.report(SECOND).reason;
        assert_eq!(reason.is_some(), stopped.is_some(), "{state:?} {after:?}");
    }
}

#[test]
fn what_the_circuit_breaker_keeps_is_looked_for_again_while_requests_are_open() {
    let now = 3 * MILLISECOND;
    for (after, until) in [
        (Some(500), 503),
        (Some(0), 103),
        (Some(60_000), 10_003),
        (None, 10_003),
    ] {
        let mut state = sending(Some(0));
        call(&mut state, 102 * MILLISECOND).unwrap();
        state.on_call(now, Ok(obstacle(BeginState::Unavailable, after)));
        let until = until * MILLISECOND;
        assert_eq!((state.begin_at, state.claim_at), (Duration::ZERO, until));
        assert_eq!(state.stopped, None);
        // Any answer ends the wait.
        accept(&mut state, 4 * MILLISECOND, "a");
        assert_eq!(state.claim_at, 4 * MILLISECOND);
    }
    // The rate is another matter.
    let mut state = sending(Some(0));
    call(&mut state, 102 * MILLISECOND).unwrap();
    state.on_call(now, Ok(obstacle(BeginState::Throttled, Some(500))));
    let waits = (state.begin_at, state.claim_at);
    assert_eq!(waits, (Duration::ZERO, 503 * MILLISECOND));
}

#[test]
fn a_begin_that_is_refused_is_held_for_a_short_wait_and_given_back_for_a_long_one() {
    for (now, after, held) in [
        (1000, 500, true),
        (1000, 10_000, true),
        (1000, 10_001, false),
        (27_500, 500, true),
        (27_501, 500, false),
    ] {
        let mut state = state(vec![dispatch("a", 2)]);
        assert_eq!(begins(&mut state, MILLISECOND), ["a"]);
        let refused = Begun {
            retry_after_ms: Some(after),
            ..begun("a", BeginState::Throttled, 0)
        };
        let answer = Answer {
            begins: vec![refused],
            ..claims(vec![])
        };
        state.on_call(Duration::from_millis(now), Ok(answer));
        assert_eq!(state.prepared.len(), usize::from(held), "{now} {after}");
        assert_eq!(state.settles.len(), usize::from(!held));
        if held {
            assert_eq!(state.begin_at, Duration::from_millis(now + after));
            assert_eq!(state.stopped, None);
        } else {
            assert_eq!(state.stopped, Some(Stopped::Throttled));
            assert_eq!(state.retry_after, Some(Duration::from_millis(after)));
        }
    }
}

#[test]
fn a_begin_that_the_circuit_breaker_refuses_is_given_back_and_keeps_nobody() {
    let mut run = fresh(2);
    call(&mut run, Duration::ZERO).unwrap();
    let two = claims(vec![dispatch("a", 2), dispatch("b", 2)]);
    run.on_call(MILLISECOND, Ok(two));
    assert_eq!(begins(&mut run, MILLISECOND), ["a", "b"]);
    let refused = Begun {
        retry_after_ms: Some(60_000),
        ..begun("a", BeginState::Unavailable, 0)
    };
    let answer = Answer {
        begins: vec![refused, begun("b", BeginState::Begun, 0)],
        ..Answer::default()
    };
    run.on_call(2 * MILLISECOND, Ok(answer));
    assert_eq!(
        (run.stopped, run.settles.len(), run.waiting.len()),
        (None, 1, 1)
    );
    assert_eq!(run.begin_at, Duration::ZERO);
}

#[test]
fn replays_take_a_quarter_of_the_places() {
    let mut run = fresh(4);
    let wanted = |run: &mut State| call(run, MILLISECOND).unwrap().claim.unwrap().max_frozen;
    assert_eq!(wanted(&mut run), 1);
    let replay = Dispatch {
        frozen: true,
        endpoint: Some(crate::protocol::Endpoint::Batch),
        wire_version: Some(1),
        ..dispatch("a", 2)
    };
    let answer = Answer {
        next_due_ms: Some(0),
        ..claims(vec![replay])
    };
    run.on_call(MILLISECOND, Ok(answer));
    assert_eq!(wanted(&mut run), 0);
}

#[test]
fn what_waits_for_its_slot_is_given_back_once_the_provider_refuses_everybody() {
    for (status, waiting) in [(429, 0), (500, 1)] {
        let mut state = sending(Some(0));
        call(&mut state, 102 * MILLISECOND).unwrap();
        state.on_call(SECOND, Ok(claims(vec![dispatch("b", 2)])));
        assert_eq!(begins(&mut state, SECOND), ["b"]);
        let answer = Answer {
            begins: vec![begun("b", BeginState::Begun, 700)],
            ..claims(vec![])
        };
        state.on_call(SECOND, Ok(answer));
        let reply = Reply::Answered {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        };
        state.on_reply(SECOND, "a", &reply, 0.5);
        assert_eq!(state.waiting.len(), waiting, "{status}");
        assert_eq!(state.settles.len(), 2 - waiting);
    }
}

#[test]
fn a_held_dispatch_stays_before_others_of_its_priority() {
    let mut state = state(vec![
        dispatch("code", 0),
        dispatch("mail", 2),
        dispatch("later", 2),
        dispatch("bulk", 3),
    ]);
    let mail = state.prepared.remove(1).unwrap();
    state.hold(mail);
    let order: Vec<_> = state
        .prepared
        .iter()
        .map(|prepared| prepared.dispatch.dispatch_id.as_str())
        .collect();
    assert_eq!(order, ["code", "mail", "later", "bulk"]);
}

#[test]
fn a_provider_that_refuses_everybody_gets_nothing_more() {
    let pause = |scope| {
        Some(PauseSignal {
            scope,
            ms: None,
            reason: String::new(),
        })
    };
    for (cooldown_ms, pause, refuses) in [
        (None, None, false),
        (Some(1), None, true),
        (None, pause(PauseScope::Queue), true),
        (None, pause(PauseScope::Domain), false),
        (Some(1), pause(PauseScope::Domain), true),
    ] {
        let signals = Signals {
            cooldown_ms,
            pause,
            ..Signals::default()
        };
        assert_eq!(refuses_all(&signals), refuses, "{signals:?}");
    }
}
