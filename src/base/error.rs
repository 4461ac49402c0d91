//! The one error of the queue.

use super::scrub;
use std::fmt;

/// What the caller should do about an error. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The input is wrong: correct the field that is named.
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
    /// The field that is wrong, if the fault has one, as JSON and JavaScript name it: `maxAttempts`, `payload.to[1]`.
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

    /// Wrong input in `field`, where what must hold of it does not. Not inlined: it would make the modules larger.
    #[inline(never)]
    pub(crate) fn unless(holds: bool, field: &str, message: &str) -> Result<(), Self> {
        match holds {
            true => Ok(()),
            false => Err(Self::invalid(field, message)),
        }
    }

    /// With what lay behind it.
    pub fn because(self, cause: &str) -> Self {
        Self {
            cause: Some(scrub(cause)).filter(|cause| !cause.is_empty()),
            ..self
        }
    }

    /// The database's code, where it was the database that refused.
    pub(crate) fn sqlstate(&self) -> Option<&str> {
        let code = self.cause.as_deref()?.split(' ').nth(1)?;
        (code.len() == 5).then_some(code)
    }
}
