//! What each sender of mail does, in words.

use tls_inspect::{PolicyUncertainty, SenderVerdict};

use crate::look::Look;
use crate::terminal::{Mark, Page};
use crate::words;

pub(super) fn tell(look: &Look, page: &mut Page) {
    let Some(senders) = &look.judgement.senders else {
        return;
    };
    // The headline has said it already.
    let mut told = vec![look.because.clone()];
    told.extend(look.because.split("; ").map(str::to_owned));
    let mut label = "senders";
    let rows = [
        ("with no policy", &senders.opportunistic),
        ("with MTA-STS", &senders.mta_sts),
        ("with DANE", &senders.dane),
        ("with both", &senders.both),
    ];
    for (who, verdict) in rows {
        let (mark, text) = in_words(verdict, look, &mut told);
        page.row(mark, label, &format!("{who:<15} {text}"));
        label = "";
    }
}

/// Each reason in full only once.
fn in_words(verdict: &SenderVerdict, look: &Look, told: &mut Vec<String>) -> (Mark, String) {
    let (mark, text) = match verdict {
        SenderVerdict::DeliversAuthenticated => {
            return (
                Mark::Good,
                "deliver, to the authenticated server".to_owned(),
            );
        }
        SenderVerdict::DeliversUnauthenticated => {
            return (
                Mark::Plain,
                "deliver, encrypted, to whoever answers".to_owned(),
            );
        }
        SenderVerdict::DeliversUnencrypted { .. } => (Mark::Odd, "deliver in clear"),
        SenderVerdict::Refuses { .. } => (Mark::Bad, "do not deliver"),
        SenderVerdict::CouldNotTell { cause } => {
            let asked = look.seen.dane.is_some();
            let why = match cause {
                PolicyUncertainty::TlsaNotKnown if !asked => {
                    "TLSA records were not asked for (--dane)".to_owned()
                }
                cause => words::uncertainty(cause),
            };
            return (
                Mark::Unknown,
                format!("could not tell: {}", once(why, told)),
            );
        }
        other => return (Mark::Unknown, format!("{other:?}")),
    };
    let mut causes: Vec<String> = Vec::new();
    for cause in verdict.causes() {
        let result = cause.result();
        let why = once(words::policy_cause(cause, look), told);
        causes.push(match why.as_str() {
            "as above" => result.to_string(),
            why => format!("{result}: {why}"),
        });
    }
    causes.dedup();
    (mark, format!("{text}: {}", causes.join("; ")))
}

fn once(why: String, told: &mut Vec<String>) -> String {
    if told.iter().any(|one| one.starts_with(&why)) {
        return "as above".to_owned();
    }
    told.push(why.clone());
    why
}
