//! Reads the bodies of answers.

use crate::email::Endpoint;

use super::{Context, ErrorClass, MemberOutcome, ProviderError};
use serde_json::Value;

/// What an error's body says.
pub(super) struct Said {
    pub(super) name: Option<String>,
    pub(super) message: String,
}

impl Said {
    /// Empty if there was none.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// The `name` and `message` of `body`; without a message, the body itself.
pub(super) fn error(body: &[u8]) -> Said {
    let value = serde_json::from_slice::<Value>(body).unwrap_or_default();
    Said {
        name: text(&value, "name").map(str::to_owned),
        message: text(&value, "message")
            .map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned),
    }
}

/// What became of each member, in the order of the request, or why the answer cannot be read.
pub(super) fn members(
    status: u16,
    body: &[u8],
    context: &Context,
) -> Result<Vec<MemberOutcome>, &'static str> {
    let answer = serde_json::from_slice::<Value>(body).map_err(|_| "not JSON")?;
    match context.endpoint {
        Endpoint::Single if context.members == 1 => Ok(vec![accepted(&answer)?]),
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
            Some(place @ None) => *place = Some(rejected(status, error)),
            Some(Some(_)) => return Err("two errors for one message"),
            None => return Err("an error for a message that was not sent"),
        }
    }
    let mut created = created.iter();
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Some(rejected) => Ok(rejected),
            None => accepted(created.next().ok_or("not one answer for each message")?),
        })
        .collect()
}

fn accepted(created: &Value) -> Result<MemberOutcome, &'static str> {
    match text(created, "id") {
        Some(id) if !id.is_empty() => Ok(MemberOutcome::Accepted {
            provider_message_id: id.to_owned(),
        }),
        _ => Err("no id"),
    }
}

fn rejected(status: u16, error: &Value) -> MemberOutcome {
    let message = text(error, "message").unwrap_or("no reason given");
    let name = text(error, "name");
    MemberOutcome::Rejected(ProviderError::new(
        ErrorClass::Rejected,
        Some(status),
        name,
        message,
    ))
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
