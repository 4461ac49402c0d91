//! Settle.

use crate::subject::{
    LEASE, MINUTE, Subject, begin_of, claim_of, complete_of, completed, email, emails, freeze_of,
    ids, not_sent_of, rejected, seconds, settle_of, token,
};
use email_queue::queue::NewMessage;
use email_queue::work::Answer::{Definite, None as NoAnswer, Unknown};
use email_queue::work::{BeginState, Dispatch, Reason, Rest, Settle, SettleResult};
use serde_json::json;

pub fn each_member_ends_by_its_own_outcome(subject: &mut dyn Subject) {
    let dispatch = subject.begun(3, 1);
    let put = ids(&dispatch);
    let settle = Settle {
        members: vec![completed(&put[0]), rejected(&put[1])],
        ..settle_of(&dispatch, Definite, Some(Rest::Fail))
    };
    subject.apply(settle);
    let first = subject.get(&put[0]);
    assert_eq!(
        (first.status.as_str(), first.attempts, first.error),
        ("completed", 1, None)
    );
    assert_eq!(
        first.provider_message_id,
        Some(format!("provider-{}", put[0]))
    );
    assert_eq!(first.dispatch_id, Some(dispatch.dispatch_id));
    assert!(first.completed_at.is_some());
    let second = subject.get(&put[1]);
    let error = second.error.unwrap();
    assert_eq!(
        (second.status.as_str(), error["reason"].as_str()),
        ("failed", Some("rejected"))
    );
    assert_eq!(
        (error["message"].as_str(), error["attempt"].as_u64()),
        (Some("no"), Some(1))
    );
    assert_eq!(
        (subject.status(&put[2]), subject.reason(&put[2]).as_str()),
        ("failed", "rejected")
    );
    assert_eq!(subject.list("failed").len(), 2);
}

pub fn a_repeated_settle_is_told_so(subject: &mut dyn Subject) {
    let dispatch = subject.begun(2, 1);
    subject.apply(complete_of(&dispatch));
    assert_eq!(
        subject.settle(complete_of(&dispatch)).result,
        SettleResult::Already
    );
    let stranger = Dispatch {
        token: token(9),
        ..dispatch
    };
    assert_eq!(
        subject.settle(complete_of(&stranger)).result,
        SettleResult::Lost
    );
    // Frozen: until somebody else holds it.
    let frozen = subject.begun(1, 2);
    subject.apply(freeze_of(&frozen, seconds(30)));
    assert_eq!(
        subject.settle(freeze_of(&frozen, seconds(90))).result,
        SettleResult::Already
    );
    subject.advance(seconds(30));
    let replay = subject.take(3).unwrap();
    assert_eq!(
        subject.settle(freeze_of(&frozen, seconds(30))).result,
        SettleResult::Lost
    );
    subject.start(&replay);
    assert_eq!(
        subject.settle(complete_of(&frozen)).result,
        SettleResult::Lost
    );
    subject.apply(complete_of(&replay));
}

pub fn frozen_is_replayed_as_it_was(subject: &mut dyn Subject) {
    let dispatch = subject.begun(3, 1);
    let put = ids(&dispatch);
    subject.apply(freeze_of(&dispatch, seconds(30)));
    assert_eq!(
        (subject.status(&put[0]), subject.attempts(&put[0])),
        ("processing", 1)
    );
    assert_eq!(subject.get(&put[0]).lease_expires_at, None);
    // Others are put in between; it does not change.
    subject.put(&[NewMessage {
        priority: Some(0),
        ..email(9)
    }]);
    subject.advance(seconds(29));
    assert_eq!(subject.take(2).unwrap().messages.len(), 1);
    subject.advance(seconds(1));
    let replay = subject.take(3).unwrap();
    assert_eq!(
        (&replay.dispatch_id, ids(&replay)),
        (&dispatch.dispatch_id, put.clone())
    );
    assert_eq!(
        (replay.attempt, replay.frozen, replay.wire_version),
        (1, true, Some(1))
    );
    assert_eq!(replay.messages[1].payload, dispatch.messages[1].payload);
    assert_eq!(replay.messages[1].attempts, 1);
    assert_eq!(subject.start(&replay).attempt, 2);
    subject.apply(complete_of(&replay));
    let message = subject.get(&put[2]);
    assert_eq!(
        (message.status.as_str(), message.attempts),
        ("completed", 2)
    );
    assert_eq!(
        message.error.unwrap()["history"].as_array().unwrap().len(),
        1
    );
}

pub fn a_refusal_of_a_replay_gives_no_new_key(subject: &mut dyn Subject) {
    let dispatch = subject.begun(2, 1);
    subject.apply(freeze_of(&dispatch, seconds(0)));
    let replay = subject.take(2).unwrap();
    subject.start(&replay);
    for rest in [Rest::Release, Rest::Retry, Rest::Split, Rest::Fail] {
        let settled = subject.settle(not_sent_of(&replay, rest));
        assert_eq!(settled.result, SettleResult::Invalid, "{rest:?}");
    }
    let uncounted = Settle {
        counted: false,
        ..freeze_of(&replay, seconds(0))
    };
    subject.apply(uncounted);
    let again = subject.take(3).unwrap();
    assert_eq!(
        (&again.dispatch_id, again.attempt),
        (&dispatch.dispatch_id, 1)
    );
    // Given back before it began: nothing is undone.
    subject.apply(not_sent_of(&again, Rest::Freeze));
    assert_eq!(subject.take(4).unwrap().attempt, 1);
}

pub fn the_attempts_of_the_most_patient_member_end_a_frozen_dispatch(subject: &mut dyn Subject) {
    let with = |index, max_attempts| NewMessage {
        max_attempts: Some(max_attempts),
        ..email(index)
    };
    let put = subject.put(&[with(0, 1), with(1, 3)]);
    for number in 1..=3 {
        let dispatch = subject.take(number).unwrap();
        assert_eq!(ids(&dispatch), put);
        assert_eq!(subject.start(&dispatch).attempt, number as u32);
        subject.apply(freeze_of(&dispatch, seconds(0)));
    }
    assert_eq!(subject.take(4), None);
    for (id, attempts) in put.iter().zip([1, 3]) {
        assert_eq!(
            (subject.status(id), subject.reason(id).as_str()),
            ("failed", "unknown_outcome")
        );
        assert_eq!(subject.attempts(id), attempts);
    }
    // The same where the lease runs out.
    let last = subject.put(&[with(2, 1)]);
    let dispatch = subject.take(5).unwrap();
    subject.start(&dispatch);
    subject.advance(seconds(21));
    assert_eq!(subject.take(6), None);
    assert_eq!(subject.reason(&last[0]), "unknown_outcome");
}

pub fn the_horizon_ends_a_frozen_dispatch(subject: &mut dyn Subject) {
    let hours = |hours: u64| seconds(3600 * hours);
    let waiting = subject.begun(1, 1);
    subject.apply(freeze_of(&waiting, hours(100)));
    let claimed = subject.begun(1, 2);
    subject.apply(freeze_of(&claimed, seconds(0)));
    subject.advance(hours(23) - seconds(30));
    // A replay waits no longer than until the horizon, and is not begun past it.
    let replay = subject.take(3).unwrap();
    assert_eq!(replay.dispatch_id, claimed.dispatch_id);
    subject.advance(seconds(30));
    let begun = subject.begin(begin_of(&replay));
    assert_eq!(
        (begun.state, begun.reason.as_deref()),
        (BeginState::Ended, Some("unknown_outcome"))
    );
    assert_eq!(subject.take(4), None);
    for dispatch in [waiting, claimed] {
        let id = &ids(&dispatch)[0];
        assert_eq!(
            (subject.status(id), subject.reason(id).as_str()),
            ("failed", "unknown_outcome")
        );
    }
    // It counts from the first begin.
    let other = subject.begun(1, 5);
    let id = ids(&other)[0].clone();
    subject.apply(freeze_of(&other, seconds(0)));
    subject.advance(hours(22));
    let replay = subject.take(6).unwrap();
    subject.start(&replay);
    subject.apply(freeze_of(&replay, hours(5)));
    subject.advance(hours(1));
    assert_eq!(subject.take(7), None);
    assert_eq!(subject.reason(&id), "unknown_outcome");
}

pub fn split_halves_without_using_an_attempt(subject: &mut dyn Subject) {
    let dispatch = subject.begun(5, 1);
    let put = ids(&dispatch);
    let split = Settle {
        counted: false,
        ..settle_of(&dispatch, Definite, Some(Rest::Split))
    };
    subject.apply(split.clone());
    assert_eq!(subject.settle(split).result, SettleResult::Already);
    let halves = subject
        .claim(claim_of(vec![token(2), token(3), token(4)]))
        .claims;
    let found: Vec<Vec<String>> = halves.iter().map(ids).collect();
    assert_eq!(found, [&put[0..3], &put[3..5]]);
    assert!(
        halves
            .iter()
            .all(|half| half.dispatch_id != dispatch.dispatch_id
                && !half.frozen
                && half.attempt == 0)
    );
    assert_eq!(halves[0].bytes + halves[1].bytes, dispatch.bytes);
    assert_eq!(subject.attempts(&put[0]), 0);
    // One cannot be halved.
    let single = subject.begun(1, 5);
    let settled = subject.settle(settle_of(&single, Definite, Some(Rest::Split)));
    assert_eq!(settled.result, SettleResult::Invalid);
}

pub fn a_frozen_dispatch_can_be_split_by_a_definite_answer(subject: &mut dyn Subject) {
    let dispatch = subject.begun(2, 1);
    let put = ids(&dispatch);
    subject.apply(freeze_of(&dispatch, seconds(0)));
    let replay = subject.take(2).unwrap();
    subject.start(&replay);
    subject.apply(Settle {
        counted: false,
        ..settle_of(&replay, Definite, Some(Rest::Split))
    });
    let half = subject.take(3).unwrap();
    assert_eq!(
        (ids(&half), half.frozen, half.attempt),
        (put[0..1].to_vec(), false, 0)
    );
    // The attempt of the first begin stays used, and its error known.
    assert_eq!(half.messages[0].attempts, 1);
    assert_eq!(
        subject.get(&put[0]).error.unwrap()["history"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(subject.start(&half).attempt, 1);
    subject.apply(complete_of(&half));
    assert_eq!(subject.attempts(&put[0]), 2);
}

pub fn retry_waits_and_travels_alone_then_is_exhausted(subject: &mut dyn Subject) {
    let put = subject.put(&[
        NewMessage {
            max_attempts: Some(2),
            ..email(0)
        },
        NewMessage {
            max_attempts: Some(1),
            ..email(1)
        },
    ]);
    let retry = |dispatch: &Dispatch| Settle {
        delay_ms: Some(60_000),
        error: Some(json!({"class": "refused", "message": "teapot"})),
        ..settle_of(dispatch, Definite, Some(Rest::Retry))
    };
    let dispatch = subject.take(1).unwrap();
    subject.start(&dispatch);
    subject.apply(retry(&dispatch));
    assert_eq!(
        (subject.status(&put[0]), subject.attempts(&put[0])),
        ("retrying", 1)
    );
    assert_eq!(subject.get(&put[0]).error.unwrap()["message"], "teapot");
    assert_eq!(
        (subject.status(&put[1]), subject.reason(&put[1]).as_str()),
        ("failed", "exhausted")
    );
    subject.put(&emails(1));
    let other = subject.take(2).unwrap();
    assert_eq!(other.messages.len(), 1);
    assert_eq!(subject.take(3), None);
    subject.start(&other);
    subject.apply(complete_of(&other));
    subject.advance(MINUTE);
    subject.put(&emails(1));
    let claims = subject
        .claim(claim_of(vec![token(4), token(5), token(6)]))
        .claims;
    let alone = claims
        .iter()
        .find(|dispatch| ids(dispatch)[0] == put[0])
        .unwrap();
    assert_eq!(
        (
            alone.messages.len(),
            alone.messages[0].attempts,
            alone.attempt
        ),
        (1, 1, 0)
    );
    subject.start(alone);
    subject.apply(retry(alone));
    assert_eq!(
        (subject.reason(&put[0]).as_str(), subject.attempts(&put[0])),
        ("exhausted", 2)
    );
}

pub fn keep_takes_out_and_goes_on(subject: &mut dyn Subject) {
    let put = subject.put(&emails(3));
    let dispatch = subject.take(1).unwrap();
    let keep = Settle {
        members: vec![rejected(&put[1])],
        ..settle_of(&dispatch, NoAnswer, Some(Rest::Keep))
    };
    subject.apply(keep.clone());
    assert_eq!(
        (subject.status(&put[1]), subject.attempts(&put[1])),
        ("failed", 0)
    );
    assert_eq!(subject.settle(keep.clone()).result, SettleResult::Already);
    let rest = subject.take(1).unwrap();
    assert_eq!(ids(&rest), [put[0].clone(), put[2].clone()]);
    assert!(rest.bytes < dispatch.bytes);
    subject.start(&rest);
    assert_eq!(subject.settle(keep).result, SettleResult::Already);
    subject.apply(complete_of(&rest));
    assert_eq!(subject.list("completed").len(), 2);
}

pub fn contradictions_are_refused(subject: &mut dyn Subject) {
    let put = subject.put(&emails(2));
    let unbegun = subject.take(1).unwrap();
    let with = |dispatch: &Dispatch, answer, rest, members: Vec<_>| Settle {
        members,
        ..settle_of(dispatch, answer, rest)
    };
    let stranger = completed(&token(7));
    let refuse = |subject: &mut dyn Subject, settle: Settle| {
        let shown = format!("{settle:?}");
        assert_eq!(
            subject.settle(settle).result,
            SettleResult::Invalid,
            "{shown}"
        );
    };
    for settle in [
        with(&unbegun, NoAnswer, None, vec![]),
        with(&unbegun, NoAnswer, Some(Rest::Keep), vec![stranger.clone()]),
        with(&unbegun, NoAnswer, Some(Rest::Freeze), vec![]),
        with(&unbegun, NoAnswer, Some(Rest::Split), vec![]),
        with(
            &unbegun,
            NoAnswer,
            Some(Rest::Release),
            vec![completed(&put[0])],
        ),
        with(&unbegun, Definite, Some(Rest::Fail), vec![]),
        with(&unbegun, Definite, Some(Rest::Retry), vec![]),
        with(&unbegun, Unknown, Some(Rest::Release), vec![]),
    ] {
        refuse(subject, settle);
    }
    subject.start(&unbegun);
    let begun = unbegun;
    for settle in [
        with(&begun, Definite, None, vec![completed(&put[0])]),
        with(
            &begun,
            Definite,
            None,
            vec![completed(&put[0]), completed(&put[0])],
        ),
        with(&begun, Definite, Some(Rest::Keep), vec![rejected(&put[0])]),
        with(&begun, Definite, Some(Rest::Split), vec![rejected(&put[0])]),
        with(
            &begun,
            Definite,
            Some(Rest::Freeze),
            vec![completed(&put[0])],
        ),
        with(
            &begun,
            Unknown,
            None,
            vec![completed(&put[0]), completed(&put[1])],
        ),
        with(&begun, Unknown, Some(Rest::Fail), vec![rejected(&put[0])]),
        with(&begun, Unknown, Some(Rest::Retry), vec![]),
        with(&begun, Unknown, Some(Rest::Split), vec![]),
        with(
            &begun,
            NoAnswer,
            None,
            vec![completed(&put[0]), completed(&put[1])],
        ),
    ] {
        refuse(subject, settle);
    }
    for id in &put {
        assert_eq!(subject.status(id), "processing");
    }
    // An unknown answer fails as what it is, whatever the reason given.
    let fail = Settle {
        reason: Some(Reason::Rejected),
        ..settle_of(&begun, Unknown, Some(Rest::Fail))
    };
    subject.apply(fail);
    assert_eq!(subject.reason(&put[0]), "unknown_outcome");
}

pub fn the_last_ten_errors_are_kept(subject: &mut dyn Subject) {
    let put = subject.put(&emails(1));
    for number in 1..=12 {
        let dispatch = subject.take(number).unwrap();
        subject.start(&dispatch);
        subject.apply(Settle {
            error: Some(json!({"class": "refused", "message": format!("no {number}")})),
            ..settle_of(&dispatch, Definite, Some(Rest::Retry))
        });
        subject.advance(seconds(1));
    }
    let error = subject.get(&put[0]).error.unwrap();
    let history = error["history"].as_array().unwrap();
    assert_eq!(history.len(), 10);
    assert_eq!(
        (
            history[0]["message"].as_str(),
            history[0]["attempt"].as_u64()
        ),
        (Some("no 3"), Some(3))
    );
    assert_eq!(
        (error["message"].as_str(), error["attempt"].as_u64()),
        (Some("no 12"), Some(12))
    );
    assert_eq!(error["reason"], json!(null));
    subject.advance(LEASE);
}
