/// Whether a text is a UUID, with or without hyphens.
pub(crate) fn is_uuid(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match (text.len(), at) {
        (36, 8 | 13 | 18 | 23) => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    matches!(text.len(), 32 | 36) && text.bytes().enumerate().all(fits)
}
