//! The database's functions over PostgREST. The only file that names the `postgrest` crate.

use super::timer::within;
use crate::ports::Rpc;
use crate::queue::{ErrorCode, QueueError};
use futures_util::TryFutureExt;
use postgrest::Postgrest;
use refusal::refusal;
use std::time::Duration;

mod refusal;

/// Longer than the eight seconds after which Supabase cancels a statement.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Calls functions in a project's `public` schema with one of its secret keys.
pub struct PostgrestRpc {
    client: Postgrest,
    timeout: Duration,
}

impl PostgrestRpc {
    /// `url` is the project's, without `/rest/v1`; `key` is a secret key (`sb_secret_…`) or a legacy service_role key.
    ///
    /// # Errors
    /// `invalid_input` with the field `url` or `key`.
    pub fn new(url: &str, key: &str) -> Result<Self, QueueError> {
        let url = url.trim().trim_end_matches('/');
        let host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))
            .unwrap_or_default();
        if host.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(QueueError::invalid(
                "url",
                "must be the project's http(s) address",
            ));
        }
        // What is no legal header value would make the client panic.
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_graphic()) {
            return Err(QueueError::invalid(
                "key",
                "must be a secret key of the project",
            ));
        }
        let mut client = Postgrest::new(format!("{url}/rest/v1")).insert_header("apikey", key);
        if key.starts_with("eyJ") {
            client = client.insert_header("Authorization", format!("Bearer {key}"));
        }
        Ok(Self {
            client,
            timeout: TIMEOUT,
        })
    }

    /// Another limit for a call than ten seconds.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

impl Rpc for PostgrestRpc {
    async fn call(&self, function: &str, arguments: &str) -> Result<String, QueueError> {
        let request = async {
            let response = self.client.rpc(function, arguments).execute().await?;
            let status = response.status().as_u16();
            // Not `text`: in a module that would make a string of JavaScript first, and copy it letter by letter.
            Ok((status, response.bytes().await?))
        };
        // The type of the client's error has no name here; its text must not show the address.
        let request = request.map_err(|error: TextError| error.0);
        match within(self.timeout, request).await {
            Ok(Ok((200..=299, body))) => String::from_utf8(body.into()).map_err(|_| {
                QueueError::new(
                    ErrorCode::Unexpected,
                    format!("the answer of {function} is not UTF-8"),
                )
            }),
            Ok(Ok((status, body))) => {
                Err(refusal(function, status, &String::from_utf8_lossy(&body)))
            }
            Ok(Err(cause)) => Err(QueueError::new(
                ErrorCode::Unreachable,
                "no connection to the project's API: check its URL and the network",
            )
            .because(&cause)),
            Err(_) => Err(QueueError::new(
                ErrorCode::Timeout,
                format!(
                    "{function} did not answer within {} s; it may have been carried out: repeat it, an enqueue only with a dedup key",
                    self.timeout.as_secs_f64()
                ),
            )),
        }
    }
}

struct TextError(String);

impl<E: std::error::Error> From<E> for TextError {
    fn from(error: E) -> Self {
        // The innermost cause says what happened; the outer ones say where.
        let mut innermost: &dyn std::error::Error = &error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        // In a module it is JavaScript's error with its stack, of which the first line says enough.
        let text = innermost.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.strip_prefix("JsValue(").unwrap_or(line);
        Self(line.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_configuration_is_named() {
        for (url, key, field) in [
            ("", "sb_secret_x", "url"),
            ("ftp://x", "sb_secret_x", "url"),
            ("https://", "sb_secret_x", "url"),
            ("https://a b", "sb_secret_x", "url"),
            ("https://x.supabase.co", "", "key"),
            ("https://x.supabase.co", "a\nb", "key"),
            ("https://x.supabase.co", "schlüssel", "key"),
        ] {
            let error = PostgrestRpc::new(url, key).err().unwrap();
            assert_eq!(
                (error.code, error.field.as_deref()),
                (ErrorCode::InvalidInput, Some(field)),
                "{url} {key}"
            );
        }
        assert!(PostgrestRpc::new("https://x.supabase.co/", "eyJhbGciOi").is_ok());
    }
}
