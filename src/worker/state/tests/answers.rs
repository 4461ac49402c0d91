//! What the database's answer changes, and what is counted.

use super::*;
use crate::protocol::{Rest, SettleResult, Settled};
use serde_json::Value;

#[test]
fn a_claim_tells_whether_anything_more_is_due() {
    let soon = 101 * MILLISECOND;
    for (claimed, next_due_ms, exhausted, claim_at) in [
        (1, None, false, Duration::ZERO),
        (1, Some(0), false, Duration::ZERO),
        (0, None, true, Duration::ZERO),
        (0, Some(500), true, Duration::ZERO),
        // Others hold it.
        (0, Some(0), false, soon),
    ] {
        let mut state = fresh(1);
        call(&mut state, Duration::ZERO).unwrap();
        let answer = Answer {
            next_due_ms,
            ..claims(vec![dispatch("a", 2); claimed])
        };
        state.on_call(MILLISECOND, Ok(answer));
        let found = (state.exhausted, state.claim_at);
        assert_eq!(found, (exhausted, claim_at), "{claimed} {next_due_ms:?}");
    }
}

#[test]
fn a_call_without_a_claim_says_nothing_about_what_is_due() {
    let mut state = fresh(2);
    call(&mut state, Duration::ZERO).unwrap();
    let answer = Answer {
        next_due_ms: None,
        ..claims(vec![dispatch("a", 2)])
    };
    state.on_call(MILLISECOND, Ok(answer));
    assert_eq!(call(&mut state, MILLISECOND).unwrap().claim, None);
    let answer = Answer {
        begins: vec![begun("a", BeginState::Begun, 0)],
        ..Answer::default()
    };
    state.on_call(2 * MILLISECOND, Ok(answer));
    assert!(state.exhausted);
    assert_eq!(state.claim_at, Duration::ZERO);
}

#[test]
fn a_run_claims_what_it_may_hold_and_asks_an_empty_queue_once_more_at_its_end() {
    let mut state = fresh(3);
    assert_eq!(state.wants_claim(), 3);
    call(&mut state, Duration::ZERO).unwrap();
    let two = vec![dispatch("a", 2), dispatch("b", 2)];
    state.on_call(MILLISECOND, Ok(claims(two)));
    assert_eq!(state.wants_claim(), 1);
    // Another dispatch would fit, or lack one byte.
    state.config.dispatch_bytes = 100;
    state.config.held_bytes = 299;
    assert_eq!(state.wants_claim(), 0);
    state.config.held_bytes = 300;
    assert_eq!(state.wants_claim(), 1);
    assert_eq!(begins(&mut state, MILLISECOND), ["a", "b"]);
    let answer = Answer {
        begins: ["a", "b"].map(|id| begun(id, BeginState::Begun, 0)).into(),
        ..Answer::default()
    };
    state.on_call(2 * MILLISECOND, Ok(answer));
    while state.next_send(2 * MILLISECOND).is_some() {}
    assert_eq!(state.wants_claim(), 0, "it is exhausted");
    accept(&mut state, 3 * MILLISECOND, "a");
    assert_eq!(state.wants_claim(), 0, "another is on its way");
    accept(&mut state, 3 * MILLISECOND, "b");
    assert_eq!(state.wants_claim(), 3, "the last settle");
    call(&mut state, 3 * MILLISECOND).unwrap();
    state.on_call(4 * MILLISECOND, Ok(applied(&["a", "b"])));
    assert_eq!(state.wants_claim(), 0);
    assert_eq!((state.held_bytes, state.report.accepted), (0, 2));
}

fn applied(ids: &[&str]) -> Answer {
    let settled = |id: &&str| Settled {
        dispatch_id: id.to_string(),
        result: SettleResult::Applied,
        reason: None,
    };
    Answer {
        settles: ids.iter().map(settled).collect(),
        ..Answer::default()
    }
}

#[test]
fn the_settings_of_the_database_are_the_retry_policy() {
    let mut state = state(vec![]);
    let before = state.policy.waits.clone();
    // What is not said stays.
    for (said, waits) in [
        (vec![], before),
        (vec![1000, 60_000], vec![1000, 60_000]),
        (vec![], vec![1000, 60_000]),
    ] {
        let answer = Answer {
            retry_ms: said,
            ..Answer::default()
        };
        state.on_call(MILLISECOND, Ok(answer));
        assert_eq!(state.policy.waits, waits);
    }
}

#[test]
fn each_message_is_counted_by_what_became_of_it() {
    let replies = [
        (200, r#"{"id": "e"}"#),
        (500, "{}"),
        (422, r#"{"name": "validation_error"}"#),
        (429, "{}"),
    ];
    for (settled, factor) in [(SettleResult::Applied, 1), (SettleResult::Lost, 0)] {
        for (index, (status, body)) in replies.into_iter().enumerate() {
            let mut state = sending(None);
            let reply = Reply::Answered {
                status,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
            };
            state.on_reply(3 * MILLISECOND, "a", &reply, 0.5);
            let mut answer = applied(&["a"]);
            answer.settles[0].result = settled;
            state.on_call(4 * MILLISECOND, Ok(answer));
            let mut counts = [0; 4];
            counts[index] = factor;
            let report = &state.report;
            let counted = [
                report.accepted,
                report.retried,
                report.failed,
                report.released,
            ];
            assert_eq!((report.claimed, counted), (1, counts), "{status}");
            assert_eq!((report.lost, state.held_bytes), (1 - factor, 0));
        }
    }
}

#[test]
fn a_begin_that_finds_nothing_to_send_counts_its_members() {
    let three = || Dispatch {
        messages: [dispatch("a", 2), dispatch("b", 2), dispatch("c", 2)]
            .map(|dispatch| dispatch.messages[0].clone())
            .into(),
        ..dispatch("d", 2)
    };
    for (found, failed, lost, held) in [
        (BeginState::Ended, 3, 0, 0),
        (BeginState::Lost, 0, 3, 0),
        // What is given back is held no more.
        (BeginState::Changed, 1, 0, 0),
    ] {
        let mut state = state(vec![three()]);
        assert_eq!(begins(&mut state, MILLISECOND), ["d"]);
        let changed = Begun {
            removed: vec!["message-a".to_owned()],
            ..begun("d", found, 0)
        };
        let answer = Answer {
            begins: vec![changed],
            ..claims(vec![])
        };
        state.on_call(2 * MILLISECOND, Ok(answer));
        let counted = (state.report.failed, state.report.lost, state.held_bytes);
        assert_eq!(counted, (failed, lost, held), "{found:?}");
        let rests: Vec<_> = state.settles.iter().map(|p| p.settle.rest).collect();
        if found == BeginState::Changed {
            assert_eq!(rests, [Some(Rest::Release)]);
            assert_eq!(state.settles[0].tally.total(), 2);
        } else {
            assert_eq!(rests, []);
        }
    }
}

#[test]
fn a_run_claims_no_more_once_it_has_its_fill() {
    // Two dispatches of one message each, which count as ten.
    for (messages, bytes, stopped) in [
        (21, 301, None),
        (21, 201, None),
        (20, 301, Some(Stopped::Limit)),
        (21, 200, Some(Stopped::Limit)),
    ] {
        let mut state = fresh(2);
        state.config.messages = messages;
        state.config.bytes = bytes;
        call(&mut state, Duration::ZERO).unwrap();
        let two = vec![dispatch("a", 2), dispatch("b", 2)];
        state.on_call(MILLISECOND, Ok(claims(two)));
        assert_eq!(state.stopped, stopped, "{messages} {bytes}");
        assert_eq!((state.report.claimed, state.held_bytes), (2, 200));
    }
}

#[test]
fn the_bytes_of_unfit_members_are_held_as_long_as_others_of_their_dispatch() {
    let with = |payloads: &[Value]| Dispatch {
        messages: (payloads.iter().enumerate())
            .map(|(index, payload)| ClaimedMessage {
                id: format!("m{index}"),
                attempts: 0,
                payload: payload.clone(),
            })
            .collect(),
        ..dispatch("d", 2)
    };
    let good = dispatch("a", 2).messages[0].payload.clone();
    for (payloads, held) in [
        (vec![json!({}), good.clone()], 100),
        (vec![json!({}), json!({})], 0),
    ] {
        let mut state = state(vec![with(&payloads)]);
        assert_eq!(state.held_bytes, held);
        assert_eq!(state.settles.len(), 1);
        state.on_call(2 * MILLISECOND, Ok(applied(&["d"])));
        assert_eq!(state.held_bytes, held);
    }
    assert_eq!(state(vec![with(&[good])]).settles.len(), 0);
}
