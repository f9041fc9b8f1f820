//! A listing that stays, for another reason.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::{Change, Sighting, Watch, WatchPolicy, WatchState};
use crate::{Code, ListAnswer};

/// Codes other than those that hold, which are to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Recoding {
    pub(super) first: Sighting,
    codes: Vec<Code>,
}

impl Watch {
    /// Takes the codes of a listing that was confirmed, and says whether they are others by now.
    ///
    /// What holds is the union of what the paths see, since a cache may give old codes, and a path that is silent for long
    /// has no say. A code that is new is confirmed as a listing is; that one is gone, by the path that saw it go, later.
    pub(super) fn see_codes(
        &mut self,
        answer: &ListAnswer,
        codes: &[Code],
        policy: &WatchPolicy,
    ) -> Option<Change> {
        let is = self.union();
        let was = addresses(self.codes());
        // What was stored before codes were kept has none.
        if is.is_empty() || was.is_empty() || addresses(&is) == was {
            self.recoding = None;
            if !is.is_empty() {
                self.go_on(&is);
            }
            return None;
        }
        let first = match self.recoding.take() {
            Some(recoding) if addresses(&recoding.codes) == addresses(&is) => recoding.first,
            _ => {
                let first = Sighting::of(answer, policy.confirm_after, policy);
                self.recoding = Some(Recoding { first, codes: is });
                return None;
            }
        };
        if !self.is_confirmed(&first, answer, codes, &is) {
            self.recoding = Some(Recoding { first, codes: is });
            return None;
        }
        let was = self.codes().to_vec();
        self.go_on(&is);
        // More than one is too many only in what was stored by others.
        while self.recoded.len() >= super::MAX_EPISODES {
            self.recoded.pop_front();
        }
        self.recoded.push_back(answer.at);
        Some(Change::Recoded { was, is })
    }

    /// Takes that the path of `answer`, a denial, has no say in the codes any more. It alone confirms that they are gone, while
    /// others see the listing.
    pub(super) fn lose_codes(
        &mut self,
        answer: &ListAnswer,
        policy: &WatchPolicy,
    ) -> Option<Change> {
        match self.state {
            WatchState::Listed | WatchState::Clearing(_) => self.see_codes(answer, &[], policy),
            _ => None,
        }
    }

    /// Whether `answer` confirms what was seen `first`: that the codes are those of `is`.
    fn is_confirmed(
        &self,
        first: &Sighting,
        answer: &ListAnswer,
        codes: &[Code],
        is: &[Code],
    ) -> bool {
        let (was, is) = (addresses(self.codes()), addresses(is));
        let mut added = is.difference(&was).peekable();
        let is_ripe = answer.at >= first.ripe_at;
        if added.peek().is_none() {
            // A code is gone: another path may never have seen it.
            let is_silent = !self.told.contains_key(&first.path);
            return is_ripe && (answer.path == first.path || is_silent);
        }
        let seen = addresses(codes);
        let is_seen = added.all(|code| seen.contains(code));
        let none_is_gone = was.is_subset(&is);
        is_seen && (is_ripe || none_is_gone && answer.path != first.path)
    }

    /// The codes that any path has last told of, each once, in order of their values.
    pub(super) fn union(&self) -> Vec<Code> {
        let codes = self.seen.values().flatten();
        let union: BTreeMap<Ipv4Addr, &Code> = codes.map(|code| (code.address, code)).collect();
        union.into_values().cloned().collect()
    }

    /// The codes of the last time on the list.
    fn codes(&self) -> &[Code] {
        self.episodes.back().map_or(&[], |it| &it.codes)
    }
}

fn addresses(codes: &[Code]) -> BTreeSet<Ipv4Addr> {
    codes.iter().map(|code| code.address).collect()
}

#[cfg(test)]
mod tests;
