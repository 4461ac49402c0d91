//! What holds of the table of providers, and of who names one.

use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// What stands in a file outside its comments: an address has two slashes too, but no blank before them.
fn code(text: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with(['/', '*']) {
        true => String::new(),
        false => line.split(" //").next().unwrap_or_default().to_lowercase(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Files of `extensions` below `src` whose code has a provider's name, but for those that may.
fn that_name_one(extensions: &[&str], may: &[&str]) -> Vec<String> {
    let (root, mut found) = (source(), Vec::new());
    files(&root, &mut found);
    let names: Vec<String> = PROVIDERS.iter().map(|p| p.name.to_lowercase()).collect();
    let mut named = Vec::new();
    for path in found {
        let place = path
            .strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let kind = path.extension().and_then(|kind| kind.to_str());
        let free = may.iter().any(|start| place.starts_with(start));
        if !kind.is_some_and(|kind| extensions.contains(&kind)) || free {
            continue;
        }
        let code = code(&fs::read_to_string(&path).unwrap());
        if names.iter().any(|name| code.contains(name)) {
            named.push(place);
        }
    }
    named
}

#[test]
fn only_a_providers_folder_and_the_table_name_it() {
    let folders = PROVIDERS.map(|p| format!("provider/{}/", p.name.to_lowercase()));
    let mut may: Vec<&str> = folders.iter().map(String::as_str).collect();
    may.push("provider/mod.rs");
    assert_eq!(that_name_one(&["rs"], &may), [""; 0]);
    assert_eq!(that_name_one(&["js"], &["js/provider.js"]), [""; 0]);
}

#[test]
fn a_name_in_a_comment_names_nobody() {
    assert_eq!(code("a // Name\n  /// Name\n * Name\nb"), "a\n\n\nb");
    for named in [r#"let url = "https://name.example";"#, "use Name::x; // y"] {
        assert!(code(named).contains("name"));
    }
}

#[test]
fn the_package_knows_the_variables_of_each_provider() {
    let package = fs::read_to_string(source().join("js/provider.js")).unwrap();
    for provider in PROVIDERS {
        let Variables {
            key,
            url,
            default_url,
        } = provider.variables;
        for text in [provider.name, key, url, default_url] {
            assert!(package.contains(&format!("\"{text}\"")), "{text}");
        }
    }
    for webhook in WEBHOOKS {
        for text in [webhook.segment, webhook.secret] {
            assert!(package.contains(&format!("\"{text}\"")), "{text}");
        }
    }
}

#[test]
fn no_two_versions_of_the_encoding_have_one_number() {
    let wire = PROVIDERS.iter().flat_map(|provider| provider.wire);
    let numbers: Vec<u16> = wire.map(|(version, _)| *version).collect();
    let distinct: BTreeSet<u16> = numbers.iter().copied().collect();
    assert_eq!(distinct.len(), numbers.len());
    assert!(PROVIDERS.iter().all(|provider| !provider.wire.is_empty()));
}

#[test]
fn a_key_is_given_up_an_hour_before_the_provider_forgets_it() {
    let hours = |hours: u64| Duration::from_secs(3600 * hours);
    let provider = |key_window| Provider {
        key_window,
        ..*PROVIDERS[0]
    };
    for (key_window, replay_window) in [
        (Some(hours(24)), Some(hours(23))),
        (Some(hours(2)), Some(hours(1))),
        // No time is left: as good as none.
        (Some(hours(1)), None),
        (Some(hours(0)), None),
        (None, None),
    ] {
        assert_eq!(provider(key_window).replay_window(), replay_window);
    }
}

#[test]
fn the_provider_is_the_one_whose_key_is_set() {
    for provider in PROVIDERS {
        let found = configured(|name| name == provider.variables.key);
        assert_eq!(found.name, provider.name);
    }
    assert_eq!(configured(|_| false).name, PROVIDERS[0].name);
}
