//! Rules of the payload one by one, the frozen bytes, and properties of both.

mod addresses;
mod attachments;
mod encoding;
mod golden;
mod headers;
mod limits;
mod payload;
mod properties;

use serde_json::{Value, json};

use super::{Email, FieldError, Sender, check_limits};
use crate::protocol::Endpoint;
use crate::provider::{EncodeError, Member, PROVIDERS, Provider};

/// The version that new dispatches are encoded with.
const WIRE_VERSION: u16 = 2;
const MARK: &str = "0123456789ab";

fn encode(
    version: u16,
    endpoint: Endpoint,
    members: &[Member<'_>],
) -> Result<Vec<u8>, EncodeError> {
    let mut providers = PROVIDERS.iter();
    let knows = |provider: &&&Provider| provider.wire.iter().any(|(known, _)| *known == version);
    let provider = providers.find(knows).unwrap_or(&PROVIDERS[0]);
    provider.encode(version, endpoint, members)
}

/// A payload that is valid, with `fields` put over it; `null` takes a field out.
fn payload(fields: Value) -> Value {
    let mut payload = json!({
        "from": "Shop <shop@example.com>",
        "to": "ann@example.com",
        "subject": "Hello",
        "content": "<p>Hi</p>",
    });
    for (name, value) in fields.as_object().unwrap() {
        if value.is_null() {
            payload.as_object_mut().unwrap().remove(name);
        } else {
            payload[name] = value.clone();
        }
    }
    payload
}

fn parse(fields: Value) -> Result<Email, FieldError> {
    Email::parse(&payload(fields), Sender::Required)
}

/// The request for one e-mail with `fields`, read back as JSON.
#[track_caller]
fn sent(fields: Value) -> Value {
    serde_json::from_slice(&bytes(&parse(fields).unwrap())).unwrap()
}

fn bytes(email: &Email) -> Vec<u8> {
    encode(
        WIRE_VERSION,
        Endpoint::Single,
        &[Member {
            id: "id-1",
            mark: Some(MARK),
            email,
        }],
    )
    .unwrap()
}

/// Each of `cases` is refused with exactly this path and a message that contains this.
#[track_caller]
fn refused<const N: usize>(cases: [(Value, &str, &str); N]) {
    for (fields, field, message) in cases {
        let Err(error) = parse(fields.clone()) else {
            panic!("{} is taken", start(&fields))
        };
        assert_eq!(error.field, field, "{}: {error}", start(&fields));
        let said = error.message.contains(message);
        assert!(said, "{}: {error}", start(&fields));
    }
}

/// Each of `cases` is taken.
#[track_caller]
fn taken<const N: usize>(cases: [Value; N]) {
    for fields in cases {
        if let Err(error) = parse(fields.clone()) {
            panic!("{}: {error}", start(&fields));
        }
    }
}

/// As much of `fields` as a failure need show.
fn start(fields: &Value) -> String {
    fields.to_string().chars().take(200).collect()
}
