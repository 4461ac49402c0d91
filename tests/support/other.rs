//! A second provider, unlike the first in all that may differ: no keys, smaller requests, no attachments, one address, other words.

use email_queue::email::{Email, FieldError};
use email_queue::protocol::Endpoint;
use email_queue::provider::{
    Context, EncodeError, Envelope, Meaning, Member, MemberOutcome, PROVIDERS, Provider, RateHints,
    Said, Scope, Variables, read,
};
use serde_json::{Value, json};
use std::time::Duration;

pub static OTHER: Provider = Provider {
    name: "Other",
    key_window: None,
    most_messages: 20,
    check,
    wire: &[(201, encode)],
    envelope,
    said,
    meaning,
    members,
    hints,
    variables: Variables {
        key: "OTHER_TOKEN",
        url: "OTHER_URL",
        default_url: "https://other.example",
    },
};

fn check(email: &Email) -> Result<(), FieldError> {
    match email.has_attachments() {
        true => Err(FieldError {
            field: "attachments".to_owned(),
            message: "Other takes none".to_owned(),
        }),
        false => Ok(()),
    }
}

/// A list, also of one.
fn encode(_: Endpoint, members: &[Member<'_>]) -> Result<Vec<u8>, EncodeError> {
    let email = |member: &Member<'_>| {
        let body = PROVIDERS[0].encode(1, Endpoint::Single, &[*member])?;
        Ok(serde_json::from_slice::<Value>(&body)?)
    };
    let messages: Result<Vec<Value>, EncodeError> = members.iter().map(email).collect();
    Ok(serde_json::to_vec(&json!({"messages": messages?}))?)
}

fn envelope(_: Endpoint, _: &str, secret: &str) -> Envelope {
    Envelope {
        path: "/v3/send",
        headers: vec![("X-Token", secret.to_owned())],
    }
}

fn said(body: &[u8]) -> Said {
    let said = read::json(body).unwrap_or_default();
    let text = |key| read::text(&said, key).map(str::to_owned);
    Said {
        name: text("code"),
        message: text("detail").unwrap_or_default(),
    }
}

/// It says with a 503 that there is too much, and nothing was sent.
fn meaning(status: u16, said: &Said, _: bool) -> Meaning {
    match (status, said.name()) {
        (400, "BAD_CONTENT") => Meaning::Body,
        (401 | 403, _) => Meaning::Misconfigured(Scope::Queue),
        (503, "BUSY") => Meaning::RateLimit,
        (400..=499, _) => Meaning::Unlisted,
        _ => Meaning::Unavailable,
    }
}

fn members(
    status: u16,
    body: &[u8],
    context: &Context,
) -> Result<Vec<MemberOutcome>, &'static str> {
    let answer = read::json(body).ok_or("not JSON")?;
    let results = answer["results"].as_array().ok_or("no results")?;
    if results.len() != context.members {
        return Err("not one result for each message");
    }
    let member = |result: &Value| match result["ok"] == true {
        true => read::accepted(result),
        false => Ok(read::rejected(status, result)),
    };
    results.iter().map(member).collect()
}

fn hints(headers: &[(String, String)]) -> RateHints {
    let wait = headers.iter().find(|(name, _)| name == "x-wait-seconds");
    let wait = wait.and_then(|(_, seconds)| seconds.parse().ok());
    RateHints {
        retry_after: wait.map(Duration::from_secs),
        ..RateHints::default()
    }
}

/// What the first provider would have said, in this one's words.
pub fn translated(status: u16, body: &Value, wait: Option<u64>) -> (u16, Value, Headers) {
    let wait = wait.map(|wait| ("x-wait-seconds".to_owned(), wait.to_string()));
    let headers = wait.into_iter().collect();
    let error = |status, code: &str| {
        let body = json!({"code": code, "detail": body["message"]});
        (status, body)
    };
    let (status, body) = match (status, body["name"].as_str()) {
        (200, None) => (202, json!({"results": results(body)})),
        (422, _) => error(400, "BAD_CONTENT"),
        (429, _) => error(503, "BUSY"),
        (status, name) => error(status, &name.unwrap_or_default().to_uppercase()),
    };
    (status, body, headers)
}

type Headers = Vec<(String, String)>;

fn results(body: &Value) -> Vec<Value> {
    let Some(data) = body["data"].as_array() else {
        return vec![json!({"ok": true, "id": body["id"]})];
    };
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let mut created = data.iter();
    let result = |index: usize| match errors.iter().find(|error| error["index"] == index) {
        Some(error) => json!({"ok": false, "message": error["message"]}),
        None => json!({"ok": true, "id": created.next().expect("one for each")["id"]}),
    };
    (0..data.len() + errors.len()).map(result).collect()
}
