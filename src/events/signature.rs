//! Who may report: signatures as [Standard Webhooks](https://www.standardwebhooks.com) has them, which Svix had first.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::time::Duration;
use subtle::{Choice, ConstantTimeEq};

/// How far the clock of the sender and ours may be apart; an older request may be somebody's who has read it.
const TOLERANCE: Duration = Duration::from_secs(300);
/// In bytes. A shorter key could be guessed; the standard has 24 to 64.
const SHORTEST_KEY: usize = 16;
/// While a secret is changed there are two.
const MOST_SECRETS: usize = 4;
const PREFIX: &str = "whsec_";
/// Of a delivery's id, in characters.
const LONGEST_ID: usize = 256;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The keys that may sign. `Debug` shows none.
pub struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// Reads `whsec_…`, or several with a blank or a comma between them.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let words = text.split([' ', ',', '\t', '\r', '\n']);
        let keys: Option<Vec<_>> = words.filter(|it| !it.is_empty()).map(key).collect();
        match keys {
            Some(keys) if keys.is_empty() => Err("is not set"),
            Some(keys) if keys.len() > MOST_SECRETS => Err("has more than four secrets"),
            Some(keys) => Ok(Self(keys)),
            None => Err("must be the webhook's signing secret, whsec_ and base64"),
        }
    }
}

fn key(word: &str) -> Option<Vec<u8>> {
    let key = BASE64.decode(word.strip_prefix(PREFIX)?).ok()?;
    (key.len() >= SHORTEST_KEY).then_some(key)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// What a request says of its signature, before its body is read.
#[derive(Clone)]
pub struct Signed<'a> {
    /// Of the delivery: the same for each repetition.
    pub id: &'a str,
    /// When it was signed.
    pub at: Duration,
    timestamp: &'a str,
    signatures: Vec<[u8; 32]>,
}

/// Why a request's headers let nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsigned {
    /// One of them (`id`, `timestamp`, `signature`) is not that of a signed request, and what is wrong with it.
    Header(&'static str, &'static str),
    /// Signed too long ago, or in the future.
    Time,
}

impl<'a> Signed<'a> {
    /// Reads the headers; `now` is the time since 1970.
    ///
    /// # Errors
    /// See [`Unsigned`].
    pub fn read(
        id: Option<&'a str>,
        timestamp: Option<&'a str>,
        signatures: Option<&'a str>,
        now: Duration,
    ) -> Result<Self, Unsigned> {
        let given = |name, value: Option<&'a str>| {
            let value = value.filter(|it| !it.is_empty());
            value.ok_or(Unsigned::Header(name, "is missing"))
        };
        let id = given("id", id)?;
        let timestamp = given("timestamp", timestamp)?;
        let signatures = given("signature", signatures)?;
        if id.len() > LONGEST_ID || !id.bytes().all(|it| it.is_ascii_graphic()) {
            let problem = "must be at most 256 characters of ASCII, without blanks";
            return Err(Unsigned::Header("id", problem));
        }
        let digits = timestamp.bytes().all(|it| it.is_ascii_digit());
        let at = timestamp.parse().ok().filter(|_| digits);
        let problem = "must be a time in whole seconds since 1970";
        let at = Duration::from_secs(at.ok_or(Unsigned::Header("timestamp", problem))?);
        // Before a place is taken for the body: what cannot be right needs none.
        let signatures: Vec<_> = signatures.split(' ').filter_map(signature).collect();
        if signatures.is_empty() {
            let problem = "must have v1, and 32 bytes in base64";
            return Err(Unsigned::Header("signature", problem));
        }
        if at.abs_diff(now) > TOLERANCE {
            return Err(Unsigned::Time);
        }
        Ok(Self {
            id,
            at,
            timestamp,
            signatures,
        })
    }

    /// Whether one of the keys signed this body. The comparison goes through all of them, and takes the same time wherever they
    /// differ.
    pub fn admits(&self, secrets: &Secrets, body: &[u8]) -> bool {
        let admits = |key: &Vec<u8>| {
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
                return Choice::from(0);
            };
            for part in [
                self.id.as_bytes(),
                b".",
                self.timestamp.as_bytes(),
                b".",
                body,
            ] {
                mac.update(part);
            }
            let expected: [u8; 32] = mac.finalize().into_bytes().into();
            let given = self.signatures.iter();
            given.fold(Choice::from(0), |found, given| {
                found | given.ct_eq(&expected)
            })
        };
        let found = secrets.0.iter().map(admits);
        found.fold(Choice::from(0), |found, one| found | one).into()
    }
}

/// Of version 1, the only one there is.
fn signature(word: &str) -> Option<[u8; 32]> {
    let bytes = BASE64.decode(word.strip_prefix("v1,")?).ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests;
