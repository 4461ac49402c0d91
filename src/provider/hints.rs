//! What the headers say about the rate, and the cooldowns that follow.

use std::time::Duration;

/// The shortest cooldown: the rate window of the provider is one second.
pub(super) const SHORTEST_COOLDOWN: Duration = Duration::from_secs(1);
/// The longest cooldown that a header can ask for. Trying again then costs one request and no attempt.
const LONGEST_COOLDOWN: Duration = Duration::from_secs(60 * 60);
/// Longer waits are not waits but points in time, or nonsense.
const LONGEST_HINT: u64 = 31 * DAY as u64;
const DAY: u32 = 24 * 60 * 60;
/// By how much the clocks of the worker and the provider may differ.
const CLOCK_SKEW: u32 = 5 * 60;

/// What the headers of an answer say about the team's rate. All of it is `None` if they say nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateHints {
    /// `ratelimit-limit`: requests in a window, for the whole team.
    pub limit: Option<u32>,
    /// `ratelimit-remaining`: requests left in this window.
    pub remaining: Option<u32>,
    /// `ratelimit-reset`: until the window ends.
    pub reset: Option<Duration>,
    /// `retry-after`, if given in seconds. A date is not read.
    pub retry_after: Option<Duration>,
}

impl RateHints {
    /// Reads the headers, whose names may be in any case; the first readable one of a name counts.
    pub fn from_headers(headers: &[(String, String)]) -> Self {
        let values = |name: &'static str| {
            headers
                .iter()
                .filter(move |(key, _)| key.trim().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        };
        Self {
            limit: values("ratelimit-limit").find_map(count),
            remaining: values("ratelimit-remaining").find_map(count),
            reset: values("ratelimit-reset").find_map(seconds),
            retry_after: values("retry-after").find_map(seconds),
        }
    }

    /// The cooldown after a rate limit: as long as the longest wait asked for, between 1 s and 1 h.
    pub(super) fn cooldown(&self) -> Duration {
        self.retry_after
            .max(self.reset)
            .unwrap_or(SHORTEST_COOLDOWN)
            .clamp(SHORTEST_COOLDOWN, LONGEST_COOLDOWN)
    }

    /// The `retry-after` of a provider in trouble.
    pub(super) fn asked_to_wait(&self) -> Option<Duration> {
        self.retry_after
            .map(|wait| wait.clamp(SHORTEST_COOLDOWN, LONGEST_COOLDOWN))
    }
}

/// Until 00:00 UTC, when the quota's day turns. In the first five minutes of a day, only until they are over: the
/// provider's clock may not be there yet, and a whole day would be lost.
pub(super) fn until_quota_day(utc_seconds_of_day: u32) -> Duration {
    let now = utc_seconds_of_day % DAY;
    let turn = if now < CLOCK_SKEW { CLOCK_SKEW } else { DAY };
    Duration::from_secs(u64::from(turn - now))
}

/// The count that `value` begins with: `10`, or the `10;w=1` of an older draft.
fn count(value: &str) -> Option<u32> {
    value.split([',', ';']).next()?.trim().parse().ok()
}

/// Whole seconds, rounded up.
fn seconds(value: &str) -> Option<Duration> {
    let (whole, rounded_up) = match value.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => (whole, 1),
        Some(_) => return None,
        None => (value, 0),
    };
    let seconds = whole.parse::<u64>().ok()?.checked_add(rounded_up)?;
    (seconds <= LONGEST_HINT).then_some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(headers: &[(&str, &str)]) -> RateHints {
        let owned: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        RateHints::from_headers(&owned)
    }

    #[test]
    fn reads_headers_in_any_case() {
        let read = hints(&[
            ("RateLimit-Limit", "10"),
            ("ratelimit-remaining", "0;w=1"),
            ("RATELIMIT-RESET", " 1 "),
            ("Retry-After", "2.5"),
        ]);
        assert_eq!(read.limit, Some(10));
        assert_eq!(read.remaining, Some(0));
        assert_eq!(read.reset, Some(Duration::from_secs(1)));
        assert_eq!(read.retry_after, Some(Duration::from_secs(3)));
    }

    #[test]
    fn ignores_what_is_not_a_number_of_seconds() {
        for value in [
            "Wed, 25 Nov 2026 07:28:00 GMT",
            "",
            "-1",
            "1.x",
            "1795000000",
            "99999999999999999999",
        ] {
            assert_eq!(
                hints(&[("retry-after", value)]).retry_after,
                None,
                "{value}"
            );
        }
        let month = |value| hints(&[("retry-after", value)]).retry_after;
        assert_eq!(month("2678400"), Some(Duration::from_secs(31 * 86_400)));
        assert_eq!(month("2678401"), None);
        let second_is_readable = [("retry-after", "soon"), ("retry-after", "4")];
        assert_eq!(
            hints(&second_is_readable).retry_after,
            Some(Duration::from_secs(4))
        );
    }

    #[test]
    fn the_cooldown_is_the_longest_wait_asked_for_within_bounds() {
        let cooldown = |headers: &[(&str, &str)]| hints(headers).cooldown().as_secs();
        assert_eq!(cooldown(&[]), 1);
        assert_eq!(cooldown(&[("retry-after", "0")]), 1);
        assert_eq!(
            cooldown(&[("retry-after", "2"), ("ratelimit-reset", "7")]),
            7
        );
        assert_eq!(
            cooldown(&[("retry-after", "9"), ("ratelimit-reset", "7")]),
            9
        );
        assert_eq!(cooldown(&[("retry-after", "86400")]), 3600);
    }

    #[test]
    fn the_quota_waits_for_midnight_but_not_for_a_whole_day_because_of_a_fast_clock() {
        assert_eq!(until_quota_day(12 * 3600), Duration::from_secs(12 * 3600));
        assert_eq!(until_quota_day(DAY - 1), Duration::from_secs(1));
        assert_eq!(until_quota_day(0), Duration::from_secs(300));
        assert_eq!(until_quota_day(299), Duration::from_secs(1));
        assert_eq!(
            until_quota_day(300),
            Duration::from_secs(u64::from(DAY) - 300)
        );
        assert_eq!(until_quota_day(DAY), until_quota_day(0));
    }
}
