use dnsbl::{Delisting, DelistingMode, Independent, ListAnswer, Role, Verdict};

use super::explain;
use super::prelude::*;

/// Whether a blocklist has an entry.
pub(super) static RULE: Rule = Rule {
    id: "list.listed",
    summary: "no blocklist has an entry for the domain or its addresses",
    citation: "RFC 5782 §2.1",
    requirement: Requirement::Advice,
    default_severity: Severity::Error,
    axis: Axis::Lists,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    // A composite list and its parts are one fact.
    for fact in dnsbl::independent(&case.facts.listings) {
        findings.push(listed(case, &fact));
    }
    for answer in &case.facts.listings {
        match &answer.verdict {
            // `list.answered` says what is not here.
            Verdict::Listed(_) if answer.is_listing() => {}
            Verdict::Listed(_)
            | Verdict::Allowed(_)
            | Verdict::Neutral(_)
            | Verdict::NotListed(_) => findings.push(Finding::new(
                &RULE,
                Outcome::Pass,
                explain::listed_subject(answer),
                answer.to_string(),
            )),
            _ => {}
        }
    }
}

fn listed(case: &Case<'_>, fact: &Independent<'_>) -> Finding {
    let answer = fact.answer;
    let subject = explain::listed_subject(answer);
    let sender = matches!(subject, Subject::Domain(_)) || case.facts.profile.sends_mail;
    let (role, whose) = if sender {
        (Role::OutboundSender, "refuse the mail")
    } else {
        (
            Role::MailExchanger,
            "refuse mail that this host sends; mail to it arrives",
        )
    };
    let (severity, effect) = match answer.severity(role).unwrap_or(dnsbl::Severity::Info) {
        dnsbl::Severity::Error => (Severity::Error, format!("receivers that ask it {whose}")),
        dnsbl::Severity::Warning => (Severity::Warning, format!("receivers that ask it {whose}")),
        dnsbl::Severity::Notice => (Severity::Notice, format!("the few that ask it {whose}")),
        dnsbl::Severity::Info => (
            Severity::Info,
            "which says nothing against what it does".to_owned(),
        ),
    };
    let message = format!("listed by {}: {effect}", answer.list.name);
    let mut finding = Finding::new(&RULE, Outcome::Fail(severity), subject, message)
        .evidence(answer.to_string())
        .evidence_lines(fact.repeated.iter().map(ToString::to_string));
    if let Some(asked) = answer.asked.first() {
        finding = finding.see(explain::dig(&asked.name, &["A", "TXT"]));
    }
    finding.mend(mend(answer))
}

fn mend(answer: &ListAnswer) -> String {
    let zone = &answer.list.zone;
    let Delisting { page, mode, .. } = &answer.list.delisting;
    let way = match mode {
        DelistingMode::Form => "ask for removal",
        DelistingMode::SelfService => "remove the entry",
        DelistingMode::Automatic => "wait, for there is no removal on request",
        DelistingMode::Paid => "wait, for earlier removal is sold",
        DelistingMode::None => return format!("nothing is removed from {zone} on request"),
        _ => "look the entry up",
    };
    match page {
        Some(page) => {
            let page = page.replace("{subject}", &answer.subject.to_string());
            format!("stop what got it listed, then {way}: {page}")
        }
        None => format!("stop what got it listed, then {way}, on {zone}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dnsbl::{Category, Code, Effect, Inclusion, Listing, Meaning, Stance};

    use super::*;
    use crate::rules::tests::{Scene, check};

    /// `target` with an entry of `category` for the address of its server.
    fn scene(target: Scene, stance: Stance, category: Category) -> Scene {
        let code = Code::new(
            "127.0.0.2".parse().expect("an address"),
            Effect::Listed,
            vec![Meaning::new("said", category)],
        );
        target.listing(
            "192.0.2.1",
            stance,
            Verdict::Listed(Listing::new(vec![code])),
        )
    }

    #[track_caller]
    fn check_cost(target: Scene, category: Category, expected: Severity) {
        let scene = scene(target, Stance::Block, category);
        check(&RULE, &scene, &[Outcome::Fail(expected)]);
    }

    #[test]
    fn what_a_listing_costs_depends_on_what_the_address_does() {
        let sender = || Scene::address("192.0.2.1");
        let server = || Scene::domain("d.test");
        check_cost(sender(), Category::Spam, Severity::Error);
        check_cost(server(), Category::Spam, Severity::Warning);
        check_cost(sender(), Category::Neighbor, Severity::Notice);
    }

    #[test]
    fn d09_a_policy_listing_says_nothing_against_a_server_that_takes_mail() {
        check_cost(
            Scene::address("192.0.2.1"),
            Category::Policy,
            Severity::Error,
        );
        check_cost(Scene::domain("d.test"), Category::Policy, Severity::Info);
    }

    #[track_caller]
    fn check_mend(mode: DelistingMode, expected: &str) {
        let mut scene = scene(Scene::address("192.0.2.1"), Stance::Block, Category::Spam);
        let delisting = &mut Arc::make_mut(&mut scene.listings[0].list).delisting;
        delisting.mode = mode;
        delisting.page = Some("https://list.test/{subject}".to_owned());
        assert_eq!(mend(&scene.listings[0]), expected);
    }

    #[test]
    fn the_way_off_a_list_is_a_sentence_whatever_is_known_of_it() {
        check_mend(
            DelistingMode::Unknown,
            "stop what got it listed, then look the entry up: https://list.test/192.0.2.1",
        );
        check_mend(
            DelistingMode::Paid,
            "stop what got it listed, then wait, for earlier removal is sold: https://list.test/192.0.2.1",
        );
    }

    #[test]
    fn d11_an_allowlist_entry_is_no_listing() {
        check(
            &RULE,
            &scene(Scene::address("192.0.2.1"), Stance::Allow, Category::Spam),
            &[Outcome::Pass],
        );
    }

    #[test]
    fn d30_a_composite_list_and_its_part_are_one_finding() {
        let both = scene(Scene::address("192.0.2.1"), Stance::Block, Category::Spam);
        let mut both = scene(both, Stance::Block, Category::Spam);
        check(
            &RULE,
            &both,
            &[
                Outcome::Fail(Severity::Error),
                Outcome::Fail(Severity::Error),
            ],
        );
        let part = both.listings[1].list.zone.clone();
        Arc::make_mut(&mut both.listings[0].list).includes = vec![Inclusion::new(part)];
        check(&RULE, &both, &[Outcome::Fail(Severity::Error)]);
    }
}
