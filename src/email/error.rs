//! What is wrong with a payload, in words that repeat no part of it.

use crate::base::{QueueError, shown};

/// One thing wrong with a payload: where, and what.
///
/// Both parts may be logged: the message is one of a fixed set of sentences, and the
/// path spells out a name chosen by the user (a header, a tag) only if it is short and
/// of plain letters, digits, `-` and `_`; any other name is shown as `?`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// Path within the payload as the user wrote it: `to[2]`, `attachments[0].content`,
    /// `headers.X-Foo`; `payload` for the whole.
    pub field: String,
    /// What is wrong with the value there, without the value.
    pub message: String,
}

impl FieldError {
    /// An error about the value being parsed; its callers say where that is with [`Self::within`].
    pub(super) fn here(message: impl Into<String>) -> Self {
        Self {
            field: String::new(),
            message: message.into(),
        }
    }

    /// [`here`](Self::here), where what must hold of the value does not. Not inlined: it would make the modules larger.
    #[inline(never)]
    pub(super) fn unless(holds: bool, message: &str) -> Result<(), Self> {
        match holds {
            true => Ok(()),
            false => Err(Self::here(message)),
        }
    }

    /// An error about the member `key` of the object being parsed.
    pub(super) fn at(key: &str, message: impl Into<String>) -> Self {
        Self::here(message).within(shown(key))
    }

    /// The same error seen from one level further out.
    pub(crate) fn within(mut self, outer: &str) -> Self {
        self.field = match self.field.as_str() {
            "" => outer.to_owned(),
            inner if inner.starts_with('[') => format!("{outer}{inner}"),
            inner => format!("{outer}.{inner}"),
        };
        self
    }

    /// The same error, of the payload where it is about the whole.
    pub(crate) fn of_payload(self) -> Self {
        match self.field.is_empty() {
            true => self.within("payload"),
            false => self,
        }
    }

    /// The same error seen from the list that the value is item `index` of.
    pub(super) fn item(self, index: usize) -> Self {
        self.within(&format!("[{index}]"))
    }
}

impl From<FieldError> for QueueError {
    fn from(error: FieldError) -> Self {
        Self::invalid(error.field, error.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_grow_outwards() {
        assert_eq!(
            FieldError::here("bad").item(2).within("to").to_string(),
            "to[2]: bad"
        );
        assert_eq!(
            FieldError::at("content", "bad")
                .item(0)
                .within("attachments")
                .field,
            "attachments[0].content"
        );
        assert_eq!(
            FieldError::at("X-Foo", "bad").within("headers").field,
            "headers.X-Foo"
        );
        assert_eq!(FieldError::here("bad").within("subject").field, "subject");
        assert_eq!(
            FieldError::at("headers", "bad").within("headers").field,
            "headers.headers"
        );
        assert_eq!(FieldError::here("bad").of_payload().field, "payload");
        assert_eq!(FieldError::at("to", "bad").of_payload().field, "to");
    }
}
