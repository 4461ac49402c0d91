//! Which settle follows an answer of the provider's, or a dispatch with nothing to send.

#[cfg(test)]
mod tests;

use crate::base::{joined, millis};
use crate::protocol::{
    Answer, Dispatch, End, MemberEnd, PauseScope, PauseSignal, Reason, Rest, Settle, Signals,
};
use crate::provider::{MemberOutcome, Outcome, ProviderError, RateHints, Scope};
use crate::worker::retry::RetryPolicy;
use serde_json::Value;
use std::time::Duration;

/// A misconfiguration uses no attempt, so it is tried again by itself: a mended key or a verified domain needs no
/// further step. Five minutes for everything, fifteen for a domain, whose verification takes longer.
const QUEUE_PAUSE: Duration = Duration::from_secs(5 * 60);
const DOMAIN_PAUSE: Duration = Duration::from_secs(15 * 60);
/// The wait of a replay that says nothing of its own about time.
const UNCOUNTED_REPLAY: Duration = Duration::from_secs(60);

/// The settle for a dispatch that was sent. `attempt` is this begin's, from 1; `unit` is random in `[0, 1)`.
pub fn after_reply(
    dispatch: &Dispatch,
    attempt: u32,
    outcome: Outcome,
    hints: RateHints,
    policy: &RetryPolicy,
    unit: f64,
) -> Settle {
    let mut settle = Settle {
        signals: Some(Signals {
            answered: answered(dispatch, &outcome),
            rate_limit: hints.limit,
            ..Signals::default()
        }),
        ..settle(dispatch, Answer::Definite, None)
    };
    let signals = settle.signals.get_or_insert_default();
    match outcome {
        Outcome::Answered(members) => {
            settle.members = dispatch
                .messages
                .iter()
                .zip(members)
                .map(|(message, outcome)| member_end(&message.id, outcome))
                .collect();
        }
        Outcome::Rejected(error) => {
            settle.rest = Some(Rest::Fail);
            settle.reason = Some(Reason::Rejected);
            settle.error = json(&error);
        }
        Outcome::Isolate(_) => {
            // The culprit's own error comes with its own request.
            settle.rest = Some(Rest::Split);
            settle.counted = false;
        }
        Outcome::Throttled {
            cooldown,
            pause,
            error,
        } => {
            throttle(signals, Some(cooldown), pause, &error);
            settle.rest = Some(Rest::Release);
            settle.counted = false;
        }
        Outcome::Misconfigured { scope, error } => {
            signals.pause = Some(misconfiguration(scope, &error));
            settle.rest = Some(Rest::Release);
            settle.counted = false;
        }
        Outcome::Refused(error) => {
            settle.rest = Some(Rest::Retry);
            settle.delay_ms = Some(policy.delay(used(dispatch) + 1, unit));
            settle.error = json(&error);
        }
        Outcome::Unknown {
            error,
            counted,
            soon,
            cooldown,
            pause,
            misconfigured,
        } => {
            settle.answer = Answer::Unknown;
            settle.counted = counted;
            if policy.replays {
                settle.rest = Some(Rest::Freeze);
                settle.delay_ms = Some(match (counted, soon) {
                    (true, true) => policy.delay_soon(attempt, unit),
                    (true, false) => policy.delay(attempt, unit),
                    (false, _) => millis(cooldown.unwrap_or(UNCOUNTED_REPLAY)),
                });
            } else {
                settle.rest = Some(Rest::Fail);
                settle.reason = Some(Reason::UnknownOutcome);
            }
            throttle(signals, cooldown, pause, &error);
            if let Some(scope) = misconfigured {
                signals.pause = Some(misconfiguration(scope, &error));
            }
            settle.error = json(&error);
        }
        Outcome::PossiblySent(error) => {
            settle.answer = Answer::Unknown;
            settle.rest = Some(Rest::Fail);
            settle.reason = Some(Reason::UnknownOutcome);
            settle.error = json(&error);
        }
    }
    settle
}

/// Whether the provider is there. Its own answers have a name; a page of whatever stands before it has none, and leaves
/// that open. A replay shows it with a readable 2xx alone.
fn answered(dispatch: &Dispatch, outcome: &Outcome) -> Option<bool> {
    match outcome {
        Outcome::Answered(_) => Some(true),
        Outcome::Unknown {
            counted: true,
            soon: false,
            ..
        } => Some(false),
        _ if dispatch.frozen => None,
        _ => outcome.error()?.name().map(|_| true),
    }
}

/// The settle for a dispatch that was claimed, perhaps begun, and not sent: no attempt is used.
pub fn not_sent(dispatch: &Dispatch) -> Settle {
    let rest = if dispatch.frozen {
        Rest::Freeze
    } else {
        Rest::Release
    };
    Settle {
        counted: false,
        ..settle(dispatch, Answer::None, Some(rest))
    }
}

/// The settle that takes members out of a dispatch that has not begun, because they can never go.
pub fn unfit(dispatch: &Dispatch, rejected: Vec<(String, ProviderError)>) -> Settle {
    let rest = (rejected.len() < dispatch.messages.len()).then_some(Rest::Keep);
    Settle {
        members: rejected
            .into_iter()
            .map(|(id, error)| member_end(&id, MemberOutcome::Rejected(error)))
            .collect(),
        ..settle(dispatch, Answer::None, rest)
    }
}

fn settle(dispatch: &Dispatch, answer: Answer, rest: Option<Rest>) -> Settle {
    Settle::new(&dispatch.dispatch_id, &dispatch.token, answer, rest)
}

fn member_end(id: &str, outcome: MemberOutcome) -> MemberEnd {
    MemberEnd {
        id: id.to_owned(),
        end: match outcome {
            MemberOutcome::Accepted {
                provider_message_id,
            } => End::Completed {
                provider_message_id,
            },
            MemberOutcome::Rejected(error) => End::Failed {
                reason: Reason::Rejected,
                error: json(&error).unwrap_or_default(),
            },
        },
    }
}

fn throttle(signals: &mut Signals, cooldown: Option<Duration>, pause: bool, error: &ProviderError) {
    if pause {
        signals.pause = Some(PauseSignal {
            scope: PauseScope::Queue,
            ms: None,
            reason: reason(error),
        });
    } else if let Some(cooldown) = cooldown {
        signals.cooldown_ms = Some(millis(cooldown));
        signals.cooldown_reason = Some(reason(error));
    }
}

fn misconfiguration(scope: Scope, error: &ProviderError) -> PauseSignal {
    let (scope, pause) = match scope {
        Scope::Queue => (PauseScope::Queue, QUEUE_PAUSE),
        Scope::SenderDomain => (PauseScope::Domain, DOMAIN_PAUSE),
    };
    PauseSignal {
        scope,
        ms: Some(millis(pause)),
        reason: reason(error),
    }
}

fn reason(error: &ProviderError) -> String {
    let status = error.status().map(|status| status.to_string());
    let who = [status.as_deref(), error.name()].map(Option::unwrap_or_default);
    joined(&[&joined(&who, " "), error.message()], ": ")
}

/// Attempts that the most tried member has used.
fn used(dispatch: &Dispatch) -> u32 {
    dispatch
        .messages
        .iter()
        .map(|message| message.attempts)
        .max()
        .unwrap_or(0)
}

fn json(error: &ProviderError) -> Option<Value> {
    serde_json::to_value(error).ok()
}
