//! What a provider's text about a secret message may quote of it.

/// Codes have at least so many digits.
const CODE: usize = 6;

/// Tokens have at least so many letters, digits and underscores, and a digit, which names of errors have not.
const TOKEN: usize = 20;

/// The text without what could be a link, a code or a token.
pub(super) fn hide_credentials(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hidden = credential(rest);
        if hidden > 0 {
            kept.push('…');
        } else {
            kept.push(first);
        }
        rest = rest.get(hidden.max(first.len_utf8())..).unwrap_or_default();
    }
    kept
}

/// How many bytes the credential has with which the text begins; 0 where it begins with none.
fn credential(text: &str) -> usize {
    let link = ["http://", "https://"].into_iter().find_map(|scheme| {
        let begins = text.get(..scheme.len())?.eq_ignore_ascii_case(scheme);
        let length = run(text, |c| c.is_ascii_graphic());
        (begins && length > scheme.len()).then_some(length)
    });
    let digits = run(text, |c| c.is_ascii_digit());
    let code = (digits >= CODE).then_some(digits);
    let word = run(text, |c| c.is_ascii_alphanumeric() || c == '_');
    let numbered = text
        .find(|c: char| c.is_ascii_digit())
        .is_some_and(|at| at < word);
    let token = (word >= TOKEN && numbered).then_some(word);
    link.max(code).max(token).unwrap_or(0)
}

/// The bytes of the longest run of such characters with which the text begins.
fn run(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.find(|c| !of(c)).unwrap_or(text.len())
}
