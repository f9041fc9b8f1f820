//! Macro expansion (RFC 7208 §7).

use std::borrow::Cow;
use std::net::IpAddr;

use crate::DomainName;
use crate::spf::{Macro, MacroLetter, MacroPart, MacroString, Query};

/// The longest name in characters (RFC 7208 §7.3); 255 octets on the wire.
const MAX_NAME: usize = 253;
/// The longest explanation; a reply line of SMTP holds 512 octets (RFC 5321 §4.5.3.1.5), and a few lines do.
const MAX_EXPLANATION: usize = 4096;

/// A domain to check or ask, with the spelling that macros show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) text: Vec<u8>,
    pub(super) name: DomainName,
}

impl Target {
    /// The domain of an identity; `None` for what RFC 7208 §4.3 gives *none*: no name, an address literal, one label.
    pub(super) fn of_identity(text: &str) -> Option<Self> {
        if text.starts_with('[') {
            return None;
        }
        let target = if text.is_ascii() {
            Self::of_text(text.strip_suffix('.').unwrap_or(text).as_bytes())?
        } else {
            // Macros show A-labels too (RFC 8616 §4).
            let name: DomainName = text.parse().ok()?;
            let text = join(name.labels().collect());
            Self { text, name }
        };
        (target.name.label_count() > 1).then_some(target)
    }

    /// A name that the DNS has been asked for.
    pub(super) fn of_name(name: &DomainName) -> Self {
        Self {
            text: join(name.labels().collect()),
            name: name.clone(),
        }
    }

    /// `None` if the DNS cannot be asked for the text: an empty label, one of more than 63 octets.
    fn of_text(text: &[u8]) -> Option<Self> {
        let name = DomainName::from_labels(text.split(|octet| *octet == b'.')).ok()?;
        Some(Self {
            text: text.to_vec(),
            name,
        })
    }
}

/// What the macros stand for.
pub(super) struct Values<'a> {
    pub(super) query: &'a Query,
    /// The client's address, IPv4 if it was mapped.
    pub(super) ip: IpAddr,
    pub(super) sender_domain: &'a [u8],
    /// The domain of the record that holds the macro, or for whose *fail* the explanation is.
    pub(super) domain: &'a [u8],
    /// The confirmed name of the client, or `unknown`; only if the text has a `p`.
    pub(super) validated_name: &'a [u8],
}

impl Values<'_> {
    /// A domain-spec. The left-most labels of a name that is too long are left off (RFC 7208 §7.3).
    pub(super) fn expand_domain(&self, spec: &MacroString) -> Option<Target> {
        let mut text = Vec::new();
        for part in spec.parts() {
            self.push(part, &mut text);
            // Only the end will count; a record of many macros shall not pile up the rest.
            if text.len() > 16 * MAX_NAME {
                text.drain(..text.len() - 2 * MAX_NAME);
            }
        }
        let text = text.strip_suffix(b".").unwrap_or(&text);
        Target::of_text(last_labels(text))
    }

    /// An explanation: printable ASCII, whatever the client put into its names. `None` if it gets too long.
    pub(super) fn expand_explanation(&self, explanation: &MacroString) -> Option<String> {
        let mut text = Vec::new();
        for part in explanation.parts() {
            self.push(part, &mut text);
            if text.len() > MAX_EXPLANATION {
                return None;
            }
        }
        let mut shown = String::new();
        for octet in text {
            match octet {
                b' '..=b'~' => shown.push(char::from(octet)),
                _ => shown.extend(std::ascii::escape_default(octet).map(char::from)),
            }
        }
        Some(shown)
    }

    fn push(&self, part: &MacroPart, text: &mut Vec<u8>) {
        match part {
            MacroPart::Literal(literal) => text.extend(literal.as_bytes()),
            MacroPart::Percent => text.push(b'%'),
            MacroPart::Space => text.push(b' '),
            MacroPart::UrlSpace => text.extend(b"%20"),
            MacroPart::Macro(expand) => text.extend(self.expand(expand)),
        }
    }

    fn expand(&self, expand: &Macro) -> Vec<u8> {
        let value = transform(&self.value(expand.letter), expand);
        if expand.url_escape {
            url_escape(&value)
        } else {
            value
        }
    }

    /// RFC 7208 §7.2 and §7.3.
    fn value(&self, letter: MacroLetter) -> Cow<'_, [u8]> {
        let local_part = self.query.local_part.as_bytes();
        match letter {
            MacroLetter::Sender => [local_part, b"@", self.sender_domain].concat().into(),
            MacroLetter::LocalPart => local_part.into(),
            MacroLetter::SenderDomain => self.sender_domain.into(),
            MacroLetter::Domain => self.domain.into(),
            MacroLetter::Ip => dotted(self.ip).into_bytes().into(),
            MacroLetter::ValidatedName => self.validated_name.into(),
            MacroLetter::ReverseZone if self.ip.is_ipv4() => b"in-addr".into(),
            MacroLetter::ReverseZone => b"ip6".into(),
            MacroLetter::Helo => self.query.helo.as_bytes().into(),
            MacroLetter::ReadableIp => self.ip.to_string().into_bytes().into(),
            MacroLetter::Receiver => match &self.query.receiver {
                Some(receiver) => receiver.as_bytes().into(),
                None => b"unknown".into(),
            },
            MacroLetter::Timestamp => match self.query.timestamp {
                Some(seconds) => seconds.to_string().into_bytes().into(),
                None => b"unknown".into(),
            },
        }
    }
}

/// The octets of an IPv4 address, the nibbles of an IPv6 address (RFC 7208 §7.3).
fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let nibbles = ip
                .octets()
                .into_iter()
                .flat_map(|octet| [octet >> 4, octet & 0xf]);
            let nibbles: Vec<_> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
            nibbles.join(".")
        }
    }
}

/// Split, reverse, keep the right-most, join by dots: in that order (RFC 7208 §7.3).
fn transform(value: &[u8], expand: &Macro) -> Vec<u8> {
    let delimiters = match expand.delimiters.as_str() {
        "" => b".",
        delimiters => delimiters.as_bytes(),
    };
    let mut parts: Vec<_> = value.split(|octet| delimiters.contains(octet)).collect();
    if expand.reverse {
        parts.reverse();
    }
    let keep = expand.keep.and_then(|keep| usize::try_from(keep).ok());
    let drop = parts.len().saturating_sub(keep.unwrap_or(usize::MAX));
    parts.drain(..drop);
    join(parts)
}

pub(super) fn join(parts: Vec<&[u8]>) -> Vec<u8> {
    parts.join(&b'.')
}

/// All but `unreserved` (RFC 3986 §2.3) is escaped (RFC 7208 §7.3).
fn url_escape(value: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(value.len());
    for &octet in value {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~') {
            escaped.push(octet);
        } else {
            escaped.extend(format!("%{octet:02X}").into_bytes());
        }
    }
    escaped
}

/// As many labels from the right as fit into a name.
fn last_labels(text: &[u8]) -> &[u8] {
    let Some(excess) = text
        .len()
        .checked_sub(MAX_NAME)
        .filter(|excess| *excess > 0)
    else {
        return text;
    };
    // A cut just after a dot keeps whole labels.
    let from = excess - 1;
    let tail = text.get(from..).unwrap_or_default();
    let dot = tail.iter().position(|octet| *octet == b'.');
    dot.and_then(|dot| tail.get(dot + 1..)).unwrap_or_default()
}
