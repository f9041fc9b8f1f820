//! `SEMANTICS.md` names tests, transcripts and servers; every one of them exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn everything_that_is_named_exists() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    sources(&root.join("src"), &mut text);
    sources(&root.join("tests"), &mut text);
    let functions: BTreeSet<_> = text
        .split("fn ")
        .filter_map(|rest| rest.split(['(', '<']).next())
        .collect();
    let suite = root.join("../../.ci/interop-smtp");
    let servers = std::fs::read_to_string(suite).expect("the suite");
    let exists = |name: &str| match name.split_once(':') {
        Some(("transcript", name)) => root.join(format!("tests/transcripts/{name}.txt")).exists(),
        Some(("interop", name)) => servers.contains(name),
        _ if name.contains("::") => true,
        _ if name.starts_with("smtp_probe_") => root
            .join(format!("../../fuzz/fuzz_targets/{name}.rs"))
            .exists(),
        _ => functions.contains(name) || !name.contains('_') && root.join("..").join(name).exists(),
    };
    let table = std::fs::read_to_string(root.join("SEMANTICS.md")).expect("the table");
    let mut numbers = Vec::new();
    let mut missing = Vec::new();
    for row in table.lines() {
        let cells: Vec<_> = row.split(" | ").collect();
        let number = cells[0].trim_start_matches("| ").parse::<usize>();
        let (Ok(number), [_, _, held_by]) = (number, cells.as_slice()) else {
            continue;
        };
        numbers.push(number);
        let named: Vec<_> = held_by.split('`').skip(1).step_by(2).collect();
        let is_held = !named.is_empty() || held_by.contains("limit: ");
        assert!(is_held, "row {number} is held by nothing");
        let unknown = named.iter().filter(|name| !exists(name));
        missing.extend(unknown.map(|name| format!("{number}: {name}")));
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert_eq!(numbers, (1..=44).chain(75..=84).collect::<Vec<_>>());
}
