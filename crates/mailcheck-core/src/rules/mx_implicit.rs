use super::explain;
use super::prelude::*;

/// Whether the domain names its mail host by an MX record.
pub(super) static RULE: Rule = Rule {
    id: "mx.implicit",
    summary: "the domain names its mail hosts by MX records",
    citation: "RFC 5321 §5.1",
    requirement: Requirement::Advice,
    default_severity: Severity::Notice,
    axis: Axis::Route,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let Some(route) = &case.facts.route else {
        return;
    };
    let [host] = route.hosts.as_slice() else {
        return;
    };
    if route.kind() != RouteKind::Implicit || host.addresses().next().is_none() {
        return;
    }
    let domain = &route.domain;
    findings.push(
        Finding::new(
            &RULE,
            Outcome::Fail(Severity::Notice),
            Subject::Domain(domain.clone()),
            "there is no MX record: mail goes to the domain's own address",
        )
        .evidence_lines(route.mx.iter().map(ToString::to_string))
        .see(explain::dig(domain, &["MX", "A", "AAAA"]))
        .mend(format!(
            "publish `{domain}. MX 10 <mail host>.`; if the domain takes no mail, publish `{domain}. MX 0 .`"
        )),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn an_address_stands_in_for_a_missing_mx() {
        let scene = Scene::domain("d.test").zone("d.test. 60 IN A 192.0.2.1");
        check(&RULE, &scene, &[Outcome::Fail(Severity::Notice)]);
        check(
            &RULE,
            &Scene::domain("d.test").zone("d.test. 60 IN TXT x"),
            &[],
        );
        check(
            &RULE,
            &Scene::domain("d.test").zone("d.test. 60 IN MX 5 mx.d.test."),
            &[],
        );
    }
}
