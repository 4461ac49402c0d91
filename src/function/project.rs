//! The project, as the environment of each function names it.

use super::keys::{named_keys, secret_keys};
use std::collections::HashMap;
use std::fmt;

pub(super) const NO_KEY: &str =
    "is not set, nor is SUPABASE_SECRET_KEY or SUPABASE_SERVICE_ROLE_KEY";

/// A project's API. `Debug` shows no key.
pub struct Project {
    /// Its address.
    pub url: String,
    /// Its secret keys by name, the one to try first.
    pub keys: Vec<(String, String)>,
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

impl Project {
    /// Reads the variables.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn read(variables: &HashMap<String, String>) -> Result<Self, EnvironmentError> {
        let error = |variable, problem| EnvironmentError { variable, problem };
        let url = variable(variables, "SUPABASE_URL");
        let url = url.ok_or(error("SUPABASE_URL", "is not set"))?;
        let keys = secret_keys(variables);
        if keys.is_empty() {
            let named = variable(variables, "SUPABASE_SECRET_KEYS").is_some();
            let problem = match named_keys(variables) {
                _ if !named => NO_KEY,
                None => "must be a JSON object of keys by name",
                Some(_) => "has no key that is a text",
            };
            return Err(error("SUPABASE_SECRET_KEYS", problem));
        }
        Ok(Self {
            url: url.to_owned(),
            keys,
        })
    }
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// A variable's value, where it has one.
pub fn variable<'a>(variables: &'a HashMap<String, String>, name: &str) -> Option<&'a str> {
    let value = variables.get(name)?.trim();
    (!value.is_empty()).then_some(value)
}
