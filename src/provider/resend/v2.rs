//! Wire version 2. Frozen: the golden files in `tests/fixtures/wire/v2` hold its bytes.
//!
//! Version 1 with the tag `message_id` = `<message>_<mark>`, so that the events of copies can be told apart. It is still one tag of
//! Resend's 50.

use super::v1;
use crate::protocol::Endpoint;
use crate::provider::port::{EncodeError, Member};
use std::borrow::Cow;

pub(super) fn encode(endpoint: Endpoint, members: &[Member<'_>]) -> Result<Vec<u8>, EncodeError> {
    v1::encode_with(endpoint, members, tag)
}

fn tag<'a>(member: &Member<'a>) -> Result<Cow<'a, str>, EncodeError> {
    let is_mark = |mark: &&str| {
        mark.len() == 12 && mark.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mark = (member.mark.filter(is_mark)).ok_or(EncodeError::InvalidMark)?;
    Ok(Cow::Owned(format!("{}_{mark}", member.id)))
}
