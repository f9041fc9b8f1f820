//! Records, tag by tag.

use super::*;
use crate::tag_list::TagFaultKind;

#[track_caller]
fn record(text: &str) -> Record {
    Record::parse(text.as_bytes()).expect("a DMARC record")
}

#[test]
fn item_53_the_version_is_first_and_exact() {
    assert!(Record::parse(b"v=DMARC1").is_some(), "alone it is enough");
    assert!(Record::parse(b"v = DMARC1 ;p = none").is_some());
    for (text, miss) in [
        ("v=dmarc1; p=none", Some(NearMiss::VersionCase)),
        ("v=DMARC10; p=none", Some(NearMiss::OtherVersion)),
        ("v=DMARC; p=reject", Some(NearMiss::OtherVersion)),
        ("p=reject; rua=mailto:a@b.test", Some(NearMiss::NoVersion)),
        ("k=rsa; p=AAAA", None),
        ("v=DMARC1 p=none", Some(NearMiss::NoSeparator)),
        (" v=DMARC1; p=none", Some(NearMiss::LeadingBlank)),
        ("p=none; v=DMARC1", Some(NearMiss::VersionNotFirst)),
        ("\"v=DMARC1; p=none\"", Some(NearMiss::LiteralQuoting)),
        ("v=DMARC1\\; p=none", Some(NearMiss::LiteralQuoting)),
        (" v = DMARC1; p=none", Some(NearMiss::LeadingBlank)),
        ("\u{feff}v=DMARC1; p=none", Some(NearMiss::LeadingBlank)),
        ("v=DMARC1\r\n; p=none", Some(NearMiss::LeadingBlank)),
        ("v=DMARC2; p=none", Some(NearMiss::OtherVersion)),
        ("v=spf1 -all", None),
        ("", None),
    ] {
        assert_eq!(Record::parse(text.as_bytes()), None, "{text}");
        assert_eq!(NearMiss::of(text.as_bytes()), miss, "{text}");
    }
}

#[test]
fn item_54_what_is_wrong_behind_the_version_falls_back_to_the_default() {
    let odd = record(
        "v=DMARC1; p=reject; adkim=x; aspf=S; t=yes; psd=; fo=0:1; foo=bar; rua=a@b.test,mailto:c@d.test; ;",
    );
    assert_eq!(odd.policy_for(Audience::Domain), Some(Policy::Reject));
    assert_eq!(
        (odd.dkim_alignment, odd.spf_alignment),
        (Alignment::Relaxed, Alignment::Strict)
    );
    assert!(!odd.testing);
    assert_eq!(odd.psd, Psd::Unstated);
    assert_eq!(odd.failure_options, FailureOptions::default());
    assert_eq!(odd.aggregate_reports.len(), 1, "the good URI stays");
    let invalid: Vec<_> = odd
        .oddities
        .iter()
        .filter_map(|oddity| match oddity {
            Oddity::InvalidValue { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(invalid, ["psd", "t", "adkim", "fo"]);
    assert!(
        odd.oddities
            .iter()
            .any(|oddity| matches!(oddity, Oddity::UnknownTag { name, .. } if name == "foo"))
    );
    assert!(
        odd.oddities
            .iter()
            .any(|oddity| matches!(oddity, Oddity::InvalidUri { .. }))
    );
    assert!(odd.oddities.contains(&Oddity::OptionsWithoutReports));
    let empty = |oddity: &Oddity| matches!(oddity, Oddity::Syntax(fault) if fault.kind == TagFaultKind::Empty);
    assert!(odd.oddities.iter().any(empty));

    let twice = record("v=DMARC1; p=reject; p=none");
    assert_eq!(twice.policy_for(Audience::Domain), Some(Policy::Reject));
    assert!(matches!(
        twice.oddities.as_slice(),
        [Oddity::DuplicateTag { .. }]
    ));
    let twice = record("v=DMARC1; p=reject; P=none; fo=1; FO=0");
    let again = twice
        .oddities
        .iter()
        .filter(|oddity| matches!(oddity, Oddity::DuplicateTag { .. }));
    assert_eq!(again.count(), 2);
    assert_eq!(
        twice.failure_options,
        FailureOptions::default(),
        "without ruf it is ignored"
    );
    let upper = record("v=DMARC1; p=none; FO=1");
    assert_eq!(upper.oddities, [Oddity::OptionsWithoutReports]);
    // Names and values in any case; order after the version is free.
    assert_eq!(
        record("v=DMARC1; RUA=mailto:a@b.test; P=Reject").policy_for(Audience::Domain),
        Some(Policy::Reject)
    );
}

#[test]
fn item_55_without_a_good_policy_reports_decide() {
    for text in [
        "v=DMARC1; rua=mailto:a@b.test",
        "v=DMARC1; p=rejekt; rua=mailto:a@b.test",
        "v=DMARC1; p=; rua=mailto:a@b.test",
        "v=DMARC1; p=reject; sp=quarantin; rua=mailto:a@b.test",
        "v=DMARC1; p=reject; np=x; rua=mailto:a@b.test",
    ] {
        assert_eq!(record(text).force(), Force::AsNone, "{text}");
        assert_eq!(
            record(text).policy_for(Audience::ExistingSubdomain),
            Some(Policy::None)
        );
    }
    for text in [
        "v=DMARC1",
        "v=DMARC1; p=rejekt",
        "v=DMARC1; rua=nowhere",
        "v=DMARC1; ruf=mailto:a@b.test",
    ] {
        assert_eq!(record(text).force(), Force::NotAtAll, "{text}");
        assert_eq!(record(text).policy_for(Audience::Domain), None);
    }
}

#[test]
fn item_57_testing_lowers_one_level_and_removed_tags_do_nothing() {
    let testing = |policy: &str| {
        record(&format!("v=DMARC1; p={policy}; t=y; pct=0")).applied_policy_for(Audience::Domain)
    };
    assert_eq!(testing("reject"), Some(Policy::Quarantine));
    assert_eq!(testing("quarantine"), Some(Policy::None));
    assert_eq!(testing("none"), Some(Policy::None));
    let old = record("v=DMARC1; p=reject; pct=20; rf=afrf; ri=3600");
    assert_eq!(
        old.applied_policy_for(Audience::Domain),
        Some(Policy::Reject)
    );
    assert_eq!(old.historic_percentage(), 20);
    let historic = old
        .oddities
        .iter()
        .filter(|oddity| matches!(oddity, Oddity::HistoricTag { .. }));
    assert_eq!(historic.count(), 3);
    for (text, percentage) in [
        ("pct=101", 100),
        ("pct=x", 100),
        ("pct=+5", 100),
        ("pct=0", 0),
        ("x=1", 100),
    ] {
        assert_eq!(
            record(&format!("v=DMARC1; p=none; {text}")).historic_percentage(),
            percentage
        );
    }
}

#[test]
fn item_58_failure_options_and_sizes() {
    let options = |text: &str| {
        let record = record(&format!("v=DMARC1; p=none; ruf=mailto:a@b.test; fo={text}"));
        let FailureOptions { any, dkim, spf } = record.failure_options;
        (any, dkim, spf, record.oddities.is_empty())
    };
    assert_eq!(options("0"), (false, false, false, true));
    assert_eq!(options("1:d:s"), (true, true, true, true));
    assert_eq!(options("d : s"), (false, true, true, true));
    for bad in ["0:1", "d:d", "x", "", "1:", "0:0"] {
        assert_eq!(options(bad), (false, false, false, false), "{bad}");
    }
    let sized = record("v=DMARC1; p=none; rua=mailto:a@b.test!10m , mailto:c@d.test");
    assert_eq!(sized.aggregate_reports.len(), 2);
    assert!(matches!(
        sized.oddities.as_slice(),
        [Oddity::ObsoleteSize { .. }]
    ));
}

#[test]
fn places_are_those_of_the_uri() {
    let text = "v=DMARC1; p=none; rua= mailto:a@b.test, nobody ,mailto:c@d.test!1k";
    let places: Vec<_> = record(text)
        .oddities
        .iter()
        .filter_map(|oddity| match oddity {
            Oddity::InvalidUri { span, .. } | Oddity::ObsoleteSize { span } => {
                Some(&text[span.start..span.end])
            }
            _ => None,
        })
        .collect();
    assert_eq!(places, [" nobody ", "mailto:c@d.test!1k"]);
}

#[test]
fn floods_are_cut_and_said() {
    let many = record(&format!(
        "v=DMARC1; p=none; rua={}",
        "mailto:a@b.test,".repeat(3000)
    ));
    assert_eq!(many.aggregate_reports.len(), 64);
    assert!(
        matches!(many.oddities.last(), Some(Oddity::LeftOut { count: 2937 })),
        "{:?}",
        many.oddities.last()
    );
    let commas = record(&format!("v=DMARC1; p=none; rua={}", ",".repeat(5000)));
    assert_eq!(commas.oddities.len(), 65);
    let late = record(&format!("v=DMARC1;{}p=reject", ";".repeat(300)));
    let too_many = |oddity: &Oddity| matches!(oddity, Oddity::Syntax(fault) if fault.kind == TagFaultKind::TooMany);
    assert!(
        late.force() == Force::NotAtAll
            && (late.oddities.iter().any(too_many) || late.oddities.len() == 65)
    );
}
