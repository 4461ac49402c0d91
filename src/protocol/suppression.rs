//! The suppression list: addresses that get no mail.

use serde::{Deserialize, Serialize};

/// Why an address gets no mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionReason {
    /// Its mail came back.
    Bounce,
    /// Its owner called a mail spam.
    Complaint,
    /// Its owner unsubscribed. It counts for mail that names a topic.
    Unsubscribe,
    /// An operator said so.
    Manual,
}

/// An address to suppress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Suppress {
    /// The address.
    pub address: String,
    /// `manual` by default.
    pub reason: Option<SuppressionReason>,
    /// For this topic only; by default for all mail.
    pub topic: Option<String>,
    /// Your own words: at most 1000 characters.
    pub note: Option<String>,
    /// No entry of the address keeps it: what stays is its keyed hash.
    pub hash_only: bool,
}

/// Entries to remove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Unsuppress {
    /// The address.
    pub address: String,
    /// Those of this topic; by default those for all mail.
    pub topic: Option<String>,
    /// Those of this reason; by default all but `unsubscribe`.
    pub reason: Option<SuppressionReason>,
}

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuppressionList {
    /// Only of this address.
    pub address: Option<String>,
    /// Only of this reason.
    pub reason: Option<SuppressionReason>,
    /// Only of this topic.
    pub topic: Option<String>,
    /// How many: 100 by default, at most 1000.
    pub limit: Option<u32>,
    /// Only entries older than this id.
    pub after: Option<String>,
}

/// An entry of the suppression list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// Its id, ordered by time.
    pub id: String,
    /// The address, in lower case; `None` if only its hash is kept.
    pub address: Option<String>,
    /// Why.
    pub reason: SuppressionReason,
    /// For this topic; `None`: for all mail.
    pub topic: Option<String>,
    /// Since when (RFC 3339).
    pub since: String,
    /// The provider's event that it came with.
    pub event: Option<String>,
    /// An operator's words.
    pub note: Option<String>,
}

/// What an entry counts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppressionScope {
    /// Why.
    pub reason: SuppressionReason,
    /// For this topic; `None`: for all mail.
    pub topic: Option<String>,
}

/// The answer to a removal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsuppressed {
    /// The entries that are gone.
    pub removed: Vec<SuppressionScope>,
    /// The entries of the address that stand.
    pub left: Vec<SuppressionScope>,
}
