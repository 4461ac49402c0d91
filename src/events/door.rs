//! What is answered to a request that is not let in.

use super::signature::Unsigned;
use crate::provider::{WEBHOOKS, Webhook};
use std::borrow::Cow;
use std::cell::Cell;
use std::time::Duration;

/// The most that is read of a body. An event has some kB.
pub const MAX_BODY: usize = 256 * 1024;
/// By then a body has arrived.
const READ_TIME: Duration = Duration::from_secs(5);
/// Bodies that are read at a time; the sender is not known yet.
const MOST_READ: usize = 128;
/// While half of the places are taken: a provider's body comes with its head.
const SHORT_READ_TIME: Duration = Duration::from_millis(500);

/// An answer that says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Of HTTP.
    pub status: u16,
    /// Stable.
    pub code: &'static str,
    /// For people.
    pub error: Cow<'static, str>,
}

const fn denial(status: u16, code: &'static str, error: &'static str) -> Denial {
    Denial {
        status,
        code,
        error: Cow::Borrowed(error),
    }
}

impl Denial {
    /// The address ends in no provider.
    pub const NOT_FOUND: Self = denial(404, "not_found", "the address ends in no provider's name");
    /// Another method.
    pub const METHOD: Self = denial(405, "method_not_allowed", "send POST");
    /// A longer body than any event's.
    pub const TOO_LARGE: Self = denial(413, "too_large", "the body has more than 256 KB");
    /// It did not arrive in time.
    pub const SLOW: Self = denial(408, "timeout", "the body did not arrive in time");
    /// The connection broke.
    pub const BROKEN: Self = denial(400, "bad_request", "the body broke off");
    /// Signed at another time.
    pub const TIME: Self = denial(
        401,
        "timestamp",
        "the request was not signed within the last 5 minutes",
    );
    /// Signed by somebody else.
    pub const SIGNATURE: Self = denial(
        401,
        "signature",
        "the signature is not one of this webhook's secret",
    );
    /// The database takes too long. It may have recorded the event: the repetition is known then.
    pub const LATE: Self = denial(
        503,
        "timeout",
        "the database did not answer in time: repeat it",
    );
    /// Too many at a time.
    pub const BUSY: Self = denial(503, "busy", "too many events at a time: repeat it");
}

impl Denial {
    /// `prefix` is that of the provider's headers.
    pub fn unsigned(why: Unsigned, prefix: &str) -> Self {
        match why {
            Unsigned::Header(name, problem) => Self {
                error: Cow::Owned(format!("the header {prefix}-{name} {problem}")),
                ..denial(401, "unsigned", "")
            },
            Unsigned::Time => Self::TIME,
        }
    }
}

/// What a request's head says, before its body is read.
pub struct Head<'a> {
    /// Of HTTP.
    pub method: &'a str,
    /// The whole address, or its path.
    pub url: &'a str,
    /// The header `Content-Length`.
    pub length: Option<&'a str>,
}

impl Head<'_> {
    /// Whose reports these would be.
    ///
    /// # Errors
    /// What to answer.
    pub fn webhook(&self) -> Result<&'static Webhook, Denial> {
        if self.method != "POST" {
            return Err(Denial::METHOD);
        }
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        let segment = path.trim_end_matches('/').rsplit('/').next();
        let mut webhooks = WEBHOOKS.iter().copied();
        let webhook = webhooks.find(|it| Some(it.segment) == segment);
        let length = self.length.and_then(|it| it.trim().parse::<u64>().ok());
        match webhook {
            None => Err(Denial::NOT_FOUND),
            Some(_) if length.is_some_and(|it| it > MAX_BODY as u64) => Err(Denial::TOO_LARGE),
            Some(webhook) => Ok(webhook),
        }
    }
}

/// Bounds what is read at a time.
#[derive(Debug, Default)]
pub struct Door {
    reading: Cell<usize>,
}

/// A body may be read while this is kept.
pub struct Reading<'a> {
    door: &'a Door,
    /// By then the body has arrived.
    pub time: Duration,
}

impl Door {
    /// A place to read a body.
    ///
    /// # Errors
    /// All places are taken.
    pub fn enter(&self) -> Result<Reading<'_>, Denial> {
        let taken = self.reading.get();
        if taken >= MOST_READ {
            return Err(Denial::BUSY);
        }
        self.reading.set(taken + 1);
        let time = match taken < MOST_READ / 2 {
            true => READ_TIME,
            false => SHORT_READ_TIME,
        };
        Ok(Reading { door: self, time })
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.door.reading.set(self.door.reading.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, url: &str, length: Option<&str>) -> Result<&'static str, u16> {
        let head = Head {
            method,
            url,
            length,
        };
        let webhook = head.webhook();
        webhook.map(|it| it.segment).map_err(|it| it.status)
    }

    #[test]
    fn the_last_segment_names_the_provider() {
        let segment = WEBHOOKS[0].segment;
        for prefix in [
            "/",
            "/email-queue-events/",
            "/functions/v1/email-queue-events/",
            "https://x.supabase.co/functions/v1/mine/",
        ] {
            for end in ["", "/", "?a=b/c", "#/x"] {
                let url = format!("{prefix}{segment}{end}");
                assert_eq!(asked("POST", &url, None), Ok(segment), "{url}");
            }
        }
        for url in [
            "",
            "/",
            "/email-queue-events",
            &format!("/{segment}/x"),
            &format!("/?{segment}"),
        ] {
            assert_eq!(asked("POST", url, None), Err(404), "{url}");
        }
    }

    #[test]
    fn another_method_and_a_large_body_are_refused_unread() {
        let url = format!("/{}", WEBHOOKS[0].segment);
        for method in ["GET", "HEAD", "PUT", "OPTIONS", "post"] {
            assert_eq!(asked(method, &url, None), Err(405));
        }
        for (length, answer) in [
            ("0", None),
            ("262144", None),
            // The HTTP server refuses what is no number.
            ("many", None),
            ("262145", Some(413)),
            ("99999999999", Some(413)),
        ] {
            let asked = asked("POST", &url, Some(length));
            assert_eq!(asked.err(), answer, "{length}");
        }
    }

    #[test]
    fn so_many_bodies_are_read_at_a_time() {
        let door = Door::default();
        let mut places: Vec<_> = (0..MOST_READ).map(|_| door.enter().ok().unwrap()).collect();
        assert_eq!(door.enter().err(), Some(Denial::BUSY));
        // Who holds the first ones for long leaves the others to who is quick.
        let slow = places.iter().filter(|place| place.time == READ_TIME);
        assert_eq!(slow.count(), MOST_READ / 2);
        places.pop();
        assert_eq!(door.enter().ok().unwrap().time, SHORT_READ_TIME);
        places.clear();
        assert_eq!(door.enter().ok().unwrap().time, READ_TIME);
    }

    #[test]
    fn the_header_that_is_wrong_is_named_as_the_provider_names_it() {
        let denial = Denial::unsigned(Unsigned::Header("id", "is missing"), "svix");
        assert_eq!((denial.status, denial.code), (401, "unsigned"));
        assert_eq!(denial.error, "the header svix-id is missing");
        assert_eq!(Denial::unsigned(Unsigned::Time, "svix"), Denial::TIME);
    }
}
