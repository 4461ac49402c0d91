//! Takes addresses and keys out of text that strangers wrote.

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
/// use email_queue::outcome::scrub;
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
