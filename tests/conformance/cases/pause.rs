//! Pauses of the queue and of a sender domain.

use crate::subject::{
    LEASE, Subject, assert_about, begin_of, claim_of, complete_of, email, ids, not_sent_of,
    seconds, token, with_signals,
};
use email_queue::protocol::BeginState::{Begun, Paused};
use email_queue::protocol::{Dispatch, NewMessage, PauseScope, PauseSignal, Rest, Signals};
use std::time::Duration;

const QUARTER: Duration = Duration::from_secs(900);

fn from(index: usize, domain: &str) -> NewMessage {
    let mut message = email(index);
    message.payload["from"] = format!("a@{domain}").into();
    message
}

/// The provider refuses the domain of a dispatch that is due.
fn refuse(subject: &mut dyn Subject, number: usize) {
    let dispatch = subject.take(number).expect("it is due");
    subject.start(&dispatch);
    let signals = Signals {
        pause: Some(PauseSignal {
            scope: PauseScope::Domain,
            ms: Some(900_000),
            reason: "403 validation_error: not verified".to_owned(),
        }),
        ..Signals::default()
    };
    subject.apply(with_signals(not_sent_of(&dispatch, Rest::Release), signals));
}

/// Nothing is due before `after`, and then something is.
#[track_caller]
fn waits(subject: &mut dyn Subject, number: usize, after: Duration) {
    subject.advance(after - seconds(2));
    assert_eq!(subject.take(number), None, "before {after:?}");
    subject.advance(seconds(2));
}

pub fn the_pause_of_a_refused_domain_grows_until_it_is_accepted(subject: &mut dyn Subject) {
    subject.put(&[from(0, "one.example")]);
    let quarters = [1, 2, 4, 8, 16, 32, 64, 96, 96];
    for (number, quarters) in quarters.into_iter().enumerate() {
        refuse(subject, 2 * number + 1);
        waits(subject, 2 * number + 2, quarters * QUARTER);
    }
    let dispatch = subject.take(20).unwrap();
    subject.start(&dispatch);
    subject.apply(complete_of(&dispatch));
    subject.put(&[from(1, "one.example")]);
    refuse(subject, 21);
    waits(subject, 22, QUARTER);
    refuse(subject, 23);
    subject.resume(Some("one.example"));
    refuse(subject, 24);
    waits(subject, 25, QUARTER);
}

pub fn a_refused_domain_goes_after_others(subject: &mut dyn Subject) {
    let senders = |dispatches: &[Dispatch]| {
        let sender = |d: &Dispatch| d.messages[0].payload["from"].as_str().unwrap().to_owned();
        dispatches.iter().map(sender).collect::<Vec<_>>()
    };
    subject.put(&[from(0, "one.example")]);
    refuse(subject, 1);
    subject.advance(QUARTER);
    // It has waited for longer.
    subject.put(&[from(1, "two.example")]);
    let claims = subject.claim(claim_of(vec![token(2), token(3)])).claims;
    assert_eq!(senders(&claims), ["a@two.example", "a@one.example"]);
    for dispatch in &claims {
        subject.start(dispatch);
        subject.apply(not_sent_of(dispatch, Rest::Release));
    }
    // But before those of a lower priority.
    let urgent = NewMessage {
        priority: Some(1),
        ..from(2, "one.example")
    };
    subject.put(&[urgent]);
    let claims = subject.claim(claim_of(vec![token(4), token(5)])).claims;
    assert_eq!(senders(&claims), ["a@one.example", "a@two.example"]);
    // Until one of it is accepted.
    subject.start(&claims[0]);
    subject.apply(complete_of(&claims[0]));
    subject.start(&claims[1]);
    subject.apply(not_sent_of(&claims[1], Rest::Release));
    subject.advance(seconds(1));
    subject.put(&[from(3, "one.example")]);
    subject.advance(seconds(1));
    subject.put(&[from(4, "zero.example")]);
    let claims = subject
        .claim(claim_of(vec![token(6), token(7), token(8)]))
        .claims;
    assert_eq!(
        senders(&claims),
        ["a@zero.example", "a@one.example", "a@two.example"]
    );
}

pub fn an_operators_pause_of_a_domain_neither_grows_nor_counts(subject: &mut dyn Subject) {
    subject.put(&[from(0, "one.example")]);
    refuse(subject, 1);
    waits(subject, 2, QUARTER);
    refuse(subject, 3);
    // In place of the provider's.
    subject.pause("moving", Some("one.example"), Some(60));
    waits(subject, 4, seconds(60));
    refuse(subject, 5);
    waits(subject, 6, QUARTER);
    refuse(subject, 7);
    waits(subject, 8, 2 * QUARTER);
}

pub fn what_waits_three_days_for_a_refused_domain_fails(subject: &mut dyn Subject) {
    let put = subject.put(&[from(0, "one.example"), from(1, "two.example")]);
    let later = |days: u64| Duration::from_secs(days * 24 * 3600);
    let other = subject.claim(claim_of(vec![token(90), token(91)])).claims;
    let other = other.iter().find(|d| ids(d) == put[1..]).unwrap().clone();
    subject.start(&other);
    subject.apply(complete_of(&other));
    subject.advance(LEASE);
    refuse(subject, 1);
    subject.advance(later(2));
    let put_later = subject.put(&[from(2, "one.example")]);
    refuse(subject, 2);
    assert_eq!(subject.status(&put[0]), "pending");
    subject.advance(later(1));
    refuse(subject, 3);
    let failed = subject.get(&put[0]);
    let error = failed.error.unwrap();
    assert_eq!(
        (
            failed.status.as_str(),
            failed.attempts,
            error["reason"].as_str()
        ),
        ("failed", 0, Some("rejected"))
    );
    assert_eq!(
        error["message"].as_str(),
        Some("403 validation_error: not verified")
    );
    // What was enqueued later has its own three days.
    assert_eq!(subject.status(&put_later[0]), "pending");
    subject.advance(later(2));
    refuse(subject, 4);
    assert_eq!(subject.status(&put_later[0]), "failed");
}

pub fn a_paused_queue_begins_and_claims_nothing(subject: &mut dyn Subject) {
    let dispatches = subject.singles(2);
    subject.pause("maintenance", None, Some(600));
    let begun = subject.begin(begin_of(&dispatches[0]));
    assert_eq!(
        (begun.state, begun.reason.as_deref()),
        (Paused, Some("maintenance"))
    );
    assert_about(begun.retry_after_ms, 600_000);
    let obstacle = subject.claim(claim_of(vec![token(9)])).obstacle.unwrap();
    assert_eq!(obstacle.state, Paused);
    // A settle's pause does not replace it.
    let pause = |ms| Signals {
        pause: Some(PauseSignal {
            scope: PauseScope::Queue,
            ms,
            reason: "401 missing_api_key".to_owned(),
        }),
        ..Signals::default()
    };
    subject.apply(with_signals(
        not_sent_of(&dispatches[1], Rest::Release),
        pause(None),
    ));
    assert_eq!(
        subject.begin(begin_of(&dispatches[0])).reason.as_deref(),
        Some("maintenance")
    );
    // The sweep goes on meanwhile.
    subject.advance(LEASE);
    subject.take(10);
    assert_eq!(subject.get(&ids(&dispatches[0])[0]).lease_expires_at, None);
    subject.advance(seconds(540));
    let dispatch = subject.take(11).unwrap();
    subject.start(&dispatch);
    subject.apply(with_signals(
        not_sent_of(&dispatch, Rest::Release),
        pause(None),
    ));
    let obstacle = subject.claim(claim_of(vec![token(12)])).obstacle.unwrap();
    assert_eq!((obstacle.state, obstacle.retry_after_ms), (Paused, None));
    assert_eq!(obstacle.reason.as_deref(), Some("401 missing_api_key"));
    subject.resume(None);
    assert!(subject.take(12).is_some());
}

pub fn a_paused_domain_is_out_of_the_way(subject: &mut dyn Subject) {
    subject.put(&[from(0, "one.example"), from(1, "two.example")]);
    let claims = subject.claim(claim_of(vec![token(1), token(2)])).claims;
    let of = |domain: &str| {
        let is = |d: &&Dispatch| d.messages[0].payload["from"] == format!("a@{domain}");
        claims.iter().find(is).unwrap().clone()
    };
    let signals = Signals {
        pause: Some(PauseSignal {
            scope: PauseScope::Domain,
            ms: Some(600_000),
            reason: "403 validation_error".to_owned(),
        }),
        ..Signals::default()
    };
    subject.start(&of("one.example"));
    subject.apply(with_signals(
        not_sent_of(&of("one.example"), Rest::Release),
        signals,
    ));
    assert_eq!(subject.begin(begin_of(&of("two.example"))).state, Begun);
    subject.put(&[from(2, "one.example")]);
    let reply = subject.claim(claim_of(vec![token(3)]));
    assert_eq!(
        (reply.claims.len(), reply.obstacle, reply.next_due_ms),
        (0, None, None)
    );
    subject.apply(complete_of(&of("two.example")));
    subject.resume(Some("ONE.example"));
    let dispatch = subject.take(4).unwrap();
    assert_eq!(dispatch.messages.len(), 2);
    // A dispatch formed before the pause does not begin, and is not claimed while it waits.
    subject.pause("stop", Some("One.Example"), Some(60));
    let begun = subject.begin(begin_of(&dispatch));
    assert_eq!((begun.state, begun.retry_after_ms), (Paused, None));
    subject.advance(seconds(59));
    assert_eq!(subject.take(5), None);
    subject.advance(seconds(1));
    assert_eq!(subject.take(6).unwrap().dispatch_id, dispatch.dispatch_id);
}
