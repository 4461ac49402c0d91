//! The provider: an idempotency store whose keys expire, and the network before it.

use crate::worker::Answer;

/// What a request is known by: the dispatch and, where a worker makes a new key for each attempt, the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub dispatch: u64,
    pub attempt: u32,
}

/// A request. The body is the numbers of its messages, in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    pub key: Key,
    pub body: Vec<usize>,
}

/// What happens to a batch with a bad member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Permissive,
    Strict,
}

/// What happens to a request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is handled and answered.
    Answered,
    /// It is handled; the answer gets lost.
    Unanswered,
    /// The worker gives it up; it may arrive later, or never.
    Late,
    /// It is not handled, whatever it holds.
    Refused(Refusal),
}

/// What a provider says that does not handle a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// 401 `missing_api_key`: somebody revoked it.
    Unauthorized,
    /// 403 `validation_error`: the sender domain is not verified.
    UnverifiedDomain,
    /// 409 `concurrent_idempotent_requests`.
    Concurrent,
    /// 429 `rate_limit_exceeded`.
    TooMany,
    /// 500 `application_error`.
    Trouble,
}

/// All that can happen.
pub const EVERY_FATE: &[Fate] = &[
    Fate::Answered,
    Fate::Unanswered,
    Fate::Late,
    Fate::Refused(Refusal::Unauthorized),
    Fate::Refused(Refusal::UnverifiedDomain),
    Fate::Refused(Refusal::Concurrent),
    Fate::Refused(Refusal::TooMany),
    Fate::Refused(Refusal::Trouble),
];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stored {
    pub request: Request,
    /// Ticks until it is forgotten.
    pub left: u8,
}

/// A request that may still arrive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Travelling {
    pub request: Request,
    /// It arrives within so many further ticks, or never.
    pub left: u8,
}

/// Requests that travel at the same time; more are lost.
const MOST_TRAVELLING: usize = 1;

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Provider {
    pub stored: Vec<Stored>,
    pub travelling: Vec<Travelling>,
    /// How often each message was accepted, up to twice.
    pub accepted: [u8; 2],
    /// A key came with other bytes than before.
    pub other_bytes: bool,
}

impl Provider {
    /// Handles a request. `bad` are the messages that are refused for what they hold.
    pub fn handle(&mut self, request: &Request, bad: [bool; 2], mode: Mode, kept: u8) -> Answer {
        if let Some(stored) = self.stored.iter().find(|s| s.request.key == request.key) {
            if stored.request.body != request.body {
                self.other_bytes = true;
                return Answer::OtherBody;
            }
        } else {
            let refused = request.body.iter().any(|message| bad[*message]);
            if refused && (request.body.len() == 1 || mode == Mode::Strict) {
                return Answer::BadMember;
            }
            for message in request.body.iter().filter(|message| !bad[**message]) {
                self.accepted[*message] = (self.accepted[*message] + 1).min(2);
            }
            if kept > 0 {
                self.stored.push(Stored {
                    request: request.clone(),
                    left: kept,
                });
                self.stored.sort();
            }
        }
        Answer::Read(request.body.iter().map(|message| !bad[*message]).collect())
    }

    /// Keeps a request that has left the worker and not arrived.
    pub fn delay(&mut self, request: Request) {
        if self.travelling.len() < MOST_TRAVELLING {
            self.travelling.push(Travelling { request, left: 1 });
            self.travelling.sort();
        }
    }

    pub fn tick(&mut self) {
        for stored in &mut self.stored {
            stored.left -= 1;
        }
        self.stored.retain(|stored| stored.left > 0);
        self.travelling.retain(|travelling| travelling.left > 0);
        for travelling in &mut self.travelling {
            travelling.left -= 1;
        }
    }

    /// Gives dispatches their new numbers; keys that nobody can use any more are forgotten.
    pub fn rename(&mut self, number: impl Fn(u64) -> Option<u64>) {
        self.stored
            .retain(|stored| number(stored.request.key.dispatch).is_some());
        let requests = (self.stored.iter_mut().map(|stored| &mut stored.request))
            .chain(self.travelling.iter_mut().map(|t| &mut t.request));
        for request in requests {
            request.key.dispatch = number(request.key.dispatch).unwrap_or(0);
        }
        self.stored.sort();
        self.travelling.sort();
    }
}
