//! The checks of operators' calls: searches, redrives, pauses.

use super::check::{self, Checked};
use crate::base::QueueError;
use crate::base::limits::{MAX_NOTE, MAX_PAGE};
use crate::email::{Mailbox, is_domain};
use crate::protocol::{
    DeadLetterFilter, Discard, ListOptions, Page, Pause, Redrive, Suppress, SuppressionList,
    Unsuppress, jsonb,
};
use serde_json::{Map, Value};
use std::time::Duration;

pub(crate) fn list(options: &ListOptions) -> Checked {
    if let Some(kind) = &options.kind {
        check::kind(kind)?;
    }
    self::page(options.limit, options.before.as_deref())?;
    check::when("since", options.since.as_deref())?;
    check::when("until", options.until.as_deref())?;
    let delivery = options.delivery.as_deref();
    let known = delivery.is_none_or(|it| ListOptions::DELIVERIES.contains(&it));
    check::check("delivery", known)?;
    check::metadata(options.metadata.as_ref())
}

pub(crate) fn dead_letters(filter: &DeadLetterFilter, page: &Page) -> Checked {
    self::filter(filter)?;
    self::page(page.limit, page.before.as_deref())
}

pub(crate) fn redrive(redrive: &Redrive) -> Checked {
    selection(
        redrive.ids.as_deref(),
        redrive.filter.as_ref(),
        redrive.limit,
    )?;
    if let Some(from) = &redrive.from {
        Mailbox::parse(&from.as_str().into(), "from")?;
    }
    Ok(())
}

pub(crate) fn discard(discard: &Discard) -> Checked {
    selection(
        discard.ids.as_deref(),
        discard.filter.as_ref(),
        discard.limit,
    )
}

/// Dead letters to change.
fn selection(
    ids: Option<&[String]>,
    filter: Option<&DeadLetterFilter>,
    limit: Option<u32>,
) -> Checked {
    let why = "is missing: give ids, or a filter ({} for all dead letters)";
    QueueError::unless(ids.is_some() || filter.is_some(), "ids", why)?;
    for (index, id) in ids.into_iter().flatten().enumerate() {
        check::id(&format!("ids[{index}]"), id)?;
    }
    if let Some(filter) = filter {
        self::filter(filter).map_err(|error| error.below("filter"))?;
        // All that have any, which is what is left of `{order: undefined}` in JavaScript.
        let keys = filter.metadata.as_ref().and_then(Value::as_object);
        let why = "must name at least one key";
        QueueError::unless(!keys.is_some_and(Map::is_empty), "filter.metadata", why)?;
    }
    self::page(limit, None)
}

/// How long to pause.
pub(crate) fn pause(pause: &Pause) -> Checked<Option<Duration>> {
    let why = "must be a text: it is on show";
    QueueError::unless(!pause.reason.is_empty(), "reason", why)?;
    jsonb::plain("reason", &pause.reason)?;
    domain(pause.domain.as_deref())?;
    let time = pause.seconds.map(|it| check::positive("seconds", it));
    let time = time.transpose()?;
    let fits = time.is_none_or(|time| i32::try_from(time.as_secs()).is_ok());
    check::check("seconds", fits).map(|()| time)
}

pub(crate) fn suppress(suppress: &Suppress) -> Checked {
    address(&suppress.address)?;
    check::topic(suppress.topic.as_deref())?;
    let note = suppress.note.as_deref().unwrap_or_default();
    check::check("note", note.chars().count() <= MAX_NOTE)?;
    jsonb::plain("note", note)
}

pub(crate) fn unsuppress(unsuppress: &Unsuppress) -> Checked {
    address(&unsuppress.address)?;
    check::topic(unsuppress.topic.as_deref())
}

pub(crate) fn suppressions(list: &SuppressionList) -> Checked {
    list.address.as_deref().map_or(Ok(()), address)?;
    check::topic(list.topic.as_deref())?;
    let fits = list.limit.is_none_or(|it| (1..=MAX_PAGE).contains(&it));
    check::check("limit", fits)?;
    let after = list.after.as_deref();
    after.map_or(Ok(()), |after| check::id("after", after))
}

fn address(address: &str) -> Checked {
    Mailbox::parse(&address.into(), "address")?;
    Ok(())
}

pub(crate) fn domain(domain: Option<&str>) -> Checked {
    let why = "must be a sender's domain, as in example.com";
    QueueError::unless(domain.is_none_or(is_domain), "domain", why)
}

fn filter(filter: &DeadLetterFilter) -> Checked {
    if let Some(kind) = &filter.kind {
        check::kind(kind)?;
    }
    check::when("since", filter.since.as_deref())?;
    check::when("until", filter.until.as_deref())?;
    if let Some(text) = &filter.text {
        QueueError::unless(!text.trim().is_empty(), "text", "must not be empty")?;
        jsonb::plain("text", text)?;
    }
    check::metadata(filter.metadata.as_ref())
}

fn page(limit: Option<u32>, before: Option<&str>) -> Checked {
    check::check("limit", limit.is_none_or(|it| (1..=MAX_PAGE).contains(&it)))?;
    before.map_or(Ok(()), |before| check::id("before", before))
}
