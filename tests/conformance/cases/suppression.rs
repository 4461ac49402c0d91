//! Addresses that get no mail.

use crate::subject::{
    LEASE, MINUTE, Subject, claim_of, complete_of, email, emails, freeze_of, ids, not_sent_of,
    token,
};
use email_queue::protocol::{NewMessage, Rest, WorkRequest};
use serde_json::{Value, json};

fn to(recipients: Value) -> NewMessage {
    let mut message = email(0);
    message.payload["to"] = recipients;
    message
}

fn about(topic: &str, recipients: Value) -> NewMessage {
    NewMessage {
        topic: Some(topic.to_owned()),
        ..to(recipients)
    }
}

fn end(subject: &mut dyn Subject, id: &str) -> (String, String) {
    let message = subject.get(id);
    let error = message.error.unwrap_or_default();
    let reason = error["reason"].as_str().unwrap_or_default().to_owned();
    (message.status.as_str().to_owned(), reason)
}

fn suppressed(subject: &mut dyn Subject, id: &str) -> bool {
    end(subject, id) == ("failed".to_owned(), "suppressed".to_owned())
}

pub fn who_is_suppressed_gets_no_mail(subject: &mut dyn Subject) {
    subject.suppress(" Gone@Example.com ", "bounce", None);
    let forced = NewMessage {
        ignore_suppression: Some(true),
        ..to(json!("gone@example.com"))
    };
    let messages = subject.put(&[
        to(json!("Gone <GONE@example.com>")),
        to(json!([{"email": "gone@EXAMPLE.com", "name": "Gone"}])),
        about("news", json!("gone@example.com")),
        to(json!("gone+tag@example.com")),
        forced,
    ]);
    let dispatch = subject.take(1).unwrap();
    assert_eq!(ids(&dispatch), messages[3..]);
    for id in &messages[..3] {
        assert!(suppressed(subject, id));
        let message = subject.get(id);
        assert_eq!((message.attempts, message.dispatch_id), (0, None));
        assert_eq!(message.error.unwrap()["class"], "suppressed");
    }
    assert!(subject.get(&messages[4]).ignore_suppression);
}

pub fn an_unsubscribe_counts_for_mail_with_a_topic(subject: &mut dyn Subject) {
    subject.suppress("one@example.com", "unsubscribe", Some("news"));
    subject.suppress("all@example.com", "unsubscribe", None);
    subject.suppress("some@example.com", "manual", Some("news"));
    let messages: Vec<String> = ["one@example.com", "all@example.com", "some@example.com"]
        .iter()
        .flat_map(|address| {
            subject.put(&[
                to(json!(address)),
                about("news", json!(address)),
                about("offers", json!(address)),
            ])
        })
        .collect();
    let dispatch = subject.take(1).unwrap();
    let sent: Vec<bool> = (messages.iter())
        .map(|id| ids(&dispatch).contains(id))
        .collect();
    assert_eq!(
        sent,
        [true, false, true, true, false, false, true, false, true]
    );
    assert_eq!(
        subject.get(&messages[1]).topic.as_deref(),
        Some("news"),
        "it is shown"
    );
}

pub fn with_some_recipients_left_it_goes_as_it_is(subject: &mut dyn Subject) {
    subject.suppress("gone@example.com", "complaint", None);
    let mut copied = to(json!("here@example.com"));
    copied.payload["bcc"] = json!(["gone@example.com"]);
    let messages = subject.put(&[copied]);
    let dispatch = subject.take(1).unwrap();
    assert_eq!(
        dispatch.messages[0].payload["bcc"],
        json!(["gone@example.com"])
    );
    let error = subject.get(&messages[0]).error.unwrap();
    assert_eq!(
        (&error["class"], &error["reason"]),
        (&json!("suppressed"), &Value::Null)
    );
    // Once, however often it comes back.
    subject.apply(not_sent_of(&dispatch, Rest::Release));
    subject.take(2).unwrap();
    let error = subject.get(&messages[0]).error.unwrap();
    assert_eq!(error["history"].as_array().unwrap().len(), 1);
}

pub fn a_claim_passes_over_what_is_suppressed(subject: &mut dyn Subject) {
    subject.suppress("gone@example.com", "manual", None);
    let gone = vec![to(json!("gone@example.com")); 150];
    let gone = subject.put(&gone);
    let here = subject.put(&emails(30));
    let dispatch = subject.take(1).unwrap();
    assert_eq!(ids(&dispatch), here);
    assert!(suppressed(subject, &gone[149]));
}

pub fn the_claim_goes_on_with_the_next_lane(subject: &mut dyn Subject) {
    subject.suppress("gone@example.com", "manual", None);
    let urgent = NewMessage {
        priority: Some(0),
        ..to(json!("gone@example.com"))
    };
    let gone = subject.put(&[urgent]);
    let mut other = email(1);
    other.payload["from"] = json!("shop@other.example");
    let here = subject.put(&[other]);
    let dispatch = subject.take(1).unwrap();
    assert_eq!(ids(&dispatch), here);
    assert!(suppressed(subject, &gone[0]));
    // With nothing left, nothing is due.
    subject.put(&[to(json!("gone@example.com"))]);
    let reply = subject.work(&WorkRequest {
        claim: Some(claim_of(vec![token(2)])),
        ..WorkRequest::default()
    });
    assert_eq!((reply.claims.len(), reply.next_due_ms), (0, None));
}

pub fn what_was_claimed_is_never_checked_again(subject: &mut dyn Subject) {
    let dispatch = subject.begun(1, 1);
    subject.suppress("user0@example.com", "bounce", None);
    subject.apply(freeze_of(&dispatch, LEASE));
    subject.advance(LEASE);
    let replay = subject.take(2).unwrap();
    assert_eq!(replay.dispatch_id, dispatch.dispatch_id);
    assert!(replay.frozen);
}

pub fn what_came_back_is_checked_again(subject: &mut dyn Subject) {
    let messages = subject.put(&emails(2));
    let dispatch = subject.take(1).unwrap();
    subject.suppress("user0@example.com", "bounce", None);
    subject.apply(not_sent_of(&dispatch, Rest::Release));
    let again = subject.take(2).unwrap();
    assert_eq!(ids(&again), messages[1..]);
    assert!(suppressed(subject, &messages[0]));
}

pub fn a_redrive_waits_until_the_entry_is_gone(subject: &mut dyn Subject) {
    subject.suppress("user0@example.com", "bounce", None);
    subject.suppress("user0@example.com", "unsubscribe", None);
    let id = subject.put(&emails(1)).remove(0);
    assert!(subject.take(1).is_none());
    assert!(suppressed(subject, &id));
    let refused = subject.redrive(&id, true);
    assert_eq!(
        refused.as_deref(),
        Some("every recipient is suppressed: remove an entry first")
    );
    let gone = subject.unsuppress("USER0@example.com");
    assert_eq!((gone.removed.len(), gone.left.len()), (1, 1));
    assert_eq!(subject.redrive(&id, true), None);
    assert_eq!(ids(&subject.take(2).unwrap()), [id]);
}

pub fn a_bounce_and_a_complaint_suppress(subject: &mut dyn Subject) {
    for (kind, detail) in [
        (
            "email.bounced",
            json!({"type": "Permanent", "subtype": "NoEmail"}),
        ),
        ("email.complained", Value::Null),
    ] {
        let dispatch = subject.begun(1, 1);
        subject.apply(complete_of(&dispatch));
        let id = &ids(&dispatch)[0];
        let reported = |event: &str, minute: u64| {
            json!({
                "id": event, "type": kind, "occurred_at": format!("2026-11-26T20:{minute:02}:00Z"),
                "provider_message_id": format!("provider-{id}"), "message_id": id, "mark": null,
                "recipients": ["user0@example.com"], "detail": detail,
            })
        };
        assert_eq!(
            subject.record(&reported(&format!("{kind}-1"), 1)),
            "recorded"
        );
        let next = subject.put(&emails(1)).remove(0);
        assert!(subject.take(2).is_none());
        assert!(suppressed(subject, &next));
        // What an operator removes, the same mail does not bring back.
        subject.advance(MINUTE);
        assert_eq!(subject.unsuppress("user0@example.com").removed.len(), 1);
        assert_eq!(
            subject.record(&reported(&format!("{kind}-2"), 2)),
            "recorded"
        );
        let after = subject.put(&emails(1));
        let dispatch = subject.take(3).unwrap();
        assert_eq!(ids(&dispatch), after);
        subject.start(&dispatch);
        subject.apply(complete_of(&dispatch));
    }
}
