//! Resend's events (npm `resend` 6.38.0, OpenAPI document 1.5.0). Whatever is missing, unknown or of another type costs an event
//! nothing but that field: an event that is not read would be lost.

use crate::base::time;
use crate::email::MESSAGE_ID_TAG;
use crate::protocol::{ProviderEvent, tagged};
use serde_json::{Map, Value};
use std::time::Duration;

/// An event of more recipients says how many were left out.
const MOST_RECIPIENTS: usize = 100;
/// Of a type, in characters.
const LONGEST_TYPE: usize = 100;
/// Of an address, in bytes (RFC 5321, with room for what other applications send to).
const LONGEST_ADDRESS: usize = 320;
/// Of an id, in bytes.
const LONGEST_ID: usize = 100;

/// The objects that say why an e-mail was not delivered.
const REASONS: [&str; 3] = ["bounce", "failed", "suppressed"];
/// The objects that say who opened it.
const CLIENTS: [&str; 2] = ["click", "open"];

/// Names here and there, and how many bytes are kept. JSON doubles a quotation mark or a backslash: with all of them doubled,
/// a detail has less than 4 kB.
const REASON_FIELDS: [(&str, &str, usize); 4] = [
    ("type", "type", 100),
    ("subType", "subtype", 100),
    ("reason", "reason", 100),
    ("message", "text", 1500),
];
const CLIENT_FIELDS: [(&str, &str, usize); 3] = [
    ("ipAddress", "ip", 50),
    ("userAgent", "user_agent", 400),
    ("link", "link", 1400),
];

pub(super) fn read(
    id: &str,
    signed_at: Duration,
    body: &[u8],
) -> Result<ProviderEvent, &'static str> {
    let event = parse(body).ok_or("the body is no JSON object")?;
    let kind = text(event.get("type"), usize::MAX).ok_or("it has no type")?;
    if kind.chars().count() > LONGEST_TYPE {
        return Err("its type is too long");
    }
    let empty = Map::new();
    let data = event
        .get("data")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let occurred_at = event.get("created_at").and_then(Value::as_str);
    let (occurred_at, place) = match occurred_at.and_then(time::parse) {
        Some(at) => (at, String::new()),
        None => place_in_second(id, signed_at),
    };
    let (message_id, mark) = tag(data.get("tags")).map_or((None, None), tagged);
    let mut detail = Map::new();
    // Where an entry of the suppression list came from.
    keep(&mut detail, data, &[("origin", "reason", 100)]);
    objects(data, &REASONS).for_each(|said| {
        keep(&mut detail, said, &REASON_FIELDS);
        let codes = said.get("diagnosticCode").and_then(Value::as_array);
        if let (None, Some(code)) = (detail.get("text"), codes.and_then(|codes| codes.first()))
            && let Some(code) = text(Some(code), 1500)
        {
            detail.insert("text".to_owned(), code.into());
        }
    });
    objects(data, &CLIENTS).for_each(|client| keep(&mut detail, client, &CLIENT_FIELDS));
    let (recipients, cut) = recipients(data);
    if cut > 0 {
        detail.insert("recipients_cut".to_owned(), cut.into());
    }
    // An entry of the suppression list names the e-mail that it came from.
    let mut email = ["email_id", "source_id"].into_iter();
    let email = email.find_map(|name| text(data.get(name), LONGEST_ID));
    Ok(ProviderEvent {
        id: id.to_owned(),
        kind,
        occurred_at: time::format(occurred_at).replace("+00:00", &format!("{place}Z")),
        provider_message_id: email,
        message_id,
        mark,
        recipients,
        detail,
    })
}

/// The time of an event that has none: when it was signed, in whole seconds. Two events of one second are two, so each id has its own
/// microsecond (by FNV-1a), whose last digits follow the milliseconds.
fn place_in_second(id: &str, signed_at: Duration) -> (Duration, String) {
    let mix = |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let micros = id.bytes().fold(0x811c_9dc5, mix) % 1_000_000;
    let second = Duration::from_secs(signed_at.as_secs());
    let at = second + Duration::from_millis(u64::from(micros / 1000));
    (at, format!("{:03}", micros % 1000))
}

/// A text that was cut through a character has half of a surrogate pair at its end, as JavaScript writes it. That must not cost the event.
fn parse(body: &[u8]) -> Option<Map<String, Value>> {
    let parsed = serde_json::from_slice(body).or_else(|_| serde_json::from_slice(&mended(body)));
    parsed.ok()
}

/// With U+FFFD in place of each half of a pair.
fn mended(body: &[u8]) -> Vec<u8> {
    let mut mended = body.to_vec();
    let unit = |at: usize| -> Option<u16> {
        let digits = body.get(at..)?.strip_prefix(b"\\u")?.get(..4)?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut at = 0;
    while at < body.len() {
        let step = match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                if let Some(half) = mended.get_mut(at..at + 6) {
                    half.copy_from_slice(b"\\ufffd");
                }
                6
            }
            // Whatever an escape escapes, a backslash too.
            _ if body.get(at) == Some(&b'\\') => 2,
            _ => 1,
        };
        at += step;
    }
    mended
}

/// The queue's own tag: of an object, or of a list of names and values.
fn tag(tags: Option<&Value>) -> Option<&str> {
    match tags? {
        Value::Object(tags) => tags.get(MESSAGE_ID_TAG)?.as_str(),
        Value::Array(tags) => {
            let mut tags = tags.iter();
            let tag =
                tags.find(|tag| tag.get("name").and_then(Value::as_str) == Some(MESSAGE_ID_TAG));
            tag?.get("value")?.as_str()
        }
        _ => None,
    }
}

fn objects<'a>(
    data: &'a Map<String, Value>,
    names: &'a [&str],
) -> impl Iterator<Item = &'a Map<String, Value>> {
    let all = names.iter().filter_map(|name| data.get(*name));
    all.filter_map(Value::as_object)
}

fn keep(
    detail: &mut Map<String, Value>,
    from: &Map<String, Value>,
    fields: &[(&str, &str, usize)],
) {
    for (theirs, ours, most) in fields {
        if let Some(text) = text(from.get(*theirs), *most) {
            detail.insert((*ours).to_owned(), text.into());
        }
    }
}

/// A text that Postgres can store and that is not empty, of so many bytes at most.
fn text(value: Option<&Value>, most: usize) -> Option<String> {
    let text = value?.as_str()?.trim();
    let end = (0..=text.len().min(most)).rev();
    let end = end.into_iter().find(|end| text.is_char_boundary(*end))?;
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.get(..end)?.chars().map(clean).collect();
    (!text.is_empty()).then_some(text)
}

/// Those whom the event is about, and how many more there were.
fn recipients(data: &Map<String, Value>) -> (Vec<String>, usize) {
    let listed = match (data.get("to"), data.get("email")) {
        (Some(Value::Array(list)), _) => list.as_slice(),
        (Some(one), _) | (None, Some(one)) => std::slice::from_ref(one),
        (None, None) => &[],
    };
    let mut found: Vec<String> = Vec::new();
    let mut rest = listed.iter().filter_map(Value::as_str).filter_map(bare);
    while found.len() < MOST_RECIPIENTS {
        match rest.next() {
            Some(address) if found.contains(&address) => {}
            Some(address) => found.push(address),
            None => break,
        }
    }
    (found, rest.count())
}

/// `a@b.c` of `a@b.c`, `<a@b.c>` or `Name <a@b.c>`, in lower case.
fn bare(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text
        .strip_suffix('>')
        .and_then(|text| text.rsplit_once('<'));
    let address = inner.map_or(text, |(_, address)| address.trim());
    let fits = address.len() <= LONGEST_ADDRESS
        && address.contains('@')
        && !address.chars().any(char::is_control);
    // What is not ASCII is not mail of the queue.
    fits.then(|| address.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
