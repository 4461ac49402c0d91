//! The checks before a call, the same for every queue. An error names the option as callers write it.

use super::tags;
use crate::base::limits::{
    DELAY_DIGITS, LAST_PRIORITY, MAX_ATTEMPTS, MAX_DEDUP_KEY, MAX_DEQUEUE, MAX_LEASE_MS,
    MAX_METADATA, MAX_TOPIC, MAX_TYPE,
};
use crate::base::{QueueError, is_uuid, millis, time};
use crate::email::{Email, Sender};
use crate::protocol::{Dequeue, Lease, NewMessage, jsonb};
use serde_json::Value;
use std::time::Duration;

const LONGEST_LEASE: Duration = Duration::from_millis(MAX_LEASE_MS);
/// What fits into the digits that the database takes: 31 years.
pub(crate) const LONGEST_DELAY: Duration = Duration::from_millis(10u64.pow(DELAY_DIGITS) - 1);

pub(crate) type Checked<T = ()> = Result<T, QueueError>;

/// What an option must be, by its name: for values of a wrong type and of a wrong size.
pub(crate) fn rule(field: &str) -> &'static str {
    match field {
        "type" => "must be 1 to 100 letters, digits or any of _ . : -, and email in lower case",
        "priority" => "must be a whole number from 0 (first) to 3",
        "maxAttempts" | "maxMessages" => "must be a whole number from 1 to 100",
        "limit" => "must be a whole number from 1 to 1000",
        "visibilityTimeout" => "must be a number of seconds, more than 0, at most 3600",
        "delaySeconds" => "must be a number of seconds from 0 on",
        "seconds" => "must be a number of seconds, more than 0",
        "timeoutSeconds" => "must be a number of seconds, more than 0, at most 86400",
        "runAt" | "sendBefore" | "since" | "until" => {
            "must be a time with its offset from UTC, as in 2026-01-31T12:00:00Z"
        }
        "dedupKey" => "must be a text of 1 to 255 characters",
        "metadata" => "must be an object",
        "types" => "must be a list of at least one type",
        "id" | "before" | "after" => "must be the id of a message (a UUID)",
        "ids" => "must be a list of ids of messages (UUIDs)",
        "reason" => {
            "must be rejected, exhausted, unknown_outcome, not_accepted, expired or suppressed"
        }
        "topic" => "must be a text of 1 to 100 characters, none of them a control character",
        "note" => "must be a text of at most 1000 characters",
        "dryRun" | "allowDuplicates" | "ignoreSuppression" | "hashOnly" | "secret" => {
            "must be true or false"
        }
        "filter" | "variables" => "must be an object",
        "status" => "must be one of QueueMessageStatus",
        "delivery" => "must be sent, delayed, delivered, suppressed, failed, bounced or complained",
        "recipient" | "actor" | "action" | "address" | "domain" | "text" | "url" | "key"
        | "defaultSender" | "from" | "template" | "language" | "name" | "subject" | "html" => {
            "must be a text"
        }
        _ => "is not what it must be",
    }
}

pub(crate) fn check(field: &str, holds: bool) -> Checked {
    QueueError::unless(holds, field, rule(field))
}

/// A message to enqueue, its tags in its payload and its delay in the database's unit.
pub(crate) fn message(mut message: NewMessage) -> Checked<NewMessage> {
    if let Some(kind) = &message.kind {
        self::kind(kind)?;
    }
    tags::write(&mut message)?;
    if message.kind.as_deref().is_none_or(|kind| kind == "email") {
        template(&message)?;
    } else {
        QueueError::unless(!message.payload.is_null(), "payload", "is missing")?;
    }
    jsonb::json("payload", &message.payload)?;
    let fits = message.priority.is_none_or(|it| it <= LAST_PRIORITY);
    check("priority", fits)?;
    let fits = |attempts| (1..=MAX_ATTEMPTS).contains(&attempts);
    check("maxAttempts", message.max_attempts.is_none_or(fits))?;
    let run_at = near("runAt", message.run_at.as_deref())?;
    let send_before = near("sendBefore", message.send_before.as_deref())?;
    let delay = match (message.delay_seconds, message.delay_ms) {
        (Some(_), Some(_)) => {
            let why = "is given in milliseconds too; give it once";
            return Err(QueueError::invalid("delaySeconds", why));
        }
        (Some(seconds), None) => Some(delay(seconds)?),
        (None, ms) => (ms.map(Duration::from_millis).map(delay_time)).transpose()?,
    };
    message.delay_ms = delay.map(millis);
    // Without a time to send at, it is the database's clock that counts.
    if let (Some(run_at), Some(send_before)) = (run_at, send_before)
        && send_before <= run_at.saturating_add(delay.unwrap_or_default())
    {
        let why = "must be later than the time to send at";
        return Err(QueueError::invalid("sendBefore", why));
    }
    if let Some(key) = &message.dedup_key {
        let fits = (1..=MAX_DEDUP_KEY).contains(&key.chars().count());
        check("dedupKey", fits)?;
        jsonb::plain("dedupKey", key)?;
    }
    metadata(message.metadata.as_ref())?;
    topic(message.topic.as_deref())?;
    of_email(&message)?;
    Ok(message)
}

/// An e-mail; what comes from a template is checked where it is stored.
fn template(message: &NewMessage) -> Checked {
    if message.template.is_none() {
        let given = message.variables.is_some() || message.language.is_some();
        let why = "is missing: variables and language belong to it";
        QueueError::unless(!given, "template", why)?;
        return Ok(Email::check(&message.payload, Sender::Optional, "payload")?);
    }
    let variables = message.variables.as_ref().filter(|it| !it.is_null());
    check("variables", variables.is_none_or(Value::is_object))?;
    if let Some(variables) = variables {
        jsonb::json("variables", variables)?;
    }
    let mut payload = message.payload.clone();
    if let Some(payload) = payload.as_object_mut() {
        for field in ["subject", "content", "text", "template"] {
            let absent = payload.get(field).is_none_or(Value::is_null);
            let why = "comes from the template: leave it out of the payload";
            QueueError::unless(absent, &format!("payload.{field}"), why)?;
        }
        payload.insert("subject".to_owned(), "-".into());
        payload.insert("text".to_owned(), "-".into());
    }
    Ok(Email::check(&payload, Sender::Optional, "payload")?)
}

pub(crate) fn topic(topic: Option<&str>) -> Checked {
    let fits = |topic: &str| {
        (1..=MAX_TOPIC).contains(&topic.chars().count()) && !topic.chars().any(char::is_control)
    };
    check("topic", topic.is_none_or(fits))
}

/// What a message of another type does not have.
pub(crate) fn of_email(message: &NewMessage) -> Checked {
    let email = message.kind.as_deref().is_none_or(|kind| kind == "email");
    let plain = message.ignore_suppression != Some(true);
    for (field, fits) in [
        ("topic", message.topic.is_none()),
        ("ignoreSuppression", plain),
        ("secret", message.secret != Some(true)),
        ("template", message.template.is_none()),
    ] {
        QueueError::unless(email || fits, field, "belongs to e-mail")?;
    }
    Ok(())
}

/// Of a message, or what messages are searched for.
pub(crate) fn metadata(metadata: Option<&Value>) -> Checked {
    let Some(metadata) = metadata.filter(|it| !it.is_null()) else {
        return Ok(());
    };
    check("metadata", metadata.is_object())?;
    jsonb::json("metadata", metadata)?;
    let fits = jsonb::bytes(metadata) <= MAX_METADATA;
    QueueError::unless(fits, "metadata", "must be at most 16 kB")
}

/// How many messages to lease, and for how long.
pub(crate) fn dequeue(options: &Dequeue) -> Checked<(u32, Duration)> {
    check("types", !options.types.is_empty())?;
    for (index, kind) in options.types.iter().enumerate() {
        let field = &format!("types[{index}]");
        let why = "must not be email: the function process-email-queue sends it";
        QueueError::unless(kind != "email", field, why)?;
        self::kind(kind).map_err(|error| QueueError::invalid(field, error.message))?;
    }
    let wanted = options.max_messages.unwrap_or(1);
    check("maxMessages", (1..=MAX_DEQUEUE).contains(&wanted))?;
    let seconds = options.visibility_timeout.unwrap_or(60.0);
    Ok((wanted, visibility(seconds)?))
}

pub(crate) fn visibility(seconds: f64) -> Checked<Duration> {
    positive("visibilityTimeout", seconds).and_then(lease_time)
}

/// How long a lease is to last.
pub(crate) fn lease_time(time: Duration) -> Checked<Duration> {
    let fits = !time.is_zero() && time <= LONGEST_LEASE;
    check("visibilityTimeout", fits).map(|()| time)
}

pub(crate) fn delay(seconds: f64) -> Checked<Duration> {
    let delay = Duration::try_from_secs_f64(seconds);
    check("delaySeconds", delay.is_ok())?;
    delay_time(delay.unwrap_or_default())
}

/// How long a retry waits.
pub(crate) fn delay_time(delay: Duration) -> Checked<Duration> {
    let fits = delay <= LONGEST_DELAY;
    QueueError::unless(fits, "delaySeconds", "must be less than 31 years").map(|()| delay)
}

pub(crate) fn positive(field: &str, seconds: f64) -> Checked<Duration> {
    // Less than a nanosecond counts as nothing.
    let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    check(field, !time.is_zero()).map(|()| time)
}

pub(crate) fn lease(lease: &Lease) -> Checked<Lease> {
    let Lease { dispatch_id, token } = lease;
    if !is_uuid(dispatch_id) || !is_uuid(token) {
        return Err(not_a_lease());
    }
    Ok(Lease {
        dispatch_id: canonical(dispatch_id),
        token: canonical(token),
    })
}

pub(crate) fn not_a_lease() -> QueueError {
    QueueError::invalid("lease", "must be a message from dequeue, or its lease")
}

pub(crate) fn id(field: &str, id: &str) -> Checked {
    QueueError::unless(is_uuid(id), field, rule("id"))
}

pub(crate) fn kind(kind: &str) -> Checked {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    // A message of the type `Email` would wait for ever.
    let mistyped = kind != "email" && kind.eq_ignore_ascii_case("email");
    let fits = (1..=MAX_TYPE).contains(&kind.len()) && kind.chars().all(plain);
    check("type", fits && !mistyped)
}

pub(crate) fn when(field: &str, text: Option<&str>) -> Checked {
    check(field, text.is_none_or(|text| time::parse(text).is_some()))
}

/// A time that the database takes with a message.
fn near(field: &str, text: Option<&str>) -> Checked<Option<Duration>> {
    when(field, text)?;
    let time = text.and_then(time::parse);
    let why = "must be a time between the years 2000 and 3000";
    QueueError::unless(time.is_none_or(time::is_near), field, why).map(|()| time)
}

/// An id that was checked, as the queue writes ids: in lower case, with hyphens.
pub(crate) fn canonical(id: &str) -> String {
    let mut digits: String = id.chars().filter(|c| *c != '-').collect();
    digits.make_ascii_lowercase();
    for at in [20, 16, 12, 8] {
        if digits.is_char_boundary(at) {
            digits.insert(at, '-');
        }
    }
    digits
}
