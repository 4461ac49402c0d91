//! The tables of ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};

/// What the code is held to.
#[derive(Debug, Default, Clone)]
pub struct Tables {
    /// For each wall, in the order of the table, the walls that it may import.
    pub walls: Vec<(String, BTreeSet<String>)>,
    /// For each crate and each part of `std` that is not for everybody: the files, or folders, that may name it.
    pub names: BTreeMap<String, Option<BTreeSet<String>>>,
    /// Files and folders that are pure, with the exceptions below them.
    pub pure: BTreeSet<String>,
    pub impure: BTreeSet<String>,
}

impl Tables {
    /// Reads the tables by their first column's head: `wall`, `name`, `pure`.
    pub fn read(markdown: &str) -> Self {
        let mut tables = Self::default();
        let mut head = String::new();
        for line in markdown.lines().map(str::trim) {
            let Some(row) = line.strip_prefix('|') else {
                head.clear();
                continue;
            };
            let cells: Vec<&str> = row
                .trim_end_matches('|')
                .split('|')
                .map(str::trim)
                .collect();
            let [first, second, ..] = cells.as_slice() else {
                continue;
            };
            match head.as_str() {
                "" => head = (*first).to_owned(),
                _ if first.starts_with("--") => {}
                "wall" => {
                    let wall = quoted(first).into_iter().next();
                    tables.walls.extend(wall.map(|wall| (wall, quoted(second))));
                }
                "name" => {
                    let files = (*second != "every file").then(|| quoted(second));
                    (quoted(first).into_iter())
                        .for_each(|name| drop(tables.names.insert(name, files.clone())));
                }
                "pure" => {
                    tables.pure.extend(quoted(first));
                    tables.impure.extend(quoted(second));
                }
                _ => {}
            }
        }
        tables
    }

    pub fn is_pure(&self, file: &str) -> bool {
        holds(&self.pure, file) && !holds(&self.impure, file)
    }
}

/// Whether one of `places`, a file or a folder that ends in `/`, holds `file`.
pub fn holds(places: &BTreeSet<String>, file: &str) -> bool {
    places.iter().any(|place| match place.ends_with('/') {
        true => file.starts_with(place.as_str()),
        false => file == place,
    })
}

fn quoted(cell: &str) -> BTreeSet<String> {
    let words = cell.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}
