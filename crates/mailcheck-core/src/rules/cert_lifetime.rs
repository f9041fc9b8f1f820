use tls_inspect::{Lifetime, LifetimeState};

use super::explain;
use super::prelude::*;

/// Whether the certificate is valid now, and will be for a while.
pub(super) static RULE: Rule = Rule {
    id: "cert.lifetime",
    summary: "the certificate is valid now, and was renewed in time",
    citation: "RFC 5280 §4.1.2.5",
    requirement: Requirement::Must,
    default_severity: Severity::Warning,
    axis: Axis::Tls,
    since: "0.1.0",
    check,
};

/// A sixth of the lifetime left: automatic renewal comes at a third, and has failed for a while.
const URGENT_PER_MILLE: u16 = 167;

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for (service, assessment) in case.assessed() {
        let Some(lifetime) = assessment.lifetime else {
            continue;
        };
        let demands_tls = service.role().demands_tls();
        let senders = || explain::senders(case, service, "MTA-STS, DANE-TA");
        let (outcome, words) = judge(lifetime, demands_tls, senders);
        let message = format!("the certificate {}{words}", explain::standing(assessment));
        let mut finding = Finding::new(&RULE, outcome, service.subject(), message)
            .evidence_lines(explain::end_entity(assessment));
        if outcome != Outcome::Pass {
            let first = match case.passes_dane(service) {
                true => format!(", {},", explain::RECORD_FIRST),
                false => String::new(),
            };
            finding = finding.see(explain::openssl(service)).mend(format!(
                "renew the certificate{first} and let the server load it; then look at why the renewal did not happen by itself",
            ));
        }
        findings.push(finding);
    }
}

/// The outcome, and what follows from it.
fn judge(lifetime: Lifetime, demands_tls: bool, senders: impl Fn() -> String) -> (Outcome, String) {
    let (outcome, words) = match lifetime.state {
        LifetimeState::Expired | LifetimeState::NotYetValid if demands_tls => (
            Outcome::Fail(Severity::Error),
            ": mail clients refuse to connect",
        ),
        LifetimeState::Expired | LifetimeState::NotYetValid => {
            return (Outcome::Fail(Severity::Warning), format!(": {}", senders()));
        }
        _ if lifetime.share_left_per_mille < URGENT_PER_MILLE => (
            Outcome::Fail(Severity::Warning),
            ", and should have been renewed long ago",
        ),
        _ if lifetime.renewal_overdue => (
            Outcome::Fail(Severity::Notice),
            "; so much of its life is over that its renewal is due",
        ),
        _ => (Outcome::Pass, ""),
    };
    (outcome, words.to_owned())
}

#[cfg(test)]
mod tests {
    use tls_inspect::Validity;

    use super::*;

    const DAY: i64 = 86_400;

    #[track_caller]
    fn check(life_days: i64, age_days: i64, demands_tls: bool, expected: Outcome, words: &str) {
        let lifetime = Validity::new(0, life_days * DAY - 1).at(age_days * DAY);
        let (outcome, effect) = judge(lifetime, demands_tls, || "MTA-STS".to_owned());
        assert_eq!(outcome, expected, "{effect}");
        assert!(effect.contains(words), "{effect}");
    }

    #[test]
    fn one_rule_fits_certificates_of_every_length() {
        for life in [6, 47, 90, 398] {
            let days = |share: i64| life * share / 100;
            check(life, days(50), true, Outcome::Pass, "");
            check(
                life,
                days(75),
                true,
                Outcome::Fail(Severity::Notice),
                "renewal is due",
            );
            check(
                life,
                days(95).max(life - 1),
                true,
                Outcome::Fail(Severity::Warning),
                "long ago",
            );
        }
    }

    #[test]
    fn an_expired_certificate_stops_clients_and_only_some_senders() {
        check(
            90,
            102,
            true,
            Outcome::Fail(Severity::Error),
            "clients refuse",
        );
        check(90, 102, false, Outcome::Fail(Severity::Warning), "MTA-STS");
        check(
            90,
            -3,
            true,
            Outcome::Fail(Severity::Error),
            "clients refuse",
        );
    }
}
