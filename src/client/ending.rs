//! How a custom consumer ends its one message: the settle of each way, the same for every queue.

use super::check;
use crate::base::{QueueError, millis};
use crate::protocol::{Answer, Lease, Rest, Settle, jsonb};
use serde_json::Value;
use std::time::Duration;

type Ending = Result<Settle, QueueError>;

pub(crate) fn complete(lease: &Lease) -> Ending {
    settle(lease, Rest::Complete)
}

pub(crate) fn fail(lease: &Lease, error: Value) -> Ending {
    Ok(Settle {
        error: Some(jsonb::error(error)),
        ..settle(lease, Rest::Fail)?
    })
}

pub(crate) fn retry(lease: &Lease, error: Value, delay: Duration) -> Ending {
    Ok(Settle {
        error: Some(jsonb::error(error)),
        delay_ms: Some(millis(check::delay_time(delay)?)),
        ..settle(lease, Rest::Retry)?
    })
}

/// The only one that says that it was not tried.
pub(crate) fn release(lease: &Lease) -> Ending {
    Ok(Settle {
        answer: Answer::None,
        counted: false,
        ..settle(lease, Rest::Release)?
    })
}

fn settle(lease: &Lease, rest: Rest) -> Ending {
    let Lease { dispatch_id, token } = check::lease(lease)?;
    Ok(Settle::new(
        &dispatch_id,
        &token,
        Answer::Definite,
        Some(rest),
    ))
}
