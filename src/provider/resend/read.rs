//! Reads the bodies of Resend's 2xx answers.

use crate::protocol::Endpoint;
use crate::provider::outcome::{Context, MemberOutcome};
use crate::provider::read;
use serde_json::Value;

/// The outcome of each member, in the order of the request, or why the answer cannot be read.
pub(super) fn members(
    status: u16,
    body: &[u8],
    context: &Context,
) -> Result<Vec<MemberOutcome>, &'static str> {
    let answer = read::json(body).ok_or("not JSON")?;
    match context.endpoint {
        Endpoint::Single if context.members == 1 => Ok(vec![read::accepted(&answer)?]),
        Endpoint::Single => Err("one answer, but not one message"),
        Endpoint::Batch => batch(status, &answer, context.members),
    }
}

/// `data` holds only the created e-mails, in order; `errors` names the others by their index in the request.
fn batch(status: u16, answer: &Value, members: usize) -> Result<Vec<MemberOutcome>, &'static str> {
    let created = answer
        .get("data")
        .and_then(Value::as_array)
        .ok_or("no list of data")?;
    let errors = match answer.get("errors") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(errors)) => errors.as_slice(),
        Some(_) => return Err("errors is not a list"),
    };
    if created.len() + errors.len() != members {
        return Err("not one answer for each message");
    }
    let mut outcomes = vec![None; members];
    for error in errors {
        let index = error
            .get("index")
            .and_then(Value::as_u64)
            .ok_or("an error without an index")?;
        let place = usize::try_from(index)
            .ok()
            .and_then(|index| outcomes.get_mut(index));
        match place {
            Some(place @ None) => *place = Some(read::rejected(status, error)),
            Some(Some(_)) => return Err("two errors for one message"),
            None => return Err("an error for a message that was not sent"),
        }
    }
    let mut created = created.iter();
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Some(rejected) => Ok(rejected),
            None => read::accepted(created.next().ok_or("not one answer for each message")?),
        })
        .collect()
}
