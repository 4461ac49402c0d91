//! What the test must find, in small trees.

use crate::rules;
use crate::source::Files;
use crate::table::Tables;

const TABLES: &str = "
| wall | may import |
|---|---|
| `base` | |
| `email` | `base` |
| `worker` | `base`, `email` |
| `io` | `worker` |

| name | files |
|---|---|
| `serde` | every file |
| `postgrest` | `io/rpc.rs` |
| `std::time::Instant`, `println!` | none |

| pure | but for |
|---|---|
| `base/`, `email/`, `worker/` | `worker/driver.rs` |
";

const TREE: [(&str, &str); 8] = [
    (
        "lib.rs",
        "pub mod base; pub mod email; pub mod worker; pub mod io; pub use worker::Run;",
    ),
    ("base/mod.rs", "mod error; mod time; pub use error::Error;"),
    (
        "base/error.rs",
        "use super::time::Span; pub struct Error(Span);",
    ),
    ("base/time.rs", "pub struct Span(u64);"),
    (
        "email/mod.rs",
        "use crate::base::Error; pub struct Email(Error);",
    ),
    (
        "worker/mod.rs",
        "mod driver; mod state; pub use driver::drive; pub use state::Run; use crate::base::Error; struct Why(Error);",
    ),
    (
        "worker/state.rs",
        "use crate::email::Email; pub struct Run(Email);",
    ),
    (
        "worker/driver.rs",
        "pub async fn drive(run: super::Run) { drop(run); }",
    ),
];
const IO: [(&str, &str); 2] = [
    ("io/mod.rs", "mod rpc;"),
    (
        "io/rpc.rs",
        "use postgrest::Postgrest; pub struct Rpc(Postgrest); fn f(run: crate::worker::Run) { drop(run) }",
    ),
];

const DEPENDENCIES: [&str; 2] = ["serde", "postgrest"];

fn faults_with(planted: &[(&str, &str)], dependencies: &[&str], tables: &str) -> Vec<String> {
    let tree = TREE.iter().chain(&IO).chain(planted);
    let files: Files = tree
        .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
        .collect();
    let dependencies = dependencies.iter().map(|it| (*it).to_owned()).collect();
    rules::faults(&files, &dependencies, &Tables::read(tables))
}

/// A fault that holds `expected` comes of adding `text` to `file` of a tree without any.
#[track_caller]
fn found(file: &str, text: &str, expected: &str) {
    let before = TREE.iter().chain(&IO).find(|(name, _)| *name == file);
    let text = format!("{} {text}", before.map_or("", |(_, text)| text));
    let faults = faults_with(&[(file, &text)], &DEPENDENCIES, TABLES);
    let found = faults.iter().any(|it| it.contains(expected));
    assert!(found, "{expected} is not found in {text}: {faults:#?}");
}

#[test]
fn a_tree_that_keeps_the_rules_has_no_fault() {
    assert_eq!(faults_with(&[], &DEPENDENCIES, TABLES), [""; 0]);
    let allowed = [
        (
            "base/time.rs",
            "#[cfg(test)] mod tests { use crate::worker::Run; fn f() { println!() } } pub struct Span(u64);",
        ),
        (
            "base/time.rs",
            "/// See [`Run`](crate::worker::Run).\npub struct Span(u64);",
        ),
        (
            "worker/state.rs",
            "pub struct Run(crate::email::Email, crate::base::Error);",
        ),
    ];
    for planted in allowed {
        assert_eq!(
            faults_with(&[planted], &DEPENDENCIES, TABLES),
            [""; 0],
            "{planted:?}"
        );
    }
}

#[test]
fn an_arrow_upwards_is_found_wherever_it_stands() {
    for text in [
        "use crate::worker::Run;",
        "use crate::{base::Error as E, worker::Run};",
        "use crate::worker::*;",
        "use crate::worker as w; fn f(run: w::Run) {}",
        "use crate as root; fn f(run: root::worker::Run) {}",
        "use self::super::worker::Run as R;",
        "extern crate self as me; fn f(run: me::worker::Run) {}",
        "fn f() { use super::super::email::super::worker::Run; }",
        "fn f(run: crate::worker::Run) {}",
        "fn f(run: &dyn Fn(super::worker::Run)) {}",
        "fn f() { crate::worker::drive(x); }",
        "fn f() { let crate::worker::Run(x) = y; }",
        "impl From<u8> for crate::worker::Run {}",
        "fn f<T: crate::worker::T>() where T: crate::worker::U {}",
        "fn f() { <u8 as crate::worker::T>::g() }",
        "fn f() { assert!(matches!(x, crate::worker::Run(_))); }",
        "fn f() { x!(y, [crate::worker::drive(1)]) }",
        "macro_rules! m { () => { $crate::worker::drive() } }",
        "macro_rules! m { () => { use crate::worker::{self, Run}; } }",
        "#[serde(with = \"crate::worker::state\")] struct A;",
        "#[derive(crate::worker::D)] struct A;",
        "struct A { #[serde(default = \"crate::worker::f\")] b: u8 }",
        "mod inner { fn f(run: super::super::worker::Run) {} }",
        "mod inner { use super::*; fn f(run: crate::worker::Run) {} }",
        "pub(in crate::worker) struct A;",
        "#[cfg(any(test, unix))] use crate::worker::Run;",
    ] {
        found(
            "email/mod.rs",
            text,
            "email/mod.rs: email may not import worker",
        );
    }
}

#[test]
fn a_name_that_a_parent_or_a_glob_brings_is_followed() {
    let parent = (
        "email/mod.rs",
        "mod part; use crate::base::Error; use crate::worker::Run; pub struct Email(Error);",
    );
    for part in [
        "fn f(run: super::Run) {}",
        "use super::*; fn f() { Run::g() }",
    ] {
        let faults = faults_with(&[parent, ("email/part.rs", part)], &DEPENDENCIES, TABLES);
        let found = faults
            .iter()
            .filter(|it| it.contains("email/part.rs: email may not import worker"));
        assert_eq!(found.count(), 1, "{faults:#?}");
    }
}

#[test]
fn nobody_shows_what_is_another_walls() {
    for text in [
        "pub use crate::base::Error;",
        "pub use crate::base::*;",
        "pub use crate::base;",
        "pub type E = Error; use crate::base::Error;",
        "pub type E = crate::base::Error;",
        "mod x { pub use crate::base::Error; }",
        "use crate::base as b; pub use b::Error as F;",
    ] {
        found("worker/state.rs", text, "worker shows what is not its own");
    }
    found(
        "email/mod.rs",
        "fn f(run: crate::Run) {}",
        "goes by way of the crate's root",
    );
}

#[test]
fn a_file_belongs_to_its_folder_and_to_one_module() {
    found("nobody.rs", "", "nobody.rs: no module is in it");
    found(
        "worker/old/mod.rs",
        "",
        "worker/old/mod.rs: no module is in it",
    );
    found(
        "email/mod.rs",
        "#[path = \"../worker/state.rs\"] mod state;",
        "it is not in the folder of email",
    );
    found(
        "email/mod.rs",
        "#[cfg_attr(unix, path = \"../worker/state.rs\")] mod inner {}",
        "cfg_attr",
    );
    found("lib.rs", "mod more {}", "more");
    found("email/mod.rs", "#[macro_use] mod m {}", "a macro is shared");
    found(
        "email/mod.rs",
        "x! { mod y { fn f() {} } }",
        "a module stands in a macro",
    );
}

#[test]
fn a_crate_is_named_where_the_table_says() {
    for text in [
        "use postgrest::Postgrest;",
        "extern crate postgrest as p; fn f() { p::g() }",
        "fn f() { ::postgrest::g() }",
        "fn f() { x!(postgrest::g()) }",
        "use postgrest as p;",
        "use std::time; fn f() { time::Instant::now(); }",
        "use std::time::*; fn f() { Instant::now(); }",
        "fn f() { std::time::Instant::now(); }",
        "fn f() { core::time::Instant::now(); }",
        "fn f() { println!(); }",
        "fn f() { x! { println!() } }",
    ] {
        found("worker/state.rs", text, "worker/state.rs: it may not name");
    }
    let again = "pub use postgrest::Postgrest as P;";
    let io = [
        ("io/rpc.rs", &format!("{} {again}", IO[1].1)[..]),
        ("io/mod.rs", "mod rpc; fn f(p: rpc::P) {}"),
    ];
    let faults = faults_with(&io, &DEPENDENCIES, TABLES);
    assert_eq!(faults, ["io/mod.rs: it may not name postgrest"]);
}

#[test]
fn a_dependency_must_be_in_the_table() {
    let faults = faults_with(&[], &["serde", "postgrest", "rand"], TABLES);
    assert_eq!(faults, ["the table: no row says who may name rand"]);
    let faults = faults_with(&[], &["serde"], TABLES);
    assert_eq!(faults, ["the table: postgrest is no dependency"]);
}

#[test]
fn a_pure_module_does_not_wait() {
    for text in [
        "fn f() { let g = async { h().await }; }",
        "async fn f() {}",
        "trait T { async fn f(); }",
        "fn f() { x!(h().await) }",
    ] {
        found(
            "worker/state.rs",
            text,
            "worker/state.rs: it is pure and must not await",
        );
    }
    found(
        "worker/state.rs",
        "fn f() { super::drive(x); }",
        "it is pure and worker/driver.rs is not",
    );
}

#[test]
fn a_circle_is_found() {
    found("base/time.rs", "use super::error::Error;", "base::");
    found("base/time.rs", "use super::Error;", "base::");
    let table = TABLES.replace("| `base` | |", "| `base` | `email` |");
    let upwards = (
        "base/time.rs",
        "use crate::email::Email; pub struct Span(u64);",
    );
    let faults = faults_with(&[upwards], &DEPENDENCIES, &table);
    assert!(
        faults.contains(&"the table: base stands above email".to_owned()),
        "{faults:#?}"
    );
}

#[test]
fn a_table_that_is_out_of_date_is_found() {
    let wide = TABLES.replace("| `io` | `worker` |", "| `io` | `base`, `worker` |");
    let faults = faults_with(&[], &DEPENDENCIES, &wide);
    assert_eq!(faults, ["the table: io does not import base"]);
    let gone = TABLES.replace("`worker/driver.rs`", "`worker/driver.rs`, `worker/old.rs`");
    let faults = faults_with(&[], &DEPENDENCIES, &gone);
    assert_eq!(faults, ["the table: worker/old.rs, not pure, is not there"]);
}

#[test]
fn one_name_names_one_type() {
    found(
        "worker/state.rs",
        "struct Error;",
        "Error names two types: base/error.rs, worker/state.rs",
    );
}
