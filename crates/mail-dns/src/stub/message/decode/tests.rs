//! Held against hickory-proto, which reads and writes the same messages.

use hickory_proto::op::Message;
use hickory_proto::rr::rdata::{CAA, CNAME, MX, NS, NULL, PTR, SOA, SRV, TLSA, TXT};
use hickory_proto::rr::{self, DNSClass, Name, RData};
use proptest::prelude::*;

use super::*;
use crate::wire;

fn name() -> impl Strategy<Value = Name> {
    // Few labels, so that names share endings and are compressed.
    let label = prop_oneof![
        Just("a"),
        Just("mx"),
        Just("Example"),
        Just("test"),
        Just("_dmarc"),
        Just("x-y")
    ];
    proptest::collection::vec(label, 0..6).prop_map(|labels| {
        let mut name =
            Name::from_labels(labels.iter().map(|label| label.as_bytes())).expect("a name");
        name.set_fqdn(true);
        name
    })
}

fn data() -> impl Strategy<Value = RData> {
    let octets = || proptest::collection::vec(any::<u8>(), 0..300);
    prop_oneof![
        any::<[u8; 4]>().prop_map(|octets| RData::A(Ipv4Addr::from(octets).into())),
        any::<[u8; 16]>().prop_map(|octets| RData::AAAA(Ipv6Addr::from(octets).into())),
        name().prop_map(|name| RData::CNAME(CNAME(name))),
        name().prop_map(|name| RData::NS(NS(name))),
        name().prop_map(|name| RData::PTR(PTR(name))),
        (any::<u16>(), name()).prop_map(|(preference, name)| RData::MX(MX::new(preference, name))),
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..256), 1..6).prop_map(
            |strings| RData::TXT(TXT::from_bytes(strings.iter().map(Vec::as_slice).collect()))
        ),
        (name(), name(), any::<u32>()).prop_map(|(one, other, number)| RData::SOA(SOA::new(
            one, other, number, 1, 2, 3, number
        ))),
        (any::<u16>(), any::<u16>(), any::<u16>(), name())
            .prop_map(|(a, b, c, name)| RData::SRV(SRV::new(a, b, c, name))),
        (any::<u8>(), any::<u8>(), any::<u8>(), octets())
            .prop_map(|(a, b, c, data)| RData::TLSA(TLSA::new(a.into(), b.into(), c.into(), data))),
        (any::<bool>(), name()).prop_map(|(critical, name)| RData::CAA(CAA::new_issue(
            critical,
            Some(name),
            vec![]
        ))),
        proptest::collection::vec(any::<u8>(), 1..300).prop_map(|data| RData::Unknown {
            code: 65_280.into(),
            rdata: NULL::with(data)
        }),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    proptest::collection::vec((name(), any::<u32>(), data(), any::<bool>()), 0..8).prop_map(
        |records| {
            let mut message = Message::response(1, hickory_proto::op::OpCode::Query);
            for (owner, ttl, data, is_internet) in records {
                let mut record = rr::Record::from_rdata(owner, ttl, data);
                record.dns_class = if is_internet {
                    DNSClass::IN
                } else {
                    DNSClass::CH
                };
                message.add_answer(record);
            }
            message
        },
    )
}

fn read(octets: &[u8]) -> Result<Vec<Record>, Fault> {
    let count = u16::from_be_bytes([octets[6], octets[7]]);
    Decoder::new(octets, 12).records(count, &DomainName::root(), |_| true)
}

proptest! {
    #[test]
    fn what_hickory_writes_is_read_as_hickory_reads_it(message in message()) {
        let octets = message.to_vec().expect("octets");
        let again = Message::from_vec(&octets).expect("a message");
        let expected: Vec<_> = again
            .answers
            .iter()
            .filter(|record| record.dns_class == DNSClass::IN)
            .map(|record| wire::record(record).expect("a record"))
            .collect();
        prop_assert_eq!(read(&octets), Ok(expected));
    }

    #[test]
    fn what_hickory_reads_is_read_here_alike(message in message(), at: proptest::sample::Index, octet: u8) {
        let mut octets = message.to_vec().expect("octets");
        let at = at.index(octets.len());
        octets[at] = octet;
        let (Ok(theirs), Ok(ours)) = (Message::from_vec(&octets), read(&octets)) else {
            return Ok(());
        };
        let theirs: Vec<_> = theirs
            .answers
            .iter()
            .filter(|record| record.dns_class == DNSClass::IN)
            .filter_map(|record| wire::record(record).ok())
            .collect();
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn no_octets_panic(octets in proptest::collection::vec(any::<u8>(), 12..400)) {
        let _ = read(&octets);
        let _ = Decoder::new(&octets, 12).opt(u16::MAX);
        let _ = Decoder::new(&octets, 12).skip_questions(u16::MAX);
    }
}

/// A record with the root as owner.
fn one(record_type: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let mut octets = vec![0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    octets.extend(record_type.to_be_bytes());
    octets.extend(IN.to_be_bytes());
    octets.extend(ttl.to_be_bytes());
    octets.extend(u16::try_from(data.len()).expect("few").to_be_bytes());
    octets.extend(data);
    octets
}

#[test]
fn a_ttl_with_the_highest_bit_is_none() {
    let ttl = |ttl| read(&one(1, ttl, &[192, 0, 2, 1])).expect("a record")[0].ttl;
    assert_eq!(ttl(0x7fff_ffff), 0x7fff_ffff);
    assert_eq!(ttl(0x8000_0000), 0);
}

#[test]
fn types_in_an_nsec_record_are_read() {
    // TXT, RRSIG, NSEC and NXNAME (RFC 9824 §2).
    let data = b"\x01\x00\x03abc\x00\x00\x11\x00\x00\x80\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80";
    let records = read(&one(47, 60, &data[2..])).expect("a record");
    let RecordData::Nsec { types } = &records[0].data else {
        panic!("{records:?}")
    };
    assert_eq!(
        types.as_slice(),
        [
            RecordType::TXT,
            RecordType(46),
            RecordType::NSEC,
            RecordType::NXNAME
        ]
    );
    assert!(read(&one(47, 60, b"\x00\x00\x40\x01")).is_err());
}
