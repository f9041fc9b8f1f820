//! What was said, octet by octet.

use std::fmt;
use std::time::Duration;

use crate::escape::Escaped;
use crate::observation::Cause;
use crate::proxy_header::ProxyHeader;

mod redaction;

/// How many octets a transcript keeps.
const KEPT: usize = 65_536;
/// After so many pieces received, the time within which two count as one is doubled.
const PIECES: u32 = 64;
/// It cannot be doubled for ever.
const DOUBLINGS: u32 = 20;

/// What was said in a session, in order: every octet both ways, up to 65,536 in all, with the time of each piece.
///
/// Octets that come within a millisecond count as one piece. A server that sends an octet at a time cannot make a transcript of
/// thousands of pieces: after every 64 of them that millisecond is doubled, so that an hour has 1,400 at the most. The session's own
/// measurements use the times that are kept here, so that a stored transcript gives the same ones again
/// ([`Observation::replay`](crate::Observation::replay)).
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
    /// How many pieces were received.
    #[cfg_attr(feature = "serde", serde(default))]
    pieces: u32,
    /// How many octets are missing at the end.
    #[cfg_attr(feature = "serde", serde(default))]
    dropped: usize,
}

/// One piece of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Entry {
    /// When, since the session began; of octets received, when the first of them came.
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
    /// The client sent this header of the PROXY protocol.
    ProxyHeader(#[cfg_attr(feature = "serde", serde(with = "crate::escape::octets"))] Vec<u8>),
    /// The client sent these octets.
    Sent(#[cfg_attr(feature = "serde", serde(with = "crate::escape::octets"))] Vec<u8>),
    /// The client received these octets, all at about the same time.
    Received(#[cfg_attr(feature = "serde", serde(with = "crate::escape::octets"))] Vec<u8>),
    /// The client began a TLS handshake.
    Handshake,
    /// The handshake completed; what follows was said inside TLS.
    Tls,
    /// The handshake failed.
    TlsFailed,
    /// The server closed the connection.
    Closed,
    /// The connection failed, for this reason.
    Failed(Box<Cause>),
    /// The time for what was awaited was up.
    TimedOut,
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

    /// Keeps what came, and says which time it is kept under.
    pub(crate) fn received(&mut self, at: Duration, octets: &[u8]) -> Duration {
        let kept = self.keep(octets);
        let resolution = self.resolution();
        if let Some(Entry {
            at: began,
            event: Event::Received(line),
        }) = self.entries.last_mut()
            && at.saturating_sub(*began) < resolution
        {
            line.extend(kept);
            return *began;
        }
        if !kept.is_empty() {
            self.pieces = self.pieces.saturating_add(1);
            self.entries.push(Entry {
                at,
                event: Event::Received(kept),
            });
        }
        at
    }

    /// Within this time two pieces are one.
    fn resolution(&self) -> Duration {
        let doublings = (self.pieces / PIECES).min(DOUBLINGS);
        Duration::from_millis(1 << doublings)
    }

    pub(crate) fn sent_proxy_header(&mut self, at: Duration, octets: &[u8]) {
        let event = Event::ProxyHeader(self.keep(octets));
        self.mark(at, event);
    }

    /// Whether any octet was received.
    pub(crate) fn has_received(&self) -> bool {
        self.pieces > 0
    }

    /// Whether the client has said anything, a ClientHello included.
    pub(crate) fn has_spoken(&self) -> bool {
        self.entries.iter().any(|entry| {
            matches!(
                entry.event,
                Event::Sent(_) | Event::ProxyHeader(_) | Event::Handshake
            )
        })
    }

    pub(crate) fn mark(&mut self, at: Duration, event: Event) {
        self.entries.push(Entry { at, event });
    }

    fn keep(&mut self, octets: &[u8]) -> Vec<u8> {
        let room = KEPT.saturating_sub(self.kept).min(octets.len());
        self.kept += room;
        self.dropped += octets.len() - room;
        octets.iter().copied().take(room).collect()
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entries = self.entries.iter().peekable();
        while let Some(Entry { event, .. }) = entries.next() {
            match event {
                Event::Sent(octets) => write_lines(f, 'C', octets)?,
                Event::Received(octets) => {
                    // A line that came in pieces is one line.
                    let mut joined = std::borrow::Cow::Borrowed(octets.as_slice());
                    while let Some(Entry {
                        event: Event::Received(more),
                        ..
                    }) = entries.peek()
                    {
                        joined.to_mut().extend(more);
                        entries.next();
                    }
                    write_lines(f, 'S', &joined)?;
                }
                Event::ProxyHeader(octets) => match ProxyHeader::parse(octets) {
                    Some(header) => writeln!(f, "-- {header} --")?,
                    None => write_lines(f, 'C', octets)?,
                },
                // Its end is told.
                Event::Handshake => {}
                Event::Tls => writeln!(f, "-- TLS --")?,
                Event::TlsFailed => writeln!(f, "-- TLS failed --")?,
                Event::Closed => writeln!(f, "-- closed by the server --")?,
                Event::Failed(cause) if **cause == Cause::Reset => writeln!(f, "-- reset --")?,
                Event::Failed(_) => writeln!(f, "-- the connection failed --")?,
                Event::TimedOut => writeln!(f, "-- nothing more in time --")?,
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
        transcript.received(Duration::from_micros(900), b"x\x1b\r");
        transcript.received(Duration::from_secs(1), b"\n");
        transcript.sent(Duration::from_secs(1), b"EHLO a.example\r\n");
        transcript.mark(Duration::from_secs(2), Event::Tls);
        transcript.received(Duration::from_secs(3), b"250 ok\n");
        assert_eq!(
            transcript.to_string(),
            "S: 220 mx\\x1b\nC: EHLO a.example\n-- TLS --\nS: 250 ok\\n\n"
        );
        assert_eq!(
            transcript.entries().len(),
            5,
            "pieces of one moment are one entry"
        );
    }

    #[test]
    fn an_octet_at_a_time_makes_no_entry_each() {
        let mut transcript = Transcript::default();
        let hour = 3600 * 1000;
        for millisecond in 0..hour {
            transcript.received(Duration::from_millis(millisecond), b"x");
        }
        let entries = transcript.entries();
        assert!(entries.len() < 1_400, "{}", entries.len());
        assert_eq!(
            entries[10].at,
            Duration::from_millis(10),
            "the first are exact"
        );
    }

    #[test]
    fn a_proxy_header_is_shown_in_words() {
        let header = ProxyHeader::local();
        let mut transcript = Transcript::default();
        transcript.sent_proxy_header(Duration::ZERO, &header.to_octets());
        assert_eq!(transcript.to_string(), "-- PROXY LOCAL --\n");
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
