//! The shared cases of `tests/client/cases`, over the queue in memory and over a project's queue through PostgREST.
//!
//! The project is that of `EMAIL_QUEUE_URL` and `EMAIL_QUEUE_KEY` (`tests/client/native.mjs` starts one). Without them only
//! the queue in memory is tested, and with `EMAIL_QUEUE_REQUIRE_PROJECT` set too, the project's test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pattern;

use email_queue::base::QueueError;
use email_queue::client::{Method, QueueProvider, SupabaseQueueProvider, call};
use email_queue::model::InMemoryQueueProvider;
use pattern::{Names, difference};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a step with `until` may take.
const LIMIT: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
struct Case {
    name: String,
    steps: Vec<Step>,
}

/// See `tests/client/README.md`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    call: String,
    with: Vec<Value>,
    #[serde(rename = "as")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    gives: Option<Value>,
    until: Option<Value>,
    fails: Option<String>,
    sweeping: Option<String>,
}

/// `"gives": null` is not the same as none.
fn present<'de, D: serde::Deserializer<'de>>(given: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(given).map(Some)
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/client/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let read = |file: &std::path::PathBuf| -> Vec<Case> {
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    };
    files.iter().flat_map(read).collect()
}

async fn run(queue: &impl QueueProvider, case: &Case, kind: String) -> Result<(), String> {
    let mut names = Names::from([("type".to_owned(), Value::String(kind))]);
    for (number, step) in case.steps.iter().enumerate() {
        let fault = |what: String| format!("{}: step {number}, {}: {what}", case.name, step.call);
        take(queue, step, &mut names).await.map_err(fault)?;
    }
    Ok(())
}

async fn take(queue: &impl QueueProvider, step: &Step, names: &mut Names) -> Result<(), String> {
    let arguments: Vec<Value> = step
        .with
        .iter()
        .map(|value| pattern::filled(value, names))
        .collect();
    let began = Instant::now();
    loop {
        if let Some(kind) = &step.sweeping {
            let kind = pattern::filled(&json!(kind), names);
            call(queue, Method::Dequeue, vec![json!({"types": [kind]})])
                .await
                .map_err(|e| e.to_string())?;
        }
        let answer = call(queue, method(&step.call), arguments.clone()).await;
        if let Some(field) = &step.fails {
            return refused(answer, field);
        }
        let answer = answer.map_err(|error| format!("{error:?}"))?;
        if let Some(name) = &step.name {
            names.insert(name.clone(), answer.clone());
        }
        let expected = step.until.as_ref().or(step.gives.as_ref());
        let Some(difference) = expected.and_then(|expected| difference(expected, &answer, names))
        else {
            return Ok(());
        };
        if step.until.is_none() || began.elapsed() > LIMIT {
            return Err(format!("{difference} in {answer}"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn method(name: &str) -> Method {
    let named = |method: &&Method| format!("{method:?}").to_lowercase() == name.to_lowercase();
    *Method::ALL.iter().find(named).expect(name)
}

fn refused(answer: Result<Value, QueueError>, field: &str) -> Result<(), String> {
    match answer {
        Err(error)
            if error.code.as_str() == "invalid_input" && error.field.as_deref() == Some(field) =>
        {
            Ok(())
        }
        other => Err(format!("not refused for {field}: {other:?}")),
    }
}

async fn run_all(queue: &impl QueueProvider) {
    // Several runs can meet in one database.
    let run_id = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_millis();
    let mut faults = Vec::new();
    let cases = cases();
    for (index, case) in cases.iter().enumerate() {
        faults.extend(
            run(queue, case, format!("rust-{run_id}-{index}"))
                .await
                .err(),
        );
    }
    assert!(
        faults.is_empty(),
        "{} of {} cases failed:\n{}",
        faults.len(),
        cases.len(),
        faults.join("\n")
    );
    println!("{} cases", cases.len());
}

#[tokio::test]
async fn in_memory() {
    run_all(&InMemoryQueueProvider::new()).await;
}

#[tokio::test]
async fn over_postgrest() {
    let variable = |name| std::env::var(name).ok();
    let (Some(url), Some(key)) = (variable("EMAIL_QUEUE_URL"), variable("EMAIL_QUEUE_KEY")) else {
        assert!(
            variable("EMAIL_QUEUE_REQUIRE_PROJECT").is_none(),
            "EMAIL_QUEUE_URL and EMAIL_QUEUE_KEY are not set"
        );
        println!("not run: EMAIL_QUEUE_URL and EMAIL_QUEUE_KEY are not set");
        return;
    };
    run_all(&SupabaseQueueProvider::new(&url, &key).unwrap()).await;
}
