//! The provider in doubt: one dispatch at a time probes it.

use crate::subject::{
    MINUTE, Subject, assert_about, begin_of, claim_of, complete_of, emails, freeze_of, seconds,
    token, with_signals,
};
use email_queue::work::BeginState::{Begun, Unavailable};
use email_queue::work::{Claim, Dispatch, Request, Settle, Signals, Streak};

fn unknown(dispatch: &Dispatch) -> Settle {
    let signals = Signals {
        streak: Some(Streak::Add),
        probe_ms: Some(5000),
        ..Signals::default()
    };
    with_signals(freeze_of(dispatch, MINUTE * 60), signals)
}

pub fn three_unknown_outcomes_leave_one_probe(subject: &mut dyn Subject) {
    subject.meet_the_provider();
    let dispatches = subject.singles(5);
    for dispatch in &dispatches[0..4] {
        subject.start(dispatch);
    }
    for dispatch in &dispatches[0..2] {
        subject.apply(unknown(dispatch));
    }
    assert_eq!(subject.claim(claim_of(vec![token(8)])).obstacle, None);
    subject.apply(unknown(&dispatches[2]));
    // A fourth that was under way says nothing new.
    subject.apply(unknown(&dispatches[3]));
    let obstacle = subject.claim(claim_of(vec![token(8)])).obstacle.unwrap();
    assert_eq!(obstacle.state, Unavailable);
    assert_about(obstacle.retry_after_ms, 5000);
    assert_eq!(subject.begin(begin_of(&dispatches[4])).state, Unavailable);
    subject.advance(seconds(5));
    // One claim a call, one begin.
    subject.put(&emails(3));
    let claim = Claim {
        max_messages: 1,
        ..claim_of(vec![token(8), token(9)])
    };
    let reply = subject.claim(claim.clone());
    assert_eq!((reply.claims.len(), reply.obstacle), (1, None));
    // Nothing is claimed beside the probe, which the same call begins.
    let probe = &dispatches[4];
    let both = subject.work(&Request {
        begins: vec![begin_of(probe)],
        claim: Some(claim_of(vec![token(10)])),
        ..Request::default()
    });
    assert_eq!((both.begins[0].state, both.claims.len()), (Begun, 0));
    assert_eq!(both.obstacle.unwrap().state, Unavailable);
    let other = subject.begin(begin_of(&reply.claims[0]));
    assert_eq!(other.state, Unavailable);
    assert_about(other.retry_after_ms, 20_000);
    subject.start(probe);
    assert_eq!(
        subject.claim(claim.clone()).obstacle.unwrap().state,
        Unavailable
    );
    let reset = Signals {
        streak: Some(Streak::Reset),
        ..Signals::default()
    };
    subject.apply(with_signals(complete_of(probe), reset));
    assert_eq!(subject.claim(claim).claims.len(), 2);
    subject.start(&reply.claims[0]);
}

pub fn probes_wait_longer_each_time(subject: &mut dyn Subject) {
    let dispatches = subject.singles(3);
    for dispatch in &dispatches {
        subject.start(dispatch);
        subject.apply(unknown(dispatch));
    }
    for (number, wait) in [5, 10, 20, 40, 80, 160, 300, 300].into_iter().enumerate() {
        let obstacle = subject.claim(claim_of(vec![token(10)])).obstacle.unwrap();
        assert_eq!(obstacle.state, Unavailable);
        assert_about(obstacle.retry_after_ms, wait * 1000);
        subject.advance(seconds(wait));
        subject.put(&emails(1));
        let probe = subject.take(11 + number).unwrap();
        subject.start(&probe);
        subject.apply(unknown(&probe));
    }
    subject.resume(None);
    assert_eq!(subject.claim(claim_of(vec![token(30)])).obstacle, None);
}
