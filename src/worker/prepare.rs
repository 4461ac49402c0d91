//! From a claimed dispatch to the request that sends it.

use crate::email::{Email, FieldError, Sender};
use crate::protocol::{Dispatch, Endpoint};
use crate::provider::{ErrorClass, Member, Provider, ProviderError};
use serde_json::Value;

/// A dispatch with the body of its request.
#[derive(Debug)]
pub struct Prepared {
    /// What was claimed, without the members that do not fit and without payloads.
    pub dispatch: Dispatch,
    /// Where it goes.
    pub endpoint: Endpoint,
    /// How it is encoded.
    pub wire_version: u16,
    /// A member names a template.
    pub templated: bool,
    /// The request's bytes.
    pub body: Vec<u8>,
}

/// A prepared dispatch.
#[derive(Debug)]
pub enum Preparation {
    /// It can be sent once the members of `unfit` (there may be none) are settled as rejected.
    Ready {
        /// The request.
        prepared: Box<Prepared>,
        /// The dispatch as claimed, without payloads.
        claimed: Dispatch,
        /// Members that can never go.
        unfit: Vec<(String, ProviderError)>,
    },
    /// No member can go.
    Unfit {
        /// The dispatch as claimed, without payloads.
        claimed: Dispatch,
        /// All members.
        unfit: Vec<(String, ProviderError)>,
    },
    /// This release cannot send it; another one may.
    Unknown {
        /// The dispatch as claimed, without payloads.
        claimed: Dispatch,
    },
}

fn read(provider: &Provider, payload: &Value) -> Result<Email, FieldError> {
    if payload.is_null() {
        return Err(FieldError {
            field: "payload".to_owned(),
            message: "has a number or a nesting beyond what can be read".to_owned(),
        });
    }
    let email = Email::parse(payload, Sender::Required)?;
    (provider.check)(&email)?;
    Ok(email)
}

/// Parses the members and builds the body. A frozen dispatch keeps its members, endpoint and encoding.
pub fn prepare(provider: &Provider, mut claimed: Dispatch) -> Preparation {
    let mut emails = Vec::with_capacity(claimed.messages.len());
    let mut unfit = Vec::new();
    for message in &mut claimed.messages {
        // The payload is needed no more once it is parsed: a run holds many dispatches.
        match read(provider, &std::mem::take(&mut message.payload)) {
            Ok(email) => emails.push((message.clone(), email)),
            Err(error) => unfit.push((
                message.id.clone(),
                ProviderError::new(ErrorClass::Rejected, None, None, &error.to_string()),
            )),
        }
    }
    if claimed.frozen && !unfit.is_empty() {
        return Preparation::Unknown { claimed };
    }
    if emails.is_empty() {
        return Preparation::Unfit { claimed, unfit };
    }
    let endpoint = match claimed.endpoint {
        Some(endpoint) => endpoint,
        _ if emails.len() == 1 => Endpoint::Single,
        _ => Endpoint::Batch,
    };
    let wire_version = match claimed.wire_version {
        Some(version) if claimed.frozen => version,
        _ => provider.wire_version(),
    };
    let members: Vec<Member<'_>> = emails
        .iter()
        .map(|(message, email)| Member {
            id: &message.id,
            mark: claimed.mark.as_deref(),
            email,
        })
        .collect();
    let Ok(body) = provider.encode(wire_version, endpoint, &members) else {
        return Preparation::Unknown { claimed };
    };
    let templated = emails.iter().any(|(_, email)| email.is_templated());
    let dispatch = Dispatch {
        messages: emails.into_iter().map(|(message, _)| message).collect(),
        ..claimed.clone()
    };
    let prepared = Box::new(Prepared {
        dispatch,
        endpoint,
        wire_version,
        templated,
        body,
    });
    Preparation::Ready {
        prepared,
        claimed,
        unfit,
    }
}
