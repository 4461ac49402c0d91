use serde_json::json;

use super::*;

fn many(count: usize, item: Value) -> Value {
    vec![item; count].into()
}

fn named(count: usize) -> Value {
    let pair = |index| (format!("x-{index}"), json!("x"));
    Value::Object((0..count).map(pair).collect())
}

#[test]
fn counts_and_lengths_are_held_to_the_last_one() {
    let attachment = |field: &str, length: usize| {
        let mut attachment = json!({"filename": "f", "path": "https://a.co/f"});
        attachment[field] = match field {
            "path" => format!("https://a.co/{}", "x".repeat(length - 13)),
            "contentType" => format!("text/{}", "x".repeat(length - 5)),
            _ => "x".repeat(length),
        }
        .into();
        json!({"attachments": [{"filename": "g", "content": "QUJD"}, attachment]})
    };
    let attachments =
        |count| json!({"attachments": many(count, json!({"filename": "f", "content": "QUJD"}))});
    let header =
        |name: usize, value: usize| json!({"headers": {("X".repeat(name)): "v".repeat(value)}});
    let variables =
        |count| json!({"content": null, "template": {"id": "t", "variables": named(count)}});
    let name = |length: usize| json!({"to": {"email": "a@b.co", "name": "\u{e9}".repeat(length)}});
    let text = |length: usize| json!({"to": format!("{} <a@b.co>", "\u{e9}".repeat(length - 9))});
    taken([
        json!({"headers": named(50)}),
        header(126, 4096),
        attachments(100),
        attachment("filename", 255),
        attachment("contentType", 255),
        attachment("path", 2048),
        variables(100),
        name(256),
        text(520),
    ]);
    let long_name = "has a name of more than 256 characters";
    refused([
        (
            json!({"headers": named(51)}),
            "headers",
            "must have at most 50 headers",
        ),
        (
            header(127, 1),
            "headers.?",
            "a header's name must have at most 126 characters",
        ),
        (
            header(3, 4097),
            "headers.XXX",
            "must have at most 4096 characters",
        ),
        (
            attachments(101),
            "attachments",
            "must have at most 100 attachments",
        ),
        (
            attachment("filename", 256),
            "attachments[1].filename",
            "must have at most 255 characters",
        ),
        (
            attachment("contentType", 256),
            "attachments[1].contentType",
            "must have at most 255 characters",
        ),
        (
            attachment("path", 2049),
            "attachments[1].path",
            "must have at most 2048 characters",
        ),
        (
            variables(101),
            "template.variables",
            "must have at most 100 variables",
        ),
        (name(257), "to.name", long_name),
        (text(521), "to", long_name),
    ]);
}

#[test]
fn values_are_counted_with_the_payload_and_all_that_is_inside() {
    let with = |tags: Value| check_limits(payload(json!({ "tags": tags })).as_object().unwrap());
    // The payload, four texts, the list, 600 objects of three values each, and 194 more.
    let pair = json!({"name": "a", "value": "b"});
    let tags = |pairs: usize, rest: usize| {
        let mut tags = vec![pair.clone(); pairs];
        tags.extend(vec![json!(1); rest]);
        with(tags.into())
    };
    assert_eq!(tags(600, 194), Ok(()));
    let error = tags(600, 195).unwrap_err().of_payload();
    assert_eq!(error.to_string(), "payload: has more than 2000 values");
}

#[test]
fn own_sentences_are_as_they_were_written_once_they_are_scrubbed() {
    for fields in [
        json!({"to": "ann"}),
        json!({"to": "a@b@c.co"}),
        json!({"to": format!("{}@b.co", "a".repeat(65))}),
        json!({"to": "\u{e9}@b.co"}),
        json!({"to": ".a@b.co"}),
        json!({"to": "a@b"}),
        json!({"to": "a@b.co, c@d.co"}),
        json!({"to": "a@b.co>"}),
        json!({"to": 1}),
    ] {
        let error = parse(fields).unwrap_err().to_string();
        assert_eq!(crate::base::scrub(&error), error);
    }
}
