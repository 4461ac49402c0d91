//! A part of a template as a list of steps: texts, which are copied, values and conditions. A value is never read as a template.

use super::context::{OpenTag, Spot};
use crate::base::QueueError;
use crate::base::limits::{MAX_NESTING, MAX_SHOWN, MAX_TEMPLATE_TAGS};
use std::fmt::Write;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Subject,
    Html,
    Text,
}

impl Part {
    pub fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Html => "html",
            Self::Text => "text",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Text(String),
    Put {
        path: Vec<String>,
        url: Option<Spot>,
    },
    If(Condition),
    ElseIf(Condition),
    Else,
    End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub path: Vec<String>,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    Set,
    Not,
    Equal(String),
    Other(String),
}

pub(super) fn compile(part: Part, source: &str) -> Result<Vec<Step>, QueueError> {
    let mut steps = Vec::new();
    let mut open_tag = OpenTag::default();
    let mut line = 1;
    // Of each open condition, whether its else has come.
    let mut open: Vec<bool> = Vec::new();
    let mut pieces = source.split("{{");
    let tags = pieces.clone().count().saturating_sub(1);
    let why = "has more than 1000 tags";
    QueueError::unless(tags <= MAX_TEMPLATE_TAGS, part.name(), why)?;
    let first = pieces.next().unwrap_or_default();
    copy(first, &mut steps, &mut open_tag, &mut line);
    for piece in pieces {
        let fault = |tag: &str, why: &str| {
            let mut message = format!("line {line}: {{{{");
            let shown: String = tag.chars().take(60).collect();
            // To a text that cannot fail.
            let _ = write!(message, "{shown}}}}} {why}");
            QueueError::invalid(part.name(), message)
        };
        let Some((tag, mut text)) = piece.split_once("}}") else {
            let tag = piece.lines().next().unwrap_or_default();
            return Err(fault(tag, "has no }}"));
        };
        let mut inner = tag;
        if let Some(rest) = inner.strip_prefix("- ") {
            inner = rest;
            if let Some(Step::Text(before)) = steps.last_mut() {
                before.truncate(before.trim_end().len());
            }
        }
        if let Some(rest) = inner.strip_suffix(" -") {
            inner = rest;
            text = text.trim_start();
        }
        let step = read_tag(inner.trim()).map_err(|why| fault(tag, why))?;
        if part == Part::Html {
            open_tag.bounded().map_err(|why| fault(tag, why))?;
        }
        let step = match step {
            Some(Step::Put { path, url }) if part == Part::Html => {
                let here = open_tag.put().map_err(|why| fault(tag, why))?;
                Some(Step::Put {
                    path,
                    url: url.or(here),
                })
            }
            step => step,
        };
        match &step {
            Some(Step::If(_)) => {
                open.push(false);
                if open.len() > MAX_NESTING {
                    return Err(fault(tag, "is nested more than 8 deep"));
                }
            }
            Some(Step::ElseIf(_) | Step::Else) => match open.last_mut() {
                None => return Err(fault(tag, "belongs to no if")),
                Some(true) => return Err(fault(tag, "comes after an else")),
                Some(over) => *over = matches!(step, Some(Step::Else)),
            },
            Some(Step::End) if open.pop().is_none() => return Err(fault(tag, "belongs to no if")),
            _ => {}
        }
        line += tag.matches('\n').count();
        steps.extend(step);
        copy(text, &mut steps, &mut open_tag, &mut line);
    }
    QueueError::unless(
        open.is_empty(),
        part.name(),
        "has an {{ if }} without {{ end }}",
    )?;
    Ok(steps)
}

fn copy(text: &str, steps: &mut Vec<Step>, open_tag: &mut OpenTag, line: &mut usize) {
    *line += text.matches('\n').count();
    open_tag.follow(text);
    if !text.is_empty() {
        steps.push(Step::Text(text.to_owned()));
    }
}

/// One tag without its braces; `None` is a comment.
fn read_tag(tag: &str) -> Result<Option<Step>, &'static str> {
    if tag.starts_with('!') || tag.starts_with("/*") && tag.ends_with("*/") {
        return Ok(None);
    }
    let words: Vec<&str> = tag.split_whitespace().collect();
    Ok(Some(match words.as_slice() {
        ["end" | "/if"] => Step::End,
        ["else"] => Step::Else,
        ["if" | "#if", rest @ ..] => Step::If(condition(tag, rest)?),
        ["else", "if", rest @ ..] => Step::ElseIf(condition(tag, rest)?),
        ["url", name] => put(name, Some(Spot::Whole))?,
        ["urlquery", name] => put(name, Some(Spot::Query))?,
        [name] => put(name, None)?,
        _ => return Err(UNKNOWN),
    }))
}

const UNKNOWN: &str = "is not known: use a name, if, else, end, url or urlquery";
const NO_CONDITION: &str =
    "is no condition: use if name, if not name, if eq name \"text\" or if ne name \"text\"";

fn put(name: &str, url: Option<Spot>) -> Result<Step, &'static str> {
    let path = path(name).ok_or(UNKNOWN)?;
    Ok(Step::Put { path, url })
}

fn condition(tag: &str, words: &[&str]) -> Result<Condition, &'static str> {
    let (name, test) = match words {
        [name] => (name, Test::Set),
        ["not", name] => (name, Test::Not),
        [word @ ("eq" | "ne"), name, _, ..] => {
            let quoted = tag
                .split_once('"')
                .and_then(|(_, rest)| rest.strip_suffix('"'));
            let value = quoted
                .filter(|value| !value.contains('"'))
                .ok_or(NO_CONDITION)?;
            let value = value.to_owned();
            let test = if *word == "eq" {
                Test::Equal(value)
            } else {
                Test::Other(value)
            };
            (name, test)
        }
        _ => return Err(NO_CONDITION),
    };
    let path = path(name).ok_or(NO_CONDITION)?;
    Ok(Condition { path, test })
}

/// A point before a name is Supabase Auth's way of writing.
fn path(name: &str) -> Option<Vec<String>> {
    let name = name.strip_prefix('.').unwrap_or(name);
    let is_name = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        word.chars().all(plain)
            && !word.is_empty()
            && !word.starts_with(|c: char| c.is_ascii_digit())
    };
    let fits = name.len() <= MAX_SHOWN && name.split('.').all(is_name);
    fits.then(|| name.split('.').map(str::to_owned).collect())
}
