use mail_dns::{LookupError, LookupErrorKind, Question, RecordType};

use super::*;
use crate::{NotAsked, Unsettled};

#[track_caller]
fn check(cause: Cause, expected: &str) {
    assert_eq!(advice(&HealthState::Unclear(cause)), expected);
}

fn control(why: Unsettled) -> Cause {
    let name = "2.0.0.127.bl.test".parse().expect("a name");
    Cause::Control { name, why }
}

#[test]
fn d22_a_list_that_is_mended_is_to_be_asked_again_and_not_the_resolver() {
    check(
        Cause::Withdrawn("the list was found not to be believed".to_owned()),
        "sweep again: it is mended",
    );
}

#[test]
fn d34_a_list_whose_domain_is_gone_is_to_be_taken_out() {
    check(
        control(Unsettled::DomainGone("test".parse().expect("a name"))),
        "ask through another resolver; if it is the same there, the list's domain is gone and the list is to be taken out",
    );
}

#[test]
fn d01_what_the_resolver_says_in_place_of_the_list_is_the_resolvers() {
    check(
        control(Unsettled::NotTheLists(15)),
        "ask through a resolver that answers nothing of its own",
    );
    check(
        control(Unsettled::NoData),
        "see whether the resolver takes addresses in 127.0.0.0/8 out of answers; if it does not, the list is broken",
    );
    let question = Question {
        name: "2.0.0.127.bl.test".parse().expect("a name"),
        record_type: RecordType::A,
    };
    let error = |kind| Unsettled::Lookup(LookupError::new(kind, question.clone()));
    check(
        control(error(LookupErrorKind::NoServers)),
        "name a resolver to ask",
    );
    check(
        control(error(LookupErrorKind::Timeout)),
        "see whether the resolver reaches the list's name servers",
    );
}

#[test]
fn what_ails_two_kinds_of_subject_differently_has_two_advices() {
    let trouble = |kind, state| ListTrouble {
        kind,
        state,
        subjects: 2,
    };
    let quarantined = HealthState::Quarantined(Quarantine {
        reason: QuarantineReason::MassListing { listed: 2, of: 2 },
        until: 0,
    });
    let budget = NotAsked::BudgetSpent { limit: 1, until: 0 };
    let spent = HealthState::Unclear(Cause::NotAsked(budget));
    let notice = |troubles| SweepNotice {
        zone: "bl.test".parse().expect("a name"),
        troubles,
    };
    let look = "look up some of these subjects on the list's own page before believing it";
    let limits = "see the limits under which the list is asked";
    let text = notice(vec![
        trouble(Kind::Ipv4, quarantined.clone()),
        trouble(Kind::Domain, spent),
    ])
    .to_string();
    assert!(text.ends_with(&format!("; {look}; {limits}")), "{text}");
    let text = notice(vec![
        trouble(Kind::Ipv4, quarantined.clone()),
        trouble(Kind::Ipv6, quarantined),
    ])
    .to_string();
    assert_eq!(text.matches(look).count(), 1, "{text}");
}
