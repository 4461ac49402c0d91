//! One of the two subjects that take the same random steps.

use crate::differential::Step;
use crate::subject::{
    Subject, begin_of, claim_of, complete_of, completed, freeze_of, ids, not_sent_of, rejected,
    seconds, settle_of, token,
};
use email_queue::protocol::{
    Answer, Begin, Claim, Dispatch, NewMessage, Rest, Settle, Signals, WorkRequest,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const STATUSES: [&str; 5] = ["pending", "processing", "retrying", "completed", "failed"];

/// A subject, what it has handed out, and the order in which its messages came.
pub struct Side<'a> {
    pub subject: &'a mut dyn Subject,
    pub messages: Vec<String>,
    /// In the order of their members, so that both sides number them alike.
    pub dispatches: Vec<Dispatch>,
    pub tokens: usize,
}

impl Side<'_> {
    /// Takes a step, and gives what can be compared of its answer.
    pub fn take(&mut self, step: &Step) -> Value {
        match *step {
            Step::Enqueue {
                domain,
                priority,
                max_attempts,
                delay,
                expires,
            } => {
                let index = self.messages.len();
                let expires = expires.map(|after| self.subject.time(seconds(delay + after)));
                let message = NewMessage {
                    priority: Some(priority),
                    max_attempts: Some(max_attempts),
                    delay_ms: Some(delay * 1000),
                    send_before: expires,
                    payload: json!({"from": if domain { "a@one.example" } else { "a@two.example" }, "subject": "s",
                        "to": format!("user{index}@example.com"), "text": "x".repeat(index)}),
                    ..NewMessage::default()
                };
                self.messages.extend(self.subject.put(&[message]));
                // No two are of the same time, or their order would be left open.
                self.subject.advance(seconds(1));
                Value::Null
            }
            Step::Claim {
                max_messages,
                lease,
                max_frozen,
            } => {
                self.tokens += 20;
                let claim = Claim {
                    max_messages,
                    max_frozen,
                    lease_ms: lease * 1000,
                    ..claim_of((self.tokens..self.tokens + 20).map(token).collect())
                };
                let mut reply = self.subject.work(&WorkRequest {
                    claim: Some(claim),
                    count_remaining: true,
                    ..WorkRequest::default()
                });
                reply
                    .claims
                    .sort_by_key(|dispatch| self.numbers(&ids(dispatch)));
                let claims: Vec<Value> = reply
                    .claims
                    .iter()
                    .map(|dispatch| self.describe(dispatch))
                    .collect();
                self.dispatches.extend(reply.claims);
                json!([
                    claims,
                    format!(
                        "{:?}",
                        reply
                            .obstacle
                            .map(|o| (o.state, o.reason, o.retry_after_ms.map(whole)))
                    ),
                    reply.next_due_ms.map(whole),
                    reply.remaining
                ])
            }
            Step::Begin {
                which,
                members,
                keyed,
            } => {
                let Some(dispatch) = self.pick(which) else {
                    return Value::Null;
                };
                let begin = begin_of(&dispatch);
                let begin = Begin {
                    key_window_ms: begin.key_window_ms.filter(|_| keyed),
                    members: if members {
                        begin.members
                    } else {
                        begin.members + 1
                    },
                    endpoint: dispatch
                        .endpoint
                        .filter(|_| dispatch.frozen)
                        .unwrap_or(begin.endpoint),
                    ..begin
                };
                let begun = self.subject.begin(begin);
                json!([
                    format!("{:?}", (begun.state, begun.attempt, begun.reason)),
                    whole(begun.wait_ms),
                    begun.retry_after_ms.map(whole),
                    self.numbers(&begun.removed)
                ])
            }
            Step::Settle {
                which,
                how,
                counted,
                delay,
                cooldown,
                answered,
            } => {
                let Some(dispatch) = self.pick(which) else {
                    return Value::Null;
                };
                let settle = Settle {
                    counted,
                    signals: Some(Signals {
                        answered,
                        cooldown_ms: cooldown.map(|seconds| seconds * 1000),
                        cooldown_reason: cooldown.map(|_| "cooling".to_owned()),
                        ..Signals::default()
                    }),
                    ..decision(&dispatch, how, delay)
                };
                let settled = self.subject.settle(settle);
                json!(format!("{:?}", (settled.result, settled.reason)))
            }
            Step::Release { which } => match self.pick(which) {
                Some(dispatch) => json!(format!("{:?}", self.subject.release(&dispatch))),
                None => Value::Null,
            },
            Step::Pause { domain, seconds } => {
                self.subject
                    .pause("a pause", domain.then_some("one.example"), Some(seconds));
                Value::Null
            }
            Step::Resume { domain } => {
                self.subject.resume(domain.then_some("one.example"));
                Value::Null
            }
            Step::Advance { seconds: by } => {
                self.subject.advance(seconds(by));
                Value::Null
            }
        }
    }

    /// Rather a late one than an early one.
    fn pick(&self, which: usize) -> Option<Dispatch> {
        let back = which % self.dispatches.len().clamp(1, 6);
        self.dispatches.iter().rev().nth(back).cloned()
    }

    fn numbers(&self, ids: &[String]) -> Vec<usize> {
        let number = |id| {
            self.messages
                .iter()
                .position(|message| message == id)
                .unwrap()
        };
        ids.iter().map(number).collect()
    }

    fn describe(&self, dispatch: &Dispatch) -> Value {
        let attempts: Vec<u32> = dispatch
            .messages
            .iter()
            .map(|message| message.attempts)
            .collect();
        json!([
            self.numbers(&ids(dispatch)),
            attempts,
            dispatch.priority,
            dispatch.attempt,
            dispatch.frozen,
            dispatch.begun,
            dispatch.endpoint,
            dispatch.wire_version,
            dispatch.bytes
        ])
    }

    /// Every message, as far as it can be compared.
    pub fn contents(&mut self) -> BTreeMap<usize, Value> {
        let mut contents = BTreeMap::new();
        for status in STATUSES {
            for message in self.subject.list(status) {
                let number = self.numbers(std::slice::from_ref(&message.id))[0];
                let errors = message.error.map(|error| {
                    let history = error["history"].as_array().cloned().unwrap_or_default();
                    let shown =
                        |error: &Value| json!([error["class"], error["message"], error["attempt"]]);
                    json!([
                        shown(&error),
                        error["reason"],
                        history.iter().map(shown).collect::<Vec<_>>()
                    ])
                });
                let shown = json!([
                    status,
                    message.attempts,
                    message.max_attempts,
                    errors,
                    message.provider_message_id.is_some(),
                    message.dispatch_id.is_some(),
                    message.lease_expires_at.is_some(),
                    message.completed_at.is_some()
                ]);
                assert_eq!(contents.insert(number, shown), None);
            }
        }
        contents
    }
}

fn decision(dispatch: &Dispatch, how: usize, delay: u64) -> Settle {
    let put = ids(dispatch);
    let error = Some(json!({"class": "refused", "message": "injected"}));
    match how {
        0 | 1 => complete_of(dispatch),
        2 | 3 => freeze_of(dispatch, seconds(delay)),
        4 => settle_of(dispatch, Answer::Definite, Some(Rest::Split)),
        5 => Settle {
            error,
            delay_ms: Some(delay * 1000),
            ..settle_of(dispatch, Answer::Definite, Some(Rest::Retry))
        },
        6 => not_sent_of(
            dispatch,
            if dispatch.frozen {
                Rest::Freeze
            } else {
                Rest::Release
            },
        ),
        7 => Settle {
            members: vec![rejected(&put[0])],
            ..settle_of(
                dispatch,
                Answer::None,
                (put.len() > 1).then_some(Rest::Keep),
            )
        },
        8 => Settle {
            error,
            ..settle_of(dispatch, Answer::Unknown, Some(Rest::Fail))
        },
        9 => Settle {
            members: vec![completed(&put[0])],
            ..settle_of(dispatch, Answer::Definite, Some(Rest::Fail))
        },
        _ => settle_of(dispatch, Answer::Definite, Some(Rest::Release)),
    }
}

/// Whole seconds, rounded up.
fn whole(ms: u64) -> u64 {
    ms.div_ceil(1000)
}
