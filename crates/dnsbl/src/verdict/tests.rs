use mail_dns::{LookupErrorKind, NegativeKind, Question, RecordType};

use super::*;
use crate::{Catalogue, Category, Kind, Meaning, QuarantineReason, RefusalReason};

const NOW: i64 = 1_795_000_000;

fn name(text: &str) -> DomainName {
    text.parse().expect("a name")
}

fn error(kind: LookupErrorKind) -> LookupError {
    let question = Question {
        name: name("1.1.1.9.bl.test"),
        record_type: RecordType::A,
    };
    LookupError::new(kind, question)
}

fn absent(text: &str) -> Asked {
    let denial = Negative::new(NegativeKind::NxDomain, Some(60), Some(name("bl.test")));
    Asked::new(name(text), Reading::Absent(denial), Some(60))
}

fn listed(text: &str) -> Asked {
    let codes = vec![Code::new(
        Ipv4Addr::new(127, 0, 0, 2),
        Effect::Listed,
        vec![Meaning::new("trap", Category::Spam)],
    )];
    Asked::new(name(text), Reading::Entry(codes), Some(300))
}

fn controls() -> ControlReport {
    ControlReport::new(
        Kind::Ipv4,
        vec![listed("2.0.0.127.bl.test")],
        vec![absent("1.0.0.127.bl.test")],
        absent("77.2.0.192.bl.test"),
        NOW,
    )
}

fn list() -> List {
    let catalogue = Catalogue::from_toml(
        "[[list]]\nzone = \"bl.test\"\nname = \"Test\"\nstance = \"block\"\ntier = \"minor\"\nstatus = \"tested\"\n\
         as_of = \"2026-11\"\nsource = \"here\"\nipv4 = { positive = [\"127.0.0.2\"] }\n",
    );
    catalogue.expect("sound").lists()[0].clone()
}

fn every_verdict() -> Vec<Verdict> {
    let mut listing = Listing::new(vec![Code::new(
        Ipv4Addr::new(127, 0, 0, 9),
        Effect::Listed,
        Vec::new(),
    )]);
    listing.text.push(ListText::new(b"\x1b[1m<b>"));
    listing.text_failure = Some(error(LookupErrorKind::Timeout));
    let address = Ipv4Addr::new(127, 255, 255, 254);
    let why = Unsettled::Lookup(error(LookupErrorKind::ServFail));
    vec![
        Verdict::Listed(listing.clone()),
        Verdict::Allowed(listing.clone()),
        Verdict::Neutral(Listing {
            network: Some(Network {
                address: "2001:db8::".parse().expect("an address"),
                prefix: 64,
            }),
            ..listing
        }),
        judge(&list(), &controls(), &[absent("1.1.1.9.bl.test")]),
        Verdict::Refused(Refusal::Code {
            address,
            reason: RefusalReason::PublicResolver,
            meaning: None,
            text: vec![ListText::new(b"\x07from 192.0.2.53")],
        }),
        Verdict::Refused(Refusal::Rcode(error(LookupErrorKind::Refused))),
        Verdict::Broken(Fault::Wildcard {
            name: name("1.0.0.127.bl.test"),
            addresses: vec![address],
        }),
        Verdict::Broken(Fault::OutsideLoopback(vec![
            "203.0.113.7".parse().expect("an address"),
        ])),
        Verdict::Broken(Fault::TooManyAddresses(900)),
        Verdict::Unknown(Cause::Subject(Unsettled::NoData)),
        Verdict::Unknown(Cause::Subject(Unsettled::DomainGone(name("test")))),
        Verdict::Unknown(Cause::Subject(Unsettled::NotTheLists(15))),
        Verdict::Unknown(Cause::Control {
            name: name("test.bl.test"),
            why,
        }),
        Verdict::Unknown(Cause::NoPositiveControl),
        Verdict::Unknown(Cause::NotAsked(NotAsked::Scope(
            mail_dns::AddressScope::Private,
        ))),
        Verdict::Unknown(Cause::NotAsked(NotAsked::BudgetSpent {
            limit: 9,
            until: NOW,
        })),
        Verdict::Unknown(Cause::Quarantined(Quarantine {
            reason: QuarantineReason::MassListing { listed: 9, of: 10 },
            until: NOW,
        })),
        Verdict::Unknown(Cause::Withdrawn("why\u{1b}[1m".to_owned())),
        Verdict::NotApplicable,
    ]
}

#[test]
fn a_stored_answer_is_judged_again_the_same() {
    let asked = [listed("1.1.1.9.bl.test")];
    let Verdict::Listed(listing) = judge(&list(), &controls(), &asked) else {
        panic!("listed");
    };
    assert_eq!(listing.codes.len(), 1);
    let verdict = judge(&list(), &controls(), &[absent("1.1.1.9.bl.test")]);
    assert!(matches!(verdict, Verdict::NotListed(_)));
}

#[test]
fn nothing_asked_is_never_not_listed() {
    let verdict = judge(&list(), &controls(), &[]);
    assert!(!matches!(verdict, Verdict::NotListed(_)), "{verdict}");
}

#[test]
fn a_refused_control_outweighs_whatever_the_others_show() {
    let refused = Refusal::Rcode(error(LookupErrorKind::Refused));
    let mut report = controls();
    report.negative = vec![listed("1.0.0.127.bl.test")];
    report.positive = vec![Asked::new(
        name("2.0.0.127.bl.test"),
        Reading::Refused(refused.clone()),
        None,
    )];
    let verdict = judge(&list(), &report, &[absent("1.1.1.9.bl.test")]);
    assert_eq!(verdict, Verdict::Refused(refused));
}

#[test]
fn every_verdict_is_shown_in_printable_ascii() {
    for verdict in every_verdict() {
        let subject = Subject::Address("9.1.1.1".parse().expect("an address"));
        let list = ListSummary::new(name("bl.test"), "Test", Stance::Block, Tier::Minor);
        let shown = ListAnswer::new(list, subject, NOW, verdict).to_string();
        assert!(
            shown.bytes().all(|octet| matches!(octet, b' '..=b'~')),
            "{shown}"
        );
        assert!(shown.starts_with("bl.test: 9.1.1.1 is "), "{shown}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn answers_survive_json() {
    for verdict in every_verdict() {
        let answer = ListAnswer {
            asked: vec![listed("1.1.1.9.bl.test"), absent("1.1.1.9.bl.test")],
            controls: Some(Arc::new(controls())),
            ..ListAnswer::new(
                ListSummary::new(name("bl.test"), "Test", Stance::Block, Tier::Minor),
                Subject::Domain(name("example.com")),
                NOW,
                verdict,
            )
        };
        let json = serde_json::to_string(&answer).expect("serializes");
        let back: ListAnswer = serde_json::from_str(&json).expect("deserializes");
        assert_eq!(back, answer, "{json}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn the_form_of_the_json_is_stable() {
    let list_name = ListSummary::from(&list());
    let subject = Subject::Address("9.1.1.1".parse().expect("an address"));
    let verdict = judge(&list(), &controls(), &[listed("1.1.1.9.bl.test")]);
    let json = serde_json::to_value(ListAnswer::new(list_name, subject, NOW, verdict))
        .expect("serializes");
    let expected = serde_json::json!({
        "list": { "zone": "bl.test", "name": "Test", "stance": "block", "tier": "minor",
            "delisting": { "mode": "unknown", "verified": false } },
        "subject": { "address": "9.1.1.1" },
        "path": "",
        "at": NOW,
        "verdict": { "listed": {
            "codes": [{
                "address": "127.0.0.2",
                "effect": "listed",
                "meanings": [{ "text": "trap", "category": "spam", "verified": true }],
            }],
        } },
    });
    assert_eq!(json, expected);
}

#[cfg(feature = "serde")]
#[test]
fn lists_survive_json() {
    for list in Catalogue::builtin().expect("sound").lists() {
        let json = serde_json::to_string(list).expect("serializes");
        assert_eq!(
            serde_json::from_str::<List>(&json).expect("deserializes"),
            *list
        );
    }
}

/// One reading of each sort.
fn every_reading() -> Vec<Reading> {
    let address = Ipv4Addr::new(127, 0, 0, 1);
    vec![
        listed("a.test").reading,
        absent("a.test").reading,
        Reading::Refused(Refusal::Rcode(error(LookupErrorKind::Refused))),
        Reading::Faulty(Fault::TooManyAddresses(65)),
        Reading::Unsettled(Unsettled::NoData),
        Reading::Unsettled(Unsettled::Ambiguous(vec![address])),
        Reading::Unsettled(Unsettled::DomainGone(name("test"))),
        Reading::Unsettled(Unsettled::NotTheLists(15)),
    ]
}

fn is_entry(asked: &Asked) -> bool {
    matches!(asked.reading, Reading::Entry(_))
}

fn is_absent(asked: &Asked) -> bool {
    matches!(asked.reading, Reading::Absent(_))
}

/// Compares a verdict with what the readings allow to be said.
#[track_caller]
fn check_said(report: &ControlReport, asked: &[Asked]) -> Verdict {
    let verdict = judge(&list(), report, asked);
    let honest = report.unlisted().all(is_absent)
        && report
            .positive
            .iter()
            .all(|it| !matches!(it.reading, Reading::Refused(_) | Reading::Faulty(_)));
    let works = !report.positive.is_empty() && report.positive.iter().all(is_entry);
    let denied = !asked.is_empty() && asked.iter().all(is_absent);
    let entered = asked.iter().find(|it| !is_absent(it)).is_some_and(is_entry);
    assert_eq!(
        matches!(verdict, Verdict::NotListed(_)),
        honest && works && denied,
        "{verdict} by {report:?} of {asked:?}"
    );
    assert_eq!(
        matches!(verdict, Verdict::Listed(_)),
        honest && entered,
        "{verdict} by {report:?} of {asked:?}"
    );
    verdict
}

#[test]
fn d13_not_listed_needs_every_proof_and_an_entry_every_control_that_was_right() {
    let optional = || std::iter::once(None).chain(every_reading().into_iter().map(Some));
    let asked = |reading: Option<Reading>| {
        let asked = |reading| Asked::new(name("a.test"), reading, Some(60));
        reading.map(asked).into_iter().collect::<Vec<_>>()
    };
    for positive in optional() {
        for negative in every_reading() {
            for random in every_reading() {
                let random = Asked::new(name("a.test"), random, Some(60));
                let (positive, negative) = (asked(positive.clone()), asked(Some(negative.clone())));
                let report = ControlReport::new(Kind::Ipv4, positive, negative, random, NOW);
                for first in optional() {
                    check_said(&report, &asked(first));
                }
                for second in every_reading() {
                    let both = [absent("a.test"), Asked::new(name("b.test"), second, None)];
                    check_said(&report, &both);
                }
            }
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn d34_what_is_stored_is_judged_again_the_same_whatever_it_said() {
    for positive in every_reading() {
        for subject in every_reading() {
            let mut report = controls();
            report.positive[0].reading = positive.clone();
            let asked = vec![Asked::new(name("1.1.1.9.bl.test"), subject, Some(60))];
            let verdict = check_said(&report, &asked);
            let answer = ListAnswer {
                asked,
                controls: Some(report.into()),
                ..ListAnswer::new(
                    ListSummary::from(&list()),
                    Subject::Address("9.1.1.1".parse().expect("an address")),
                    NOW,
                    verdict.clone(),
                )
            };
            let json = serde_json::to_string(&answer).expect("serializes");
            let back: ListAnswer = serde_json::from_str(&json).expect("deserializes");
            let report = back.controls.as_ref().expect("controls");
            assert_eq!(judge(&list(), report, &back.asked), verdict, "{json}");
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn what_a_later_version_stores_is_an_error_or_passed_over_and_never_another_verdict() {
    let list_name = ListSummary::from(&list());
    let subject = Subject::Address("9.1.1.1".parse().expect("an address"));
    let verdict = judge(&list(), &controls(), &[absent("1.1.1.9.bl.test")]);
    let answer = ListAnswer::new(list_name, subject, NOW, verdict);
    let mut json = serde_json::to_value(&answer).expect("serializes");
    json["new"] = serde_json::json!({ "more": 1 });
    let back: ListAnswer = serde_json::from_value(json.clone()).expect("deserializes");
    assert_eq!(back, answer, "a field that is not known is passed over");
    json["verdict"] = serde_json::json!({ "not_quite_listed": {} });
    assert!(serde_json::from_value::<ListAnswer>(json).is_err());
}
