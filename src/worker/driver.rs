//! The loop around [`State`]: it carries requests out and tells the state their outcome. It decides nothing.

use super::{Config, Control, Order, Report, State};
use crate::base::{QueueError, Random};
use crate::protocol;
use crate::provider::Reply;
use crate::worker::{Clock, Mailer, WorkQueue};
use futures_util::StreamExt;
use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::stream::FuturesUnordered;
use std::pin::pin;
use std::time::Duration;

/// A run's last word to the database may take so long: its record is not worth more.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a run is started for.
#[derive(Default)]
pub struct Errand<'a> {
    /// The run's id.
    pub id: String,
    /// `None`: the database keeps no record of it.
    pub cause: Option<protocol::Cause>,
    /// No caller waits for its answer, so it may wait for more mail.
    pub listens: bool,
    /// What it is told while it runs.
    pub control: Option<&'a Control>,
    /// Is told what the run has claimed so far: see [`State::spent`].
    pub spent: Option<&'a dyn Fn(u64, u64)>,
}

enum Event {
    Called(Result<protocol::WorkReply, QueueError>),
    Claimed(String, Result<protocol::WorkReply, QueueError>),
    Sent(String, Reply),
    Woke,
    Told(Order),
}

/// Runs the queue once: claims, sends and settles until it is empty or a bound is reached.
pub async fn run(
    queue: &impl WorkQueue,
    mailer: &impl Mailer,
    clock: &impl Clock,
    random: &impl Random,
    config: Config,
) -> Report {
    let errand = Errand {
        id: random.token(),
        ..Errand::default()
    };
    run_errand(queue, mailer, clock, random, config, errand).await
}

/// As [`run`](fn@run), with a record in the database and orders from outside.
pub async fn run_errand(
    queue: &impl WorkQueue,
    mailer: &impl Mailer,
    clock: &impl Clock,
    random: &impl Random,
    config: Config,
    errand: Errand<'_>,
) -> Report {
    let mut state = State::new(mailer.provider(), config, clock.now(), errand.id)
        .started_for(errand.cause, errand.listens);
    let nobody = Control::default();
    let control = errand.control.unwrap_or(&nobody);
    let mut told: Option<Order> = None;
    let mut events: FuturesUnordered<LocalBoxFuture<'_, Event>> = FuturesUnordered::new();
    let mut calling = false;
    let mut claims = 0;
    let mut alarm: Option<Duration> = None;
    let tell_spent = |state: &State| {
        if let Some(spent) = errand.spent {
            let (messages, bytes) = state.spent();
            spent(messages, bytes);
        }
    };
    loop {
        let now = clock.now();
        while let Some((dispatch_id, mail)) = state.next_send(now) {
            events.push(Box::pin(async move {
                Event::Sent(dispatch_id, mailer.send(mail).await)
            }));
        }
        while let Some((token, request)) = state.next_claim(now, || random.token()) {
            claims += 1;
            events.push(Box::pin(async move {
                let result = queue.work(&request).await;
                Event::Claimed(token, result)
            }));
        }
        if !calling && let Some(request) = state.next_call(now, || random.token()) {
            calling = true;
            events.push(Box::pin(async move {
                Event::Called(queue.work(&request).await)
            }));
        }
        if !calling && claims == 0 && state.is_done() {
            if let Some(request) = state.farewell(clock.now()) {
                let word = queue.work(&request);
                select(pin!(word), pin!(clock.sleep(FAREWELL))).await;
            }
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
        let event = match select(events.next(), pin!(control.beyond(told))).await {
            Either::Left((event, _)) => event,
            Either::Right((order, _)) => Some(Event::Told(order)),
        };
        match event {
            Some(Event::Called(result)) => {
                calling = false;
                state.on_call(clock.now(), result);
                tell_spent(&state);
            }
            Some(Event::Claimed(token, result)) => {
                claims -= 1;
                state.on_claim(clock.now(), &token, result);
                tell_spent(&state);
            }
            Some(Event::Sent(dispatch_id, reply)) => {
                state.on_reply(clock.now(), &dispatch_id, &reply, random.unit());
            }
            Some(Event::Woke) => alarm = None,
            Some(Event::Told(order)) => {
                told = Some(order);
                state.on_order(clock.now(), order);
            }
            // Nothing is under way and nothing is planned: the state would never move again.
            None => return state.report(clock.now()),
        }
    }
}
