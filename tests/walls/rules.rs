//! What the sources may not do. Each fault is a line that names the file.

use crate::resolve::{Crate, Place};
use crate::source::{self, Files, Module};
use crate::table::{Tables, holds};
use std::collections::BTreeSet;

/// All faults of `files`, whose crate depends on `dependencies`, by their names in code.
pub fn faults(files: &Files, dependencies: &BTreeSet<String>, tables: &Tables) -> Vec<String> {
    let (modules, unreached) = source::read(files);
    let std = ["std", "core", "alloc"].map(str::to_owned);
    let externs: BTreeSet<String> = dependencies.iter().cloned().chain(std).collect();
    let krate = Crate {
        modules: modules.iter().map(|it| (it.path.as_slice(), it)).collect(),
        externs: &externs,
    };
    let rules = Rules {
        modules: &modules,
        krate,
        tables,
    };
    let mut faults: Vec<String> = (unreached.iter())
        .map(|file| format!("{file}: no module is in it"))
        .collect();
    rules.table(&mut faults);
    rules.dependencies(dependencies, &mut faults);
    for module in &modules {
        faults.extend(
            module
                .faults
                .iter()
                .map(|fault| format!("{}: {fault}", module.file)),
        );
        rules.place(module, &mut faults);
        rules.arrows(module, &mut faults);
        rules.exports(module, &mut faults);
        rules.names(module, &mut faults);
        rules.pure(module, &mut faults);
    }
    rules.unused(&mut faults);
    rules.circles(&mut faults);
    rules.types(&mut faults);
    faults.sort();
    faults.dedup();
    faults
}

pub struct Rules<'a> {
    pub modules: &'a [Module],
    pub krate: Crate<'a>,
    pub tables: &'a Tables,
}

impl Rules<'_> {
    fn wall(&self, path: &[String]) -> Option<&str> {
        let first = path.first()?;
        let walls = self.tables.walls.iter().map(|(wall, _)| wall.as_str());
        walls.into_iter().find(|wall| wall == first)
    }

    fn place(&self, module: &Module, faults: &mut Vec<String>) {
        let Some(first) = module.path.first() else {
            return;
        };
        if self.wall(&module.path).is_none() {
            faults.push(format!("{}: {first} is not in the table", module.file));
        }
        if !module.file.starts_with(&format!("{first}/")) {
            faults.push(format!(
                "{}: it is not in the folder of {first}",
                module.file
            ));
        }
    }

    /// Walls that `module` imports, by the path that does.
    pub fn imported<'m>(&self, module: &'m Module) -> Vec<(String, &'m [String])> {
        let paths = module.paths.iter().flat_map(|path| {
            let places = self.krate.places(module, path).into_iter();
            places.filter_map(move |place| match place {
                Place::Here(place) => Some((place, path.as_slice())),
                Place::Other(_) => None,
            })
        });
        let outside = paths.filter(|(place, _)| place.first() != module.path.first());
        let walls = outside.map(|(place, path)| (place.first().cloned().unwrap_or_default(), path));
        walls.collect()
    }

    fn arrows(&self, module: &Module, faults: &mut Vec<String>) {
        let Some(wall) = self.wall(&module.path) else {
            return;
        };
        for (to, path) in self.imported(module) {
            let path = path.join("::");
            if self.wall(std::slice::from_ref(&to)).is_none() {
                faults.push(format!(
                    "{}: {path} goes by way of the crate's root",
                    module.file
                ));
            } else if !self.may(wall, &to) {
                faults.push(format!(
                    "{}: {wall} may not import {to}: {path}",
                    module.file
                ));
            }
        }
    }

    fn may(&self, from: &str, to: &str) -> bool {
        let row = self.tables.walls.iter().find(|(wall, _)| wall == from);
        row.is_some_and(|(_, may)| may.contains(to))
    }

    /// Only the crate's root shows what is another wall's.
    fn exports(&self, module: &Module, faults: &mut Vec<String>) {
        let Some(first) = module.path.first() else {
            return;
        };
        for import in module.imports.iter().filter(|it| it.public) {
            for place in self.krate.definitions(module, &import.path) {
                if let Place::Here(place) = place
                    && place.first() != Some(first)
                {
                    let path = import.path.join("::");
                    faults.push(format!(
                        "{}: {first} shows what is not its own: {path}",
                        module.file
                    ));
                }
            }
        }
    }

    /// Crates, parts of `std` and macros that are not for everybody.
    fn names(&self, module: &Module, faults: &mut Vec<String>) {
        let mut named: BTreeSet<String> = module.macros.iter().map(|it| format!("{it}!")).collect();
        for path in &module.paths {
            for place in self.krate.places(module, path) {
                named.extend(other(place));
            }
        }
        for import in module.imports.iter().filter(|it| it.name == "*") {
            let whole = self
                .krate
                .places(module, &import.path)
                .into_iter()
                .filter_map(other);
            for whole in whole {
                let inside = format!("{whole}::");
                named.extend(
                    self.tables
                        .names
                        .keys()
                        .filter(|it| it.starts_with(&inside))
                        .cloned(),
                );
            }
        }
        for name in named {
            let rows = self
                .tables
                .names
                .iter()
                .filter(|(row, _)| covers(row, &name));
            for (row, files) in rows {
                if files
                    .as_ref()
                    .is_some_and(|files| !holds(files, &module.file))
                {
                    faults.push(format!("{}: it may not name {row}", module.file));
                }
            }
        }
    }

    fn pure(&self, module: &Module, faults: &mut Vec<String>) {
        let file = &module.file;
        if !self.tables.is_pure(file) {
            return;
        }
        if module.awaits {
            faults.push(format!("{file}: it is pure and must not await"));
        }
        // To show a neighbour is no use of it.
        let shown = |path: &&Vec<String>| {
            !module
                .imports
                .iter()
                .any(|it| it.public && it.path == **path)
        };
        for path in module.paths.iter().filter(shown) {
            for place in self.krate.places(module, path) {
                let Place::Here(place) = place else {
                    continue;
                };
                let defined = &self.krate.module_of(&place).file;
                if !self.tables.is_pure(defined) && defined != "lib.rs" {
                    let path = path.join("::");
                    faults.push(format!("{file}: it is pure and {defined} is not: {path}"));
                }
            }
        }
    }
}

fn other(place: Place) -> Option<String> {
    let Place::Other(path) = place else {
        return None;
    };
    let path = path.join("::");
    let same = ["core::", "alloc::"]
        .iter()
        .find_map(|it| path.strip_prefix(it));
    Some(same.map_or_else(|| path.clone(), |rest| format!("std::{rest}")))
}

fn covers(row: &str, name: &str) -> bool {
    name.strip_prefix(row)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}
