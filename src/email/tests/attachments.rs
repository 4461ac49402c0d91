use serde_json::json;

use super::*;

#[test]
fn attachments_have_content_or_a_path() {
    let one = |attachment: Value| json!({"attachments": [attachment]});
    refused([
        (
            json!({"attachments": {"path": "https://x.co/a"}}),
            "attachments",
            "must be a list",
        ),
        (
            json!({"attachments": ["x"]}),
            "attachments[0]",
            "must be an object",
        ),
        (
            one(json!({"filename": "a"})),
            "attachments[0].content",
            "content or path is required",
        ),
        (
            one(json!({"content": "AAAA"})),
            "attachments[0].filename",
            "is required",
        ),
        (
            one(json!({"filename": "a", "content": "AAAA", "path": "https://x.co/a"})),
            "attachments[0].path",
            "not both",
        ),
        (
            one(json!({"filename": "", "content": "AAAA"})),
            "attachments[0].filename",
            "must not be empty",
        ),
        (
            one(json!({"filename": "a\r\nb", "content": "AAAA"})),
            "attachments[0].filename",
            "control",
        ),
        (
            one(json!({"filename": "a\0", "path": "https://x.co/a"})),
            "attachments[0].filename",
            "NUL",
        ),
        (
            one(json!({"filename": "a", "content_type": "text/plain"})),
            "attachments[0].content_type",
            "contentType",
        ),
        (
            one(json!({"name": "a", "content": "AAAA"})),
            "attachments[0].name",
            "did you mean filename?",
        ),
        (
            one(json!({"url": "https://x.co/a"})),
            "attachments[0].url",
            "did you mean path?",
        ),
        (
            one(json!({"encoding": "base64"})),
            "attachments[0].encoding",
            "unknown field",
        ),
    ]);
    taken([
        one(json!({"path": "https://x.co/a?b=c#d"})),
        one(json!({"path": "HTTP://x.co"})),
        one(json!({"path": "https://x.co/a", "filename": "größe.pdf", "content": null})),
    ]);
}

#[test]
fn content_is_standard_base64() {
    for content in [
        "AA",
        "A",
        "AAA",
        "AAAAA",
        "AA=A",
        "A===",
        "====",
        "AAA-",
        "AAA_",
        "AAAA\n",
        "AA AA",
        "data:text/plain;base64,AAAA",
        "ÄÄ",
    ] {
        refused([(
            json!({"attachments": [{"filename": "a", "content": content}]}),
            "attachments[0].content",
            "base64",
        )]);
    }
    refused([
        (
            json!({"attachments": [{"filename": "a", "content": ""}]}),
            "attachments[0].content",
            "must not be empty",
        ),
        (
            json!({"attachments": [{"filename": "a", "content": [65]}]}),
            "attachments[0].content",
            "must be a string",
        ),
    ]);
    for content in ["AAAA", "AAA=", "AA==", "az09AZ+/", "SGVsbG8="] {
        taken([json!({"attachments": [{"filename": "a", "content": content}]})]);
    }
}

#[test]
fn paths_are_web_addresses() {
    for path in [
        "",
        "a.pdf",
        "/etc/passwd",
        "file:///etc/passwd",
        "ftp://x.co/a",
        "https://",
        "https:///a",
        "https://?a",
        "https:x.co",
        "https://x.co/a b",
        " https://x.co",
    ] {
        refused([(
            json!({"attachments": [{"path": path}]}),
            "attachments[0].path",
            "https://",
        )]);
    }
    refused([(
        json!({"attachments": [{"path": "https://x.co/\n"}]}),
        "attachments[0].path",
        "control",
    )]);
}

#[test]
fn media_types_and_content_ids_are_checked() {
    let with = |field: &str, value: &str| json!({"attachments": [{"path": "https://x.co/a", field: value}]});
    for bad in [
        "",
        "pdf",
        "/pdf",
        "application/",
        "a/b/c",
        "text plain/x",
        "té/x",
        "text/plain; x=ü",
    ] {
        refused([(
            with("contentType", bad),
            "attachments[0].contentType",
            "media type",
        )]);
    }
    refused([(
        with("contentType", "a/b\r\nX: y"),
        "attachments[0].contentType",
        "control",
    )]);
    for good in [
        "application/pdf",
        "image/svg+xml",
        "text/plain; charset=utf-8",
        "application/vnd.ms-excel",
    ] {
        taken([with("contentType", good)]);
    }
    for bad in ["", "a b", "<a>", "ü", &"x".repeat(128)] {
        refused([(
            with("contentId", bad),
            "attachments[0].contentId",
            "1 to 127",
        )]);
    }
    refused([(
        with("contentId", "a\nb"),
        "attachments[0].contentId",
        "control",
    )]);
    taken([
        with("contentId", &"x".repeat(127)),
        with("contentId", "logo@example.com"),
    ]);
}

#[test]
fn an_email_is_at_most_forty_megabytes() {
    const MAX: usize = 40 * 1024 * 1024;
    // Most of it is HTML, which costs no test of its alphabet.
    let html = |n: usize| "x".repeat(n);
    let files = json!([
        {"filename": "a", "content": "AAAA"},
        {"filename": "b", "content": "AAAAAAAA"},
        {"filename": "c", "path": "https://example.com/c"},
    ]);
    taken([
        json!({"content": html(MAX - 12), "attachments": files}),
        json!({"content": html(MAX - 2), "text": "yy"}),
    ]);
    refused([
        (
            json!({"content": html(MAX - 11), "attachments": files}),
            "attachments",
            "40 MB",
        ),
        (
            json!({"content": html(MAX - 1), "text": "yy"}),
            "content",
            "40 MB",
        ),
    ]);
}
