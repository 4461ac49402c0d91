//! The search by metadata: what contains what, in memory as in PostgreSQL.

use crate::database::Database;
use crate::memory::Memory;
use crate::subject::{Subject, email};
use email_queue::protocol::NewMessage;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Map, Value, json};
use std::cell::Cell;

/// The unit tests ask the queue in memory about the same list.
const TABLE: &str = include_str!("../fixtures/containment.json");

#[test]
fn postgres_says_what_the_table_says() {
    let Some(mut database) = Database::connect() else {
        return;
    };
    let cases: Vec<(Value, Value, bool)> = serde_json::from_str(TABLE).unwrap();
    for (outer, inner, expected) in cases {
        let answer = database.contains(&outer, &inner);
        assert_eq!(answer, expected, "{outer} @> {inner}");
    }
}

#[test]
fn random_searches_find_the_same_in_memory_and_in_the_database() {
    if Database::connect().is_none() {
        return;
    }
    let config = Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let (searches, found) = (Cell::new(0), Cell::new(0));
    let stored = proptest::collection::vec(proptest::option::weighted(0.9, object()), 1..6);
    let parts = proptest::collection::vec((any::<usize>(), any::<u64>()), 1..8);
    runner
        .run(&(stored, parts), |(stored, parts)| {
            let (mut memory, mut database) = (Memory::default(), Database::connect().unwrap());
            let mut sides = [&mut memory as &mut dyn Subject, &mut database].map(|side| {
                let ids = side.put(&messages(&stored));
                (side, ids)
            });
            for (which, choice) in parts {
                let Some(whole) = &stored[which % stored.len()] else {
                    continue;
                };
                let wanted = part(whole, &mut Choice(choice));
                if !wanted.is_object() {
                    continue;
                }
                let [memory, database] = sides
                    .each_mut()
                    .map(|(side, ids)| places(*side, ids, &wanted));
                searches.set(searches.get() + 1);
                found.set(found.get() + memory.len());
                prop_assert_eq!(memory, database, "{} in {:?}", wanted, stored);
            }
            Ok(())
        })
        .unwrap();
    let (searches, found) = (searches.get(), found.get());
    assert!(
        found > searches / 2 && searches > 100,
        "{searches} searches found {found}"
    );
}

fn messages(stored: &[Option<Value>]) -> Vec<NewMessage> {
    let with = |(index, metadata): (usize, &Option<Value>)| NewMessage {
        metadata: metadata.clone(),
        ..email(index)
    };
    stored.iter().enumerate().map(with).collect()
}

/// Which of the messages are found, the newest first.
fn places(side: &mut dyn Subject, ids: &[String], wanted: &Value) -> Vec<Option<usize>> {
    let found = side.search(wanted).into_iter();
    found
        .map(|message| ids.iter().position(|id| *id == message.id))
        .collect()
}

/// Few names and values, so that they meet.
fn object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3).prop_map(Value::from),
        prop_oneof![Just(1.0), Just(0.5)].prop_map(Value::from),
        "[ab]{0,1}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            members(inner).prop_map(Value::from),
        ]
    });
    members(value).prop_map(Value::from)
}

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::btree_map("[abc]", value, 0..4)
        .prop_map(|members| members.into_iter().collect())
}

/// Draws bits, and zeros once there are none.
struct Choice(u64);

impl Choice {
    fn one_in(&mut self, n: u64) -> bool {
        let drawn = self.0 % n == n - 1;
        self.0 /= n;
        drawn
    }
}

/// A part of a value, with a change now and then.
fn part(whole: &Value, choice: &mut Choice) -> Value {
    match whole {
        _ if choice.one_in(12) => json!([1]),
        Value::Object(members) => {
            let mut kept = Map::new();
            for (name, value) in members {
                if !choice.one_in(3) {
                    kept.insert(name.clone(), part(value, choice));
                }
            }
            Value::Object(kept)
        }
        Value::Array(items) => {
            let mut kept = Vec::new();
            for item in items.iter().rev() {
                if !choice.one_in(3) {
                    kept.push(part(item, choice));
                }
            }
            Value::Array(kept)
        }
        Value::Number(number) if choice.one_in(2) => json!(number.as_f64()),
        leaf => leaf.clone(),
    }
}
