//! The circuit breaker: several domains, and several endpoints.

use super::breaker::{alone, answered, assert_closed, claim, fail_one, fail_three, of, unanswered};
use crate::subject::{MINUTE, Subject, emails, seconds};
use email_queue::protocol::BeginState::Unavailable;
use email_queue::protocol::Dispatch;

pub fn an_ailing_domain_is_in_nobodys_way(subject: &mut dyn Subject) {
    fail_three(subject, &of("ailing.example", 20));
    // The endpoint waits too, until another domain is answered.
    subject.put(&of("well.example", 3));
    assert_closed(&claim(subject, 10, 1), 1000);
    subject.advance(seconds(1));
    let from = |d: &Dispatch| d.messages[0].payload["from"].as_str().unwrap().to_owned();
    let first = subject.take(11).unwrap();
    assert_eq!(from(&first), "shop@well.example");
    subject.start(&first);
    subject.apply(answered(&first));
    let reply = claim(subject, 12, 2);
    let probe = reply
        .claims
        .iter()
        .find(|d| from(d) == "shop@ailing.example")
        .unwrap();
    for dispatch in &reply.claims {
        subject.start(dispatch);
    }
    // Its probe is not counted among the endpoint's, and what happens to it says nothing about others.
    subject.apply(unanswered(probe));
    subject.put(&of("well.example", 9));
    let reply = claim(subject, 20, 4);
    assert!(!reply.claims.is_empty());
    assert!(reply.claims.iter().all(|d| from(d) == "shop@well.example"));
}

pub fn a_second_ailing_domain_keeps_the_endpoint_waiting(subject: &mut dyn Subject) {
    fail_three(subject, &of("one.example", 20));
    subject.put(&of("two.example", 20));
    for number in 0..12 {
        subject.advance(MINUTE * 10);
        fail_one(subject, 50 + number);
    }
    subject.put(&of("three.example", 1));
    subject.advance(MINUTE * 10);
    fail_one(subject, 70);
    let reply = claim(subject, 71, 3);
    assert!(reply.claims.is_empty());
    assert_eq!(reply.obstacle.unwrap().state, Unavailable);
}

pub fn an_endpoint_that_stops_makes_the_other_careful(subject: &mut dyn Subject) {
    fail_three(subject, &emails(3));
    subject.put(&alone("other.example", 20));
    let mut number = 10;
    for open in [1, 2, 4] {
        let reply = claim(subject, number, 6);
        assert_eq!(reply.claims.len(), open);
        number += 10;
        for dispatch in &reply.claims[1..] {
            subject.release(dispatch);
        }
        subject.start(&reply.claims[0]);
        subject.apply(answered(&reply.claims[0]));
    }
    // Its answers say that it is there: one lost after that is no reason to wait.
    fail_one(subject, 50);
    assert!(!claim(subject, 60, 1).claims.is_empty());
}

pub fn what_froze_is_replayed_soon_after_trouble(subject: &mut dyn Subject) {
    fail_three(subject, &emails(3));
    subject.put(&emails(2));
    subject.advance(seconds(1));
    let probe = subject.take(10).unwrap();
    subject.start(&probe);
    subject.apply(answered(&probe));
    subject.advance(MINUTE * 5 - seconds(1));
    let rest = claim(subject, 20, 2).claims;
    assert_eq!(rest.len(), 1, "only the other fresh message");
    subject.start(&rest[0]);
    subject.apply(answered(&rest[0]));
    subject.advance(seconds(1));
    let replays = claim(subject, 30, 4).claims;
    assert_eq!(replays.len(), 3);
    assert!(replays.iter().all(|d| d.frozen));
}

pub fn endpoints_that_wait_share_one_probe(subject: &mut dyn Subject) {
    fail_three(subject, &emails(20));
    subject.put(&alone("other.example", 20));
    fail_one(subject, 10);
    // Twice as long as the first endpoint waited.
    assert_closed(&claim(subject, 20, 4), 2000);
    subject.advance(seconds(2));
    let probe = claim(subject, 30, 4);
    assert_eq!(probe.claims.len(), 1);
    subject.start(&probe.claims[0]);
    assert_closed(&claim(subject, 40, 4), 1000);
    subject.apply(answered(&probe.claims[0]));
    assert!(!claim(subject, 50, 4).claims.is_empty());
}
