//! What the cases need of a queue, and how they speak to it.

use email_queue::protocol::{
    Answer, Begin, Begun, Cancelled, Claim, Dispatch, End, Endpoint, Enqueued, Erased, MemberEnd,
    NewMessage, QueueMessage, Reason, Rest, Settle, SettleResult, Settled, Signals, Unsuppressed,
    WorkReply, WorkRequest,
};
use serde_json::{Value, json};
use std::time::Duration;

/// A queue whose time the cases move. Between two steps almost none passes by itself.
pub trait Subject {
    /// Enqueues all or none; what is wrong comes as the field's name.
    fn enqueue(&mut self, messages: &[NewMessage]) -> Result<Vec<Enqueued>, String>;
    fn work(&mut self, request: &WorkRequest) -> WorkReply;
    fn get(&mut self, id: &str) -> QueueMessage;
    fn list(&mut self, status: &str) -> Vec<QueueMessage>;
    /// What waits and has this in its metadata.
    fn search(&mut self, metadata: &Value) -> Vec<QueueMessage>;
    fn advance(&mut self, by: Duration);
    /// Settings by their names in the database; only those that both have.
    fn configure(&mut self, settings: Value);
    fn pause(&mut self, reason: &str, domain: Option<&str>, seconds: Option<u32>);
    fn resume(&mut self, domain: Option<&str>);
    /// Whether the lease was extended.
    fn extend(&mut self, dispatch: &Dispatch, lease: Duration) -> bool;
    fn release(&mut self, dispatch: &Dispatch) -> SettleResult;
    fn cancel(&mut self, id: &str) -> Cancelled;
    fn erase(&mut self, id: &str) -> Erased;
    /// Deletes those of them that are dead letters.
    fn discard(&mut self, ids: &[String]) -> Vec<String>;
    /// Whether the message is there.
    fn has(&mut self, id: &str) -> bool;
    fn suppress(&mut self, address: &str, reason: &str, topic: Option<&str>);
    fn unsuppress(&mut self, address: &str) -> Unsuppressed;
    /// Records an event and says what came of it.
    fn record(&mut self, event: &Value) -> String;
    /// Puts a dead letter back, with duplicates allowed or not; or why not.
    fn redrive(&mut self, id: &str, allow_duplicates: bool) -> Option<String>;
    /// The provider does not have it; or why that does not count, without times.
    fn not_accepted(&mut self, id: &str) -> Option<String>;
    /// From now on this is another installation.
    fn adopt(&mut self);
    /// A time from now on, as enqueue takes it.
    fn time(&mut self, from_now: Duration) -> String;
}

pub const MINUTE: Duration = Duration::from_secs(60);
pub const LEASE: Duration = MINUTE;

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// An e-mail from `shop@example.com` to `user<index>@example.com`.
pub fn email(index: usize) -> NewMessage {
    NewMessage {
        payload: json!({
            "from": "shop@example.com", "to": format!("user{index}@example.com"), "subject": "Hello", "text": "x",
        }),
        ..NewMessage::default()
    }
}

pub fn emails(count: usize) -> Vec<NewMessage> {
    (0..count).map(email).collect()
}

pub fn token(number: usize) -> String {
    format!("10000000-0000-4000-8000-{number:012}")
}

pub fn claim_of(tokens: Vec<String>) -> Claim {
    Claim {
        kind: "email".to_owned(),
        tokens,
        lease_ms: 60_000,
        max_messages: 100,
        max_bytes: 1 << 23,
        min_bytes: 0,
        max_wait_ms: 2000,
        max_frozen: 20,
    }
}

pub fn begin_of(dispatch: &Dispatch) -> Begin {
    Begin {
        dispatch_id: dispatch.dispatch_id.clone(),
        token: dispatch.token.clone(),
        endpoint: dispatch.endpoint.unwrap_or(Endpoint::Batch),
        wire_version: 2,
        mark: dispatch.mark.clone(),
        key_window_ms: Some(23 * 60 * 60 * 1000),
        members: dispatch.messages.len() as u32,
        timeout_ms: 15_000,
        margin_ms: 5_000,
        max_wait_ms: 2000,
    }
}

pub fn settle_of(dispatch: &Dispatch, answer: Answer, rest: Option<Rest>) -> Settle {
    Settle {
        dispatch_id: dispatch.dispatch_id.clone(),
        token: dispatch.token.clone(),
        answer,
        members: Vec::new(),
        rest,
        reason: None,
        error: None,
        delay_ms: None,
        counted: true,
        signals: None,
    }
}

pub fn freeze_of(dispatch: &Dispatch, delay: Duration) -> Settle {
    Settle {
        delay_ms: Some(delay.as_millis() as u64),
        error: Some(json!({"class": "unknown", "message": "no answer"})),
        ..settle_of(dispatch, Answer::Unknown, Some(Rest::Freeze))
    }
}

pub fn not_sent_of(dispatch: &Dispatch, rest: Rest) -> Settle {
    Settle {
        counted: false,
        ..settle_of(dispatch, Answer::None, Some(rest))
    }
}

pub fn completed(id: &str) -> MemberEnd {
    MemberEnd {
        id: id.to_owned(),
        end: End::Completed {
            provider_message_id: format!("provider-{id}"),
        },
    }
}

pub fn rejected(id: &str) -> MemberEnd {
    MemberEnd {
        id: id.to_owned(),
        end: End::Failed {
            reason: Reason::Rejected,
            error: json!({"class": "rejected", "message": "no"}),
        },
    }
}

pub fn complete_of(dispatch: &Dispatch) -> Settle {
    Settle {
        members: ids(dispatch).iter().map(|id| completed(id)).collect(),
        ..settle_of(dispatch, Answer::Definite, None)
    }
}

pub fn with_signals(settle: Settle, signals: Signals) -> Settle {
    Settle {
        signals: Some(signals),
        ..settle
    }
}

pub fn ids(dispatch: &Dispatch) -> Vec<String> {
    dispatch
        .messages
        .iter()
        .map(|message| message.id.clone())
        .collect()
}

/// Steps in the words of the cases.
impl dyn Subject + '_ {
    pub fn put(&mut self, messages: &[NewMessage]) -> Vec<String> {
        let enqueued = self.enqueue(messages).expect("they are taken");
        enqueued.into_iter().map(|enqueued| enqueued.id).collect()
    }

    pub fn claim(&mut self, claim: Claim) -> WorkReply {
        self.work(&WorkRequest {
            claim: Some(claim),
            ..WorkRequest::default()
        })
    }

    /// The dispatch that a new token gets.
    pub fn take(&mut self, number: usize) -> Option<Dispatch> {
        self.claim(claim_of(vec![token(number)])).claims.pop()
    }

    pub fn begin(&mut self, begin: Begin) -> Begun {
        let reply = self.work(&WorkRequest {
            begins: vec![begin],
            ..WorkRequest::default()
        });
        reply.begins[0].clone()
    }

    /// Begins, and makes sure of it.
    pub fn start(&mut self, dispatch: &Dispatch) -> Begun {
        let begun = self.begin(begin_of(dispatch));
        assert_eq!(
            begun.state,
            email_queue::protocol::BeginState::Begun,
            "{begun:?}"
        );
        begun
    }

    pub fn settle(&mut self, settle: Settle) -> Settled {
        let reply = self.work(&WorkRequest {
            settles: vec![settle],
            ..WorkRequest::default()
        });
        reply.settles[0].clone()
    }

    /// Settles, and makes sure of it.
    pub fn apply(&mut self, settle: Settle) {
        let settled = self.settle(settle);
        assert_eq!(settled.result, SettleResult::Applied, "{settled:?}");
    }

    /// A claimed and begun dispatch of so many new messages.
    pub fn begun(&mut self, count: usize, number: usize) -> Dispatch {
        self.put(&emails(count));
        let dispatch = self.take(number).expect("there is something");
        self.start(&dispatch);
        dispatch
    }

    /// The provider has answered once: requests go at the ceiling from now on.
    pub fn meet_the_provider(&mut self) {
        let first = self.begun(1, 99);
        let reset = Signals {
            answered: Some(true),
            ..Signals::default()
        };
        self.apply(with_signals(complete_of(&first), reset));
        self.advance(Duration::from_secs(1));
    }

    /// So many claimed dispatches of one new message each.
    pub fn singles(&mut self, count: usize) -> Vec<Dispatch> {
        self.put(&emails(count));
        let claim = Claim {
            max_messages: 1,
            ..claim_of((1..=count).map(token).collect())
        };
        self.claim(claim).claims
    }

    pub fn status(&mut self, id: &str) -> &'static str {
        self.get(id).status.as_str()
    }

    pub fn attempts(&mut self, id: &str) -> u32 {
        self.get(id).attempts
    }

    pub fn reason(&mut self, id: &str) -> String {
        let error = self.get(id).error.expect("it has an error");
        error["reason"].as_str().unwrap_or_default().to_owned()
    }
}

/// `actual` is `expected`, less what passed meanwhile.
#[track_caller]
pub fn assert_about(actual: Option<u64>, expected_ms: u64) {
    let actual = actual.expect("a time");
    let slack = 3000.min(expected_ms);
    assert!(
        (expected_ms - slack..=expected_ms).contains(&actual),
        "{actual} is not about {expected_ms}"
    );
}
