use dnsbl::{DelistingHelp, Independent, ListAnswer, Role, Verdict};

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
    let severity = answer.severity(role).map_or(Severity::Info, Severity::from);
    let effect = match severity {
        Severity::Error | Severity::Warning => format!("receivers that ask it {whose}"),
        Severity::Notice => format!("the few that ask it {whose}"),
        Severity::Info => "which says nothing against what it does".to_owned(),
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

/// What to do, in sentences: the list's own way, which `dnsbl` knows.
fn mend(answer: &ListAnswer) -> String {
    let help = DelistingHelp::of_answer(answer);
    help.map_or_else(String::new, |help| help.steps().join(" "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dnsbl::{Category, Code, DelistingMode, Effect, Inclusion, Listing, Meaning, Stance};

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
    fn check_mend(subject: &str, mode: DelistingMode, expected: &str) {
        let mut scene = scene(Scene::address("192.0.2.1"), Stance::Block, Category::Spam);
        let answer = &mut scene.listings[0];
        answer.subject = match subject.parse() {
            Ok(address) => dnsbl::Subject::Address(address),
            Err(_) => dnsbl::Subject::Domain(subject.parse().expect("a name")),
        };
        let delisting = &mut Arc::make_mut(&mut answer.list).delisting;
        delisting.mode = mode;
        delisting.page = Some("https://list.test/?q={subject}".to_owned());
        let mend = mend(&scene.listings[0]);
        assert!(mend.contains(expected), "expected {expected:?} in {mend:?}");
    }

    #[test]
    fn the_way_off_a_list_is_a_sentence_whatever_is_known_of_it() {
        check_mend(
            "192.0.2.1",
            DelistingMode::Unknown,
            "Find and stop what sends the mail, or the entry comes back. Look the entry up at https://list.test/?q=192.0.2.1.",
        );
        check_mend(
            "192.0.2.1",
            DelistingMode::Paid,
            "Wait: earlier removal is sold, and what is paid for does not keep the entry away.",
        );
    }

    /// RFC 3986 §2.1: a name may hold any octet, and a page is copied into a browser.
    #[test]
    fn the_subject_of_a_delisting_page_is_encoded() {
        for (subject, expected) in [
            ("2001:db8::1", "https://list.test/?q=2001%3Adb8%3A%3A1."),
            ("a&b=c.test", "https://list.test/?q=a%26b%3Dc.test."),
        ] {
            check_mend(subject, DelistingMode::Form, expected);
        }
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
