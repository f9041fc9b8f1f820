//! The wordings of refusals, as tables, and the one pass that looks for all of them.
//!
//! A wording is written as [`Words`] come out of a text: in lower case, without punctuation, `@` for an address, `%` for a domain
//! name. Two marks are its own: ` .. ` is a gap of at most 120 octets, and a final `~` leaves the last word open. Every wording
//! begins and ends at a word.
//!
//! Where no wording stands, two of a few senses near each other count too: see [`pairs`].
//!
//! The pieces between the gaps are one Aho-Corasick automaton, so the text is read once, whatever the number of wordings, and
//! nothing is tried again: the work is the length of the text plus the number of pieces found. The crate `aho-corasick` does this
//! search for `regex` and ripgrep too.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use pairs::{PAIRS, SENSES, Sense};

use super::Reason;
use super::text::Words;

mod content;
mod pairs;
mod recipient;
mod sender;
mod session;
mod system;

/// How much a wording, or a code, says: more is surer.
pub(super) type Weight = u8;

/// It has this meaning only, and overrules what else the text says.
const CERTAIN: Weight = 95;
/// It has this meaning only.
pub(super) const SURE: Weight = 80;
/// It usually means this.
pub(super) const USUAL: Weight = 60;
/// An enhanced status code that names one thing.
pub(super) const SPECIFIC: Weight = 50;
/// It says what came of a cause that another wording may name.
const OUTCOME: Weight = 58;
/// Two senses near each other.
const LOOSE: Weight = 45;
/// One of several meanings.
const HINT: Weight = 35;
/// What a program puts before the cause.
const WRAPPER: Weight = 15;
/// An enhanced status code of a general kind.
pub(super) const BROAD: Weight = 20;

/// The widest gap between two pieces of a wording.
const GAP: usize = 120;

/// Wordings of one meaning.
#[derive(Debug)]
struct Family {
    reason: Reason,
    weight: Weight,
    /// Parted by `; `.
    wordings: &'static str,
}

const fn family(reason: Reason, weight: Weight, wordings: &'static str) -> Family {
    Family {
        reason,
        weight,
        wordings,
    }
}

const TABLES: [&[Family]; 5] = [
    recipient::FAMILIES,
    sender::FAMILIES,
    session::FAMILIES,
    content::FAMILIES,
    system::FAMILIES,
];

/// A wording that stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) reason: Reason,
    pub(super) weight: Weight,
    /// The octets of its pieces: of equally sure wordings the longer one says more.
    pub(super) length: usize,
    /// Whether it is two senses near each other and no wording.
    pub(super) is_pair: bool,
    /// Where it stands, in the text of the words.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Calls `found` for every wording in `words`, and gives the number of pieces that were looked at.
pub(super) fn each(words: &Words, found: impl FnMut(Hit)) -> usize {
    MATCHER
        .as_ref()
        .map_or(0, |matcher| matcher.each(words.text(), found))
}

/// All wordings, made ready at the first use.
static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(Matcher::new);

#[derive(Debug)]
struct Matcher {
    automaton: AhoCorasick,
    /// For each piece, where it is used; the last piece of a wording before its first, so that one occurrence is not both.
    uses: Vec<Vec<Use>>,
    /// For each piece, the senses that it is a word of.
    senses: Vec<Vec<Sense>>,
    rules: Vec<Rule>,
    slots: usize,
}

#[derive(Debug)]
struct Rule {
    reason: Reason,
    weight: Weight,
    length: usize,
    /// How many pieces it has.
    pieces: usize,
    /// Its first slot.
    slot: usize,
}

/// A piece of a wording.
#[derive(Debug, Clone, Copy)]
struct Use {
    rule: usize,
    index: usize,
}

/// How far a wording was found: where it began, and where its last piece ended.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    start: usize,
    end: usize,
}

impl Matcher {
    fn new() -> Option<Self> {
        let mut pieces = std::collections::BTreeMap::<String, Vec<Use>>::new();
        let mut rules = Vec::new();
        let mut slots = 0;
        for family in TABLES.into_iter().flatten() {
            for wording in family.wordings.split("; ") {
                let rule = rules.len();
                let parts = wording.split(" .. ");
                rules.push(Rule {
                    reason: family.reason,
                    weight: family.weight,
                    length: parts.clone().map(str::len).sum(),
                    pieces: parts.clone().count(),
                    slot: slots,
                });
                slots += parts.clone().count();
                for (index, part) in parts.enumerate() {
                    for piece in spellings(&piece(part)) {
                        pieces.entry(piece).or_default().push(Use { rule, index });
                    }
                }
            }
        }
        for uses in pieces.values_mut() {
            uses.sort_by_key(|piece| std::cmp::Reverse(piece.index));
        }
        let mut senses = std::collections::BTreeMap::<String, Vec<Sense>>::new();
        for (sense, words) in SENSES {
            for word in words.split("; ") {
                for piece in spellings(&piece(word)) {
                    pieces.entry(piece.clone()).or_default();
                    senses.entry(piece).or_default().push(sense);
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(pieces.keys())
            .ok()?;
        let senses = pieces
            .keys()
            .map(|piece| senses.remove(piece).unwrap_or_default())
            .collect();
        Some(Self {
            automaton,
            uses: pieces.into_values().collect(),
            senses,
            rules,
            slots,
        })
    }

    fn each(&self, text: &[u8], mut found: impl FnMut(Hit)) -> usize {
        let mut progress = vec![Progress::default(); self.slots];
        let mut last = [Progress::default(); SENSES.len()];
        let mut looked_at = 0;
        for piece in self.automaton.find_overlapping_iter(text) {
            for used in self
                .uses
                .get(piece.pattern().as_usize())
                .into_iter()
                .flatten()
            {
                looked_at += 1;
                if let Some(hit) = self.advance(&mut progress, *used, piece.start(), piece.end()) {
                    found(hit);
                }
            }
            let place = Progress {
                start: piece.start(),
                end: piece.end(),
            };
            for sense in self
                .senses
                .get(piece.pattern().as_usize())
                .into_iter()
                .flatten()
            {
                looked_at += 1;
                each_pair(&mut last, *sense, place, &mut found);
            }
        }
        looked_at
    }

    /// Notes that a piece was found; gives the wording if it was the last one.
    fn advance(
        &self,
        progress: &mut [Progress],
        used: Use,
        start: usize,
        end: usize,
    ) -> Option<Hit> {
        let rule = self.rules.get(used.rule)?;
        let begun = match used.index.checked_sub(1) {
            None => start,
            Some(before) => {
                let before = progress.get(rule.slot + before)?;
                // Two pieces share the blank between them.
                let fits = before.end > 0 && start + 1 >= before.end && start < before.end + GAP;
                if !fits {
                    return None;
                }
                before.start
            }
        };
        if let Some(slot) = progress.get_mut(rule.slot + used.index) {
            *slot = Progress { start: begun, end };
        }
        (used.index + 1 == rule.pieces).then_some(Hit {
            reason: rule.reason,
            weight: rule.weight,
            length: rule.length,
            is_pair: false,
            start: begun,
            end,
        })
    }
}

/// What is written in two ways; a contraction has lost its apostrophe.
const SPELLINGS: [(&str, &str); 12] = [
    (" is not ", " isnt "),
    (" are not ", " arent "),
    (" was not ", " wasnt "),
    (" does not ", " doesnt "),
    (" do not ", " dont "),
    (" did not ", " didnt "),
    (" could not ", " couldnt "),
    (" cannot ", " cant "),
    (" cannot ", " can not "),
    (" will not ", " wont "),
    (" email ", " e mail "),
    (" mailbox ", " mail box "),
];

/// A piece as it is written, and in its other spelling if it has one.
fn spellings(piece: &str) -> impl Iterator<Item = String> {
    let other = |(one, other): &(&str, &str)| {
        let respelled = piece.replace(one, other);
        (respelled != piece).then_some(respelled)
    };
    // What is not known isn't known.
    let contracted = piece
        .strip_prefix(" not ")
        .map(|rest| format!(" isnt {rest}"));
    let others: Vec<String> = SPELLINGS.iter().filter_map(other).collect();
    std::iter::once(piece.to_owned())
        .chain(contracted)
        .chain(others)
}

/// Notes where a word of a sense stands; gives the pairs that it makes with the words before it.
fn each_pair(
    last: &mut [Progress; SENSES.len()],
    sense: Sense,
    place: Progress,
    found: &mut impl FnMut(Hit),
) {
    for pair in PAIRS {
        let other = match pair.senses {
            [one, other] if one == sense => other,
            [other, one] if one == sense => other,
            _ => continue,
        };
        let Some(before) = last.get(other as usize) else {
            continue;
        };
        let is_near = before.end > 0
            && place.start + 1 >= before.end
            && place.start < before.end + pairs::REACH;
        if is_near {
            found(Hit {
                reason: pair.reason,
                weight: pair.weight,
                length: before.end - before.start + place.end - place.start,
                is_pair: true,
                start: before.start,
                end: place.end,
            });
        }
    }
    if let Some(slot) = last.get_mut(sense as usize) {
        *slot = place;
    }
}

/// A piece as it stands in the text of words.
fn piece(part: &str) -> String {
    // Scripts beyond ASCII need not part words by blanks.
    let before = if part.as_bytes().first().is_some_and(u8::is_ascii) {
        " "
    } else {
        ""
    };
    let after = if part.as_bytes().last().is_some_and(u8::is_ascii) {
        " "
    } else {
        ""
    };
    match part.strip_suffix('~') {
        Some(open) => format!("{before}{open}"),
        None => format!("{before}{part}{after}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wording_is_written_as_words_come_out_of_a_text() {
        let mut seen = std::collections::BTreeMap::new();
        for family in TABLES.into_iter().flatten() {
            for wording in family.wordings.split("; ") {
                for part in wording.split(" .. ") {
                    let words = part.strip_suffix('~').unwrap_or(part);
                    // Marks are made from addresses and domain names.
                    let source = words.replace('@', "a@b.example").replace('%', "b.example");
                    let text = Words::of(source.as_bytes(), None);
                    assert_eq!(
                        String::from_utf8_lossy(text.text()),
                        format!(" {words} "),
                        "{wording}"
                    );
                }
                assert!(wording.split(" .. ").count() <= 4, "{wording}");
                let before = seen.insert(wording, family.reason);
                assert_eq!(before, None, "`{wording}` stands twice");
            }
        }
        assert!(MATCHER.is_some());
    }

    #[test]
    fn every_sense_is_at_its_place_and_written_as_words_come_out_of_a_text() {
        for (index, (sense, words)) in SENSES.into_iter().enumerate() {
            assert_eq!(sense as usize, index, "{sense:?}");
            for word in words.split("; ") {
                let bare = word.strip_suffix('~').unwrap_or(word);
                let text = Words::of(bare.as_bytes(), None);
                assert_eq!(
                    String::from_utf8_lossy(text.text()),
                    format!(" {bare} "),
                    "{sense:?}"
                );
                assert_eq!(
                    words.split("; ").filter(|other| *other == word).count(),
                    1,
                    "`{word}` stands twice in {sense:?}"
                );
            }
        }
    }

    #[test]
    fn senses_pair_in_either_order_and_not_from_afar() {
        let found = |text: &str| {
            let mut hits = Vec::new();
            each(&Words::of(text.as_bytes(), None), |hit| {
                hits.push((hit.reason, hit.weight));
            });
            hits.contains(&(Reason::UserDisabled, LOOSE + 2))
        };
        assert!(found("frozen by request was this mailbox"));
        assert!(found("the mailbox of that person was frozen"));
        assert!(!found("frozen"));
        assert!(!found(&format!(
            "mailbox {} frozen",
            "x ".repeat(pairs::REACH)
        )));
    }

    #[test]
    fn a_gap_is_bounded_and_in_order() {
        let found = |text: &str| {
            let mut hits = Vec::new();
            each(&Words::of(text.as_bytes(), None), |hit| {
                hits.push((hit.reason, hit.weight));
            });
            hits.contains(&(Reason::MailboxFull, CERTAIN))
        };
        assert!(found("the mailbox of that person is full"));
        assert!(!found("full is the mailbox"));
        assert!(!found(&format!("mailbox {} is full", "x ".repeat(GAP))));
        assert!(found(&format!(
            "mailbox {} mailbox is full",
            "x ".repeat(GAP)
        )));
    }

    /// The work is counted and not timed: pieces looked at, for texts of the most and the worst words.
    #[test]
    fn work_grows_with_the_text_and_not_faster() {
        let mut every = String::new();
        for family in TABLES.into_iter().flatten() {
            for wording in family.wordings.split("; ") {
                every.push_str(&wording.replace(" .. ", " ").replace('~', " "));
                every.push(' ');
            }
        }
        for unit in [
            every.as_str(),
            "mailbox ",
            "user unknown ",
            "< ",
            "<",
            "a@b ",
            "blocked using ",
            "full mailbox full ",
        ] {
            let work = |times: usize| {
                let source = unit.repeat(times);
                let words = Words::of(source.as_bytes(), None);
                assert!(words.text().len() <= source.len() + 2);
                each(&words, |_| ()) + words.text().len()
            };
            let (once, twice, four_times) = (work(8), work(16), work(32));
            assert!(twice <= 2 * once + 16, "{unit:.20}: {once}, then {twice}");
            assert!(
                four_times <= 2 * twice + 16,
                "{unit:.20}: {twice}, then {four_times}"
            );
            // And the factor is small: no text makes each octet cost more than a few pieces.
            assert!(once <= 8 * (unit.len() * 8 + 2), "{unit:.20}: {once}");
        }
    }
}
