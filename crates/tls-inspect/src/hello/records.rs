//! Puts handshake messages and alerts together again out of records (RFC 9846 §5.1).
//!
//! A message may be spread over records down to one octet each, and a record over any number of
//! reads. What comes out depends on the octets alone, never on how they were cut.

use crate::{Alert, AlertDescription, AlertLevel, ProtocolVersion};

/// The most octets of a handshake message that is read.
const MESSAGE_LIMIT: usize = 64 * 1024;
/// The most octets that are read in all.
const RECEIVED_LIMIT: usize = 128 * 1024;
/// The most octets in a record (RFC 9846 §5.1).
const RECORD_LIMIT: usize = 1 << 14;
/// The most records without content. They must not be sent at all (RFC 9846 §5.1).
const EMPTY_LIMIT: usize = 32;
/// The most octets kept of a peer that is not speaking TLS.
const FOREIGN_LIMIT: usize = 512;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// The first octet of the version in every record since SSL 3.0.
const MAJOR_VERSION: u8 = 3;

/// What the octets of the peer amount to.
#[derive(Debug)]
pub(super) enum Event {
    /// A whole handshake message.
    Message(Message),
    /// An alert, its level as sent.
    Alert(Alert),
    /// The peer is not speaking TLS: its first line.
    Foreign(Vec<u8>),
}

/// A handshake message without its header.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) kind: u8,
    pub(super) body: Vec<u8>,
    /// The version of the record that it began in.
    pub(super) record_version: ProtocolVersion,
}

/// The records read so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    /// The header of a record, while it comes in.
    header: Vec<u8>,
    kind: u8,
    version: u16,
    /// The octets of the current record still to come.
    left: usize,
    message: Vec<u8>,
    message_version: u16,
    alert: Vec<u8>,
    foreign: Option<Vec<u8>>,
    has_header: bool,
    empty: usize,
    received: usize,
}

impl Records {
    /// Reads up to the next event, or all of the input.
    ///
    /// After an error or [`Event::Foreign`] nothing more can be read.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Event>, String> {
        while !input.is_empty() {
            if self.received == RECEIVED_LIMIT {
                return Err(format!(
                    "expected an answer of at most {RECEIVED_LIMIT} octets, found more"
                ));
            }
            let event = if self.foreign.is_some() {
                self.read_foreign(input)
            } else if self.left == 0 {
                self.read_header(input)?
            } else if self.kind == ALERT {
                self.read_alert(input)
            } else {
                self.read_handshake(input)?
            };
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }

    /// How many octets were read, those after the deciding one left out.
    pub(super) const fn received(&self) -> usize {
        self.received
    }

    /// The octets of a peer that is not speaking TLS, if its line is not at its end yet.
    pub(super) fn take_foreign(&mut self) -> Option<Vec<u8>> {
        self.foreign.take()
    }

    /// One octet of `type(1) version(2) length(2)`.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<Option<Event>, String> {
        let octets = self.take(input, 1);
        self.header.extend(octets);
        let is_good = match *self.header {
            [kind] => matches!(kind, ALERT | HANDSHAKE),
            [_, major] => major == MAJOR_VERSION,
            _ => true,
        };
        if !is_good && !self.has_header {
            let octets = std::mem::take(&mut self.header);
            return Ok(self.keep_foreign(octets));
        }
        if !is_good {
            return Err(format!(
                "expected a record of a handshake or an alert at octet {}, found the octets {}",
                self.received - self.header.len(),
                self.header.escape_ascii(),
            ));
        }
        if let [kind, v0, v1, l0, l1] = *self.header {
            self.header.clear();
            self.begin(kind, u16::from_be_bytes([v0, v1]), [l0, l1])?;
        }
        Ok(None)
    }

    fn begin(&mut self, kind: u8, version: u16, length: [u8; 2]) -> Result<(), String> {
        self.has_header = true;
        self.kind = kind;
        self.version = version;
        self.left = usize::from(u16::from_be_bytes(length));
        if self.left > RECORD_LIMIT {
            return Err(format!(
                "expected a record of at most {RECORD_LIMIT} octets at octet {}, found {}",
                self.received, self.left,
            ));
        }
        if self.left == 0 {
            self.empty += 1;
        }
        if self.empty > EMPTY_LIMIT {
            return Err(format!(
                "expected at most {EMPTY_LIMIT} empty records, found more"
            ));
        }
        Ok(())
    }

    /// Two octets, which may come in two records up to TLS 1.2 (RFC 5246 §6.2.1).
    fn read_alert(&mut self, input: &mut &[u8]) -> Option<Event> {
        let octets = self.take_of_record(input, 2 - self.alert.len());
        self.alert.extend(octets);
        let [level, description] = *self.alert else {
            return None;
        };
        self.alert.clear();
        let mut alert = Alert::new(AlertDescription(description));
        alert.level = Some(AlertLevel(level));
        Some(Event::Alert(alert))
    }

    /// `type(1) length(3)` and the body.
    fn read_handshake(&mut self, input: &mut &[u8]) -> Result<Option<Event>, String> {
        if self.message.is_empty() {
            self.message_version = self.version;
        }
        let missing = self.message_length().unwrap_or(4) - self.message.len();
        let octets = self.take_of_record(input, missing);
        self.message.extend(octets);
        let Some(length) = self.message_length() else {
            return Ok(None);
        };
        if length - 4 > MESSAGE_LIMIT {
            return Err(format!(
                "expected a handshake message of at most {MESSAGE_LIMIT} octets, found {}",
                length - 4,
            ));
        }
        if self.message.len() < length {
            return Ok(None);
        }
        let mut body = std::mem::take(&mut self.message);
        let kind = body.first().copied().unwrap_or_default();
        body.drain(..4);
        Ok(Some(Event::Message(Message {
            kind,
            body,
            record_version: ProtocolVersion(self.message_version),
        })))
    }

    /// The length of the current message with its header, once that is there.
    fn message_length(&self) -> Option<usize> {
        let &[_, l0, l1, l2, ..] = self.message.as_slice() else {
            return None;
        };
        let length = u32::from_be_bytes([0, l0, l1, l2]);
        Some(4 + usize::try_from(length).unwrap_or(usize::MAX - 4))
    }

    fn read_foreign(&mut self, input: &mut &[u8]) -> Option<Event> {
        let mut octets = self.foreign.take().unwrap_or_default();
        octets.extend(self.take(input, 1));
        self.keep_foreign(octets)
    }

    /// A line ends at its LF or at the limit, so that it is the same however it was cut.
    fn keep_foreign(&mut self, octets: Vec<u8>) -> Option<Event> {
        if octets.ends_with(b"\n") || octets.len() >= FOREIGN_LIMIT {
            return Some(Event::Foreign(octets));
        }
        self.foreign = Some(octets);
        None
    }

    fn take_of_record<'a>(&mut self, input: &mut &'a [u8], count: usize) -> &'a [u8] {
        let octets = self.take(input, count.min(self.left));
        self.left -= octets.len();
        octets
    }

    fn take<'a>(&mut self, input: &mut &'a [u8], count: usize) -> &'a [u8] {
        let count = count.min(RECEIVED_LIMIT - self.received).min(input.len());
        let (octets, rest) = input.split_at_checked(count).unwrap_or((input, &[]));
        *input = rest;
        self.received += octets.len();
        octets
    }
}
