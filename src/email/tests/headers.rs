use serde_json::json;

use super::*;

#[test]
fn headers_hold_one_printable_line() {
    let header = |name: &str, value: Value| json!({"headers": {name: value}});
    refused([
        (json!({"headers": []}), "headers", "must be an object"),
        (
            header("X-Foo", json!(1)),
            "headers.X-Foo",
            "must be a string",
        ),
        (
            header("X-Foo", json!(null)),
            "headers.X-Foo",
            "must be a string",
        ),
        (
            header("X-Foo", json!("a\r\nBcc: x@y.co")),
            "headers.X-Foo",
            "control",
        ),
        (header("X-Foo", json!("a\nb")), "headers.X-Foo", "control"),
        (header("X-Foo", json!("a\tb")), "headers.X-Foo", "control"),
        (header("X-Foo", json!("a\0b")), "headers.X-Foo", "NUL"),
        (header("", json!("x")), "headers.?", "printable ASCII"),
        (header("X Foo", json!("x")), "headers.?", "printable ASCII"),
        (header("X:Foo", json!("x")), "headers.?", "printable ASCII"),
        (
            header("X-Foo\r\nBcc", json!("x")),
            "headers.?",
            "printable ASCII",
        ),
        (header("X-Fü", json!("x")), "headers.?", "printable ASCII"),
        (
            header("X-\u{7f}", json!("x")),
            "headers.?",
            "printable ASCII",
        ),
        (
            json!({"headers": {"X-Foo": "1", "x-foo": "2"}}),
            "headers.x-foo",
            "given twice",
        ),
    ]);
    let one_click = json!({
        "List-Unsubscribe": "<https://example.com/u/1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "X-Entity-Ref-ID": "", "X-Unicode": "größer", "X-!#$%": "x",
    });
    assert_eq!(sent(json!({"headers": one_click}))["headers"], one_click);
    assert_eq!(sent(json!({"headers": {}})).get("headers"), None);
}

#[test]
fn headers_that_others_write_are_refused_in_any_case() {
    for name in [
        "From",
        "To",
        "Cc",
        "Bcc",
        "Subject",
        "Date",
        "Message-ID",
        "Return-Path",
        "MIME-Version",
        "MIME-X",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-ID",
        "DKIM-Signature",
        "DKIM-X",
    ] {
        for name in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            let path = format!("headers.{name}");
            refused([(json!({"headers": {name: "x"}}), &path, "not yours to set")]);
        }
    }
    for name in [
        "X-From",
        "To-Do",
        "Dates",
        "Subject-Id",
        "Contents",
        "Mimes",
        "DKIM",
        "References",
        "In-Reply-To",
    ] {
        taken([json!({"headers": {name: "x"}})]);
    }
}

#[test]
fn tags_are_of_a_narrow_alphabet() {
    let long = "x".repeat(256);
    let longer = "x".repeat(257);
    refused([
        (
            json!({"tags": "x"}),
            "tags",
            "list of {name, value} or an object",
        ),
        (json!({"tags": ["x"]}), "tags[0]", "must be an object"),
        (
            json!({"tags": [{"value": "x"}]}),
            "tags[0].name",
            "is required",
        ),
        (
            json!({"tags": [{"name": "x"}]}),
            "tags[0].value",
            "is required",
        ),
        (
            json!({"tags": [{"name": 1, "value": "x"}]}),
            "tags[0].name",
            "must be a string",
        ),
        (
            json!({"tags": [{"name": "x", "value": 1}]}),
            "tags[0].value",
            "must be a string",
        ),
        (
            json!({"tags": [{"name": "", "value": "x"}]}),
            "tags[0].name",
            "1 to 256",
        ),
        (
            json!({"tags": [{"name": "x", "value": ""}]}),
            "tags[0].value",
            "1 to 256",
        ),
        (
            json!({"tags": [{"name": "a b", "value": "x"}]}),
            "tags[0].name",
            "1 to 256",
        ),
        (
            json!({"tags": [{"name": "x", "value": "ann@example.com"}]}),
            "tags[0].value",
            "1 to 256",
        ),
        (
            json!({"tags": [{"name": "x", "value": "ü"}]}),
            "tags[0].value",
            "1 to 256",
        ),
        (
            json!({"tags": [{"name": longer, "value": "x"}]}),
            "tags[0].name",
            "1 to 256",
        ),
        (
            json!({"tags": [{"name": "x", "value": longer}]}),
            "tags[0].value",
            "1 to 256",
        ),
        (
            json!({"tags": [{"key": "x", "value": "y"}]}),
            "tags[0].key",
            "did you mean name?",
        ),
        (
            json!({"tags": [{"name": "x", "value": "y"}, {"name": "x", "value": "z"}]}),
            "tags[1].name",
            "twice",
        ),
        (
            json!({"tags": [{"name": "message_id", "value": "x"}]}),
            "tags[0].name",
            "reserved",
        ),
        (
            json!({"tags": {"message_id": "x"}}),
            "tags.message_id",
            "reserved",
        ),
        (
            json!({"tags": {"plan": 1}}),
            "tags.plan",
            "must be a string",
        ),
        (json!({"tags": {"plan": "a b"}}), "tags.plan", "1 to 256"),
        (json!({"tags": {"a b": "x"}}), "tags.?", "1 to 256"),
    ]);
    taken([
        json!({"tags": [{"name": long, "value": long}]}),
        json!({"tags": {"aZ09_-": "aZ09_-"}}),
        json!({"tags": []}),
        json!({"tags": {}}),
    ]);
}

#[test]
fn tags_are_at_most_forty_nine_beside_ours() {
    let list = |n: usize| {
        json!(
            (0..n)
                .map(|i| json!({"name": format!("t{i}"), "value": "x"}))
                .collect::<Vec<_>>()
        )
    };
    assert_eq!(
        sent(json!({"tags": list(49)}))["tags"]
            .as_array()
            .unwrap()
            .len(),
        50
    );
    refused([(json!({"tags": list(50)}), "tags", "more than 49")]);
}

#[test]
fn a_header_or_a_tag_may_be_named_as_what_it_is_in() {
    for (fields, field) in [
        (json!({"headers": {"headers": "a\nb"}}), "headers.headers"),
        (json!({"tags": {"tags": "é"}}), "tags.tags"),
        (json!({"payload": 1}), "payload"),
        (
            json!({"template": {"id": "a", "template": 1}}),
            "template.template",
        ),
    ] {
        let mut payload = payload(fields);
        if payload.get("template").is_some() {
            payload.as_object_mut().unwrap().remove("content");
        }
        let error = Email::parse(&payload, Sender::Required).unwrap_err();
        assert_eq!(error.field, field);
        let error = Email::check(&payload, Sender::Required, "payload").unwrap_err();
        assert_eq!(error.field, format!("payload.{field}"));
    }
    let error = Email::check(&json!(1), Sender::Required, "payload").unwrap_err();
    assert_eq!(error.field, "payload");
}
