//! Messages whose payload nobody is shown.

use crate::subject::{LEASE, Subject, email, emails, freeze_of, ids, rejected, settle_of, token};
use crate::subject::{claim_of, complete_of, not_sent_of};
use email_queue::protocol::{Answer, End, MemberEnd, NewMessage, Reason, Rest, Settle, Signals};
use serde_json::{Value, json};

fn secret(index: usize) -> NewMessage {
    NewMessage {
        secret: Some(true),
        ..email(index)
    }
}

fn shown(subject: &mut dyn Subject, id: &str) -> (String, Value, Value) {
    let message = subject.get(id);
    let recipients = message.recipients.unwrap_or_default();
    (
        message.status.as_str().to_owned(),
        message.payload,
        recipients,
    )
}

fn is_hidden(subject: &mut dyn Subject, id: &str, status: &str) {
    let expected = (status.to_owned(), Value::Null, json!("user0@example.com"));
    assert_eq!(shown(subject, id), expected);
}

pub fn a_secret_message_travels_apart_and_loses_its_payload_at_its_end(subject: &mut dyn Subject) {
    let others = subject.put(&emails(2));
    let id = subject.put(&[secret(0)]).remove(0);
    is_hidden(subject, &id, "pending");
    let mut claims = subject.claim(claim_of(vec![token(1), token(2)])).claims;
    claims.sort_by_key(|dispatch| dispatch.messages.len());
    assert_eq!(
        (ids(&claims[0]), ids(&claims[1])),
        (vec![id.clone()], others)
    );
    assert_eq!(claims[0].messages[0].payload["text"], "x");
    is_hidden(subject, &id, "processing");
    subject.start(&claims[0]);
    subject.apply(complete_of(&claims[0]));
    is_hidden(subject, &id, "completed");

    let failed = subject.put(&[secret(0)]).remove(0);
    let dispatch = subject.take(3).unwrap();
    subject.start(&dispatch);
    subject.apply(Settle {
        members: vec![rejected(&failed)],
        ..settle_of(&dispatch, Answer::Definite, None)
    });
    is_hidden(subject, &failed, "failed");
    assert_eq!(
        subject.redrive(&failed, true).unwrap(),
        "its payload was erased"
    );

    let cancelled = subject.put(&[secret(0)]).remove(0);
    subject.cancel(&cancelled);
    is_hidden(subject, &cancelled, "cancelled");
}

pub fn a_replay_has_the_payload_of_a_secret_message(subject: &mut dyn Subject) {
    let id = subject.put(&[secret(0)]).remove(0);
    let dispatch = subject.take(1).unwrap();
    subject.start(&dispatch);
    subject.apply(freeze_of(&dispatch, LEASE));
    is_hidden(subject, &id, "processing");
    subject.advance(LEASE);
    let replay = subject.take(2).unwrap();
    assert_eq!(replay.messages[0].payload, dispatch.messages[0].payload);
    subject.start(&replay);
    // Refused after all, and tried again alone.
    subject.apply(Settle {
        delay_ms: Some(0),
        ..settle_of(&replay, Answer::Definite, Some(Rest::Retry))
    });
    is_hidden(subject, &id, "retrying");
    subject.put(&emails(1));
    let mut claims = subject.claim(claim_of(vec![token(3), token(4)])).claims;
    claims.retain(|dispatch| ids(dispatch) == [id.clone()]);
    assert_eq!(claims[0].messages[0].payload, dispatch.messages[0].payload);
}

pub fn no_text_about_a_secret_message_is_kept(subject: &mut dyn Subject) {
    let id = subject.put(&[secret(0)]).remove(0);
    let dispatch = subject.take(1).unwrap();
    subject.start(&dispatch);
    subject.apply(freeze_of(&dispatch, LEASE));
    let error = subject.get(&id).error.unwrap();
    assert_eq!(
        (&error["class"], &error["message"]),
        (&json!("unknown"), &Value::Null)
    );
    let mark = dispatch.mark.clone();
    let event = json!({
        "id": "msg_1", "type": "email.bounced", "occurred_at": "2026-11-26T20:00:00.000Z", "provider_message_id": "p", "message_id": id,
        "mark": mark, "recipients": ["user0@example.com"], "detail": {"type": "Transient", "subtype": "General", "text": "a secret"},
    });
    assert_eq!(subject.record(&event), "recorded");
    let delivery = subject.get(&id).delivery.unwrap();
    let bounce = delivery.recipients[0].bounce.clone().unwrap();
    assert_eq!(
        (bounce.subtype.as_deref(), bounce.text),
        (Some("General"), None)
    );
}

pub fn the_queues_own_text_about_a_secret_message_is_kept(subject: &mut dyn Subject) {
    let unfit = |id: &str| MemberEnd {
        id: id.to_owned(),
        end: End::Failed {
            reason: Reason::Rejected,
            error: json!({"class": "rejected", "status": null, "name": null, "message": "headers.X-123456: is not known"}),
        },
    };
    let told = |subject: &mut dyn Subject, id: &str| {
        let error = subject.get(id).error.unwrap();
        (error["name"].clone(), error["message"].clone())
    };
    // The worker's check, before any request.
    let id = subject.put(&[secret(0)]).remove(0);
    let dispatch = subject.take(1).unwrap();
    subject.apply(Settle {
        members: vec![unfit(&id)],
        ..settle_of(&dispatch, Answer::None, None)
    });
    let kept = json!("headers.X-…: is not known");
    assert_eq!(told(subject, &id), (Value::Null, kept));
    // After a request the text is the provider's; its name for the error stays, unless it could be a code.
    for (n, (name, kept)) in [
        ("validation_error", json!("validation_error")),
        ("error_481516", Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let id = subject.put(&[secret(0)]).remove(0);
        let dispatch = subject.take(2 + n).unwrap();
        subject.start(&dispatch);
        let mut member = unfit(&id);
        if let End::Failed { error, .. } = &mut member.end {
            error["name"] = json!(name);
        }
        subject.apply(Settle {
            members: vec![member],
            ..settle_of(&dispatch, Answer::Definite, None)
        });
        assert_eq!(told(subject, &id), (kept, Value::Null));
    }
}

pub fn a_reason_of_a_secret_message_quotes_nothing_of_it(subject: &mut dyn Subject) {
    let told = [
        (
            "429 monthly_quota_exceeded: 12345 of 100000 for acme.example",
            "429 monthly_quota_exceeded: 12345 of … for acme.example",
        ),
        (
            "see HTTPS://a.example/v?t=1, pkce_0123456789abcdefx; ab123456, http:// and the end",
            "see … …; ab…, http:// and the end",
        ),
        (
            "a_name_without_any_digit ü1234567890123456789_",
            "a_name_without_any_digit ü…",
        ),
    ];
    for (n, (reason, kept)) in told.into_iter().enumerate() {
        subject.put(&[secret(n)]);
        let dispatch = subject.take(n + 1).unwrap();
        subject.start(&dispatch);
        let cooling = Settle {
            signals: Some(Signals {
                cooldown_ms: Some(40_000),
                cooldown_reason: Some(reason.to_owned()),
                answered: Some(true),
                ..Signals::default()
            }),
            ..not_sent_of(&dispatch, Rest::Release)
        };
        subject.apply(cooling);
        let reply = subject.claim(claim_of(vec![token(90 + n)]));
        assert_eq!(reply.obstacle.unwrap().reason.as_deref(), Some(kept));
        subject.advance(LEASE + LEASE);
    }
}
