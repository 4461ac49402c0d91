//! What the text of one module names.

use crate::source::{Import, Module, attributes, is_test};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, UseTree, Visibility};

/// Adds what a text names to its module.
pub struct Names<'a>(pub &'a mut Module);

impl Names<'_> {
    fn declare(&mut self, name: &syn::Ident) {
        self.0.declared.insert(name.to_string());
    }

    fn declare_type(&mut self, name: &syn::Ident) {
        self.declare(name);
        self.0.types.push(name.to_string());
    }

    fn import(&mut self, tree: &UseTree, mut path: Vec<String>, public: bool) {
        let (name, last) = match tree {
            UseTree::Path(it) => {
                path.push(it.ident.to_string());
                return self.import(&it.tree, path, public);
            }
            UseTree::Group(it) => {
                return (it.items.iter()).for_each(|tree| self.import(tree, path.clone(), public));
            }
            UseTree::Name(it) => (it.ident.to_string(), Some(it.ident.to_string())),
            UseTree::Rename(it) => (it.rename.to_string(), Some(it.ident.to_string())),
            UseTree::Glob(_) => ("*".to_owned(), None),
        };
        path.extend(last.filter(|last| last != "self"));
        let name = match (name.as_str(), path.last()) {
            ("self", Some(last)) => last.clone(),
            _ => name,
        };
        self.0.paths.insert(path.clone());
        self.0.imports.push(Import { name, path, public });
    }

    pub fn attributes(&mut self, attributes: &[Attribute]) {
        attributes.iter().for_each(|it| self.visit_attribute(it));
    }

    /// Paths in what a macro or an attribute is given: names with `::` between them.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut colons, mut last) = (0, String::new());
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    self.0.awaits |= name == "await" || name == "async";
                    if name == "mod" {
                        self.fault("a module stands in a macro");
                    }
                    if colons != 2 || path.is_empty() {
                        self.found(std::mem::take(&mut path));
                        if colons == 2 {
                            path.push(String::new());
                        }
                    }
                    path.push(name.clone());
                    (colons, last) = (0, name);
                    continue;
                }
                TokenTree::Punct(it) if it.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Punct(it) if it.as_char() == '!' && !last.is_empty() => {
                    self.0.macros.insert(last.clone());
                }
                TokenTree::Group(group) => {
                    // `a::{b, c}` in a `use` inside a macro.
                    let prefix = if colons == 2 {
                        path.clone()
                    } else {
                        Vec::new()
                    };
                    self.group(&prefix, group.stream());
                }
                TokenTree::Literal(text) => self.text(&text.to_string()),
                TokenTree::Punct(_) => {}
            }
            self.found(std::mem::take(&mut path));
            (colons, last) = (0, String::new());
        }
        self.found(path);
    }

    fn group(&mut self, prefix: &[String], tokens: TokenStream) {
        if !prefix.is_empty() {
            let names = tokens.clone().into_iter().filter_map(|token| match token {
                TokenTree::Ident(name) => Some(name.to_string()),
                _ => None,
            });
            names.for_each(|name| self.found([prefix, &[name]].concat()));
        }
        self.tokens(tokens);
    }

    /// A path in the text of an attribute: `#[serde(with = "crate::x")]`.
    fn text(&mut self, literal: &str) {
        let text = literal.trim_matches('"');
        if let (true, Ok(path)) = (text.contains("::"), syn::parse_str::<syn::Path>(text)) {
            self.visit_path(&path);
        }
    }

    fn fault(&mut self, what: impl Into<String>) {
        self.0.faults.push(what.into());
    }

    fn found(&mut self, path: Vec<String>) {
        if path.len() > 1 {
            self.0.paths.insert(path);
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            return;
        }
        match item {
            Item::Enum(it) => self.declare_type(&it.ident),
            Item::Struct(it) => self.declare_type(&it.ident),
            Item::Trait(it) => self.declare_type(&it.ident),
            Item::Type(it) => self.declare_type(&it.ident),
            Item::Const(it) => self.declare(&it.ident),
            Item::Static(it) => self.declare(&it.ident),
            Item::Fn(it) => self.declare(&it.sig.ident),
            _ => {}
        }
        if let Item::Type(syn::ItemType { vis, ident, ty, .. }) = item
            && let syn::Type::Path(ty) = &**ty
            && !matches!(vis, Visibility::Inherited)
        {
            // Another name for what is elsewhere, as a `pub use` is.
            let path = (ty.path.segments.iter()).map(|it| it.ident.to_string());
            let (name, path) = (ident.to_string(), path.collect());
            let public = true;
            self.0.imports.push(Import { name, path, public });
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, it: &'ast syn::ItemMod) {
        self.fault(format!("mod {} stands inside a function", it.ident));
    }

    fn visit_item_extern_crate(&mut self, it: &'ast syn::ItemExternCrate) {
        let name = it.rename.as_ref().map_or(&it.ident, |(_, name)| name);
        let path = match it.ident.to_string() {
            itself if itself == "self" => vec!["crate".to_owned()],
            other => vec![String::new(), other],
        };
        let name = name.to_string();
        let public = !matches!(it.vis, Visibility::Inherited);
        self.0.paths.insert(path.clone());
        self.0.imports.push(Import { name, path, public });
    }

    fn visit_item_use(&mut self, it: &'ast syn::ItemUse) {
        let start = it.leading_colon.map(|_| String::new()).into_iter();
        let public = !matches!(it.vis, Visibility::Inherited);
        self.import(&it.tree, start.collect(), public);
        self.attributes(&it.attrs);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let start = path.leading_colon.map(|_| String::new()).into_iter();
        let names = path.segments.iter().map(|it| it.ident.to_string());
        self.found(start.chain(names).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, it: &'ast syn::Macro) {
        let name = it.path.segments.last().map(|it| it.ident.to_string());
        self.0.macros.extend(name);
        self.visit_path(&it.path);
        self.tokens(it.tokens.clone());
    }

    fn visit_attribute(&mut self, it: &'ast Attribute) {
        match &it.meta {
            Meta::List(list)
                if list.path.is_ident("cfg_attr") && list.tokens.to_string().contains("path =") =>
            {
                self.0.faults.push("a path stands in a cfg_attr".to_owned());
            }
            Meta::List(list) => self.tokens(list.tokens.clone()),
            Meta::Path(path) if path.is_ident("macro_use") || path.is_ident("macro_export") => {
                self.fault("a macro is shared without a path");
            }
            // A link in a comment is no use of it.
            Meta::NameValue(it) if it.path.is_ident("doc") => {}
            _ => visit::visit_attribute(self, it),
        }
    }

    fn visit_expr_await(&mut self, it: &'ast syn::ExprAwait) {
        self.0.awaits = true;
        visit::visit_expr_await(self, it);
    }

    fn visit_expr_async(&mut self, it: &'ast syn::ExprAsync) {
        self.0.awaits = true;
        visit::visit_expr_async(self, it);
    }

    fn visit_signature(&mut self, it: &'ast syn::Signature) {
        self.0.awaits |= it.asyncness.is_some();
        visit::visit_signature(self, it);
    }
}
