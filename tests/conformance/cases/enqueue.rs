//! Enqueue.

use crate::subject::{Subject, email, emails, seconds};
use email_queue::protocol::NewMessage;
use serde_json::{Value, json};

fn changed(field: &str, value: Value) -> NewMessage {
    let mut message = email(0);
    message.payload[field] = value;
    message
}

fn without(field: &str) -> NewMessage {
    let mut message = email(0);
    message.payload.as_object_mut().unwrap().remove(field);
    message
}

pub fn bad_input_is_refused_with_the_name_of_the_field(subject: &mut dyn Subject) {
    let addresses = |count| json!(vec!["a@example.com"; count]);
    let later = subject.time(seconds(3600));
    let option = |change: fn(&mut NewMessage)| {
        let mut message = email(0);
        change(&mut message);
        message
    };
    for (message, field) in [
        (without("to"), "to"),
        (changed("to", json!([])), "to"),
        (changed("to", json!("nobody")), "to"),
        (changed("to", json!("@example.com")), "to"),
        (changed("to", json!(["a@example.com", 7])), "to"),
        (changed("to", addresses(51)), "to"),
        (changed("cc", json!({"name": "A"})), "cc"),
        (changed("bcc", addresses(51)), "bcc"),
        (without("subject"), "subject"),
        (changed("subject", json!(7)), "subject"),
        (changed("subject", json!("a\r\nb")), "subject"),
        (without("text"), "content"),
        (without("from"), "from"),
        (changed("from", json!("shop")), "from"),
        (changed("from", json!(["a@example.com"])), "from"),
        (changed("text", json!("x".repeat(11_000_000))), "payload"),
        (option(|m| m.payload = Value::Null), "payload"),
        (option(|m| m.payload = json!([1])), "payload"),
        (option(|m| m.kind = Some(String::new())), "type"),
        (option(|m| m.kind = Some("a b".to_owned())), "type"),
        (option(|m| m.priority = Some(4)), "priority"),
        (option(|m| m.max_attempts = Some(0)), "max_attempts"),
        (option(|m| m.max_attempts = Some(101)), "max_attempts"),
        (option(|m| m.run_at = Some("soon".to_owned())), "run_at"),
        (
            option(|m| m.run_at = Some("1999-01-01T00:00:00Z".to_owned())),
            "run_at",
        ),
        (
            option(|m| m.send_before = Some("2020-01-01T00:00:00Z".to_owned())),
            "send_before",
        ),
        (option(|m| m.dedup_key = Some(String::new())), "dedup_key"),
        (option(|m| m.dedup_key = Some("x".repeat(256))), "dedup_key"),
        (option(|m| m.metadata = Some(json!([]))), "metadata"),
        (
            NewMessage {
                run_at: Some(later.clone()),
                send_before: Some(later.clone()),
                ..email(0)
            },
            "send_before",
        ),
    ] {
        let shown = format!("{message:?}").chars().take(300).collect::<String>();
        assert_eq!(
            subject.enqueue(&[message]),
            Err(format!("messages[0].{field}")),
            "{shown}"
        );
    }
    for message in [
        changed("cc", json!([])),
        changed("to", json!({"email": "a@example.com", "name": "A"})),
        changed("to", addresses(50)),
        changed("from", json!("Shop <shop@Example.COM> ")),
        changed("from", json!({"email": "shop@example.com"})),
        changed("attachments", Value::Null),
    ] {
        assert!(
            subject.enqueue(std::slice::from_ref(&message)).is_ok(),
            "{message:?}"
        );
    }
}

pub fn a_dedup_key_makes_it_happen_once(subject: &mut dyn Subject) {
    let keyed = |index: usize, kind: &str| NewMessage {
        dedup_key: Some("order-1".to_owned()),
        kind: Some(kind.to_owned()),
        ..email(index)
    };
    let first = subject.enqueue(&[keyed(0, "email")]).unwrap().remove(0);
    assert!(first.created);
    let again = subject.enqueue(&[keyed(0, "email")]).unwrap().remove(0);
    assert_eq!(
        (again.created, &again.id, again.payload_differs),
        (false, &first.id, Some(false))
    );
    let other = subject.enqueue(&[keyed(1, "email")]).unwrap().remove(0);
    assert_eq!(
        (other.created, &other.id, other.payload_differs),
        (false, &first.id, Some(true))
    );
    assert!(subject.enqueue(&[keyed(0, "other")]).unwrap()[0].created);
    assert_eq!(subject.list("pending").len(), 2);
}

pub fn the_default_sender_is_written_in(subject: &mut dyn Subject) {
    subject.configure(json!({"default_sender": "Shop <shop@default.example>"}));
    let ids = subject.put(&[without("from"), email(1), changed("from", Value::Null)]);
    subject.configure(json!({"default_sender": "other@default.example"}));
    let mut from = |id: &str| subject.get(id).payload["from"].clone();
    assert_eq!(from(&ids[0]), "Shop <shop@default.example>");
    assert_eq!(from(&ids[1]), "shop@example.com");
    assert_eq!(from(&ids[2]), "Shop <shop@default.example>");
}

pub fn tags_are_written_into_the_payload(subject: &mut dyn Subject) {
    let tagged = |tags: Value| NewMessage {
        tags: Some(tags),
        ..email(0)
    };
    let many = |count: usize| -> Value {
        let names = (0..count).map(|index| (index.to_string(), json!("x")));
        names.collect::<serde_json::Map<_, _>>().into()
    };
    let long = "x".repeat(257);
    for (message, field) in [
        (tagged(json!("x")), "tags"),
        (tagged(json!(["x"])), "tags[0]"),
        (tagged(json!([{"value": "x"}])), "tags[0].name"),
        (tagged(json!([{"name": "x"}])), "tags[0].value"),
        (tagged(json!([{"name": "x", "value": 1}])), "tags[0].value"),
        (tagged(json!([{"name": "", "value": "x"}])), "tags[0].name"),
        (
            tagged(json!([{"name": long, "value": "x"}])),
            "tags[0].name",
        ),
        (
            tagged(json!([{"name": "x", "value": long}])),
            "tags[0].value",
        ),
        (
            tagged(json!([{"name": "x", "value": "é"}])),
            "tags[0].value",
        ),
        (
            tagged(json!([{"name": "x", "value": "y\n"}])),
            "tags[0].value",
        ),
        (tagged(json!([{"key": "x", "value": "y"}])), "tags[0].key"),
        (
            tagged(json!([{"name": "x", "value": "y"}, {"name": "x", "value": "z"}])),
            "tags[1].name",
        ),
        (
            tagged(json!([{"name": "message_id", "value": "x"}])),
            "tags[0].name",
        ),
        (tagged(json!({"message_id": "x"})), "tags.message_id"),
        (tagged(json!({"plan": ["x"]})), "tags.plan"),
        (tagged(json!({"ann@example.com": "x"})), "tags.?"),
        (tagged(many(50)), "tags"),
        (
            NewMessage {
                tags: Some(json!({})),
                ..changed("tags", json!([]))
            },
            "tags",
        ),
        (
            NewMessage {
                kind: Some("other".to_owned()),
                ..tagged(json!({}))
            },
            "tags",
        ),
    ] {
        let shown = format!("{message:?}").chars().take(300).collect::<String>();
        assert_eq!(
            subject.enqueue(&[message]),
            Err(format!("messages[0].{field}")),
            "{shown}"
        );
    }
    let list = json!([{"name": "plan", "value": "pro"}, {"name": "Area", "value": "eu-1_"}]);
    let ids = subject.put(&[
        tagged(list.clone()),
        tagged(many(49)),
        tagged(Value::Null),
        NewMessage {
            tags: Some(json!({})),
            ..changed("tags", Value::Null)
        },
    ]);
    let mut tags = |id: &str| subject.get(id).payload.get("tags").cloned();
    assert_eq!(tags(&ids[0]), Some(list));
    assert_eq!(tags(&ids[1]), Some(many(49)));
    assert_eq!(tags(&ids[2]), None);
    assert_eq!(tags(&ids[3]), Some(json!({})));
}

pub fn all_or_none_of_many(subject: &mut dyn Subject) {
    let mut messages = emails(3);
    messages.push(without("to"));
    assert_eq!(subject.enqueue(&messages), Err("messages[3].to".to_owned()));
    assert!(subject.list("pending").is_empty());
    messages.pop();
    let ids = subject.put(&messages);
    let listed: Vec<String> = subject.list("pending").into_iter().map(|m| m.id).collect();
    assert_eq!(listed, ids.iter().rev().cloned().collect::<Vec<_>>());
    let message = subject.get(&ids[1]);
    assert_eq!(
        (message.priority, message.attempts, message.max_attempts),
        (2, 0, 15)
    );
    assert_eq!(message.payload["to"], "user1@example.com");
}
