//! What was said, octet by octet.

use std::fmt;
use std::time::Duration;

use crate::escape::Escaped;

/// How many octets a transcript keeps.
const KEPT: usize = 65_536;

/// What was said in a session, in order: every octet both ways, up to 65,536 in all.
///
/// Shown in the field's notation, escaped:
///
/// ```text
/// S: 220 mx.example ESMTP
/// C: EHLO probe.example
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transcript {
    entries: Vec<Entry>,
    #[cfg_attr(feature = "serde", serde(default))]
    kept: usize,
    /// How many octets are missing at the end.
    #[cfg_attr(feature = "serde", serde(default))]
    dropped: usize,
}

/// One piece of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Entry {
    /// When, since the session began.
    pub at: Duration,
    /// What happened.
    pub event: Event,
}

/// What happened at one point of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// The client sent these octets.
    Sent(#[cfg_attr(feature = "serde", serde(with = "crate::escape::octets"))] Vec<u8>),
    /// The client received these octets; pieces of one line are joined.
    Received(#[cfg_attr(feature = "serde", serde(with = "crate::escape::octets"))] Vec<u8>),
    /// TLS began; what follows was said inside it.
    Tls,
    /// The server closed the connection.
    Closed,
}

impl Transcript {
    /// What happened, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many octets were left out at the end.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    pub(crate) fn sent(&mut self, at: Duration, octets: &[u8]) {
        let kept = self.keep(octets);
        if !kept.is_empty() {
            self.entries.push(Entry {
                at,
                event: Event::Sent(kept),
            });
        }
    }

    pub(crate) fn received(&mut self, at: Duration, octets: &[u8]) {
        let kept = self.keep(octets);
        // A tarpit sends an octet at a time: that is one entry, not thousands.
        if let Some(Entry {
            event: Event::Received(line),
            ..
        }) = self.entries.last_mut()
        {
            line.extend(kept);
        } else if !kept.is_empty() {
            self.entries.push(Entry {
                at,
                event: Event::Received(kept),
            });
        }
    }

    pub(crate) fn mark(&mut self, at: Duration, event: Event) {
        self.entries.push(Entry { at, event });
    }

    fn keep(&mut self, octets: &[u8]) -> Vec<u8> {
        let room = (KEPT - self.kept).min(octets.len());
        self.kept += room;
        self.dropped += octets.len() - room;
        octets.iter().copied().take(room).collect()
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Entry { event, .. } in &self.entries {
            match event {
                Event::Sent(octets) => write_lines(f, 'C', octets)?,
                Event::Received(octets) => write_lines(f, 'S', octets)?,
                Event::Tls => writeln!(f, "-- TLS --")?,
                Event::Closed => writeln!(f, "-- closed by the server --")?,
            }
        }
        if self.dropped > 0 {
            writeln!(f, "-- {} octets more --", self.dropped)?;
        }
        Ok(())
    }
}

fn write_lines(f: &mut fmt::Formatter<'_>, side: char, octets: &[u8]) -> fmt::Result {
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        // A line end of the standard is not shown; any other is, and so is that there is none.
        let open = if line.ends_with(b"\n") {
            ""
        } else {
            " (no line end)"
        };
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        writeln!(f, "{side}: {}{open}", Escaped(line))?;
    }
    Ok(())
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transcript {{\n{self}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_in_the_fields_notation_and_escaped() {
        let mut transcript = Transcript::default();
        transcript.received(Duration::ZERO, b"220 m");
        transcript.received(Duration::from_secs(1), b"x\x1b\r\n");
        transcript.sent(Duration::from_secs(1), b"EHLO a.example\r\n");
        transcript.mark(Duration::from_secs(2), Event::Tls);
        transcript.received(Duration::from_secs(3), b"250 ok\n");
        assert_eq!(
            transcript.to_string(),
            "S: 220 mx\\x1b\nC: EHLO a.example\n-- TLS --\nS: 250 ok\\n\n"
        );
        assert_eq!(
            transcript.entries().len(),
            4,
            "pieces of a line are one entry"
        );
    }

    #[test]
    fn a_flood_is_cut_and_counted() {
        let mut transcript = Transcript::default();
        for _ in 0..100 {
            transcript.received(Duration::ZERO, &[b'a'; 1000]);
        }
        assert_eq!(transcript.dropped(), 100_000 - 65_536);
        assert!(
            transcript
                .to_string()
                .ends_with("-- 34464 octets more --\n")
        );
    }
}
