//! How long to wait before a message, or a frozen dispatch, is tried again.
//!
//! The database computes the waits from its settings `retry_base_ms` and `retry_cap_ms`, because a message whose worker died waits too.
//! It tells them to the worker, which adds the jitter: plus or minus a fifth.
//! The waits of the default settings, without jitter; "by then" counts from the first attempt:
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
//! With the default of 15 attempts, attempt 15 comes 8 h 03 min after the first: 6 h 26 min if every jitter shortens
//! its wait, 9 h 40 min if every jitter lengthens it. So a message survives six hours in which the provider answers
//! nothing, and a frozen dispatch has its last replay well before its horizon.

/// The fraction by which a wait is shortened or lengthened.
const JITTER: f64 = 0.2;

/// The waits, in milliseconds, when the provider says that a request with this key is still under way (409): a sixth of
/// the ordinary wait at first. They grow all the same, because each replay uses an attempt: a key that stays locked
/// would otherwise use up all of them within a minute.
const SOON: [u64; 11] = [
    5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 1_280_000, 2_560_000,
    3_600_000,
];

/// When something is tried again, if at all.
///
/// ```
/// use email_queue::worker::retry::RetryPolicy;
///
/// let policy = RetryPolicy { waits: vec![30_000, 60_000, 120_000], ..RetryPolicy::default() };
/// // The middle of the jitter: attempt 2 waits a minute.
/// assert_eq!(policy.delay(2, 0.5), 60_000);
/// // At the least 48 s, and always less than 72 s.
/// assert_eq!(policy.delay(2, 0.0), 48_000);
/// assert!(policy.delay(2, 0.999) < 72_000);
/// // From attempt 3 on it is two minutes.
/// assert_eq!(policy.delay(u32::MAX, 0.5), 120_000);
/// // A key whose request is under way is asked for again after 5 s.
/// assert_eq!(policy.delay_soon(1, 0.5), 5_000);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// The wait after each attempt, in milliseconds, from the first; the last one holds for all further attempts.
    pub waits: Vec<u64>,
    /// The provider knows a key again, so that what may have been sent is replayed. Otherwise it ends.
    pub replays: bool,
}

impl Default for RetryPolicy {
    /// Before the database has said anything.
    fn default() -> Self {
        Self {
            waits: SOON.to_vec(),
            replays: true,
        }
    }
}

impl RetryPolicy {
    /// How many milliseconds to wait after `attempt`, the one just used, counted from 1 (0 counts as 1).
    ///
    /// `unit` is random in `[0, 1)`: 0 is the shortest wait, 0.5 the plain one. Outside of it, it is moved to
    /// the nearer end; not a number counts as 0.5.
    pub fn delay(&self, attempt: u32, unit: f64) -> u64 {
        delay(&self.waits, attempt, unit)
    }

    /// As [`delay`](Self::delay), where the provider says that the request is still under way.
    pub fn delay_soon(&self, attempt: u32, unit: f64) -> u64 {
        delay(&SOON, attempt, unit)
    }
}

fn delay(waits: &[u64], attempt: u32, unit: f64) -> u64 {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = waits.get(index).or(waits.last()).copied().unwrap_or(0);
    let unit = if unit.is_nan() {
        0.5
    } else {
        unit.clamp(0.0, 1.0)
    };
    // A float becomes the nearest whole number that there is.
    (wait as f64 * (1.0 + JITTER * (2.0 * unit - 1.0))) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: u64 = 3_600_000;

    #[test]
    fn a_key_that_stays_locked_does_not_use_up_the_attempts_at_once() {
        let policy = RetryPolicy::default();
        let total: u64 = (1..15).map(|attempt| policy.delay_soon(attempt, 0.0)).sum();
        assert!(total > 4 * HOUR);
    }

    #[test]
    fn what_is_under_way_is_asked_for_after_waits_that_double_up_to_an_hour() {
        let policy = RetryPolicy::default();
        let mut expected = 5_000;
        for attempt in 1..=15 {
            assert_eq!(policy.delay_soon(attempt, 0.5), expected);
            expected = (expected * 2).min(HOUR);
        }
    }

    #[test]
    fn strange_numbers_give_a_sane_wait() {
        let waits = vec![30_000, 60_000, 120_000];
        let policy = RetryPolicy {
            waits,
            ..RetryPolicy::default()
        };
        assert_eq!(policy.delay(0, 0.5), policy.delay(1, 0.5));
        assert_eq!(policy.delay(3, f64::NAN), policy.delay(3, 0.5));
        assert_eq!(policy.delay(3, f64::NEG_INFINITY), policy.delay(3, 0.0));
        assert_eq!(policy.delay(3, f64::INFINITY), policy.delay(3, 1.0));
    }

    proptest! {
        #[test]
        fn stays_within_a_fifth_of_the_wait(
            waits in proptest::collection::vec(0..=86_400_000_u64, 1..30), attempt: u32, unit: f64,
        ) {
            let index = (attempt.saturating_sub(1) as usize).min(waits.len() - 1);
            let (wait, policy) = (waits[index], RetryPolicy { waits, ..RetryPolicy::default() });
            let delay = policy.delay(attempt, unit);
            prop_assert!((wait * 4 / 5..=wait * 6 / 5 + 1).contains(&delay));
        }
    }
}
