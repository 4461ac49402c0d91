//! What is checked of an operator's call: searches, redrives, pauses.

use super::check::{self, Checked};
use crate::base::QueueError;
use crate::base::limits::MAX_PAGE;
use crate::email::{Mailbox, is_domain};
use crate::protocol::{DeadLetterFilter, ListOptions, Page, Pause, Redrive, jsonb};
use serde_json::{Map, Value};
use std::time::Duration;

pub(crate) fn list(options: &ListOptions) -> Checked {
    if let Some(kind) = &options.kind {
        check::kind(kind)?;
    }
    self::page(options.limit, options.before.as_deref())?;
    check::when("since", options.since.as_deref())?;
    check::when("until", options.until.as_deref())?;
    check::metadata(options.metadata.as_ref())
}

pub(crate) fn dead_letters(filter: &DeadLetterFilter, page: &Page) -> Checked {
    self::filter(filter)?;
    self::page(page.limit, page.before.as_deref())
}

pub(crate) fn redrive(redrive: &Redrive) -> Checked {
    if redrive.ids.is_none() && redrive.filter.is_none() {
        let why = "is missing: give ids, or a filter ({} for all dead letters)";
        return Err(QueueError::invalid("ids", why));
    }
    for (index, id) in redrive.ids.iter().flatten().enumerate() {
        check::id(&format!("ids[{index}]"), id)?;
    }
    if let Some(filter) = &redrive.filter {
        self::filter(filter).map_err(|error| error.below("filter"))?;
        // All that have any, which is what is left of `{order: undefined}` in JavaScript.
        if filter
            .metadata
            .as_ref()
            .and_then(Value::as_object)
            .is_some_and(Map::is_empty)
        {
            return Err(QueueError::invalid(
                "filter.metadata",
                "must name at least one key",
            ));
        }
    }
    if let Some(from) = &redrive.from {
        Mailbox::parse(&from.as_str().into(), "from")?;
    }
    self::page(redrive.limit, None)
}

/// How long to pause.
pub(crate) fn pause(pause: &Pause) -> Checked<Option<Duration>> {
    if pause.reason.is_empty() {
        return Err(QueueError::invalid(
            "reason",
            "must be a text: it is on show",
        ));
    }
    jsonb::plain("reason", &pause.reason)?;
    domain(pause.domain.as_deref())?;
    let time = pause
        .seconds
        .map(|seconds| check::positive("seconds", seconds));
    let time = time.transpose()?;
    check::check(
        "seconds",
        time.is_none_or(|time| i32::try_from(time.as_secs()).is_ok()),
    )?;
    Ok(time)
}

pub(crate) fn domain(domain: Option<&str>) -> Checked {
    if domain.is_none_or(is_domain) {
        return Ok(());
    }
    Err(QueueError::invalid(
        "domain",
        "must be a sender's domain, as in example.com",
    ))
}

fn filter(filter: &DeadLetterFilter) -> Checked {
    if let Some(kind) = &filter.kind {
        check::kind(kind)?;
    }
    check::when("since", filter.since.as_deref())?;
    check::when("until", filter.until.as_deref())?;
    jsonb::plain("text", filter.text.as_deref().unwrap_or_default())?;
    check::metadata(filter.metadata.as_ref())
}

fn page(limit: Option<u32>, before: Option<&str>) -> Checked {
    check::check("limit", limit.is_none_or(|it| (1..=MAX_PAGE).contains(&it)))?;
    before.map_or(Ok(()), |before| check::id("before", before))
}
