//! Lists that another language must repeat: its copy has what ours has.

use email_queue::client::{Method, QueueProvider, call};
use email_queue::{InMemoryQueueProvider, NewMessage, QueueMessage, QueueMessageStatus, Reason};
use futures_util::FutureExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

type Names = BTreeSet<String>;

fn read(file: &str) -> String {
    fs::read_to_string(format!("{}/{file}", crate::ROOT)).unwrap()
}

/// What stands in `file` between `start` and `end`.
fn part(file: &str, start: &str, end: &str) -> String {
    let text = read(file);
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("{file}: no {start}"));
    rest.split_once(end)
        .unwrap_or_else(|| panic!("{file}: no {end}"))
        .0
        .to_owned()
}

/// The words between quotes.
fn quoted(text: &str, quote: char) -> Names {
    text.split(quote)
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The members that an interface declares, with what follows their names.
fn members(file: &str, interface: &str) -> Vec<(String, String)> {
    let body = part(file, &format!("export interface {interface}"), "\n}");
    let lines = body.lines().filter_map(|line| line.strip_prefix("  "));
    let word = |line: &str| {
        line.find(|c: char| !c.is_alphanumeric())
            .filter(|end| *end > 0)
    };
    let split = lines.filter_map(|line| word(line).map(|end| line.split_at(end)));
    split
        .map(|(name, rest)| (name.to_owned(), rest.to_owned()))
        .collect()
}

fn names_of(file: &str, interface: &str) -> Names {
    members(file, interface)
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

/// What a type takes, as it says when it gets something else.
fn expected<T: DeserializeOwned>(other: Value) -> Names {
    let error = serde_json::from_value::<T>(other)
        .err()
        .unwrap()
        .to_string();
    quoted(error.split_once("expected").unwrap().1, '`')
}

const QUEUE: &str = "src/js/queue.d.ts";
const MESSAGES: &str = "src/js/messages.d.ts";
const OPERATIONS: &str = "src/js/operations.d.ts";

#[test]
fn the_settings_are_those_of_the_database() {
    let table = part(
        "supabase/schemas/10_tables/setting.sql",
        "primary key default true,",
        "constraint setting_singleton",
    );
    let columns = table
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let camel = |column: &str| {
        let mut words = column.split('_').map(str::to_owned);
        let first = words.next().unwrap();
        let later = words.map(|word| word[..1].to_uppercase() + &word[1..]);
        first + &later.collect::<String>()
    };
    assert_eq!(
        names_of(OPERATIONS, "Settings"),
        columns.map(camel).collect()
    );
}

#[test]
fn the_methods_are_those_of_the_types() {
    let ours = Method::ALL.iter().map(|method| {
        let name = format!("{method:?}");
        let (first, rest) = name.split_at(1);
        first.to_lowercase() + rest
    });
    let theirs = &names_of(QUEUE, "QueueProvider") | &names_of(OPERATIONS, "QueueOperations");
    assert_eq!(theirs, ours.collect());
}

#[test]
fn the_options_of_enqueue_are_those_of_the_types() {
    let theirs = &names_of(MESSAGES, "NewMessage") | &names_of(MESSAGES, "EnqueueOptions");
    assert_eq!(theirs, expected::<NewMessage>(json!({"": 0})));
}

#[test]
fn a_message_and_its_times_are_those_of_the_types() {
    let queue = InMemoryQueueProvider::new();
    let payload = json!({"from": "a@b.example", "to": "c@d.example", "subject": "S", "text": "T"});
    let message = async {
        let message = queue
            .enqueue(NewMessage {
                payload,
                ..NewMessage::default()
            })
            .await?;
        call(&queue, Method::GetMessage, vec![message.id.into()]).await
    };
    let message = message.now_or_never().unwrap().unwrap();
    let mut ours: Names = message.as_object().unwrap().keys().cloned().collect();
    // Only a database that nothing calls gives it.
    ours.insert("notice".to_owned());
    assert_eq!(names_of(MESSAGES, "QueueMessage"), ours);
    let times = members(MESSAGES, "QueueMessage")
        .into_iter()
        .filter(|(_, kind)| kind.contains("Date"));
    let times: Names = times.map(|(name, _)| name).collect();
    let ours = QueueMessage::TIMES.split(' ').map(str::to_owned);
    assert_eq!(times, ours.collect());
}

#[test]
fn the_statuses_are_those_of_the_package() {
    let ours: Names = QueueMessageStatus::ALL
        .map(|it| it.as_str().to_owned())
        .into();
    let theirs = part(
        "src/js/queue.js",
        "QueueMessageStatus = Object.freeze({",
        "}",
    );
    assert_eq!(quoted(&theirs, '"'), ours);
    let theirs = part(QUEUE, "export declare const QueueMessageStatus", "}");
    assert_eq!(quoted(&theirs, '"'), ours);
}

#[test]
fn the_reasons_are_those_of_the_types_and_of_the_database() {
    let ours = expected::<Reason>(json!("?"));
    assert_eq!(
        quoted(&part(MESSAGES, "type FailureReason =", ";"), '"'),
        ours
    );
    let theirs = part(
        "supabase/schemas/10_tables/message.sql",
        "'^(failed/(",
        ")|cancelled/",
    );
    assert_eq!(
        theirs.split('|').map(str::to_owned).collect::<Names>(),
        ours
    );
    let queue = InMemoryQueueProvider::new();
    let wrong = call(
        &queue,
        Method::ListDeadLetters,
        vec![json!({"reason": "?"})],
    );
    let error = wrong.now_or_never().unwrap().unwrap_err().message;
    let said = error
        .trim_start_matches("must be ")
        .split([',', ' '])
        .filter(|it| !["", "or"].contains(it));
    assert_eq!(said.map(str::to_owned).collect::<Names>(), ours);
}
