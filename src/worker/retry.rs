//! How long to wait before a message, or a frozen dispatch, is tried again.
//!
//! The waits of [`RetryPolicy::DEFAULT`], without jitter; "by then" counts from the first attempt:
//!
//! | after attempt | waits | by then |   | after attempt | waits | by then |
//! |---|---|---|---|---|---|---|
//! | 1 | 30 s | 0:00:30 |   | 8 | 1 h | 2:03:30 |
//! | 2 | 1 min | 0:01:30 |   | 9 | 1 h | 3:03:30 |
//! | 3 | 2 min | 0:03:30 |   | 10 | 1 h | 4:03:30 |
//! | 4 | 4 min | 0:07:30 |   | 11 | 1 h | 5:03:30 |
//! | 5 | 8 min | 0:15:30 |   | 12 | 1 h | 6:03:30 |
//! | 6 | 16 min | 0:31:30 |   | 13 | 1 h | 7:03:30 |
//! | 7 | 32 min | 1:03:30 |   | 14 | 1 h | 8:03:30 |
//!
//! With the [`DEFAULT_MAX_ATTEMPTS`](crate::base::limits::DEFAULT_MAX_ATTEMPTS) of 15, attempt 15 comes 8 h 03 min after the first: 6 h 26 min if every
//! jitter shortens its wait, 9 h 40 min if every jitter lengthens it. So a message survives six hours in which
//! the provider answers nothing, and a frozen dispatch has its last replay well before its horizon of 23 h.

use crate::base::limits::{DEFAULT_RETRY_BASE_MS, DEFAULT_RETRY_CAP_MS};
use std::time::Duration;

/// Exponential backoff with a cap, plus or minus a fraction.
///
/// ```
/// use email_queue::worker::retry::RetryPolicy;
/// use std::time::Duration;
///
/// let policy = RetryPolicy::DEFAULT;
/// // The middle of the jitter: attempt 3 waits two minutes.
/// assert_eq!(policy.delay(3, 0.5), Duration::from_secs(120));
/// // At the least 96 s, and always less than 144 s.
/// assert_eq!(policy.delay(3, 0.0), Duration::from_secs(96));
/// assert!(policy.delay(3, 0.999) < Duration::from_secs(144));
/// // From attempt 8 on it is an hour.
/// assert_eq!(policy.delay(7, 0.5), Duration::from_secs(32 * 60));
/// assert_eq!(policy.delay(8, 0.5), Duration::from_secs(3600));
/// assert_eq!(policy.delay(u32::MAX, 0.5), Duration::from_secs(3600));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// The wait after attempt 1, before jitter.
    pub base: Duration,
    /// By how much each further attempt multiplies the wait. Less than 1, or not a number, counts as 1.
    pub factor: f64,
    /// The longest wait before jitter; with jitter it is at most `cap * (1 + jitter)`.
    pub cap: Duration,
    /// The fraction by which a wait is shortened or lengthened: held within 0 and 1, not a number counts as 0.
    pub jitter: f64,
}

impl RetryPolicy {
    /// 30 s, doubled up to an hour, plus or minus a fifth.
    pub const DEFAULT: Self = Self {
        base: Duration::from_millis(DEFAULT_RETRY_BASE_MS),
        factor: 2.0,
        cap: Duration::from_millis(DEFAULT_RETRY_CAP_MS),
        jitter: 0.2,
    };

    /// 5 s, doubled up to an hour, plus or minus a fifth: see [`replay_soon_delay`].
    pub const REPLAY_SOON: Self = Self {
        base: Duration::from_secs(5),
        ..Self::DEFAULT
    };

    /// How long to wait after `attempt`, the one just used, counted from 1 (0 counts as 1).
    ///
    /// `unit` is random in `[0, 1)`: 0 is the shortest wait, 0.5 the plain one. Outside of it, it is moved to
    /// the nearer end; not a number counts as 0.5.
    pub fn delay(&self, attempt: u32, unit: f64) -> Duration {
        let unit = number_or(unit, 0.5).clamp(0.0, 1.0);
        let jitter = number_or(self.jitter, 0.0).clamp(0.0, 1.0);
        let wait = self.plain_seconds(attempt) * (1.0 + jitter * (2.0 * unit - 1.0));
        Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX)
    }

    fn plain_seconds(&self, attempt: u32) -> f64 {
        let base = self.base.as_secs_f64();
        if base == 0.0 {
            return 0.0;
        }
        let factor = number_or(self.factor, 1.0).max(1.0);
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        (base * factor.powi(exponent)).min(self.cap.as_secs_f64())
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How long to wait when the provider says that a request with this key is still under way (409): a sixth of
/// the ordinary wait, so 5 s after attempt 1, 20 s after attempt 3. It grows all the same, because each replay
/// uses an attempt: a key that stays locked would otherwise use up all of them within a minute.
///
/// ```
/// use email_queue::worker::retry::replay_soon_delay;
/// use std::time::Duration;
///
/// assert_eq!(replay_soon_delay(1, 0.5), Duration::from_secs(5));
/// assert_eq!(replay_soon_delay(3, 0.5), Duration::from_secs(20));
/// assert_eq!(replay_soon_delay(15, 0.5), Duration::from_secs(3600));
/// ```
pub fn replay_soon_delay(attempt: u32, unit: f64) -> Duration {
    RetryPolicy::REPLAY_SOON.delay(attempt, unit)
}

fn number_or(value: f64, otherwise: f64) -> f64 {
    if value.is_nan() { otherwise } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::base::limits::DEFAULT_MAX_ATTEMPTS;

    const HOUR: Duration = Duration::from_secs(3600);
    const HORIZON: Duration = Duration::from_secs(23 * 3600);
    const LONGEST: f64 = 1.0 - f64::EPSILON;

    fn from_first_to_last(attempts: u32, unit: f64) -> Duration {
        (1..attempts)
            .map(|attempt| RetryPolicy::DEFAULT.delay(attempt, unit))
            .sum()
    }

    #[test]
    fn the_default_attempts_outlast_an_outage_of_six_hours() {
        assert!(from_first_to_last(DEFAULT_MAX_ATTEMPTS, 0.0) > 6 * HOUR);
        assert!(from_first_to_last(DEFAULT_MAX_ATTEMPTS - 1, 0.0) <= 6 * HOUR);
    }

    #[test]
    fn the_default_attempts_end_before_the_horizon() {
        assert!(from_first_to_last(DEFAULT_MAX_ATTEMPTS, LONGEST) < HORIZON);
    }

    #[test]
    fn the_sums_in_the_documentation_are_right() {
        let minutes = |unit| from_first_to_last(DEFAULT_MAX_ATTEMPTS, unit).as_secs() / 60;
        assert_eq!(minutes(0.0), 6 * 60 + 26);
        assert_eq!(minutes(0.5), 8 * 60 + 3);
        assert_eq!(minutes(LONGEST), 9 * 60 + 40);
    }

    #[test]
    fn a_key_that_stays_locked_does_not_use_up_the_attempts_at_once() {
        let total: Duration = (1..DEFAULT_MAX_ATTEMPTS)
            .map(|attempt| replay_soon_delay(attempt, 0.0))
            .sum();
        assert!(total > 4 * HOUR);
    }

    #[test]
    fn strange_numbers_give_a_sane_wait() {
        let policy = RetryPolicy::DEFAULT;
        assert_eq!(policy.delay(0, 0.5), policy.delay(1, 0.5));
        assert_eq!(policy.delay(3, f64::NAN), policy.delay(3, 0.5));
        assert_eq!(policy.delay(3, f64::NEG_INFINITY), policy.delay(3, 0.0));
        assert_eq!(policy.delay(3, f64::INFINITY), policy.delay(3, 1.0));
        let never = RetryPolicy {
            base: Duration::ZERO,
            factor: f64::INFINITY,
            ..policy
        };
        assert_eq!(never.delay(u32::MAX, 0.5), Duration::ZERO);
    }

    fn any_policy() -> impl Strategy<Value = RetryPolicy> {
        (any::<u64>(), any::<f64>(), any::<u64>(), any::<f64>()).prop_map(
            |(base, factor, cap, jitter)| RetryPolicy {
                base: Duration::from_millis(base),
                factor,
                cap: Duration::from_millis(cap),
                jitter,
            },
        )
    }

    proptest! {
        #[test]
        fn never_panics(policy in any_policy(), attempt: u32, unit: f64) {
            let wait = policy.delay(attempt, unit);
            prop_assert!(wait.as_secs_f64() <= policy.cap.as_secs_f64() * 2.0 + 0.001);
        }

        #[test]
        fn stays_within_its_bounds(attempt in 1u32.., unit in 0.0..1.0f64) {
            let wait = RetryPolicy::DEFAULT.delay(attempt, unit);
            prop_assert!(wait >= Duration::from_secs(24));
            prop_assert!(wait <= Duration::from_secs(72 * 60));
        }

        #[test]
        fn never_shrinks_without_jitter(base in 1u64..100_000, factor in 0.0..10.0f64, attempt in 1u32..200) {
            let policy = RetryPolicy {
                base: Duration::from_millis(base),
                factor,
                jitter: 0.0,
                ..RetryPolicy::DEFAULT
            };
            prop_assert!(policy.delay(attempt, 0.1) <= policy.delay(attempt + 1, 0.9));
        }

        #[test]
        fn soon_is_never_later_than_the_ordinary_wait(attempt: u32, unit in 0.0..1.0f64) {
            prop_assert!(replay_soon_delay(attempt, unit) <= RetryPolicy::DEFAULT.delay(attempt, unit));
        }
    }
}
