//! What the provider reports of an e-mail. For tests only, so not in the module.

use serde::Deserialize;
use std::collections::BTreeMap;

/// An event about an e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct ReportedEvent {
    /// The provider's id of the event.
    pub id: String,
    /// As in `email.delivered`.
    #[serde(rename = "type")]
    pub kind: String,
    /// By the provider's clock (RFC 3339).
    pub occurred_at: String,
    /// The provider's id of the e-mail.
    pub provider_message_id: String,
    /// The message, from the e-mail's tag.
    pub message_id: Option<String>,
    /// The mark, from the same.
    pub mark: Option<String>,
    /// The addresses that it is about.
    pub recipients: Vec<String>,
    /// A bounce's.
    pub detail: Option<BTreeMap<String, String>>,
}

impl ReportedEvent {
    /// Of a message that was erased: the addresses are told apart, and no longer shown.
    pub(super) fn erase(&mut self) {
        for recipient in &mut self.recipients {
            *recipient = recipient.replace('@', "#");
        }
        self.detail = None;
    }
}
