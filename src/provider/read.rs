//! Reads the bodies of answers: what is JSON, or nearly.

use super::error::{ErrorClass, ProviderError};
use super::outcome::MemberOutcome;
use serde_json::Value;

/// What an error's body says.
pub struct Said {
    /// The provider's word for it.
    pub name: Option<String>,
    /// One line for people, or the body as it came.
    pub message: String,
}

impl Said {
    /// Empty if there was none.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// The longest id of an e-mail that is taken, in characters. The provider's are UUIDs.
const LONGEST_ID: usize = 256;

/// The `name` and `message` of `body`; without a message, the body itself.
pub fn error(body: &[u8]) -> Said {
    let value = json(body).unwrap_or_default();
    Said {
        name: text(&value, "name").map(str::to_owned),
        message: text(&value, "message")
            .map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned),
    }
}

/// The e-mail that `created` names by its `id`.
///
/// # Errors
/// Why the id cannot be kept.
pub fn accepted(created: &Value) -> Result<MemberOutcome, &'static str> {
    match text(created, "id") {
        None | Some("") => Err("no id"),
        // jsonb cannot keep a NUL: the settle of the whole batch would fail.
        Some(id) if id.contains(char::is_control) || id.chars().count() > LONGEST_ID => {
            Err("an id that cannot be kept")
        }
        Some(id) => Ok(MemberOutcome::Accepted {
            provider_message_id: id.to_owned(),
        }),
    }
}

/// A member that was refused alone, with the `name` and `message` of its error.
pub fn rejected(status: u16, error: &Value) -> MemberOutcome {
    let message = text(error, "message").unwrap_or("no reason given");
    let name = text(error, "name");
    MemberOutcome::Rejected(ProviderError::new(
        ErrorClass::Rejected,
        Some(status),
        name,
        message,
    ))
}

/// Text that is cut by its length or comes in another encoding must not hide the answer around it: half a surrogate pair
/// and what is no UTF-8 become U+FFFD.
pub fn json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().or_else(|| {
        let text = String::from_utf8_lossy(body);
        serde_json::from_str(&whole_pairs(text.trim_start_matches('\u{feff}'))).ok()
    })
}

fn whole_pairs(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let (length, kept) = match (surrogate(escape, 0), surrogate(escape, 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, escape.get(..12)),
            (Some(_), _) => (6, Some("\u{fffd}")),
            // A backslash, and what it escapes.
            (None, _) => {
                let length = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
                (length, escape.get(..length))
            }
        };
        whole.push_str(kept.unwrap_or_default());
        rest = escape.get(length..).unwrap_or_default();
    }
    whole.push_str(rest);
    whole
}

/// The half of a surrogate pair that is escaped at a place of `text`.
fn surrogate(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    (0xd800..0xe000).contains(&unit).then_some(unit)
}

/// The text under a key.
pub fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
