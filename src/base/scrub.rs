//! Takes addresses and keys out of text that strangers wrote.

use super::limits::MAX_SHOWN;

/// The longest text that is kept, in characters.
const LONGEST: usize = 500;

/// How an at sign is written: plainly, full width, in a URL, in JSON, in HTML.
const AT_SIGNS: [&str; 6] = ["@", "\u{ff20}", "%40", "\\u0040", "&#64", "&#x40"];

/// How secrets begin: Resend's keys, webhook secrets, Supabase's keys, JSON web tokens.
const SECRETS: [&str; 4] = ["re_", "whsec_", "sb_secret_", "eyJ"];

/// One line of at most 500 characters in which `<address>` stands for each e-mail address and `<key>` for each
/// API key or token. No `@` is left. A name beside an address (`Jane <...>`) cannot be told from other words.
///
/// ```
/// use email_queue::base::scrub;
///
/// assert_eq!(scrub("Invalid `to`: jane@example.com."), "Invalid `to`: <address>");
/// ```
pub fn scrub(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if kept.len() > LONGEST * char::MAX.len_utf8() {
            break;
        }
        if is_break(first) {
            kept.push(if first.is_control() { ' ' } else { first });
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        } else {
            let (word, after) = rest.split_at(rest.find(is_break).unwrap_or(rest.len()));
            keep(word, &mut kept);
            rest = after;
        }
    }
    shorten(kept)
}

/// The parts that say something.
pub(crate) fn joined(parts: &[&str], separator: &str) -> String {
    let said = parts.iter().filter(|part| !part.trim().is_empty());
    said.copied().collect::<Vec<_>>().join(separator)
}

/// `key` as it may stand in a path: a key could hold an address or a line break.
pub(crate) fn shown(key: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !key.is_empty() && key.len() <= MAX_SHOWN && key.bytes().all(plain) {
        key
    } else {
        "?"
    }
}

/// Adds `word`, or what stands for it.
fn keep(word: &str, kept: &mut String) {
    if AT_SIGNS.iter().any(|sign| word.contains(sign)) {
        if AT_SIGNS.iter().any(|sign| word.starts_with(sign)) {
            drop_quoted_end(kept);
        }
        kept.push_str("<address>");
    } else if SECRETS.iter().any(|start| begins_inside(word, start)) {
        kept.push_str("<key>");
    } else {
        kept.push_str(word);
    }
}

/// Takes the `"jane doe"` of `"jane doe"@example.com` away again.
fn drop_quoted_end(kept: &mut String) {
    let open = kept.strip_suffix('"').and_then(|open| open.rfind('"'));
    if let Some(quote) = open {
        kept.truncate(quote);
    }
}

/// Whether `start` occurs in `word`, but not in the midst of a longer word (`pre_`).
fn begins_inside(word: &str, start: &str) -> bool {
    word.match_indices(start).any(|(at, _)| {
        let before = word.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|before| before.is_alphanumeric() || before == '_')
    })
}

/// What stands in no unquoted address.
fn is_break(character: char) -> bool {
    character.is_whitespace() || character.is_control() || "<>()[],;:\"".contains(character)
}

fn shorten(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some(_) => text.chars().take(LONGEST - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_out() {
        let cases = [
            ("<jane@example.com>", "<<address>>"),
            (
                "to=o'brien+x@example.com, bcc:x@y",
                "<address>, bcc:<address>",
            ),
            (r#"{"to":"a@b.c","n":1}"#, r#"{"to":"<address>","n":1}"#),
            (r#"from "jane doe"@example.com now"#, "from <address> now"),
            (r#"jane\u0040example.com"#, "<address>"),
            ("/emails?to=jane%40example.com", "<address>"),
            ("jane&#64;example.com", "<address>;example.com"),
            ("jane＠example.com", "<address>"),
            ("a @ b", "a <address> b"),
            ("@", "<address>"),
        ];
        for (text, scrubbed) in cases {
            assert_eq!(scrub(text), scrubbed, "{text}");
        }
    }

    #[test]
    fn takes_secrets_out() {
        let cases = [
            (
                "API key re_AbCd1234_xYz is invalid",
                "API key <key> is invalid",
            ),
            (
                "Authorization: Bearer re_123.",
                "Authorization: Bearer <key>",
            ),
            ("key=re_123&x", "<key>"),
            (
                "whsec_abc sb_secret_abc eyJhbGciOi.eyJ.x",
                "<key> <key> <key>",
            ),
            (
                "restricted_api_key pre_x core_re_x",
                "restricted_api_key pre_x core_re_x",
            ),
        ];
        for (text, scrubbed) in cases {
            assert_eq!(scrub(text), scrubbed, "{text}");
        }
    }

    #[test]
    fn is_one_line_of_bounded_length() {
        assert_eq!(scrub("a\r\nb\0c"), "a  b c");
        let long = scrub(&"é".repeat(10_000));
        assert_eq!(long.chars().count(), LONGEST);
        assert!(long.ends_with('…'));
        assert_eq!(scrub(&"x ".repeat(250)), "x ".repeat(250));
        // The bound is in characters, not in bytes.
        let wide = "\u{1f600} ".repeat(250);
        assert_eq!(scrub(&wide), wide);
        let widest = "\u{1f600}".repeat(500);
        assert_eq!(scrub(&widest), widest);
        assert!(scrub(&format!("{widest} x")).ends_with('…'));
        assert_eq!(
            scrub(&"jane@example.com ".repeat(10_000)).chars().count(),
            LONGEST
        );
    }

    #[test]
    fn a_path_does_not_repeat_a_name_that_could_be_an_address() {
        for key in ["ann@example.com", "a b", "a\nb", "", "é", &"x".repeat(65)] {
            assert_eq!(shown(key), "?");
        }
        assert_eq!(shown(&"x".repeat(64)).len(), 64);
    }
}
