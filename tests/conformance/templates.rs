//! The same templates and variables to the queue in memory and to the database: both show the same, or refuse the same in the same words.

use crate::database::Database;
use email_queue::model::Queue;
use email_queue::protocol::NewTemplate;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};

const PIECES: &[&str] = &[
    "{{ a }}",
    "{{.b}}",
    "{{ o.x }}",
    "{{ .o.y.z }}",
    "{{ missing }}",
    "{{- a -}}",
    "{{ url u }}",
    "{{ urlquery u }}",
    "{{ a b }}",
    "{{! note }}",
    "{{/* note */}}",
    "{{ 1a }}",
    "{{ if a }}",
    "{{#if b}}",
    "{{ if not o.y }}",
    "{{ if eq a \"x & y\" }}",
    "{{ if ne n \"7\" }}",
    "{{ if eq a b }}",
    "{{ else }}",
    "{{ else if b }}",
    "{{ end }}",
    "{{ end }}",
    "{{/if}}",
    "{{",
    "}}",
    "{",
    "  ",
    "\n",
    "é",
    "it's ",
    "<p>",
    "</p>",
    "<p title=\"",
    "<a href=\"",
    "<a href='",
    " HREF = \"",
    "https://x.example/",
    "?q=",
    "\">",
    "'>",
    "\"",
    ">",
    "<",
    "<script>",
    "<scripts>",
    "<p onclick=\"",
    "<style>",
    "</STYLE>",
    "</script>",
    " < ",
    "<iframe srcdoc='",
    "<meta content=\"",
    "<!-- ",
    "</",
];

fn variables() -> Vec<Value> {
    vec![
        json!({}),
        json!({"a": "x & y", "b": "", "o": {"x": 7.5, "y": {"z": true}}, "u": "https://a.example/?x=1&y=<é>", "n": 7}),
        json!({"a": "<\"'>\r\n\u{2028}{{ b }}", "b": 0, "o": {"x": "", "y": []}, "u": "javascript:alert(1)", "n": "7"}),
        json!({"a": " data:x", "b": [], "o": 1, "u": "/path#a:b", "n": null}),
        json!({"a": {"x": 1}, "b": false, "o": {"x": null, "y": {"z": {}}}, "u": "TEL:1 2", "n": -1e-7}),
    ]
}

#[test]
fn a_template_is_read_and_rendered_alike() {
    let Some(database) = Database::connect() else {
        return;
    };
    let config = Config {
        cases: 1500,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let (database, shown) = (RefCell::new(database), Cell::new(0));
    let memory = RefCell::new(Queue::default());
    let source = || proptest::collection::vec(select(PIECES), 1..9).prop_map(|it| it.concat());
    let all = (source(), source(), select(variables()));
    runner
        .run(&all, |(subject, body, variables)| {
            let template = NewTemplate {
                name: "random".to_owned(),
                subject: Some(if body.len() % 2 == 0 {
                    subject
                } else {
                    "S".to_owned()
                }),
                html: Some(body.clone()),
                text: Some(body),
                ..NewTemplate::default()
            };
            let mut memory = memory.borrow_mut();
            let put = memory.put_template(&template);
            let in_memory = put.and_then(|_| memory.render("random", None, &variables));
            let in_memory = in_memory
                .map(|it| json!([it.subject, it.html, it.text]))
                .map_err(|error| {
                    let field = error.field.unwrap_or_default();
                    format!("email_queue: {field}: {}", error.message)
                });
            let in_database = database.borrow_mut().rendered(&template, &variables);
            shown.set(shown.get() + usize::from(in_memory.is_ok()));
            let in_database = in_database.map(|it| json!([it["subject"], it["html"], it["text"]]));
            prop_assert_eq!(in_memory, in_database, "{:?}", template);
            Ok(())
        })
        .unwrap();
    assert!(shown.get() > 100, "{} of them are shown", shown.get());
}
