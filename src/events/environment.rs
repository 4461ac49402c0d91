//! The function's environment variables.

use super::signature::Secrets;
use crate::function::{EnvironmentError, Project, variable};
use crate::provider::Webhook;
use std::collections::HashMap;

/// What the function needs to take a provider's reports.
#[derive(Debug)]
pub struct EventEnvironment {
    /// Where they go.
    pub project: Project,
    /// The keys that sign them.
    pub secrets: Secrets,
}

impl EventEnvironment {
    /// Reads the variables.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn read(
        variables: &HashMap<String, String>,
        webhook: &Webhook,
    ) -> Result<Self, EnvironmentError> {
        let secret = variable(variables, webhook.secret).unwrap_or_default();
        let secrets = Secrets::parse(secret).map_err(|problem| EnvironmentError {
            variable: webhook.secret,
            problem,
        })?;
        let project = Project::read(variables)?;
        Ok(Self { project, secrets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::WEBHOOKS;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn read(pairs: &[(&str, &str)]) -> Result<EventEnvironment, EnvironmentError> {
        let whole = [
            ("SUPABASE_URL", "http://127.0.0.1:54321"),
            ("SUPABASE_SECRET_KEY", "sb_secret_one"),
            (WEBHOOKS[0].secret, SECRET),
        ];
        let all = whole.iter().chain(pairs);
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        EventEnvironment::read(&all.map(own).collect(), WEBHOOKS[0])
    }

    #[test]
    fn each_wrong_variable_is_named() {
        for (name, value) in [
            (WEBHOOKS[0].secret, ""),
            (WEBHOOKS[0].secret, "whsec_"),
            ("SUPABASE_URL", " "),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().variable, name);
        }
        let error = read(&[("SUPABASE_SECRET_KEY", "")]).unwrap_err();
        assert_eq!(error.variable, "SUPABASE_SECRET_KEYS");
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", read(&[]).unwrap());
        assert_eq!(
            shown,
            "EventEnvironment { project: http://127.0.0.1:54321, secrets: Secrets }"
        );
    }
}
