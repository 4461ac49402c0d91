//! An e-mail address with an optional display name.

use std::fmt;

use serde_json::Value;

use crate::base::limits::{MAX_ADDRESS, MAX_ADDRESS_TEXT, MAX_LABEL, MAX_LOCAL, MAX_NAME};

use super::{
    error::FieldError,
    value::{check_line, object, only, optional, required, text},
};

const LIST_IN_STRING: &str = "more than one address in a string; use a list";

/// A valid address with an optional display name. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    name: Option<String>,
    local: String,
    domain: String,
}

impl Mailbox {
    /// Reads `a@b.c`, `Name <a@b.c>`, `"Name, quoted" <a@b.c>` or `{"email": …, "name": …}`.
    ///
    /// # Errors
    /// What is wrong, with `field` as the start of its path.
    pub fn parse(value: &Value, field: &str) -> Result<Self, FieldError> {
        Self::from_value(value).map_err(|error| error.within(field))
    }

    /// The part after the `@`, in lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// How the mailbox is written in a request: `a@b.c` or `Name <a@b.c>`, the name in quotes where it needs them.
    pub fn to_header(&self) -> String {
        let Self {
            name,
            local,
            domain,
        } = self;
        match name {
            None => format!("{local}@{domain}"),
            Some(name) if name.contains(needs_quotes) => {
                let quoted = name.replace('\\', r"\\").replace('"', "\\\"");
                format!("\"{quoted}\" <{local}@{domain}>")
            }
            Some(name) => format!("{name} <{local}@{domain}>"),
        }
    }

    pub(super) fn from_value(value: &Value) -> Result<Self, FieldError> {
        if value.is_string() {
            return Self::from_text(text(value)?);
        }
        let object =
            object(value).map_err(|_| FieldError::here("must be an address or {email, name}"))?;
        only(
            object,
            &["email", "name"],
            &[("address", "email"), ("displayname", "name")],
        )?;
        let bare = required(object, "email", |value| {
            let bare = text(value)?;
            check_line(bare)?;
            split(bare.trim())
        })?;
        let name = optional(object, "name", |value| {
            let name = text(value)?;
            check_line(name)?;
            check_length(name, MAX_NAME)?;
            Ok(filled(name))
        })?;
        Ok(Self::new(name.flatten(), bare))
    }

    fn from_text(text: &str) -> Result<Self, FieldError> {
        check_length(text, MAX_ADDRESS_TEXT)?;
        check_line(text)?;
        let text = text.trim();
        let Some(rest) = text.strip_suffix('>') else {
            return Ok(Self::new(None, split(text)?));
        };
        let (name, bare) = rest
            .rsplit_once('<')
            .ok_or_else(|| invalid("it has a > without a <"))?;
        Ok(Self::new(display_name(name.trim())?, split(bare.trim())?))
    }

    fn new(name: Option<String>, (local, domain): (&str, &str)) -> Self {
        // Domains do not depend on case, and lanes are told apart by the sender's.
        Self {
            name,
            local: local.to_owned(),
            domain: domain.to_ascii_lowercase(),
        }
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(redacted)")
    }
}

/// The specials of RFC 5322, 3.2.3, which a display name may hold only in quotes.
fn needs_quotes(c: char) -> bool {
    r#"()<>[]:;@\,.""#.contains(c)
}

fn check_length(text: &str, most: usize) -> Result<(), FieldError> {
    let why = "has a name of more than 256 characters";
    FieldError::unless(text.chars().count() <= most, why)
}

fn filled(name: &str) -> Option<String> {
    Some(name.trim())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

/// The name in front of `<`, out of its quotes.
fn display_name(raw: &str) -> Result<Option<String>, FieldError> {
    if let Some(quoted) = raw.strip_prefix('"') {
        return unquote(quoted)
            .ok_or_else(|| FieldError::here("the display name's quotes do not match"));
    }
    // `a@b.c, Name <d@e.f>` must not lose its first recipient to the name of the second.
    let list = raw.contains('@') && raw.contains([',', ';']);
    FieldError::unless(!list, LIST_IN_STRING)?;
    let why = "the display name must be in quotes, or use {email, name}";
    FieldError::unless(!raw.contains(['<', '>', '"']), why)?;
    Ok(filled(raw))
}

/// What stands between an opening quote, already gone, and the closing one at the end.
fn unquote(quoted: &str) -> Option<Option<String>> {
    let mut name = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then(|| filled(&name)),
            '\\' => name.push(chars.next()?),
            c => name.push(c),
        }
    }
}

fn invalid(why: &str) -> FieldError {
    FieldError::here(format!("not a valid e-mail address: {why}"))
}

fn valid(holds: bool, why: &str) -> Result<(), FieldError> {
    match holds {
        true => Ok(()),
        false => Err(invalid(why)),
    }
}

/// Splits a bare address into what stands before and after the `@`, both checked.
fn split(bare: &str) -> Result<(&str, &str), FieldError> {
    FieldError::unless(!bare.is_empty(), "must not be empty")?;
    let (local, domain) = bare
        .split_once('@')
        .ok_or_else(|| invalid("it has no at sign"))?;
    let several = domain.contains('@');
    FieldError::unless(!several || !bare.contains([',', ';']), LIST_IN_STRING)?;
    valid(!several, "it has more than one at sign")?;
    let fits = bare.len() <= MAX_ADDRESS;
    valid(fits, "it is longer than 254 characters")?;
    check_local(local)?;
    check_domain(domain)?;
    Ok((local, domain))
}

fn check_local(local: &str) -> Result<(), FieldError> {
    let why = "the part before the at sign must be ASCII";
    valid(local.is_ascii(), why)?;
    let why = "the part before the at sign is longer than 64 characters";
    valid(local.len() <= MAX_LOCAL, why)?;
    // RFC 5322's dot-atom; quoted local parts are refused, as providers do.
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let formed = |part: &str| !part.is_empty() && part.bytes().all(atom);
    let why = "the part before the at sign is malformed";
    valid(local.split('.').all(formed), why)
}

/// How addresses are compared: without name, trimmed, in lower case.
pub(crate) fn bare(text: &str) -> String {
    let text = text.trim();
    let inner = text
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'));
    inner
        .map_or(text, |(_, bare)| bare.trim())
        .to_ascii_lowercase()
}

/// Whether an address can have this domain.
pub(crate) fn is_domain(domain: &str) -> bool {
    split(&format!("x@{domain}")).is_ok()
}

fn check_domain(domain: &str) -> Result<(), FieldError> {
    valid(domain.is_ascii(), "write the domain in punycode (xn--…)")?;
    let label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // An all-digit last label is an IP address, not a name.
    let top = |label: &str| !label.bytes().all(|byte| byte.is_ascii_digit());
    let named = domain.rsplit_once('.').is_some_and(|(_, last)| top(last));
    let formed = named && domain.split('.').all(label);
    valid(formed, "the domain is malformed")
}
