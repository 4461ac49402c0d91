//! How long the provider knows a key, if at all.

use crate::subject::{
    Subject, begin_of, complete_of, freeze_of, ids, not_sent_of, seconds, settle_of,
};
use email_queue::protocol::{Answer, Begin, BeginState, Dispatch, Rest, Settle};
use serde_json::json;

/// A begin that says for how long the provider knows the key again.
fn begin_within(dispatch: &Dispatch, key_window_ms: Option<u64>) -> Begin {
    Begin {
        key_window_ms,
        ..begin_of(dispatch)
    }
}

fn begun_without_a_key(subject: &mut dyn Subject, count: usize, number: usize) -> Dispatch {
    subject.put(&crate::subject::emails(count));
    let dispatch = subject.take(number).expect("there is something");
    let begun = subject.begin(begin_within(&dispatch, None));
    assert_eq!(begun.state, BeginState::Begun, "{begun:?}");
    dispatch
}

#[track_caller]
fn assert_unknown(subject: &mut dyn Subject, dispatch: &Dispatch, message: &str) {
    for id in ids(dispatch) {
        assert_eq!(
            (subject.status(&id), subject.reason(&id).as_str()),
            ("failed", "unknown_outcome")
        );
        let error = subject.get(&id).error.unwrap();
        assert_eq!(error["message"], message);
        assert_eq!(error["history"].as_array().unwrap().len(), 1);
        assert_eq!(subject.attempts(&id), 1);
    }
}

pub fn without_a_key_no_answer_ends_it(subject: &mut dyn Subject) {
    let frozen = begun_without_a_key(subject, 3, 1);
    subject.apply(freeze_of(&frozen, seconds(30)));
    assert_unknown(subject, &frozen, "no answer");
    let failed = begun_without_a_key(subject, 3, 2);
    let error = json!({"class": "unknown", "message": "silence"});
    subject.apply(Settle {
        error: Some(error),
        ..settle_of(&failed, Answer::Unknown, Some(Rest::Fail))
    });
    assert_unknown(subject, &failed, "silence");
    subject.advance(seconds(3600));
    assert_eq!(subject.take(3), None);
}

pub fn without_a_key_a_lease_that_expires_after_begin_ends_it(subject: &mut dyn Subject) {
    let dispatch = begun_without_a_key(subject, 2, 1);
    subject.advance(seconds(18));
    assert_eq!(subject.take(2), None);
    assert_eq!(subject.status(&ids(&dispatch)[0]), "processing");
    subject.advance(seconds(2));
    assert_eq!(subject.take(2), None);
    assert_unknown(
        subject,
        &dispatch,
        "The worker's lease ran out after begin.",
    );
    // Not begun, it was not sent either.
    subject.put(&crate::subject::emails(1));
    let unsent = subject.take(3).unwrap();
    subject.advance(crate::subject::LEASE);
    let taken_over = subject.take(4).unwrap();
    assert_eq!(taken_over.dispatch_id, unsent.dispatch_id);
}

pub fn without_a_key_what_was_not_sent_goes_again(subject: &mut dyn Subject) {
    let dispatch = begun_without_a_key(subject, 2, 1);
    subject.apply(not_sent_of(&dispatch, Rest::Release));
    let again = subject.take(2).unwrap();
    assert_eq!(
        (ids(&again), again.attempt, again.messages[0].attempts),
        (ids(&dispatch), 0, 0)
    );
    // A definite answer is as good as with a key.
    subject.begin(begin_within(&again, None));
    subject.apply(Settle {
        counted: false,
        ..settle_of(&again, Answer::Definite, Some(Rest::Split))
    });
    let half = subject.take(3).unwrap();
    subject.begin(begin_within(&half, None));
    subject.apply(complete_of(&half));
    assert_eq!(subject.status(&ids(&half)[0]), "completed");
}

pub fn a_replay_without_a_key_is_not_begun(subject: &mut dyn Subject) {
    let dispatch = subject.begun(2, 1);
    subject.apply(freeze_of(&dispatch, seconds(0)));
    let replay = subject.take(2).unwrap();
    let begun = subject.begin(begin_within(&replay, None));
    assert_eq!(
        (begun.state, begun.reason.as_deref()),
        (BeginState::Ended, Some("unknown_outcome"))
    );
    assert_unknown(subject, &dispatch, "no answer");
}

pub fn the_key_window_ends_a_frozen_dispatch(subject: &mut dyn Subject) {
    subject.put(&crate::subject::emails(1));
    let dispatch = subject.take(1).unwrap();
    subject.begin(begin_within(&dispatch, Some(3_600_000)));
    subject.apply(freeze_of(&dispatch, seconds(0)));
    subject.advance(seconds(1800));
    let replay = subject.take(2).unwrap();
    // The first begin's window counts.
    let begun = subject.begin(begin_within(&replay, Some(36_000_000)));
    assert_eq!(begun.state, BeginState::Begun);
    subject.apply(freeze_of(&replay, seconds(7200)));
    subject.advance(seconds(1799));
    assert_eq!(subject.take(3), None);
    assert_eq!(subject.status(&ids(&dispatch)[0]), "processing");
    subject.advance(seconds(1));
    assert_eq!(subject.take(4), None);
    assert_eq!(subject.reason(&ids(&dispatch)[0]), "unknown_outcome");
}

pub fn the_waits_are_told(subject: &mut dyn Subject) {
    let seconds = [30, 60, 120, 240, 480, 960, 1920, 3600];
    let reply = subject.work(&email_queue::protocol::WorkRequest::default());
    assert_eq!(reply.retry_ms, seconds.map(|wait| wait * 1000));
}
