//! Where a value stands in HTML, and what it becomes there.

/// In an attribute that holds an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// It is the address, or its beginning.
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

/// `tail` is what comes before it from the last `<` on.
pub(super) fn spot(tail: &str) -> Result<Option<Spot>, &'static str> {
    let Some(inner) = tail.strip_prefix('<') else {
        return Ok(None);
    };
    let script = inner
        .get(..6)
        .is_some_and(|name| name.eq_ignore_ascii_case("script"));
    let ends = |c: char| !(c.is_alphanumeric() || c == '_');
    if script && inner.chars().nth(6).is_some_and(ends) && inner.contains('>') {
        return Err("stands in a script");
    }
    let name = inner.strip_prefix('/').unwrap_or(inner);
    if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Ok(None);
    }
    let mut quote = None;
    for (at, c) in inner.char_indices() {
        match quote {
            None if c == '>' => return Ok(None),
            None if c == '"' || c == '\'' => quote = Some((at, c)),
            Some((_, open)) if c == open => quote = None,
            _ => {}
        }
    }
    let Some((at, _)) = quote else {
        return Err("stands in a tag: put the value into quotes, as in href=\"{{ name }}\"");
    };
    let (before, value) = inner.split_at(at);
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
    Ok(ADDRESSES.contains(&name.as_str()).then(|| {
        if value.chars().all(|c| c <= ' ') {
            Spot::Whole
        } else if value.contains(['?', '#', '&', '=']) {
            Spot::Query
        } else {
            Spot::Part
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
