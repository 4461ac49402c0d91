use serde_json::json;

use super::*;

#[test]
fn the_payload_is_an_object() {
    for payload in [json!(null), json!([]), json!("x"), json!(1)] {
        let error = Email::parse(&payload, Sender::Optional).unwrap_err();
        assert_eq!(error.to_string(), "payload: must be an object");
    }
}

#[test]
fn from_is_required_before_sending_and_optional_at_enqueue() {
    let anonymous = payload(json!({"from": null}));
    assert_eq!(
        Email::parse(&anonymous, Sender::Required)
            .unwrap_err()
            .to_string(),
        "from: is required"
    );
    assert_eq!(
        Email::parse(&anonymous, Sender::Optional)
            .unwrap()
            .sender_domain(),
        None
    );
    // A null that was written counts as absent.
    let null = json!({"from": null, "to": "a@b.co", "subject": "s", "content": "c", "cc": null, "text": null});
    assert!(Email::parse(&null, Sender::Optional).is_ok());
    assert_eq!(
        Email::parse(&null, Sender::Required).unwrap_err().field,
        "from"
    );
    // Given, it is checked in either case.
    let wrong = payload(json!({"from": "x"}));
    assert_eq!(
        Email::parse(&wrong, Sender::Optional).unwrap_err().field,
        "from"
    );
    refused([(json!({"from": ["a@b.co"]}), "from", "an address")]);
}

#[test]
fn recipients_are_one_to_fifty_a_list() {
    let many = |n: usize| json!((0..n).map(|i| format!("u{i}@b.co")).collect::<Vec<_>>());
    refused([
        (json!({"to": null}), "to", "is required"),
        (json!({"to": []}), "to", "at least one"),
        (json!({"to": many(51)}), "to", "at most 50"),
        (json!({"cc": many(51)}), "cc", "at most 50"),
        (json!({"bcc": many(51)}), "bcc", "at most 50"),
        (json!({"replyTo": many(51)}), "replyTo", "at most 50"),
    ]);
    let most = parse(json!({"to": many(50), "cc": many(50), "bcc": many(50), "replyTo": many(50)}))
        .unwrap();
    assert_eq!(most.recipients(), 150);
    assert_eq!(
        parse(json!({"cc": [], "bcc": [], "replyTo": []}))
            .unwrap()
            .recipients(),
        1
    );
}

#[test]
fn an_address_in_any_field_is_checked() {
    for field in ["to", "cc", "bcc", "from", "replyTo"] {
        refused([(
            json!({field: "nobody"}),
            field,
            "not a valid e-mail address",
        )]);
    }
    for field in ["to", "cc", "bcc", "replyTo"] {
        let path = format!("{field}[1]");
        refused([(
            json!({field: ["a@b.co", "nobody"]}),
            &path,
            "not a valid e-mail address",
        )]);
    }
}

#[test]
fn a_subject_is_one_line_and_required_without_a_template() {
    refused([
        (json!({"subject": null}), "subject", "is required"),
        (json!({"subject": ""}), "subject", "must not be empty"),
        (json!({"subject": "  "}), "subject", "must not be empty"),
        (json!({"subject": 1}), "subject", "must be a string"),
        (
            json!({"subject": "x".repeat(981)}),
            "subject",
            "at most 980",
        ),
        (json!({"subject": "a\rb"}), "subject", "control"),
        (json!({"subject": "a\nBcc: x@y.co"}), "subject", "control"),
        (json!({"subject": "a\0b"}), "subject", "NUL"),
        (json!({"subject": "a\tb"}), "subject", "control"),
        (json!({"subject": "a\u{1b}b"}), "subject", "control"),
        (json!({"subject": "a\u{7f}b"}), "subject", "control"),
        (json!({"subject": "a\u{85}b"}), "subject", "control"),
        (
            json!({"subject": "a\n", "content": null, "template": {"id": "t"}}),
            "subject",
            "control",
        ),
    ]);
    taken([json!({"subject": "é".repeat(980)})]);
    assert_eq!(
        sent(json!({"subject": "Größe 🦀 \"x\""}))["subject"],
        "Größe 🦀 \"x\""
    );
}

#[test]
fn something_is_in_the_body() {
    refused([
        (
            json!({"content": null}),
            "content",
            "content, text or template is required",
        ),
        (
            json!({"content": ""}),
            "content",
            "content, text or template is required",
        ),
        (
            json!({"content": null, "text": ""}),
            "content",
            "content, text or template is required",
        ),
        (json!({"content": 1}), "content", "must be a string"),
        (json!({"text": ["x"]}), "text", "must be a string"),
        (json!({"content": "a\0"}), "content", "NUL"),
        (json!({"text": "a\0"}), "text", "NUL"),
    ]);
    let request = sent(json!({"content": "<p>\r\n\t</p>"}));
    assert_eq!(request["html"], "<p>\r\n\t</p>");
    assert_eq!(request.get("text"), None);
    // Empty text is said: it tells Resend not to make any from the HTML.
    assert_eq!(sent(json!({"text": ""}))["text"], "");
    let plain = sent(json!({"content": null, "text": "Hi\n"}));
    assert_eq!(plain["text"], "Hi\n");
    assert_eq!(plain.get("html"), None);
    assert_eq!(sent(json!({"content": "", "text": "Hi"})).get("html"), None);
}

#[test]
fn a_template_replaces_the_body() {
    let templated =
        |template: Value| json!({"content": null, "subject": null, "template": template});
    refused([
        (json!({"template": {"id": "t"}}), "template", "excludes"),
        (
            json!({"content": null, "text": "x", "template": {"id": "t"}}),
            "template",
            "excludes",
        ),
        (
            json!({"content": null, "text": "", "template": {"id": "t"}}),
            "template",
            "excludes",
        ),
        (templated(json!("t")), "template", "must be an object"),
        (templated(json!({})), "template.id", "is required"),
        (
            templated(json!({"id": 1})),
            "template.id",
            "must be a string",
        ),
        (
            templated(json!({"id": " "})),
            "template.id",
            "must not be empty",
        ),
        (templated(json!({"id": "a\nb"})), "template.id", "control"),
        (
            templated(json!({"id": "t", "variables": []})),
            "template.variables",
            "must be an object",
        ),
        (
            templated(json!({"id": "t", "variables": {"A": true}})),
            "template.variables.A",
            "string or a number",
        ),
        (
            templated(json!({"id": "t", "variables": {"A": {}}})),
            "template.variables.A",
            "string or a number",
        ),
        (
            templated(json!({"id": "t", "variables": {"A": null}})),
            "template.variables.A",
            "string or a number",
        ),
        (
            templated(json!({"id": "t", "variables": {"A": "\0"}})),
            "template.variables.A",
            "NUL",
        ),
        (
            templated(json!({"id": "t", "variables": {"": "x"}})),
            "template.variables.?",
            "name",
        ),
        (
            templated(json!({"id": "t", "variables": {"a\nb": "x"}})),
            "template.variables.?",
            "name",
        ),
        (
            templated(json!({"id": "t", "vars": {}})),
            "template.vars",
            "did you mean variables?",
        ),
    ]);
    let template =
        json!({"id": "welcome", "variables": {"NAME": "Ann\nLee", "COUNT": 3, "PRICE": 1.5}});
    let email = parse(templated(template.clone())).unwrap();
    assert!(email.is_templated());
    let request = sent(templated(template.clone()));
    assert_eq!(request["template"], template);
    assert_eq!(request.get("subject"), None);
    assert_eq!(
        sent(templated(json!({"id": "t"})))["template"],
        json!({"id": "t"})
    );
    let own = json!({"content": null, "subject": "Mine", "template": {"id": "t"}});
    assert_eq!(sent(own)["subject"], "Mine");
}

#[test]
fn unknown_fields_are_refused_with_a_hint() {
    for (field, hint) in [
        ("html", "did you mean content?"),
        ("body", "did you mean content?"),
        ("reply_to", "did you mean replyTo?"),
        ("reply-to", "did you mean replyTo?"),
        ("replyto", "did you mean replyTo?"),
        ("Subject", "did you mean subject?"),
        ("CC", "did you mean cc?"),
        ("text_body", "did you mean text?"),
        ("recipients", "did you mean to?"),
        ("template_id", "did you mean template?"),
        ("attachment", "did you mean attachments?"),
    ] {
        refused([(json!({field: "x"}), field, hint)]);
    }
    let error = parse(json!({"scheduledFor": "x"})).unwrap_err();
    assert_eq!(error.to_string(), "scheduledFor: unknown field");
    // The name could be anything, and errors go into logs.
    refused([(json!({"bob@example.com": "x"}), "?", "unknown field")]);
}

#[test]
fn questions_about_an_email() {
    let email = parse(json!({
        "from": "Shop <shop@Mail.Example.COM>", "to": ["a@b.co", "c@d.co"], "cc": "e@f.co", "bcc": ["g@h.co"], "replyTo": "i@j.co",
    }))
    .unwrap();
    assert_eq!(email.sender_domain(), Some("mail.example.com"));
    assert_eq!(email.recipients(), 4);
    assert!(!email.has_attachments());
    assert!(!email.is_templated());
    let attached = parse(json!({"attachments": [{"path": "https://example.com/a.pdf"}]})).unwrap();
    assert!(attached.has_attachments());
    assert!(!parse(json!({"attachments": []})).unwrap().has_attachments());
}

#[test]
fn debug_shows_no_address_subject_or_body() {
    let email = parse(json!({
        "from": "Secret <secret@secret.co>", "to": "Secret <secret@secret.co>", "replyTo": "secret@secret.co",
        "subject": "Secret", "content": "Secret", "text": "Secret", "headers": {"X-Secret": "Secret"},
        "tags": {"secret": "Secret"}, "attachments": [{"filename": "Secret.txt", "content": "U2VjcmV0"}],
    }))
    .unwrap();
    let mailbox = crate::email::Mailbox::parse(&json!("Secret <secret@secret.co>"), "to").unwrap();
    let member = Member {
        id: "id-1",
        mark: None,
        email: &email,
    };
    let shown = format!("{email:?} {email:#?} {mailbox:?} {member:?}").to_lowercase();
    assert!(!shown.contains("secret"), "{shown}");
    assert!(!shown.contains("u2vj"), "{shown}");
    let counts = "Email { recipients: 1, attachments: 1, templated: false, .. }";
    assert_eq!(format!("{email:?}"), counts);
    assert_eq!(format!("{mailbox:?}"), "Mailbox(redacted)");
}
