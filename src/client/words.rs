//! Names an error's field as the caller did, not as the database does.

use crate::base::{QueueError, time};
use crate::email::FIELDS;
use crate::protocol::{Operation, QueueMessage};
use serde_json::{Map, Value};

/// The fields whose values are as somebody wrote them.
const OTHERS: [&str; 5] = ["payload", "metadata", "error", "detail", "arguments"];

impl QueueError {
    /// With the field named as callers write it, not as the database does.
    pub(crate) fn in_callers_words(self) -> Self {
        self.renamed(|field| match item(field) {
            Some((index, name)) if !name.is_empty() => format!("messages[{index}].{}", word(name)),
            _ => word(field),
        })
    }

    /// Of messages in a list, as the database counts them in a call that begins with the `first` of it.
    pub(crate) fn counted_from(self, first: usize) -> Self {
        self.renamed(|field| match item(field) {
            Some((index, "")) => format!("messages[{}]", first + index),
            Some((index, name)) => format!("messages[{}].{name}", first + index),
            None => field.to_owned(),
        })
    }

    /// Of the one message of a call that takes a list.
    pub(crate) fn of_one(self) -> Self {
        self.renamed(|field| match item(field) {
            Some((_, "")) => "message".to_owned(),
            Some((_, name)) => name.to_owned(),
            None => field.to_owned(),
        })
    }

    /// With its field below another one: `payload` and `to` make `payload.to`.
    pub(crate) fn below(self, prefix: &str) -> Self {
        self.renamed(|field| format!("{prefix}.{field}"))
    }

    /// Of a template, whose parts are named like fields of a payload.
    pub(crate) fn in_a_template(self) -> Self {
        self.renamed(|field| field.trim_start_matches("payload.").to_owned())
    }

    /// Of one message in a list; without a field it is the message itself that is wrong.
    pub(crate) fn of_item(mut self, index: usize) -> Self {
        let item = format!("messages[{index}]");
        match self.field {
            Some(_) => self.below(&item),
            None => {
                self.field = Some(item);
                self
            }
        }
    }

    fn renamed(self, name: impl Fn(&str) -> String) -> Self {
        Self {
            field: self.field.as_deref().map(name),
            ..self
        }
    }
}

/// The index and the rest of `messages[i].name`.
fn item(field: &str) -> Option<(usize, &str)> {
    let (index, rest) = field.strip_prefix("messages[")?.split_once(']')?;
    Some((index.parse().ok()?, rest.strip_prefix('.').unwrap_or(rest)))
}

/// The caller's word for a column, and for what is below it: in camelCase, but for two.
fn word(column: &str) -> String {
    let name = column.split(['.', '[']).next().unwrap_or_default();
    if name == "delay_ms" {
        return "delaySeconds".to_owned();
    }
    // These are options as well.
    let option = ["tags", "text"].contains(&name) || column == "template";
    if FIELDS.contains(&name) && !option {
        return format!("payload.{column}");
    }
    // Below it are the caller's own names.
    camel(name) + column.get(name.len()..).unwrap_or_default()
}

/// `run_at` as callers write it: `runAt`.
fn camel(name: &str) -> String {
    let mut word = String::new();
    let mut starts = false;
    for c in name.chars() {
        if c != '_' {
            word.push(if starts { c.to_ascii_uppercase() } else { c });
        }
        starts = c == '_';
    }
    word
}

/// `runAt` as the database writes it: `run_at`.
pub(super) fn snake(name: &str) -> String {
    let mut column = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            column.push('_');
        }
        column.push(c.to_ascii_lowercase());
    }
    column
}

/// An answer of the database in the callers' words, its times in one form.
pub(crate) fn told(answer: Value) -> Value {
    recased(answer, &camel)
}

/// A value whose fields have other names, except those below fields that others wrote.
pub(super) fn recased(value: Value, name: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::Array(items) => (items.into_iter().map(|item| recased(item, name))).collect(),
        Value::Object(fields) => {
            // Not collected: a map is sorted then, which is more code.
            let mut renamed = Map::new();
            for (key, value) in fields {
                let theirs = OTHERS.contains(&key.as_str());
                let key = name(&key);
                let value = match value {
                    value if theirs => value,
                    Value::String(text) if is_time(&key) => one_form(text).into(),
                    value => recased(value, name),
                };
                renamed.insert(key, value);
            }
            Value::Object(renamed)
        }
        other => other,
    }
}

fn is_time(key: &str) -> bool {
    let mut times = QueueMessage::TIMES
        .split(' ')
        .chain(Operation::TIMES.split(' '));
    times.any(|time| time == key)
}

/// PostgREST writes `2026-01-01T00:00:00+00:00`, Supabase Lite `2026-01-01 00:00:00+00`.
fn one_form(text: String) -> String {
    time::parse(&text).map_or(text, time::format)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_told_in_the_callers_words_but_for_what_others_wrote() {
        let answer = json!({
            "at": "2026-01-01 00:00:00+00", "lease_expires_at": null, "error": {"sent_at": 1},
            "counts": [{"run_at": "soon", "metadata": {"order_id": 7}}],
        });
        let told = told(answer);
        let expected = json!({
            "at": "2026-01-01T00:00:00.000+00:00", "leaseExpiresAt": null, "error": {"sent_at": 1},
            "counts": [{"runAt": "soon", "metadata": {"order_id": 7}}],
        });
        assert_eq!(told, expected);
        assert_eq!(recased(told, &snake)["counts"][0]["run_at"], "soon");
    }

    #[test]
    fn a_field_is_named_as_the_caller_counts_and_calls_it() {
        let said = |field: &str| QueueError::invalid(field, "").in_callers_words();
        let field = |error: QueueError| error.field.unwrap_or_default();
        for (column, alone, in_a_list) in [
            (
                "messages[3].max_attempts",
                "maxAttempts",
                "messages[2003].maxAttempts",
            ),
            ("messages[0].to", "payload.to", "messages[2000].payload.to"),
            (
                "messages[0].headers.X-Note",
                "payload.headers.X-Note",
                "messages[2000].payload.headers.X-Note",
            ),
            ("messages[1]", "message", "messages[2001]"),
            ("messages", "messages", "messages"),
            ("send_before", "sendBefore", "sendBefore"),
        ] {
            assert_eq!(field(said(column).of_one()), alone);
            assert_eq!(field(said(column).counted_from(2000)), in_a_list);
        }
    }
}
