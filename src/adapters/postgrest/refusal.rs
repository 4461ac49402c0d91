//! What an answer of PostgREST means that is none of the function.

use crate::queue::{ErrorCode, QueueError};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: Option<String>,
    message: Option<String>,
    details: Option<String>,
}

/// Classifies by PostgREST's `code`; the status says little (a statement timeout is a 500).
pub(super) fn refusal(function: &str, status: u16, body: &str) -> QueueError {
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

#[cfg(test)]
mod tests {
    use super::*;

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
