//! The database's functions over PostgREST. The only file that names the `postgrest` crate.

use super::timer::within;
use crate::ports::{Rpc, WorkQueue};
use crate::queue::{ErrorCode, QueueError};
use crate::work;
use futures_util::TryFutureExt;
use postgrest::Postgrest;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::cell::Cell;
use std::time::Duration;

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
            Ok((status, response.text().await?))
        };
        // The type of the client's error has no name here; its text must not show the address.
        let request = request.map_err(|error: TextError| error.0);
        match within(self.timeout, request).await {
            Ok(Ok((200..=299, body))) => Ok(body),
            Ok(Ok((status, body))) => Err(refusal(function, status, &body)),
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
        Self(innermost.to_string())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: Option<String>,
    message: Option<String>,
    details: Option<String>,
}

/// Classifies by PostgREST's `code`; the status says little (a statement timeout is a 500).
fn refusal(function: &str, status: u16, body: &str) -> QueueError {
    let refusal: Refusal = serde_json::from_str(body).unwrap_or_default();
    let code = refusal.code.as_deref().unwrap_or_default();
    let message = crate::outcome::scrub(refusal.message.as_deref().unwrap_or_default());
    let class = |prefix: &str| code.starts_with(prefix);
    let error = match code {
        "22023" => {
            let field = refusal
                .details
                .as_deref()
                .and_then(|d| d.strip_prefix("field="))
                .unwrap_or("input");
            let text = message.strip_prefix("email_queue: ").unwrap_or(&message);
            let text = text
                .strip_prefix(field)
                .and_then(|t| t.strip_prefix(": "))
                .unwrap_or(text);
            QueueError::invalid(field, text)
        }
        "PGRST202" | "PGRST203" | "PGRST204" | "42883" => QueueError::new(
            ErrorCode::NotInstalled,
            format!(
                "the database has no function {function}: apply the migrations (supabase db push), or reload PostgREST's schema cache"
            ),
        ),
        _ if code == "42501" || matches!(status, 401 | 403) => QueueError::new(
            ErrorCode::Unauthorized,
            format!("the key may not call {function}: use a secret key of this project"),
        ),
        _ if class("53")
            || class("08")
            || class("57")
            || class("40")
            || matches!(
                code,
                "55P03" | "PGRST000" | "PGRST001" | "PGRST002" | "PGRST003"
            ) =>
        {
            QueueError::new(
                ErrorCode::Unavailable,
                format!("the database is busy ({code}): {message}"),
            )
        }
        // Also with a code that is not known: a gateway in trouble has codes of its own.
        _ if status >= 500 || code.is_empty() && matches!(status, 408 | 425 | 429) => {
            QueueError::new(
                ErrorCode::Unavailable,
                format!("the project's API answered {status}"),
            )
        }
        "" => QueueError::new(
            ErrorCode::Unexpected,
            format!("the project's API answered {status}"),
        ),
        _ => QueueError::new(
            ErrorCode::Database,
            format!("{function} failed ({code}): {message}"),
        ),
    };
    error.because(&format!("{status} {code} {message}"))
}

/// The worker's queue over any RPC.
pub struct RpcQueue<R> {
    rpc: R,
    seed_sender: Cell<Option<String>>,
}

impl<R: Rpc> RpcQueue<R> {
    /// `seed_sender` is stored as the default sender with the first call, where none is stored.
    pub fn new(rpc: R, seed_sender: Option<String>) -> Self {
        Self {
            rpc,
            seed_sender: Cell::new(seed_sender),
        }
    }
}

#[derive(Serialize)]
struct SeededRequest<'a> {
    #[serde(flatten)]
    request: &'a work::Request,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed_sender: Option<&'a str>,
}

impl<R: Rpc> WorkQueue for RpcQueue<R> {
    async fn work(&self, request: &work::Request) -> Result<work::Reply, QueueError> {
        let seed_sender = self.seed_sender.take();
        let seeded = SeededRequest {
            request,
            seed_sender: seed_sender.as_deref(),
        };
        let arguments = json!({ "p_request": seeded }).to_string();
        let answer = self.rpc.call("email_queue_work", &arguments).await;
        if answer.is_err() {
            self.seed_sender.set(seed_sender);
        }
        let answer = answer?;
        serde_json::from_str(&answer).map_err(|error| {
            QueueError::new(
                ErrorCode::Unexpected,
                format!(
                    "the answer of email_queue_work cannot be read: {}",
                    crate::outcome::scrub(&error.to_string())
                ),
            )
        })
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

    #[test]
    fn refusals_are_told_apart_by_code() {
        for (status, body, code, retryable) in [
            (
                404,
                r#"{"code":"PGRST202","message":"no"}"#,
                ErrorCode::NotInstalled,
                false,
            ),
            (
                403,
                r#"{"code":"42501","message":"permission denied"}"#,
                ErrorCode::Unauthorized,
                false,
            ),
            (
                401,
                r#"{"message":"Invalid API key"}"#,
                ErrorCode::Unauthorized,
                false,
            ),
            (
                500,
                r#"{"code":"57014","message":"canceling statement"}"#,
                ErrorCode::Unavailable,
                true,
            ),
            (
                500,
                r#"{"code":"55P03","message":"lock timeout"}"#,
                ErrorCode::Unavailable,
                true,
            ),
            (
                503,
                r#"{"code":"PGRST001","message":"no connection"}"#,
                ErrorCode::Unavailable,
                true,
            ),
            (
                502,
                "<html>bad gateway</html>",
                ErrorCode::Unavailable,
                true,
            ),
            (429, "", ErrorCode::Unavailable, true),
            (
                400,
                r#"{"code":"22P02","message":"x"}"#,
                ErrorCode::Database,
                false,
            ),
            (418, "tea", ErrorCode::Unexpected, false),
        ] {
            let error = refusal("f", status, body);
            assert_eq!(
                (error.code, error.code.is_retryable()),
                (code, retryable),
                "{status} {body}"
            );
        }
        let error = refusal(
            "f",
            400,
            r#"{"code":"22023","message":"email_queue: to: is missing","details":"field=to"}"#,
        );
        assert_eq!(error.to_string(), "to: is missing");
        assert_eq!(error.field.as_deref(), Some("to"));
    }
}
