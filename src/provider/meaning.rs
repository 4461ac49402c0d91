//! What an answer speaks of, in words that all providers share.

use super::error::ErrorClass;
use super::hints::{self, RateHints};
use super::outcome::Scope;
use std::time::Duration;

/// What an answer outside 2xx speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A member's content: these bytes can never be accepted.
    Body,
    /// Presumably a member's content, in a word that the provider's documents do not have.
    UnlistedBody,
    /// A member, for another reason than its bytes: no such template, turned away by the security check, a stranger in
    /// the provider's test mode.
    Member,
    /// The account, the key, the sender's domain, or a bug of ours.
    Misconfigured(Scope),
    /// The first request with this key is still under way.
    InFlight,
    /// Another body was sent under this key.
    OtherBody,
    /// Too many requests a second.
    RateLimit,
    /// Too many recipients today.
    DailyQuota,
    /// Too many recipients this month.
    MonthlyQuota,
    /// Trouble of the provider, or an answer without a known meaning.
    Unavailable,
    /// A refusal that the provider's documents do not have.
    Unlisted,
}

impl Meaning {
    pub(super) fn class(self) -> ErrorClass {
        match self {
            Self::Body | Self::Member => ErrorClass::Rejected,
            Self::Misconfigured(_) => ErrorClass::Misconfigured,
            Self::RateLimit | Self::DailyQuota | Self::MonthlyQuota => ErrorClass::Throttled,
            Self::UnlistedBody | Self::Unlisted => ErrorClass::Refused,
            Self::InFlight | Self::Unavailable => ErrorClass::Unknown,
            Self::OtherBody => ErrorClass::PossiblySent,
        }
    }

    /// Throttling and misconfiguration use no attempt (promise 4).
    pub(super) fn uses_attempt(self) -> bool {
        !matches!(
            self.class(),
            ErrorClass::Throttled | ErrorClass::Misconfigured
        )
    }

    /// Of recipients, not of requests.
    pub(super) fn is_quota(self) -> bool {
        matches!(self, Self::DailyQuota | Self::MonthlyQuota)
    }

    pub(super) fn scope(self) -> Option<Scope> {
        match self {
            Self::Misconfigured(scope) => Some(scope),
            _ => None,
        }
    }

    /// How long no run should begin.
    pub(super) fn cooldown(self, hints: &RateHints, utc_seconds_of_day: u32) -> Option<Duration> {
        match self {
            Self::RateLimit => Some(hints.cooldown()),
            Self::DailyQuota | Self::MonthlyQuota => {
                Some(hints::until_quota_day(utc_seconds_of_day))
            }
            Self::Unavailable => hints.asked_to_wait(),
            _ => None,
        }
    }
}
