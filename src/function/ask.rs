//! What a caller asks for.

use crate::protocol::Cause;

/// A body says nothing to the function. pg_net and others send a small one all the same.
const LARGEST_BODY: u64 = 1024 * 1024;

/// Whether a caller announces more than anybody has to say, by the header `Content-Length`.
pub fn has_large_body(length: Option<&str>) -> bool {
    let length = length.and_then(|length| length.trim().parse::<u64>().ok());
    length.is_some_and(|length| length > LARGEST_BODY)
}

/// The caller's wishes, from the request's headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// `Prefer: respond-async`: the caller does not wait for the run.
    pub respond_async: bool,
    /// What the run is for.
    pub cause: Cause,
}

impl Ask {
    /// From the headers `Prefer` and `X-Email-Queue-Cause`.
    pub fn read(prefer: Option<&str>, cause: Option<&str>) -> Self {
        let preferences = prefer.unwrap_or_default().split([',', ';']);
        Self {
            respond_async: preferences
                .into_iter()
                .any(|one| one.trim().eq_ignore_ascii_case("respond-async")),
            cause: match cause {
                Some("wake") => Cause::Wake,
                Some("schedule") => Cause::Schedule,
                Some("hand") => Cause::Hand,
                _ => Cause::Http,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_waits_unless_it_says_otherwise() {
        for (prefer, respond_async) in [
            (None, false),
            (Some(""), false),
            (Some("return=minimal"), false),
            (Some("no-respond-async"), false),
            (Some("respond-async"), true),
            (Some("Respond-Async, wait=10"), true),
            (Some("wait=10;foo, respond-async"), true),
        ] {
            let ask = Ask::read(prefer, None);
            assert_eq!(
                (ask.respond_async, ask.cause),
                (respond_async, Cause::Http),
                "{prefer:?}"
            );
        }
    }

    #[test]
    fn a_body_is_large_past_a_mebibyte() {
        for (length, large) in [
            (None, false),
            (Some("0"), false),
            (Some("1048576"), false),
            (Some("1048577"), true),
            (Some("50000000"), true),
            // The HTTP server refuses what is no number.
            (Some("many"), false),
        ] {
            assert_eq!(has_large_body(length), large, "{length:?}");
        }
    }

    #[test]
    fn a_cause_that_is_not_known_is_anybodys() {
        for (cause, read) in [
            (Some("wake"), Cause::Wake),
            (Some("schedule"), Cause::Schedule),
            (Some("hand"), Cause::Hand),
            (Some("malice"), Cause::Http),
            (None, Cause::Http),
        ] {
            assert_eq!(Ask::read(None, cause).cause, read);
        }
    }
}
