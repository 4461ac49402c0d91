//! What operators set, and what it is until they do.

use crate::base::limits::{DEFAULT_MAX_ATTEMPTS, DEFAULT_PAYLOAD_BYTES, DEFAULT_RATE};
use std::time::Duration;

/// What operators set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Written into a payload without `from`.
    pub default_sender: Option<String>,
    /// Ceiling of provider requests a second over all runs, 1 to 1000.
    pub rate_limit: u32,
    /// How long after its first begin a frozen dispatch may be replayed at most; without, as long as its key is known.
    pub horizon: Option<Duration>,
    /// `max_attempts` of a message that names none.
    pub default_max_attempts: u32,
    /// Largest payload, in bytes of its JSON text.
    pub max_payload_bytes: u64,
    /// The wait after each attempt, from the first; the last one holds for all further attempts.
    pub retry: Vec<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_sender: None,
            rate_limit: DEFAULT_RATE,
            horizon: None,
            default_max_attempts: DEFAULT_MAX_ATTEMPTS,
            max_payload_bytes: u64::from(DEFAULT_PAYLOAD_BYTES),
            retry: [30, 60, 120, 240, 480, 960, 1920, 3600]
                .map(Duration::from_secs)
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::limits::{DEFAULT_RETRY_BASE_MS, DEFAULT_RETRY_CAP_MS};

    const HOUR: Duration = Duration::from_secs(3600);
    /// The most by which the worker shortens or lengthens a wait.
    const JITTER: f64 = 0.2;

    #[test]
    fn the_waits_are_those_of_the_default_settings() {
        let mut expected = Duration::from_millis(DEFAULT_RETRY_BASE_MS);
        for wait in Settings::default().retry {
            assert_eq!(wait, expected);
            expected = (expected * 2).min(Duration::from_millis(DEFAULT_RETRY_CAP_MS));
        }
        assert_eq!(Settings::default().retry.last(), Some(&expected));
    }

    fn from_first_to_last(attempts: u32) -> Duration {
        let waits = Settings::default().retry;
        let last = waits.last().copied().into_iter().cycle();
        let waits = waits.iter().copied().chain(last);
        waits.take(attempts as usize - 1).sum()
    }

    #[test]
    fn the_default_attempts_outlast_an_outage_of_six_hours() {
        let attempts = Settings::default().default_max_attempts;
        assert!(from_first_to_last(attempts).mul_f64(1.0 - JITTER) > 6 * HOUR);
        assert!(from_first_to_last(attempts - 1).mul_f64(1.0 - JITTER) <= 6 * HOUR);
    }

    #[test]
    fn the_default_attempts_take_less_than_half_a_day() {
        let attempts = Settings::default().default_max_attempts;
        assert!(from_first_to_last(attempts).mul_f64(1.0 + JITTER) < 12 * HOUR);
        assert_eq!(from_first_to_last(attempts).as_secs() / 60, 8 * 60 + 3);
    }
}
