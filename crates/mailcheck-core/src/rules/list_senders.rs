use std::collections::BTreeMap;
use std::net::IpAddr;

use dnsbl::{Cause, GapCause, NotAsked, SenderGap, Senders, Verdict};
use mail_dns::spf::Problem;

use super::prelude::*;
use super::{explain, list_answered};

/// How many networks, terms or addresses are named; the rest is counted.
const NAMED: usize = 12;

/// Whether the lists were asked about every address that the domain sends from.
///
/// What a run leaves out by its limits, and what the record leaves open, changes nothing about mail, so nothing fails by it.
/// A record that was not answered for may name a sender that is refused everywhere, so that nobody can say that all is well.
pub(super) static RULE: Rule = Rule {
    id: "list.senders",
    summary: "the lists were asked about every address that may send for the domain",
    citation: "RFC 7208 §5",
    requirement: Requirement::Advice,
    default_severity: Severity::Notice,
    axis: Axis::Lists,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let Some(senders) = &case.facts.senders else {
        return;
    };
    let kind = case.facts.route.as_ref().map(mail_dns::MailRoute::kind);
    if kind == Some(RouteKind::NoDomain) {
        return;
    }
    let (unread, gaps): (Vec<_>, Vec<_>) =
        senders.gaps.iter().partition(|gap| gap.why.is_unknown());
    let before = findings.len();
    findings.extend(unread_finding(case, senders, &unread));
    let names_nobody = senders.addresses.is_empty() && senders.networks.is_empty();
    let mut of_record = gaps.iter().filter(|gap| gap.at.is_none() && names_nobody);
    findings.extend(match of_record.next() {
        Some(gap) => Some(without_record(senders, gap)),
        None => left_out(case, senders, &gaps),
    });
    if findings.len() == before {
        findings.push(all_asked(senders));
    }
}

fn finding(senders: &Senders, outcome: Outcome, message: String) -> Finding {
    let subject = Subject::Domain(senders.domain.clone());
    Finding::new(&RULE, outcome, subject, message)
}

fn all_asked(senders: &Senders) -> Finding {
    let domain = &senders.domain;
    let message = match senders.addresses.len() {
        0 => format!("no address may send for {domain}, by its SPF record"),
        1 => format!("the lists were asked about the one address that may send for {domain}"),
        number => {
            format!("the lists were asked about all {number} addresses that may send for {domain}")
        }
    };
    finding(senders, Outcome::Pass, message)
}

/// What could not be told, which is not the same as what the record leaves open.
fn unread_finding(case: &Case<'_>, senders: &Senders, unread: &[&SenderGap]) -> Option<Finding> {
    let (first, others) = unread.split_first()?;
    let mut gaps = unread.iter();
    let is_unanswered = gaps.any(|gap| matches!(gap.why, GapCause::Unanswered(_)));
    let outcome = match is_unanswered && case.facts.listings.iter().any(list_answered::matters) {
        true => Outcome::Inconclusive,
        false => Outcome::Unchecked,
    };
    let domain = &senders.domain;
    let message = match (&first.at, &first.why) {
        (None, GapCause::Unanswered(error)) => {
            format!("could not tell which addresses send for {domain}: {error}")
        }
        _ => format!("not all addresses that may send for {domain} are known: {first}"),
    };
    let finding = finding(senders, outcome, message);
    let finding = match &first.why {
        GapCause::Unanswered(error) => explain::lookup_failure(finding, error),
        _ => finding,
    };
    Some(finding.evidence_lines(some(others.iter().map(ToString::to_string))))
}

/// There is no record that says anything.
fn without_record(senders: &Senders, gap: &SenderGap) -> Finding {
    let domain = &senders.domain;
    let why = match &gap.why {
        GapCause::Broken(Problem::NoRecord) => {
            format!("no SPF record says which addresses send for {domain}")
        }
        why => format!("the SPF record of {domain} does not say which addresses send: {why}"),
    };
    let message = format!("{why}, so the lists were asked about its mail hosts alone");
    finding(senders, Outcome::Unchecked, message)
        .see(explain::dig(domain, &["TXT"]))
        .mend(
            "publish one SPF record that names them; until then check each as a target of its own",
        )
}

/// What the record names that no list was asked about.
fn left_out(case: &Case<'_>, senders: &Senders, gaps: &[&SenderGap]) -> Option<Finding> {
    let unasked = unasked(case, senders);
    let past = senders.left_out.ipv6_count();
    let past = past.saturating_add(senders.left_out.ipv4_count().into());
    let single = past.saturating_add(wide(unasked.len()));
    let parts = [
        (
            wide(senders.networks.networks().count()),
            "network of more than 16 addresses",
            "networks of more than 16 addresses",
        ),
        (single, "single address", "single addresses"),
        (
            wide(gaps.len()),
            "term that names no address",
            "terms that name no address",
        ),
    ];
    let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
    let parts: Vec<_> = parts
        .map(|(number, one, many)| format!("{number} {}", if number == 1 { one } else { many }))
        .collect();
    if parts.is_empty() {
        return None;
    }
    let domain = &senders.domain;
    let message = format!(
        "not every address that may send for {domain} was asked about; left out: {}",
        parts.join(", ")
    );
    let finding = finding(senders, Outcome::Unchecked, message)
        .evidence_lines(some(senders.networks.networks().map(|it| it.to_string())))
        .evidence_lines(some(gaps.iter().map(ToString::to_string)))
        .evidence_lines(some(
            unasked
                .iter()
                .map(|(address, why)| format!("{address}: {why}")),
        ))
        .see(explain::dig(domain, &["TXT"]))
        .mend("check the addresses that really send, each as a target of its own");
    Some(finding)
}

/// The named addresses that no list has answered for, and why.
fn unasked(case: &Case<'_>, senders: &Senders) -> BTreeMap<IpAddr, String> {
    let past = "past those that one run asks about";
    let addresses = senders.addresses.iter().map(|sender| sender.address);
    let mut unasked: BTreeMap<_, _> = addresses
        .map(|address| (address.to_canonical(), past.to_owned()))
        .collect();
    for answer in &case.facts.listings {
        let dnsbl::Subject::Address(address) = answer.subject else {
            continue;
        };
        let address = address.to_canonical();
        match &answer.verdict {
            Verdict::Unknown(Cause::NotAsked(
                why @ (NotAsked::Scope(_)
                | NotAsked::BudgetSpent { .. }
                | NotAsked::LimitTooSmall { .. }),
            )) => {
                unasked
                    .entry(address)
                    .and_modify(|said| *said = why.to_string());
            }
            Verdict::Unknown(Cause::NotAsked(_)) | Verdict::NotApplicable => {
                let none = "no list that was asked has entries for it";
                unasked.entry(address).and_modify(|said| {
                    if said == past {
                        none.clone_into(said);
                    }
                });
            }
            _ => {
                unasked.remove(&address);
            }
        }
    }
    unasked
}

fn wide(number: usize) -> u128 {
    u128::try_from(number).unwrap_or(u128::MAX)
}

/// The first few, and how many more there are.
fn some(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines = lines.fuse();
    let mut shown: Vec<_> = lines.by_ref().take(NAMED).collect();
    let more = lines.count();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use dnsbl::{Listing, Stance};
    use mail_dns::{AddressScope, LookupErrorKind};

    use super::*;
    use crate::rules::tests::{Scene, check};

    fn scene(record: &str) -> Scene {
        Scene::domain("d.test")
            .zone(&format!("d.test. 60 IN TXT \"{record}\"\n"))
            .senders()
    }

    #[track_caller]
    fn check_said(scene: &Scene, outcome: Outcome, said: &str) -> Finding {
        let mut findings = check(&RULE, scene, &[outcome]);
        let finding = findings.remove(0);
        assert!(finding.message.contains(said), "{finding:?}");
        finding
    }

    #[test]
    fn senders_that_were_all_asked_about_or_do_not_exist_are_well() {
        let none = "no address may send for d.test, by its SPF record";
        check_said(&scene("v=spf1 -all"), Outcome::Pass, none);
        let listed = Verdict::Listed(Listing::new(Vec::new()));
        let asked = scene("v=spf1 ip4:192.0.2.1 -all").listing("192.0.2.1", Stance::Block, listed);
        check_said(&asked, Outcome::Pass, "about the one address");
        // Nobody asked for them.
        check(&RULE, &Scene::domain("d.test"), &[]);
        // `mx.domain` says it.
        check(
            &RULE,
            &Scene::domain("gone.test")
                .zone("test. 60 IN A 192.0.2.1\n")
                .senders(),
            &[],
        );
    }

    #[test]
    fn d25_a_record_that_could_not_be_read_is_neither_no_record_nor_nobody() {
        let failed = scene("v=spf1 -all").dns_failure("d.test", LookupErrorKind::ServFail);
        let said = "could not tell which addresses send for d.test: SERVFAIL";
        check_said(&failed, Outcome::Unchecked, said);
        let none = Scene::domain("d.test")
            .zone("d.test. 60 IN A 192.0.2.1\n")
            .senders();
        check_said(&none, Outcome::Unchecked, "no SPF record says which");
    }

    /// A sender that it would have named may be on a list by which mail is refused.
    #[test]
    fn d25_a_record_that_was_not_answered_for_keeps_the_report_from_saying_that_all_is_well() {
        for (record, expected) in [
            ("v=spf1 include:p.test -all", Outcome::Inconclusive),
            ("v=spf1 ip4:192.0.2.1 ?all", Outcome::Unchecked),
        ] {
            let scene = scene(record)
                .dns_failure("p.test", LookupErrorKind::Timeout)
                .listing(
                    "192.0.2.1",
                    Stance::Block,
                    Verdict::Listed(Listing::new(Vec::new())),
                );
            check(&RULE, &scene, &[expected]);
        }
    }

    #[test]
    fn what_could_not_be_told_and_what_was_left_out_are_two_findings() {
        let scene = scene("v=spf1 include:p.test ip4:192.0.2.0/24 ?all")
            .dns_failure("p.test", LookupErrorKind::Timeout);
        check(&RULE, &scene, &[Outcome::Unchecked, Outcome::Unchecked]);
    }

    #[test]
    fn an_address_that_no_list_was_asked_about_is_told_with_the_reason() {
        let not_asked = NotAsked::Scope(AddressScope::Private);
        let not_asked = Verdict::Unknown(Cause::NotAsked(not_asked));
        let spent = NotAsked::BudgetSpent {
            limit: 20,
            until: 86_400,
        };
        let spent = Verdict::Unknown(Cause::NotAsked(spent));
        let scene = scene("v=spf1 ip4:10.0.0.1 ip4:192.0.2.1 ip4:192.0.2.2 ip4:192.0.2.3 -all")
            .listing("10.0.0.1", Stance::Block, not_asked)
            .listing("192.0.2.1", Stance::Block, Verdict::NotApplicable)
            .listing("192.0.2.3", Stance::Block, spent);
        let finding = check_said(&scene, Outcome::Unchecked, "left out: 4 single addresses");
        let expected = [
            "10.0.0.1: not asked, the address is private",
            "192.0.2.1: no list that was asked has entries for it",
            "192.0.2.2: past those that one run asks about",
            "192.0.2.3: not asked, the 20 questions of this day are spent",
        ];
        assert_eq!(finding.evidence, expected);
    }
}
