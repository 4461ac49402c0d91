//! The delivery of an e-mail, as the provider reports it.

use serde::{Deserialize, Serialize};

/// How far an e-mail has come, as the provider reported it. Times are RFC 3339 text, by the provider's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Of the recipient that came furthest; what went wrong counts most.
    pub state: DeliveryState,
    /// When.
    pub at: String,
    /// Each recipient that was reported, by address.
    pub recipients: Vec<RecipientDelivery>,
}

/// How far an e-mail has come for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub struct RecipientDelivery {
    /// `None` where none was named, or the message was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// How far.
    pub state: DeliveryState,
    /// When.
    pub at: String,
    /// Why it bounced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounce: Option<Bounce>,
    /// Why the provider did not send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was opened first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<String>,
    /// When a link was followed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clicked_at: Option<String>,
    /// When it was reported as spam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complained_at: Option<String>,
}

/// How far an e-mail has come; it only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// The provider will try to deliver it.
    Sent,
    /// It goes on trying.
    Delayed,
    /// The recipient's server took it.
    Delivered,
    /// The provider did not send it: the address is on its list.
    Suppressed,
    /// The provider could not send it.
    Failed,
    /// The recipient's server refused it for good.
    Bounced,
}

/// Why an e-mail bounced, in the provider's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    /// `Permanent`, `Transient` or `Undetermined`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// As in `General`, `NoEmail`, `MailboxFull`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype: Option<String>,
    /// What the recipient's server said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
