//! The one error of the queue.

use std::fmt;

/// What the caller should do about an error. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The input is wrong: mend the field that is named.
    InvalidInput,
    /// The key is not a secret key of the project, or may not do this.
    Unauthorized,
    /// The functions are not there: apply the migrations, or reload PostgREST's schema cache.
    NotInstalled,
    /// The project's API does not show the schema `public`, or is off: change the project's settings.
    NotExposed,
    /// No connection: check the URL and the network. Whether the call was carried out is not known.
    Unreachable,
    /// No answer in time. Whether the call was carried out is not known.
    Timeout,
    /// The database or PostgREST is in trouble: try again later.
    Unavailable,
    /// The database refused the call for another reason.
    Database,
    /// The answer could not be read.
    Unexpected,
}

impl ErrorCode {
    /// The stable name, as in `invalid_input`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Unauthorized => "unauthorized",
            Self::NotInstalled => "not_installed",
            Self::NotExposed => "not_exposed",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Database => "database",
            Self::Unexpected => "unexpected",
        }
    }

    /// Whether the same call can succeed later.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Unreachable | Self::Timeout | Self::Unavailable)
    }
}

/// An error of the queue. It holds no key and no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct QueueError {
    /// What to do about it.
    pub code: ErrorCode,
    /// The field that is wrong, where there is one, as JSON and JavaScript name it: `maxAttempts`, `payload.to[1]`.
    pub field: Option<String>,
    /// One line for people.
    pub message: String,
    /// What lay behind it, as in PostgREST's code and text; scrubbed.
    pub cause: Option<String>,
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl QueueError {
    /// An error without a field.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            field: None,
            message: message.into(),
            cause: None,
        }
    }

    /// Wrong input in `field`.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: ErrorCode::InvalidInput,
            field: Some(field.into()),
            message: message.into(),
            cause: None,
        }
    }

    /// With what lay behind it.
    pub fn because(self, cause: &str) -> Self {
        Self {
            cause: Some(crate::outcome::scrub(cause)).filter(|cause| !cause.is_empty()),
            ..self
        }
    }

    /// The database's code, where it was the database that refused.
    pub(crate) fn sqlstate(&self) -> Option<&str> {
        let code = self.cause.as_deref()?.split(' ').nth(1)?;
        (code.len() == 5).then_some(code)
    }

    /// With the field named as callers write it, not as the database does.
    pub(super) fn in_callers_words(self) -> Self {
        self.renamed(|field| match item(field) {
            Some((index, name)) if !name.is_empty() => format!("messages[{index}].{}", word(name)),
            _ => word(field),
        })
    }

    /// Of messages in a list, as the database counts them in a call that begins with the `first` of it.
    pub(super) fn counted_from(self, first: usize) -> Self {
        self.renamed(|field| match item(field) {
            Some((index, "")) => format!("messages[{}]", first + index),
            Some((index, name)) => format!("messages[{}].{name}", first + index),
            None => field.to_owned(),
        })
    }

    /// Of the one message of a call that takes a list.
    pub(super) fn of_one(self) -> Self {
        self.renamed(|field| match item(field) {
            Some((_, "")) => "message".to_owned(),
            Some((_, name)) => name.to_owned(),
            None => field.to_owned(),
        })
    }

    /// With its field below another one: `payload` and `to` make `payload.to`.
    pub(crate) fn below(self, prefix: &str) -> Self {
        self.renamed(|field| format!("{prefix}.{field}"))
    }

    /// Of one message in a list; without a field it is the message itself that is wrong.
    pub(crate) fn of_item(mut self, index: usize) -> Self {
        let item = format!("messages[{index}]");
        match self.field {
            Some(_) => self.below(&item),
            None => {
                self.field = Some(item);
                self
            }
        }
    }

    fn renamed(self, name: impl Fn(&str) -> String) -> Self {
        Self {
            field: self.field.as_deref().map(name),
            ..self
        }
    }
}

/// The index and the rest of `messages[i].name`.
fn item(field: &str) -> Option<(usize, &str)> {
    let (index, rest) = field.strip_prefix("messages[")?.split_once(']')?;
    Some((index.parse().ok()?, rest.strip_prefix('.').unwrap_or(rest)))
}

/// The caller's word for a column, and for what is below it.
fn word(column: &str) -> String {
    let name = column.split(['.', '[']).next().unwrap_or_default();
    match name {
        "max_attempts" => "maxAttempts".to_owned(),
        "run_at" => "runAt".to_owned(),
        "delay_ms" => "delaySeconds".to_owned(),
        "send_before" => "sendBefore".to_owned(),
        "dedup_key" => "dedupKey".to_owned(),
        "default_sender" => "defaultSender".to_owned(),
        "from" | "to" | "cc" | "bcc" | "replyTo" | "subject" | "content" | "headers"
        | "attachments" | "template" => format!("payload.{column}"),
        _ => column.to_owned(),
    }
}

impl From<crate::email::FieldError> for QueueError {
    fn from(error: crate::email::FieldError) -> Self {
        Self::invalid(error.field, error.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_as_the_caller_counts_and_calls_it() {
        let said = |field: &str| QueueError::invalid(field, "").in_callers_words();
        let field = |error: QueueError| error.field.unwrap_or_default();
        for (column, alone, in_a_list) in [
            (
                "messages[3].max_attempts",
                "maxAttempts",
                "messages[2003].maxAttempts",
            ),
            ("messages[0].to", "payload.to", "messages[2000].payload.to"),
            (
                "messages[0].headers.X-Note",
                "payload.headers.X-Note",
                "messages[2000].payload.headers.X-Note",
            ),
            ("messages[1]", "message", "messages[2001]"),
            ("messages", "messages", "messages"),
            ("send_before", "sendBefore", "sendBefore"),
        ] {
            assert_eq!(field(said(column).of_one()), alone);
            assert_eq!(field(said(column).counted_from(2000)), in_a_list);
        }
    }
}
