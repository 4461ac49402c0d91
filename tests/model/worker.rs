//! A worker: what it holds, and what it makes of an answer (with the crate's own `classify` and `decide`).

use crate::protocol::Scenario;
use crate::provider::Refusal;
use crate::system::{TICK, number, token_of};
use crate::variant::Variant;
use email_queue::protocol::{self, Endpoint, Settle};
use email_queue::provider::{Context, NoAnswer, PROVIDERS, Reply};
use email_queue::worker::decide::{after_reply, not_sent};
use email_queue::worker::retry::RetryPolicy;
use serde_json::{Value, json};

/// A claimed dispatch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held {
    pub dispatch: u64,
    /// When it was claimed, it may have been sent.
    pub frozen: bool,
    /// It goes to the endpoint of several.
    pub batch: bool,
    /// That is not its lane's.
    pub astray: bool,
    pub members: Vec<usize>,
}

impl Held {
    /// Where it goes.
    pub fn endpoint(&self) -> Endpoint {
        match self.batch {
            true => Endpoint::Batch,
            false => Endpoint::Single,
        }
    }
}

/// Where a worker is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Worker {
    Idle,
    /// The answer to its claim got lost.
    Claiming,
    Holding(Held),
    /// The answer to its begin got lost. Late: a tick ago.
    Beginning {
        held: Held,
        late: bool,
    },
    Begun {
        held: Held,
        attempt: u32,
        late: bool,
    },
    /// It knows what to settle. Clean: before, nothing of it had been sent.
    Settling {
        held: Held,
        answer: Answer,
        clean: bool,
    },
}

impl Worker {
    pub fn held(&self) -> Option<&Held> {
        match self {
            Self::Idle | Self::Claiming => None,
            Self::Holding(held)
            | Self::Beginning { held, .. }
            | Self::Begun { held, .. }
            | Self::Settling { held, .. } => Some(held),
        }
    }

    pub fn held_mut(&mut self) -> Option<&mut Held> {
        match self {
            Self::Idle | Self::Claiming => None,
            Self::Holding(held)
            | Self::Beginning { held, .. }
            | Self::Begun { held, .. }
            | Self::Settling { held, .. } => Some(held),
        }
    }

    /// Time passes: past the margin it will not send.
    pub fn tick(&mut self) {
        if let Self::Beginning { late, .. } | Self::Begun { late, .. } = self {
            *late = true;
        }
    }
}

/// What came of a request, as the worker sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It was not sent.
    NotSent,
    /// No answer.
    Silence,
    /// A readable 2xx: which of the request's messages were accepted.
    Read(Vec<bool>),
    /// 422 `validation_error`.
    BadMember,
    /// 409 `invalid_idempotent_request`.
    OtherBody,
    Refused(Refusal),
}

impl Answer {
    /// Whether promise 3 takes it as definite. Clean: it answers the only request there ever was with this key.
    pub fn is_definite(&self, clean: bool) -> bool {
        match self {
            Self::Read(_) | Self::BadMember => true,
            Self::NotSent | Self::Silence | Self::OtherBody => false,
            Self::Refused(Refusal::Concurrent | Refusal::Trouble) => false,
            Self::Refused(_) => clean,
        }
    }

    fn reply(&self, batch: bool) -> Reply {
        let (status, body) = match self {
            Self::NotSent | Self::Silence => {
                return Reply::NoAnswer {
                    kind: NoAnswer::Timeout,
                    detail: String::new(),
                };
            }
            Self::Read(accepted) => (200, read(accepted, batch)),
            Self::BadMember => (422, named("validation_error")),
            Self::OtherBody => (409, named("invalid_idempotent_request")),
            Self::Refused(Refusal::Unauthorized) => (401, named("missing_api_key")),
            Self::Refused(Refusal::UnverifiedDomain) => (403, named("validation_error")),
            Self::Refused(Refusal::Concurrent) => (409, named("concurrent_idempotent_requests")),
            Self::Refused(Refusal::TooMany) => (429, named("rate_limit_exceeded")),
            Self::Refused(Refusal::Trouble) => (500, named("application_error")),
        };
        Reply::Answered {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        }
    }
}

fn named(name: &str) -> Value {
    json!({"name": name, "message": ""})
}

fn read(accepted: &[bool], batch: bool) -> Value {
    if !batch {
        return json!({"id": "e"});
    }
    let data = accepted.iter().filter(|accepted| **accepted);
    let errors = accepted
        .iter()
        .enumerate()
        .filter(|(_, accepted)| !**accepted);
    json!({
        "data": data.map(|_| json!({"id": "e"})).collect::<Vec<_>>(),
        "errors": errors.map(|(index, _)| json!({"index": index, "message": ""})).collect::<Vec<_>>(),
    })
}

/// What worker number `worker` settles.
pub fn settle(worker: usize, held: &Held, answer: &Answer, scenario: &Scenario) -> Settle {
    let dispatch = protocol::Dispatch {
        dispatch_id: crate::system::id(held.dispatch),
        token: token_of(worker),
        attempt: 0,
        priority: 2,
        frozen: held.frozen,
        begun: false,
        endpoint: None,
        wire_version: None,
        mark: None,
        bytes: 0,
        messages: (held.members.iter())
            .map(|message| protocol::ClaimedMessage {
                id: number(*message),
                attempts: 0,
                payload: Value::Null,
            })
            .collect(),
    };
    if *answer == Answer::NotSent {
        return not_sent(&dispatch);
    }
    let definite = scenario.variant == Variant::UnauthorizedIsDefinite
        && *answer == Answer::Refused(Refusal::Unauthorized);
    let context = Context {
        endpoint: held.endpoint(),
        members: held.members.len(),
        possibly_sent: held.frozen && !definite,
        templated: false,
        utc_seconds_of_day: 0,
    };
    let policy = RetryPolicy {
        waits: vec![u64::try_from(TICK.as_millis()).expect("few")],
        replays: scenario.key_window.is_some(),
    };
    let (outcome, hints) = PROVIDERS[0].classify(&answer.reply(held.batch), &context);
    after_reply(&dispatch, 1, outcome, hints, &policy, 0.5)
}
