//! Answers of any list of the catalogue: the first octet picks the list, the second what comes back, the rest is addresses of four octets,
//! or text. No refusal and no foreign address is ever an entry, only NXDOMAIN is absence, an allowlist lists nobody, and nothing raw is shown.
#![no_main]

use dnsbl::{Code, ListText, Reading, Role, Severity, Stance, ListSummary};
use libfuzzer_sys::fuzz_target;
use mailcheck_fuzz::{LISTS, list_outcome};

fuzz_target!(|input: &[u8]| {
    let [which, how, rest @ ..] = input else { return };
    let list = &LISTS.lists()[usize::from(*which) % LISTS.lists().len()];
    let (outcome, addresses, nxdomain) = list_outcome(*how, rest);
    let reading = Reading::of(list, &outcome);
    assert_eq!(matches!(reading, Reading::Absent(_)), nxdomain);
    if let Reading::Entry(codes) = &reading {
        assert!(!codes.is_empty() && addresses.iter().all(|address| address.is_loopback()));
        assert!(!addresses.iter().any(|address| address.octets()[..3] == [127, 255, 255]));
        assert!(list.stance != Stance::Allow || !codes.iter().any(Code::is_listing));
        let weight = |code| Severity::of(&ListSummary::from(list), code, Role::OutboundSender);
        assert!(codes.iter().all(|code| code.is_listing() || weight(code) == Severity::Info));
    }
    let shown = format!("{reading} {}", ListText::new(rest));
    assert!(shown.bytes().all(|octet| matches!(octet, b' '..=b'~')), "{shown}");
});
