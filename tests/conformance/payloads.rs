//! What is said of a payload, by the client, by the queue in memory and by the database: the same field and the same words.

use crate::database::Database;
use crate::memory::Memory;
use crate::subject::{Subject, email};
use email_queue::email::{Email, Mailbox, Sender};
use email_queue::protocol::NewMessage;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Map, Value, json};
use std::cell::{Cell, RefCell};

type Said = (Option<String>, Option<String>);

const SENDERS: &str = include_str!("../fixtures/senders.json");

fn of_rust(sender: &Value) -> Said {
    let error = Mailbox::parse(sender, "from").err();
    error.map_or((None, None), |error| {
        (Some(error.field), Some(error.message))
    })
}

#[test]
fn a_sender_is_what_the_table_says() {
    let cases: Vec<(Value, Option<String>, Option<String>)> =
        serde_json::from_str(SENDERS).unwrap();
    let mut database = Database::connect();
    for (sender, field, message) in cases {
        let said = (field, message);
        assert_eq!(of_rust(&sender), said, "{sender}");
        if let Some(database) = &mut database {
            assert_eq!(database.sender_fault(&sender), said, "{sender}");
        }
    }
}

#[test]
fn lengths_of_a_sender_are_held_to_the_character() {
    let mut database = Database::connect();
    let long = |local: usize, label: usize, rest: usize| {
        let (local, label) = ("a".repeat(local), "b".repeat(label));
        format!("{local}@{label}.{}.{}.co", "c".repeat(63), "d".repeat(rest))
    };
    let named = |name: usize| json!({"email": "a@b.co", "name": "é".repeat(name)});
    let cases = [
        (json!(long(64, 63, 58)), true),
        (json!(long(64, 63, 59)), false),
        (json!(long(65, 63, 1)), false),
        (json!(long(1, 64, 1)), false),
        (named(256), true),
        (named(257), false),
        (json!(format!("{} <a@b.co>", "é".repeat(511))), true),
        (json!(format!("{} <a@b.co>", "é".repeat(512))), false),
    ];
    for (sender, valid) in cases {
        let said = of_rust(&sender);
        assert_eq!(said.1.is_none(), valid, "{said:?}");
        if let Some(database) = &mut database {
            assert_eq!(database.sender_fault(&sender), said);
        }
    }
}

/// Texts of what matters to an address.
#[test]
fn random_senders_are_judged_alike() {
    let Some(database) = Database::connect() else {
        return;
    };
    let config = Config {
        cases: 1500,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let part = prop_oneof![
        4 => "[ab1]{1,3}",
        3 => Just("@".to_owned()),
        2 => Just(".co".to_owned()),
        2 => Just(" <".to_owned()),
        2 => Just(">".to_owned()),
        3 => proptest::sample::select(vec![".", "-", ",", ";", "\"", "\\", " ", "\u{a0}", "\u{2028}", "é", "_", "\t", "\u{85}"]).prop_map(str::to_owned),
    ];
    let text = proptest::collection::vec(part, 0..9).prop_map(|parts| parts.concat());
    let sender = prop_oneof![
        5 => text.clone().prop_map(Value::from),
        3 => text.clone().prop_map(|text| json!(format!("{text} <a@b.co>"))),
        1 => (text.clone(), text).prop_map(|(email, name)| json!({"email": email, "name": name})),
    ];
    let (valid, database) = (Cell::new(0), RefCell::new(database));
    runner
        .run(&sender, |sender| {
            let said = of_rust(&sender);
            valid.set(valid.get() + usize::from(said.1.is_none()));
            let of_sql = database.borrow_mut().sender_fault(&sender);
            prop_assert_eq!(of_sql, said, "{}", sender);
            Ok(())
        })
        .unwrap();
    assert!(valid.get() > 100, "{} of them are valid", valid.get());
}

fn many(count: usize, item: impl Fn(usize) -> Value) -> Value {
    (0..count).map(item).collect()
}

fn named(count: usize, prefix: &str) -> Value {
    let pair = |index| (format!("{prefix}{index}"), json!("x"));
    Value::Object((0..count).map(pair).collect::<Map<_, _>>())
}

#[test]
fn what_an_email_may_have_is_bounded_in_the_same_words() {
    let attached = |field: &str, length: usize| {
        let mut attachment = json!({"filename": "f", "content": "QUJD"});
        attachment[field] = "x".repeat(length).into();
        json!({"attachments": [{"filename": "g", "content": "QUJD"}, attachment]})
    };
    let header =
        |name: usize, value: usize| json!({"headers": {("X".repeat(name)): "é".repeat(value)}});
    let address = |_| json!("a@b.co");
    let long_name = json!([{"email": "a@b.co", "name": "é".repeat(257)}]);
    let template = |count| json!({"content": null, "text": null, "template": {"id": "t", "variables": named(count, "v")}});
    // What is just within, what is over, and what is said of it.
    let cases = [
        (
            json!({"replyTo": many(50, address)}),
            json!({"replyTo": many(51, address)}),
            "replyTo",
            "must have at most 50 addresses",
        ),
        (
            json!({"to": many(50, address)}),
            json!({"to": many(51, address)}),
            "to",
            "must have at most 50 addresses",
        ),
        (
            json!({"cc": [format!("{} <a@b.co>", "é".repeat(511))]}),
            json!({"cc": long_name}),
            "cc",
            "has a name of more than 256 characters",
        ),
        (
            json!({"headers": named(50, "X-")}),
            json!({"headers": named(51, "X-")}),
            "headers",
            "must have at most 50 headers",
        ),
        (
            header(126, 4096),
            header(127, 1),
            "headers.?",
            "a header's name must have at most 126 characters",
        ),
        (
            header(64, 4096),
            header(64, 4097),
            "headers.XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
            "must have at most 4096 characters",
        ),
        (
            json!({"attachments": many(100, |_| json!({"filename": "f", "content": "QUJD"}))}),
            json!({"attachments": many(101, |_| json!({"filename": "f", "content": "QUJD"}))}),
            "attachments",
            "must have at most 100 attachments",
        ),
        (
            attached("filename", 255),
            attached("filename", 256),
            "attachments[1].filename",
            "must have at most 255 characters",
        ),
        (
            template(100),
            template(101),
            "template.variables",
            "must have at most 100 variables",
        ),
        (
            json!({}),
            json!({"text": "x".repeat(10), "tags": many(2000, |_| json!(1))}),
            "payload",
            "has more than 2000 values",
        ),
    ];
    let mut database = Database::connect();
    let with = |fields: &Value| {
        let mut message = email(0);
        for (name, value) in fields.as_object().unwrap() {
            message.payload[name] = value.clone();
        }
        message
    };
    for (within, over, field, words) in cases {
        let within = with(&within);
        Email::parse(&within.payload, Sender::Required).unwrap();
        let over = with(&over);
        let error = Email::parse(&over.payload, Sender::Required).unwrap_err();
        assert_eq!(error.message, words);
        assert!(error.field.starts_with(field), "{error} for {field}");
        let mut sides: Vec<&mut dyn Subject> = Vec::new();
        let mut memory = Memory::default();
        sides.push(&mut memory);
        sides.extend(
            database
                .as_mut()
                .map(|database| database as &mut dyn Subject),
        );
        for side in sides {
            side.enqueue(std::slice::from_ref(&within)).unwrap();
            let refused = side.enqueue(std::slice::from_ref(&over)).unwrap_err();
            assert_eq!(refused, format!("messages[0].{field}"));
        }
        if let Some(database) = &mut database {
            assert_eq!(
                database.refusal(&over.payload),
                format!("email_queue: {field}: {words}")
            );
        }
    }
    // To the value: 2000 with the payload itself, of which an e-mail has four.
    let values = |count: usize| NewMessage {
        payload: {
            let mut payload = email(0).payload;
            let more = many(count - 6 - payload.as_object().unwrap().len(), |_| json!(1));
            payload["attachments"] = json!([{"filename": "f", "content": "QUJD", "more": more}]);
            payload
        },
        ..NewMessage::default()
    };
    let mut memory = Memory::default();
    memory.enqueue(&[values(2000)]).unwrap();
    memory.enqueue(&[values(2001)]).unwrap_err();
    if let Some(database) = &mut database {
        database.enqueue(&[values(2000)]).unwrap();
        database.enqueue(&[values(2001)]).unwrap_err();
    }
}
