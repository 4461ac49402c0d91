//! The project's API, whatever carries the calls: its address, its headers, and what its answers mean.

use super::refusal::refusal;
use super::timer::Expired;
use crate::base::{ErrorCode, QueueError};
use std::time::Duration;

/// Longer than the eight seconds after which Supabase cancels a statement.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
pub(super) const TOO_LARGE: &str = "is larger than 64 MiB";

/// Where calls go.
pub(super) struct Target {
    /// Of PostgREST.
    pub url: String,
    /// Who calls.
    pub headers: Vec<(&'static str, String)>,
}

impl Target {
    /// Without it, PostgREST takes the first one that the project exposes.
    pub const SCHEMA: &'static str = "public";

    /// `url` is the project's, without `/rest/v1`; `key` is a secret key (`sb_secret_…`) or a legacy service_role key.
    ///
    /// # Errors
    /// `invalid_input` with the field `url` or `key`.
    pub fn check(url: &str, key: &str) -> Result<Self, QueueError> {
        let url = url.trim().trim_end_matches('/');
        let host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))
            .unwrap_or_default();
        QueueError::unless(!url.is_empty(), "url", "is missing")?;
        let fits = !host.is_empty()
            && !host.ends_with("/rest/v1")
            && !host.contains(['?', '#', '@', '\\'])
            && !host.chars().any(|c| c.is_whitespace() || c.is_control());
        QueueError::unless(fits, "url", "must be like https://<reference>.supabase.co")?;
        QueueError::unless(!key.is_empty(), "key", "is missing")?;
        // What is no legal header value would make the client panic.
        let fits = key.chars().all(|c| c.is_ascii_graphic()) && !key.starts_with("sb_publishable_");
        QueueError::unless(fits, "key", "must be a secret key of the project")?;
        let mut headers = vec![("apikey", key.to_owned())];
        if key.starts_with("eyJ") {
            headers.push(("Authorization", format!("Bearer {key}")));
        }
        Ok(Self {
            url: format!("{url}/rest/v1"),
            headers,
        })
    }
}

/// The answer of a call within `timeout`: a status and a body, or why none came.
pub(super) fn answer(
    function: &str,
    timeout: Duration,
    came: Result<Result<(u16, Vec<u8>), String>, Expired>,
) -> Result<String, QueueError> {
    let unexpected = |why: String| QueueError::new(ErrorCode::Unexpected, why);
    match came {
        Ok(Ok((200..=299, body))) => String::from_utf8(body)
            .map_err(|_| unexpected(format!("the answer of {function} is not UTF-8"))),
        Ok(Ok((status, body))) => Err(refusal(function, status, &String::from_utf8_lossy(&body))),
        Ok(Err(cause)) if cause.contains(TOO_LARGE) => Err(unexpected(format!(
            "the answer of {function} {TOO_LARGE}: ask for fewer messages"
        ))),
        Ok(Err(cause)) => Err(QueueError::new(
            ErrorCode::Unreachable,
            "no connection to the project's API: check its URL and the network",
        )
        .because(&cause)),
        Err(_) => {
            let only = match function.contains("enqueue") {
                true => ", but only with a dedup key",
                false => "",
            };
            Err(QueueError::new(
                ErrorCode::Timeout,
                format!(
                    "{function} did not answer within {} s; it may have been carried out: repeat it{only}",
                    timeout.as_secs_f64()
                ),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_enqueue_needs_a_dedup_key_to_be_repeated() {
        let late = |function| answer(function, Duration::from_secs(5), Err(Expired));
        for (function, end) in [
            (
                "email_queue_enqueue",
                "repeat it, but only with a dedup key",
            ),
            (
                "email_queue_enqueue_many",
                "repeat it, but only with a dedup key",
            ),
            ("email_queue_record_events", "repeat it"),
        ] {
            let error = late(function).unwrap_err();
            assert_eq!(error.code, ErrorCode::Timeout);
            assert!(error.message.ends_with(end), "{error}");
        }
    }

    #[test]
    fn wrong_configuration_is_named() {
        for (url, key, field) in [
            ("", "sb_secret_x", "url"),
            ("ftp://x", "sb_secret_x", "url"),
            ("https://", "sb_secret_x", "url"),
            ("https://a b", "sb_secret_x", "url"),
            ("https://x.supabase.co/rest/v1/", "sb_secret_x", "url"),
            ("https://x.supabase.co?y", "sb_secret_x", "url"),
            ("https://x.supabase.co/#y", "sb_secret_x", "url"),
            ("https://user:word@x.supabase.co", "sb_secret_x", "url"),
            ("https://x.supabase.co", "", "key"),
            ("https://x.supabase.co", "a\nb", "key"),
            ("https://x.supabase.co", "schlüssel", "key"),
            ("https://x.supabase.co", "sb_publishable_x", "key"),
        ] {
            let error = Target::check(url, key).err().unwrap();
            assert_eq!(
                (error.code, error.field.as_deref()),
                (ErrorCode::InvalidInput, Some(field)),
                "{url} {key}"
            );
        }
        assert!(Target::check("https://x.supabase.co/", "eyJhbGciOi").is_ok());
    }
}
