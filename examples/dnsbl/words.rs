//! Why a list says nothing, in a few words.

use dnsbl::{Cause, Fault, NotAsked, Refusal, Unsettled, Verdict};
use mail_dns::AddressScope;

/// The sort of what could not be asked for.
pub(crate) const NO_ANSWER: &str = "no answer";

/// How many names of lists are shown; of more, one less than these and how many more there are.
const NAMES: usize = 12;

/// Names of lists in a row. A name may have a comma in it.
pub(crate) fn of_names(names: &[String]) -> String {
    let (shown, more) = match names.len() {
        number if number > NAMES => (NAMES - 1, number - (NAMES - 1)),
        number => (number, 0),
    };
    let shown = || names.iter().take(shown);
    let between = match shown().any(|name| name.contains(',')) {
        true => "; ",
        false => ", ",
    };
    let text = shown().cloned().collect::<Vec<_>>().join(between);
    match more {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// The sort of it, and what is the matter.
pub(crate) fn of_verdict(verdict: &Verdict) -> (&'static str, String) {
    match verdict {
        Verdict::Refused(refusal) => ("refused", of_refusal(refusal)),
        Verdict::Broken(fault) => ("broken", of_fault(fault)),
        Verdict::Unknown(cause) => of_cause(cause),
        other => ("unknown", other.to_string()),
    }
}

fn of_refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Code {
            meaning: Some(meaning),
            ..
        } => meaning.escape_debug().to_string(),
        Refusal::Code { reason, .. } => reason.to_string(),
        // Without the name that was asked, so that lists which fail alike are told of together.
        Refusal::Rcode(error) => error.kind().to_string(),
        other => other.to_string(),
    }
}

fn of_fault(fault: &Fault) -> String {
    match fault {
        Fault::Wildcard { .. } => "it lists everything".to_owned(),
        Fault::PositiveControlMissing(_) => "it lacks its own test entry".to_owned(),
        Fault::OutsideLoopback(addresses) => {
            let first = addresses.first().map(ToString::to_string);
            format!(
                "it answers with {}, as no list does",
                first.unwrap_or_default()
            )
        }
        other => other.to_string(),
    }
}

pub(crate) fn of_cause(cause: &Cause) -> (&'static str, String) {
    match cause {
        Cause::Subject(Unsettled::Lookup(error))
        | Cause::Control {
            why: Unsettled::Lookup(error),
            ..
        } => (NO_ANSWER, error.kind().to_string()),
        Cause::Control { why, .. } => ("unknown", format!("its test entries: {why}")),
        Cause::UnverifiedControlMissing(_) => (
            "unknown",
            "no entry, and no test entry to prove it by, if the list has one".to_owned(),
        ),
        Cause::NotAsked(why) => ("not asked", of_unasked(why)),
        Cause::Quarantined(quarantine) => ("waiting", quarantine.to_string()),
        other => ("unknown", other.to_string()),
    }
}

/// Why a list is not asked, without saying that it is not.
pub(crate) fn of_unasked(why: &NotAsked) -> String {
    let text = why.to_string();
    let bare = text.strip_prefix("not asked, ").unwrap_or(&text);
    bare.to_owned()
}

/// Why no list is asked about a subject.
pub(crate) fn of_not_asked(why: &NotAsked) -> String {
    match why {
        NotAsked::Scope(scope) => {
            let article = match scope {
                AddressScope::Unspecified => "an",
                _ => "a",
            };
            format!("{article} {scope} address is on no list, and none was asked about it")
        }
        other => other.to_string(),
    }
}

/// What to do where every list is silent.
pub(crate) const SILENT_RESOLVER: &str = "No list answered, so look at the resolver first: does it answer this? If not, ask another by --resolver.";
