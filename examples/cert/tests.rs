mod judged;
mod live;
mod machines;
mod own;

use clap::Parser as _;
use smtp_probe::Security;
use tls_inspect::{Der, TrustStore, Validity};

use crate::arguments::{Arguments, Depth};
use crate::target::Host;
use crate::{run, words};

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(["cert"].into_iter().chain(line.split_whitespace()))
}

fn arguments(line: &str) -> Arguments {
    parse(line).expect("arguments")
}

#[test]
fn the_port_says_how_to_begin_unless_an_option_does() {
    let of = |line: &str, port| arguments(line).security.security(port);
    assert_eq!(of("a.example", 25), Security::StartTls);
    assert_eq!(of("a.example", 587), Security::StartTls);
    assert_eq!(of("a.example", 465), Security::Implicit);
    assert_eq!(of("a.example --starttls", 465), Security::StartTls);
    assert_eq!(of("a.example --implicit", 25), Security::Implicit);
}

#[test]
fn a_scan_takes_its_depth_after_an_equals_sign_and_swallows_no_target() {
    assert_eq!(arguments("a.example").scan, None);
    let quick = arguments("--scan a.example:465");
    assert_eq!(quick.scan, Some(Depth::Quick));
    let target = quick.targets.first().expect("the target");
    assert_eq!(target.port, 465);
    assert!(matches!(&target.host, Host::Name(name) if name.to_string() == "a.example"));
    assert_eq!(arguments("a.example --scan=full").scan, Some(Depth::Full));
}

#[test]
fn what_contradicts_itself_is_a_mistake() {
    for line in [
        "a.example --starttls --implicit",
        "a.example --pem --json",
        "a.example --pem --scan",
        "a.example --scan=deep",
        "a.example --server-name *.example",
        "a.example --timeout 0",
        "--from-lab",
        "a.example --from-lab --ca own.pem",
        "a.example:0",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn pem_reads_back() {
    for length in [0, 1, 47, 48, 49, 96, 1000] {
        let octets: Vec<u8> = (0..length).map(|at: u32| at.to_le_bytes()[0]).collect();
        let text = run::pem(&Der::new(octets.clone()));
        assert!(text.lines().all(|line| line.len() <= 64), "{text}");
        let read = TrustStore::certificates_from_pem(text.as_bytes()).expect("PEM");
        assert_eq!(read, [Der::new(octets)]);
    }
}

#[test]
fn times_are_told_in_utc() {
    assert_eq!(words::day(1_795_940_068), "2026-11-29");
    assert_eq!(words::minute(1_795_940_068), "2026-11-29 08:14Z");
    assert_eq!(words::minute(i64::MAX), "second 9223372036854775807");
    let spans = [86_400, -2 * 86_400, 86_399, 3_599, 0].map(words::span);
    assert_eq!(
        spans,
        ["1 day", "2 days", "23 hours", "59 minutes", "0 minutes"]
    );
}

#[track_caller]
fn lifetime(now: i64, expected: &str) {
    let validity = Validity::new(0, 90 * 86_400 - 1);
    assert_eq!(words::lifetime(validity, now), expected);
}

#[test]
fn where_in_its_time_a_certificate_is() {
    lifetime(0, "has 89 days left");
    lifetime(90 * 86_400 - 3_601, "has 1 hour left");
    lifetime(
        -86_400,
        "is not valid before 1970-01-01 00:00Z, 1 day from now",
    );
    lifetime(102 * 86_400, "expired 12 days ago, on 1970-03-31");
}

#[tokio::test]
async fn an_address_that_is_not_global_is_left_alone() {
    let code = run::run(arguments("127.0.0.1:9")).await;
    assert_eq!(code, Ok(3));
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_is_a_mistake_of_the_callers() {
    let missing = run::run(arguments("127.0.0.1 --ca no-such-file.pem")).await;
    assert!(missing.is_err_and(|error| error.starts_with("no-such-file.pem: ")));
    let none = run::run(arguments("127.0.0.1 --ca Cargo.toml")).await;
    assert!(none.is_err_and(|error| error.starts_with("Cargo.toml: ")));
}
