//! Postgres' `@>` for two values of `jsonb`: the search by metadata, for the queue in memory.

use serde_json::Value;

/// Whether metadata has what is looked for. To look for nothing finds all.
pub(crate) fn has(own: Option<&Value>, wanted: Option<&Value>) -> bool {
    match (own, wanted) {
        (_, None | Some(Value::Null)) => true,
        (None, _) => false,
        (Some(own), Some(wanted)) => contains(own, wanted),
    }
}

/// `outer @> inner`. Members and items can be more than asked for, items in any order and number. At the outermost level,
/// and there only, a list contains a bare value that is one of its items.
fn contains(outer: &Value, inner: &Value) -> bool {
    match (outer, inner) {
        (Value::Array(items), inner) if !inner.is_array() && !inner.is_object() => {
            items.iter().any(|item| within(item, inner))
        }
        _ => within(outer, inner),
    }
}

fn within(outer: &Value, inner: &Value) -> bool {
    match (outer, inner) {
        (Value::Object(members), Value::Object(wanted)) => (wanted.iter())
            .all(|(name, inner)| members.get(name).is_some_and(|outer| within(outer, inner))),
        (Value::Array(items), Value::Array(wanted)) => {
            (wanted.iter()).all(|inner| items.iter().any(|outer| within(outer, inner)))
        }
        // Postgres keeps 1 and 1.0 as the same number.
        (Value::Number(outer), Value::Number(inner)) => {
            outer == inner || outer.is_f64() != inner.is_f64() && outer.as_f64() == inner.as_f64()
        }
        _ => outer == inner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// `tests/conformance` asks PostgreSQL about the same list.
    const TABLE: &str = include_str!("../../tests/fixtures/containment.json");

    #[test]
    fn contains_what_postgres_says() {
        let cases: Vec<(Value, Value, bool)> = serde_json::from_str(TABLE).unwrap_or_default();
        assert!(cases.len() > 30);
        for (outer, inner, expected) in cases {
            assert_eq!(contains(&outer, &inner), expected, "{outer} @> {inner}");
        }
    }

    #[test]
    fn nothing_is_found_where_there_is_no_metadata_and_all_where_nothing_is_looked_for() {
        let (own, wanted) = (json!({"order": 7}), json!({}));
        assert!(has(Some(&own), Some(&wanted)));
        assert!(!has(None, Some(&wanted)));
        for nothing in [None, Some(&Value::Null)] {
            assert!(has(Some(&own), nothing) && has(None, nothing));
        }
    }
}
