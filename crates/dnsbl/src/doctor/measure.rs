//! What to do about all lists together.

use std::fmt;

use mail_dns::DomainName;

use super::{Advice, Doctor};

/// Something to do, and the lists that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Measure {
    /// What to do.
    pub advice: Advice,
    /// The lists for which it is the first thing to do, in the catalogue's order.
    pub first_for: Vec<DomainName>,
    /// Those for which something else comes before it.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub otherwise_for: Vec<DomainName>,
}

impl Measure {
    fn of(advice: Advice) -> Self {
        Self {
            advice,
            first_for: Vec::new(),
            otherwise_for: Vec::new(),
        }
    }

    /// Takes note that it is one thing to do about `zone`, the first or another.
    fn note(&mut self, zone: &DomainName, is_first: bool) {
        if is_first && !self.first_for.contains(zone) {
            self.otherwise_for.retain(|other| other != zone);
            self.first_for.push(zone.clone());
        }
        let is_known = self.first_for.contains(zone) || self.otherwise_for.contains(zone);
        if !is_known {
            self.otherwise_for.push(zone.clone());
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (for ", self.advice)?;
        for (index, zone) in self.first_for.iter().chain(&self.otherwise_for).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{zone}")?;
        }
        f.write_str(")")
    }
}

impl Doctor {
    /// Everything that there is to do, each thing once with the lists that it is for: what is the first thing to do about the
    /// most lists comes first.
    #[must_use]
    pub fn measures(&self) -> Vec<Measure> {
        let mut measures: Vec<Measure> = Vec::new();
        for examination in &self.examinations {
            for (place, advice) in examination.advice.iter().enumerate() {
                let known = measures.iter().position(|it| it.advice.is_same(advice));
                let place_of = known.unwrap_or(measures.len());
                if known.is_none() {
                    measures.push(Measure::of(advice.clone()));
                }
                if let Some(measure) = measures.get_mut(place_of) {
                    measure.advice = measure.advice.clone().for_both(advice);
                    measure.note(&examination.list.zone, place == 0);
                }
            }
        }
        // Stable: of equals, the catalogue's order stands.
        measures.sort_by_key(|it| {
            let counts = (it.first_for.len(), it.otherwise_for.len());
            std::cmp::Reverse(counts)
        });
        measures
    }
}
