use proptest::{
    collection::{btree_map, vec},
    option::of,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde_json::{Map, json};

use super::*;
use crate::email::Mailbox;

/// Names that mean something somewhere in a payload.
const NAMES: [&str; 21] = [
    "to",
    "cc",
    "bcc",
    "from",
    "replyTo",
    "subject",
    "content",
    "text",
    "headers",
    "tags",
    "attachments",
    "template",
    "email",
    "name",
    "value",
    "filename",
    "path",
    "contentType",
    "contentId",
    "id",
    "variables",
];

/// In every string of [`any_json`]: whatever repeats a string of the payload repeats this.
const MARK: &str = "s3cr3t@";

// Boxed, each of them: as one nested type the strategies would overflow a test's stack.

/// Strings that tend to break things.
fn hostile() -> BoxedStrategy<String> {
    prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9<>@,;:\"\\\\. \r\n\t\0=+/-]{0,40}",
        Just("x\r\nBcc: evil@example.com".to_owned()),
        Just("\"a\\\" <b@c.co>".to_owned()),
        Just("a\u{85}b".to_owned()),
    ]
    .boxed()
}

/// Any JSON whatever, with the payload's own names among its keys.
fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        hostile().prop_map(|text| json!(format!("{MARK}{text}"))),
        select(vec!["b.co", "b.co>", "b.co\n"]).prop_map(|text| json!(format!("{MARK}{text}"))),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let key = prop_oneof![
            4 => select(NAMES.to_vec()).prop_map(str::to_owned),
            1 => hostile().prop_map(|text| format!("{MARK}{text}")),
        ];
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            object(key, inner, 8)
        ]
    })
    .boxed()
}

fn object(
    key: impl Strategy<Value = String> + 'static,
    value: impl Strategy<Value = Value> + 'static,
    most: usize,
) -> BoxedStrategy<Value> {
    btree_map(key, value, 0..most)
        .prop_map(|members| Value::from(Map::from_iter(members)))
        .boxed()
}

/// A string of the form `good`, and now and then any other.
fn mostly(good: &'static str) -> BoxedStrategy<String> {
    prop_oneof![30 => good, 1 => hostile()].boxed()
}

fn mailbox() -> BoxedStrategy<Value> {
    let address = || mostly("[a-z]{1,8}@[a-zA-Z]{1,8}\\.(co|com)");
    prop_oneof![
        address().prop_map(Value::from),
        (mostly("[a-zé ,.]{0,8}"), address())
            .prop_map(|(name, address)| json!(format!("{name} <{address}>"))),
        (mostly("[a-zé ,.;:<>@()\"\\\\]{0,8}"), address())
            .prop_map(|(name, email)| json!({"name": name, "email": email})),
    ]
    .boxed()
}

fn mailboxes() -> BoxedStrategy<Value> {
    prop_oneof![mailbox(), vec(mailbox(), 1..4).prop_map(Value::from)].boxed()
}

fn body() -> BoxedStrategy<Value> {
    let variable = prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n.max(0.0)))
    ];
    let template = (
        mostly("[a-z]{1,8}"),
        object(mostly("[A-Z]{1,4}"), variable, 3),
    );
    prop_oneof![
        (any::<String>(), any::<String>()).prop_map(|(content, text)| json!({"content": content, "text": text})),
        any::<String>().prop_map(|text| json!({"text": text, "content": null})),
        template.prop_map(|(id, variables)| json!({"content": null, "template": {"id": id, "variables": variables}})),
    ].boxed()
}

fn attachment() -> BoxedStrategy<Value> {
    let source = prop_oneof![
        mostly("([a-zA-Z0-9+/]{4}){1,3}").prop_map(|content| json!({ "content": content })),
        mostly("https://[a-z]{1,4}/[a-z]{0,4}").prop_map(|path| json!({ "path": path })),
    ];
    let names = (
        mostly("[a-zé]{1,8}"),
        of(mostly("[a-z]{1,4}/[a-z]{1,4}")),
        of(mostly("[a-z]{1,4}")),
    );
    (source, names)
        .prop_map(|(mut attachment, (filename, content_type, content_id))| {
            attachment["filename"] = json!(filename);
            attachment["contentType"] = json!(content_type);
            attachment["contentId"] = json!(content_id);
            attachment
        })
        .boxed()
}

/// Payloads that are valid more often than not.
fn plausible() -> BoxedStrategy<Value> {
    let text = |pattern| mostly(pattern).prop_map(Value::from);
    let people = (
        mailbox(),
        mailboxes(),
        of(mailboxes()),
        of(mailboxes()),
        of(mailboxes()),
    );
    let rest = (
        body(),
        mostly("[a-zé !]{1,20}x"),
        object(mostly("X-[a-z]{1,8}"), text("[ -~é]{0,20}"), 4),
        object(mostly("[a-z]{1,8}"), text("[a-z]{1,8}"), 4),
        vec(attachment(), 0..2),
    );
    (people, rest).prop_map(|((from, to, cc, bcc, reply_to), (body, subject, headers, tags, attachments))| {
        let mut fields = json!({
            "from": from, "to": to, "cc": cc, "bcc": bcc, "replyTo": reply_to, "subject": subject,
            "headers": headers, "tags": tags, "attachments": attachments,
        });
        for (name, value) in body.as_object().unwrap() {
            fields[name] = value.clone();
        }
        payload(fields)
    }).boxed()
}

/// Every string and name below `value`.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => {
            for (name, value) in members {
                found.push(name.clone());
                strings(value, found);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn no_payload_panics_or_is_repeated_in_its_error(payload in any_json()) {
        for sender in [Sender::Required, Sender::Optional] {
            if let Err(error) = Email::parse(&payload, sender) {
                let shown = error.to_string();
                prop_assert!(!shown.contains(MARK), "{shown}");
                prop_assert!(!shown.contains(char::is_control), "{shown:?}");
            }
        }
    }

    #[test]
    fn what_parses_encodes_to_the_same_bytes_without_a_control_in_any_header(payload in plausible()) {
        let Ok(email) = Email::parse(&payload, Sender::Required) else { return Ok(()) };
        let bytes = bytes(&email);
        let again = Email::parse(&payload, Sender::Required).unwrap();
        prop_assert_eq!(&again, &email);
        prop_assert_eq!(&super::bytes(&again), &bytes);

        let mut request: Value = serde_json::from_slice(&bytes).unwrap();
        let fields = request.as_object_mut().unwrap();
        for body in ["html", "text"] {
            fields.remove(body);
        }
        if let Some(template) = fields.get_mut("template").and_then(Value::as_object_mut) {
            template.remove("variables");
        }
        let mut found = Vec::new();
        strings(&request, &mut found);
        for text in found {
            prop_assert!(!text.contains(char::is_control), "{text:?}");
        }
    }

    #[test]
    fn a_mailbox_is_written_so_that_it_reads_back(value in mailbox()) {
        if let Ok(mailbox) = Mailbox::parse(&value, "to") {
            let written = mailbox.to_header();
            prop_assert_eq!(Mailbox::parse(&json!(written), "to"), Ok(mailbox));
        }
    }
}

#[test]
fn most_plausible_payloads_are_taken() {
    // Else the properties above would hold for want of cases.
    let mut runner = TestRunner::deterministic();
    let payloads = plausible();
    let is_taken = |_: &u32| {
        let payload = payloads.new_tree(&mut runner).unwrap().current();
        Email::parse(&payload, Sender::Required).is_ok()
    };
    let taken = (0..300).filter(is_taken).count();
    assert!((100..300).contains(&taken), "{taken} of 300");
}
