//! The same bad inputs to the queue in memory and to the database: both take them, or both name the same field. Where several
//! fields are wrong, either may be named.

use crate::database::Database;
use crate::memory::Memory;
use crate::subject::{Subject, email};
use email_queue::client::QueueProvider;
use email_queue::model::InMemoryQueueProvider;
use email_queue::protocol::{NewMessage, Pause};
use futures_util::FutureExt;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};

fn nested(levels: usize, inner: Value) -> Value {
    (0..levels).fold(inner, |inner, level| match level % 2 {
        0 => json!({ "a": inner }),
        _ => json!([inner]),
    })
}

/// Values at and beyond an edge, by the place that they go to.
fn edges() -> Vec<(&'static str, Value)> {
    let long = |length: usize| json!("é".repeat(length));
    let mut edges = vec![
        ("attachments", json!({})),
        ("attachments", json!([])),
        ("attachments", json!([{"filename": "a", "content": "QUJD"}])),
        ("template", json!({})),
        ("headers", json!({"headers": "a"})),
        ("tags", json!({"tags": "a"})),
        ("tags", json!([{"name": "a", "value": "b"}])),
        ("option.tags", json!({"plan": 1e308})),
        ("option.tags", json!({"plan": "pro"})),
        ("metadata", json!([])),
        ("metadata", json!("a")),
        ("metadata", Value::Null),
        ("dedup_key", json!("")),
        ("dedup_key", long(255)),
        ("dedup_key", long(256)),
        ("subject", long(980)),
        ("subject", long(981)),
        ("subject", json!(7)),
        ("secret", json!(true)),
        ("secret", json!(false)),
    ];
    for text in [
        "", " ", "a\n", "\u{7f}", "\u{85}", "\u{a0}", "\u{2028}", "\u{feff}", "\\", "\"",
    ] {
        edges.push(("subject", json!(text)));
        edges.push(("dedup_key", json!(format!("{text}a"))));
        for place in ["from", "to"] {
            edges.push((place, json!(format!("shop@example.com{text}"))));
            edges.push((place, json!(format!("{text}shop@example.com"))));
            edges.push((place, json!(format!("Shop <shop@example.com>{text}"))));
            edges.push((
                place,
                json!({"email": format!("a@b.co{text}"), "name": text}),
            ));
        }
    }
    for kind in [
        "email",
        "Email",
        "EMAIL",
        "eMail",
        " email",
        "email ",
        "email\u{a0}",
        "e-mail",
        "emails",
        "a:b",
        "a/b",
        "é",
        "",
    ] {
        edges.push(("type", json!(kind)));
    }
    edges.extend([100, 101].map(|length| ("type", json!("x".repeat(length)))));
    edges.extend([0, 3, 4].map(|number| ("priority", json!(number))));
    edges.extend([0, 1, 100, 101].map(|number| ("max_attempts", json!(number))));
    let delays = [0, 999_999_999_999_u64, 1_000_000_000_000];
    edges.extend(delays.map(|number| ("delay_ms", json!(number))));
    for number in [
        json!(1e307),
        json!(9.99e307),
        json!(1e308),
        json!(-1e308),
        json!(f64::MAX),
        json!(f64::MIN),
        json!(1e-300),
        json!(u64::MAX),
    ] {
        for place in ["replyTo", "metadata"] {
            edges.push((place, json!({ "n": number })));
            edges.push((place, json!({"a b": [1, {"n-1": [number]}]})));
        }
    }
    for levels in 30..=34 {
        for inner in [json!(1), json!([]), json!({})] {
            edges.push(("replyTo", nested(levels, inner.clone())));
            edges.push(("metadata", nested(levels, inner)));
        }
    }
    for text in ["a", "é", "\"", "\n", "\u{1}", "\u{7f}", "\u{1f600}"] {
        let bytes = json!(text).to_string().len() - 2;
        for more in -1..=1 {
            let count = (16_384 - 9) / bytes as i64 + more;
            edges.push(("metadata", json!({"a": text.repeat(count as usize)})));
        }
    }
    edges
}

fn changed(mut message: NewMessage, place: &str, value: &Value) -> NewMessage {
    let text = || value.as_str().map(str::to_owned);
    match place {
        "type" => message.kind = text(),
        "dedup_key" => message.dedup_key = text(),
        "priority" => message.priority = value.as_u64().map(|it| it as u8),
        "max_attempts" => message.max_attempts = value.as_u64().map(|it| it as u32),
        "delay_ms" => message.delay_ms = value.as_u64(),
        "metadata" => message.metadata = Some(value.clone()),
        "secret" => message.secret = value.as_bool(),
        "option.tags" => message.tags = Some(value.clone()),
        _ => message.payload[place] = value.clone(),
    }
    message
}

#[test]
fn a_bad_message_is_refused_alike() {
    let Some(database) = Database::connect() else {
        return;
    };
    let config = Config {
        cases: 800,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let (sides, taken) = (RefCell::new((Memory::default(), database)), Cell::new(0));
    let said = |message: NewMessage| {
        let (memory, database) = &mut *sides.borrow_mut();
        let message = std::slice::from_ref(&message);
        let of_memory = memory.enqueue(message).map(|_| ());
        taken.set(taken.get() + usize::from(of_memory.is_ok()));
        let shown: String = format!("{message:?}").chars().take(400).collect();
        (of_memory, database.enqueue(message).map(|_| ()), shown)
    };
    for (place, value) in edges() {
        let (of_memory, of_database, shown) = said(changed(email(0), place, &value));
        assert_eq!(of_memory, of_database, "memory, database: {shown}");
    }
    let message = proptest::collection::vec(select(edges()), 2..4).prop_map(|edges| {
        (edges.iter()).fold(email(0), |message, (place, value)| {
            changed(message, place, value)
        })
    });
    runner
        .run(&message, |message| {
            let (of_memory, of_database, shown) = said(message);
            let alike = of_memory.is_ok() == of_database.is_ok();
            prop_assert!(alike, "{:?}, {:?}: {}", of_memory, of_database, shown);
            Ok(())
        })
        .unwrap();
    assert!(taken.get() > 100, "{} of them are taken", taken.get());
}

#[test]
fn a_domain_to_pause_is_judged_alike() {
    let Some(mut database) = Database::connect() else {
        return;
    };
    let queue = InMemoryQueueProvider::new();
    let label = "a".repeat(63);
    let long = |last: usize| format!("{label}.{label}.{label}.{}", "b".repeat(last));
    let domains = [
        "example.com",
        "EXAMPLE.com",
        "exa/mple.com",
        "exa mple.com",
        "example.com ",
        " example.com",
        "example.com\u{a0}",
        "example",
        "example.",
        ".example",
        "a..b",
        "-a.com",
        "a-.com",
        "1.2.3.4",
        "xn--bcher-kva.example",
        "bücher.example",
        "a@b.co",
        "a.co\n",
        "a,b.co",
        "",
    ];
    let domains = domains.map(str::to_owned).into_iter();
    for domain in domains.chain([long(60), long(61), format!("{label}b.co")]) {
        let pause = Pause {
            reason: "why".to_owned(),
            domain: Some(domain.clone()),
            seconds: None,
        };
        let of_memory = queue.pause(&pause).now_or_never().unwrap();
        let of_memory = of_memory.map_err(|error| error.field.unwrap());
        assert_eq!(of_memory, database.try_pause(&domain), "{domain:?}");
    }
}
