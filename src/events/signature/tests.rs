use super::*;
use proptest::prelude::*;

/// Svix' and Standard Webhooks' published examples: secret, id, timestamp, body, signature.
const PUBLISHED: [(&str, &str, &str, &str, &str); 2] = [
    (
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        "1649367553",
        r#"{"email":"test@example.com","username":"test_user"}"#,
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    ),
    (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        r#"{"test": 2432232314}"#,
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
];

fn admits(secrets: &str, id: &str, at: &str, body: &str, signatures: &str) -> bool {
    let now = Duration::from_secs(at.parse().unwrap());
    let secrets = Secrets::parse(secrets).unwrap();
    let signed = Signed::read(Some(id), Some(at), Some(signatures), now);
    signed.is_ok_and(|signed| signed.admits(&secrets, body.as_bytes()))
}

#[test]
fn the_published_examples_are_admitted() {
    for (secret, id, at, body, signature) in PUBLISHED {
        assert!(admits(secret, id, at, body, signature));
    }
}

#[test]
fn what_was_signed_otherwise_is_not() {
    let (secret, id, at, body, signature) = PUBLISHED[0];
    let bare = signature.strip_prefix("v1,").unwrap();
    assert!(!admits(PUBLISHED[1].0, id, at, body, signature));
    assert!(!admits(secret, "msg_other", at, body, signature));
    assert!(!admits(secret, id, "1649367554", body, signature));
    assert!(!admits(
        secret,
        id,
        at,
        &body.replace("test_user", "test_uses"),
        signature
    ));
    assert!(!admits(secret, id, at, "", signature));
    for signatures in [
        "",
        " ",
        "v1",
        "v1,",
        bare,
        &format!("v1a,{bare}"),
        &format!("v2,{bare}"),
        &format!("v1:{bare}"),
        &format!("v1,{}", bare.replace('1', "2")),
        &format!("v1,{}", bare.to_lowercase()),
        &format!("v1,{bare}{bare}"),
        &format!("v1,{}", &bare[..20]),
        "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "v1,\u{fc}\u{fc}\u{fc}",
    ] {
        assert!(!admits(secret, id, at, body, signatures), "{signatures}");
    }
}

#[test]
fn any_signature_of_a_list_is_enough_and_any_of_the_secrets() {
    let (secret, id, at, body, signature) = PUBLISHED[0];
    let wrong = PUBLISHED[1].4;
    for signatures in [
        format!("{wrong} {signature}"),
        format!("{signature} {wrong}"),
        format!("v1a,AAAA v2,AAAA {wrong} {signature} x"),
        format!("{signature}  {signature}"),
    ] {
        assert!(admits(secret, id, at, body, &signatures), "{signatures}");
    }
    for separator in [" ", ",", ", ", "\n"] {
        let both = format!("{}{separator}{secret}", PUBLISHED[1].0);
        assert!(admits(&both, id, at, body, signature), "{both:?}");
        let (_, id, at, body, signature) = PUBLISHED[1];
        assert!(admits(&both, id, at, body, signature), "{both:?}");
    }
}

#[test]
fn the_clocks_may_be_five_minutes_apart() {
    let at = 1_649_367_553_u64;
    let read = |now: u64| {
        let at = at.to_string();
        let now = Duration::from_secs(now);
        let signed = Signed::read(Some("a"), Some(&at), Some(PUBLISHED[0].4), now);
        signed.map(|signed| signed.at.as_secs())
    };
    for now in [at - 300, at, at + 300] {
        assert_eq!(read(now), Ok(at));
    }
    for now in [0, at - 301, at + 301, u64::MAX] {
        assert_eq!(read(now), Err(Unsigned::Time));
    }
}

#[test]
fn the_header_that_is_not_of_a_signed_request_is_named() {
    let long = "x".repeat(256);
    let now = Duration::from_secs(1);
    let right = PUBLISHED[0].4;
    let read = |id, at, signature| Signed::read(id, at, signature, now).err();
    assert_eq!(read(Some(&long), Some("1"), Some(right)), None);
    let mixed = format!("v2,x v1,AAAA {right}");
    assert_eq!(read(Some(&long), Some("1"), Some(&mixed)), None);
    let longer = format!("{long}x");
    let twice = format!("{right}{}", &right[3..]);
    for (id, at, signature, name, problem) in [
        (None, Some("1"), Some(right), "id", "is missing"),
        (Some("msg"), None, Some(right), "timestamp", "is missing"),
        (Some("msg"), Some("1"), None, "signature", "is missing"),
        (Some(""), Some("1"), Some(right), "id", "is missing"),
        (Some(&*longer), Some("1"), Some(right), "id", "256"),
        (Some("m\u{fc}"), Some("1"), Some(right), "id", "ASCII"),
        (Some("a b"), Some("1"), Some(right), "id", "blanks"),
        (Some("msg"), Some("+1"), Some(right), "timestamp", "seconds"),
        (
            Some("msg"),
            Some("1.0"),
            Some(right),
            "timestamp",
            "seconds",
        ),
        (
            Some("msg"),
            Some("now"),
            Some(right),
            "timestamp",
            "seconds",
        ),
        (
            Some("msg"),
            Some("99999999999999999999"),
            Some(right),
            "timestamp",
            "seconds",
        ),
        // They need no place: no body could make them right.
        (Some("msg"), Some("1"), Some("v1,"), "signature", "32"),
        (Some("msg"), Some("1"), Some("v1,AAAA"), "signature", "32"),
        (Some("msg"), Some("1"), Some(&right[3..]), "signature", "v1"),
        (Some("msg"), Some("1"), Some(&*twice), "signature", "32"),
    ] {
        let Some(Unsigned::Header(named, why)) = read(id, at, signature) else {
            panic!("{id:?} {at:?} {signature:?}");
        };
        assert_eq!(named, name, "{id:?} {at:?} {signature:?}");
        assert!(why.contains(problem), "{name} {why}");
    }
}

#[test]
fn a_secret_that_cannot_be_one_is_said() {
    for (text, problem) in [
        ("", "is not set"),
        (" , ", "is not set"),
        ("whsec_", "must be"),
        ("whsec_AAAA", "must be"),
        ("whsec_%%%%", "must be"),
        ("C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "must be"),
        ("re_C2FVsBQIhrscChlQIMV", "must be"),
        (&format!("{} x", PUBLISHED[0].0), "must be"),
        (&format!("{} ", PUBLISHED[0].0).repeat(5), "more than four"),
    ] {
        let why = Secrets::parse(text).unwrap_err();
        assert!(why.contains(problem), "{text}: {why}");
    }
    assert_eq!(
        format!("{:?}", Secrets::parse(PUBLISHED[0].0)),
        "Ok(Secrets)"
    );
}

proptest! {
    #[test]
    fn no_header_and_no_body_panics(id in ".{0,300}", at in "[0-9]{1,12}|.{0,20}", signatures in "(v1,|v1a,|)[A-Za-z0-9+/=]{0,60}|.{0,80}", body in any::<Vec<u8>>()) {
        let secrets = Secrets::parse(PUBLISHED[0].0).unwrap();
        let now = Duration::from_secs(at.parse().unwrap_or(0));
        if let Ok(signed) = Signed::read(Some(&id), Some(&at), Some(&signatures), now) {
            prop_assert!(!signed.admits(&secrets, &body));
        }
    }
}
