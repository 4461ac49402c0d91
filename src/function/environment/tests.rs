use super::*;
use crate::function::project::NO_KEY;
use crate::provider::PROVIDERS;

fn variables(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    let whole = [
        ("SUPABASE_URL", "http://127.0.0.1:54321"),
        ("SUPABASE_SECRET_KEY", "sb_secret_one"),
        (PROVIDERS[0].variables.key, "re_key"),
    ];
    whole
        .iter()
        .chain(pairs)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn each_wrong_variable_is_named() {
    let its = PROVIDERS[0].variables;
    for (name, value, problem) in [
        ("SUPABASE_URL", "", "is not set"),
        ("SUPABASE_SECRET_KEY", " ", NO_KEY),
        (
            SECRET,
            "only-15-letters",
            "must have at least 16 characters",
        ),
        (its.key, "", "is not set"),
        (its.key, "re_\u{e9}", "has characters that no key has"),
        (its.url, "provider.example", "must be an http(s) address"),
        (
            "EMAIL_FROM",
            "nobody",
            "must be an e-mail address, or Name <address>",
        ),
        (
            "EMAIL_QUEUE_RUN_SECONDS",
            "5",
            "must be a whole number from 10 to 110",
        ),
        (
            "EMAIL_QUEUE_WALL_SECONDS",
            "29",
            "must be a whole number from 30 to 400",
        ),
    ] {
        let error = Environment::read(&variables(&[(name, value)])).unwrap_err();
        let variable = if name == "SUPABASE_SECRET_KEY" {
            "SUPABASE_SECRET_KEYS"
        } else {
            name
        };
        assert_eq!((error.variable, error.problem), (variable, problem));
    }
}

#[test]
fn named_keys_that_cannot_be_read_are_said_unless_there_is_another_key() {
    let nested = r#"{"default":{"key":"sb_secret_one"}}"#;
    for (text, problem) in [
        (nested, "has no key that is a text"),
        ("[]", "must be a JSON object of keys by name"),
        ("{", "must be a JSON object of keys by name"),
    ] {
        let name = "SUPABASE_SECRET_KEYS";
        let alone = variables(&[("SUPABASE_SECRET_KEY", ""), (name, text)]);
        let error = Environment::read(&alone).unwrap_err();
        assert_eq!((error.variable, error.problem), (name, problem));
        let read = Environment::read(&variables(&[(name, text)])).unwrap();
        assert_eq!(read.project.keys[0].1, "sb_secret_one");
    }
}

#[test]
fn a_short_secret_starts_no_run() {
    for (secret, admitted) in [("only-15-letters", false), ("with-16-letters-", true)] {
        let credentials = Environment::credentials(&variables(&[(SECRET, secret)]));
        let bearer = format!("Bearer {secret}");
        assert_eq!(credentials.admit(Some(&bearer), None), admitted);
    }
}

#[test]
fn a_run_takes_a_third_of_the_wall_clock_at_most_unless_told_otherwise() {
    let run = "EMAIL_QUEUE_RUN_SECONDS";
    let wall = "EMAIL_QUEUE_WALL_SECONDS";
    for (pairs, expected) in [
        (&[][..], (50, 150)),
        (&[(wall, "400")], (50, 400)),
        (&[(wall, "60")], (20, 60)),
        (&[(wall, "30")], (10, 30)),
        (&[(wall, "60"), (run, "40")], (40, 60)),
    ] {
        let environment = Environment::read(&variables(pairs)).unwrap();
        let deadline = environment.config.deadline;
        assert_eq!((deadline.as_secs(), environment.wall.as_secs()), expected);
    }
}

#[test]
fn the_default_secret_key_goes_first_and_all_are_admitted() {
    let variables = variables(&[
        (
            "SUPABASE_SECRET_KEYS",
            r#"{"ci":"sb_secret_ci","default":"sb_secret_default","empty":" ","number":1,"same":"sb_secret_one"}"#,
        ),
        ("SUPABASE_SERVICE_ROLE_KEY", "eyJlegacy"),
        (SECRET, "a-secret-of-the-tests"),
    ]);
    let keys = Environment::read(&variables).unwrap().project.keys;
    let keys: Vec<_> = keys.iter().map(|(name, key)| (&**name, &**key)).collect();
    let expected = [
        (r#"SUPABASE_SECRET_KEYS["default"]"#, "sb_secret_default"),
        (r#"SUPABASE_SECRET_KEYS["ci"]"#, "sb_secret_ci"),
        (r#"SUPABASE_SECRET_KEYS["same"]"#, "sb_secret_one"),
        ("SUPABASE_SERVICE_ROLE_KEY", "eyJlegacy"),
    ];
    assert_eq!(keys, expected);
    let credentials = Environment::credentials(&variables);
    for key in [
        "sb_secret_ci",
        "sb_secret_default",
        "sb_secret_one",
        "eyJlegacy",
    ] {
        assert!(credentials.admit(None, Some(key)), "{key}");
    }
    assert!(credentials.admit(Some("Bearer a-secret-of-the-tests"), None));
    assert!(credentials.admit(Some("Bearer eyJlegacy"), None));
    assert!(!credentials.admit(Some("Bearer sb_secret_ci"), None));
}

#[test]
fn debug_shows_no_secret() {
    let environment = Environment::read(&variables(&[])).unwrap();
    let text = format!("{environment:?}");
    let shown = r#"Environment { project: http://127.0.0.1:54321, provider: "#;
    assert!(text.starts_with(shown), "{text}");
    assert!(
        !text.contains("re_key") && !text.contains("sb_secret"),
        "{text}"
    );
}
