//! Random steps.

use email_queue::protocol::{Answer, Dispatch, End, MemberEnd, Reason, Rest, Settle, Signals};
use email_queue::provider::{ErrorClass, MemberOutcome, Outcome, ProviderError, RateHints, Scope};
use email_queue::worker::decide::{after_reply, not_sent, unfit};
use email_queue::worker::retry::RetryPolicy;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use std::time::Duration;

#[derive(Debug, Clone)]
pub enum Step {
    Enqueue {
        domain: bool,
        attached: bool,
        priority: u8,
        max_attempts: u32,
        expires: bool,
    },
    Claim {
        max_messages: u32,
        tokens: usize,
    },
    /// The last claim again.
    ClaimAgain,
    Begin(usize),
    Settle(usize, Settling),
    Extend(usize),
    Release(usize),
    Cancel(usize),
    Redrive(usize, bool),
    Pause(bool),
    Resume(bool),
    Advance(u64),
}

impl Step {
    pub fn redrives(&self) -> bool {
        matches!(self, Self::Redrive(..))
    }
}

/// How a dispatch is settled.
#[derive(Debug, Clone)]
pub enum Settling {
    /// As `decide` does it, for one of the outcomes.
    Decided { outcome: usize, bad: usize },
    /// In any way, sensible or not.
    Any {
        answer: Answer,
        rest: Option<Rest>,
        named: Vec<bool>,
        completes: bool,
        counted: bool,
        delay: u64,
        answered: Option<bool>,
    },
}

pub fn steps(settles: BoxedStrategy<Settling>) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (any::<bool>(), prop::bool::weighted(0.2), 0..4_u8, 1..4_u32, prop::bool::weighted(0.2)).prop_map(
            |(domain, attached, priority, max_attempts, expires)| {
                Step::Enqueue { domain, attached, priority, max_attempts, expires }
            }
        ),
        4 => (1..4_u32, 1..3_usize).prop_map(|(max_messages, tokens)| Step::Claim { max_messages, tokens }),
        1 => Just(Step::ClaimAgain),
        6 => any::<usize>().prop_map(Step::Begin),
        6 => (any::<usize>(), settles).prop_map(|(which, settling)| Step::Settle(which, settling)),
        1 => any::<usize>().prop_map(Step::Extend),
        1 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => any::<(usize, bool)>().prop_map(|(which, allow)| Step::Redrive(which, allow)),
        1 => any::<bool>().prop_map(Step::Pause),
        1 => any::<bool>().prop_map(Step::Resume),
        4 => select(vec![1, 20, 61, 400, 4000, 100_000]).prop_map(Step::Advance),
    ];
    prop::collection::vec(step, 1..60)
}

pub fn any_settles() -> BoxedStrategy<Settling> {
    any::<Settling>().boxed()
}

pub fn decided() -> BoxedStrategy<Settling> {
    (0..OUTCOMES, any::<usize>())
        .prop_map(|(outcome, bad)| Settling::Decided { outcome, bad })
        .boxed()
}

impl Arbitrary for Settling {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let answers = select(vec![Answer::Definite, Answer::None, Answer::Unknown]);
        let rests = select(vec![
            None,
            Some(Rest::Keep),
            Some(Rest::Freeze),
            Some(Rest::Split),
            Some(Rest::Release),
            Some(Rest::Retry),
            Some(Rest::Fail),
        ]);
        let answers_given = select(vec![None, Some(false), Some(true)]);
        let named = prop::collection::vec(prop::bool::weighted(0.3), 3);
        let any = (
            answers,
            rests,
            named,
            any::<(bool, bool)>(),
            0..100_u64,
            answers_given,
        );
        let any = any.prop_map(
            |(answer, rest, named, (completes, counted), delay, answered)| Self::Any {
                answer,
                rest,
                named,
                completes,
                counted,
                delay,
                answered,
            },
        );
        prop_oneof![any, decided()].boxed()
    }
}

const OUTCOMES: usize = 11;

impl Settling {
    pub fn settle(&self, dispatch: &Dispatch) -> Settle {
        match self {
            Self::Decided { outcome, bad } => decide(dispatch, *outcome, *bad),
            Self::Any {
                answer,
                rest,
                named,
                completes,
                counted,
                delay,
                answered,
            } => {
                let named = dispatch
                    .messages
                    .iter()
                    .zip(named)
                    .filter(|(_, named)| **named);
                let members = named.map(|(message, _)| MemberEnd {
                    id: message.id.clone(),
                    end: match completes {
                        true => End::Completed {
                            provider_message_id: "e".to_owned(),
                        },
                        false => End::Failed {
                            reason: Reason::Rejected,
                            error: json!({}),
                        },
                    },
                });
                Settle {
                    dispatch_id: dispatch.dispatch_id.clone(),
                    token: dispatch.token.clone(),
                    answer: *answer,
                    members: members.collect(),
                    rest: *rest,
                    reason: None,
                    error: Some(json!({"message": "injected"})),
                    delay_ms: Some(delay * 1000),
                    counted: *counted,
                    signals: Some(Signals {
                        answered: *answered,
                        ..Signals::default()
                    }),
                }
            }
        }
    }
}

/// What `decide` makes of an outcome that is possible for the dispatch.
fn decide(dispatch: &Dispatch, outcome: usize, bad: usize) -> Settle {
    let error = || ProviderError::new(ErrorClass::Unknown, Some(500), None, "injected");
    let unknown = |counted, soon| Outcome::Unknown {
        error: error(),
        counted,
        soon,
        cooldown: None,
        pause: false,
        misconfigured: None,
    };
    let count = dispatch.messages.len();
    let member = |index: usize| match index == bad % (count + 1) {
        true => MemberOutcome::Rejected(error()),
        false => MemberOutcome::Accepted {
            provider_message_id: "e".to_owned(),
        },
    };
    let definite = match outcome {
        0 => return not_sent(dispatch),
        1 if !dispatch.frozen => {
            let gone = dispatch.messages.iter().take(1 + bad % count);
            return unfit(
                dispatch,
                gone.map(|message| (message.id.clone(), error())).collect(),
            );
        }
        2 => Outcome::Answered((0..count).map(member).collect()),
        3 if count == 1 => Outcome::Rejected(error()),
        3 | 4 if count > 1 => Outcome::Isolate(error()),
        5 if !dispatch.frozen => Outcome::Throttled {
            cooldown: Duration::from_secs(1),
            pause: false,
            error: error(),
        },
        6 if !dispatch.frozen => Outcome::Misconfigured {
            scope: Scope::SenderDomain,
            error: error(),
        },
        7 if !dispatch.frozen => Outcome::Refused(error()),
        8 => Outcome::PossiblySent(error()),
        9 => unknown(false, false),
        10 => unknown(true, true),
        _ => unknown(true, false),
    };
    let hints = RateHints::default();
    after_reply(
        dispatch,
        dispatch.attempt + 1,
        definite,
        hints,
        &RetryPolicy::default(),
        0.5,
    )
}
