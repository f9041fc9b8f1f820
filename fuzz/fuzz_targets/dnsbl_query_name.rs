//! The names that are asked for any subject: the first octet picks the list, the rest is an address of 4 or 16 octets, or a name. They are
//! within the zone and short enough, tell the subject back, and none is made for what must not be asked about.
#![no_main]

use std::net::IpAddr;

use dnsbl::{AskingScope, NameForm, NotAsked, Subject};
use libfuzzer_sys::fuzz_target;
use mail_dns::{AddressScope, DomainName};
use mailcheck_fuzz::LISTS;

fuzz_target!(|input: &[u8]| {
    let [which, rest @ ..] = input else { return };
    let list = &LISTS.lists()[usize::from(*which) % LISTS.lists().len()];
    let address = <[u8; 4]>::try_from(rest).map(IpAddr::from).or_else(|_| <[u8; 16]>::try_from(rest).map(IpAddr::from));
    let name = std::str::from_utf8(rest).ok().and_then(|text| text.parse::<DomainName>().ok());
    let subject = match (address, name) {
        (Ok(address), _) => Subject::Address(address),
        (_, Some(name)) => Subject::Domain(name),
        _ => return,
    };
    let asked = subject.query_names(list, &AskingScope::default());
    match (&subject, &asked) {
        (Subject::Address(address), Ok(names)) => {
            assert_eq!(AddressScope::of(bare(*address)), AddressScope::Global);
            assert_eq!(*names, [list.zone.with_address(bare(*address)).expect("short")]);
        }
        (Subject::Address(_), Err(why)) => assert!(matches!(why, NotAsked::Scope(_))),
        (Subject::Domain(domain), Ok(names)) => {
            let most = if list.name_form == NameForm::Unknown { 5 } else { 4 };
            assert!((1..=most).contains(&names.len()));
            let own = |name: &DomainName| name.label_count() - list.zone.label_count() <= domain.label_count();
            assert!(names.iter().all(|name| name.is_within(&list.zone) && name.wire_len() <= 255 && own(name)));
        }
        (Subject::Domain(_), Err(why)) => assert!(matches!(why, NotAsked::NameTooLong | NotAsked::NotADomain)),
    }
});

/// An address without its IPv6 clothing: mapped, or that of a translator (RFC 6052 §2.1).
fn bare(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) if six.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => {
            let [.., a, b, c, d] = six.octets();
            IpAddr::from([a, b, c, d])
        }
        other => other.to_canonical(),
    }
}
