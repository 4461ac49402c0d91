use serde_json::json;

use super::*;

/// What Resend takes in one request.
const MAX_BATCH: usize = 100;

#[test]
fn the_request_has_the_providers_names() {
    let request = sent(json!({
        "cc": "c@d.co", "bcc": "e@f.co", "replyTo": "g@h.co", "text": "Hi", "headers": {"X-A": "1"}, "tags": {"plan": "pro"},
        "attachments": [
            {"filename": "a.txt", "content": "SGk=", "contentType": "text/plain", "contentId": "a"},
            {"path": "https://example.com/b.png"},
        ],
    }));
    let expected = json!({
        "from": "Shop <shop@example.com>", "to": ["ann@example.com"], "subject": "Hello", "cc": ["c@d.co"], "bcc": ["e@f.co"],
        "reply_to": ["g@h.co"], "html": "<p>Hi</p>", "text": "Hi", "headers": {"X-A": "1"},
        "tags": [{"name": "plan", "value": "pro"}, {"name": "message_id", "value": "id-1_0123456789ab"}],
        "attachments": [
            {"filename": "a.txt", "content": "SGk=", "content_type": "text/plain", "content_id": "a"},
            {"path": "https://example.com/b.png"},
        ],
    });
    assert_eq!(request, expected);
}

#[test]
fn the_bytes_do_not_depend_on_the_order_of_the_payload() {
    let read =
        |text: &str| Email::parse(&serde_json::from_str(text).unwrap(), Sender::Required).unwrap();
    let one = read(
        r#"{"from":"a@b.co","to":"c@d.co","subject":"s","text":"t","headers":{"X-B":"2","X-A":"1","a":"3"},
            "tags":[{"name":"z","value":"1"},{"name":"b","value":"2"}]}"#,
    );
    let other = read(
        r#"{"tags":{"b":"2","z":"1"},"headers":{"a":"3","X-A":"1","X-B":"2"},"text":"t",
            "subject":"s","to":[{"name":"","email":"c@D.co"}],"from":"a@b.co"}"#,
    );
    assert_eq!(bytes(&one), bytes(&other));
    let text = String::from_utf8(bytes(&one)).unwrap();
    assert!(text.contains(r#""headers":{"X-A":"1","X-B":"2","a":"3"},"tags":[{"name":"b","value":"2"},{"name":"z","value":"1"},{"name":"message_id""#), "{text}");
}

#[test]
fn the_tag_of_version_2_has_the_mark_and_the_rest_is_version_1() {
    let email = parse(json!({"tags": {"plan": "pro"}})).unwrap();
    let member = Member {
        id: "id-1",
        mark: Some(MARK),
        email: &email,
    };
    let [one, two] = [1, 2].map(|version| {
        String::from_utf8(encode(version, Endpoint::Single, &[member]).unwrap()).unwrap()
    });
    assert_eq!(one.replace("id-1", "id-1_0123456789ab"), two);
}

#[test]
fn a_batch_keeps_the_order_of_its_members() {
    let emails =
        ["one", "two", "three"].map(|subject| parse(json!({ "subject": subject })).unwrap());
    let members = [2, 0, 1].map(|i| Member {
        id: ["a", "b", "c"][i],
        mark: None,
        email: &emails[i],
    });
    let batch: Value =
        serde_json::from_slice(&encode(1, Endpoint::Batch, &members).unwrap()).unwrap();
    for (index, (subject, id)) in [("three", "c"), ("one", "a"), ("two", "b")]
        .into_iter()
        .enumerate()
    {
        assert_eq!(batch[index]["subject"], subject);
        assert_eq!(
            batch[index]["tags"],
            json!([{"name": "message_id", "value": id}])
        );
    }
    // One member of a batch is still a list: the endpoint decides, not the number.
    let one: Value =
        serde_json::from_slice(&encode(1, Endpoint::Batch, &members[..1]).unwrap()).unwrap();
    assert_eq!(one.as_array().unwrap().len(), 1);
}

#[test]
fn a_body_is_written_into_one_piece_of_memory_that_fits() {
    // One letter of 16 is escaped, which is what there is room for.
    let html = "fifteen letters\n".repeat(10_000);
    let file = json!([{"filename": "a", "content": "A".repeat(4000)}]);
    let body = bytes(&parse(json!({"content": html, "attachments": file})).unwrap());
    // A kilobyte is for the rest. Grown, it would be twice the size.
    let most = body.len() + 1024;
    let room = body.capacity();
    assert!((body.len()..most).contains(&room), "{}: {room}", body.len());
}

#[test]
fn what_cannot_be_one_request_is_an_error() {
    let email = parse(json!({})).unwrap();
    let member = Member {
        id: "id-1",
        mark: None,
        email: &email,
    };
    for version in [0, 3, u16::MAX] {
        let error = encode(version, Endpoint::Single, &[member]).unwrap_err();
        assert!(matches!(error, EncodeError::UnknownVersion(unknown) if unknown == version));
    }
    for (endpoint, count) in [
        (Endpoint::Single, 0),
        (Endpoint::Single, 2),
        (Endpoint::Batch, 0),
        (Endpoint::Batch, MAX_BATCH + 1),
    ] {
        let error = encode(1, endpoint, &vec![member; count]).unwrap_err();
        assert!(
            matches!(error, EncodeError::MemberCount { endpoint: e, count: c } if (e, c) == (endpoint, count))
        );
    }
    assert!(encode(1, Endpoint::Batch, &[member; MAX_BATCH]).is_ok());

    for mark in [None, Some(""), Some("0123456789AB"), Some("0123456789abc")] {
        let error = encode(2, Endpoint::Single, &[Member { mark, ..member }]).unwrap_err();
        assert!(matches!(error, EncodeError::InvalidMark));
    }

    let attached = parse(json!({"attachments": [{"path": "https://example.com/a.pdf"}]})).unwrap();
    let error = encode(
        1,
        Endpoint::Batch,
        &[
            member,
            Member {
                id: "id-2",
                mark: None,
                email: &attached,
            },
        ],
    )
    .unwrap_err();
    assert!(matches!(error, EncodeError::Attachments { index: 1 }));

    let anonymous = Email::parse(&payload(json!({"from": null})), Sender::Optional).unwrap();
    let error = encode(
        1,
        Endpoint::Batch,
        &[
            member,
            Member {
                id: "id-2",
                mark: None,
                email: &anonymous,
            },
        ],
    )
    .unwrap_err();
    assert!(matches!(error, EncodeError::MissingSender { index: 1 }));

    for id in ["", "a b", "a\n", "ü", &"x".repeat(257)] {
        let error = encode(
            1,
            Endpoint::Single,
            &[Member {
                id,
                mark: None,
                email: &email,
            }],
        )
        .unwrap_err();
        assert!(matches!(error, EncodeError::InvalidId { index: 0 }));
    }
    let longest = "x".repeat(256);
    assert!(
        encode(
            1,
            Endpoint::Single,
            &[Member {
                id: &longest,
                mark: None,
                email: &email
            }]
        )
        .is_ok()
    );
}
