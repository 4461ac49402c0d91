//! How a custom consumer ends its one message: a settle for each way, the same for every queue.

use super::check;
use crate::base::{ErrorCode, QueueError, millis};
use crate::protocol::{Answer, Lease, Rest, Settle, SettleResult, Settlement, jsonb};
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

/// What the queue's answer is to the consumer. `reason` is what contradicts the lease.
pub(crate) fn settlement(result: SettleResult, reason: &str) -> Result<Settlement, QueueError> {
    let busy = "the database could not settle it; try again";
    match result {
        SettleResult::Applied => Ok(Settlement::Applied),
        SettleResult::Already => Ok(Settlement::Already),
        SettleResult::Lost => Ok(Settlement::Lost),
        SettleResult::Invalid => Err(QueueError::invalid("lease", reason)),
        SettleResult::Error => Err(QueueError::new(ErrorCode::Unavailable, busy)),
    }
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
