use serde_json::{Value, json};

use super::*;
use crate::email::Mailbox;

/// How `to` is written in the request.
#[track_caller]
fn written(to: Value) -> Value {
    sent(json!({ "to": to }))["to"].clone()
}

#[test]
fn every_form_of_an_address_is_read() {
    for (to, expected) in [
        (json!("a@b.co"), json!(["a@b.co"])),
        (json!("  a@b.co "), json!(["a@b.co"])),
        (json!("<a@b.co>"), json!(["a@b.co"])),
        (json!("Ann <a@b.co>"), json!(["Ann <a@b.co>"])),
        (json!("Ann<a@b.co>"), json!(["Ann <a@b.co>"])),
        (json!("Ann  Lee < a@b.co >"), json!(["Ann  Lee <a@b.co>"])),
        (json!("Änne 🦀 <a@b.co>"), json!(["Änne 🦀 <a@b.co>"])),
        (json!({"email": "a@b.co"}), json!(["a@b.co"])),
        (json!({"email": "a@b.co", "name": null}), json!(["a@b.co"])),
        (json!({"email": "a@b.co", "name": "  "}), json!(["a@b.co"])),
        (
            json!({"email": " a@b.co ", "name": " Ann "}),
            json!(["Ann <a@b.co>"]),
        ),
        (
            json!(["a@b.co", {"email": "c@d.co", "name": "C"}]),
            json!(["a@b.co", "C <c@d.co>"]),
        ),
    ] {
        assert_eq!(written(to), expected);
    }
}

#[test]
fn names_with_specials_are_quoted() {
    for (name, expected) in [
        ("Lee, Ann", r#""Lee, Ann" <a@b.co>"#),
        ("Acme Inc.", r#""Acme Inc." <a@b.co>"#),
        ("Ann (sales)", r#""Ann (sales)" <a@b.co>"#),
        ("a@b.co", r#""a@b.co" <a@b.co>"#),
        ("x <evil@b.co>", r#""x <evil@b.co>" <a@b.co>"#),
        (r#"Ann "Bee" \ Lee"#, r#""Ann \"Bee\" \\ Lee" <a@b.co>"#),
        ("a;b:c[d]", r#""a;b:c[d]" <a@b.co>"#),
        ("O'Neil-Lee!", "O'Neil-Lee! <a@b.co>"),
    ] {
        assert_eq!(
            written(json!({"email": "a@b.co", "name": name})),
            json!([expected])
        );
    }
}

#[test]
fn quoted_names_are_taken_out_of_their_quotes_first() {
    for (to, expected) in [
        (r#""Ann" <a@b.co>"#, "Ann <a@b.co>"),
        (r#""Lee, Ann" <a@b.co>"#, r#""Lee, Ann" <a@b.co>"#),
        (r#""A \"B\" \\ C" <a@b.co>"#, r#""A \"B\" \\ C" <a@b.co>"#),
        (r#""x <y@z.co>, w" <a@b.co>"#, r#""x <y@z.co>, w" <a@b.co>"#),
        (r#""" <a@b.co>"#, "a@b.co"),
        ("Lee, Ann <a@b.co>", r#""Lee, Ann" <a@b.co>"#),
        ("a@b.co <a@b.co>", r#""a@b.co" <a@b.co>"#),
    ] {
        assert_eq!(written(json!(to)), json!([expected]));
        // What is written reads back as the same.
        assert_eq!(written(json!([expected])), json!([expected]));
    }
}

#[test]
fn malformed_addresses_are_refused() {
    for (to, message) in [
        ("", "must not be empty"),
        ("  ", "must not be empty"),
        ("Ann <>", "must not be empty"),
        ("ann", "has no at sign"),
        ("a@b@c.co", "more than one at sign"),
        ("Ann <a@b.co", "malformed"),
        ("a@b.co>", "without a <"),
        ("Ann <a@b.co> x", "malformed"),
        ("<a@b.co> <c@d.co>", "in quotes"),
        (r#""Ann <a@b.co>"#, "quotes do not match"),
        (r#""Ann" Lee <a@b.co>"#, "quotes do not match"),
        (r#""Ann\" <a@b.co>"#, "quotes do not match"),
        (r#"Ann "Bee" <a@b.co>"#, "in quotes"),
        ("a@b.co, c@d.co", "use a list"),
        ("a@b.co;c@d.co", "use a list"),
        ("a@b.co, C <c@d.co>", "use a list"),
        ("A <a@b.co>, C <c@d.co>", "use a list"),
        ("Ann\r\nBcc: x@y.co <a@b.co>", "control"),
        ("a@b.co\n", "control"),
        ("a\tb <a@b.co>", "control"),
        ("a@b.co\0", "NUL"),
        ("@b.co", "before the at sign is malformed"),
        (".a@b.co", "before the at sign is malformed"),
        ("a.@b.co", "before the at sign is malformed"),
        ("a..b@b.co", "before the at sign is malformed"),
        ("a b@b.co", "before the at sign is malformed"),
        ("a,b@b.co", "before the at sign is malformed"),
        (r#""a b"@b.co"#, "before the at sign is malformed"),
        ("mailto:a@b.co", "before the at sign is malformed"),
        ("änne@b.co", "must be ASCII"),
        ("a@bücher.example", "punycode"),
        ("a@b", "domain is malformed"),
        ("a@", "domain is malformed"),
        ("a@.co", "domain is malformed"),
        ("a@b.", "domain is malformed"),
        ("a@b.co.", "domain is malformed"),
        ("a@b..co", "domain is malformed"),
        ("a@-b.co", "domain is malformed"),
        ("a@b-.co", "domain is malformed"),
        ("a@b_c.co", "domain is malformed"),
        ("a@b c.co", "domain is malformed"),
        ("a@[127.0.0.1]", "domain is malformed"),
        ("a@127.0.0.1", "domain is malformed"),
    ] {
        refused([
            (json!({ "to": to }), "to", message),
            (json!({ "cc": ["a@b.co", to] }), "cc[1]", message),
            (json!({ "from": to }), "from", message),
        ]);
    }
}

#[test]
fn unusual_but_valid_addresses_are_taken() {
    for to in [
        "a+b.c_d-e@b.co",
        "!#$%&'*/=?^`{|}~@b.co",
        "1@2.co",
        "a@xn--bcher-kva.example",
        "a@b.c.d.e.co",
        "a@1-2.co",
        "delivered+label@mail.example",
    ] {
        taken([json!({ "to": to })]);
    }
}

#[test]
fn lengths_are_held_to_the_character() {
    let local = |n: usize| format!("{}@b.co", "a".repeat(n));
    taken([json!({"to": local(64)})]);
    refused([(json!({"to": local(65)}), "to", "longer than 64")]);

    let label = |n: usize| format!("a@{}.co", "b".repeat(n));
    taken([json!({"to": label(63)})]);
    refused([(json!({"to": label(64)}), "to", "domain is malformed")]);

    let exactly = |n: usize| {
        format!(
            "{}@{}.{}.{}.co",
            "a".repeat(64),
            "b".repeat(63),
            "c".repeat(63),
            "d".repeat(n - 196)
        )
    };
    assert_eq!(exactly(254).len(), 254);
    taken([json!({"to": exactly(254)})]);
    refused([(json!({"to": exactly(255)}), "to", "longer than 254")]);
}

#[test]
fn objects_hold_a_bare_address_and_a_name_only() {
    refused([
        (json!({"to": {"name": "Ann"}}), "to.email", "required"),
        (json!({"to": {"email": 1}}), "to.email", "must be a string"),
        (json!({"to": {"email": "a@b"}}), "to.email", "domain"),
        (
            json!({"to": {"email": "A <a@b.co>"}}),
            "to.email",
            "malformed",
        ),
        (json!({"to": {"email": "a@b.co\n"}}), "to.email", "control"),
        (
            json!({"to": {"email": "a@b.co", "name": 1}}),
            "to.name",
            "must be a string",
        ),
        (
            json!({"to": {"email": "a@b.co", "name": "A\rB"}}),
            "to.name",
            "control",
        ),
        (
            json!({"to": [{"email": "a@b.co", "name": "A\u{7f}B"}]}),
            "to[0].name",
            "control",
        ),
        (
            json!({"to": {"address": "a@b.co"}}),
            "to.address",
            "did you mean email?",
        ),
        (
            json!({"to": {"email": "a@b.co", "x": 1}}),
            "to.x",
            "unknown field",
        ),
        (json!({"to": 1}), "to", "an address or {email, name}"),
        (
            json!({"to": [["a@b.co"]]}),
            "to[0]",
            "an address or {email, name}",
        ),
        (
            json!({"to": [null]}),
            "to[0]",
            "an address or {email, name}",
        ),
    ]);
}

#[test]
fn a_single_mailbox_can_be_checked_alone() {
    let mailbox = Mailbox::parse(&json!("Shop <shop@Example.COM>"), "from").unwrap();
    assert_eq!(mailbox.domain(), "example.com");
    assert_eq!(mailbox.to_header(), "Shop <shop@example.com>");
    assert_eq!(
        Mailbox::parse(&json!("x"), "from").unwrap_err().field,
        "from"
    );
}

#[test]
fn the_local_part_keeps_its_case_and_the_domain_does_not() {
    assert_eq!(
        written(json!("Ann.Lee@Example.COM")),
        json!(["Ann.Lee@example.com"])
    );
}
