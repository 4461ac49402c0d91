//! The frozen bytes. For each version, `tests/fixtures/wire/v<n>` holds pairs of files:
//!
//! - `<name>.payload.json`: `{"endpoint": …, "mark": …, "members": [{"id": …, "payload": …}]}`;
//! - `<name>.body.json`: the bytes of the request, exactly.
//!
//! A body that differs fails. To add a case, write its payload file, run the tests with `WIRE_NEW=1` and add its
//! name below: a missing body is then written, an existing one never. Another output is another version.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;

use super::*;

/// Every case there must be, so that none can be lost with its files.
const NAMES: &[&str] = &[
    "attachments",
    "batch",
    "characters",
    "everything",
    "html-only",
    "names",
    "template",
    "text-only",
];
const CASES: [(u16, &[&str]); 2] = [(1, NAMES), (2, NAMES)];

fn folder(version: u16) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/wire/v{version}"))
}

fn encoded(version: u16, case: &Value) -> Vec<u8> {
    let endpoint = case["endpoint"].as_str().unwrap().parse().unwrap();
    let members = case["members"].as_array().unwrap();
    let emails: Vec<Email> = members
        .iter()
        .map(|m| Email::parse(&m["payload"], Sender::Required).unwrap())
        .collect();
    let members: Vec<Member<'_>> = members
        .iter()
        .zip(&emails)
        .map(|(member, email)| Member {
            id: member["id"].as_str().unwrap(),
            mark: case["mark"].as_str(),
            email,
        })
        .collect();
    encode(version, endpoint, &members).unwrap()
}

#[test]
fn bytes_of_existing_versions_never_change() {
    let adding = std::env::var_os("WIRE_NEW").is_some_and(|value| value == "1");
    for (version, names) in CASES {
        for name in names {
            let case = fs::read(folder(version).join(format!("{name}.payload.json"))).unwrap();
            let bytes = encoded(version, &serde_json::from_slice(&case).unwrap());
            let body = folder(version).join(format!("{name}.body.json"));
            if adding && !body.exists() {
                fs::write(&body, &bytes).unwrap();
            }
            let expected = fs::read(&body).unwrap_or_else(|_| {
                panic!("v{version}/{name} has no body; see the top of this file")
            });
            assert!(
                bytes == expected,
                "the bytes of v{version}/{name} changed; make a new version\n was: {}\n now: {}",
                String::from_utf8_lossy(&expected),
                String::from_utf8_lossy(&bytes),
            );
        }
    }
}

#[test]
fn every_version_and_file_is_listed() {
    let versions: Vec<u16> = CASES.iter().map(|(version, _)| *version).collect();
    let known = PROVIDERS.iter().flat_map(|provider| provider.wire);
    assert_eq!(
        versions,
        known.map(|(version, _)| *version).collect::<Vec<_>>()
    );
    for (version, names) in CASES {
        let listed: BTreeSet<String> = names
            .iter()
            .flat_map(|name| [format!("{name}.payload.json"), format!("{name}.body.json")])
            .collect();
        let present: BTreeSet<String> = fs::read_dir(folder(version))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(present, listed);
    }
}
