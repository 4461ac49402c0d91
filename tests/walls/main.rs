//! Holds the sources to the tables of ARCHITECTURE.md: who may import whom, who may name which crate, what is pure; and
//! lists in one language to those in another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod lists;
mod names;
mod planted;
mod resolve;
mod rules;
mod shape;
mod source;
mod table;

use serde_json::Value;
use source::Files;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_sources_are_what_the_tables_say() {
    let root = Path::new(ROOT);
    let mut files = Files::new();
    gather(&root.join("src"), "", &mut files);
    let markdown = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let tables = table::Tables::read(&markdown);
    // A table that was renamed would hold nothing.
    let held = [tables.walls.len(), tables.names.len(), tables.pure.len()];
    assert!(
        !held.contains(&0),
        "ARCHITECTURE.md has no rows of a table (wall, name, pure): {held:?}"
    );
    let faults = rules::faults(&files, &dependencies(), &tables);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn gather(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            gather(&path, &format!("{name}/"), files);
        } else if name.ends_with(".rs") {
            files.insert(name, fs::read_to_string(path).unwrap());
        }
    }
}

/// As code names them; those of tests are not for the sources.
fn dependencies() -> BTreeSet<String> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--no-deps", "--offline", "--format-version=1"]);
    let output = metadata.current_dir(ROOT).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = metadata["packages"][0]["dependencies"].as_array().unwrap();
    let ours = list.iter().filter(|it| it["kind"] != "dev");
    let name = |it: &Value| {
        it["rename"]
            .as_str()
            .or(it["name"].as_str())
            .unwrap()
            .replace('-', "_")
    };
    ours.map(name).collect()
}
