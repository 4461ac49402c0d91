//! The provider in memory: idempotency store, rate window, strict and permissive batches, and whatever goes wrong.

use super::SimulatedClock;
use super::other::{OTHER, translated};
use super::request::{Behaviour, Mode, Request, message_id};
use email_queue::protocol::Endpoint;
use email_queue::provider::{Mail, NoAnswer, PROVIDERS, Provider, Reply};
use email_queue::worker::{Clock, Mailer};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

/// Keys are kept so long, if at all.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

struct Stored {
    at: Duration,
    body: Vec<u8>,
    answer: Value,
}

type Script = dyn Fn(&Request) -> Behaviour;

/// The provider.
pub struct MemoryMailer {
    pub provider: Cell<&'static Provider>,
    pub latency: Cell<Duration>,
    pub mode: Cell<Mode>,
    /// Requests in a second.
    pub limit: Cell<u32>,
    /// E-mails to these addresses are refused.
    pub refused: RefCell<Vec<String>>,
    /// Recipients left today.
    pub quota: Cell<usize>,
    /// Sender domains that are not verified.
    pub unverified: RefCell<Vec<String>>,
    pub requests: RefCell<Vec<Request>>,
    /// When a request was more than the rate allows.
    pub throttled: RefCell<Vec<Duration>>,
    /// How often each message was accepted.
    pub accepted: RefCell<BTreeMap<String, u32>>,
    clock: SimulatedClock,
    behaviour: RefCell<Box<Script>>,
    stored: RefCell<BTreeMap<String, Stored>>,
    window: Cell<(u64, u32)>,
}

impl MemoryMailer {
    pub fn new(clock: SimulatedClock) -> Self {
        Self {
            provider: Cell::new(PROVIDERS[0]),
            latency: Cell::new(Duration::from_millis(200)),
            mode: Cell::new(Mode::Permissive),
            limit: Cell::new(10),
            refused: RefCell::default(),
            quota: Cell::new(usize::MAX),
            unverified: RefCell::default(),
            requests: RefCell::default(),
            throttled: RefCell::default(),
            accepted: RefCell::default(),
            clock,
            behaviour: RefCell::new(Box::new(|_| Behaviour::Honest)),
            stored: RefCell::default(),
            window: Cell::default(),
        }
    }

    /// From now on `behaviour` says how each request is treated.
    pub fn behave(&self, behaviour: impl Fn(&Request) -> Behaviour + 'static) {
        *self.behaviour.borrow_mut() = Box::new(behaviour);
    }

    pub fn count(&self) -> usize {
        self.requests.borrow().len()
    }

    /// How many messages were accepted at least once.
    pub fn accepted(&self) -> usize {
        self.accepted.borrow().len()
    }

    /// Messages that were accepted more than once.
    pub fn twice(&self) -> Vec<String> {
        let accepted = self.accepted.borrow();
        let twice = accepted.iter().filter(|(_, times)| **times > 1);
        twice.map(|(id, _)| id.clone()).collect()
    }

    fn handle(&self, request: &Request) -> (u16, Value) {
        let now = self.clock.now();
        let (second, used) = self.window.get();
        let used = if second == now.as_secs() { used + 1 } else { 1 };
        self.window.set((now.as_secs(), used));
        if used > self.limit.get() {
            self.throttled.borrow_mut().push(now);
            return (429, error(429, "rate_limit_exceeded"));
        }
        let keyed = self.provider.get().key_window.is_some();
        if let Some(stored) = self.stored.borrow().get(&request.key)
            && keyed
            && stored.at + KEPT > now
        {
            return match stored.body == request.body {
                true => (200, stored.answer.clone()),
                false => (409, error(409, "invalid_idempotent_request")),
            };
        }
        let emails = request.emails();
        if emails.iter().any(|email| self.is_unverified(email)) {
            return (403, error(403, "validation_error"));
        }
        // A stranger, in the provider's test mode.
        let is_stranger = |email: &Value| {
            let from = email["from"].as_str().unwrap_or_default();
            from == "onboarding@resend.dev" && email["to"][0] != "owner@example.com"
        };
        if emails.iter().any(is_stranger) {
            let mut said = error(403, "validation_error");
            said["message"] =
                "You can only send testing emails to your own email address (owner@example.com)."
                    .into();
            return (403, said);
        }
        let lists = ["to", "cc", "bcc"];
        let count = |email: &Value| {
            let counts = lists.map(|list| email[list].as_array().map_or(0, Vec::len));
            counts.iter().sum::<usize>()
        };
        let recipients: usize = emails.iter().map(count).sum();
        let Some(left) = self.quota.get().checked_sub(recipients) else {
            return (429, error(429, "daily_quota_exceeded"));
        };
        let bad = |email: &Value| {
            let to = email["to"][0].as_str().unwrap_or_default();
            self.refused.borrow().iter().any(|refused| refused == to)
        };
        let bad: Vec<bool> = emails.iter().map(bad).collect();
        let batch = request.endpoint == Endpoint::Batch;
        if bad.contains(&true) && !(batch && self.mode.get() == Mode::Permissive) {
            return (422, error(422, "validation_error"));
        }
        self.quota.set(left);
        let mut ids = Vec::new();
        for (email, _) in emails.iter().zip(&bad).filter(|(_, bad)| !**bad) {
            let mut accepted = self.accepted.borrow_mut();
            *accepted.entry(message_id(email)).or_default() += 1;
            ids.push(json!({"id": format!("re-{}", message_id(email))}));
        }
        let bad = bad.iter().enumerate().filter(|(_, bad)| **bad);
        let errors: Vec<Value> = bad
            .map(|(index, _)| json!({"index": index, "message": "The address is refused."}))
            .collect();
        let answer = match batch {
            true => json!({"data": ids, "errors": errors}),
            false => ids.remove(0),
        };
        let stored = Stored {
            at: now,
            body: request.body.clone(),
            answer: answer.clone(),
        };
        self.stored.borrow_mut().insert(request.key.clone(), stored);
        (200, answer)
    }

    fn is_unverified(&self, email: &Value) -> bool {
        let from = email["from"].as_str().unwrap_or_default();
        let unverified = self.unverified.borrow();
        unverified
            .iter()
            .any(|domain| from.trim_end_matches('>').ends_with(&format!("@{domain}")))
    }
}

impl Mailer for MemoryMailer {
    fn provider(&self) -> &'static Provider {
        self.provider.get()
    }

    async fn send(&self, mail: Mail) -> Reply {
        let began = self.clock.now();
        let request = Request {
            number: self.count(),
            at: began,
            endpoint: mail.endpoint,
            key: mail.key,
            body: mail.body,
        };
        self.requests.borrow_mut().push(request.clone());
        let behaviour = (self.behaviour.borrow())(&request);
        let half = self.latency.get() / 2;
        self.clock.sleep(half).await;
        let (mut status, mut body) = (0, Value::Null);
        if matches!(
            behaviour,
            Behaviour::Honest
                | Behaviour::LostAnswer
                | Behaviour::TimeoutAfter
                | Behaviour::AnswersAfter(..)
        ) {
            (status, body) = self.handle(&request);
        }
        let mut wait = (status == 429).then_some(1);
        match behaviour {
            Behaviour::TimeoutBefore | Behaviour::TimeoutAfter => {
                let left = (began + mail.timeout).saturating_sub(self.clock.now());
                self.clock.sleep(left).await;
                return no_answer(NoAnswer::Timeout);
            }
            Behaviour::LostRequest | Behaviour::LostAnswer => {
                self.clock.sleep(half).await;
                return no_answer(NoAnswer::Network);
            }
            Behaviour::Honest => {}
            Behaviour::Answers(code, name) | Behaviour::AnswersAfter(code, name) => {
                (status, body) = (code, error(code, name));
            }
            Behaviour::AsksToWait(code, name, seconds) => {
                (status, body, wait) = (code, error(code, name), Some(seconds));
            }
        }
        self.clock.sleep(half).await;
        let mut headers = vec![("ratelimit-limit".to_owned(), self.limit.get().to_string())];
        headers.extend(wait.map(|wait| ("retry-after".to_owned(), wait.to_string())));
        if self.provider.get().name == OTHER.name {
            (status, body, headers) = translated(status, &body, wait);
        }
        Reply::Answered {
            status,
            headers,
            body: body.to_string().into_bytes(),
        }
    }
}

fn no_answer(kind: NoAnswer) -> Reply {
    Reply::NoAnswer {
        kind,
        detail: "injected".to_owned(),
    }
}

fn error(status: u16, name: &str) -> Value {
    json!({"statusCode": status, "name": name, "message": "injected"})
}
