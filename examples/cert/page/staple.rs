//! What the server did about stapling, and what its staple says.

use tls_inspect::{OcspProof, OcspResponder, OcspVerdict, StapleState};

use crate::terminal::{Mark, Page};
use crate::words;

pub(super) fn tell(staple: &StapleState, page: &mut Page) {
    let (mark, text) = match staple {
        StapleState::Absent => (Mark::Plain, "none".to_owned()),
        StapleState::MissingThoughRequired => (
            Mark::Bad,
            "none, and the certificate demands one (RFC 7633)".to_owned(),
        ),
        StapleState::AbsentCertificateUnreadable => (
            Mark::Unknown,
            "none, and whether the certificate demands one cannot be read".to_owned(),
        ),
        StapleState::Present(verdict) => of_verdict(verdict),
        other => (Mark::Unknown, format!("{other:?}")),
    };
    page.row(mark, "staple", &text);
}

fn of_verdict(verdict: &OcspVerdict) -> (Mark, String) {
    match verdict {
        OcspVerdict::Good(proof) => {
            let text = format!("not revoked, says {}", of_proof(proof));
            (Mark::Good, text)
        }
        OcspVerdict::Revoked {
            proof, revocation, ..
        } => {
            let (who, when) = (responder(&proof.responder), words::revocation(revocation));
            (Mark::Bad, format!("revoked, says {who}, {when}"))
        }
        OcspVerdict::NeverIssued(proof) => {
            let text = format!("never issued, says {}", of_proof(proof));
            (Mark::Bad, text)
        }
        OcspVerdict::Unknown(proof) => {
            let text = format!("not known, says {}", of_proof(proof));
            (Mark::Odd, text)
        }
        OcspVerdict::CouldNotTell(failure) => {
            let text = format!(
                "proves nothing: {}: {}",
                words::staple_fault(failure),
                failure.detail
            );
            (Mark::Unknown, text)
        }
        other => (Mark::Unknown, format!("{other:?}")),
    }
}

/// Who says so, and for how long.
fn of_proof(proof: &OcspProof) -> String {
    let who = responder(&proof.responder);
    let of = words::minute(proof.this_update);
    match proof.next_update {
        Some(until) => format!("{who}, as of {of}, until {}", words::minute(until)),
        None => format!("{who}, as of {of}, without an end"),
    }
}

fn responder(responder: &OcspResponder) -> String {
    let unchecked = match responder.revocation_matters() {
        true => " (whether it was revoked itself was not checked)",
        false => "",
    };
    match responder {
        OcspResponder::Issuer => "the issuer".to_owned(),
        OcspResponder::Delegated { subject, .. } => {
            format!("{subject} for the issuer{unchecked}")
        }
        other => format!("{other:?}"),
    }
}
