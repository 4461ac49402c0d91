//! The circuit breaker: a window for each lane and endpoint.

use crate::subject::{
    LEASE, MINUTE, Subject, assert_about, begin_of, claim_of, complete_of, email, emails,
    freeze_of, ids, seconds, token, with_signals,
};
use email_queue::protocol::BeginState::{Begun, Unavailable};
use email_queue::protocol::{Claim, Dispatch, NewMessage, Settle, Signals, WorkReply};
use serde_json::json;

fn told(settle: Settle, answered: bool) -> Settle {
    let signals = Signals {
        answered: Some(answered),
        ..Signals::default()
    };
    with_signals(settle, signals)
}

pub fn unanswered(dispatch: &Dispatch) -> Settle {
    told(freeze_of(dispatch, MINUTE * 60 * 10), false)
}

pub fn answered(dispatch: &Dispatch) -> Settle {
    told(complete_of(dispatch), true)
}

pub fn of(domain: &str, count: usize) -> Vec<NewMessage> {
    let mail = |index| {
        let mut message = email(index);
        message.payload["from"] = format!("shop@{domain}").into();
        message
    };
    (0..count).map(mail).collect()
}

pub fn alone(domain: &str, count: usize) -> Vec<NewMessage> {
    let mut mails = of(domain, count);
    for mail in &mut mails {
        mail.payload["attachments"] = json!([{"filename": "a", "content": "eA=="}]);
    }
    mails
}

pub fn claim(subject: &mut dyn Subject, first: usize, tokens: usize) -> WorkReply {
    subject.claim(claim_of((first..first + tokens).map(token).collect()))
}

/// A dispatch of all that waits in a lane is begun, and gets no answer.
pub fn fail_one(subject: &mut dyn Subject, number: usize) {
    let dispatch = subject.take(number).unwrap();
    subject.start(&dispatch);
    subject.apply(unanswered(&dispatch));
}

/// Three dispatches of one message each get no answer.
pub fn fail_three(subject: &mut dyn Subject, mail: &[NewMessage]) {
    subject.meet_the_provider();
    subject.put(mail);
    let claim = Claim {
        max_messages: 1,
        ..claim_of((1..=3).map(token).collect())
    };
    let dispatches = subject.claim(claim).claims;
    dispatches.iter().for_each(|d| drop(subject.start(d)));
    dispatches.iter().for_each(|d| subject.apply(unanswered(d)));
}

#[track_caller]
pub fn assert_closed(reply: &WorkReply, ms: u64) {
    assert!(reply.claims.is_empty(), "{:?}", reply.claims);
    let obstacle = reply.obstacle.clone().expect("an obstacle");
    assert_eq!(obstacle.state, Unavailable);
    assert_about(obstacle.retry_after_ms, ms);
}

pub fn three_in_a_row_leave_one_request_and_a_wait(subject: &mut dyn Subject) {
    subject.meet_the_provider();
    let dispatches = subject.singles(6);
    for dispatch in &dispatches[0..4] {
        subject.start(dispatch);
    }
    subject.apply(unanswered(&dispatches[0]));
    subject.apply(unanswered(&dispatches[1]));
    assert_eq!(claim(subject, 20, 1).obstacle, None);
    subject.apply(unanswered(&dispatches[2]));
    subject.put(&emails(3));
    assert_closed(&claim(subject, 20, 1), 1000);
    // A fourth that was under way says nothing new.
    subject.apply(unanswered(&dispatches[3]));
    assert_closed(&claim(subject, 20, 1), 1000);
    assert_eq!(subject.begin(begin_of(&dispatches[4])).state, Unavailable);
    subject.advance(seconds(1));
    // What is claimed and has not begun counts as open for a claim, and not for a begin.
    assert_closed(&claim(subject, 20, 1), 1000);
    assert_eq!(subject.begin(begin_of(&dispatches[4])).state, Begun);
    assert_eq!(
        subject.begin(begin_of(&dispatches[4])).state,
        Begun,
        "repeated"
    );
    let other = subject.begin(begin_of(&dispatches[5]));
    assert_eq!(other.state, Unavailable);
    assert_about(other.retry_after_ms, 1000);
    assert_eq!(subject.attempts(&ids(&dispatches[5])[0]), 0);
    subject.apply(answered(&dispatches[4]));
    assert_eq!(subject.begin(begin_of(&dispatches[5])).state, Begun);
}

pub fn the_wait_doubles_up_to_five_minutes(subject: &mut dyn Subject) {
    fail_three(subject, &emails(20));
    for (number, wait) in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
        .into_iter()
        .enumerate()
    {
        assert_closed(&claim(subject, 50, 2), wait * 1000);
        subject.advance(seconds(wait));
        fail_one(subject, 51 + number);
    }
    subject.resume(None);
    let reply = claim(subject, 80, 2);
    assert_eq!((reply.claims.len(), reply.obstacle), (2, None));
}

pub fn each_answer_doubles_what_may_be_open_and_its_size(subject: &mut dyn Subject) {
    fail_three(subject, &emails(300));
    subject.advance(seconds(1));
    let mut number = 10;
    for open in [1, 2, 4, 8] {
        let reply = claim(subject, number, 20);
        assert_eq!(reply.claims.len(), open);
        assert_eq!(reply.obstacle.unwrap().state, Unavailable);
        assert!(
            reply
                .claims
                .iter()
                .all(|d| d.messages.len() <= open && !d.messages.is_empty())
        );
        number += 20;
        for dispatch in &reply.claims[1..] {
            subject.release(dispatch);
        }
        subject.start(&reply.claims[0]);
        subject.apply(answered(&reply.claims[0]));
    }
    for size in [16, 32, 64] {
        let next = claim(subject, number, 1).claims.remove(0);
        assert_eq!(next.messages.len(), size);
        number += 20;
        subject.start(&next);
        subject.apply(answered(&next));
    }
    let last = claim(subject, number, 1);
    assert_eq!((last.claims[0].messages.len(), last.obstacle), (100, None));
}

pub fn a_single_loss_leaves_the_size(subject: &mut dyn Subject) {
    subject.meet_the_provider();
    subject.put(&emails(300));
    fail_one(subject, 1);
    let second = subject.take(2).unwrap();
    assert_eq!(second.messages.len(), 100);
    subject.start(&second);
    subject.apply(unanswered(&second));
    assert_eq!(subject.take(3).unwrap().messages.len(), 50);
}

pub fn a_replay_opens_and_closes_nothing(subject: &mut dyn Subject) {
    subject.meet_the_provider();
    subject.put(&emails(1));
    let first = subject.take(1).unwrap();
    subject.start(&first);
    subject.apply(told(freeze_of(&first, seconds(0)), false));
    for number in 2..5 {
        let replay = subject.take(number).unwrap();
        assert!(replay.frozen);
        subject.start(&replay);
        subject.apply(told(freeze_of(&replay, seconds(0)), false));
    }
    let replay = subject.take(6).unwrap();
    subject.start(&replay);
    subject.put(&emails(20));
    for number in 7..9 {
        let claim = Claim {
            max_messages: 1,
            ..claim_of(vec![token(number)])
        };
        let dispatch = subject.claim(claim).claims.remove(0);
        subject.start(&dispatch);
        subject.apply(unanswered(&dispatch));
    }
    assert_closed(&claim(subject, 10, 1), 1000);
    subject.advance(seconds(1));
    fail_one(subject, 11);
    assert_closed(&claim(subject, 12, 1), 2000);
    // It was answered: one fresh request may go at once, and no more.
    subject.apply(answered(&replay));
    let reply = claim(subject, 14, 2);
    assert_eq!(reply.claims.len(), 1);
    subject.start(&reply.claims[0]);
    subject.apply(unanswered(&reply.claims[0]));
    assert_closed(&claim(subject, 16, 1), 1000);
}

pub fn a_lease_that_ran_out_after_begin_counts_as_nothing(subject: &mut dyn Subject) {
    fail_three(subject, &emails(20));
    subject.advance(seconds(1));
    let probe = subject.take(10).unwrap();
    subject.start(&probe);
    assert_closed(&claim(subject, 11, 1), 1000);
    subject.advance(LEASE);
    let claim = Claim {
        max_frozen: 0,
        ..claim_of(vec![token(12)])
    };
    assert!(!subject.claim(claim).claims[0].frozen);
}

pub fn what_was_missing_long_ago_is_forgotten(subject: &mut dyn Subject) {
    let two = |subject: &mut dyn Subject, first| {
        let claim = Claim {
            max_messages: 1,
            max_frozen: 0,
            ..claim_of((first..first + 2).map(token).collect())
        };
        subject.claim(claim).claims
    };
    fail_three(subject, &emails(20));
    subject.advance(MINUTE * 16);
    let probes = two(subject, 10);
    assert_eq!(
        probes.len(),
        1,
        "three requests may still come to something"
    );
    subject.release(&probes[0]);
    subject.advance(MINUTE * 60 * 10);
    for dispatch in claim(subject, 20, 3).claims {
        assert!(dispatch.frozen);
        subject.start(&dispatch);
        subject.apply(answered(&dispatch));
    }
    // Replays say little about fresh requests, but nothing is open any more.
    assert_eq!(two(subject, 30).len(), 2);
}

pub fn what_was_missing_lately_is_not_forgotten(subject: &mut dyn Subject) {
    subject.meet_the_provider();
    let dispatches = subject.singles(3);
    for dispatch in &dispatches {
        subject.start(dispatch);
        subject.apply(told(freeze_of(dispatch, seconds(0)), false));
    }
    for dispatch in claim(subject, 20, 3).claims {
        subject.start(&dispatch);
        subject.apply(answered(&dispatch));
    }
    subject.put(&emails(20));
    subject.advance(MINUTE * 14);
    let reply = claim(subject, 30, 2);
    assert_eq!(reply.claims.len(), 1);
    subject.release(&reply.claims[0]);
    subject.advance(MINUTE + seconds(1));
    let reply = claim(subject, 40, 1);
    assert_eq!((reply.claims[0].messages.len(), reply.obstacle), (20, None));
}
