//! Claim.

use crate::subject::{
    LEASE, MINUTE, Subject, assert_about, claim_of, email, emails, freeze_of, ids, seconds, token,
};
use email_queue::protocol::{Claim, NewMessage, WorkRequest};
use serde_json::json;

fn with_priority(index: usize, priority: u8) -> NewMessage {
    NewMessage {
        priority: Some(priority),
        ..email(index)
    }
}

fn from(index: usize, sender: &str) -> NewMessage {
    let mut message = email(index);
    message.payload["from"] = sender.into();
    message
}

pub fn the_best_priority_goes_first_then_the_oldest(subject: &mut dyn Subject) {
    let mut put = Vec::new();
    for (index, priority) in [3, 2, 0, 2, 0].into_iter().enumerate() {
        put.extend(subject.put(&[with_priority(index, priority)]));
        subject.advance(seconds(1));
    }
    let claim = claim_of(vec![token(1), token(2)]);
    let claims = subject.claim(claim).claims;
    let taken: Vec<_> = claims.iter().map(|d| (d.priority, ids(d))).collect();
    let put_at = |places: &[usize]| places.iter().map(|place| put[*place].clone()).collect();
    // Urgent mail is not filled up with other.
    assert_eq!(taken, [(0, put_at(&[2, 4])), (2, put_at(&[1, 3, 0]))]);
    let dispatch = &claims[1];
    assert_eq!((dispatch.attempt, dispatch.frozen), (0, false));
    assert_eq!(subject.take(3), None);
    for id in &ids(dispatch) {
        assert_eq!(subject.status(id), "processing");
        assert_eq!(
            subject.get(id).dispatch_id.as_ref(),
            Some(&dispatch.dispatch_id)
        );
    }
}

pub fn lanes_are_not_mixed(subject: &mut dyn Subject) {
    let mut attached = email(2);
    attached.payload["attachments"] = json!([{"filename": "a.txt", "content": "YQ=="}]);
    let put = subject.put(&[
        email(0),
        from(1, "a@other.example"),
        attached.clone(),
        attached,
        from(3, "B <b@EXAMPLE.com>"),
    ]);
    let tokens = (1..=6).map(token).collect();
    let reply = subject.claim(claim_of(tokens));
    let mut found: Vec<Vec<String>> = reply.claims.iter().map(ids).collect();
    found.sort();
    let mut expected = vec![
        vec![put[0].clone(), put[4].clone()],
        vec![put[1].clone()],
        vec![put[2].clone()],
        vec![put[3].clone()],
    ];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(reply.next_due_ms, None);
}

pub fn a_dispatch_is_bounded_in_messages(subject: &mut dyn Subject) {
    let put = subject.put(&emails(7));
    let claim = Claim {
        max_messages: 3,
        ..claim_of((1..=4).map(token).collect())
    };
    let reply = subject.claim(claim);
    let found: Vec<Vec<String>> = reply.claims.iter().map(ids).collect();
    assert_eq!(found, [&put[0..3], &put[3..6], &put[6..7]]);
}

pub fn a_dispatch_is_bounded_in_bytes(subject: &mut dyn Subject) {
    let large = |index| {
        let mut message = email(index);
        message.payload["text"] = "x".repeat(10_000).into();
        message
    };
    let put = subject.put(&(0..5).map(large).collect::<Vec<_>>());
    let claim = |max_bytes, number| Claim {
        max_bytes,
        ..claim_of(vec![token(number)])
    };
    // The first is taken whatever its size.
    let first = subject.claim(claim(100, 1)).claims.remove(0);
    assert_eq!(ids(&first), put[0..1]);
    let second = subject.claim(claim(2 * first.bytes, 2)).claims.remove(0);
    assert_eq!(ids(&second), put[1..3]);
    assert_eq!(second.bytes, 2 * first.bytes);
    // All dispatches of a call share the bytes.
    let both = Claim {
        max_bytes: first.bytes,
        ..claim_of(vec![token(3), token(4)])
    };
    let reply = subject.claim(both);
    assert_eq!(reply.claims.len(), 1);
    assert_eq!(reply.next_due_ms, Some(0));
    // A second one would be cut.
    let whole = Claim {
        max_bytes: 2 * first.bytes - 1,
        min_bytes: first.bytes,
        max_messages: 1,
        ..claim_of(vec![token(6), token(7)])
    };
    let reply = subject.claim(whole.clone());
    assert_eq!(reply.claims.len(), 1);
    // The dispatch of a repeated call is given whatever it holds.
    let again = subject.claim(Claim {
        max_bytes: 1,
        ..whole
    });
    assert_eq!(again.claims, reply.claims);
    // As Postgres writes it: a space after each colon and comma.
    let payload = json!({"from": "a@example.com", "to": ["b@example.com", {"email": "c@example.com"}],
        "subject": "", "text": "\"é\"\n\u{7}", "tags": {}, "cc": [], "headers": null});
    let expected = r#"{"cc": [], "to": ["b@example.com", {"email": "c@example.com"}], "from": "a@example.com", "tags": {}, "text": "\"é\"\n\u0007", "headers": null, "subject": ""}"#;
    subject.put(&[NewMessage {
        payload,
        priority: Some(0),
        ..NewMessage::default()
    }]);
    let small = Claim {
        max_messages: 1,
        ..claim_of(vec![token(5)])
    };
    assert_eq!(subject.claim(small).claims[0].bytes, expected.len() as u64);
}

pub fn what_is_scheduled_is_not_claimed_before_its_time(subject: &mut dyn Subject) {
    let at = subject.time(seconds(60));
    let put = subject.put(&[
        NewMessage {
            run_at: Some(at),
            ..email(0)
        },
        NewMessage {
            delay_ms: Some(90_000),
            ..email(1)
        },
    ]);
    let reply = subject.claim(claim_of(vec![token(1)]));
    assert!(reply.claims.is_empty());
    assert_about(reply.next_due_ms, 60_000);
    assert_eq!(subject.status(&put[0]), "pending");
    subject.advance(seconds(61));
    assert_eq!(ids(&subject.take(2).unwrap()), put[0..1]);
    subject.advance(seconds(30));
    assert_eq!(ids(&subject.take(3).unwrap()), put[1..2]);
}

pub fn a_repeated_claim_gives_the_same_dispatch(subject: &mut dyn Subject) {
    subject.put(&emails(2));
    let first = subject.take(1).unwrap();
    subject.put(&emails(1));
    assert_eq!(subject.take(1), Some(first.clone()));
    // Whatever stands in the way of a new one.
    subject.pause("no more", None, None);
    let reply = subject.claim(claim_of(vec![token(1), token(2)]));
    assert_eq!(reply.claims, std::slice::from_ref(&first));
    assert!(reply.obstacle.is_some());
    subject.resume(None);
    // Once begun, it says so.
    subject.start(&first);
    let again = subject.take(1).unwrap();
    assert!(again.begun);
    assert_eq!(again.attempt, 1);
    // The token is no key to anything after its lease.
    subject.advance(LEASE);
    let other = subject.take(1).unwrap();
    assert!(!other.begun);
}

pub fn a_due_dispatch_goes_before_ready_messages_of_its_priority(subject: &mut dyn Subject) {
    let frozen = subject.begun(1, 1);
    let urgent = subject.put(&[with_priority(1, 0)]);
    let same = subject.put(&[with_priority(2, 2)]);
    subject.apply(freeze_of(&frozen, seconds(30)));
    subject.advance(seconds(20));
    let lane = |number| Claim {
        max_messages: 1,
        ..claim_of(vec![token(number)])
    };
    let next = |subject: &mut dyn Subject, number| subject.claim(lane(number)).claims.pop();
    assert_eq!(ids(&next(subject, 2).unwrap()), urgent);
    let waiting = subject.claim(claim_of(vec![]));
    assert_eq!(waiting.claims, []);
    subject.advance(seconds(11));
    let replay = next(subject, 3).unwrap();
    assert_eq!(replay.dispatch_id, frozen.dispatch_id);
    assert!(replay.frozen && !replay.begun);
    assert_eq!(ids(&next(subject, 4).unwrap()), same);
}

pub fn types_do_not_mix(subject: &mut dyn Subject) {
    let report = |index: usize| NewMessage {
        kind: Some("report".to_owned()),
        payload: json!({"n": index}),
        ..NewMessage::default()
    };
    let mail = subject.put(&emails(1));
    let reports = subject.put(&[report(0), report(1)]);
    assert_eq!(ids(&subject.take(1).unwrap()), mail);
    assert_eq!(subject.take(2), None);
    // A pause is e-mail's; a custom type has one message to a dispatch.
    subject.pause("mail stops", None, None);
    let claim = Claim {
        kind: "report".to_owned(),
        ..claim_of((3..=5).map(token).collect())
    };
    let reply = subject.claim(claim);
    assert_eq!(reply.obstacle, None);
    let found: Vec<Vec<String>> = reply.claims.iter().map(ids).collect();
    assert_eq!(found, [&reports[0..1], &reports[1..2]]);
}

pub fn what_remains_is_counted(subject: &mut dyn Subject) {
    let count = WorkRequest {
        count_remaining: true,
        ..WorkRequest::default()
    };
    subject.put(&emails(5));
    subject.put(&[NewMessage {
        delay_ms: Some(600_000),
        ..email(5)
    }]);
    subject.put(&[from(6, "a@paused.example")]);
    assert_eq!(subject.work(&count).remaining, Some(6));
    subject.pause("why not", Some("paused.example"), None);
    assert_eq!(subject.work(&count).remaining, Some(5));
    let claim = Claim {
        max_messages: 3,
        ..claim_of(vec![token(1)])
    };
    let dispatch = subject.claim(claim).claims.remove(0);
    assert_eq!(subject.work(&count).remaining, Some(2));
    subject.start(&dispatch);
    subject.apply(freeze_of(&dispatch, MINUTE));
    assert_eq!(subject.work(&count).remaining, Some(2));
    subject.advance(MINUTE);
    assert_eq!(subject.work(&count).remaining, Some(5));
    assert_eq!(subject.work(&WorkRequest::default()).remaining, None);
}

pub fn urgent_mail_is_not_filled_up_and_ten_make_a_dispatch(subject: &mut dyn Subject) {
    let urgent = |index| NewMessage {
        priority: Some(0),
        ..email(index)
    };
    subject.put(&(0..12).map(urgent).collect::<Vec<_>>());
    subject.put(&emails(3));
    let counts: Vec<usize> = subject
        .claim(claim_of((1..=4).map(token).collect()))
        .claims
        .iter()
        .map(|dispatch| dispatch.messages.len())
        .collect();
    assert_eq!(counts, [10, 2, 3]);
}
