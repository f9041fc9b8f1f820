//! Any chain against any TLSA records: a DANE-EE record matches what it is derived from and nothing else, whatever the names and the
//! date; what authenticates does so alone; a verdict has its reasons, and every sender that refuses says why.
//!
//! The input is a row of parts, each a kind, a length in two octets, and as many octets. The kind has, from the lowest bit: whether
//! it is a record; usage, selector and matching type, the first two in two bits; and the element that a record without data is made from.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tls_inspect::*;

const NOW: i64 = 1_800_000_000;

fuzz_target!(|octets: &[u8]| {
    let (chain, records) = parts(octets);
    let host = DnsId::parse("mx.example.org").unwrap();
    let names = [ReferenceId::Dns(host.clone())];
    let provider = CryptoProvider::ring();
    let report = DaneReport::new(&chain, &records, &names, &provider, NOW);
    assert_eq!(report.records.len() + report.omitted, records.len());
    // Neither names nor dates.
    let blind = DaneReport::new(&chain, &records, &[], &provider, i64::MIN);
    for ((record, outcome), blind) in records.iter().zip(&report.records).zip(&blind.records) {
        if record.usage == CertificateUsage::DANE_EE && !chain.is_empty() {
            assert_eq!(outcome, blind);
            let derived = TlsaParameters::of(record).record(&chain[0]);
            let is_derived = derived.as_ref().is_some_and(|derived| derived == record);
            match outcome {
                RecordOutcome::Matched { path, .. } => assert!(is_derived && *path == [0]),
                RecordOutcome::Failed(kinds) => assert!(!is_derived && !kinds.is_empty()),
                RecordOutcome::Unclear(_) => assert!(derived.is_none()),
                _ => assert!(record.unusable().is_some() || matches!(outcome, RecordOutcome::Outdone { .. })),
            }
        }
    }
    match &report.verdict {
        DaneVerdict::Authenticated { record, usage, path, outside_validity, .. } => {
            assert!(records[*record].usage == *usage && path[0] == 0);
            assert!(path.iter().chain(outside_validity).all(|element| *element < chain.len()));
            assert!(judge_dane(&chain, &records[*record..=*record], &names, &provider, NOW).is_authenticated());
        }
        DaneVerdict::NotAuthenticated { failures } => {
            assert!(!failures.is_empty() && failures.iter().all(|failure| records[failure.record].unusable().is_none()));
        }
        DaneVerdict::AllUnusable => assert!(records.iter().all(|record| record.unusable().is_some())),
        _ => {}
    }
    let advice = Rollover::new(&chain, &records, 300).with_names(&names).with_next(NextChain::Chain(&chain));
    for one in advice.advise(&provider, NOW).records {
        // The same chain again changes nothing but the time.
        assert!(one.standing != RecordStanding::Planned || one.record.usage == CertificateUsage::DANE_TA);
    }
    for one in tlsa_records(&chain, &provider).iter().filter(|one| one.element == 0) {
        assert!(judge_dane(&chain, std::slice::from_ref(&one.record), &[], &provider, NOW).is_authenticated());
    }
    let mut capture = Capture::new(HandshakeOutcome::Completed);
    capture.chain = chain;
    capture.key_possession = KeyPossession::Verified;
    let store = TrustStore::empty("none");
    let server = MailServer::new(TlsAttempt::Tls(&capture), &host, &store).with_tlsa(TlsaAnswer::Secure(&records), &names);
    let senders = server.judge(&provider, NOW);
    // Senders differ on a key that its certificate does not let sign.
    let open = SenderVerdict::CouldNotTell { cause: PolicyUncertainty::KeyUsage };
    let is_open = senders.opportunistic == open;
    let leaf = capture.chain.first().and_then(|leaf| Certificate::parse(leaf.as_bytes()).ok());
    let usages = leaf.and_then(|leaf| leaf.key_usages).unwrap_or_default();
    assert!(!is_open || !usages.iter().any(|usage| usage == "digitalSignature"));
    assert!(!senders.pkix.delivers() && (is_open || senders.opportunistic.delivers()));
    let is_authenticated = report.verdict.is_authenticated() && !is_open;
    assert_eq!(senders.dane == SenderVerdict::DeliversAuthenticated, is_authenticated);
    for verdict in [&senders.pkix, &senders.dane, &senders.both] {
        assert!(!matches!(verdict, SenderVerdict::Refuses { causes } if causes.is_empty()));
    }
});

fn parts(mut octets: &[u8]) -> (Vec<Der>, Vec<TlsaRecord>) {
    let (mut chain, mut records) = (Vec::new(), Vec::new());
    while let [kind, high, low, rest @ ..] = octets {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (data, after) = rest.split_at(length);
        octets = after;
        if kind & 1 == 0 {
            chain.push(Der::new(data));
            continue;
        }
        let parameters = TlsaParameters {
            usage: CertificateUsage(kind >> 1 & 3),
            selector: Selector(kind >> 3 & 3),
            matching_type: MatchingType(kind >> 5 & 3),
        };
        let derived = chain.get(usize::from(kind >> 7)).and_then(|element| parameters.record(element));
        records.push(match derived {
            Some(derived) if data.is_empty() => derived,
            _ => TlsaRecord {
                usage: parameters.usage,
                selector: parameters.selector,
                matching_type: parameters.matching_type,
                data: data.to_vec(),
            },
        });
    }
    (chain, records)
}
