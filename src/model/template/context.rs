//! Where a value stands in HTML, and what it becomes there.

use crate::base::limits::MAX_OPEN_TAG;

/// In an attribute that holds an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// It is the address, or its beginning: nothing before has ended the scheme.
    Whole,
    /// It is a part of it.
    Part,
    /// It stands behind the question mark.
    Query,
}

const ADDRESSES: [&str; 11] = [
    "href",
    "src",
    "action",
    "formaction",
    "background",
    "cite",
    "data",
    "longdesc",
    "poster",
    "srcset",
    "xlink:href",
];

/// In these a value is no text.
const RAW: [(&str, &str); 2] = [
    ("script", "stands in a script"),
    ("style", "stands in a style sheet"),
];

/// Where the source has been read to.
#[derive(Debug, Default)]
pub(super) struct OpenTag {
    /// The tag that is open, or nothing.
    tail: String,
    /// Why nothing may stand here, between the tags of a script or a style sheet.
    raw: Option<&'static str>,
}

impl OpenTag {
    pub fn follow(&mut self, text: &str) {
        for (at, _) in text.match_indices('<') {
            let inner = text.get(at + 1..).unwrap_or_default();
            let name = inner.strip_prefix('/').unwrap_or(inner);
            if let Some((_, why)) = RAW.iter().find(|(raw, _)| is_tag(name, raw)) {
                self.raw = (inner == name).then_some(why);
            }
        }
        self.tail.push_str(text);
        let mut rest = self.tail.as_str();
        while let Some(at) = rest.find('<') {
            let tag = rest.get(at..).unwrap_or_default();
            rest = match end_of(tag) {
                Some(end) => tag.get(end..).unwrap_or_default(),
                None => {
                    self.tail = tag.to_owned();
                    return;
                }
            };
        }
        self.tail.clear();
    }

    /// Nothing of a template may stand in a tag that is too long.
    pub fn bounded(&self) -> Result<(), &'static str> {
        match self.tail.chars().count() > MAX_OPEN_TAG {
            true => Err("stands in a tag, more than 4000 characters behind its beginning"),
            false => Ok(()),
        }
    }

    /// A value comes here.
    pub fn put(&mut self) -> Result<Option<Spot>, &'static str> {
        let spot = match self.raw {
            Some(why) => Err(why),
            None => spot(&self.tail),
        };
        if !self.tail.is_empty() {
            self.tail.push('x');
        }
        spot
    }
}

fn is_tag(inner: &str, name: &str) -> bool {
    let begins = inner.get(..name.len());
    let ends = |c: char| !(c.is_alphanumeric() || c == '_');
    begins.is_some_and(|begins| begins.eq_ignore_ascii_case(name))
        && (inner.get(name.len()..)).is_some_and(|rest| rest.is_empty() || rest.starts_with(ends))
}

/// Behind the tag that the text begins with, or behind a `<` that begins none; `None` where the tag is open.
fn end_of(tag: &str) -> Option<usize> {
    let inner = tag.get(1..).unwrap_or_default();
    let name = inner.strip_prefix('/').unwrap_or(inner);
    if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some(1);
    }
    let mut quote = None;
    for (at, c) in tag.char_indices() {
        match quote {
            None if c == '>' => return Some(at + 1),
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

/// `tail` is the tag that is open, or nothing.
fn spot(tail: &str) -> Result<Option<Spot>, &'static str> {
    if tail.is_empty() {
        return Ok(None);
    }
    let mut quote = None;
    for (at, c) in tail.char_indices() {
        match quote {
            None if c == '"' || c == '\'' => quote = Some((at, c)),
            Some((_, open)) if c == open => quote = None,
            _ => {}
        }
    }
    let Some((at, _)) = quote else {
        return Err("stands in a tag: put the value into quotes, as in href=\"{{ name }}\"");
    };
    let (before, value) = tail.split_at(at);
    if is_tag(before.trim_start_matches('<'), "meta") {
        return Err("stands in <meta>, which could lead to another page");
    }
    let value = value.get(1..).unwrap_or_default();
    let Some(before) = before.trim_end().strip_suffix('=') else {
        return Ok(None);
    };
    let before = before.trim_end();
    let of_name = |c: char| c.is_ascii_alphanumeric() || "_:.-".contains(c);
    let rest = before.trim_end_matches(of_name).len();
    let name = before.get(rest..).unwrap_or_default();
    let name = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let name = name.to_ascii_lowercase();
    if name.starts_with("on") {
        return Err("stands in a script");
    }
    if name == "srcdoc" {
        return Err("stands in srcdoc, which is a page of its own");
    }
    Ok(ADDRESSES.contains(&name.as_str()).then(|| {
        if value.contains(['?', '#', '&', '=']) {
            Spot::Query
        } else if value.contains(['/', ':']) {
            Spot::Part
        } else {
            Spot::Whole
        }
    }))
}

/// A value as it stands in an address; `None` where it may not.
pub(super) fn written(value: &str, spot: Spot, most: usize) -> Option<String> {
    if value.chars().count() > most {
        return None;
    }
    match spot {
        Spot::Query => Some(encoded(value, "")),
        Spot::Whole if !may_be_followed(value) => None,
        Spot::Whole | Spot::Part => Some(encoded(value, ":/?#@!$&'()*+,;=%[]")),
    }
}

/// A program in a link (`javascript:`) would come from the person who chose the value.
fn may_be_followed(value: &str) -> bool {
    let schemes = ["http://", "https://", "mailto:", "tel:"];
    let begins = |scheme: &&str| {
        (value.get(..scheme.len())).is_some_and(|it| it.eq_ignore_ascii_case(scheme))
    };
    let first = value.split(['/', '?', '#']).next().unwrap_or_default();
    schemes.iter().any(begins) || !first.contains(':')
}

fn encoded(value: &str, kept: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if c.is_ascii_alphanumeric() || "._~-".contains(c) || kept.contains(c) {
            text.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                text.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    text
}
