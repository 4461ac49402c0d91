//! What a step expects: names filled in, and an answer compared with a pattern. `pattern.mjs` does the same.

use serde_json::Value;
use std::collections::BTreeMap;

pub type Names = BTreeMap<String, Value>;

/// `"$new[0].id"` is what was kept as `new`; `"$type:b"` goes on after the name.
pub fn filled(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(text) => reference(text, names).unwrap_or_else(|| value.clone()),
        Value::Array(items) => items.iter().map(|item| filled(item, names)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, inner)| (key_of(key, names), filled(inner, names)))
            .collect(),
        other => other.clone(),
    }
}

fn key_of(key: &str, names: &Names) -> String {
    let filled = reference(key, names);
    filled
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_else(|| key.to_owned())
}

fn reference(text: &str, names: &Names) -> Option<Value> {
    let rest = text.strip_prefix('$')?;
    let (rest, suffix) = rest
        .split_once(':')
        .map_or((rest, None), |(rest, suffix)| (rest, Some(suffix)));
    let path = rest.replace('[', ".").replace(']', "");
    let mut steps = path.split('.');
    let mut value = names.get(steps.next()?)?;
    for step in steps {
        value = match step.parse::<usize>() {
            Ok(index) => value.get(index)?,
            Err(_) => value.get(step)?,
        };
    }
    match (value, suffix) {
        (Value::String(text), Some(suffix)) => Some(Value::String(format!("{text}:{suffix}"))),
        _ => Some(value.clone()),
    }
}

/// Where an answer is not as expected. Of an object only the named members are compared; a list has as many.
pub fn difference(expected: &Value, answer: &Value, names: &Names) -> Option<String> {
    let is = |holds: bool| (!holds).then(|| format!("{answer} is not {expected}"));
    match (expected, answer) {
        (Value::String(pattern), _) if pattern.starts_with('$') => match pattern.as_str() {
            "$uuid" => is(answer
                .as_str()
                .is_some_and(|text| text.len() == 36 && text.split('-').count() == 5)),
            "$time" => is(answer
                .as_str()
                .is_some_and(|text| text.len() == 29 && text.contains('T'))),
            "$text" => is(answer.as_str().is_some_and(|text| !text.is_empty())),
            "$number" => is(answer.as_f64().is_some_and(|number| number > 0.0)),
            _ => is(reference(pattern, names).as_ref() == Some(answer)),
        },
        (Value::Object(members), Value::Object(given)) => {
            members.iter().find_map(|(key, inner)| {
                let key = key_of(key, names);
                if inner == "$absent" {
                    return given
                        .get(&key)
                        .map(|value| format!("{key} is {value}, not absent"));
                }
                let difference = difference(inner, given.get(&key).unwrap_or(&Value::Null), names)?;
                Some(format!("{key}: {difference}"))
            })
        }
        (Value::Array(items), Value::Array(given)) => {
            if items.len() != given.len() {
                return Some(format!("{} items, not {}", given.len(), items.len()));
            }
            items
                .iter()
                .zip(given)
                .enumerate()
                .find_map(|(index, (item, given))| {
                    Some(format!("[{index}]: {}", difference(item, given, names)?))
                })
        }
        (Value::Number(a), Value::Number(b)) => is(a.as_f64() == b.as_f64()),
        _ => is(expected == answer),
    }
}
