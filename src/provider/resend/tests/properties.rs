//! What holds of every answer, however strange.

use super::*;
use crate::base::scrub;
use proptest::prelude::*;

fn names() -> impl Strategy<Value = Option<String>> {
    let listed: Vec<_> = rows().into_iter().filter_map(|row| row.name).collect();
    prop_oneof![
        Just(None),
        proptest::sample::select(listed).prop_map(Some),
        any::<String>().prop_map(Some)
    ]
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let said = (names(), any::<String>())
        .prop_map(|(name, message)| serde_json::json!({"name": name, "message": message}));
    let ids = proptest::collection::vec("[a-c]{0,2}", 0..4);
    let indexes = proptest::collection::vec(-1i64..5, 0..4);
    let batch = (ids, indexes).prop_map(|(ids, indexes)| {
        let data: Vec<_> = ids.iter().map(|id| serde_json::json!({"id": id})).collect();
        let errors: Vec<_> = indexes
            .iter()
            .map(|index| serde_json::json!({"index": index}))
            .collect();
        serde_json::json!({"id": "e1", "data": data, "errors": errors})
    });
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    let json = |value: serde_json::Value| value.to_string().into_bytes();
    prop_oneof![said.prop_map(json), batch.prop_map(json), bytes]
}

fn replies() -> impl Strategy<Value = Reply> {
    let names = proptest::sample::select(vec![
        "Retry-After",
        "ratelimit-reset",
        "ratelimit-limit",
        "x",
    ]);
    let values = prop_oneof![
        any::<String>(),
        any::<u64>().prop_map(|value| value.to_string())
    ];
    let header = (names.prop_map(str::to_owned), values);
    let headers = proptest::collection::vec(header, 0..4);
    let status = prop_oneof![400u16..=451, 200u16..204, any::<u16>()];
    let kind = prop_oneof![
        Just(NoAnswer::Timeout),
        Just(NoAnswer::Network),
        Just(NoAnswer::TooLarge)
    ];
    prop_oneof![
        9 => (status, headers, bodies()).prop_map(|(status, headers, body)| Reply::Answered { status, headers, body }),
        1 => (kind, any::<String>()).prop_map(|(kind, detail)| Reply::NoAnswer { kind, detail }),
    ]
}

prop_compose! {
    fn contexts()(batch: bool, members in 0usize..5, possibly_sent: bool, templated: bool, second: u32) -> Context {
        let (endpoint, members) = if batch { (Endpoint::Batch, members) } else { (Endpoint::Single, 1) };
        Context { endpoint, members, possibly_sent, templated, utc_seconds_of_day: second }
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_answer_has_an_outcome_within_bounds(reply in replies(), context in contexts()) {
        match classify(&reply, &context).0 {
            Outcome::Answered(members) => prop_assert_eq!(members.len(), context.members),
            Outcome::Isolate(_) => prop_assert!(context.members > 1),
            Outcome::Rejected(_) => prop_assert!(context.members <= 1),
            Outcome::Throttled { cooldown, .. } | Outcome::Unknown { cooldown: Some(cooldown), .. } => {
                prop_assert!((Duration::from_secs(1)..=DAY).contains(&cooldown));
            }
            _ => {}
        }
    }

    #[test]
    fn what_may_have_been_sent_gets_a_new_key_only_if_its_bytes_are_bad(reply in replies(), context in contexts()) {
        let replay = Context { possibly_sent: true, ..context };
        match classify(&reply, &replay).0 {
            Outcome::Answered(_) | Outcome::Unknown { .. } | Outcome::PossiblySent(_) => {}
            Outcome::Rejected(error) | Outcome::Isolate(error) => {
                prop_assert!(matches!(error.status(), Some(400 | 422)));
                prop_assert!(error.name().is_some());
            }
            other => prop_assert!(false, "not definite on a replay: {:?}", other),
        }
    }

    #[test]
    fn what_is_unknown_at_first_is_unknown_on_a_replay(reply in replies(), context in contexts()) {
        let first = classify(&reply, &Context { possibly_sent: false, ..context });
        let replay = classify(&reply, &Context { possibly_sent: true, ..context });
        if matches!(first.0, Outcome::Unknown { .. }) {
            prop_assert_eq!(first, replay);
        }
    }

    #[test]
    fn no_stored_error_holds_an_at_sign_or_is_long(reply in replies(), context in contexts()) {
        let (outcome, _) = classify(&reply, &context);
        if let Some(error) = outcome.error() {
            prop_assert!(!error.message().contains('@'));
            prop_assert!(error.message().chars().count() <= 500);
        }
    }

    #[test]
    fn no_address_survives(before in "[ -~]{0,30}", local in "[a-z]{3}[a-z.+'-]{0,9}QQ", after in "([ <>\",;:)].{0,30})?") {
        let text = format!("{before} {local}@example.com{after}");
        let scrubbed = scrub(&text);
        prop_assert!(!scrubbed.contains(&local), "{}", scrubbed);
        prop_assert!(!scrubbed.contains('@'), "{}", scrubbed);
    }

    #[test]
    fn scrubbing_twice_changes_nothing(text in ".{0,700}") {
        let once = scrub(&text);
        prop_assert_eq!(scrub(&once), once);
    }

    #[test]
    fn harmless_words_stay(text in "[a-df-z0-9 ._-]{0,400}") {
        prop_assume!(!text.contains("re_"));
        prop_assert_eq!(scrub(&text), text);
    }
}
