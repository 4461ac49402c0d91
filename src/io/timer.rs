//! A limit on how long a future may take, native and in JavaScript.

use futures_util::future::{Either, select};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

/// The time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired;

/// Waits for `future`, but not longer than `limit`.
///
/// # Errors
/// [`Expired`], and the future is dropped.
pub async fn within<F: Future>(limit: Duration, future: F) -> Result<F::Output, Expired> {
    match select(pin!(future), pin!(sleep(limit))).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right(_) => Err(Expired),
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) async fn sleep(duration: Duration) {
    gloo_timers::future::sleep(duration).await;
}

#[cfg(not(target_arch = "wasm32"))]
async fn sleep(duration: Duration) {
    futures_timer::Delay::new(duration).await;
}
