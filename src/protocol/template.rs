//! Templates of e-mails, kept in the database by name and language.

use serde::{Deserialize, Serialize};

/// A template to store. A template has values, `{{ name }}`, and conditions, `{{ if name }} … {{ else }} … {{ end }}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewTemplate {
    /// 1 to 100 letters, digits, `_` or `-`.
    pub name: String,
    /// As in `de` or `de-AT`; without, for all other languages.
    pub language: Option<String>,
    /// The subject.
    pub subject: Option<String>,
    /// The HTML; this or `text`, or both.
    pub html: Option<String>,
    /// The text.
    pub text: Option<String>,
}

/// A template in a version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UsedTemplate {
    /// Its name.
    pub name: String,
    /// In lower case; without, for all other languages.
    pub language: Option<String>,
    /// From 1; 0 is built in.
    pub version: u32,
}
