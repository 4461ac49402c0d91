//! The interface of a provider's reports: how the requests are signed, and what they say.

use crate::protocol::ProviderEvent;
use std::time::Duration;

/// How a provider reports what happened to e-mails. Requests are signed as [Standard Webhooks](https://www.standardwebhooks.com)
/// has it; only the names of the headers differ.
pub struct Webhook {
    /// The last segment of the door's address.
    pub segment: &'static str,
    /// The variable of the secret that signs.
    pub secret: &'static str,
    /// What its headers begin with: `<prefix>-id`, `<prefix>-timestamp`, `<prefix>-signature`.
    pub prefix: &'static str,
    /// The event of a body; `Err`: why it is not one. The id is that of the delivery, the time the one of its signature.
    pub read: Read,
}

/// See [`Webhook::read`].
pub type Read = fn(&str, Duration, &[u8]) -> Result<ProviderEvent, &'static str>;
