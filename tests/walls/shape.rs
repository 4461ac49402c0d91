//! What the tables and the sources must be as a whole.

use crate::resolve::Place;
use crate::rules::Rules;
use crate::table::holds;
use std::collections::{BTreeMap, BTreeSet};

impl Rules<'_> {
    /// A wall imports walls above it only: so there is no circle.
    pub fn table(&self, faults: &mut Vec<String>) {
        let mut above = BTreeSet::new();
        for (wall, may) in &self.tables.walls {
            let below = may
                .difference(&above)
                .map(|it| format!("the table: {wall} stands above {it}"));
            faults.extend(below);
            above.insert(wall.clone());
            if !self.krate.modules.contains_key([wall.clone()].as_slice()) {
                faults.push(format!("the table: there is no {wall}"));
            }
        }
    }

    pub fn dependencies(&self, dependencies: &BTreeSet<String>, faults: &mut Vec<String>) {
        let names = self
            .tables
            .names
            .keys()
            .filter(|it| !it.contains("std::") && !it.ends_with('!'));
        let rows: BTreeSet<String> = names.cloned().collect();
        let missing = dependencies.difference(&rows);
        faults.extend(missing.map(|it| format!("the table: no row says who may name {it}")));
        let stale = rows.difference(dependencies);
        faults.extend(stale.map(|it| format!("the table: {it} is no dependency")));
    }

    /// A row that allows what nobody does is out of date.
    pub fn unused(&self, faults: &mut Vec<String>) {
        let mut used = BTreeSet::new();
        for module in self.modules {
            if let Some(from) = module.path.first() {
                let to = self.imported(module).into_iter();
                used.extend(to.map(|(to, _)| (from.clone(), to)));
            }
        }
        for (wall, may) in &self.tables.walls {
            let unused = may
                .iter()
                .filter(|to| !used.contains(&(wall.clone(), (*to).clone())));
            faults.extend(unused.map(|to| format!("the table: {wall} does not import {to}")));
        }
        for (places, what) in [
            (&self.tables.pure, "pure"),
            (&self.tables.impure, "not pure"),
        ] {
            let held = |place: &&String| {
                let place = BTreeSet::from([(*place).clone()]);
                self.modules
                    .iter()
                    .any(|module| holds(&place, &module.file))
            };
            let gone = places.iter().filter(|place| !held(place));
            faults.extend(gone.map(|place| format!("the table: {place}, {what}, is not there")));
        }
    }

    /// Modules beside one another do not import each other in a circle.
    pub fn circles(&self, faults: &mut Vec<String>) {
        let mut edges: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
        for module in self.modules {
            for path in &module.paths {
                for place in self.krate.definitions(module, path) {
                    let Place::Here(place) = place else {
                        continue;
                    };
                    let to = &self.krate.module_of(&place).path;
                    let same = module
                        .path
                        .iter()
                        .zip(to)
                        .take_while(|(a, b)| a == b)
                        .count();
                    if let (Some(from), Some(to)) = (module.path.get(..=same), to.get(..=same)) {
                        edges.entry(from.to_vec()).or_default().insert(to.to_vec());
                    }
                }
            }
        }
        for start in edges.keys() {
            let mut reached: BTreeSet<&Vec<String>> = BTreeSet::new();
            let mut next: Vec<&Vec<String>> = vec![start];
            while let Some(at) = next.pop() {
                let further = edges.get(at).into_iter().flatten();
                next.extend(further.filter(|to| reached.insert(to)));
            }
            if reached.contains(start) {
                faults.push(format!(
                    "{}: it imports itself in a circle",
                    start.join("::")
                ));
            }
        }
    }

    /// One name, one type.
    pub fn types(&self, faults: &mut Vec<String>) {
        let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for module in self.modules {
            for name in &module.types {
                files.entry(name).or_default().push(&module.file);
            }
        }
        let twice = files.iter().filter(|(_, files)| files.len() > 1);
        faults.extend(
            twice.map(|(name, files)| format!("{name} names two types: {}", files.join(", "))),
        );
    }
}
