//! The provider's words, fit to be stored and logged.

use crate::base::scrub;
use serde::Serialize;

/// The longest name that is kept; the provider's longest has 30 characters.
const LONGEST_NAME: usize = 64;

/// What an answer means by itself; whether the dispatch stays frozen is the [`Outcome`](super::Outcome)'s business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The message can never go.
    Rejected,
    /// A rate or a quota is used up.
    Throttled,
    /// An operator must act.
    Misconfigured,
    /// A refusal that is not in the provider's documents.
    Refused,
    /// No answer, or one that leaves open whether the request was carried out.
    Unknown,
    /// Another body was sent under this key.
    PossiblySent,
}

/// What the provider said, or why it said nothing. Scrubbed and bounded by construction; see [`scrub`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderError {
    class: ErrorClass,
    status: Option<u16>,
    name: Option<String>,
    message: String,
}

impl ProviderError {
    /// Keeps `message` scrubbed and at most 500 characters long, and `name` if it looks like one.
    pub fn new(class: ErrorClass, status: Option<u16>, name: Option<&str>, message: &str) -> Self {
        Self {
            class,
            status,
            name: name.filter(|name| is_name(name)).map(str::to_owned),
            message: scrub(message),
        }
    }

    /// What the answer means by itself.
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// The HTTP status; `None` without an answer.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The provider's name for the error, as in `validation_error`.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// One line for people.
    pub fn message(&self) -> &str {
        &self.message
    }
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        && scrub(name) == name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_only_what_looks_like_a_name() {
        let kept = |name| ProviderError::new(ErrorClass::Unknown, None, Some(name), "").name;
        assert_eq!(
            kept("validation_error").as_deref(),
            Some("validation_error")
        );
        assert_eq!(
            kept("restricted_api_key").as_deref(),
            Some("restricted_api_key")
        );
        for name in [
            "",
            "a b",
            "user@example.com",
            "re_Abcdefgh_1234",
            &"x".repeat(65),
        ] {
            assert_eq!(kept(name), None, "{name}");
        }
    }

    #[test]
    fn serializes_for_the_error_column() {
        let error = ProviderError::new(
            ErrorClass::PossiblySent,
            Some(409),
            Some("invalid_idempotent_request"),
            "for a@example.com",
        );
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"class":"possibly_sent","status":409,"name":"invalid_idempotent_request","message":"for <address>"}"#
        );
    }
}
