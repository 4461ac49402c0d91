//! All of it together.

use super::{Connection, MemoryMailer, MemoryQueue, SeededRandom, SimulatedClock};
use email_queue::base::Random;
use email_queue::model::Settings;
use email_queue::protocol::{Cause, NewMessage, QueueMessage, QueueMessageStatus};
use email_queue::worker::{Clock, Config, Control, Errand, Report, run, run_errand};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// 2026-11-24 12:00:00 UTC.
const EPOCH: Duration = Duration::from_secs(1_795_521_600);

/// A queue, a provider and time.
pub struct World {
    pub clock: SimulatedClock,
    pub database: Connection,
    pub mailer: MemoryMailer,
    pub random: SeededRandom,
    pub config: Config,
}

impl Default for World {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl World {
    pub fn new(settings: Settings) -> Self {
        let clock = SimulatedClock::default();
        clock.advance(Duration::from_secs(1000));
        let queue = MemoryQueue::new(settings, clock.clone(), EPOCH);
        Self {
            database: Connection::new(queue, clock.clone()),
            mailer: MemoryMailer::new(clock.clone()),
            random: SeededRandom::new(7),
            config: Config::DEFAULT,
            clock,
        }
    }

    /// A world with so many e-mails, to `user0@example.com` and so on.
    pub fn with_emails(count: usize) -> Self {
        let world = Self::default();
        for index in 0..count {
            world.enqueue(email(index));
        }
        world
    }

    pub fn enqueue(&self, message: NewMessage) -> String {
        let enqueued = self
            .database
            .queue
            .with(|queue, now| queue.enqueue(now, &message));
        enqueued.expect("it is taken").id
    }

    /// Runs the worker to its end.
    pub fn run(&self) -> Report {
        self.clock.run(self.work())
    }

    /// Runs the worker until `killed` says that it is killed.
    pub fn run_until(&self, killed: impl FnMut() -> bool) -> Option<Report> {
        self.clock.run_until(self.work(), killed)
    }

    /// The worker.
    pub async fn work(&self) -> Report {
        let report = run(
            &self.database,
            &self.mailer,
            &self.clock,
            &self.random,
            self.config,
        )
        .await;
        assert_eq!(
            report.claimed,
            report.accepted + report.retried + report.failed + report.released + report.lost,
            "{report:?}",
        );
        report
    }

    /// The worker, started for this; where it listens nobody waits for it.
    pub async fn work_for(&self, cause: Cause, listens: bool, control: &Control) -> Report {
        let errand = Errand {
            id: self.random.token(),
            cause: Some(cause),
            listens,
            control: Some(control),
            spent: None,
        };
        run_errand(
            &self.database,
            &self.mailer,
            &self.clock,
            &self.random,
            self.config,
            errand,
        )
        .await
    }

    /// Runs the worker again and again, as a schedule would, until nothing is open any more.
    pub fn drain(&self) -> usize {
        for runs in 1..=500 {
            self.run();
            let open = ["pending", "processing", "retrying"];
            if !open.iter().any(|status| self.counts().contains_key(status)) {
                return runs;
            }
            self.clock.advance(Duration::from_secs(60));
        }
        panic!("something stays open: {:?}", self.counts());
    }

    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    pub fn get(&self, id: &str) -> QueueMessage {
        self.database
            .queue
            .with(|queue, _| queue.get(id))
            .expect("it is there")
    }

    pub fn list(&self, status: QueueMessageStatus) -> Vec<QueueMessage> {
        self.database
            .queue
            .with(|queue, _| queue.list(status, None, 1000, None))
    }

    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        self.database.queue.with(|queue, _| queue.counts())
    }

    /// Every message was accepted, once, and completed.
    #[track_caller]
    pub fn assert_all_completed(&self, count: usize) {
        assert_eq!(self.counts(), BTreeMap::from([("completed", count)]));
        assert_eq!(self.mailer.accepted(), count);
        assert_eq!(self.mailer.twice(), Vec::<String>::new());
    }
}

/// An e-mail to `user<index>@example.com`.
pub fn email(index: usize) -> NewMessage {
    NewMessage {
        payload: json!({
            "from": "shop@example.com", "to": format!("user{index}@example.com"),
            "subject": format!("Order {index}"), "content": "<p>Thank you</p>",
        }),
        ..NewMessage::default()
    }
}
