//! A ClientHello as octets.

use std::fmt;

use super::key_share::session_id;
use crate::{CipherSuite, ClientHello, ProtocolVersion};

/// The most octets of a message in one record (RFC 9846 §5.1).
const RECORD_LIMIT: usize = 1 << 14;

/// Why a ClientHello cannot be sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloError {
    kind: HelloErrorKind,
}

impl HelloError {
    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> HelloErrorKind {
        self.kind
    }
}

impl fmt::Display for HelloError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            HelloErrorKind::NoVersion => "expected at least one version, found none",
            HelloErrorKind::NoCipherSuite => "expected at least one cipher suite, found none",
            HelloErrorKind::SignalingValue => {
                "expected cipher suites, found a signaling value among them"
            }
            HelloErrorKind::TooLong => "expected lists that fit their length fields",
            HelloErrorKind::ProtocolLength => "expected application protocols of 1 to 255 octets",
            HelloErrorKind::RecordLength => "expected records of at most 16384 octets",
            HelloErrorKind::Padding => "expected a version with extensions, to pad the hello",
        })
    }
}

impl std::error::Error for HelloError {}

/// The kinds of [`HelloError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HelloErrorKind {
    /// No version is offered.
    NoVersion,
    /// No cipher suite is offered.
    NoCipherSuite,
    /// 0x00ff or 0x5600 stands among the cipher suites: each has a field of its own.
    SignalingValue,
    /// A list, or all extensions together with the padding, is longer than its length can tell.
    TooLong,
    /// An application protocol is empty or over 255 octets (RFC 7301 §3.1).
    ProtocolLength,
    /// A record is to hold more than 2^14 octets (RFC 9846 §5.1).
    RecordLength,
    /// Padding is asked for, and SSL 3.0 has no extensions to pad with.
    Padding,
}

impl From<HelloErrorKind> for HelloError {
    fn from(kind: HelloErrorKind) -> Self {
        Self { kind }
    }
}

type Encoded = Result<Vec<u8>, HelloError>;

impl ClientHello {
    /// The records to send. The first octets of each say TLS 1.0, as RFC 9846 §5.1 has it for
    /// the sake of old servers, or SSL 3.0 if that is the highest version.
    ///
    /// # Errors
    ///
    /// If what is offered cannot be written down: see [`HelloErrorKind`]. Nothing is cut off.
    pub fn to_records(&self) -> Result<Vec<u8>, HelloError> {
        let length = match self.record_length {
            0 => RECORD_LIMIT,
            length if length <= RECORD_LIMIT => length,
            _ => return Err(HelloErrorKind::RecordLength.into()),
        };
        let message = self.to_message()?;
        let version = self.legacy_version()?.min(ProtocolVersion::TLS_1_0);
        let mut records = Vec::with_capacity(message.len() + 5);
        for fragment in message.chunks(length) {
            records.push(22);
            records.extend(version.0.to_be_bytes());
            records.extend(list16(fragment)?);
        }
        Ok(records)
    }

    /// The handshake message, its header of four octets too.
    fn to_message(&self) -> Encoded {
        let version = self.legacy_version()?;
        let mut body = version.0.to_be_bytes().to_vec();
        body.extend(self.random);
        // An identifier makes a TLS 1.3 handshake look like one that resumes, which
        // middleboxes let pass (RFC 9846 §D.4). A server must echo it.
        if self.offers_tls13() {
            body.extend(list8(&session_id(&self.random))?);
        } else {
            body.push(0);
        }
        body.extend(self.suites()?);
        body.extend(list8(if self.offers_compression {
            &[1, 0]
        } else {
            &[0]
        })?);
        if self.highest() > ProtocolVersion::SSL_3_0 {
            self.push_extensions(&mut body)?;
        } else if self.least_length > body.len() + 4 {
            return Err(HelloErrorKind::Padding.into());
        }
        let length = u32::try_from(body.len()).map_err(|_| HelloErrorKind::TooLong)?;
        let [_, header @ ..] = length.to_be_bytes();
        Ok([&[1], &header[..], &body].concat())
    }

    /// The highest version up to TLS 1.2, or TLS 1.2 if only higher ones are offered.
    pub(super) fn legacy_version(&self) -> Result<ProtocolVersion, HelloError> {
        if self.versions.is_empty() {
            return Err(HelloErrorKind::NoVersion.into());
        }
        let old = self.versions.iter().copied();
        let highest = old
            .filter(|&version| version <= ProtocolVersion::TLS_1_2)
            .max();
        Ok(highest.unwrap_or(ProtocolVersion::TLS_1_2))
    }

    pub(super) fn offers_tls13(&self) -> bool {
        self.versions.contains(&ProtocolVersion::TLS_1_3)
    }

    fn suites(&self) -> Encoded {
        if self.cipher_suites.is_empty() {
            return Err(HelloErrorKind::NoCipherSuite.into());
        }
        if self.cipher_suites.iter().any(|suite| suite.is_signaling()) {
            return Err(HelloErrorKind::SignalingValue.into());
        }
        let mut suites = self.cipher_suites.clone();
        // Where there are no extensions the value says the same (RFC 5746 §3.4).
        if self.offers_renegotiation_info && self.highest() <= ProtocolVersion::SSL_3_0 {
            suites.push(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
        }
        if self.offers_fallback_scsv {
            suites.push(CipherSuite::TLS_FALLBACK_SCSV);
        }
        list16(&numbers(suites.iter().map(|suite| suite.0)))
    }

    fn push_extensions(&self, body: &mut Vec<u8>) -> Result<(), HelloError> {
        let mut extensions = Vec::new();
        for (number, content) in self.extensions()? {
            push_extension(&mut extensions, number, &content)?;
        }
        // The header of the message, what stands before, the length of all extensions.
        let length = 4 + body.len() + 2 + extensions.len();
        if let Some(missing) = self.least_length.checked_sub(length).filter(|&n| n > 0) {
            push_extension(&mut extensions, 21, &vec![0; missing.saturating_sub(4)])?;
        }
        if !extensions.is_empty() {
            body.extend(list16(&extensions)?);
        }
        Ok(())
    }

    /// The extensions with their numbers, in the order sent.
    fn extensions(&self) -> Result<Vec<(u16, Vec<u8>)>, HelloError> {
        let old = |version: &ProtocolVersion| *version <= ProtocolVersion::TLS_1_2;
        let mut extensions = Vec::new();
        if let Some(name) = &self.server_name {
            let name = [&[0], &list16(name.as_str().as_bytes())?[..]].concat();
            extensions.push((0, list16(&name)?));
        }
        if self.offers_status_request {
            extensions.push((5, vec![1, 0, 0, 0, 0]));
        }
        if !self.groups.is_empty() {
            let groups = numbers(self.groups.iter().map(|group| group.0));
            extensions.push((10, list16(&groups)?));
            if self.versions.iter().any(old) {
                // Uncompressed points, the only form left (RFC 8422 §5.1.2).
                extensions.push((11, vec![1, 0]));
            }
        }
        if !self.signature_schemes.is_empty() && self.highest() >= ProtocolVersion::TLS_1_2 {
            let schemes = numbers(self.signature_schemes.iter().map(|scheme| scheme.0));
            extensions.push((13, list16(&schemes)?));
        }
        let schemes = &self.certificate_signature_schemes;
        if !schemes.is_empty() && self.highest() >= ProtocolVersion::TLS_1_2 {
            let schemes = numbers(schemes.iter().map(|scheme| scheme.0));
            extensions.push((50, list16(&schemes)?));
        }
        if !self.alpn.is_empty() {
            extensions.push((16, self.protocols()?));
        }
        if self.offers_extended_master_secret {
            extensions.push((23, Vec::new()));
        }
        if self.offers_renegotiation_info {
            extensions.push((0xff01, vec![0]));
        }
        if self.offers_tls13() {
            let versions = numbers(self.versions.iter().map(|version| version.0));
            extensions.push((43, list8(&versions)?));
            extensions.push((51, self.key_shares()?));
        }
        Ok(extensions)
    }

    fn highest(&self) -> ProtocolVersion {
        let highest = self.versions.iter().copied().max();
        highest.unwrap_or(ProtocolVersion::SSL_3_0)
    }

    fn protocols(&self) -> Encoded {
        let mut list = Vec::new();
        for protocol in &self.alpn {
            if !(1..=255).contains(&protocol.len()) {
                return Err(HelloErrorKind::ProtocolLength.into());
            }
            list.extend(list8(protocol)?);
        }
        list16(&list)
    }

    fn key_shares(&self) -> Encoded {
        let mut shares = Vec::new();
        for (group, share) in self.key_share.shares(&self.random) {
            push_extension(&mut shares, group.0, &share)?;
        }
        list16(&shares)
    }

    /// The numbers of the extensions that a server may answer: those sent, and the one that a
    /// signaling value stands for.
    pub(super) fn sent_extensions(&self) -> Vec<u16> {
        if self.highest() > ProtocolVersion::SSL_3_0 {
            let sent = self.extensions().unwrap_or_default();
            sent.into_iter().map(|(number, _)| number).collect()
        } else if self.offers_renegotiation_info {
            vec![0xff01]
        } else {
            Vec::new()
        }
    }
}

/// A number, a length and content: the form of an extension and of a key share.
fn push_extension(to: &mut Vec<u8>, number: u16, content: &[u8]) -> Result<(), HelloError> {
    to.extend(number.to_be_bytes());
    to.extend(list16(content)?);
    Ok(())
}

fn numbers(list: impl Iterator<Item = u16>) -> Vec<u8> {
    list.flat_map(u16::to_be_bytes).collect()
}

fn list8(content: &[u8]) -> Encoded {
    let length = u8::try_from(content.len()).map_err(|_| HelloErrorKind::TooLong)?;
    Ok([&[length], content].concat())
}

fn list16(content: &[u8]) -> Encoded {
    let length = u16::try_from(content.len()).map_err(|_| HelloErrorKind::TooLong)?;
    Ok([&length.to_be_bytes(), content].concat())
}
