//! From an answer to its outcome: the rules that hold for every provider.
//!
//! Pure and total: every reply, however strange, has an outcome, and no reply makes it panic. The provider says what each answer speaks of
//! ([`Provider::meaning`]). The rule behind it: a message may get a new key only if it is certain that nothing was sent. Every answer
//! that leaves this open is [`Outcome::Unknown`].

use super::error::{ErrorClass, ProviderError};
use super::hints::{RateHints, SHORTEST_COOLDOWN};
use super::meaning::Meaning;
use super::outcome::{Context, NoAnswer, Outcome, Reply};
use super::port::Provider;
use crate::base::joined;

impl Provider {
    /// What `reply` means in `context`, and what it says about the rate.
    pub fn classify(&self, reply: &Reply, context: &Context) -> (Outcome, RateHints) {
        let (status, headers, body) = match reply {
            Reply::Answered {
                status,
                headers,
                body,
            } => (*status, headers, body),
            Reply::NoAnswer { kind, detail } => {
                let error = unanswered(*kind, detail);
                return (Outcome::unknown(error), RateHints::default());
            }
        };
        let hints = (self.hints)(headers);
        let outcome = if (200..300).contains(&status) {
            (self.members)(status, body, context).map_or_else(
                |why| Outcome::unknown(unreadable(status, why)),
                Outcome::Answered,
            )
        } else {
            let said = (self.said)(body);
            let meaning = (self.meaning)(status, &said, context.templated);
            let error = ProviderError::new(
                meaning.class(),
                Some(status),
                said.name.as_deref(),
                &said.message,
            );
            act_on(meaning, error, &hints, context)
        };
        (outcome, hints)
    }
}

fn act_on(meaning: Meaning, error: ProviderError, hints: &RateHints, context: &Context) -> Outcome {
    let cooldown = meaning.cooldown(hints, context.utc_seconds_of_day);
    let batch = context.members > 1;
    // A batch that a quota refuses may only be larger than what is left: only a single message's refusal shows that the
    // quota is used up.
    let too_large = batch && meaning.is_quota();
    let cooldown = cooldown.filter(|_| !too_large);
    let pause = meaning == Meaning::MonthlyQuota && !too_large;
    match meaning {
        Meaning::OtherBody => Outcome::PossiblySent(error),
        Meaning::Body if batch => Outcome::Isolate(error),
        Meaning::Body => Outcome::Rejected(error),
        Meaning::Unavailable | Meaning::InFlight => Outcome::Unknown {
            error,
            counted: true,
            soon: meaning == Meaning::InFlight,
            cooldown,
            pause,
            misconfigured: None,
        },
        // From here on the answer is definite only if no earlier begin may have been sent (promise 3).
        _ if context.possibly_sent => Outcome::Unknown {
            error,
            counted: meaning.uses_attempt(),
            soon: false,
            cooldown,
            pause,
            misconfigured: meaning.scope(),
        },
        Meaning::Member | Meaning::UnlistedBody if batch => Outcome::Isolate(error),
        _ if too_large => Outcome::Isolate(error),
        Meaning::Member => Outcome::Rejected(error),
        Meaning::UnlistedBody | Meaning::Unlisted => Outcome::Refused(error),
        Meaning::Misconfigured(scope) => Outcome::Misconfigured { scope, error },
        Meaning::RateLimit | Meaning::DailyQuota | Meaning::MonthlyQuota => Outcome::Throttled {
            cooldown: cooldown.unwrap_or(SHORTEST_COOLDOWN),
            pause,
            error,
        },
    }
}

fn unanswered(kind: NoAnswer, detail: &str) -> ProviderError {
    let what = match kind {
        NoAnswer::Timeout => "no answer in time",
        NoAnswer::Network => "network error",
        NoAnswer::TooLarge => "unreadable answer",
    };
    let message = joined(&[what, detail], ": ");
    ProviderError::new(ErrorClass::Unknown, None, None, &message)
}

fn unreadable(status: u16, why: &str) -> ProviderError {
    let message = format!("unreadable answer: {why}");
    ProviderError::new(ErrorClass::Unknown, Some(status), None, &message)
}
