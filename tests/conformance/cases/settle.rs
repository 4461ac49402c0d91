//! Settle.

use crate::subject::{
    LEASE, MINUTE, Subject, claim_of, complete_of, completed, email, emails, ids, rejected,
    seconds, settle_of, token,
};
use email_queue::protocol::Answer::{Definite, None as NoAnswer, Unknown};
use email_queue::protocol::{Dispatch, NewMessage, Reason, Rest, Settle, SettleResult};
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
