//! The queue in memory, and whoever works on it.

use crate::steps::Step;
use email_queue::model::{Queue, Settings};
use email_queue::protocol::{
    Begin, BeginState, Claim, Dispatch, Endpoint, NewMessage, Redrive, Settle, SettleResult,
    WorkRequest,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);
/// From begin to the end of its lease: time-out and margin.
const REQUEST: Duration = Duration::from_secs(20);
const HOUR: Duration = Duration::from_secs(60 * 60);

struct Lease {
    token: String,
    until: Duration,
    begun: bool,
}

pub struct World {
    pub queue: Queue,
    pub now: Duration,
    pub ids: Vec<String>,
    /// All that was ever claimed.
    pub claimed: Vec<Dispatch>,
    last_claim: Option<Claim>,
    tokens: usize,
    /// How each dispatch was when it began.
    pub begun: BTreeMap<String, (Vec<String>, Endpoint)>,
    /// Whose each dispatch is, and until when.
    leases: BTreeMap<String, Lease>,
    /// The first thing that was changed without a lease.
    pub unfenced: Option<String>,
    /// The first thing that was changed of a dispatch that had begun.
    pub changed: Option<String>,
}

impl Default for World {
    fn default() -> Self {
        let settings = Settings {
            rate_limit: 1000,
            ..Settings::default()
        };
        Self {
            queue: Queue::new(settings),
            // 2026-11-24 12:00:00 UTC.
            now: Duration::from_secs(1_795_521_600),
            ids: Vec::new(),
            claimed: Vec::new(),
            last_claim: None,
            tokens: 0,
            begun: BTreeMap::new(),
            leases: BTreeMap::new(),
            unfenced: None,
            changed: None,
        }
    }
}

impl World {
    pub fn take(&mut self, step: &Step) {
        match step {
            Step::Enqueue {
                domain,
                attached,
                priority,
                max_attempts,
                expires,
            } => {
                let domain = if *domain { "a.example" } else { "b.example" };
                let mut payload = json!({"from": format!("x@{domain}"), "to": "y@c.example", "subject": "s", "text": "t"});
                if *attached {
                    payload["attachments"] = json!([{"filename": "a.txt", "content": "YQ=="}]);
                }
                let message = NewMessage {
                    payload,
                    priority: Some(*priority),
                    max_attempts: Some(*max_attempts),
                    send_before: expires.then(|| "2026-11-24T14:00:00Z".to_owned()),
                    ..NewMessage::default()
                };
                // Where two o'clock has passed, it is refused.
                if let Ok(enqueued) = self.queue.enqueue(self.now, &message) {
                    self.ids.push(enqueued.id);
                }
            }
            Step::Claim {
                max_messages,
                tokens,
            } => {
                let tokens = (0..*tokens).map(|_| self.token()).collect();
                self.claim(Claim {
                    kind: "email".to_owned(),
                    tokens,
                    lease_ms: 60_000, // LEASE
                    max_messages: *max_messages,
                    max_bytes: 1 << 20,
                    min_bytes: 0,
                    max_wait_ms: 1000,
                    max_frozen: 2,
                });
            }
            Step::ClaimAgain => {
                if let Some(claim) = self.last_claim.clone() {
                    self.claim(claim);
                }
            }
            Step::Begin(which) => {
                if let Some(dispatch) = self.chosen(*which) {
                    self.begin_state(&dispatch);
                }
            }
            Step::Settle(..) => {
                if let Some(settle) = self.settle_of(step) {
                    self.settle(settle);
                }
            }
            Step::Extend(which) => {
                if let Some(Dispatch {
                    dispatch_id, token, ..
                }) = self.chosen(*which)
                    && let Some(until) = self.queue.extend(self.now, &dispatch_id, &token, HOUR)
                    && let Some(lease) = self.leases.get_mut(&dispatch_id)
                {
                    lease.until = until;
                }
            }
            Step::Release(which) => {
                if let Some(Dispatch {
                    dispatch_id, token, ..
                }) = self.chosen(*which)
                {
                    self.queue.release(self.now, &dispatch_id, &token);
                }
            }
            Step::Cancel(which) => {
                if let Some(id) = self.id(*which) {
                    self.queue.cancel(self.now, &id);
                }
            }
            Step::Redrive(which, allow_duplicates) => {
                if let Some(id) = self.id(*which) {
                    let redrive = Redrive {
                        allow_duplicates: *allow_duplicates,
                        ..Redrive::default()
                    };
                    let _refused = self.queue.redrive(self.now, &id, &redrive);
                }
            }
            Step::Pause(domain) => {
                let domain = domain.then_some("a.example");
                self.queue.pause(self.now, "a test", domain, Some(HOUR));
            }
            Step::Resume(domain) => {
                self.queue.resume(self.now, domain.then_some("a.example"));
            }
            Step::Advance(seconds) => self.now += Duration::from_secs(*seconds),
        }
    }

    fn claim(&mut self, claim: Claim) {
        let request = WorkRequest {
            claim: Some(claim.clone()),
            ..WorkRequest::default()
        };
        self.last_claim = Some(claim);
        for dispatch in self.queue.work(self.now, &request).claims {
            let ids: Vec<String> = dispatch.messages.iter().map(|m| m.id.clone()).collect();
            if let Some((members, endpoint)) = self.begun.get(&dispatch.dispatch_id) {
                let same = *members == ids
                    && dispatch.endpoint == Some(*endpoint)
                    && dispatch.wire_version == Some(2)
                    && (dispatch.frozen || dispatch.begun);
                if !same {
                    self.changed = Some(format!("{dispatch:?} was {members:?}, {endpoint}"));
                }
            }
            let known = self.leases.get(&dispatch.dispatch_id);
            if known.is_none_or(|lease| lease.token != dispatch.token || lease.until <= self.now) {
                let lease = Lease {
                    token: dispatch.token.clone(),
                    until: self.now + LEASE,
                    begun: false,
                };
                self.leases.insert(dispatch.dispatch_id.clone(), lease);
            }
            self.claimed.push(dispatch);
        }
    }

    pub fn begin_state(&mut self, dispatch: &Dispatch) -> BeginState {
        let endpoint = match dispatch.messages.len() {
            1 => Endpoint::Single,
            _ => Endpoint::Batch,
        };
        let begin = Begin {
            dispatch_id: dispatch.dispatch_id.clone(),
            token: dispatch.token.clone(),
            endpoint,
            wire_version: 2,
            mark: dispatch.mark.clone(),
            key_window_ms: Some(82_800_000),
            members: u32::try_from(dispatch.messages.len()).unwrap(),
            timeout_ms: 15_000,
            margin_ms: 5000,
            max_wait_ms: 1000,
        };
        let request = WorkRequest {
            begins: vec![begin],
            ..WorkRequest::default()
        };
        let before = self.queue.clone();
        let begun = self.queue.work(self.now, &request).begins.remove(0);
        let state = begun.state;
        if !self.holds(&dispatch.dispatch_id, &dispatch.token)
            && (state != BeginState::Lost || before != self.queue)
        {
            self.unfenced = Some(format!("{state:?} for {dispatch:?}"));
        }
        // A repeated begin renews nothing.
        if state == BeginState::Begun
            && let Some(lease) = self.leases.get_mut(&dispatch.dispatch_id)
            && !lease.begun
        {
            lease.until = self.now + Duration::from_millis(begun.wait_ms) + REQUEST;
            lease.begun = true;
        }
        if state == BeginState::Begun {
            let ids = dispatch.messages.iter().map(|message| message.id.clone());
            let begun = (ids.collect(), endpoint);
            self.begun.insert(dispatch.dispatch_id.clone(), begun);
        }
        state
    }

    /// The settle that a step asks for.
    pub fn settle_of(&self, step: &Step) -> Option<Settle> {
        match step {
            Step::Settle(which, settling) => Some(settling.settle(&self.chosen(*which)?)),
            _ => None,
        }
    }

    pub fn settle(&mut self, settle: Settle) -> SettleResult {
        let holds = self.holds(&settle.dispatch_id, &settle.token);
        let before = (!holds).then(|| self.queue.clone());
        let request = WorkRequest {
            settles: vec![settle],
            ..WorkRequest::default()
        };
        let settled = self.queue.work(self.now, &request).settles.remove(0);
        let told = matches!(settled.result, SettleResult::Lost | SettleResult::Already);
        if before.is_some_and(|before| !told || before != self.queue) {
            self.unfenced = Some(format!("{settled:?}"));
        }
        settled.result
    }

    fn holds(&self, dispatch: &str, token: &str) -> bool {
        let lease = self.leases.get(dispatch);
        lease.is_some_and(|lease| lease.token == token && lease.until > self.now)
    }

    /// One of the last claimed dispatches.
    fn chosen(&self, which: usize) -> Option<Dispatch> {
        let count = self.claimed.len();
        let recent = count.min(5);
        (recent > 0).then(|| self.claimed[count - 1 - which % recent].clone())
    }

    fn id(&self, which: usize) -> Option<String> {
        (!self.ids.is_empty()).then(|| self.ids[which % self.ids.len()].clone())
    }

    fn token(&mut self) -> String {
        self.tokens += 1;
        format!("token-{}", self.tokens)
    }
}
