//! Answers of PostgREST itself, not of the SQL function, and what they mean.

use crate::base::{ErrorCode, QueueError, joined, typed};
use serde::Deserialize;
use serde_json::Value;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: Option<String>,
    message: Option<String>,
    details: Option<String>,
}

/// Classifies by PostgREST's `code`; the status says little (a statement timeout is a 500).
pub(super) fn refusal(function: &str, status: u16, body: &str) -> QueueError {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let refusal: Refusal = typed(&body).unwrap_or_default();
    let code = refusal.code.as_deref().unwrap_or_default();
    let message = crate::base::scrub(refusal.message.as_deref().unwrap_or_default());
    let class = |prefix: &str| code.starts_with(prefix);
    let in_recovery = matches!(code, "0A000" | "55000") && message.contains("recovery");
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
        "PGRST106" => QueueError::new(
            ErrorCode::NotExposed,
            "the project's API does not expose the schema public: Project Settings, Data API, Exposed schemas must contain public, and the Data API must be on",
        ),
        // A redirect is not followed: the key would go along.
        "" if matches!(status, 0 | 300..=399) => QueueError::invalid(
            "url",
            format!(
                "must be the project's own address, as in https://<reference>.supabase.co: it redirects ({status})"
            ),
        ),
        _ if code == "42501" || matches!(status, 401 | 403) => QueueError::new(
            ErrorCode::Unauthorized,
            format!("the key may not call {function}: use a secret key of this project"),
        ),
        _ if code == "25006" || in_recovery => QueueError::new(
            ErrorCode::Unavailable,
            format!(
                "the database is read-only ({code}): its disk is full, or this is the address of a read replica"
            ),
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
            let busy = format!("the database is busy ({code})");
            QueueError::new(ErrorCode::Unavailable, joined(&[&busy, &message], ": "))
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
        _ => {
            let failed = format!("{function} failed ({code})");
            QueueError::new(ErrorCode::Database, joined(&[&failed, &message], ": "))
        }
    };
    // The status alone is in the message, where it says anything.
    let cause = joined(&[code, &message], " ");
    match cause.is_empty() {
        true => error,
        false => error.because(&format!("{status} {cause}")),
    }
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
            (
                406,
                r#"{"code":"PGRST106","message":"Invalid schema: public"}"#,
                ErrorCode::NotExposed,
                false,
            ),
            (302, "<html>moved</html>", ErrorCode::InvalidInput, false),
            (0, "", ErrorCode::InvalidInput, false),
            // A project whose disk is full, and a read replica.
            (
                405,
                r#"{"code":"25006","message":"cannot execute UPDATE in a read-only transaction"}"#,
                ErrorCode::Unavailable,
                true,
            ),
            (
                400,
                r#"{"code":"0A000","message":"cannot access temporary or unlogged relations during recovery"}"#,
                ErrorCode::Unavailable,
                true,
            ),
            (
                400,
                r#"{"code":"55000","message":"cannot acquire lock mode RowExclusiveLock on database objects while recovery is in progress"}"#,
                ErrorCode::Unavailable,
                true,
            ),
            (
                400,
                r#"{"code":"0A000","message":"cached plan must not change result type"}"#,
                ErrorCode::Database,
                false,
            ),
            (
                500,
                r#"{"code":"57P01","message":"terminating connection"}"#,
                ErrorCode::Unavailable,
                true,
            ),
            (
                503,
                r#"{"code":"57P03","message":"the database system is starting up"}"#,
                ErrorCode::Unavailable,
                true,
            ),
            (
                500,
                r#"{"code":"53400","message":"limit"}"#,
                ErrorCode::Unavailable,
                true,
            ),
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

    #[test]
    fn what_is_not_said_leaves_no_gap() {
        for (status, body, text, cause) in [
            (503, "", "the project's API answered 503", None),
            (
                503,
                r#"{"message":"upstream"}"#,
                "the project's API answered 503",
                Some("503 upstream"),
            ),
            (
                500,
                r#"{"code":"57014"}"#,
                "the database is busy (57014)",
                Some("500 57014"),
            ),
            (
                400,
                r#"{"code":"22P02","message":""}"#,
                "f failed (22P02)",
                Some("400 22P02"),
            ),
        ] {
            let error = refusal("f", status, body);
            assert_eq!(
                (error.to_string().as_str(), error.cause.as_deref()),
                (text, cause)
            );
        }
    }

    #[test]
    fn a_wrong_address_is_named() {
        let error = refusal("f", 301, "");
        assert_eq!(error.field.as_deref(), Some("url"));
        assert!(error.message.contains("redirects (301)"), "{error}");
        let error = refusal("f", 406, r#"{"code":"PGRST106"}"#);
        assert!(error.message.contains("Exposed schemas"), "{error}");
    }
}
