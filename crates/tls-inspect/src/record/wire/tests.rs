use super::*;

/// A record with this fragment.
fn record(content_type: u8, fragment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[content_type, 3, 3][..], &length, fragment].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind][..], &length[1..], body].concat()
}

/// A ServerHello of TLS 1.2 with this suite, or of what the extensions say.
fn hello(random: [u8; 32], suite: u16, extensions: &[u8]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend(random);
    body.extend([2, 0xaa, 0xbb]);
    body.extend(suite.to_be_bytes());
    body.push(0);
    if !extensions.is_empty() {
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
    }
    message(SERVER_HELLO, &body)
}

/// supported_versions with TLS 1.3, and key_share with this group and as many octets.
fn tls13(group: u16, share: usize) -> Vec<u8> {
    let mut extensions = vec![0, 43, 0, 2, 3, 4, 0, 51];
    let length = if share == 0 { 2 } else { share + 4 };
    extensions.extend(u16::try_from(length).unwrap().to_be_bytes());
    extensions.extend(group.to_be_bytes());
    if share > 0 {
        extensions.extend(u16::try_from(share).unwrap().to_be_bytes());
        extensions.extend(vec![7; share]);
    }
    extensions
}

fn hello_of_tls13(share: usize) -> Vec<u8> {
    hello([9; 32], 0x1301, &tls13(0x11ec, share))
}

fn described(seen: &Seen) -> [Option<u16>; 3] {
    let mut capture = Capture::new(crate::HandshakeOutcome::Completed);
    seen.describe(&mut capture);
    [
        capture.version.map(|version| version.0),
        capture.cipher_suite.map(|suite| suite.0),
        capture.group.map(|group| group.0),
    ]
}

/// Reads what the server sends, whole, an octet at a time, and cut in two at every octet: version,
/// suite and group, and the alerts.
#[track_caller]
fn check(octets: &[u8], expected: [Option<u16>; 3], alerts: &[(u8, u8)]) {
    let mut ways = vec![vec![octets], octets.chunks(1).collect()];
    ways.extend((0..octets.len()).map(|cut| {
        let (first, second) = octets.split_at(cut);
        vec![first, second]
    }));
    for way in ways {
        let mut wire = Wire::default();
        for part in way {
            wire.received(part);
        }
        let seen = wire.take();
        assert_eq!(described(&seen), expected);
        let found: Vec<_> = seen
            .alerts
            .iter()
            .map(|sent| (sent.alert.level.unwrap().0, sent.alert.description.0))
            .collect();
        assert_eq!(found, alerts);
        assert!(seen.plaintext.is_empty());
    }
}

#[test]
fn a_hello_of_tls_1_3_and_what_follows_it_encrypted() {
    let mut octets = record(HANDSHAKE, &hello_of_tls13(1120));
    let expected = [Some(0x0304), Some(0x1301), Some(0x11ec)];
    check(&octets, expected, &[]);
    octets.extend(record(CHANGE_CIPHER_SPEC, &[1]));
    octets.extend(record(23, &[2; 300]));
    // What would be another hello cannot be one.
    octets.extend(record(HANDSHAKE, &hello([9; 32], 0xc02f, &[])));
    check(&octets, expected, &[]);
}

#[test]
fn a_hello_of_tls_1_2_with_its_group_in_one_record_or_several() {
    let flight = [
        hello([9; 32], 0xc02f, &[0xff, 0x01, 0, 1, 0]),
        message(11, &[5; 600]),
        message(SERVER_KEY_EXCHANGE, &[3, 0x00, 0x1d, 32, 1, 2, 3]),
        message(14, &[]),
    ];
    let expected = [Some(0x0303), Some(0xc02f), Some(0x001d)];
    check(&record(HANDSHAKE, &flight.concat()), expected, &[]);
    let records: Vec<u8> = flight
        .concat()
        .chunks(50)
        .flat_map(|part| record(HANDSHAKE, part))
        .collect();
    check(&records, expected, &[]);
}

#[test]
fn a_hello_without_extensions_and_one_of_an_old_version() {
    let mut octets = hello([9; 32], 0x0035, &[]);
    octets[5] = 1;
    let expected = [Some(0x0301), Some(0x0035), None];
    check(&record(HANDSHAKE, &octets), expected, &[]);
}

#[test]
fn a_retry_is_told_apart_and_the_hello_after_it_is_read() {
    let retry = hello(RETRY, 0x1302, &tls13(0x0017, 0));
    let mut octets = record(HANDSHAKE, &retry);
    octets.extend(record(CHANGE_CIPHER_SPEC, &[1]));
    check(&octets, [Some(0x0304), Some(0x1302), Some(0x0017)], &[]);

    octets.extend(record(
        HANDSHAKE,
        &hello([9; 32], 0x1301, &tls13(0x0018, 97)),
    ));
    check(&octets, [Some(0x0304), Some(0x1301), Some(0x0018)], &[]);
    let mut wire = Wire::default();
    wire.received(&octets);
    let mut capture = Capture::new(crate::HandshakeOutcome::Completed);
    wire.take().describe(&mut capture);
    assert_eq!(
        capture.handshake,
        Some(HandshakeKind::FullWithHelloRetryRequest)
    );
}

#[test]
fn alerts_in_the_clear_are_kept_and_encrypted_ones_are_not() {
    let mut octets = record(ALERT, &[1, 112]);
    octets.extend(record(HANDSHAKE, &hello([9; 32], 0xc02f, &[])));
    octets.extend(record(ALERT, &[2, 80]));
    octets.extend(record(ALERT, &[2, 40, 3, 4, 5, 6, 7, 8, 9, 10]));
    check(
        &octets,
        [Some(0x0303), Some(0xc02f), None],
        &[(1, 112), (2, 80)],
    );
}

#[test]
fn no_more_alerts_are_kept_than_the_limit() {
    let octets = record(ALERT, &[1, 112]).repeat(100);
    check(&octets, [None; 3], &[(1, 112); MAX_ALERTS]);
}

#[test]
fn what_is_cut_off_or_broken_says_nothing() {
    let hello = hello_of_tls13(32);
    for length in 0..hello.len() {
        check(&record(HANDSHAKE, &hello[..length]), [None; 3], &[]);
    }
    // A length within that is longer than the whole.
    let mut broken = hello.clone();
    broken[38] = 255;
    check(&record(HANDSHAKE, &broken), [None; 3], &[]);
    // After a record that is none, nothing is believed.
    let mut octets = record(23, &[]);
    octets.extend(record(99, &[]));
    octets.extend(record(HANDSHAKE, &hello));
    check(&octets, [None; 3], &[]);
}

#[test]
fn certificates_of_tls_1_2_are_read_if_they_are_whole() {
    let whole = [&[0, 0, 11, 0, 0, 3][..], b"one", &[0, 0, 2], b"be"].concat();
    let of = |hello: &[u8], body: &[u8]| {
        let mut wire = Wire::default();
        wire.received(&record(HANDSHAKE, hello));
        let sent = message(CERTIFICATE, body);
        let (first, rest) = sent.split_at(sent.len().min(7));
        wire.received(&record(HANDSHAKE, first));
        wire.received(&record(HANDSHAKE, rest));
        let mut capture = Capture::new(crate::HandshakeOutcome::Completed);
        wire.take().describe(&mut capture);
        capture.chain
    };
    let tls12 = hello([7; 32], 0xc02f, &[]);
    assert_eq!(of(&tls12, &whole), [Der::new(*b"one"), Der::new(*b"be")]);
    assert_eq!(of(&tls12, &[0, 0, 0]), []);
    assert_eq!(of(&tls12, &[0, 0]), []);
    assert_eq!(of(&tls12, &[0, 0, 4, 0, 0, 3, 1]), []);
    // What follows a hello of TLS 1.3 is encrypted, whatever it looks like.
    assert_eq!(of(&hello_of_tls13(32), &whole), []);
}

#[test]
fn memory_is_bounded_whatever_is_sent() {
    let mut wire = Wire::default();
    wire.received(&record(HANDSHAKE, &[SERVER_HELLO, 0xff, 0xff, 0xff]));
    for _ in 0..1000 {
        wire.received(&record(HANDSHAKE, &[0; 1024]));
    }
    assert!(wire.from_server.message.len() <= MAX_HELLO + 4);
    wire = Wire::default();
    wire.received(&record(HANDSHAKE, &[CERTIFICATE, 0xff, 0xff, 0xff]));
    for _ in 0..1000 {
        wire.received(&record(HANDSHAKE, &[0; 1024]));
    }
    assert_eq!(wire.from_server.message.len(), MAX_CHAIN + 4);
    wire = Wire::default();
    wire.received(&record(HANDSHAKE, &[14, 0xff, 0xff, 0xff]));
    wire.received(&record(HANDSHAKE, &[0; 1024]));
    assert_eq!(wire.from_server.message.len(), 4);
}

#[test]
fn plaintext_is_kept_up_to_its_limit_and_an_hello_after_it_is_none() {
    let mut wire = Wire::default();
    wire.received(b"2");
    wire.received(&record(HANDSHAKE, &hello_of_tls13(32)));
    wire.received(&[b'x'; 600]);
    let seen = wire.take();
    assert!(seen.plaintext.starts_with(b"2\x16\x03\x03"));
    assert_eq!(seen.plaintext.len(), HandshakeFailure::FIRST_OCTETS);
    assert_eq!(described(&seen), [None; 3]);
}

proptest::proptest! {
    #[test]
    fn no_octets_make_it_panic(parts in proptest::collection::vec(
        proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64), 0..16)) {
        let mut wire = Wire::default();
        wire.received(&[22, 3, 3, 0, 200, 2]);
        for part in &parts {
            wire.received(part);
            wire.sent(part);
        }
        described(&wire.take());
    }
}
