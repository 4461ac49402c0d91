//! Names an error's field as the caller did, not as the database does.

use crate::base::QueueError;
use crate::email::FIELDS;

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
    let mut word = String::new();
    let mut starts = false;
    for c in name.chars() {
        if c != '_' {
            word.push(if starts { c.to_ascii_uppercase() } else { c });
        }
        starts = c == '_';
    }
    // Below it are the caller's own names.
    word + column.get(name.len()..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
