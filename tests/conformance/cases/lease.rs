//! Leases and tokens.

use crate::subject::{
    LEASE, MINUTE, Subject, begin_of, claim_of, complete_of, emails, freeze_of, ids, seconds, token,
};
use email_queue::protocol::BeginState::{Begun, Lost};
use email_queue::protocol::{Begin, Dispatch, NewMessage, SettleResult};

fn stolen(dispatch: &Dispatch) -> Dispatch {
    Dispatch {
        token: token(99),
        ..dispatch.clone()
    }
}

pub fn begin_is_fenced_by_token_and_lease(subject: &mut dyn Subject) {
    subject.put(&emails(2));
    let dispatch = subject.take(1).unwrap();
    assert_eq!(subject.begin(begin_of(&stolen(&dispatch))).state, Lost);
    let unknown = Begin {
        dispatch_id: token(5),
        ..begin_of(&dispatch)
    };
    assert_eq!(subject.begin(unknown).state, Lost);
    subject.advance(LEASE);
    // Over by the clock alone: nobody has swept it yet.
    assert_eq!(subject.begin(begin_of(&dispatch)).state, Lost);
    let taken_over = subject.take(2).unwrap();
    assert_eq!(taken_over.dispatch_id, dispatch.dispatch_id);
    assert_eq!(subject.begin(begin_of(&dispatch)).state, Lost);
    assert_eq!(subject.begin(begin_of(&taken_over)).state, Begun);
    assert_eq!(subject.attempts(&ids(&dispatch)[0]), 1);
}

pub fn settle_is_fenced_by_token_and_lease(subject: &mut dyn Subject) {
    let dispatch = subject.begun(2, 1);
    let id = &ids(&dispatch)[0];
    assert_eq!(
        subject.settle(complete_of(&stolen(&dispatch))).result,
        SettleResult::Lost
    );
    subject.advance(seconds(20));
    assert_eq!(
        subject.settle(complete_of(&dispatch)).result,
        SettleResult::Lost
    );
    assert_eq!(subject.status(id), "processing");
    // Swept, and taken over: its outcome is told by whoever holds it.
    let taken_over = subject.take(2).unwrap();
    assert_eq!(
        subject.settle(complete_of(&dispatch)).result,
        SettleResult::Lost
    );
    subject.start(&taken_over);
    subject.apply(complete_of(&taken_over));
    assert_eq!(
        subject.settle(complete_of(&dispatch)).result,
        SettleResult::Lost
    );
    assert_eq!(subject.status(id), "completed");
}

pub fn a_batch_that_expires_unbegun_is_taken_over_once_then_dissolved(subject: &mut dyn Subject) {
    let put = subject.put(&emails(3));
    let first = subject.take(1).unwrap();
    subject.advance(LEASE);
    let second = subject.take(2).unwrap();
    assert_eq!(
        (&second.dispatch_id, ids(&second)),
        (&first.dispatch_id, put.clone())
    );
    assert!(!second.frozen);
    subject.advance(LEASE);
    // What may have ended the worker is handed out without others, so that those do not pay for it.
    for (number, id) in (3..).step_by(4).zip(&put) {
        let tokens = (number..number + 4).map(token).collect();
        let claims = subject.claim(claim_of(tokens)).claims;
        let found: Vec<Vec<String>> = claims.iter().map(ids).collect();
        assert_eq!(found, [std::slice::from_ref(id)]);
        assert_eq!(subject.attempts(id), 0);
        assert_eq!(subject.get(id).error.unwrap()["class"], "crash");
        subject.start(&claims[0]);
        subject.apply(complete_of(&claims[0]));
    }
}

pub fn a_single_that_expires_unbegun_pays_an_attempt(subject: &mut dyn Subject) {
    let put = subject.put(&[NewMessage {
        max_attempts: Some(3),
        ..crate::subject::email(0)
    }]);
    for (used, delay) in [(1, 30), (2, 60)] {
        take_in_vain_twice(subject, used);
        assert_eq!(subject.take(10), None);
        assert_eq!(subject.status(&put[0]), "retrying");
        assert_eq!(subject.attempts(&put[0]), used as u32);
        assert_eq!(subject.get(&put[0]).error.unwrap()["class"], "crash");
        subject.advance(seconds(delay - 1));
        assert_eq!(subject.take(10), None, "after {delay} s");
        subject.advance(seconds(1));
    }
    take_in_vain_twice(subject, 3);
    assert_eq!(subject.take(10), None);
    assert_eq!(subject.status(&put[0]), "failed");
    assert_eq!(
        (subject.reason(&put[0]).as_str(), subject.attempts(&put[0])),
        ("exhausted", 3)
    );
}

/// The first lease that runs out before begin costs nothing: the dispatch is taken over.
fn take_in_vain_twice(subject: &mut dyn Subject, n: usize) {
    let first = subject.take(n).unwrap();
    subject.advance(LEASE);
    let second = subject.take(20 + n).unwrap();
    assert_eq!(
        (&second.dispatch_id, second.messages[0].attempts),
        (&first.dispatch_id, first.messages[0].attempts)
    );
    subject.advance(LEASE);
}

pub fn a_lease_that_expires_after_begin_freezes(subject: &mut dyn Subject) {
    let dispatch = subject.begun(3, 1);
    // Time-out and margin, from the slot.
    subject.advance(seconds(18));
    assert_eq!(subject.take(2), None);
    subject.advance(seconds(2));
    let replay = subject.take(2).unwrap();
    assert_eq!(ids(&replay), ids(&dispatch));
    assert_eq!(
        (&replay.dispatch_id, replay.attempt),
        (&dispatch.dispatch_id, 1)
    );
    assert!(replay.frozen && !replay.begun);
    assert_eq!(
        (replay.endpoint, replay.wire_version),
        (Some(begin_of(&dispatch).endpoint), Some(2))
    );
    let message = subject.get(&ids(&dispatch)[0]);
    let error = message.error.unwrap();
    assert_eq!(
        (error["class"].as_str(), error["attempt"].as_u64()),
        (Some("unknown"), Some(1))
    );
    // An unbegun lease of a frozen dispatch costs nothing, however often it runs out.
    for number in 3..6 {
        subject.advance(LEASE);
        let again = subject.take(number).unwrap();
        assert_eq!(
            (&again.dispatch_id, again.attempt),
            (&dispatch.dispatch_id, 1)
        );
        assert!(again.frozen);
    }
}

pub fn extend_makes_a_lease_longer_never_shorter(subject: &mut dyn Subject) {
    subject.put(&emails(1));
    let dispatch = subject.take(1).unwrap();
    assert!(subject.extend(&dispatch, 3 * MINUTE));
    assert!(subject.extend(&dispatch, seconds(1)));
    assert!(!subject.extend(&stolen(&dispatch), MINUTE));
    subject.advance(2 * MINUTE);
    assert_eq!(subject.take(2), None);
    subject.start(&dispatch);
    subject.advance(MINUTE);
    assert!(!subject.extend(&dispatch, MINUTE));
}

pub fn release_uses_no_attempt(subject: &mut dyn Subject) {
    let put = subject.put(&emails(2));
    let dispatch = subject.take(1).unwrap();
    assert_eq!(subject.release(&stolen(&dispatch)), SettleResult::Lost);
    assert_eq!(subject.release(&dispatch), SettleResult::Applied);
    assert_eq!(subject.release(&dispatch), SettleResult::Already);
    assert_eq!(
        (subject.status(&put[0]), subject.attempts(&put[0])),
        ("pending", 0)
    );
    // Begun, but not sent.
    let begun = subject.take(2).unwrap();
    assert_eq!(ids(&begun), put);
    assert_ne!(begun.dispatch_id, dispatch.dispatch_id);
    subject.start(&begun);
    assert_eq!(subject.release(&begun), SettleResult::Applied);
    assert_eq!(
        (subject.status(&put[0]), subject.attempts(&put[0])),
        ("pending", 0)
    );
    // What may have been sent stays together.
    let sent = subject.take(3).unwrap();
    subject.start(&sent);
    subject.apply(freeze_of(&sent, seconds(0)));
    let replay = subject.take(4).unwrap();
    subject.start(&replay);
    assert_eq!(subject.release(&replay), SettleResult::Applied);
    let again = subject.take(5).unwrap();
    assert_eq!(
        (&again.dispatch_id, again.attempt, again.frozen),
        (&sent.dispatch_id, 1, true)
    );
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

pub fn what_is_not_cancelled_is_explained(subject: &mut dyn Subject) {
    const LATER: &str = ", not before the pause ends";
    const WORKER: &str = "a worker has it";
    const UNSENT: &str =
        "its worker's lease is over, and it was not sent: the next run takes it over";
    const SENT: &str =
        "its worker's lease is over, and it may have been sent: it waits for its replay";
    const FROZEN: &str = "it may have been sent: it waits for its replay";
    let says = |subject: &mut dyn Subject, id: &str, reason: &str| {
        let answer = subject.cancel(id);
        assert_eq!(answer.result, "processing");
        assert_eq!(answer.reason.as_deref(), Some(reason));
    };
    // One that is never begun, and one that is.
    let waiting = subject.put(&emails(1)).remove(0);
    subject.take(1).unwrap();
    let sent = subject.begun(1, 2);
    let sent = ids(&sent).remove(0);
    says(subject, &waiting, WORKER);
    says(subject, &sent, WORKER);
    subject.pause("the key is revoked", None, None);
    says(subject, &waiting, WORKER);
    subject.advance(2 * MINUTE);
    says(subject, &waiting, &format!("{UNSENT}{LATER}"));
    says(subject, &sent, &format!("{SENT}{LATER}"));
    subject.resume(None);
    says(subject, &waiting, UNSENT);
    says(subject, &sent, SENT);
    subject.pause("unverified", Some("example.com"), None);
    says(subject, &waiting, &format!("{UNSENT}{LATER}"));
    subject.pause("unverified", Some("other.example"), None);
    subject.resume(Some("example.com"));
    says(subject, &waiting, UNSENT);
    // The sweep of a claim says the same of both.
    subject.claim(claim_of(Vec::new()));
    says(subject, &waiting, UNSENT);
    says(subject, &sent, FROZEN);
    // What waits again is cancelled.
    let back = subject.put(&emails(1)).remove(0);
    assert_eq!(subject.cancel(&back).result, "cancelled");
}
