//! Requests with a wrong signature: they are counted, and told to the database now and then, so that a wrong secret is noticed.

use std::time::Duration;

/// Between two reports.
const PAUSE: Duration = Duration::from_secs(10);

/// What was refused since the last report.
#[derive(Debug, Default)]
pub struct Refusals {
    counted: u32,
    reported: Option<Duration>,
    /// A report is under way, or waits.
    busy: bool,
}

impl Refusals {
    /// Counts one; where a report has to be started for it, how long that has to wait.
    pub fn note(&mut self, now: Duration) -> Option<Duration> {
        self.counted = self.counted.saturating_add(1);
        self.next(now)
    }

    /// What the report says that begins now.
    pub fn take(&mut self, now: Duration) -> u32 {
        self.reported = Some(now);
        std::mem::take(&mut self.counted)
    }

    /// The report has ended. What it could not tell waits for the next refusal; where more came meanwhile, how long the next
    /// report waits.
    pub fn ended(&mut self, now: Duration, untold: u32) -> Option<Duration> {
        self.busy = false;
        let more = self.counted > 0 && untold == 0;
        self.counted = self.counted.saturating_add(untold);
        if more { self.next(now) } else { None }
    }

    fn next(&mut self, now: Duration) -> Option<Duration> {
        let at = self.reported.map_or(now, |at| at + PAUSE);
        let free = !std::mem::replace(&mut self.busy, true);
        free.then(|| at.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_is_told_at_once_and_the_others_every_ten_seconds() {
        let mut refusals = Refusals::default();
        assert_eq!(refusals.note(seconds(100)), Some(Duration::ZERO));
        assert_eq!(refusals.take(seconds(100)), 1);
        assert_eq!(refusals.note(seconds(101)), None, "one is under way");
        assert_eq!(refusals.note(seconds(101)), None);
        assert_eq!(refusals.ended(seconds(102), 0), Some(seconds(8)));
        assert_eq!(refusals.note(seconds(103)), None, "one waits");
        assert_eq!(refusals.take(seconds(110)), 3);
        assert_eq!(refusals.ended(seconds(111), 0), None);
        assert_eq!(refusals.note(seconds(112)), Some(seconds(8)));
        assert_eq!(refusals.take(seconds(120)), 1);
        assert_eq!(refusals.ended(seconds(120), 0), None);
        assert_eq!(refusals.note(seconds(500)), Some(Duration::ZERO));
    }

    #[test]
    fn what_could_not_be_told_is_told_with_the_next_one() {
        let mut refusals = Refusals::default();
        assert!(refusals.note(seconds(1)).is_some());
        assert_eq!(refusals.take(seconds(1)), 1);
        assert_eq!(refusals.note(seconds(2)), None);
        // The database is away: the next refusal tries again, not a clock.
        assert_eq!(refusals.ended(seconds(6), 1), None);
        assert_eq!(refusals.note(seconds(7)), Some(seconds(4)));
        assert_eq!(refusals.take(seconds(11)), 3);
    }
}
