use dnsbl::{DelistingHelp, Independent, Role, TermPlace, Verdict};

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
    let sender = case.sender(&answer.subject);
    let (role, whose) = if sender.is_some() {
        (Role::OutboundSender, "refuse the mail that comes from it")
    } else if matches!(subject, Subject::Domain(_)) || case.facts.profile.sends_mail {
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
    let help = DelistingHelp::of_answer(answer);
    let of_another = help.as_ref().filter(|help| help.subject != answer.subject);
    let mut finding = Finding::new(&RULE, Outcome::Fail(severity), subject, message)
        .evidence_lines(case.sends_by(&answer.subject))
        .evidence(answer.to_string())
        .evidence_lines(of_another.map(|help| format!("the entry is of {}", help.subject)))
        .evidence_lines(fact.repeated.iter().map(ToString::to_string));
    // The names before it were denied.
    if let Some(asked) = answer.asked.last() {
        finding = finding.see(explain::dig(&asked.name, &["A", "TXT"]));
    }
    let by = sender.and_then(|sender| sender.by.as_ref());
    finding.mend(mend(help.as_ref(), by, &case.facts.target))
}

/// What to do, in sentences: the list's own way, which `dnsbl` knows. What the record of another domain names is most often a
/// server of that domain's.
fn mend(help: Option<&DelistingHelp>, by: Option<&TermPlace>, target: &Target) -> String {
    let steps = help.map_or_else(String::new, |help| help.steps().join(" "));
    let Target::Domain(domain) = target else {
        return steps;
    };
    match by.filter(|by| !by.domain.is_within(domain)) {
        Some(by) => format!(
            "If it is a server of {0}, tell whoever runs {0}, or send by others. If it is yours: {steps}",
            by.domain
        ),
        None => steps,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dnsbl::{
        Asked, Category, Code, DelistingMode, Effect, Inclusion, Listing, Meaning, Reading, Stance,
    };
    use mail_dns::{Negative, NegativeKind};

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

    /// A host that takes mail, which by the record sends as well, or does not.
    #[test]
    fn d25_a_sender_by_the_spf_record_weighs_as_a_sender() {
        let of = |record: &str| {
            Scene::domain("d.test")
                .zone(&format!("d.test. 60 IN TXT \"{record}\"\n"))
                .zone("p.test. 60 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"\n")
                .senders()
        };
        let own = "v=spf1 ip4:192.0.2.1 -all";
        for (record, category, expected) in [
            (own, Category::Spam, Severity::Error),
            (own, Category::Policy, Severity::Error),
            ("v=spf1 -all", Category::Spam, Severity::Warning),
            ("v=spf1 -all", Category::Policy, Severity::Info),
        ] {
            check_cost(of(record), category, expected);
        }
        let scene = scene(
            of("v=spf1 include:p.test -all"),
            Stance::Block,
            Category::Spam,
        );
        let findings = check(&RULE, &scene, &[Outcome::Fail(Severity::Error)]);
        let finding = &findings[0];
        assert!(
            finding
                .evidence
                .contains(&"may send for d.test by ip4:192.0.2.1 of p.test".to_owned()),
            "{finding:?}"
        );
        let mend = finding.mend.as_deref().expect("what to do");
        let theirs = "If it is a server of p.test, tell whoever runs p.test, or send by others. If it is yours: Find";
        assert!(mend.starts_with(theirs), "{mend}");
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
        let help = DelistingHelp::of_answer(&scene.listings[0]);
        let target = Target::Domain("d.test".parse().expect("a name"));
        let mend = mend(help.as_ref(), None, &target);
        assert!(mend.contains(expected), "expected {expected:?} in {mend:?}");
    }

    #[test]
    fn the_way_off_a_list_is_a_sentence_whatever_is_known_of_it() {
        check_mend(
            "192.0.2.1",
            DelistingMode::Unknown,
            "Find and stop what sends the mail, or the entry comes back. Look the entry up at <https://list.test/?q=192.0.2.1>.",
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
            ("2001:db8::1", "<https://list.test/?q=2001%3Adb8%3A%3A1>."),
            ("a&b=c.test", "<https://list.test/?q=a%26b%3Dc.test>."),
        ] {
            check_mend(subject, DelistingMode::Form, expected);
        }
    }

    #[test]
    fn d27_to_see_by_hand_is_the_name_that_has_the_entry_and_not_one_that_was_denied() {
        let mut scene = scene(Scene::address("192.0.2.1"), Stance::Block, Category::Spam);
        let denial = Negative::new(NegativeKind::NxDomain, None, None);
        let asked = |name: &str, reading| Asked::new(name.parse().expect("a name"), reading, None);
        scene.listings[0].asked = vec![
            asked("www.d.test.list.test", Reading::Absent(denial)),
            asked("d.test.list.test", Reading::Entry(Vec::new())),
        ];
        let findings = check(&RULE, &scene, &[Outcome::Fail(Severity::Error)]);
        let expected = "dig -q d.test.list.test A; dig -q d.test.list.test TXT";
        assert_eq!(findings[0].see.as_deref(), Some(expected));
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
