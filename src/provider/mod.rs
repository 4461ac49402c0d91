//! Providers, which send e-mails: their interface, the meaning of their answers, and the table of all providers.
//!
//! ```
//! use email_queue::email::{Email, Sender};
//! use email_queue::protocol::Endpoint;
//! use email_queue::provider::{Member, PROVIDERS};
//!
//! let payload = serde_json::json!({"from": "a@example.com", "to": "b@example.com", "subject": "Hello", "text": "Hi"});
//! let email = Email::parse(&payload, Sender::Required)?;
//! let provider = PROVIDERS[0];
//! let member = Member { id: "42", mark: Some("0123456789ab"), email: &email };
//! let body = provider.encode(provider.wire_version(), Endpoint::Single, &[member])?;
//! assert!(body.starts_with(br#"{"from":"a@example.com","to":["b@example.com"],"subject":"Hello""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod classify;
mod error;
mod hints;
mod meaning;
mod outcome;
mod port;
pub mod read;
mod resend;
#[cfg(test)]
mod tests;
mod webhook;

pub use error::{ErrorClass, ProviderError};
pub use hints::RateHints;
pub use meaning::Meaning;
pub use outcome::{Context, Mail, MemberOutcome, NoAnswer, Outcome, Reply, Scope};
pub use port::{Encode, EncodeError, Envelope, Member, Members, Provider, Variables};
pub use read::Said;
pub use webhook::{Read, Webhook};

/// The providers. A new one is a folder beside this file and a line here.
pub static PROVIDERS: [&Provider; 1] = [&resend::RESEND];

/// The providers that report what happened to e-mails. They are a table of their own, so that the module that reads reports is not
/// loaded with what sends.
pub static WEBHOOKS: [&Webhook; 1] = [&resend::WEBHOOK];

/// The first provider whose key is set, or else the first of all, so that an error names its key.
pub fn configured(is_set: impl Fn(&str) -> bool) -> &'static Provider {
    let mut providers = PROVIDERS.iter().copied();
    let found = providers.find(|provider| is_set(provider.variables.key));
    found.unwrap_or(&resend::RESEND)
}
