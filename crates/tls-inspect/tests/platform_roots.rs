//! The platform's roots, from files that the environment names. The environment of a process is
//! set when it is started, so each case is a child process: this test binary, told to run `child`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tls_inspect::{TrustStore, TrustStoreErrorKind};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/example.pem");
const NO_PEM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

/// What a child prints in front of its answer.
const MARK: &str = "platform-roots: ";

#[test]
#[ignore = "what the other tests run as a child process"]
fn child() {
    let answer = match TrustStore::platform() {
        Ok(store) => format!("{} {} {:?}", store.name(), store.len(), store.unreadable()),
        Err(error) => {
            assert_eq!(error.kind(), TrustStoreErrorKind::NoPlatformRoots);
            error.to_string()
        }
    };
    println!("\n{MARK}{answer}");
}

/// What comes of these variables.
fn platform_with(variables: &[(&str, &Path)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env_remove("SSL_CERT_FILE")
        .env_remove("SSL_CERT_DIR")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let answer = text.lines().find_map(|line| line.strip_prefix(MARK));
    answer.unwrap().to_owned()
}

#[track_caller]
fn check(variable: &str, path: &str, expected: &str) {
    assert_eq!(platform_with(&[(variable, Path::new(path))]), expected);
}

#[test]
fn the_roots_of_a_file_are_loaded() {
    check("SSL_CERT_FILE", EXAMPLE, "platform 1 []");
}

#[test]
fn no_roots_are_an_error_and_no_empty_store() {
    check(
        "SSL_CERT_FILE",
        NO_PEM,
        "expected roots of the platform, found 0 others",
    );
    check(
        "SSL_CERT_FILE",
        "/nonexistent/a\x1b.pem",
        "expected roots of the platform, found failed to read PEM from file: No such file or \
         directory (os error 2) at '/nonexistent/a\\x1b.pem'",
    );
    check(
        "SSL_CERT_DIR",
        "/nonexistent",
        "expected roots of the platform, found opening directory: No such file or directory \
         (os error 2) at '/nonexistent'",
    );
}

#[test]
fn an_error_tells_all_that_could_not_be_read() {
    let missing = Path::new("/nonexistent");
    let answer = platform_with(&[("SSL_CERT_FILE", missing), ("SSL_CERT_DIR", missing)]);
    assert_eq!(
        answer,
        "expected roots of the platform, found failed to read PEM from file: No such file or \
         directory (os error 2) at '/nonexistent'; opening directory: No such file or directory \
         (os error 2) at '/nonexistent'"
    );
}

#[test]
fn what_cannot_be_read_is_told_beside_what_can() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("platform_roots");
    fs::create_dir_all(&folder).unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    for index in 0..20 {
        fs::write(folder.join(format!("{index}.pem")), broken).unwrap();
    }
    let variables = [
        ("SSL_CERT_FILE", Path::new(EXAMPLE)),
        ("SSL_CERT_DIR", &folder),
    ];
    let answer = platform_with(&variables);
    assert!(
        answer.starts_with("platform 1 [\"failed to read PEM"),
        "{answer}"
    );
    assert_eq!(answer.matches("failed to read PEM").count(), 16, "{answer}");
}
