//! ServerHello and HelloRetryRequest, and whether they keep to what was offered.

use super::key_share::session_id;
use super::reader::Reader;
use crate::{
    CipherSuite, ClientHello, DowngradeSentinel, HelloRetryRequest, NamedGroup, ProtocolVersion,
    ServerExtension, ServerHello,
};

/// The `random` that makes a ServerHello a HelloRetryRequest (RFC 9846 §4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The most extensions of a ServerHello that are kept. Servers send fewer than ten.
const EXTENSION_LIMIT: usize = 64;

/// What a ServerHello turned out to be, with what is wrong of it.
#[derive(Debug)]
pub(super) enum Choice {
    Hello(ServerHello, Vec<String>),
    Retry(HelloRetryRequest),
}

/// Reads a ServerHello:
///
/// ```text
/// version(2) random(32) session_id<0..32> cipher_suite(2) compression(1) [extensions<0..2^16-1>]
/// ```
///
/// An error is one of the fixed part; what is wrong of the extensions is a deviation.
pub(super) fn read(
    body: &[u8],
    record_version: ProtocolVersion,
    offer: &ClientHello,
) -> Result<Choice, String> {
    let mut reader = Reader::new("ServerHello", body);
    let legacy_version = ProtocolVersion(reader.u16("a version")?);
    let random = reader.array("a random")?;
    let session_id = reader.list::<1>("a session identifier")?;
    let cipher_suite = CipherSuite(reader.u16("a cipher suite")?);
    let compression = reader.u8("a compression method")?;
    let is_retry = random == RETRY_RANDOM;
    let extensions = Extensions::read(&mut reader, is_retry);
    let version = extensions.version.unwrap_or(legacy_version);
    let hello = ServerHello {
        version,
        legacy_version,
        record_version,
        random,
        session_id_length: session_id.len(),
        cipher_suite,
        compression,
        group: extensions.group,
        alpn: extensions.alpn,
        extensions: extensions.list,
        has_unread_extensions: extensions.is_cut_off,
        downgrade: sentinel(version, &random),
    };
    let mut deviations = extensions.deviations;
    check_fixed(&hello, session_id, offer, &mut deviations);
    check_extensions(&hello, is_retry, offer, &mut deviations);
    if !is_retry {
        return Ok(Choice::Hello(hello, deviations));
    }
    Ok(Choice::Retry(HelloRetryRequest {
        version,
        cipher_suite,
        group: hello.group,
        deviations,
    }))
}

/// The marks stand in hellos of TLS 1.2 and below only (RFC 9846 §4.1.3).
fn sentinel(version: ProtocolVersion, random: &[u8; 32]) -> Option<DowngradeSentinel> {
    if version >= ProtocolVersion::TLS_1_3 {
        return None;
    }
    let [.., b'D', b'O', b'W', b'N', b'G', b'R', b'D', mark] = random else {
        return None;
    };
    match mark {
        0 => Some(DowngradeSentinel::FromTls12),
        1 => Some(DowngradeSentinel::FromTls13),
        _ => None,
    }
}

/// What was read of the extensions.
#[derive(Default)]
struct Extensions {
    list: Vec<ServerExtension>,
    version: Option<ProtocolVersion>,
    group: Option<NamedGroup>,
    alpn: Option<Vec<u8>>,
    is_cut_off: bool,
    deviations: Vec<String>,
}

impl Extensions {
    fn read(reader: &mut Reader<'_>, is_retry: bool) -> Self {
        let mut found = Self::default();
        // SSL 3.0 and servers without extensions end here.
        if reader.is_empty() {
            return found;
        }
        let read = reader
            .inner::<2>("the extensions of ServerHello")
            .and_then(|list| found.read_list(list, is_retry));
        let cut_off: Vec<_> = read.err().into_iter().chain(reader.surplus()).collect();
        found.is_cut_off = !cut_off.is_empty();
        found.deviations.extend(cut_off);
        found
    }

    fn read_list(&mut self, mut list: Reader<'_>, is_retry: bool) -> Result<(), String> {
        while !list.is_empty() {
            if self.list.len() == EXTENSION_LIMIT {
                return Err(format!(
                    "expected at most {EXTENSION_LIMIT} extensions, found more"
                ));
            }
            let number = list.u16("the number of an extension")?;
            let content = list.list::<2>("an extension")?;
            if self.list.iter().any(|other| other.number == number) {
                self.deviations
                    .push(format!("the extension {number} was sent twice"));
            } else {
                let read = self.read_one(number, content, is_retry);
                self.deviations.extend(read.err());
            }
            self.list.push(ServerExtension {
                number,
                length: content.len(),
            });
        }
        Ok(())
    }

    fn read_one(&mut self, number: u16, content: &[u8], is_retry: bool) -> Result<(), String> {
        match number {
            16 => {
                let mut reader = Reader::new("the extension ALPN", content);
                let mut protocols = reader.inner::<2>("the extension ALPN")?;
                self.alpn = Some(protocols.list::<1>("a protocol")?.to_vec());
                surplus(&protocols).and_then(|()| surplus(&reader))
            }
            43 => {
                let mut reader = Reader::new("the extension supported_versions", content);
                self.version = Some(ProtocolVersion(reader.u16("a version")?));
                surplus(&reader)
            }
            51 => {
                let mut reader = Reader::new("the extension key_share", content);
                self.group = Some(NamedGroup(reader.u16("a group")?));
                if !is_retry {
                    reader.list::<2>("a key share")?;
                }
                surplus(&reader)
            }
            _ => Ok(()),
        }
    }
}

fn surplus(reader: &Reader<'_>) -> Result<(), String> {
    reader.surplus().map_or(Ok(()), Err)
}

/// What of the fixed part is no choice from the offer.
fn check_fixed(
    hello: &ServerHello,
    session_id_sent: &[u8],
    offer: &ClientHello,
    deviations: &mut Vec<String>,
) {
    let version = hello.version;
    let suite = hello.cipher_suite;
    let is_tls13 = version >= ProtocolVersion::TLS_1_3;
    if !offer.versions.contains(&version) {
        deviations.push(format!("the version {version} was not offered"));
    }
    // A signaling value is sent beside the suites, and is none to choose.
    if !offer.cipher_suites.contains(&suite) || !suite.is_suite() {
        deviations.push(format!("the cipher suite {suite} was not offered"));
    }
    if suite.key_exchange().is_some() && suite.is_tls13() != is_tls13 {
        deviations.push(format!("the cipher suite {suite} is none of {version}"));
    }
    let offered =
        hello.compression == 0 || hello.compression == 1 && offer.offers_compression && !is_tls13;
    if !offered {
        let method = hello.compression;
        deviations.push(format!("the compression method {method} was not offered"));
    }
    let ours = session_id(&offer.random);
    let is_echo = session_id_sent == ours && offer.offers_tls13();
    if session_id_sent.len() > 32 {
        deviations.push("the session identifier is over 32 octets long".to_owned());
    } else if is_tls13 && !is_echo {
        deviations.push("the session identifier is not the one sent".to_owned());
    } else if !is_tls13 && is_echo {
        deviations.push("the server resumes a session that never was".to_owned());
    }
}

/// Which extensions answer nothing that was sent, and which name what was not offered.
fn check_extensions(
    hello: &ServerHello,
    is_retry: bool,
    offer: &ClientHello,
    deviations: &mut Vec<String>,
) {
    let sent = offer.sent_extensions();
    for extension in &hello.extensions {
        // A cookie (44) is the one that a HelloRetryRequest may send unasked (RFC 9846 §4.2.2).
        let is_cookie = is_retry && extension.number == 44;
        if !is_cookie && !sent.contains(&extension.number) {
            let number = extension.number;
            deviations.push(format!("the extension {number} was not offered"));
        }
    }
    if let Some(protocol) = &hello.alpn
        && !offer.alpn.contains(protocol)
    {
        let protocol = protocol.escape_ascii();
        deviations.push(format!("the protocol \"{protocol}\" was not offered"));
    }
    if hello.has_extension(43) && hello.version < ProtocolVersion::TLS_1_3 {
        let version = hello.version;
        deviations.push(format!("supported_versions says {version}"));
    }
    check_group(hello, is_retry, offer, deviations);
}

fn check_group(
    hello: &ServerHello,
    is_retry: bool,
    offer: &ClientHello,
    deviations: &mut Vec<String>,
) {
    let shared = offer.key_share.groups();
    let Some(group) = hello.group else {
        // Without a share there is no key: only a resumed session has none.
        if !is_retry && hello.version >= ProtocolVersion::TLS_1_3 {
            deviations.push("there is no key share".to_owned());
        }
        return;
    };
    if is_retry && !offer.groups.contains(&group) || !is_retry && !shared.contains(&group) {
        deviations.push(format!("the group {group} was not offered"));
    }
    if is_retry && shared.contains(&group) {
        deviations.push(format!("a share of the group {group} was sent already"));
    }
}
