//! The operators' calls that are carried as JSON: what is asked of the database, once it is checked.

use super::check::{self, Checked, rule};
use super::check_operator;
use super::json::{self, Fields};
use super::words::{recased, snake};
use crate::base::limits::MAX_PAGE;
use crate::base::{QueueError, shown, typed};
use crate::email::Mailbox;
use crate::protocol::{Discard, ListOptions, Operation, QueueMessageStatus, Reason, jsonb};
use serde_json::{Value, json};

const PAGE: &str = "limit before";

/// The database function's arguments.
///
/// # Errors
/// `invalid_input` names the option that is not known, or not what it must be.
pub(crate) fn asked(operation: Operation, arguments: Vec<Value>) -> Checked<Value> {
    let mut arguments = arguments.into_iter();
    let mut next = || arguments.next().unwrap_or_default();
    let known = match operation {
        Operation::Show | Operation::Events | Operation::Erase => {
            let id = json::text(next());
            return check::id("id", &id).map(|()| json!({ "p_id": id }));
        }
        Operation::Discard => {
            let discard: Discard = json::options(next())?;
            check_operator::discard(&discard)?;
            return Ok(json!({
                "p_ids": discard.ids,
                "p_filter": discard.filter,
                "p_dry_run": discard.dry_run,
                "p_limit": discard.limit.unwrap_or(MAX_PAGE),
            }));
        }
        Operation::Configure => {
            let settings = Value::Object(fields("settings", next())?);
            return Ok(json!({ "p_settings": recased(settings, &snake) }));
        }
        Operation::Prune => {
            let limit = next();
            return field("limit", &limit).map(|()| json!({ "p_limit": limit }));
        }
        Operation::Search => {
            "recipient subject status reason delivery type template since until metadata"
        }
        Operation::Runs => "",
        Operation::Audit => "actor action since until",
    };
    let (filter, page) = match operation {
        Operation::Search => (fields("filter", next())?, fields("options", next())?),
        _ => json::split_page(fields("options", next())?),
    };
    checked(&filter, known)?;
    checked(&page, PAGE)?;
    let (limit, before) = (page.get("limit"), page.get("before"));
    let limit = limit.and_then(Value::as_u64).unwrap_or(100);
    Ok(match operation {
        Operation::Runs => json!({ "p_limit": limit, "p_before": before }),
        _ => json!({ "p_filter": filter, "p_limit": limit, "p_before": before }),
    })
}

fn fields(what: &str, given: Value) -> Checked<Fields> {
    match given {
        Value::Null => Ok(Fields::new()),
        Value::Object(fields) => Ok(fields),
        _ => Err(QueueError::invalid(what, "must be an object")),
    }
}

fn checked(fields: &Fields, known: &str) -> Checked {
    for (name, value) in fields {
        let is_known = known.split(' ').any(|known| known == name);
        QueueError::unless(is_known, shown(name), json::UNKNOWN)?;
        field(name, value)?;
    }
    Ok(())
}

fn field(name: &str, value: &Value) -> Checked {
    match name {
        // As good as absent.
        _ if value.is_null() => return Ok(()),
        "metadata" => return check::metadata(Some(value)),
        "limit" => {
            let limits = 1..=u64::from(MAX_PAGE);
            let fits = value.as_u64().is_some_and(|limit| limits.contains(&limit));
            return check::check(name, fits);
        }
        _ => {}
    }
    let Some(text) = value.as_str() else {
        return Err(QueueError::invalid(name, rule(name)));
    };
    jsonb::plain(name, text)?;
    let fits = match name {
        "before" => return check::id(name, text),
        "type" => return check::kind(text),
        "since" | "until" => return check::when(name, Some(text)),
        "recipient" => return Mailbox::parse(value, name).map(|_| ()).map_err(Into::into),
        "status" => QueueMessageStatus::parse(text).is_some(),
        "reason" => typed::<Reason>(value).is_ok(),
        "delivery" => ListOptions::DELIVERIES.contains(&text),
        _ => true,
    };
    check::check(name, fits)
}
