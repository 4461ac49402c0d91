//! The queue in memory, in virtual time.

use crate::subject::Subject;
use email_queue::model::{Queue, Settings};
use email_queue::protocol::{
    Cancelled, Dispatch, Enqueued, Erased, ListOptions, NewMessage, QueueMessage,
    QueueMessageStatus, Redrive, SettleResult, Suppress, Unsuppress, Unsuppressed, WorkReply,
    WorkRequest,
};
use serde_json::Value;
use std::time::Duration;

/// The queue and its time.
pub struct Memory {
    queue: Queue,
    now: Duration,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            queue: Queue::new(Settings::default()),
            now: Duration::from_secs(1_795_521_600),
        }
    }
}

impl Subject for Memory {
    fn enqueue(&mut self, messages: &[NewMessage]) -> Result<Vec<Enqueued>, String> {
        let result = self.queue.enqueue_many(self.now, messages);
        result.map_err(|error| error.field.expect("it names the field"))
    }

    fn work(&mut self, request: &WorkRequest) -> WorkReply {
        let reply = self.queue.work(self.now, request);
        assert_eq!(self.queue.fault(), None, "after {request:#?}");
        reply
    }

    fn get(&mut self, id: &str) -> QueueMessage {
        self.queue.get(id).expect("it is there")
    }

    fn list(&mut self, status: &str) -> Vec<QueueMessage> {
        let status = QueueMessageStatus::parse(status).expect("a status");
        self.queue.list(status, None, 1000, None)
    }

    fn search(&mut self, metadata: &Value) -> Vec<QueueMessage> {
        let options = ListOptions {
            metadata: Some(metadata.clone()),
            ..ListOptions::default()
        };
        self.queue.page(QueueMessageStatus::Pending, &options)
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
    }

    fn configure(&mut self, settings: Value) {
        let mut new = self.queue.settings().clone();
        for (name, value) in settings.as_object().expect("an object") {
            let number = || value.as_u64().expect("a number");
            match name.as_str() {
                "default_sender" => new.default_sender = value.as_str().map(str::to_owned),
                "rate_limit" => new.rate_limit = number() as u32,
                "default_max_attempts" => new.default_max_attempts = number() as u32,
                "max_payload_bytes" => new.max_payload_bytes = number(),
                _ => panic!("{name} is not a setting of both"),
            }
        }
        self.queue.configure(new).expect("the settings are taken");
    }

    fn pause(&mut self, reason: &str, domain: Option<&str>, seconds: Option<u32>) {
        let length = seconds.map(|seconds| Duration::from_secs(seconds.into()));
        self.queue.pause(self.now, reason, domain, length);
    }

    fn resume(&mut self, domain: Option<&str>) {
        self.queue.resume(self.now, domain);
    }

    fn extend(&mut self, dispatch: &Dispatch, lease: Duration) -> bool {
        let until = self
            .queue
            .extend(self.now, &dispatch.dispatch_id, &dispatch.token, lease);
        until.is_some()
    }

    fn release(&mut self, dispatch: &Dispatch) -> SettleResult {
        self.queue
            .release(self.now, &dispatch.dispatch_id, &dispatch.token)
    }

    fn cancel(&mut self, id: &str) -> Cancelled {
        self.queue.cancel_or_explain(self.now, id)
    }

    fn erase(&mut self, id: &str) -> Erased {
        self.queue.erase_or_explain(self.now, id)
    }

    fn discard(&mut self, ids: &[String]) -> Vec<String> {
        let discarded = self.queue.discard(Some(ids), None, 1000, false);
        assert_eq!(self.queue.fault(), None);
        discarded
    }

    fn has(&mut self, id: &str) -> bool {
        self.queue.get(id).is_some()
    }

    fn suppress(&mut self, address: &str, reason: &str, topic: Option<&str>) {
        let suppress = Suppress {
            address: address.to_owned(),
            reason: Some(serde_json::from_value(reason.into()).expect("a reason")),
            topic: topic.map(str::to_owned),
            ..Suppress::default()
        };
        self.queue.suppress(self.now, &suppress);
    }

    fn unsuppress(&mut self, address: &str) -> Unsuppressed {
        let unsuppress = Unsuppress {
            address: address.to_owned(),
            ..Unsuppress::default()
        };
        self.queue.unsuppress(self.now, &unsuppress)
    }

    fn record(&mut self, event: &Value) -> String {
        let event = serde_json::from_value(event.clone()).expect("an event");
        let result = self.queue.record(self.now, &event);
        assert_eq!(self.queue.fault(), None, "after {event:?}");
        result.to_owned()
    }

    fn not_accepted(&mut self, id: &str) -> Option<String> {
        let ended = self.queue.not_accepted(self.now, id);
        ended.err().map(str::to_owned)
    }

    fn redrive(&mut self, id: &str, allow_duplicates: bool) -> Option<String> {
        let redrive = Redrive {
            allow_duplicates,
            ..Redrive::default()
        };
        let redriven = self.queue.redrive(self.now, id, &redrive);
        redriven.err().map(str::to_owned)
    }

    fn adopt(&mut self) {
        self.queue.adopt();
    }

    fn time(&mut self, from_now: Duration) -> String {
        // The queue's own way of writing a time.
        let mut queue = Queue::new(Settings::default());
        let enqueued = queue.enqueue(self.now + from_now, &crate::subject::email(0));
        queue
            .get(&enqueued.expect("it is taken").id)
            .expect("it is there")
            .created_at
    }
}
