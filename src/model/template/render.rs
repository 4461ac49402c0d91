//! A part of an e-mail from its steps and variables.

use super::compile::{Condition, Part, Step, Test};
use super::context::written;
use crate::base::QueueError;
use crate::base::limits::{MAX_RENDERED, MAX_URL_VALUE};
use serde_json::{Map, Value};

pub(super) fn render(
    part: Part,
    steps: &[Step],
    variables: &Map<String, Value>,
) -> Result<String, QueueError> {
    let mut text = String::new();
    let mut length = 0;
    // Of each open condition: whether its present branch is taken, and whether one was.
    let mut open: Vec<(bool, bool)> = Vec::new();
    for step in steps {
        let taken = open.iter().all(|(now, _)| *now);
        let piece = match step {
            Step::Text(piece) if taken => piece.clone(),
            Step::Put { path, url } if taken => {
                let field = || format!("variables.{}", path.join("."));
                let value = find(variables, path);
                let mut value = match value {
                    Some(Value::String(value)) => value.clone(),
                    Some(Value::Number(value)) => value.to_string(),
                    Some(Value::Bool(value)) => value.to_string(),
                    None | Some(Value::Null) => {
                        return Err(QueueError::invalid(field(), "is missing"));
                    }
                    Some(_) => {
                        let why = "must be a text, a number or a boolean";
                        return Err(QueueError::invalid(field(), why));
                    }
                };
                if let Some(spot) = url {
                    value = written(&value, *spot, MAX_URL_VALUE).ok_or_else(|| {
                        let why = "must be an address with http, https, mailto or tel, of at most 4096 characters";
                        QueueError::invalid(field(), why)
                    })?;
                }
                match part {
                    Part::Html => escaped(&value),
                    Part::Subject | Part::Text => value,
                }
            }
            Step::Text(_) | Step::Put { .. } => continue,
            Step::If(condition) => {
                let holds = holds(condition, variables);
                open.push((holds, holds));
                continue;
            }
            Step::ElseIf(_) | Step::Else => {
                let holds = match step {
                    Step::ElseIf(condition) => holds(condition, variables),
                    _ => true,
                };
                if let Some((now, been)) = open.last_mut() {
                    *now = holds && !*been;
                    *been |= holds;
                }
                continue;
            }
            Step::End => {
                open.pop();
                continue;
            }
        };
        length += piece.chars().count();
        let why = "would have more than 1000000 characters";
        QueueError::unless(length <= MAX_RENDERED, part.name(), why)?;
        text.push_str(&piece);
    }
    Ok(match part {
        Part::Subject => on_one_line(&text),
        Part::Html | Part::Text => text,
    })
}

fn find<'a>(variables: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let value = variables.get(first)?;
    rest.iter()
        .try_fold(value, |value, name| value.as_object()?.get(name))
}

/// As in Go: nothing, false, 0 and what is empty count as no.
fn holds(Condition { path, test }: &Condition, variables: &Map<String, Value>) -> bool {
    let value = find(variables, path);
    let set = || match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
    };
    let text = || match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    match test {
        Test::Set => set(),
        Test::Not => !set(),
        Test::Equal(wanted) => text() == *wanted,
        Test::Other(wanted) => text() != *wanted,
    }
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            c => text.push(c),
        }
    }
    text
}

fn on_one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}';
    let mut line = String::with_capacity(text.len());
    let mut after = false;
    for c in text.chars() {
        let is_break = breaks(c);
        if !is_break {
            line.push(c);
        } else if !after {
            line.push(' ');
        }
        after = is_break;
    }
    line.trim_matches(' ').to_owned()
}
