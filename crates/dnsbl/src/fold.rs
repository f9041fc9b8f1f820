//! One fact, told once, however many lists repeat it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{CodeMatch, Inclusion, ListAnswer, Subject};

/// A listing, and those that say the same by being part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Independent<'a> {
    /// The listing that no other one includes.
    pub answer: &'a ListAnswer,
    /// The listings of the same subject on lists whose entries that one repeats, itself or by way of another of these, and
    /// those of its own list over other paths.
    pub repeated: Vec<&'a ListAnswer>,
}

/// The listings among `answers`, each fact once: on blocklists alone, in the order of `answers`.
///
/// A composite list repeats its parts, so one entry looks like several: an address on SBL is on ZEN too, with the code
/// that ZEN has for SBL. A part is folded into the composite only if the composite's answer has such a code; an entry of
/// the part that the composite does not show is a fact of its own. A part of a part is part of the whole. An address is
/// the same in IPv6 clothing.
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
    let mut of_subject: HashMap<Subject, Vec<(usize, &ListAnswer)>> = HashMap::new();
    let listings = answers.iter().enumerate().filter(|(_, it)| it.is_listing());
    for (place, answer) in listings {
        let subject = answer.subject.canonical();
        of_subject.entry(subject).or_default().push((place, answer));
    }
    let mut facts: Vec<_> = of_subject.values().flat_map(|all| facts_of(all)).collect();
    facts.sort_by_key(|(place, _)| *place);
    facts.into_iter().map(|(_, fact)| fact).collect()
}

/// The facts among the listings of one subject, each with the place of the listing that stands for it.
///
/// What a list reaches by one inclusion after another is part of it. Lists that include each other, in a circle of
/// whatever length, reach the same; of those the one with the least name stands for all.
fn facts_of<'a>(listings: &[(usize, &'a ListAnswer)]) -> Vec<(usize, Independent<'a>)> {
    // By the lists: one may have answered over several paths.
    let mut of_zone: BTreeMap<String, Vec<(usize, &ListAnswer)>> = BTreeMap::new();
    for (place, answer) in listings {
        let zone = answer.list.zone.to_string();
        of_zone.entry(zone).or_default().push((*place, answer));
    }
    let lists: Vec<_> = of_zone.into_values().collect();
    let reached: Vec<BTreeSet<usize>> = (0..lists.len()).map(|it| reach(it, &lists)).collect();
    let is_part = |part: usize, its: &BTreeSet<usize>| {
        let mut wholes = reached.iter().enumerate();
        wholes.any(|(whole, parts)| {
            whole != part && parts.contains(&part) && (whole < part || !its.contains(&whole))
        })
    };
    let wholes = reached.iter().enumerate();
    let wholes = wholes.filter(|(list, its)| !is_part(*list, its));
    wholes
        .filter_map(|(list, parts)| fact(list, parts, &lists))
        .collect()
}

/// The first listing of the list at `list` in `lists`, with the others of it and of those at `parts`.
fn fact<'a>(
    list: usize,
    parts: &BTreeSet<usize>,
    lists: &[Vec<(usize, &'a ListAnswer)>],
) -> Option<(usize, Independent<'a>)> {
    let (place, answer) = *lists.get(list)?.first()?;
    let mut repeated: Vec<_> = parts
        .iter()
        .filter_map(|part| lists.get(*part))
        .flatten()
        .collect();
    repeated.retain(|(other, _)| *other != place);
    repeated.sort_by_key(|(other, _)| *other);
    let repeated = repeated.into_iter().map(|(_, answer)| *answer).collect();
    Some((place, Independent { answer, repeated }))
}

/// The places in `lists` of what the list at `whole` repeats, itself or by way of others, and its own.
fn reach(whole: usize, lists: &[Vec<(usize, &ListAnswer)>]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([whole]);
    let mut open = vec![whole];
    while let Some(wholes) = open.pop().and_then(|place| lists.get(place)) {
        for (place, parts) in lists.iter().enumerate() {
            let part = parts.first();
            let is_part =
                part.is_some_and(|(_, part)| wholes.iter().any(|(_, it)| repeats(it, part)));
            if is_part && reached.insert(place) {
                open.push(place);
            }
        }
    }
    reached
}

/// Whether `whole` shows by its codes that it repeats the list of `part`.
fn repeats(whole: &ListAnswer, part: &ListAnswer) -> bool {
    let shown = |code: &CodeMatch| {
        let mut codes = whole.entry().into_iter().flat_map(|entry| &entry.codes);
        codes.any(|shown| code.matches(shown.address))
    };
    let mut inclusions = whole.list.includes.iter();
    inclusions.any(|Inclusion { zone, codes }| {
        *zone == part.list.zone && (codes.is_empty() || codes.iter().any(shown))
    })
}

#[cfg(test)]
mod tests;
