use super::*;
use proptest::prelude::*;
use serde_json::json;

const UUID: &str = "0197a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
const EMAIL: &str = "56761188-7520-42d8-8898-ff6fc54ce618";

fn signed_at() -> Duration {
    Duration::from_secs(1_795_532_645)
}

fn event(body: &[u8]) -> Result<Value, &'static str> {
    read("msg_1", signed_at(), body).map(|event| serde_json::to_value(event).unwrap())
}

fn of(body: &Value) -> Value {
    event(body.to_string().as_bytes()).unwrap()
}

/// As npm `resend` types it.
fn whole() -> Value {
    json!({
        "type": "email.bounced",
        "created_at": "2026-11-22T23:41:12.126Z",
        "data": {
            "broadcast_id": "8b146471-e88e-4322-86af-016cd36fd216",
            "created_at": "2026-11-22T23:41:11.894719+00:00",
            "email_id": EMAIL,
            "message_id": "<abc@mail.example>",
            "from": "Acme <onboarding@acme.example>",
            "to": ["Ann <ANN@Example.com>", "bob@example.com", "<ann@example.com>"],
            "subject": "Sending this example",
            "headers": [{"name": "X-A", "value": "b"}],
            "template_id": "43f68331-0622-4e15-8202-246a0388854b",
            "bounce": {
                "message": "550 5.1.1 no such user",
                "subType": "General",
                "type": "Permanent",
                "diagnosticCode": ["smtp; 550"],
            },
            "tags": {"category": "welcome", "message_id": format!("{UUID}_0123456789ab")},
        },
    })
}

#[test]
fn a_bounce_is_read_whole() {
    let expected = json!({
        "id": "msg_1",
        "type": "email.bounced",
        "occurred_at": "2026-11-22T23:41:12.126Z",
        "provider_message_id": EMAIL,
        "message_id": UUID,
        "mark": "0123456789ab",
        "recipients": ["ann@example.com", "bob@example.com"],
        "detail": {"type": "Permanent", "subtype": "General", "text": "550 5.1.1 no such user"},
    });
    assert_eq!(of(&whole()), expected);
}

#[test]
fn each_kind_of_event_has_its_detail() {
    for (data, detail) in [
        (json!({}), Value::Null),
        (json!({"bounce": {}}), Value::Null),
        (
            json!({"bounce": {"diagnosticCode": ["smtp; 550", "x"]}}),
            json!({"text": "smtp; 550"}),
        ),
        (
            json!({"failed": {"reason": "reached_daily_quota"}}),
            json!({"reason": "reached_daily_quota"}),
        ),
        (
            json!({"suppressed": {"type": "OnAccountSuppressionList", "message": "m", "reason": "previous_bounce"}}),
            json!({"type": "OnAccountSuppressionList", "text": "m", "reason": "previous_bounce"}),
        ),
        (
            json!({"click": {"ipAddress": "192.0.2.1", "link": "https://a.example/?b", "timestamp": "t", "userAgent": "u"}}),
            json!({"ip": "192.0.2.1", "link": "https://a.example/?b", "user_agent": "u"}),
        ),
        (
            json!({"open": {"ipAddress": "192.0.2.1", "userAgent": "u"}}),
            json!({"ip": "192.0.2.1", "user_agent": "u"}),
        ),
        (
            json!({"bounce": "gone", "click": [], "open": null, "failed": 7}),
            Value::Null,
        ),
        (
            json!({"bounce": {"type": 7, "message": " ", "subType": "a\u{0}b\nc"}}),
            json!({"subtype": "a b c"}),
        ),
    ] {
        let read = of(&json!({"type": "email.x", "data": data}));
        assert_eq!(read.get("detail").cloned().unwrap_or_default(), detail);
    }
}

#[test]
fn an_entry_of_the_suppression_list_names_its_address_and_its_email() {
    let data = json!({"id": "1", "email": "Ann@Example.com", "origin": "complaint", "source_id": EMAIL, "created_at": "2026-11-22T23:41:12Z"});
    let read = of(
        &json!({"type": "suppression.added", "created_at": "2026-11-22T23:41:13Z", "data": data}),
    );
    assert_eq!(read["recipients"], json!(["ann@example.com"]));
    assert_eq!(read["provider_message_id"], EMAIL);
    assert_eq!(read["detail"], json!({"reason": "complaint"}));
}

#[test]
fn both_forms_of_tags_and_of_times_are_read() {
    for tags in [
        json!({"message_id": UUID}),
        json!([{"name": "a", "value": "b"}, {"name": "message_id", "value": UUID}]),
    ] {
        assert_eq!(
            of(&json!({"type": "a", "data": {"tags": tags}}))["message_id"],
            UUID
        );
    }
    for tags in [
        json!([]),
        json!({}),
        json!([7, {"name": "message_id"}]),
        json!({"message_id": 7}),
        json!("message_id"),
        json!({"message_id": "order-7"}),
    ] {
        let read = of(&json!({"type": "a", "data": {"tags": tags}}));
        assert_eq!(
            (&read["message_id"], &read["mark"]),
            (&Value::Null, &Value::Null),
            "{tags}"
        );
    }
    for (time, read) in [
        ("2026-10-06 23:47:56.678+00", "2026-10-06T23:47:56.678Z"),
        ("2026-10-06T23:47:56.678Z", "2026-10-06T23:47:56.678Z"),
        (
            "2026-10-06T23:47:56.678901+02:00",
            "2026-10-06T21:47:56.678Z",
        ),
        // Of no use: the time of the signature.
        ("yesterday", "2026-11-24T15:04:05.743522Z"),
    ] {
        assert_eq!(
            of(&json!({"type": "a", "created_at": time}))["occurred_at"],
            read
        );
    }
}

#[test]
fn whatever_is_missing_or_of_another_type_costs_no_event() {
    let nothing = json!({"id": "msg_1", "type": "email.new", "occurred_at": "2026-11-24T15:04:05.743522Z",
        "provider_message_id": null, "message_id": null, "mark": null, "recipients": []});
    for body in [
        json!({"type": "email.new"}),
        json!({"type": "email.new", "data": null, "created_at": 7}),
        json!({"type": "email.new", "data": [], "more": {"a": [1, 2]}}),
        json!({"type": "email.new", "data": {"to": {}, "email_id": 7, "tags": 7, "bounce": 7}}),
        json!({"type": "email.new", "data": {"to": [7, null, {}, "", "nobody", " "], "email_id": ""}}),
    ] {
        assert_eq!(of(&body), nothing, "{body}");
    }
}

#[test]
fn what_is_no_event_is_said() {
    for (body, why) in [
        ("", "JSON"),
        ("{", "JSON"),
        ("[]", "JSON"),
        ("null", "JSON"),
        ("\u{feff}{}", "JSON"),
        ("<html>", "JSON"),
        ("{}", "no type"),
        (r#"{"type":7}"#, "no type"),
        (r#"{"type":" "}"#, "no type"),
        (&format!(r#"{{"type":"{}"}}"#, "x".repeat(101)), "too long"),
    ] {
        assert!(event(body.as_bytes()).unwrap_err().contains(why), "{body}");
    }
    assert!(event(b"{\"type\":\"\xff\"}").is_err());
}

#[test]
fn events_without_a_time_that_are_signed_in_the_same_second_are_told_apart() {
    let at = |id| {
        let event = read(id, signed_at(), br#"{"type": "email.opened"}"#);
        event.unwrap().occurred_at
    };
    let (one, other) = (at("msg_1"), at("msg_2"));
    assert_ne!(one, other);
    for time in [&one, &other] {
        let parsed = time::parse(time).unwrap();
        assert_eq!(parsed.as_secs(), signed_at().as_secs(), "{time}");
    }
    assert_eq!(at("msg_1"), one, "a repetition is the same");
}

#[test]
fn a_text_that_was_cut_through_a_character_costs_no_event() {
    for (text, read) in [
        (r"smile \ud83d", "smile \u{fffd}"),
        (r"\ude00 smile", "\u{fffd} smile"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
        (r"\\ud83d \ud83d", "\\ud83d \u{fffd}"),
        (r"\ud83d\u0041", "\u{fffd}A"),
    ] {
        let body = format!(
            r#"{{"type":"email.bounced","data":{{"subject":"{text}","bounce":{{"message":"{text}"}}}}}}"#
        );
        assert_eq!(
            event(body.as_bytes()).unwrap()["detail"]["text"],
            read,
            "{text}"
        );
    }
}

#[test]
fn recipients_are_bounded_and_what_is_left_out_is_said() {
    let to = |count: usize| {
        (0..count)
            .map(|it| format!("a{it}@example.com"))
            .collect::<Vec<_>>()
    };
    for (count, cut) in [(0, None), (100, None), (101, Some(1)), (5000, Some(4900))] {
        let read = of(&json!({"type": "a", "data": {"to": to(count)}}));
        assert_eq!(read["recipients"].as_array().unwrap().len(), count.min(100));
        assert_eq!(read["detail"]["recipients_cut"].as_u64(), cut);
    }
    for (address, read) in [
        ("a@b.c", Some("a@b.c")),
        (" A@B.C ", Some("a@b.c")),
        ("\"Doe, J <x>\" <J.D+t@b.c>", Some("j.d+t@b.c")),
        ("< a@b.c >", Some("a@b.c")),
        ("a@b.c>", Some("a@b.c>")),
        ("a", None),
        ("a\n@b.c", None),
        (&format!("{}@b.c", "x".repeat(317)), None),
    ] {
        assert_eq!(bare(address).as_deref(), read, "{address}");
    }
    assert_eq!(
        of(&json!({"type": "a", "data": {"to": "Ann <a@b.c>"}}))["recipients"],
        json!(["a@b.c"])
    );
}

#[test]
fn a_detail_has_less_than_4_kb_whatever_it_says() {
    let long = "\"".repeat(5000);
    let wide = "\u{1f600}".repeat(5000);
    for text in [long, wide] {
        for data in [
            json!({"bounce": {"type": text, "subType": text, "reason": text, "message": text}, "to": vec!["a@b.c"; 2]}),
            json!({"click": {"ipAddress": text, "userAgent": text, "link": text}}),
        ] {
            let read = of(&json!({"type": "a", "data": data}));
            let bytes = read["detail"].to_string().len();
            assert!((1500..4096).contains(&bytes), "{bytes}");
        }
    }
}

/// Something like an event, with anything in it.
fn any_body() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("Ann <a@b.c>")),
        Just(json!(format!("{UUID}_0123456789ab"))),
    ];
    let names = "type|created_at|data|to|email|email_id|source_id|tags|message_id|name|value|bounce|failed|suppressed|click|open|message|diagnosticCode|ipAddress";
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..8)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_body_panics(body in any::<Vec<u8>>(), id in "[!-~]{1,256}") {
        let _ = read(&id, signed_at(), &body);
        let _ = mended(&body);
    }

    #[test]
    fn what_is_mended_is_as_long(text in r"(\\u[dD][89a-fA-F][0-9a-f]{2}|\\\\|\\n|[a-z]){0,20}") {
        let body = format!("\"{text}\"");
        let mended = mended(body.as_bytes());
        prop_assert_eq!(mended.len(), body.len());
        prop_assert!(serde_json::from_slice::<Value>(&mended).is_ok());
    }

    #[test]
    fn an_event_can_be_stored(mut body in any_body()) {
        if let Value::Object(body) = &mut body {
            body.insert("type".to_owned(), "email.delivered".into());
            let event = event(Value::Object(body.clone()).to_string().as_bytes()).unwrap();
            prop_assert!(event["recipients"].as_array().unwrap().len() <= 100);
            prop_assert!(event["detail"].to_string().len() < 4096);
            prop_assert!(!event.to_string().contains("\\u0000"));
        }
    }
}
