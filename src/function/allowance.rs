//! What an isolate may still do. Supabase ends an isolate at its wall clock and counts its CPU time from its start to its
//! end, whatever is under way. Plain Deno ends nothing, so nothing is counted.

use crate::worker::Config;
use std::time::Duration;

/// After its deadline a run may still settle and say how it ended.
pub const RESERVE: Duration = Duration::from_secs(5);
/// A shorter run does not start: its last request may take most of it.
const SHORTEST: Duration = Duration::from_secs(10);
/// When to come back to an isolate that has used up what it may: by then there is another one, or soon.
const LATER: Duration = Duration::from_secs(10);

/// What an isolate may do in its life, and a run at most.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// The bounds of a run. Where the isolate has an end, its messages and bytes are those of the isolate's whole life.
    pub config: Config,
    /// How old an isolate can become; `None` where none is ended.
    pub wall: Option<Duration>,
}

/// What the runs of an isolate have claimed: messages as [`Config::messages`] counts them, and payload bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Messages.
    pub messages: u64,
    /// Payload bytes.
    pub bytes: u64,
}

/// This isolate takes no such run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// When to ask again.
    pub retry_after: Duration,
}

impl Allowance {
    /// The bounds of a run that starts now, when the isolate is of this age: it ends before the isolate does, and has what
    /// the runs before it have left.
    ///
    /// # Errors
    /// [`Busy`] where nothing is left, of time or of the rest.
    pub fn run(&self, age: Duration, spent: Spent) -> Result<Config, Busy> {
        let Some(wall) = self.wall else {
            return Ok(self.config);
        };
        let time = wall.saturating_sub(age + RESERVE);
        let left = Config {
            messages: self.config.messages.saturating_sub(spent.messages),
            bytes: self.config.bytes.saturating_sub(spent.bytes),
            ..self.config.with_deadline(self.config.deadline.min(time))
        };
        if time < SHORTEST || left.messages == 0 || left.bytes == 0 {
            return Err(Busy { retry_after: LATER });
        }
        Ok(left)
    }

    /// Whether a run may wait for the one under way, which has ended when the isolate is of age `ends`. What that one
    /// takes is not known yet, so half of everything must be left.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn queued(&self, now: Duration, ends: Duration, spent: Spent) -> Result<(), Busy> {
        let busy = Busy {
            retry_after: ends.saturating_sub(now).max(Duration::from_secs(1)),
        };
        self.run(ends, spent).map_err(|_| busy)?;
        let half = |spent: u64, all: u64| self.wall.is_some() && spent >= all / 2;
        if half(spent.messages, self.config.messages) || half(spent.bytes, self.config.bytes) {
            return Err(busy);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn of(wall: Option<u64>) -> Allowance {
        Allowance {
            config: Config::DEFAULT,
            wall: wall.map(seconds),
        }
    }

    fn spent(messages: u64, bytes: u64) -> Spent {
        Spent { messages, bytes }
    }

    #[test]
    fn a_run_ends_before_its_isolate() {
        for (age, deadline) in [
            (0, Some(50)),
            (95, Some(50)),
            (96, Some(49)),
            (135, Some(10)),
            (136, None),
            (200, None),
        ] {
            let config = of(Some(150)).run(seconds(age), Spent::default());
            assert_eq!(
                config.ok().map(|config| config.deadline.as_secs()),
                deadline,
                "{age}"
            );
        }
        let short = of(Some(150)).run(seconds(135), Spent::default()).unwrap();
        assert_eq!(short, Config::DEFAULT.with_deadline(seconds(10)));
    }

    #[test]
    fn the_runs_of_an_isolate_share_its_messages_and_bytes() {
        let Config {
            messages, bytes, ..
        } = Config::DEFAULT;
        for (used, left) in [
            (spent(0, 0), Some((messages, bytes))),
            (spent(messages - 1, 7), Some((1, bytes - 7))),
            (spent(messages, 0), None),
            (spent(messages + 90, 0), None),
            (spent(0, bytes), None),
        ] {
            let config = of(Some(150)).run(seconds(1), used);
            assert_eq!(
                config.ok().map(|config| (config.messages, config.bytes)),
                left,
                "{used:?}"
            );
        }
    }

    #[test]
    fn a_run_waits_for_another_only_with_time_and_half_of_the_rest_left() {
        let Config {
            messages, bytes, ..
        } = Config::DEFAULT;
        let allowance = of(Some(150));
        for (ends, used, taken) in [
            (55, spent(0, 0), true),
            (135, spent(0, 0), true),
            (136, spent(0, 0), false),
            (55, spent(messages / 2 - 1, bytes / 2 - 1), true),
            (55, spent(messages / 2, 0), false),
            (55, spent(0, bytes / 2), false),
        ] {
            let answer = allowance.queued(seconds(50), seconds(ends), used);
            let expected = if taken {
                Ok(())
            } else {
                Err(Busy {
                    retry_after: seconds(ends - 50),
                })
            };
            assert_eq!(answer, expected, "{ends} {used:?}");
        }
        let over = allowance.queued(seconds(140), seconds(139), Spent::default());
        assert_eq!(
            over,
            Err(Busy {
                retry_after: seconds(1)
            })
        );
    }

    #[test]
    fn where_nothing_ends_it_nothing_is_counted() {
        let much = spent(u64::MAX, u64::MAX);
        assert_eq!(of(None).run(seconds(1_000_000), much), Ok(Config::DEFAULT));
        assert_eq!(
            of(None).queued(seconds(1), seconds(1_000_000), much),
            Ok(())
        );
    }
}
