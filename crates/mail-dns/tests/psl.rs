//! The test vectors of the public suffix list, which nobody here wrote, over the list as `dmarc` uses it.
//!
//! They are read from `psl/tests.txt` in the folder that `MAILCHECK_CONFORMANCE` names, and skipped with a printed line where that
//! is absent.

use std::path::PathBuf;

use mail_dns::DomainName;
use mail_dns::dmarc::{BuiltInList, PublicSuffixes as _};

#[test]
fn psl() {
    let folder = std::env::var_os("MAILCHECK_CONFORMANCE").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/conformance"
            ))
        },
        PathBuf::from,
    );
    let path = folder.join("psl/tests.txt");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("psl: skipped, no vectors at {}", path.display());
        return;
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
    {
        let (input, expected) = line.split_once(' ').expect("two words a line");
        let found = organizational_domain(input);
        let expected = (expected != "null").then(|| expected.parse().expect("a name"));
        count += 1;
        if found != expected {
            wrong.push(format!("{input}: expected {expected:?}, found {found:?}"));
        }
    }
    println!("psl: {} of {count}", count - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 78, "the vectors have changed");
}

/// What is no name has no organizational domain: `null`, and a leading dot.
fn organizational_domain(input: &str) -> Option<DomainName> {
    if input == "null" {
        return None;
    }
    BuiltInList.organizational_domain(&input.parse().ok()?)
}
