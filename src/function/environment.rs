//! The function's environment variables.

use super::Credentials;
use super::keys::secret_keys;
use super::project::{EnvironmentError, Project, variable};
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
    pub project: Project,
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

impl Environment {
    /// Reads the variables.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn read(variables: &HashMap<String, String>) -> Result<Self, EnvironmentError> {
        let get = |name: &str| variable(variables, name);
        let error = |variable, problem| EnvironmentError { variable, problem };
        let project = Project::read(variables)?;
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
            project,
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
        // A short one could be guessed.
        if let Some(secret) =
            variable(variables, SECRET).filter(|secret| secret.len() >= MIN_SECRET)
        {
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
            .field("project", &self.project)
            .field("provider", &self.provider)
            .field("provider_url", &self.provider_url)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
