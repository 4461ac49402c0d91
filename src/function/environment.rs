//! The function's environment variables.

use super::Credentials;
use super::keys::{named_keys, secret_keys};
use crate::email::Mailbox;
use crate::provider::{self, Provider};
use crate::worker::Config;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Supabase's free plan; the paid ones have 400 s, self-hosted ones 60 s.
const WALL: Duration = Duration::from_secs(150);

/// What starts a run, and nothing else.
const SECRET: &str = "PROCESS_EMAIL_QUEUE_SECRET";
/// As `src/js/command/variables.js` asks of a deployment.
const MIN_SECRET: usize = 16;

/// What the function needs to run. `Debug` shows no secret.
pub struct Environment {
    /// The project's API.
    pub supabase_url: String,
    /// The secret keys of the project by name, the one to try first.
    pub supabase_keys: Vec<(String, String)>,
    /// What sends the e-mails.
    pub provider: &'static Provider,
    /// The account's key.
    pub provider_key: String,
    /// The address of its API.
    pub provider_url: String,
    /// Becomes the default sender where none is stored.
    pub email_from: Option<String>,
    /// The bounds of a run.
    pub config: Config,
    /// How long an isolate lives, where the platform ends it.
    pub wall: Duration,
}

/// A variable is missing or wrong. The value is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct EnvironmentError {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Environment {
    /// Reads the variables.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn read(variables: &HashMap<String, String>) -> Result<Self, EnvironmentError> {
        let get = |name: &str| {
            variables
                .get(name)
                .map(|v| v.trim())
                .filter(|v| !v.is_empty())
        };
        let error = |variable, problem| EnvironmentError { variable, problem };
        let supabase_url = get("SUPABASE_URL").ok_or(error("SUPABASE_URL", "is not set"))?;
        let named = get("SUPABASE_SECRET_KEYS").is_some();
        let supabase_keys = secret_keys(variables);
        if supabase_keys.is_empty() {
            let problem = match named_keys(variables) {
                _ if !named => {
                    "is not set, nor is SUPABASE_SECRET_KEY or SUPABASE_SERVICE_ROLE_KEY"
                }
                None => "must be a JSON object of keys by name",
                Some(_) => "has no key that is a text",
            };
            return Err(error("SUPABASE_SECRET_KEYS", problem));
        }
        if get(SECRET).is_some_and(|secret| secret.len() < MIN_SECRET) {
            return Err(error(SECRET, "must have at least 16 characters"));
        }
        let provider = provider::configured(|name| get(name).is_some());
        let its = provider.variables;
        let provider_key = get(its.key).ok_or(error(its.key, "is not set"))?;
        if !provider_key.chars().all(|c| c.is_ascii_graphic()) {
            return Err(error(its.key, "has characters that no key has"));
        }
        let provider_url = get(its.url).unwrap_or(its.default_url);
        if !provider_url.starts_with("https://") && !provider_url.starts_with("http://") {
            return Err(error(its.url, "must be an http(s) address"));
        }
        let email_from = get("EMAIL_FROM").map(str::to_owned);
        if let Some(sender) = &email_from
            && Mailbox::parse(&Value::from(sender.as_str()), "from").is_err()
        {
            return Err(error(
                "EMAIL_FROM",
                "must be an e-mail address, or Name <address>",
            ));
        }
        let seconds = |name, within: RangeInclusive<u64>, problem| match get(name) {
            None => Ok(None),
            Some(text) => match text.parse::<u64>() {
                Ok(seconds) if within.contains(&seconds) => Ok(Some(Duration::from_secs(seconds))),
                _ => Err(error(name, problem)),
            },
        };
        let wall = seconds(
            "EMAIL_QUEUE_WALL_SECONDS",
            30..=400,
            "must be a whole number from 30 to 400",
        )?
        .unwrap_or(WALL);
        let deadline = seconds(
            "EMAIL_QUEUE_RUN_SECONDS",
            10..=110,
            "must be a whole number from 10 to 110",
        )?
        // So that a run, and one that waits for it, end before the isolate does.
        .unwrap_or(Config::DEFAULT.deadline.min(wall / 3));
        let config = Config::DEFAULT.with_deadline(deadline);
        Ok(Self {
            supabase_url: supabase_url.to_owned(),
            supabase_keys,
            provider,
            provider_key: provider_key.to_owned(),
            provider_url: provider_url.to_owned(),
            email_from,
            config,
            wall,
        })
    }

    /// Who may call: the function's own secret as a bearer token, or a secret key of the project.
    pub fn credentials(variables: &HashMap<String, String>) -> Credentials {
        let mut credentials = Credentials::default();
        let secret = variables.get(SECRET).map(|secret| secret.trim());
        // A short one could be guessed.
        if let Some(secret) = secret.filter(|secret| secret.len() >= MIN_SECRET) {
            credentials.allow_bearer(secret);
        }
        for (_, key) in secret_keys(variables) {
            credentials.allow_api_key(&key);
            if key.starts_with("eyJ") {
                credentials.allow_bearer(&key);
            }
        }
        credentials
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("supabase_url", &self.supabase_url)
            .field("provider", &self.provider)
            .field("provider_url", &self.provider_url)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            (
                "SUPABASE_SECRET_KEY",
                " ",
                "is not set, nor is SUPABASE_SECRET_KEY or SUPABASE_SERVICE_ROLE_KEY",
            ),
            (SECRET, "only-15-letters", "must have at least 16 characters"),
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
            let keys = Environment::read(&variables(&[(name, text)])).map(|read| read.supabase_keys);
            assert_eq!(keys.unwrap(), [("SUPABASE_SECRET_KEY".to_owned(), "sb_secret_one".to_owned())]);
        }
    }

    #[test]
    fn a_short_secret_starts_no_run() {
        for (secret, admitted) in [("only-15-letters", false), ("with-16-letters-", true)] {
            let credentials = Environment::credentials(&variables(&[(SECRET, secret)]));
            assert_eq!(credentials.admit(Some(&format!("Bearer {secret}")), None), admitted);
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
        let keys = Environment::read(&variables).unwrap().supabase_keys;
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
        let shown = r#"Environment { supabase_url: "http://127.0.0.1:54321", provider: "#;
        assert!(text.starts_with(shown), "{text}");
        assert!(
            !text.contains("re_key") && !text.contains("sb_secret"),
            "{text}"
        );
    }
}
