//! Templates as they are stored.

use crate::protocol::{NewTemplate, UsedTemplate};

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct TemplateRow {
    pub is: UsedTemplate,
    pub parts: NewTemplate,
}

/// A template with its variables, as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Which one was found.
    pub template: UsedTemplate,
    /// The subject.
    pub subject: String,
    /// The HTML.
    pub html: Option<String>,
    /// The text.
    pub text: Option<String>,
}
