//! The loop around [`State`]: it carries requests out and tells the state what came of them. It decides nothing.

use super::{Config, Report, State};
use crate::outcome::Reply;
use crate::ports::{Clock, Mailer, Random, WorkQueue};
use crate::queue::QueueError;
use crate::work;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use std::time::Duration;

enum Event {
    Called(Result<work::Reply, QueueError>),
    Sent(String, Reply),
    Woke,
}

/// Runs the queue once: claims, sends and settles until it is empty or a bound is reached.
pub async fn run(
    queue: &impl WorkQueue,
    mailer: &impl Mailer,
    clock: &impl Clock,
    random: &impl Random,
    config: Config,
) -> Report {
    let mut state = State::new(config, clock.now(), random.token());
    let mut events: FuturesUnordered<LocalBoxFuture<'_, Event>> = FuturesUnordered::new();
    let mut calling = false;
    let mut alarm: Option<Duration> = None;
    loop {
        let now = clock.now();
        while let Some((dispatch_id, mail)) = state.next_send(now) {
            events.push(Box::pin(async move {
                Event::Sent(dispatch_id, mailer.send(mail).await)
            }));
        }
        if !calling && let Some(request) = state.next_call(now, || random.token()) {
            calling = true;
            events.push(Box::pin(async move {
                Event::Called(queue.work(&request).await)
            }));
        }
        if !calling && state.is_done() {
            return state.report(clock.now());
        }
        if let Some(at) = state.wake_at(now, calling)
            && alarm.is_none_or(|alarm| at < alarm)
        {
            alarm = Some(at);
            events.push(Box::pin(async move {
                clock.sleep(at.saturating_sub(now)).await;
                Event::Woke
            }));
        }
        match events.next().await {
            Some(Event::Called(result)) => {
                calling = false;
                state.on_call(clock.now(), result);
            }
            Some(Event::Sent(dispatch_id, reply)) => {
                state.on_reply(clock.now(), &dispatch_id, &reply, random.unit());
            }
            Some(Event::Woke) => alarm = None,
            // Nothing is under way and nothing is planned: the state would never move again.
            None => return state.report(clock.now()),
        }
    }
}
