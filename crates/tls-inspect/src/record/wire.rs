//! What of a handshake is in the clear, read as it passes by.
//!
//! The TLS library tells what was agreed on only of a handshake that completes. Its ServerHello is
//! in the clear all the same, as are the alerts before encryption begins (RFC 9846 §5, RFC 5246
//! §6.2) and, under TLS 1.2, the certificates (RFC 5246 §7.4.2), so they can be had of one that
//! fails. Nothing here decides anything: what cannot be read
//! is left out, and the library says what is wrong with it.

use crate::{
    Alert, AlertDescription, AlertLevel, AlertSender, Capture, CipherSuite, Der, HandshakeFailure,
    HandshakeKind, NamedGroup, ProtocolVersion, SentAlert,
};

/// The content types of records (RFC 9846 §5.1, RFC 6520 §6); an SMTP reply begins with a digit.
const CONTENT_TYPES: std::ops::RangeInclusive<u8> = 20..=24;
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// Handshake messages (RFC 9846 §4, RFC 5246 §7.4).
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;

/// How much of a ServerHello is kept: with a share of X25519MLKEM768 it has some 1,200 octets.
const MAX_HELLO: usize = 4096;
/// How much of the certificates is kept: as much as the library reads of a message.
const MAX_CHAIN: usize = 64 * 1024;
/// How many alerts are kept. The library stops reading after a handful.
const MAX_ALERTS: usize = 16;

/// The `random` that makes a ServerHello a HelloRetryRequest (RFC 9846 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Both directions of one handshake.
#[derive(Debug, Default)]
pub(super) struct Wire {
    from_server: Records,
    from_client: Records,
    seen: Seen,
}

/// What was seen in the clear.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The first octets from the server, if they are not TLS.
    pub(super) plaintext: Vec<u8>,
    pub(super) alerts: Vec<SentAlert>,
    /// Whether the stream underneath failed.
    pub(super) has_stream_failed: bool,
    /// Whether this side has answered what the server sent after its ServerHello. Up to TLS 1.2 it
    /// answers a request for a certificate first of all (RFC 5246 §7.4.6).
    pub(super) has_client_answered: bool,
    hello: Option<Hello>,
    has_retried: bool,
    /// The body of the Certificate message of TLS 1.2.
    certificates: Vec<u8>,
    /// The group of a ServerKeyExchange (RFC 8422 §5.4).
    group: Option<NamedGroup>,
}

/// A ServerHello, or a HelloRetryRequest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hello {
    version: ProtocolVersion,
    suite: CipherSuite,
    group: Option<NamedGroup>,
    is_retry: bool,
}

impl Wire {
    pub(super) fn received(&mut self, octets: &[u8]) {
        if self.from_server.is_untouched()
            && octets
                .first()
                .is_some_and(|octet| !CONTENT_TYPES.contains(octet))
        {
            self.from_server.is_opaque = true;
        }
        if self.from_server.is_opaque && self.from_server.is_untouched() {
            let kept = &mut self.seen.plaintext;
            let room = HandshakeFailure::FIRST_OCTETS.saturating_sub(kept.len());
            kept.extend_from_slice(octets.get(..room).unwrap_or(octets));
            return;
        }
        self.from_server
            .read(octets, AlertSender::Server, &mut self.seen);
    }

    pub(super) fn sent(&mut self, octets: &[u8]) {
        self.from_client
            .read(octets, AlertSender::Client, &mut self.seen);
    }

    pub(super) const fn failed(&mut self) {
        self.seen.has_stream_failed = true;
    }

    /// What was seen until now. It is handed out once.
    pub(super) fn take(&mut self) -> Seen {
        std::mem::take(&mut self.seen)
    }
}

impl Seen {
    /// Adds what the library does not tell of a handshake that failed.
    pub(super) fn describe(&self, capture: &mut Capture) {
        if let Some(hello) = self.hello {
            capture.version = Some(hello.version);
            capture.cipher_suite = Some(hello.suite);
            capture.group = self.group.or(hello.group);
        }
        if self.has_retried {
            capture.handshake = Some(HandshakeKind::FullWithHelloRetryRequest);
        }
        // The library hands them out only when the whole flight is there.
        if capture.chain.is_empty() {
            let read = read_certificates(&self.certificates).unwrap_or_default();
            (capture.chain, capture.chain_omitted) = read;
        }
    }

    fn alert(&mut self, sender: AlertSender, level: u8, description: u8) {
        if self.alerts.len() < MAX_ALERTS {
            let mut alert = Alert::new(AlertDescription(description));
            alert.level = Some(AlertLevel(level));
            self.alerts.push(SentAlert::new(sender, alert));
        }
    }

    fn message(&mut self, kind: u8, body: &[u8]) {
        match kind {
            SERVER_HELLO => {
                self.hello = read_hello(body).or(self.hello);
                self.has_retried |= self.hello.is_some_and(|hello| hello.is_retry);
            }
            CERTIFICATE if self.is_tls12() => self.certificates = body.to_vec(),
            SERVER_KEY_EXCHANGE => self.group = read_named_curve(body),
            _ => {}
        }
    }

    fn is_tls12(&self) -> bool {
        self.hello
            .is_some_and(|hello| !hello.is_retry && hello.version == ProtocolVersion::TLS_1_2)
    }

    /// Whether handshake messages of the server are encrypted from here on: under TLS 1.3 after
    /// the ServerHello (RFC 9846 §2).
    fn is_encrypted(&self) -> bool {
        self.hello
            .is_some_and(|hello| !hello.is_retry && hello.version >= ProtocolVersion::TLS_1_3)
    }
}

/// The records of one direction, as far as they are in the clear:
///
/// ```text
/// TLSPlaintext = ContentType(1) legacy_record_version(2) length(2) fragment
/// Handshake    = HandshakeType(1) length(3) body
/// ```
#[derive(Debug, Default)]
struct Records {
    header: Vec<u8>,
    content_type: u8,
    /// How much is to come of the record.
    left: usize,
    alert: Vec<u8>,
    /// The header and as much of the body as is of use.
    message: Vec<u8>,
    /// How much is to come of the message's body.
    message_left: usize,
    /// Handshake messages cannot be read any more.
    is_encrypted: bool,
    /// Nothing can be read any more.
    is_opaque: bool,
    has_record: bool,
}

impl Records {
    fn is_untouched(&self) -> bool {
        !self.has_record && self.header.is_empty()
    }

    fn read(&mut self, mut octets: &[u8], sender: AlertSender, seen: &mut Seen) {
        while !octets.is_empty() && !self.is_opaque {
            if self.left == 0 {
                octets = self.read_header(octets);
                continue;
            }
            let (part, rest) = octets.split_at(self.left.min(octets.len()));
            self.left = self.left.saturating_sub(part.len());
            octets = rest;
            match self.content_type {
                ALERT => self.read_alert(part, sender, seen),
                HANDSHAKE if sender == AlertSender::Server => self.read_handshake(part, seen),
                HANDSHAKE => {
                    seen.has_client_answered |= seen.hello.is_some_and(|hello| !hello.is_retry);
                }
                // A server may send one after a HelloRetryRequest that means nothing
                // (RFC 9846 §D.4).
                CHANGE_CIPHER_SPEC => {
                    self.is_encrypted |= seen.hello.is_some_and(|hello| !hello.is_retry);
                }
                _ => {}
            }
        }
    }

    fn read_header<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        let missing = 5_usize.saturating_sub(self.header.len());
        let (part, rest) = octets.split_at(missing.min(octets.len()));
        self.header.extend_from_slice(part);
        if let [content_type, _, _, high, low] = *self.header {
            self.has_record = true;
            self.header.clear();
            self.content_type = content_type;
            self.left = usize::from(u16::from_be_bytes([high, low]));
            self.alert.clear();
            self.is_opaque = !CONTENT_TYPES.contains(&content_type);
        }
        rest
    }

    /// An alert in the clear has two octets; an encrypted one has a tag as well.
    fn read_alert(&mut self, part: &[u8], sender: AlertSender, seen: &mut Seen) {
        let room = 3_usize.saturating_sub(self.alert.len());
        self.alert.extend(part.iter().take(room));
        if let ([level, description], 0) = (self.alert.as_slice(), self.left) {
            seen.alert(sender, *level, *description);
        }
    }

    fn read_handshake(&mut self, mut part: &[u8], seen: &mut Seen) {
        while !self.is_encrypted {
            let missing = 4_usize.saturating_sub(self.message.len());
            if missing > 0 {
                let Some((octet, rest)) = part.split_first() else {
                    return;
                };
                self.message.push(*octet);
                part = rest;
                if let [_, high, middle, low] = *self.message {
                    let length = u32::from_be_bytes([0, high, middle, low]);
                    self.message_left = usize::try_from(length).unwrap_or(usize::MAX);
                }
            } else {
                let (body, rest) = part.split_at(self.message_left.min(part.len()));
                let room = self.room();
                self.message
                    .extend_from_slice(body.get(..room).unwrap_or(body));
                self.message_left = self.message_left.saturating_sub(body.len());
                part = rest;
            }
            if missing <= 1 && self.message_left == 0 {
                if let [kind, _, _, _, body @ ..] = self.message.as_slice() {
                    seen.message(*kind, body);
                }
                self.message.clear();
                self.is_encrypted = seen.is_encrypted();
            } else if part.is_empty() {
                return;
            }
        }
    }

    /// How much more is kept of the message at hand.
    fn room(&self) -> usize {
        let limit: usize = match self.message.first() {
            Some(&SERVER_HELLO) => MAX_HELLO,
            Some(&CERTIFICATE) => MAX_CHAIN,
            Some(&SERVER_KEY_EXCHANGE) => 3,
            _ => 0,
        };
        limit.saturating_sub(self.message.len().saturating_sub(4))
    }
}

/// Takes octets from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn octet(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A length of three octets.
    fn length(&mut self) -> Option<usize> {
        let high = usize::from(self.octet()?);
        Some(high << 16 | usize::from(self.number()?))
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }
}

/// The body of a ServerHello (RFC 9846 §4.1.3):
///
/// ```text
/// legacy_version(2) random(32) legacy_session_id_echo<0..32> cipher_suite(2)
/// legacy_compression_method(1) extensions<6..2^16-1>
/// ```
fn read_hello(body: &[u8]) -> Option<Hello> {
    let mut reader = Reader(body);
    let legacy_version = reader.number()?;
    let random = reader.take(32)?;
    let session_id = reader.octet()?;
    reader.take(usize::from(session_id))?;
    let mut hello = Hello {
        version: ProtocolVersion(legacy_version),
        suite: CipherSuite(reader.number()?),
        group: None,
        is_retry: random == RETRY,
    };
    reader.take(1)?;
    // Before TLS 1.3 there may be none.
    let length = reader.number().unwrap_or_default();
    let mut extensions = Reader(reader.take(usize::from(length)).unwrap_or_default());
    while let (Some(kind), Some(length)) = (extensions.number(), extensions.number()) {
        let Some(content) = extensions.take(usize::from(length)) else {
            break;
        };
        match (kind, Reader(content).number()) {
            // supported_versions (RFC 9846 §4.2.1)
            (43, Some(version)) => hello.version = ProtocolVersion(version),
            // key_share (RFC 9846 §4.2.8)
            (51, Some(group)) => hello.group = Some(NamedGroup(group)),
            _ => {}
        }
    }
    Some(hello)
}

/// `certificate_list<0..2^24-1>` of `ASN.1Cert<1..2^24-1>`, if all of it is there (RFC 5246
/// §7.4.2), and how many are left out.
fn read_certificates(body: &[u8]) -> Option<(Vec<Der>, usize)> {
    let mut reader = Reader(body);
    let length = reader.length()?;
    let mut list = Reader(reader.take(length)?);
    let (mut certificates, mut omitted) = (Vec::new(), 0);
    while !list.0.is_empty() {
        let length = list.length()?;
        let certificate = list.take(length)?;
        if certificates.len() < Capture::MAX_CERTIFICATES {
            certificates.push(Der::new(certificate));
        } else {
            omitted += 1;
        }
    }
    Some((certificates, omitted))
}

/// `ECCurveType(1) NamedCurve(2)`, of which `named_curve` is 3 (RFC 8422 §5.4).
fn read_named_curve(body: &[u8]) -> Option<NamedGroup> {
    let mut reader = Reader(body);
    (reader.octet()? == 3).then_some(())?;
    reader.number().map(NamedGroup)
}

#[cfg(test)]
mod tests;
