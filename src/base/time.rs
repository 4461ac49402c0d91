//! Times as RFC 3339 text, as the database writes them, and back.

use super::limits::{EARLIEST_TIME, LATEST_TIME};
use std::time::Duration;

/// Whole milliseconds, as the database takes durations.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Whole milliseconds, rounded up.
pub(crate) fn ceil_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

const DAY: u64 = 24 * 60 * 60;

/// Whether the database takes a time to send at, or before.
pub(crate) fn is_near(since_1970: Duration) -> bool {
    (EARLIEST_TIME..=LATEST_TIME).contains(&since_1970.as_secs())
}

/// `since_1970` as text in UTC with milliseconds, as in `2026-11-24T15:04:05.678+00:00`.
pub(crate) fn format(since_1970: Duration) -> String {
    let seconds = since_1970.as_secs();
    let (year, month, day) = date(seconds / DAY);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let millis = since_1970.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}+00:00")
}

/// The time since 1970; `None` where `text` is no RFC 3339 time from 1970 on.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (day, time) = text.split_once(['T', 't', ' '])?;
    let mut day = day.splitn(3, '-');
    let (year, month, day) = (
        number(day.next()?, 4)?,
        number(day.next()?, 2)?,
        number(day.next()?, 2)?,
    );
    let (time, offset) = match time.strip_suffix(['Z', 'z']) {
        Some(time) => (time, 0),
        None => {
            let (time, offset) = time.split_at_checked(time.rfind(['+', '-'])?)?;
            (time, offset_seconds(offset)?)
        }
    };
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.splitn(3, ':');
    let (hour, minute, second) = (
        number(time.next()?, 2)?,
        number(time.next()?, 2)?,
        number(time.next()?, 2)?,
    );
    let days = days(year, month, day)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local = days * DAY + hour * 3600 + minute * 60 + second;
    let utc = u64::try_from(i64::try_from(local).ok()? - offset).ok()?;
    Some(Duration::from_secs(utc) + nanos(fraction)?)
}

fn number(digits: &str, length: usize) -> Option<u64> {
    let plain = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

fn offset_seconds(text: &str) -> Option<i64> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    // Supabase Lite writes `+00` for `+00:00`.
    let (hours, minutes) = text
        .get(1..)?
        .split_once(':')
        .unwrap_or((text.get(1..)?, "00"));
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    Some(sign * i64::try_from(hours * 3600 + minutes * 60).ok()?)
}

fn nanos(fraction: &str) -> Option<Duration> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    Some(Duration::from_nanos(digits.parse().ok()?))
}

/// Days from 1970-01-01; `None` for a date before it or one that the calendar does not have.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let before = year.checked_sub(1970)? * 365 + leaps(year - 1) - leaps(1969);
    let months = (1..month).map(|month| length(year, month)).sum::<u64>();
    let exists = (1..=12).contains(&month) && (1..=length(year, month)).contains(&day);
    exists.then(|| before + months + day - 1)
}

/// The inverse of [`days`].
fn date(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    while days >= length(year, month) {
        days -= length(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

fn leaps(year: u64) -> u64 {
    year / 4 - year / 100 + year / 400
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn length(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_what_a_calendar_says() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000+00:00"),
            (951_782_400, "2000-02-29T00:00:00.000+00:00"),
            (1_795_532_645, "2026-11-24T15:04:05.000+00:00"),
            (4_107_542_399, "2100-02-28T23:59:59.000+00:00"),
            (4_107_542_400, "2100-03-01T00:00:00.000+00:00"),
        ] {
            assert_eq!(format(Duration::from_secs(seconds)), text);
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn reads_offsets_and_fractions() {
        let noon = parse("2026-11-24T12:00:00Z");
        assert!(noon.is_some());
        assert_eq!(parse("2026-11-24T14:30:00+02:30"), noon);
        assert_eq!(parse("2026-11-24 07:00:00.000-05:00"), noon);
        assert_eq!(parse("2026-11-24 12:00:00+00"), noon);
        assert_eq!(
            parse("2026-11-24T12:00:00.25Z"),
            noon.map(|noon| noon + Duration::from_millis(250))
        );
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "soon",
            "2026-11-24",
            "2026-11-24T12:00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-11-24T24:00:00Z",
            "2026-11-24T12:00:00.Z",
            "1969-12-31T23:59:59Z",
            "2026-11-24T12:00:00+2:00",
            "+026-11-24T12:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(millis in 0..250_000_000_000_000_u64) {
            let time = Duration::from_millis(millis);
            prop_assert_eq!(parse(&format(time)), Some(time));
        }
    }
}
