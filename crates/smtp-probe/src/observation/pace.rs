use std::time::Duration;

use super::Phase;

/// Below so many octets a minute a server that is still sending is a tarpit: ten a second.
const TARPIT_RATE: u64 = 600;
/// So many times at the least octets must have arrived.
const TARPIT_ARRIVALS: usize = 4;

/// How the octets of one phase came: the time to the first, and the longest time between two.
///
/// A greeting whose first line comes at once and whose last comes after 6 s (so postscreen tests for clients that speak too early)
/// has a short [`first_octet`](Self::first_octet) and a [`longest_gap`](Self::longest_gap) of 6 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Pace {
    /// The phase.
    pub phase: Phase,
    /// How many octets came.
    pub octets: usize,
    /// At how many different times they came.
    pub arrivals: usize,
    /// When the first came, from the start of the phase.
    pub first_octet: Duration,
    /// When the last came, from the start of the phase.
    pub last_octet: Duration,
    /// The longest time between two arrivals.
    pub longest_gap: Duration,
}

impl Pace {
    /// The first octets of a phase.
    pub(crate) fn new(phase: Phase, at: Duration) -> Self {
        Self {
            phase,
            octets: 0,
            arrivals: 0,
            first_octet: at,
            last_octet: at,
            longest_gap: Duration::ZERO,
        }
    }

    /// Says that octets came, so long after the phase began.
    pub(crate) fn note(&mut self, octets: usize, at: Duration) {
        self.octets = self.octets.saturating_add(octets);
        if self.arrivals == 0 || at > self.last_octet {
            self.arrivals += 1;
        }
        self.longest_gap = self.longest_gap.max(at.saturating_sub(self.last_octet));
        self.last_octet = self.last_octet.max(at);
    }

    /// How many octets came in a second, of the time from the start of the phase to its last octet; `None` if that is no time.
    #[must_use]
    pub fn octets_per_second(&self) -> Option<f64> {
        let seconds = self.last_octet.as_secs_f64();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a rate needs no more than 52 bits"
        )]
        (seconds > 0.0).then(|| self.octets as f64 / seconds)
    }

    pub(crate) fn octets_per_minute(&self, elapsed: Duration) -> u64 {
        let milliseconds = elapsed.as_millis().max(1);
        let octets = u128::try_from(self.octets).unwrap_or(u128::MAX);
        u64::try_from(octets.saturating_mul(60_000) / milliseconds).unwrap_or(u64::MAX)
    }

    /// Whether a phase that took `elapsed`, and was not finished then, is held up on purpose: octets arrived four times at the
    /// least, the last of them in the second half of that time, and fewer than 600 a minute in all.
    ///
    /// One line at once and then silence is none: that server has stopped, and may be waiting for something.
    #[must_use]
    pub fn is_tarpit(&self, elapsed: Duration) -> bool {
        self.arrivals >= TARPIT_ARRIVALS
            && self.last_octet >= elapsed / 2
            && self.octets_per_minute(elapsed) < TARPIT_RATE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(arrivals: &[(u64, usize)]) -> Pace {
        let start = Duration::from_secs(arrivals[0].0);
        let mut pace = Pace::new(Phase::Greeting, start);
        for (second, octets) in arrivals {
            pace.note(*octets, Duration::from_secs(*second));
        }
        pace
    }

    const DEADLINE: Duration = Duration::from_secs(30);

    #[test]
    fn an_octet_now_and_then_is_a_tarpit() {
        let pace = pace(&[(1, 1), (9, 1), (17, 1), (25, 1)]);
        assert!(pace.is_tarpit(DEADLINE));
        assert_eq!(pace.octets_per_minute(DEADLINE), 8);
        assert_eq!(pace.longest_gap, Duration::from_secs(8));
        assert_eq!(pace.octets_per_second(), Some(4.0 / 25.0));
    }

    #[test]
    fn silence_after_a_line_is_none() {
        assert!(!pace(&[(1, 20)]).is_tarpit(DEADLINE));
        assert!(!pace(&[(1, 20), (2, 20), (3, 20), (4, 20)]).is_tarpit(DEADLINE));
    }

    #[test]
    fn a_stream_that_is_merely_long_is_none() {
        let arrivals: Vec<_> = (1..30).map(|second| (second, 400)).collect();
        assert!(!pace(&arrivals).is_tarpit(DEADLINE));
    }

    #[test]
    fn pieces_of_one_moment_are_one_arrival() {
        let pace = pace(&[(1, 5), (1, 6), (7, 1)]);
        assert_eq!((pace.octets, pace.arrivals), (12, 2));
        assert_eq!(pace.first_octet, Duration::from_secs(1));
        assert_eq!(pace.longest_gap, Duration::from_secs(6));
    }
}
