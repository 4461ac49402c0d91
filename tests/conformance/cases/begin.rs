//! Begin: rate, cooldown, expiry.

use crate::subject::{
    Subject, assert_about, begin_of, claim_of, complete_of, email, emails, freeze_of, ids,
    not_sent_of, seconds, token, with_signals,
};
use email_queue::protocol::BeginState::{Begun, Changed, Ended, Invalid, Lost, Throttled};
use email_queue::protocol::{
    Begin, Claim, Dispatch, NewMessage, Rest, SettleResult, Signals, WorkRequest,
};
use serde_json::json;

pub fn begins_take_slots_of_one_rate(subject: &mut dyn Subject) {
    subject.configure(json!({"rate_limit": 2}));
    subject.meet_the_provider();
    let dispatches = subject.singles(7);
    let reply = subject.work(&WorkRequest {
        begins: dispatches.iter().map(begin_of).collect(),
        ..WorkRequest::default()
    });
    for (index, begun) in reply.begins.iter().take(5).enumerate() {
        assert_eq!((begun.state, begun.attempt), (Begun, 1));
        let expected = 500 * index as u64;
        assert!(
            (expected.saturating_sub(300)..=expected).contains(&begun.wait_ms),
            "{begun:?}"
        );
    }
    // The sixth slot is further away than two seconds.
    let sixth = &reply.begins[5];
    assert_eq!(sixth.state, Throttled);
    assert_about(sixth.retry_after_ms, 2500);
    assert_eq!(subject.attempts(&ids(&dispatches[5])[0]), 0);
    let obstacle = subject.claim(claim_of(vec![token(9)])).obstacle.unwrap();
    assert_eq!(obstacle.state, Throttled);
    // Whoever can wait less is told sooner.
    subject.advance(seconds(2));
    let impatient = Begin {
        max_wait_ms: 100,
        ..begin_of(&dispatches[5])
    };
    assert_eq!(subject.begin(impatient).state, Throttled);
    assert_eq!(subject.begin(begin_of(&dispatches[5])).state, Begun);
    // A lower limit that the provider names counts; a higher one does not.
    for (limit, expected) in [(1, 1050), (50, 500)] {
        subject.advance(seconds(10));
        let signals = Signals {
            rate_limit: Some(limit),
            ..Signals::default()
        };
        subject.put(&emails(1));
        let teacher = subject.take(20 + limit as usize).unwrap();
        subject.start(&teacher);
        subject.apply(with_signals(complete_of(&teacher), signals));
        subject.advance(seconds(10));
        subject.put(&emails(2));
        let claim = Claim {
            max_messages: 1,
            ..claim_of((0..2).map(|n| token(30 + 2 * limit as usize + n)).collect())
        };
        let claims = subject.claim(claim).claims;
        let waits: Vec<u64> = claims.iter().map(|d| subject.start(d).wait_ms).collect();
        assert!(
            (expected - 400..=expected).contains(&waits[1]),
            "{limit}: {waits:?}"
        );
    }
}

pub fn before_the_first_answer_the_rate_is_a_cautious_one(subject: &mut dyn Subject) {
    let dispatches = subject.singles(4);
    for dispatch in &dispatches[..3] {
        subject.start(dispatch);
    }
    let fourth = subject.start(&dispatches[3]).wait_ms;
    assert!((400..=648).contains(&fourth), "{fourth}");
    let reset = Signals {
        answered: Some(true),
        ..Signals::default()
    };
    subject.apply(with_signals(complete_of(&dispatches[0]), reset));
    subject.advance(seconds(5));
    subject.put(&emails(4));
    let claim = Claim {
        max_messages: 1,
        ..claim_of((11..15).map(token).collect())
    };
    let claims = subject.claim(claim).claims;
    let waits: Vec<u64> = claims.iter().map(|d| subject.start(d).wait_ms).collect();
    assert!((1..=300).contains(&waits[3]), "{waits:?}");
}

/// The begins of a call come after its claim, which must not take what they leave no slot for.
pub fn a_claim_leaves_the_slots_to_the_begins_of_its_call(subject: &mut dyn Subject) {
    subject.configure(json!({"rate_limit": 2}));
    subject.meet_the_provider();
    let dispatches = subject.singles(6);
    let call = |begins: &[Dispatch], number| WorkRequest {
        begins: begins.iter().map(begin_of).collect(),
        claim: Some(claim_of(vec![token(number)])),
        ..WorkRequest::default()
    };
    subject.put(&emails(1));
    let reply = subject.work(&call(&dispatches[..5], 20));
    assert!(reply.begins.iter().all(|begun| begun.state == Begun));
    assert_eq!(reply.claims.len(), 0);
    let obstacle = reply.obstacle.unwrap();
    assert_eq!(obstacle.state, Throttled);
    assert_about(obstacle.retry_after_ms, 2500);
    subject.advance(seconds(10));
    let reply = subject.work(&call(&dispatches[5..], 21));
    assert_eq!(
        (reply.begins[0].state, reply.claims.len(), reply.obstacle),
        (Begun, 1, None)
    );
}

pub fn a_repeated_begin_is_the_same_begin(subject: &mut dyn Subject) {
    subject.put(&emails(1));
    let dispatch = subject.take(1).unwrap();
    let id = ids(&dispatch)[0].clone();
    subject.start(&dispatch);
    subject.advance(seconds(10));
    let again = subject.start(&dispatch);
    assert_eq!((again.attempt, again.wait_ms), (1, 0));
    assert_eq!(subject.attempts(&id), 1);
    // The same lease too, which the worker counts from its first call.
    subject.advance(seconds(9));
    subject.start(&dispatch);
    subject.advance(seconds(2));
    assert_eq!(subject.begin(begin_of(&dispatch)).state, Lost);
    assert_eq!(subject.take(2).map(|replay| replay.frozen), Some(true));
    assert_eq!(subject.attempts(&id), 1);
}

pub fn a_cooldown_holds_all(subject: &mut dyn Subject) {
    let dispatches = subject.singles(3);
    subject.start(&dispatches[0]);
    let signals = |ms| Signals {
        cooldown_ms: Some(ms),
        cooldown_reason: Some("429 rate_limit_exceeded".to_owned()),
        answered: Some(true),
        ..Signals::default()
    };
    subject.apply(with_signals(
        not_sent_of(&dispatches[0], Rest::Release),
        signals(40_000),
    ));
    let begun = subject.begin(begin_of(&dispatches[1]));
    assert_eq!(
        (begun.state, begun.reason.as_deref()),
        (Throttled, Some("429 rate_limit_exceeded"))
    );
    assert_about(begun.retry_after_ms, 40_000);
    let reply = subject.claim(claim_of(vec![token(8)]));
    assert!(reply.claims.is_empty());
    let obstacle = reply.obstacle.unwrap();
    assert_eq!(
        (obstacle.state, obstacle.reason.as_deref()),
        (Throttled, Some("429 rate_limit_exceeded"))
    );
    assert_about(obstacle.retry_after_ms, 40_000);
    // A shorter one does not end it.
    subject.apply(with_signals(
        not_sent_of(&dispatches[2], Rest::Release),
        signals(1000),
    ));
    subject.advance(seconds(30));
    assert_eq!(subject.begin(begin_of(&dispatches[1])).state, Throttled);
    subject.advance(seconds(9));
    let begun = subject.start(&dispatches[1]);
    assert!(begun.wait_ms <= 1000);
    // An operator can end it.
    subject.put(&emails(1));
    subject.advance(seconds(1));
    let other = subject.take(9).unwrap();
    subject.start(&other);
    subject.apply(with_signals(
        not_sent_of(&other, Rest::Release),
        signals(600_000),
    ));
    assert_eq!(subject.take(10), None);
    subject.resume(None);
    assert!(subject.take(10).is_some());
}

pub fn what_expired_is_not_begun(subject: &mut dyn Subject) {
    let until = |subject: &mut dyn Subject, index: usize, from_now: u64| {
        let message = NewMessage {
            send_before: Some(subject.time(seconds(from_now))),
            ..email(index)
        };
        subject.put(&[message]).remove(0)
    };
    let short = until(subject, 0, 20);
    let long = until(subject, 1, 300);
    let ready = until(subject, 2, 40);
    let claim = Claim {
        max_messages: 2,
        ..claim_of(vec![token(1)])
    };
    let dispatch = subject.claim(claim).claims.remove(0);
    assert_eq!(ids(&dispatch), [short.clone(), long.clone()]);
    subject.advance(seconds(20));
    let begun = subject.begin(begin_of(&dispatch));
    assert_eq!((begun.state, begun.removed), (Changed, vec![short.clone()]));
    assert_eq!(
        (subject.status(&short), subject.reason(&short).as_str()),
        ("failed", "expired")
    );
    let again = subject.take(1).unwrap();
    assert_eq!(ids(&again), std::slice::from_ref(&long));
    // What waits is swept.
    subject.advance(seconds(20));
    assert_eq!(subject.take(2), None);
    assert_eq!(
        (subject.reason(&ready).as_str(), subject.attempts(&ready)),
        ("expired", 0)
    );
    // Once it may have been sent, it does not expire any more.
    subject.start(&again);
    subject.apply(freeze_of(&again, seconds(300)));
    subject.advance(seconds(300));
    let replay = subject.take(3).unwrap();
    subject.start(&replay);
    subject.apply(complete_of(&replay));
    // All of it: nothing is left.
    let last = until(subject, 3, 10);
    let whole = subject.take(4).unwrap();
    subject.advance(seconds(10));
    let begun = subject.begin(begin_of(&whole));
    assert_eq!((begun.state, begun.removed), (Ended, vec![last.clone()]));
    assert_eq!(subject.reason(&last), "expired");
}

pub fn a_body_with_other_members_is_not_begun(subject: &mut dyn Subject) {
    subject.put(&emails(3));
    let dispatch = subject.take(1).unwrap();
    let begin = begin_of(&dispatch);
    let fewer = Begin {
        members: 2,
        ..begin.clone()
    };
    assert_eq!(subject.begin(fewer).state, Changed);
    let single = Begin {
        endpoint: email_queue::protocol::Endpoint::Single,
        ..begin.clone()
    };
    assert_eq!(subject.begin(single).state, Invalid);
    let no_time = Begin {
        timeout_ms: 0,
        margin_ms: 0,
        ..begin.clone()
    };
    assert_eq!(subject.begin(no_time).state, Invalid);
    assert_eq!(subject.attempts(&ids(&dispatch)[0]), 0);
    subject.start(&dispatch);
    subject.apply(freeze_of(&dispatch, seconds(0)));
    let replay = subject.take(2).unwrap();
    for other in [
        Begin {
            wire_version: 1,
            ..begin_of(&replay)
        },
        Begin {
            mark: Some("ffffffffffff".to_owned()),
            ..begin_of(&replay)
        },
        Begin {
            mark: None,
            ..begin_of(&replay)
        },
        Begin {
            members: 4,
            ..begin_of(&replay)
        },
    ] {
        let state = subject.begin(other).state;
        assert!(state == Invalid || state == Changed, "{state:?}");
    }
    subject.start(&replay);
    assert_eq!(
        subject.settle(complete_of(&replay)).result,
        SettleResult::Applied
    );
}
