//! The circuit breaker in virtual time: runs that are started again and again, as cron does, and a provider that fails
//! for some messages, some domains, one endpoint or for all. `--nocapture` shows what was measured.

mod outage;
mod poison;

use crate::support::{World, email};
use email_queue::protocol::NewMessage;
use email_queue::worker::Clock;
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const MINUTE: Duration = seconds(60);
pub const HOUR: Duration = seconds(3600);

/// Starts the worker every ten seconds; while it works, one further call waits for its end.
async fn again_and_again(world: &World, until: Duration) {
    while world.now() < until {
        let began = world.now();
        world.work().await;
        let tick = seconds(began.as_secs() / 10 * 10 + 10);
        world.clock.sleep(tick.saturating_sub(world.now())).await;
    }
}

pub fn run(world: &World, runs: usize, length: Duration, enqueues: impl Future<Output = ()>) {
    world.database.checked.set(false);
    let until = world.now() + length;
    let workers = join_all((0..runs).map(|_| again_and_again(world, until)));
    world
        .clock
        .run(async { futures_util::join!(workers, enqueues) });
}

pub fn mail(index: usize, domain: &str, poison: bool, alone: bool) -> NewMessage {
    let mut message = email(index);
    message.payload["from"] = format!("shop@{domain}").into();
    if poison {
        message.payload["to"] = format!("poison{index}@example.com").into();
    }
    if alone {
        message.payload["attachments"] = json!([{"filename": "a.txt", "content": "YQ=="}]);
    }
    message
}
