//! `SEMANTICS.md` names tests; every one of them exists.

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
fn every_test_that_is_named_exists() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    sources(&root.join("src"), &mut text);
    sources(&root.join("tests"), &mut text);
    let functions: BTreeSet<&str> = text
        .split("fn ")
        .filter_map(|rest| rest.split(['(', '<']).next())
        .collect();
    let folder = std::env::var_os("MAILCHECK_CONFORMANCE")
        .map_or_else(|| root.join("../../../shared/conformance"), PathBuf::from);
    let suite = std::fs::read_to_string(folder.join("spf-rfc7208/rfc7208-tests.yml")).ok();
    if suite.is_none() {
        println!("semantics: no suite found, its tests are taken at their word");
    }
    let table = std::fs::read_to_string(root.join("SEMANTICS.md")).expect("the table");
    let mut numbers = Vec::new();
    let mut missing = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = row.split(" | ").collect();
        let Ok(number) = cells[0].trim_start_matches("| ").parse::<usize>() else {
            continue;
        };
        numbers.push(number);
        let held_by = cells[2].trim_end_matches(" |");
        let tests: Vec<_> = held_by.split('`').skip(1).step_by(2).collect();
        assert!(
            !tests.is_empty() || held_by.contains("limit: "),
            "row {number} is held by nothing"
        );
        for test in tests {
            let exists = match test.strip_prefix("suite:") {
                Some(test) => suite
                    .as_ref()
                    .is_none_or(|suite| suite.contains(&format!("\n  {test}:\n"))),
                None => functions.contains(test) || test.contains("::"),
            };
            if !exists {
                missing.push(format!("{number}: {test}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert_eq!(numbers, (1..=80).collect::<Vec<_>>());
}
