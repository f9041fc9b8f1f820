//! Reading DMARC records beside `mail-auth`.
//!
//! `mail-auth` keeps the values that receivers act on, and those URIs alone that are addresses. `mail-dns` keeps the text, every tag
//! with its place, URIs of every kind, and what is odd.
//!
//! Time is CPU time, in rounds that take turns. Allocations cost somewhat more than elsewhere, since they are counted.

use std::hint::black_box;
use std::process::ExitCode;

use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::dmarc::Dmarc;
use mail_dns::dmarc::Record;
use mailcheck_benches::{Goals, Reader, compare_readers};

/// As they are published, but for the names.
const RECORDS: [&str; 10] = [
    "v=DMARC1; p=none",
    "v=DMARC1; p=none;",
    "v=DMARC1; p=reject; rua=mailto:dmarc@shop.example",
    "v=DMARC1;p=quarantine;sp=none;rua=mailto:re+k3v9q0x7w1z@reports.vendor.example;aspf=r;",
    "v=DMARC1; p=none; pct=100; rua=mailto:d4c1f2@rua.vendor.example; ruf=mailto:d4c1f2@ruf.vendor.example; fo=1",
    "v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s; \
     rua=mailto:aggregate@bank.example,mailto:bank@inbox.reader.example; \
     ruf=mailto:forensic@bank.example; fo=1:d:s; rf=afrf; ri=86400; pct=100",
    "v=DMARC1; p=quarantine; pct=25; rua=mailto:dmarc-reports@list.example!10m; ruf=mailto:postmaster@list.example!1m",
    "v=DMARC1; p=reject; np=reject; t=y; rua=mailto:rua@agency.example",
    "v=DMARC1; p=none; sp=none; np=reject; psd=y; rua=mailto:reports@registry.example",
    "v=DMARC1; p=reject; fo=1; rua=mailto:a1b2c3@ag.vendor.example,mailto:dmarc@ops.example,mailto:x9y8z7@rua.other.example; \
     ruf=mailto:a1b2c3@fr.vendor.example",
];

/// Reads all records; how many URIs they have.
fn read_ours() -> usize {
    let read = |text: &&str| Record::parse(black_box(text.as_bytes())).expect("a record");
    let uris = |record: Record| record.aggregate_reports.len() + record.failure_reports.len();
    RECORDS.iter().map(read).map(black_box).map(uris).sum()
}

fn read_theirs() -> usize {
    let read = |text: &&str| Dmarc::parse(black_box(text.as_bytes())).expect("a record");
    let uris = |record: Dmarc| record.rua.len() + record.ruf.len();
    RECORDS.iter().map(read).map(black_box).map(uris).sum()
}

fn main() -> ExitCode {
    let readers: [Reader; 2] = [("mail-dns", read_ours), ("mail-auth", read_theirs)];
    let (ratio, allocations) = compare_readers(&RECORDS, readers);
    let mut goals = Goals::of("dmarc");
    goals.at_most("CPU time relative to mail-auth", ratio, 6.25);
    goals.at_most("allocations for a record", allocations, 26.0);
    goals.outcome()
}
