//! One fact, told once, however many lists repeat it.

use crate::{Inclusion, ListAnswer};

/// A listing, and those that say the same by being part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Independent<'a> {
    /// The listing that no other one includes.
    pub answer: &'a ListAnswer,
    /// The listings of the same subject on lists whose entries that one repeats.
    pub repeated: Vec<&'a ListAnswer>,
}

/// The listings among `answers`, each fact once: on blocklists alone, in the order of `answers`.
///
/// A composite list repeats its parts, so one entry looks like several: an address on SBL is on ZEN too, with the code
/// that ZEN has for SBL. A part is folded into the composite only if the composite's answer has such a code; an entry of
/// the part that the composite does not show is a fact of its own.
///
/// # Examples
///
/// ```
/// use dnsbl::{Catalogue, Checker, Subject, independent};
/// use mail_dns::StaticLookup;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let zones = ["zen.spamhaus.org".parse()?, "sbl.spamhaus.org".parse()?];
/// let catalogue = Catalogue::builtin()?.only_zones(&zones)?;
/// let dns = StaticLookup::from_zone_text(
///     "2.0.0.127.zen.spamhaus.org. 60 IN A 127.0.0.2\n\
///      2.0.0.127.sbl.spamhaus.org. 60 IN A 127.0.0.2\n\
///      1.1.1.9.zen.spamhaus.org.   60 IN A 127.0.0.2\n\
///      1.1.1.9.sbl.spamhaus.org.   60 IN A 127.0.0.2",
/// )?;
/// let checker = Checker::new(dns, catalogue, 42);
/// let answers = checker.check_all(&Subject::Address("9.1.1.1".parse()?), 1_795_000_000).await;
///
/// let facts = independent(&answers);
/// assert_eq!(facts.len(), 1);
/// assert_eq!(facts[0].answer.list.name, "Spamhaus ZEN");
/// assert_eq!(facts[0].repeated.len(), 1);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn independent(answers: &[ListAnswer]) -> Vec<Independent<'_>> {
    let listings = || answers.iter().filter(|answer| answer.is_listing());
    // Lists that include each other would fold each other away; then the one with the lesser name stands for both.
    let includes = |whole: &ListAnswer, part: &ListAnswer| {
        let lesser = whole.list.zone.to_string() < part.list.zone.to_string();
        repeats(whole, part) && (lesser || !repeats(part, whole))
    };
    listings()
        .filter(|part| !listings().any(|whole| includes(whole, part)))
        .map(|answer| Independent {
            answer,
            repeated: listings().filter(|part| includes(answer, part)).collect(),
        })
        .collect()
}

/// Whether `whole` shows by its codes that it repeats `part`.
fn repeats(whole: &ListAnswer, part: &ListAnswer) -> bool {
    if whole.subject != part.subject {
        return false;
    }
    let mut inclusions = whole.list.includes.iter();
    let inclusion = inclusions.find(|it| it.zone == part.list.zone);
    let Some(Inclusion { codes, .. }) = inclusion else {
        return false;
    };
    let shown = whole.entry().into_iter().flat_map(|entry| &entry.codes);
    codes.is_empty()
        || shown
            .into_iter()
            .any(|code| matches_any(codes, code.address))
}

fn matches_any(codes: &[crate::CodeMatch], address: std::net::Ipv4Addr) -> bool {
    codes.iter().any(|code| code.matches(address))
}

#[cfg(test)]
mod tests;
