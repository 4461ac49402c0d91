//! What a path means: where the thing that it names is defined.

use crate::source::Module;
use std::collections::{BTreeMap, BTreeSet};

/// The modules by their paths.
pub struct Crate<'a> {
    pub modules: BTreeMap<&'a [String], &'a Module>,
    /// Names of other crates, as the code writes them.
    pub externs: &'a BTreeSet<String>,
}

/// What a path may mean.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In this crate, by its whole path.
    Here(Vec<String>),
    /// In another one.
    Other(Vec<String>),
}

/// A path that goes round in circles is given up.
const DEEPEST: usize = 32;

impl Crate<'_> {
    /// All that `path`, written in `module`, may mean: as it is written, and where its last name is defined.
    pub fn places(&self, module: &Module, path: &[String]) -> BTreeSet<Place> {
        let mut places = BTreeSet::new();
        for place in self.written(module, path, DEEPEST) {
            if let Place::Here(path) = &place {
                places.extend(self.defined(path, DEEPEST));
            }
            places.insert(place);
        }
        places
    }

    /// Where the things are defined that `path` may mean.
    pub fn definitions(&self, module: &Module, path: &[String]) -> BTreeSet<Place> {
        let written = self.written(module, path, DEEPEST).into_iter();
        let defined = written.flat_map(|place| match place {
            Place::Here(path) => self.defined(&path, DEEPEST),
            place => vec![place],
        });
        defined.collect()
    }

    /// The longest start of `path` that is a module.
    pub fn module_of(&self, path: &[String]) -> &Module {
        let starts = (0..=path.len()).rev().filter_map(|end| path.get(..end));
        let found = starts.filter_map(|start| self.modules.get(start)).next();
        found.expect("the crate itself is a module")
    }

    fn written(&self, module: &Module, path: &[String], depth: usize) -> Vec<Place> {
        let Some((first, rest)) = path.split_first().filter(|_| depth > 0) else {
            return vec![];
        };
        let here = |start: &[String]| vec![Place::Here([start, rest].concat())];
        match first.as_str() {
            "" => return vec![Place::Other(rest.to_vec())],
            "crate" => return here(&[]),
            "self" => return self.written_below(module, rest, depth),
            "super" => {
                let parent = module
                    .path
                    .split_last()
                    .map_or(&[][..], |(_, parent)| parent);
                return match (self.modules.get(parent), rest.first().map(String::as_str)) {
                    (Some(parent), Some("super" | "self")) => self.written(parent, rest, depth - 1),
                    _ => here(parent),
                };
            }
            _ => {}
        }
        let mut places = Vec::new();
        if module.children.contains(first) || module.declared.contains(first) {
            places.push(Place::Here([module.path.as_slice(), path].concat()));
        }
        for import in &module.imports {
            let itself = import.path.first() == Some(first);
            if import.name == *first && !itself {
                let whole = [import.path.as_slice(), rest].concat();
                places.extend(self.written(module, &whole, depth - 1));
            } else if import.name == "*" && !itself {
                for target in self.written(module, &import.path, depth - 1) {
                    if let Place::Here(target) = target {
                        places.extend(self.below(&target, path, depth - 1));
                    }
                }
            }
        }
        if places.is_empty() && self.externs.contains(first) {
            places.push(Place::Other(path.to_vec()));
        }
        places
    }

    fn written_below(&self, module: &Module, rest: &[String], depth: usize) -> Vec<Place> {
        match rest.first().map(String::as_str) {
            Some("super") => self.written(module, rest, depth - 1),
            _ => vec![Place::Here([module.path.as_slice(), rest].concat())],
        }
    }

    /// `path` by way of a glob of `target`: only if `target` has such a name.
    fn below(&self, target: &[String], path: &[String], depth: usize) -> Vec<Place> {
        let Some(module) = self.modules.get(target).filter(|_| depth > 0) else {
            return vec![];
        };
        self.written(module, path, depth - 1)
    }

    /// Follows what modules have from elsewhere.
    fn defined(&self, path: &[String], depth: usize) -> Vec<Place> {
        let module = self.module_of(path);
        let rest = path.get(module.path.len()..).unwrap_or_default();
        let Some(first) = rest.first().filter(|_| depth > 0) else {
            return vec![Place::Here(path.to_vec())];
        };
        if module.declared.contains(first) {
            return vec![Place::Here(path.to_vec())];
        }
        let places = self.written(module, rest, depth - 1).into_iter();
        let places: Vec<Place> = places
            .flat_map(|place| match place {
                Place::Here(again) if again != path => self.defined(&again, depth - 1),
                place => vec![place],
            })
            .collect();
        match places.is_empty() {
            true => vec![Place::Here(path.to_vec())],
            false => places,
        }
    }
}
