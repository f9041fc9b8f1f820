use mail_dns::{Confirmation, Reverse};

use super::explain;
use super::prelude::*;

/// Whether an address has a name that leads back to it.
pub(super) static RULE: Rule = Rule {
    id: "reverse.name",
    summary: "the address has a name that leads back to it",
    citation: "RFC 8601 §3, RFC 1912 §2.1",
    requirement: Requirement::Should,
    default_severity: Severity::Notice,
    axis: Axis::Reverse,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let sends = case.facts.profile.sends_mail;
    for reverse in &case.facts.reverse {
        findings.push(judge(reverse, sends));
    }
}

fn judge(reverse: &Reverse, sends: bool) -> Finding {
    let address = reverse.address;
    let finding =
        |outcome, message: String| Finding::new(&RULE, outcome, Subject::Address(address), message);
    let fail = Outcome::Fail(if sends {
        Severity::Warning
    } else {
        Severity::Notice
    });
    let doubt = if sends {
        Outcome::Inconclusive
    } else {
        Outcome::Unchecked
    };
    let effect = if sends {
        "many receivers refuse its mail"
    } else {
        "if this host sends mail, many receivers refuse it"
    };
    let see = format!("dig -x {address}");
    if let Some(name) = reverse.confirmed() {
        return finding(Outcome::Pass, format!("{address} is {name}"));
    }
    let ptr = match &reverse.ptr {
        Err(error) => {
            let message = format!("could not tell the name of {address}: {error}");
            return explain::lookup_failure(finding(doubt, message), error);
        }
        Ok(ptr) => ptr,
    };
    let unknown = reverse
        .names
        .iter()
        .find_map(|name| match &name.confirmation {
            Confirmation::Unknown(error) => Some(error),
            Confirmation::Confirmed | Confirmation::Denied => None,
        });
    if let Some(error) = unknown {
        let message =
            format!("could not tell whether the name of {address} leads back to it: {error}");
        return explain::lookup_failure(finding(doubt, message), error);
    }
    let (what, mend) = match reverse.names.first() {
        None => (
            "has no name".to_owned(),
            "let the provider of the address publish a PTR record with the host's name",
        ),
        Some(name) => (
            format!("says it is {}, which does not lead back to it", name.name),
            "publish the address under that name, or change the PTR record to a name that has it",
        ),
    };
    finding(fail, format!("{address} {what}: {effect}"))
        .evidence(ptr.to_string())
        .see(see)
        .mend(mend)
}

#[cfg(test)]
mod tests {
    use mail_dns::LookupErrorKind;

    use super::*;
    use crate::rules::tests::{Scene, check};

    const ZONE: &str = "1.2.0.192.in-addr.arpa. 60 IN PTR a.test.\na.test. 60 IN A 192.0.2.1\n2.2.0.192.in-addr.arpa. 60 IN PTR a.test.";

    #[test]
    fn a_name_must_lead_back() {
        let warning = Outcome::Fail(Severity::Warning);
        check(
            &RULE,
            &Scene::address("192.0.2.1").zone(ZONE).reverse("192.0.2.1"),
            &[Outcome::Pass],
        );
        check(
            &RULE,
            &Scene::address("192.0.2.2").zone(ZONE).reverse("192.0.2.2"),
            &[warning],
        );
        check(
            &RULE,
            &Scene::address("192.0.2.3").zone(ZONE).reverse("192.0.2.3"),
            &[warning],
        );
    }

    #[test]
    fn a_host_that_only_receives_is_told_of_it() {
        let scene = Scene::domain("d.test").reverse("192.0.2.3");
        check(&RULE, &scene, &[Outcome::Fail(Severity::Notice)]);
    }

    #[test]
    fn a_failed_question_is_no_missing_name() {
        for name in ["1.2.0.192.in-addr.arpa", "a.test"] {
            let scene = Scene::address("192.0.2.1")
                .zone(ZONE)
                .dns_failure(name, LookupErrorKind::Timeout)
                .reverse("192.0.2.1");
            check(&RULE, &scene, &[Outcome::Inconclusive]);
        }
    }
}
