//! Who may start a run.

use sha2::{Digest, Sha256};
use std::fmt;
use subtle::{Choice, ConstantTimeEq};

/// The secrets that let a caller in. They are kept as digests, so that neither their text nor their length can leak.
#[derive(Clone, Default)]
pub struct Credentials {
    bearer: Vec<[u8; 32]>,
    api_keys: Vec<[u8; 32]>,
}

impl Credentials {
    /// Lets `Authorization: Bearer <secret>` in. An empty secret admits no caller.
    pub fn allow_bearer(&mut self, secret: &str) {
        if !secret.is_empty() {
            self.bearer.push(digest(secret));
        }
    }

    /// Lets `apikey: <key>` in.
    pub fn allow_api_key(&mut self, key: &str) {
        if !key.is_empty() {
            self.api_keys.push(digest(key));
        }
    }

    /// Whether a request with these headers is let in. The comparison takes the same time wherever secrets differ, and
    /// goes through all of them.
    pub fn admit(&self, authorization: Option<&str>, api_key: Option<&str>) -> bool {
        let bearer = authorization
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        (matches(&self.bearer, bearer) | matches(&self.api_keys, api_key)).into()
    }
}

fn matches(known: &[[u8; 32]], given: Option<&str>) -> Choice {
    let given = digest(given.unwrap_or_default());
    known
        .iter()
        .fold(Choice::from(0), |found, known| found | known.ct_eq(&given))
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_only_what_is_configured() {
        let mut credentials = Credentials::default();
        credentials.allow_bearer("run-secret");
        credentials.allow_api_key("sb_secret_a");
        credentials.allow_api_key("sb_secret_b");
        for (authorization, api_key, admitted) in [
            (Some("Bearer run-secret"), None, true),
            (Some("bearer run-secret"), None, true),
            (None, Some("sb_secret_a"), true),
            (None, Some("sb_secret_b"), true),
            (Some("Bearer wrong"), Some("sb_secret_b"), true),
            (Some("Bearer run-secret"), Some("sb_secret_a"), true),
            (Some("Bearer wrong"), None, false),
            (Some("Basic run-secret"), None, false),
            (Some("run-secret"), None, false),
            (Some("Bearer sb_secret_a"), None, false),
            (None, Some("run-secret"), false),
            (None, Some("sb_publishable_a"), false),
            (Some("Bearer "), Some(""), false),
            (None, None, false),
        ] {
            assert_eq!(
                credentials.admit(authorization, api_key),
                admitted,
                "{authorization:?} {api_key:?}"
            );
        }
    }

    #[test]
    fn a_secret_that_is_configured_twice_admits() {
        let mut credentials = Credentials::default();
        for _ in 0..2 {
            credentials.allow_bearer("run-secret");
            credentials.allow_api_key("sb_secret_a");
        }
        assert!(credentials.admit(Some("Bearer run-secret"), None));
        assert!(credentials.admit(None, Some("sb_secret_a")));
    }

    #[test]
    fn with_none_configured_nobody_is_admitted() {
        let mut credentials = Credentials::default();
        credentials.allow_bearer("");
        credentials.allow_api_key("");
        assert!(!credentials.admit(Some("Bearer "), Some("")));
        assert!(!credentials.admit(None, None));
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut credentials = Credentials::default();
        credentials.allow_bearer("run-secret");
        assert_eq!(format!("{credentials:?}"), "Credentials");
    }
}
