//! What may have been sent.

use crate::subject::{
    Subject, begin_of, complete_of, email, freeze_of, ids, not_sent_of, seconds, settle_of,
};
use email_queue::protocol::Answer::Definite;
use email_queue::protocol::{BeginState, NewMessage, Rest, Settle, SettleResult};

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
        (1, true, Some(2))
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
    subject.meet_the_provider();
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
