//! DMARC records from any octets: a record or a near miss, never both; what counts for less asks for less; and the tags say the
//! same without what stands around them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::dmarc::{Audience, Force, NearMiss, Oddity, Policy, Record};
use mailcheck_fuzz::{joined, said};

fuzz_target!(|text: &[u8]| {
    let Some(record) = Record::parse(text) else {
        return assert!(!text.starts_with(b"v=DMARC1;"));
    };
    assert_eq!(NearMiss::of(text), None);
    let again = Record::parse(&joined(&record.tags)).expect("a record of the same tags");
    assert_eq!(said(&again.tags), said(&record.tags));
    assert_eq!((&again.aggregate_reports, &again.failure_reports), (&record.aggregate_reports, &record.failure_reports));
    assert_eq!((again.psd, again.failure_options), (record.psd, record.failure_options));
    for audience in [Audience::Domain, Audience::ExistingSubdomain, Audience::NonexistentSubdomain] {
        let (asked, applied) = (record.policy_for(audience), record.applied_policy_for(audience));
        match record.force() {
            Force::AsStated => assert!(asked.is_some()),
            Force::AsNone => assert_eq!(asked, Some(Policy::None)),
            Force::NotAtAll => assert_eq!(asked, None),
        }
        assert!(applied <= asked && applied.is_some() == asked.is_some());
        assert_eq!(again.applied_policy_for(audience), applied);
    }
    for oddity in &record.oddities {
        let Oddity::InvalidUri { text, span, .. } = oddity else { continue };
        let tag = record.text.at(*span);
        assert!(text.as_bytes().is_empty() || tag.windows(text.as_bytes().len()).any(|part| part == text.as_bytes()));
    }
});
