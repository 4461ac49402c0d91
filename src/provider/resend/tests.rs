//! The table against a fixture written by hand, and what holds of every answer.

mod answers;
mod properties;

use super::RESEND;
use crate::protocol::Endpoint;
use crate::provider::{Context, MemberOutcome, NoAnswer, Outcome, RateHints, Reply, Scope};
use serde::Deserialize;
use std::time::Duration;

fn classify(reply: &Reply, context: &Context) -> (Outcome, RateHints) {
    RESEND.classify(reply, context)
}

#[derive(Deserialize)]
struct Fixture {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    status: u16,
    #[serde(default)]
    name: Option<String>,
    /// The body's text, if it matters.
    #[serde(default)]
    message: Option<String>,
    /// The body, if it is not the usual JSON.
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    templated: bool,
    #[serde(default)]
    retry_after: Option<u32>,
    class: String,
    first: Expected,
    replay: Expected,
}

#[derive(Deserialize)]
struct Expected {
    single: String,
    batch: String,
}

impl Row {
    fn reply(&self) -> Reply {
        let json = serde_json::json!({
            "statusCode": self.status, "name": self.name, "message": self.message.as_deref().unwrap_or("The provider's words"),
        });
        let headers = self
            .retry_after
            .map(|wait| ("Retry-After".into(), wait.to_string()));
        Reply::Answered {
            status: self.status,
            headers: headers.into_iter().collect(),
            body: self
                .text
                .clone()
                .unwrap_or_else(|| json.to_string())
                .into_bytes(),
        }
    }

    fn classify(&self, endpoint: Endpoint, members: usize, possibly_sent: bool) -> Outcome {
        let context = Context {
            endpoint,
            members,
            possibly_sent,
            templated: self.templated,
            utc_seconds_of_day: 12 * 60 * 60,
        };
        classify(&self.reply(), &context).0
    }
}

fn rows() -> Vec<Row> {
    let fixture = include_str!("../../../tests/fixtures/outcomes.json");
    serde_json::from_str::<Fixture>(fixture).unwrap().rows
}

/// An outcome in the words of the fixture.
fn describe(outcome: &Outcome) -> String {
    let scope_word = |scope: &Scope| match scope {
        Scope::Queue => "queue",
        Scope::SenderDomain => "sender_domain",
    };
    match outcome {
        Outcome::Answered(_) => "answered".into(),
        Outcome::Rejected(_) => "rejected".into(),
        Outcome::Isolate(_) => "isolate".into(),
        Outcome::Refused(_) => "refused".into(),
        Outcome::PossiblySent(_) => "possibly sent".into(),
        Outcome::Misconfigured { scope, .. } => format!("misconfigured {}", scope_word(scope)),
        Outcome::Throttled {
            cooldown, pause, ..
        } => {
            let pause = if *pause { ", pause" } else { "" };
            format!("throttled {}s{pause}", cooldown.as_secs())
        }
        Outcome::Unknown {
            counted,
            soon,
            cooldown,
            pause,
            misconfigured,
            ..
        } => [
            Some("frozen".to_owned()),
            Some(if *counted { "counted" } else { "free" }.to_owned()),
            soon.then(|| "soon".to_owned()),
            cooldown.map(|cooldown| format!("cooldown {}s", cooldown.as_secs())),
            pause.then(|| "pause".to_owned()),
            misconfigured.map(|scope| format!("misconfigured {}", scope_word(&scope))),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", "),
    }
}

#[test]
fn every_row_of_the_table_means_what_the_documents_say() {
    for row in rows() {
        for (possibly_sent, expected) in [(false, &row.first), (true, &row.replay)] {
            let cases = [
                (Endpoint::Single, 1, &expected.single),
                // Alone in a batch, a message is as easily told from others as by itself.
                (Endpoint::Batch, 1, &expected.single),
                (Endpoint::Batch, 3, &expected.batch),
            ];
            for (endpoint, members, expected) in cases {
                let outcome = row.classify(endpoint, members, possibly_sent);
                let (status, name) = (row.status, &row.name);
                assert_eq!(
                    &describe(&outcome),
                    expected,
                    "{status} {name:?}, {members} by {endpoint:?}, possibly sent: {possibly_sent}"
                );
            }
        }
    }
}

#[test]
fn every_row_keeps_the_providers_words() {
    for row in rows() {
        let outcome = row.classify(Endpoint::Single, 1, false);
        let error = outcome.error().unwrap();
        assert_eq!(
            serde_json::to_value(error.class()).unwrap(),
            row.class,
            "{}",
            row.status
        );
        assert_eq!(error.status(), Some(row.status));
        assert_eq!(error.name(), row.name.as_deref());
        assert!(
            row.text.is_some()
                || row.message.is_some()
                || error.message() == "The provider's words"
        );
    }
}
