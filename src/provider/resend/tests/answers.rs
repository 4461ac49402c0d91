//! What of a 2xx can be read, and what happens without an answer.

use super::*;

fn batch_of(members: usize) -> Context {
    Context {
        endpoint: Endpoint::Batch,
        members,
        possibly_sent: false,
        templated: false,
        utc_seconds_of_day: 0,
    }
}

fn single() -> Context {
    Context {
        endpoint: Endpoint::Single,
        ..batch_of(1)
    }
}

fn answer(status: u16, body: &str, context: &Context) -> Outcome {
    let reply = Reply::Answered {
        status,
        headers: vec![],
        body: body.as_bytes().to_vec(),
    };
    classify(&reply, context).0
}

/// `+id` for each accepted member, `-message` for each rejected one, or why the answer cannot be read.
fn summary(body: &str, context: &Context) -> String {
    match answer(200, body, context) {
        Outcome::Answered(members) => members
            .iter()
            .map(|member| match member {
                MemberOutcome::Accepted {
                    provider_message_id,
                } => format!("+{provider_message_id}"),
                MemberOutcome::Rejected(error) => format!("-{}", error.message()),
            })
            .collect::<Vec<_>>()
            .join(" "),
        outcome => outcome.error().unwrap().message().to_owned(),
    }
}

#[test]
fn a_single_message_is_accepted_with_its_id() {
    assert_eq!(summary(r#"{"id":"e1","extra":1}"#, &single()), "+e1");
}

#[test]
fn any_readable_2xx_is_an_answer_on_a_replay_too() {
    let replay = Context {
        possibly_sent: true,
        ..single()
    };
    assert!(matches!(
        answer(202, r#"{"id":"e1"}"#, &replay),
        Outcome::Answered(_)
    ));
}

#[test]
fn a_strict_batch_is_accepted_in_order() {
    let body = r#"{"data":[{"id":"a"},{"id":"b"},{"id":"c"}]}"#;
    assert_eq!(summary(body, &batch_of(3)), "+a +b +c");
}

#[test]
fn a_permissive_batch_names_the_rejected_by_their_index_in_the_request() {
    let body = r#"{"data":[{"id":"b"},{"id":"d"}],"errors":[{"index":2,"message":"two"},{"index":0,"message":"nil"}]}"#;
    assert_eq!(summary(body, &batch_of(4)), "-nil +b -two +d");
    let none = r#"{"data":[],"errors":[{"index":0,"message":"bad address x@example.com"}]}"#;
    assert_eq!(summary(none, &batch_of(1)), "-bad address <address>");
    let all = r#"{"data":[{"id":"a"}],"errors":null}"#;
    assert_eq!(summary(all, &batch_of(1)), "+a");
}

#[test]
fn what_cannot_be_read_leaves_the_dispatch_frozen() {
    let two_by_single = Context {
        members: 2,
        ..single()
    };
    let cases = [
        (
            two_by_single,
            r#"{"id":"e1"}"#,
            "one answer, but not one message",
        ),
        (single(), "", "not JSON"),
        (single(), "<html>", "not JSON"),
        (single(), r#"{"id":"e1""#, "not JSON"),
        (single(), "[]", "no id"),
        (single(), "{}", "no id"),
        (single(), r#"{"id":7}"#, "no id"),
        (single(), r#"{"id":""}"#, "no id"),
        (single(), r#"{"data":[{"id":"a"}]}"#, "no id"),
        (batch_of(1), r#"{"id":"a"}"#, "no list of data"),
        (batch_of(1), r#"{"data":{"id":"a"}}"#, "no list of data"),
        (
            batch_of(1),
            r#"{"data":[{"id":"a"}],"errors":{}}"#,
            "errors is not a list",
        ),
        (
            batch_of(2),
            r#"{"data":[{"id":"a"}]}"#,
            "not one answer for each message",
        ),
        (
            batch_of(1),
            r#"{"data":[{"id":"a"},{"id":"b"}]}"#,
            "not one answer for each message",
        ),
        (batch_of(2), r#"{"data":[{"id":"a"},{}]}"#, "no id"),
        (
            batch_of(1),
            r#"{"data":[],"errors":[{"message":"x"}]}"#,
            "an error without an index",
        ),
        (
            batch_of(1),
            r#"{"data":[],"errors":[{"index":-1}]}"#,
            "an error without an index",
        ),
        (
            batch_of(1),
            r#"{"data":[],"errors":[{"index":1}]}"#,
            "an error for a message that was not sent",
        ),
        (
            batch_of(2),
            r#"{"data":[],"errors":[{"index":1},{"index":1}]}"#,
            "two errors for one message",
        ),
    ];
    for (context, body, why) in cases {
        assert_eq!(
            summary(body, &context),
            format!("unreadable answer: {why}"),
            "{body}"
        );
        assert!(
            matches!(
                answer(200, body, &context),
                Outcome::Unknown {
                    counted: true,
                    soon: false,
                    cooldown: None,
                    pause: false,
                    misconfigured: None,
                    ..
                }
            ),
            "{body}"
        );
    }
}

#[test]
fn without_an_answer_the_dispatch_is_frozen_and_the_attempt_used() {
    for (kind, words) in [
        (NoAnswer::Timeout, "no answer in time"),
        (NoAnswer::Network, "network error"),
    ] {
        let reply = Reply::NoAnswer {
            kind,
            detail: "to jane@example.com".into(),
        };
        let (outcome, hints) = classify(&reply, &batch_of(3));
        assert_eq!(super::describe(&outcome), "frozen, counted");
        let error = outcome.error().unwrap();
        assert_eq!(error.message(), format!("{words}: to <address>"));
        assert_eq!((error.status(), error.name()), (None, None));
        assert_eq!(hints, RateHints::default());
    }
}

#[test]
fn the_rate_is_read_from_every_answer() {
    let headers = vec![
        ("ratelimit-limit".into(), "10".into()),
        ("ratelimit-remaining".into(), "9".into()),
    ];
    let reply = Reply::Answered {
        status: 200,
        headers,
        body: br#"{"id":"e1"}"#.to_vec(),
    };
    let (_, hints) = classify(&reply, &single());
    assert_eq!((hints.limit, hints.remaining), (Some(10), Some(9)));
}

#[test]
fn debugging_a_reply_shows_neither_its_body_nor_its_headers() {
    let answered = Reply::Answered {
        status: 200,
        headers: vec![("x".into(), "jane@example.com".into())],
        body: b"jane@example.com".to_vec(),
    };
    assert_eq!(
        format!("{answered:?}"),
        "Answered { status: 200, body_bytes: 16, .. }"
    );
    let unanswered = Reply::NoAnswer {
        kind: NoAnswer::Timeout,
        detail: "jane@example.com".into(),
    };
    assert_eq!(format!("{unanswered:?}"), "NoAnswer { kind: Timeout, .. }");
}

#[test]
fn an_id_that_cannot_be_kept_is_unreadable() {
    let of = |id: &str| summary(&format!(r#"{{"id":"{id}"}}"#), &single());
    let unreadable = "unreadable answer: an id that cannot be kept";
    for id in [r"a\u0000b", r"a\nb", r"\u0085", &"x".repeat(257)] {
        assert_eq!(of(id), unreadable, "{id}");
    }
    assert_eq!(of(&"x".repeat(256)), format!("+{}", "x".repeat(256)));
    let batch = r#"{"data":[{"id":"a"},{"id":"b\u0000"}]}"#;
    assert_eq!(summary(batch, &batch_of(2)), unreadable);
    // Of a message refused, only the text matters.
    let refused = r#"{"data":[{"id":"a"}],"errors":[{"index":1,"message":"no\u0000such"}]}"#;
    assert_eq!(summary(refused, &batch_of(2)), "+a -no such");
}

#[test]
fn half_a_surrogate_pair_hides_nothing() {
    let half = r#"{"data":[{"id":"a"}],"errors":[{"index":1,"message":"cut \ud83d"}]}"#;
    assert_eq!(summary(half, &batch_of(2)), "+a -cut \u{fffd}");
    let body =
        r#"{"name":"validation_error","message":"\udc00 \ud83d\ude00 \\ud83d \ud83d\ud83d"}"#;
    let outcome = answer(422, body, &single());
    assert!(matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
    let message = outcome.error().unwrap().message();
    assert_eq!(message, "\u{fffd} \u{1f600} \\ud83d \u{fffd}\u{fffd}");
    let latin = b"{\"name\":\"validation_error\",\"message\":\"caf\xe9\"}";
    let reply = Reply::Answered {
        status: 422,
        headers: vec![],
        body: latin.to_vec(),
    };
    let (outcome, _) = classify(&reply, &single());
    assert_eq!(outcome.error().unwrap().message(), "caf\u{fffd}");
    assert!(matches!(outcome, Outcome::Rejected(_)));
}

#[test]
fn what_was_too_large_to_read_is_unknown() {
    let reply = Reply::NoAnswer {
        kind: NoAnswer::TooLarge,
        detail: "200, more than 1 MiB".to_owned(),
    };
    let (outcome, _) = classify(&reply, &single());
    let error = outcome.error().unwrap();
    assert_eq!(error.message(), "unreadable answer: 200, more than 1 MiB");
    assert!(matches!(outcome, Outcome::Unknown { counted: true, .. }));
}
