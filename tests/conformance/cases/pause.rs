//! Pauses of the queue and of a sender domain.

use crate::subject::{
    LEASE, Subject, assert_about, begin_of, claim_of, complete_of, email, ids, not_sent_of,
    seconds, token, with_signals,
};
use email_queue::work::BeginState::{Begun, Paused};
use email_queue::work::{Dispatch, Pause, PauseScope, Rest, Signals};

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
        pause: Some(Pause {
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
    let from = |index: usize, domain: &str| {
        let mut message = email(index);
        message.payload["from"] = format!("a@{domain}").into();
        message
    };
    subject.put(&[from(0, "one.example"), from(1, "two.example")]);
    let claims = subject.claim(claim_of(vec![token(1), token(2)])).claims;
    let of = |domain: &str| {
        let is = |d: &&Dispatch| d.messages[0].payload["from"] == format!("a@{domain}");
        claims.iter().find(is).unwrap().clone()
    };
    let signals = Signals {
        pause: Some(Pause {
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
