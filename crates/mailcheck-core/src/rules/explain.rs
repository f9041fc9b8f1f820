//! What the rules say in common: why a question failed, and how to look again.

use mail_dns::{LookupError, LookupErrorKind};

use crate::Finding;

/// The evidence of a failed question, and what to do.
pub(super) fn lookup_failure(finding: Finding, error: &LookupError) -> Finding {
    let question = error.question();
    let see = match error.attempts().first() {
        Some(attempt) => {
            let server = attempt.server;
            format!("dig @{} -p {} {question}", server.ip(), server.port())
        }
        None => format!("dig {question}"),
    };
    finding
        .evidence_lines(error.attempts().iter().map(ToString::to_string))
        .see(see)
        .mend(advice(error.kind()))
}

fn advice(kind: LookupErrorKind) -> &'static str {
    match kind {
        LookupErrorKind::Timeout => {
            "look whether the resolver answers other names; if it does, the zone's own servers are slow or silent"
        }
        LookupErrorKind::Unreachable | LookupErrorKind::NoServers => {
            "this is a fault on this side: give a resolver that answers"
        }
        LookupErrorKind::Refused => {
            "the resolver does not serve this machine, or not this name: ask another"
        }
        LookupErrorKind::Bogus => {
            "the zone's signatures do not fit: compare the DS record at the parent with the DNSKEY of the zone, and the dates of the RRSIG records"
        }
        LookupErrorKind::ServFail => {
            "the zone's own servers fail, or the resolver does: ask another resolver, then each server of the zone"
        }
        _ => "ask another resolver, then each server of the zone",
    }
}
