//! Transcripts of servers, written octet by octet.

use proptest::prelude::*;

use super::*;
use crate::{AlertDescription, CipherSuite, Der, NamedGroup, ProtocolVersion, SignatureScheme};

const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

fn list16(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    [&length.to_be_bytes(), content].concat()
}

fn list24(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[1..], content].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &list24(body)[..]].concat()
}

fn records(kind: u8, octets: &[u8], size: usize) -> Vec<u8> {
    let records = octets.chunks(size);
    let records = records.map(|part| [&[kind, 3, 3], &list16(part)[..]].concat());
    records.collect::<Vec<_>>().concat()
}

fn handshake(octets: &[u8]) -> Vec<u8> {
    records(22, octets, 16384)
}

fn extension(number: u16, content: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes(), &list16(content)[..]].concat()
}

/// A ServerHello of this legacy version, with no extensions field if there are none.
fn server_hello(
    version: u16,
    random: [u8; 32],
    id: &[u8],
    suite: u16,
    extensions: &[u8],
) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend(random);
    body.push(u8::try_from(id.len()).unwrap());
    body.extend(id);
    body.extend(suite.to_be_bytes());
    body.push(0);
    if !extensions.is_empty() {
        body.extend(list16(extensions));
    }
    message(2, &body)
}

/// A flight of TLS 1.2 with ECDHE-RSA, a staple and a request for a certificate.
fn flight12() -> Vec<u8> {
    let certificates = [list24(b"first"), list24(b"second")].concat();
    let exchange = [&[3, 0, 0x1d, 2, 9, 9][..], &[8, 4], &list16(b"signature")].concat();
    let names = list16(&list16(b"name"));
    [
        server_hello(0x0303, [5; 32], &[], 0xc02f, &extension(0xff01, &[0])),
        message(11, &list24(&certificates)),
        message(22, &[&[1], &list24(b"staple")[..]].concat()),
        message(12, &exchange),
        message(13, &[&[1, 1][..], &list16(&[4, 1]), &names].concat()),
        message(14, &[]),
    ]
    .concat()
}

fn tls13_hello(random: [u8; 32], share: &[u8]) -> Vec<u8> {
    let id = key_share::session_id(&[7; 32]);
    let extensions = [extension(43, &[3, 4]), extension(51, share)].concat();
    server_hello(0x0303, random, &id, 0x1301, &extensions)
}

fn small() -> ClientHello {
    ClientHello::small([7; 32])
}

fn probe(offer: &ClientHello) -> HelloProbe {
    HelloProbe::new(offer).unwrap()
}

/// The answer to all these octets, then a close.
fn answer(offer: &ClientHello, octets: &[u8]) -> HelloAnswer {
    let mut probe = probe(offer);
    probe.handle_input(octets);
    probe.handle_close();
    probe.finish()
}

#[track_caller]
fn chosen(answer: HelloAnswer) -> ServerFlight {
    match answer.outcome {
        HelloOutcome::Chosen(flight) => *flight,
        other => panic!("expected a choice, found {other:?}"),
    }
}

#[track_caller]
fn check(octets: &[u8], expected: HelloOutcome) {
    assert_eq!(answer(&small(), octets).outcome, expected);
}

#[track_caller]
fn check_malformed(octets: &[u8], text: &str) {
    match answer(&small(), octets).outcome {
        HelloOutcome::Malformed(found) => assert!(found.contains(text), "{found}"),
        other => panic!("expected malformed octets, found {other:?}"),
    }
}

fn alert(level: u8, description: u8) -> Vec<u8> {
    records(21, &[level, description], 2)
}

#[test]
fn item_66_one_hello_tells_version_suite_chain_and_key_exchange_without_cryptography() {
    let flight = chosen(answer(&small(), &handshake(&flight12())));
    assert_eq!(flight.hello.version, ProtocolVersion::TLS_1_2);
    assert_eq!(flight.hello.cipher_suite, CipherSuite(0xc02f));
    assert!(flight.hello.secure_renegotiation() && !flight.hello.extended_master_secret());
    let chain = flight.chain.unwrap();
    assert_eq!(chain, [Der::new(*b"first"), Der::new(*b"second")]);
    assert_eq!(flight.ocsp_staple, Some(Der::new(*b"staple")));
    let exchange = flight.key_exchange.unwrap();
    assert_eq!(exchange.parameters, KeyExchange::Ecdhe(NamedGroup::X25519));
    assert_eq!(
        exchange.signature_scheme,
        Some(SignatureScheme::RSA_PSS_RSAE_SHA256)
    );
    assert_eq!(exchange.is_signed, Some(true));
    let request = flight.client_certificate_request.unwrap();
    assert_eq!(request.ca_names, [Der::new(*b"name")]);
    assert!(flight.is_complete);
    assert_eq!(flight.deviations, [""; 0]);
}

#[test]
fn item_66_old_versions_are_offered_and_read() {
    for version in [0x0300, 0x0301, 0x0302] {
        let offer = ClientHello::everything(&[ProtocolVersion(version)], [7; 32]);
        let probe = probe(&offer);
        // legacy_version stands after the headers of the record and of the message.
        assert_eq!(probe.output()[9..11], version.to_be_bytes());
        let dhe = [list16(&[0, 0x1f, 0xff]), list16(&[2]), list16(&[3])].concat();
        let octets = [
            server_hello(version, [5; 32], &[], 0x0033, &[]),
            message(11, &list24(&list24(b"certificate"))),
            message(12, &[dhe, list16(b"signature")].concat()),
            message(14, &[]),
        ];
        let flight = chosen(answer(&offer, &handshake(&octets.concat())));
        assert_eq!(flight.hello.version, ProtocolVersion(version));
        let exchange = flight.key_exchange.unwrap();
        let KeyExchange::Dhe { bits, .. } = exchange.parameters else {
            panic!("{exchange:?}");
        };
        assert_eq!((bits, exchange.signature_scheme), (13, None));
        assert_eq!(exchange.is_signed, Some(true));
        assert_eq!(flight.deviations, [""; 0]);
    }
}

#[test]
fn item_67_a_flight_is_the_same_in_records_of_any_size() {
    let octets = flight12();
    let expected = chosen(answer(&small(), &handshake(&octets)));
    for size in 1..octets.len() {
        let found = chosen(answer(&small(), &records(22, &octets, size)));
        assert_eq!(found, expected, "{size}");
    }
}

#[test]
fn item_67_an_answer_is_the_same_split_at_every_octet() {
    for octets in [
        handshake(&flight12()),
        [alert(1, 112), handshake(&flight12()), alert(2, 40)].concat(),
        records(22, &tls13_hello([5; 32], &[0, 0x1d, 0, 1, 9]), 3),
        b"220 mx.example.org ESMTP\r\n".to_vec(),
        alert(2, 70),
        vec![22, 3, 3, 0xff, 0xff],
    ] {
        let expected = answer(&small(), &octets);
        for at in 0..=octets.len() {
            let mut probe = probe(&small());
            probe.handle_input(&octets[..at]);
            probe.handle_input(&octets[at..]);
            probe.handle_close();
            assert_eq!(probe.finish(), expected, "split at {at}");
        }
    }
}

#[test]
fn item_67_what_is_too_long_is_refused() {
    check_malformed(&handshake(&[2, 1, 0, 1]), "at most 65536 octets");
    check_malformed(&[22, 3, 3, 0x40, 1], "at most 16384 octets");
    check_malformed(&[22, 3, 3, 0, 0].repeat(33), "at most 32 empty records");
    check_malformed(&alert(1, 112).repeat(40), "fewer than 32 warnings");
    let requests = handshake(&[0, 0, 0, 0].repeat(4000)).repeat(10);
    check_malformed(&requests, "at most 131072 octets");
    assert_eq!(answer(&small(), &requests).received, 131_072);
}

#[test]
fn item_67_lists_are_cut_at_their_limits() {
    let certificates = list24(b"").repeat(300);
    let names = list16(b"").repeat(600);
    let request = [&[0][..], &list16(&[]), &list16(&names)].concat();
    let octets = [
        server_hello(0x0303, [5; 32], &[], 0x1399, &extension(99, &[]).repeat(80)),
        message(11, &list24(&certificates)),
        message(13, &request),
        message(14, &[]),
    ];
    let flight = chosen(answer(&small(), &handshake(&octets.concat())));
    assert_eq!(flight.chain.unwrap().len(), 256);
    let request = flight.client_certificate_request.unwrap();
    assert_eq!(request.ca_names.len(), 512);
    assert_eq!(flight.hello.extensions.len(), 64);
    assert_eq!(flight.deviations.len(), 64);
    assert!(flight.is_complete);
}

#[test]
fn item_68_the_version_of_tls13_is_that_of_supported_versions() {
    let octets = tls13_hello([5; 32], &[0, 0x1d, 0, 1, 9]);
    let flight = chosen(answer(&small(), &handshake(&octets)));
    assert_eq!(flight.hello.version, ProtocolVersion::TLS_1_3);
    assert_eq!(flight.hello.legacy_version, ProtocolVersion::TLS_1_2);
    assert_eq!(flight.hello.group, Some(NamedGroup::X25519));
    assert!(flight.is_complete);
    assert_eq!(flight.deviations, [""; 0]);
}

#[test]
fn item_68_a_hello_retry_request_is_told_by_its_random() {
    let offer = small().with_groups(&[NamedGroup::SECP521R1], KeyShareOffer::Empty);
    let octets = handshake(&tls13_hello(RETRY, &[0, 0x19]));
    let HelloOutcome::Retry(retry) = answer(&offer, &octets).outcome else {
        panic!("expected a HelloRetryRequest");
    };
    assert_eq!(retry.group, Some(NamedGroup::SECP521R1));
    assert_eq!(retry.version, ProtocolVersion::TLS_1_3);
    assert_eq!(retry.deviations, [""; 0]);
}

#[test]
fn item_69_the_downgrade_sentinel_is_found_below_tls13_only() {
    let sentinel = |mark: &[u8; 8]| {
        let mut random = [5; 32];
        random[24..].copy_from_slice(mark);
        let octets = server_hello(0x0303, random, &[], 0xc02f, &[]);
        chosen(answer(&small(), &handshake(&octets)))
            .hello
            .downgrade
    };
    let (from13, from12) = (DowngradeSentinel::FromTls13, DowngradeSentinel::FromTls12);
    assert_eq!(sentinel(b"DOWNGRD\x01"), Some(from13));
    assert_eq!(sentinel(b"DOWNGRD\x00"), Some(from12));
    assert_eq!(sentinel(b"DOWNGRD\x02"), None);
    assert_eq!(sentinel(b"DOWNGRE\x01"), None);
    let mut random = [5; 32];
    random[24..].copy_from_slice(b"DOWNGRD\x01");
    let octets = tls13_hello(random, &[0, 0x1d, 0, 1, 9]);
    let flight = chosen(answer(&small(), &handshake(&octets)));
    assert_eq!(flight.hello.downgrade, None);
}

#[test]
fn item_73_signaling_values_are_neither_offered_as_suites_nor_taken_for_one() {
    for number in [0x00ff, 0x5600] {
        let suite = CipherSuite(number);
        let offer = small().with_cipher_suites(&[suite]);
        let error = HelloProbe::new(&offer).unwrap_err();
        assert_eq!(error.kind(), HelloErrorKind::SignalingValue);
        let octets = server_hello(0x0303, [5; 32], &[], number, &[]);
        let flight = chosen(answer(&small().with_fallback_scsv(), &handshake(&octets)));
        let expected = format!("the cipher suite {suite} was not offered");
        assert!(flight.deviations.contains(&expected), "{flight:?}");
    }
    let offer = small().with_cipher_suites(&[CipherSuite(0x0a0a)]);
    let octets = server_hello(0x0303, [5; 32], &[], 0x0a0a, &[]);
    let flight = chosen(answer(&offer, &handshake(&octets)));
    assert!(flight.deviations.iter().any(|text| text.contains("0x0a0a")));
}

#[test]
fn every_end_before_a_choice_has_its_own_outcome() {
    let fatal = |level, description| {
        let mut alert = crate::Alert::new(AlertDescription(description));
        alert.level = Some(crate::AlertLevel(level));
        HelloOutcome::Alert(alert)
    };
    check(&[], HelloOutcome::Closed);
    check(&handshake(&flight12())[..40], HelloOutcome::Closed);
    check(&alert(1, 0), HelloOutcome::Closed);
    check(&alert(2, 40), fatal(2, 40));
    check(&alert(9, 112), fatal(9, 112));
    check(
        b"220 a\r\n250 b",
        HelloOutcome::NotTls(b"220 a\r\n".to_vec()),
    );
    check(b"220 a", HelloOutcome::NotTls(b"220 a".to_vec()));
    check(&[b'a'; 600], HelloOutcome::NotTls(vec![b'a'; 512]));
    check(b"\x16\n", HelloOutcome::NotTls(b"\x16\n".to_vec()));
    check_malformed(&handshake(&message(11, &[])), "expected a ServerHello");
    check_malformed(&handshake(&message(2, &[3, 3])), "a random");
    check_malformed(
        &[&alert(1, 112)[..], &[23, 3, 3, 0, 1]].concat(),
        "at octet 7",
    );
    let mut reset = probe(&small());
    reset.handle_io_error(&std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    assert_eq!(reset.finish().outcome, HelloOutcome::Reset);
    let mut failed = probe(&small());
    failed.handle_io_error(&std::io::Error::other("no\nway"));
    assert_eq!(
        failed.finish().outcome,
        HelloOutcome::Io("no\\x0away".to_owned())
    );
    assert_eq!(probe(&small()).finish().outcome, HelloOutcome::TimedOut);
}

#[test]
fn a_choice_stays_one_whatever_comes_after_it() {
    let hello = server_hello(0x0303, [5; 32], &[], 0xc02f, &[]);
    for (rest, cause) in [
        (vec![], "the connection was closed before"),
        (alert(2, 40), "fatal alert handshake_failure (40)"),
        (alert(1, 0), "close_notify"),
        (vec![20, 3, 3, 0, 1, 1], "expected a record"),
        (handshake(&message(20, &[])), "of type 20"),
    ] {
        let flight = chosen(answer(&small(), &[handshake(&hello), rest].concat()));
        assert!(!flight.is_complete);
        assert!(flight.deviations[0].contains(cause), "{flight:?}");
    }
}

#[test]
fn an_anonymous_key_exchange_is_not_signed() {
    let octets = [
        server_hello(0x0303, [5; 32], &[], 0xc018, &[]),
        message(12, &[3, 0, 0x17, 1, 9]),
        message(14, &[]),
    ];
    let offer = ClientHello::everything(&[ProtocolVersion::TLS_1_2], [7; 32]);
    let flight = chosen(answer(&offer, &handshake(&octets.concat())));
    assert_eq!((flight.chain, flight.is_complete), (None, true));
    let exchange = flight.key_exchange.unwrap();
    assert_eq!(
        exchange.parameters,
        KeyExchange::Ecdhe(NamedGroup::SECP256R1)
    );
    assert_eq!(exchange.is_signed, Some(false));
    assert_eq!(flight.deviations, [""; 0]);
}

#[test]
fn whether_a_key_exchange_of_unknown_form_is_signed_is_not_said() {
    let octets = [
        server_hello(0x0303, [5; 32], &[], 0xc02f, &[]),
        message(12, &[1, 2, 3, 4]),
    ];
    let flight = chosen(answer(&small(), &handshake(&octets.concat())));
    let exchange = flight.key_exchange.unwrap();
    assert_eq!(exchange.parameters, KeyExchange::Other(4));
    assert_eq!(exchange.is_signed, None);
}

#[test]
fn the_farewell_fits_the_version_and_is_sent_only_to_who_listens() {
    let after = |offer: &ClientHello, octets: &[u8]| {
        let mut probe = probe(offer);
        probe.handle_input(octets);
        probe.farewell()
    };
    let both = |minor| [21, 3, minor, 0, 2, 1, 90, 21, 3, minor, 0, 2, 1, 0];
    assert_eq!(after(&small(), &[]), both(1));
    assert_eq!(after(&small(), &handshake(&flight12())), both(3));
    let retry = handshake(&tls13_hello(RETRY, &[0, 0x18]));
    assert_eq!(after(&small(), &retry), both(3));
    let old = ClientHello::everything(&[ProtocolVersion::SSL_3_0], [7; 32]);
    assert_eq!(after(&old, &[]), [21, 3, 0, 0, 2, 1, 0]);
    for octets in [&alert(2, 40)[..], &alert(1, 0), b"220 a\r\n"] {
        assert_eq!(after(&small(), octets), [0; 0]);
    }
}

#[test]
fn hellos_are_as_long_as_is_said_and_split_as_asked() {
    assert_eq!(probe(&small()).output().len(), 231);
    let name = "mx.example.org".parse().unwrap();
    let named = small().with_server_name(&name);
    assert_eq!(probe(&named).output().len(), 231 + 9 + 14);
    let padded = probe(&small().with_least_length(512));
    assert_eq!(padded.output().len(), 512 + 5);
    let split = probe(&small().with_record_length(100));
    // 226 octets make three records.
    assert_eq!(split.output().len(), 231 + 2 * 5);
    let everything = ClientHello::everything(&[ProtocolVersion::TLS_1_2], [7; 32]);
    let length = probe(&everything).output().len();
    assert!((950..1150).contains(&length), "{length}");
    assert_eq!(split.output()[..5], [22, 3, 1, 0, 100]);
}

#[test]
fn a_hello_that_cannot_be_written_is_an_error() {
    for (offer, kind) in [
        (small().with_versions(&[]), HelloErrorKind::NoVersion),
        (
            small().with_cipher_suites(&[]),
            HelloErrorKind::NoCipherSuite,
        ),
        (small().with_alpn(&[b""]), HelloErrorKind::ProtocolLength),
        (
            small().with_record_length(16385),
            HelloErrorKind::RecordLength,
        ),
        (small().with_least_length(70000), HelloErrorKind::TooLong),
        (
            small()
                .with_versions(&[ProtocolVersion::SSL_3_0])
                .with_least_length(512),
            HelloErrorKind::Padding,
        ),
    ] {
        assert_eq!(HelloProbe::new(&offer).unwrap_err().kind(), kind);
    }
}

/// Octets that get far: transcripts with a few octets changed.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let whole = [
        handshake(&flight12()),
        records(22, &flight12(), 7),
        [alert(1, 112), handshake(&tls13_hello([5; 32], &[0, 0x1d]))].concat(),
    ];
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let changed = (prop::sample::select(whole.to_vec()), changes);
    let changed = changed.prop_map(|(mut octets, changes)| {
        for (index, octet) in changes {
            let at = index.index(octets.len());
            octets[at] = octet;
        }
        octets
    });
    prop_oneof![changed, prop::collection::vec(any::<u8>(), 0..700)]
}

proptest! {
    #[test]
    fn item_67_no_cut_changes_the_answer_and_nothing_panics(
        octets in octets(),
        sizes in prop::collection::vec(1_usize..40, 1..20),
    ) {
        let expected = answer(&small(), &octets);
        let mut probe = probe(&small());
        let mut rest = &octets[..];
        for size in sizes.iter().cycle() {
            let (part, after) = rest.split_at((*size).min(rest.len()));
            probe.handle_input(part);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        probe.handle_close();
        prop_assert_eq!(probe.finish(), expected);
    }
}

#[cfg(feature = "serde")]
#[test]
fn an_answer_survives_json() {
    for octets in [&handshake(&flight12())[..], b"220 a\r\n", &alert(2, 40)] {
        let answer = answer(&small(), octets);
        let json = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<HelloAnswer>(&json).unwrap(), answer);
    }
}

#[test]
fn the_farewell_has_a_version_of_records_whatever_the_server_chose() {
    for (version, expected) in [(0x0203, 0x0300), (0x0000, 0x0300), (0xffff, 0x0303)] {
        let mut probe = probe(&small());
        probe.handle_input(&handshake(&server_hello(
            version,
            [5; 32],
            &[],
            0xc02f,
            &[],
        )));
        probe.handle_timeout();
        let farewell = probe.farewell();
        assert_eq!(farewell[0], 21);
        assert_eq!(farewell[1..3], u16::to_be_bytes(expected), "{version:#x}");
    }
}

#[test]
fn schemes_for_the_signatures_of_certificates_are_an_extension_of_their_own() {
    let offer = small().with_certificate_signature_schemes(&[SignatureScheme::RSA_PKCS1_SHA256]);
    let is_sent = |offer: &ClientHello| {
        let octets = probe(offer).output().to_vec();
        octets.windows(8).any(|at| at == [0, 50, 0, 4, 0, 2, 4, 1])
    };
    assert!(is_sent(&offer) && !is_sent(&small()));
    assert!(!is_sent(&offer.with_versions(&[ProtocolVersion::TLS_1_1])));
}
