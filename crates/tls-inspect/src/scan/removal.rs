//! Finds all that a server takes, by taking away what it chose until it refuses the rest.

use super::{ScanCompleteness, ScanPreference, ScanUncertainty};

const HIDDEN: &str =
    "the rest may go only beside the curve of the certificate, which the server chooses first";

/// What to offer next.
pub(super) enum Offer<T> {
    /// All that is left of a chunk.
    Rest(Vec<T>),
    /// What was found, to see the order of the server.
    Order(Vec<T>),
    /// Two, in this order.
    Pair([T; 2]),
}

impl<T> Offer<T> {
    pub(super) fn into_items(self) -> Vec<T> {
        match self {
            Self::Rest(items) | Self::Order(items) => items,
            Self::Pair(items) => items.into(),
        }
    }
}

/// A removal under way: first chunk by chunk, then the two hellos that tell whose order decides,
/// then, if it is the server's and the finds are of several chunks, their order.
#[derive(Clone, Debug)]
pub(super) struct Removal<T> {
    chunks: Vec<Vec<T>>,
    found: Vec<T>,
    chunks_with_finds: u32,
    finds_in_chunk: bool,
    pub(super) completeness: ScanCompleteness,
    choices: Vec<(T, u32)>,
    preference: Option<ScanPreference>,
    order: Vec<T>,
    is_order_lost: bool,
    /// What the server, by its last choice, may need to be offered beside the rest.
    beside: Beside<T>,
    /// That, once it is offered again, last.
    kept: Option<T>,
    /// Whether it was chosen then, before all the rest.
    is_kept_chosen: bool,
    /// The last connection whose refusal the completeness rests on.
    refused_on: Option<u32>,
}

/// What else has to be offered for an item to be taken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Beside<T> {
    Nothing,
    Item(T),
    /// Something, and it cannot be told what.
    Unknown,
}

/// How a hello of a removal ended.
pub(super) enum End {
    /// With proof that nothing of it is taken.
    Refused,
    /// As a hello that is probably not taken ends.
    Dropped,
    /// It could not be told.
    Unknown(ScanUncertainty),
}

impl<T: Copy + PartialEq + std::fmt::Display> Removal<T> {
    pub(super) fn new(mut chunks: Vec<Vec<T>>) -> Self {
        chunks.retain(|chunk| !chunk.is_empty());
        chunks.reverse();
        Self {
            chunks,
            found: Vec::new(),
            chunks_with_finds: 0,
            finds_in_chunk: false,
            completeness: ScanCompleteness::Complete,
            choices: Vec::new(),
            preference: None,
            order: Vec::new(),
            is_order_lost: false,
            beside: Beside::Nothing,
            kept: None,
            is_kept_chosen: false,
            refused_on: None,
        }
    }

    pub(super) fn next(&self) -> Option<Offer<T>> {
        if let Some(chunk) = self.chunks.last() {
            let mut rest = chunk.clone();
            rest.extend(self.kept);
            return Some(Offer::Rest(rest));
        }
        let (&first, &second) = (self.found.first()?, self.found.get(1)?);
        let second = match self.hidden() {
            Some(Beside::Item(item)) if item != first => item,
            _ => second,
        };
        if self.preference.is_none() {
            return Some(Offer::Pair(match self.choices.len() {
                0 => [first, second],
                _ => [second, first],
            }));
        }
        let rest = self.unordered();
        let is_wanted = self.chunks_with_finds > 1
            && !self.is_order_lost
            && rest.len() > 1
            && matches!(self.preference, Some(ScanPreference::Server { .. }));
        is_wanted.then_some(Offer::Order(rest))
    }

    fn unordered(&self) -> Vec<T> {
        let is_open = |item: &&T| !self.order.contains(item);
        self.found.iter().filter(is_open).copied().collect()
    }

    /// Takes the server's choice from the last offer.
    pub(super) fn chosen(&mut self, item: T, connection: u32) {
        let offered = match self.next() {
            Some(offer) => offer.into_items(),
            None => return,
        };
        if !offered.contains(&item) {
            let cause = ScanUncertainty::NotOffered(item.to_string());
            return self.ended(End::Unknown(cause), connection);
        }
        if self.kept == Some(item) && !self.chunks.is_empty() {
            self.is_kept_chosen = true;
            self.next_chunk();
        } else if let Some(chunk) = self.chunks.last_mut() {
            chunk.retain(|&one| one != item);
            self.found.push(item);
            self.finds_in_chunk = true;
            if chunk.is_empty() {
                self.next_chunk();
            }
        } else if self.preference.is_none() {
            self.choices.push((item, connection));
            self.judge();
        } else {
            self.order.push(item);
        }
    }

    /// Takes that the last offer was not taken, or that it could not be told.
    pub(super) fn ended(&mut self, end: End, connection: u32) {
        if self.chunks.last().is_some() {
            let is_unknown = matches!(end, End::Unknown(_));
            let end = match self.hidden() {
                Some(_) if is_unknown => end,
                // The rest is offered again with it, once.
                Some(Beside::Item(item)) if self.kept.is_none() => {
                    self.kept = Some(item);
                    return;
                }
                Some(_) => End::Unknown(ScanUncertainty::NotApplicable(HIDDEN.to_owned())),
                None => end,
            };
            if matches!(end, End::Refused) {
                self.refused_on = Some(connection);
            }
            match (end, &self.completeness) {
                (End::Unknown(cause), ScanCompleteness::Complete | ScanCompleteness::Likely) => {
                    self.completeness = ScanCompleteness::Partial(cause);
                }
                (End::Dropped, ScanCompleteness::Complete) => {
                    self.completeness = ScanCompleteness::Likely;
                }
                _ => {}
            }
            self.next_chunk();
        } else if self.preference.is_none() {
            // Both were taken a moment ago: a refusal now says something else.
            let cause = match end {
                End::Unknown(cause) => cause,
                End::Refused | End::Dropped => ScanUncertainty::NotApplicable(
                    "took each of two and now takes neither".to_owned(),
                ),
            };
            self.preference = Some(ScanPreference::Unknown(cause));
        } else {
            self.is_order_lost = true;
        }
    }

    fn next_chunk(&mut self) {
        self.chunks.pop();
        self.chunks_with_finds += u32::from(self.finds_in_chunk);
        self.finds_in_chunk = false;
    }

    fn judge(&mut self) {
        let (&[(one, first), (other, second)], Some(&expected)) =
            (self.choices.as_slice(), self.found.first())
        else {
            return;
        };
        let connections = [first, second];
        self.preference = Some(if one == other {
            ScanPreference::Server { connections }
        } else if one == expected {
            ScanPreference::Client { connections }
        } else {
            ScanPreference::Unknown(ScanUncertainty::NotApplicable(
                "chose the second of two".to_owned(),
            ))
        });
    }

    /// Takes what the choice that comes next was made beside: a refusal of the rest without it
    /// leaves open that the rest is taken.
    pub(super) fn needs(&mut self, beside: Beside<T>) {
        if !self.chunks.is_empty() {
            self.beside = beside;
        }
    }

    /// What may be missing from the rest for it to be taken.
    fn hidden(&self) -> Option<Beside<T>> {
        match self.beside {
            Beside::Nothing => None,
            // It was found and taken away; otherwise it is still offered, or never was.
            Beside::Item(item) => self.found.contains(&item).then_some(self.beside),
            Beside::Unknown => Some(self.beside),
        }
    }

    /// Whether the asking was cut off, or ended with a refusal on a connection after
    /// `trusted`. What is left then is not known.
    pub(super) fn completeness(&self, trusted: Option<u32>) -> ScanCompleteness {
        if !self.chunks.is_empty() {
            return ScanCompleteness::Partial(ScanUncertainty::NotAsked);
        }
        match &self.completeness {
            ScanCompleteness::Complete | ScanCompleteness::Likely
                if self.is_unconfirmed(trusted) =>
            {
                ScanCompleteness::Partial(ScanUncertainty::Unconfirmed)
            }
            // What comes last is chosen before the rest by a server that has an order of its own.
            ScanCompleteness::Complete | ScanCompleteness::Likely
                if self.is_kept_chosen
                    && !matches!(self.preference, Some(ScanPreference::Client { .. })) =>
            {
                ScanCompleteness::Partial(ScanUncertainty::NotApplicable(HIDDEN.to_owned()))
            }
            completeness => completeness.clone(),
        }
    }

    /// Whether the completeness rests on a refusal after this connection.
    pub(super) fn is_unconfirmed(&self, trusted: Option<u32>) -> bool {
        self.refused_on.is_some() && self.refused_on > trusted
    }

    /// Whether the asking came to its end.
    pub(super) fn is_settled(&self) -> bool {
        self.chunks.is_empty()
    }

    pub(super) fn preference(&self) -> ScanPreference {
        match &self.preference {
            Some(preference) => preference.clone(),
            None if self.chunks.is_empty() && self.found.len() < 2 => ScanPreference::Unknown(
                ScanUncertainty::NotApplicable("fewer than two to choose from".to_owned()),
            ),
            None => ScanPreference::Unknown(ScanUncertainty::NotAsked),
        }
    }

    /// What was found, and whether it is in the server's order.
    pub(super) fn found(&self) -> (Vec<T>, bool) {
        let is_servers = matches!(self.preference, Some(ScanPreference::Server { .. }));
        if self.chunks_with_finds <= 1 {
            return (self.found.clone(), is_servers);
        }
        let rest = self.unordered();
        let is_whole = is_servers && !self.is_order_lost && rest.len() <= 1;
        if is_whole {
            let mut ordered = self.order.clone();
            ordered.extend(rest);
            return (ordered, true);
        }
        (self.found.clone(), false)
    }
}
