//! The sources as a tree of modules, with every path that they name.

use crate::names::Names;
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::Visit;
use syn::{Attribute, Item, Meta};

/// Texts by their path below `src`.
pub type Files = BTreeMap<String, String>;

/// A name that a module has from elsewhere; `*` for all names.
#[derive(Debug, Clone)]
pub struct Import {
    pub name: String,
    pub path: Vec<String>,
    /// Others see it too.
    pub public: bool,
}

/// One module, with what stands in its own text and not in that of its children.
#[derive(Debug, Default)]
pub struct Module {
    /// Below the crate; the crate itself has none.
    pub path: Vec<String>,
    pub file: String,
    pub children: BTreeSet<String>,
    pub types: Vec<String>,
    pub declared: BTreeSet<String>,
    pub imports: Vec<Import>,
    pub paths: BTreeSet<Vec<String>>,
    pub macros: BTreeSet<String>,
    pub awaits: bool,
    /// What is wrong with the tree itself.
    pub faults: Vec<String>,
}

/// All modules from `lib.rs` on, but for those of tests, and the files that none of them is in.
pub fn read(files: &Files) -> (Vec<Module>, Vec<String>) {
    let mut reader = Reader {
        files,
        modules: Vec::new(),
        reached: BTreeSet::new(),
    };
    reader.file("lib.rs", Vec::new(), false);
    let unreached = files.keys().filter(|file| !reader.reached.contains(*file));
    let unreached = unreached.cloned().collect();
    (reader.modules, unreached)
}

struct Reader<'a> {
    files: &'a Files,
    modules: Vec<Module>,
    reached: BTreeSet<String>,
}

impl Reader<'_> {
    fn file(&mut self, file: &str, path: Vec<String>, test: bool) {
        let text = self.files.get(file).map_or("", String::as_str);
        let twice = !self.reached.insert(file.to_owned());
        let mut module = Module {
            path,
            file: file.to_owned(),
            ..Module::default()
        };
        if twice {
            module
                .faults
                .push(format!("{file} is more than one module"));
        }
        match syn::parse_file(text) {
            Ok(parsed) => self.module(module, &parsed.items, test),
            Err(error) => panic!("{file}: {error}"),
        }
    }

    fn module(&mut self, mut module: Module, items: &[Item], test: bool) {
        let mut inner = Vec::new();
        for item in items {
            if let Item::Mod(it) = item {
                let path = [module.path.as_slice(), &[it.ident.to_string()]].concat();
                module.children.insert(it.ident.to_string());
                inner.push((it, path, test || is_test(&it.attrs)));
                Names(&mut module).attributes(&it.attrs);
            } else if !is_test(attributes(item)) {
                Names(&mut module).visit_item(item);
            }
        }
        let file = module.file.clone();
        if !test {
            self.modules.push(module);
        }
        for (it, path, test) in inner {
            match &it.content {
                Some((_, items)) => {
                    let module = Module {
                        path,
                        file: file.clone(),
                        ..Module::default()
                    };
                    self.module(module, items, test);
                }
                None => {
                    let found = self.place(&file, &it.ident.to_string(), &it.attrs);
                    self.file(&found, path, test);
                }
            }
        }
    }

    /// Where the text of `mod name;` in `file` is.
    fn place(&self, file: &str, name: &str, attributes: &[Attribute]) -> String {
        let (folder, stem) = file.rsplit_once('/').unwrap_or(("", file));
        if let Some(path) = attributes.iter().find_map(path_attribute) {
            return join(folder, &path);
        }
        let below = match stem {
            "lib.rs" | "mod.rs" => folder.to_owned(),
            _ => file.trim_end_matches(".rs").to_owned(),
        };
        let flat = join(&below, &format!("{name}.rs"));
        if self.files.contains_key(&flat) {
            return flat;
        }
        let nested = join(&below, &format!("{name}/mod.rs"));
        assert!(
            self.files.contains_key(&nested),
            "{file}: no file for mod {name}"
        );
        nested
    }
}

fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(it) if it.path.is_ident("path") => match &it.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Exactly `#[cfg(test)]`: what only tests have may look at everything.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|it| match &it.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    })
}

pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => &[],
    }
}
