//! When a run wakes, calls and ends, and by when what.

use super::*;

#[test]
fn a_run_wakes_only_for_what_it_can_do() {
    let now = 2 * MILLISECOND;
    // More is due, and there is room for it: by the next look.
    let state = sending(Some(0));
    assert_eq!(state.wake_at(now, false), Some(102 * MILLISECOND));
    assert_eq!(state.wake_at(now, true), None);
    assert!(!state.is_done());
    // Nothing more is due.
    let state = sending(None);
    assert_eq!(state.wake_at(now, false), None);
    assert!(!state.is_done());
    // It claims no more.
    let mut state = sending(Some(0));
    state.stop(Stopped::Limit, None);
    assert_eq!(state.wake_at(now, false), None);
    assert!(!state.is_done());
    // There is something to say: as soon as it may be said.
    accept(&mut state, now, "a");
    assert_eq!(state.wake_at(now, false), Some(now));
    state.call_at = SECOND;
    assert_eq!(state.wake_at(now, false), Some(SECOND));
    assert_eq!(call(&mut state, SECOND - MILLISECOND), None);
    assert!(!state.is_done());
    assert_eq!(call(&mut state, SECOND).unwrap().settles.len(), 1);
}

#[test]
fn a_run_that_gave_up_only_waits_for_what_is_on_its_way() {
    let mut state = fresh(2);
    call(&mut state, Duration::ZERO).unwrap();
    let both = vec![dispatch("a", 2), dispatch("b", 2)];
    state.on_call(MILLISECOND, Ok(claims(both)));
    assert_eq!(begins(&mut state, MILLISECOND), ["a", "b"]);
    let begins = ["a", "b"].map(|id| begun(id, BeginState::Begun, 0));
    let answer = Answer {
        begins: begins.into(),
        ..Answer::default()
    };
    state.on_call(2 * MILLISECOND, Ok(answer));
    while state.next_send(2 * MILLISECOND).is_some() {}
    accept(&mut state, 3 * MILLISECOND, "a");
    state.give_up(Stopped::Unavailable);
    assert_eq!(call(&mut state, 3 * MILLISECOND), None);
    assert_eq!(state.wake_at(3 * MILLISECOND, false), None);
    assert!(!state.is_done());
    accept(&mut state, 4 * MILLISECOND, "b");
    assert!(state.is_done());
    assert_eq!(state.wake_at(4 * MILLISECOND, false), None);
}

#[test]
fn a_run_that_is_idle_is_done_once_it_wants_nothing_more() {
    let mut state = state(vec![]);
    assert!(!state.is_done(), "more is due");
    state.exhausted = true;
    assert!(state.is_done());
    state.exhausted = false;
    state.stop(Stopped::Limit, None);
    assert!(state.is_done());
    // What is settled is to be said.
    let mut state = sending(None);
    accept(&mut state, 3 * MILLISECOND, "a");
    assert!(!state.is_done());
}

#[test]
fn a_dispatch_on_its_way_keeps_a_run_from_being_idle() {
    let now = MILLISECOND;
    let mut state = state(vec![dispatch("a", 2)]);
    assert!(!state.is_idle(), "prepared");
    assert_eq!(state.open_requests(), 0);
    assert_eq!(begins(&mut state, now), ["a"]);
    assert!(!state.is_idle(), "beginning");
    assert_eq!(state.open_requests(), 1);
    let answer = Answer {
        begins: vec![begun("a", BeginState::Begun, 0)],
        ..Answer::default()
    };
    state.on_call(now, Ok(answer));
    assert!(!state.is_idle(), "waiting");
    assert_eq!(state.open_requests(), 1);
    assert!(state.next_send(now).is_some());
    assert!(!state.is_idle(), "sending");
    assert_eq!(state.open_requests(), 1);
    accept(&mut state, now, "a");
    assert!(state.is_idle());
    assert_eq!(state.open_requests(), 0);
}

#[test]
fn no_more_requests_are_open_than_may_be() {
    let mut state = fresh(3);
    call(&mut state, Duration::ZERO).unwrap();
    let two = vec![dispatch("a", 2), dispatch("b", 2)];
    state.on_call(MILLISECOND, Ok(claims(two)));
    assert_eq!(begins(&mut state, MILLISECOND), ["a", "b"]);
    let answer = Answer {
        begins: vec![
            begun("a", BeginState::Begun, 0),
            begun("b", BeginState::Begun, 700),
        ],
        ..claims(vec![dispatch("c", 2), dispatch("d", 2)])
    };
    state.on_call(2 * MILLISECOND, Ok(answer));
    assert!(state.next_send(2 * MILLISECOND).is_some());
    // One is on its way, one waits for its slot, and one begins.
    assert_eq!(begins(&mut state, 2 * MILLISECOND), ["c"]);
    assert_eq!(state.open_requests(), 3);
}

#[test]
fn nothing_begins_that_could_not_end_by_the_deadline() {
    let state = state(vec![]);
    // A request takes 22 s at the longest, and the run has 50.
    for (now, wait, fits) in [
        (28_000, 0, true),
        (28_001, 0, false),
        (27_000, 1000, true),
        (27_000, 1001, false),
    ] {
        let (now, wait) = (Duration::from_millis(now), Duration::from_millis(wait));
        assert_eq!(state.fits(now, wait), fits, "{now:?} {wait:?}");
    }
}

#[test]
fn a_lease_outlives_the_run_by_its_grace_and_the_margin() {
    for now in [Duration::ZERO, SECOND] {
        let claim = call(&mut fresh(1), now).unwrap().claim.unwrap();
        assert_eq!(u128::from(claim.lease_ms), (58 * SECOND - now).as_millis());
    }
}

#[test]
fn a_request_leaves_within_its_margin() {
    for (late, leaves) in [(Duration::ZERO, true), (MILLISECOND, false)] {
        let mut state = state(vec![dispatch("a", 2)]);
        assert_eq!(begins(&mut state, MILLISECOND), ["a"]);
        let answer = Answer {
            begins: vec![begun("a", BeginState::Begun, 700)],
            ..claims(vec![])
        };
        state.on_call(3 * MILLISECOND, Ok(answer));
        // From the call that began it.
        let latest = 701 * MILLISECOND + Config::DEFAULT.margin;
        assert_eq!(state.next_send(latest + late).is_some(), leaves);
    }
}

#[test]
fn the_quota_turns_at_midnight_of_the_databases_clock() {
    let mut state = state(vec![dispatch("a", 2)]);
    assert_eq!(begins(&mut state, MILLISECOND), ["a"]);
    // A minute before a midnight so late that the seconds since 1970 no longer fit into 32 bits.
    let answer = Answer {
        begins: vec![begun("a", BeginState::Begun, 0)],
        now_ms: (100_000 * 86_400 - 60) * 1000,
        ..claims(vec![])
    };
    state.on_call(SECOND, Ok(answer));
    assert!(state.next_send(SECOND).is_some());
    let reply = Reply::Answered {
        status: 429,
        headers: Vec::new(),
        body: br#"{"name": "daily_quota_exceeded"}"#.to_vec(),
    };
    state.on_reply(31 * SECOND, "a", &reply, 0.5);
    let settle = &state.settles[0].settle;
    let signals = settle.signals.as_ref().unwrap();
    assert_eq!(signals.cooldown_ms, Some(30_000));
}

#[test]
fn what_may_be_the_last_call_counts_what_remains() {
    let counts = |state: &mut State, now| call(state, now).unwrap().count_remaining;
    assert!(counts(&mut fresh(1), Duration::ZERO));
    let mut begins = state(vec![dispatch("a", 2)]);
    let request = call(&mut begins, MILLISECOND).unwrap();
    assert!(request.claim.is_some() && !request.count_remaining);
    // Something is due, and is not looked for yet.
    let mut settles = sending(Some(0));
    accept(&mut settles, 3 * MILLISECOND, "a");
    let request = call(&mut settles, 3 * MILLISECOND).unwrap();
    assert!(request.claim.is_none() && !request.count_remaining);
    settles.stop(Stopped::Limit, None);
    assert!(counts(&mut settles, 3 * MILLISECOND));
}
