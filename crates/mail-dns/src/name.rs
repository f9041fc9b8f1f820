//! Domain names: absolute, in A-labels, compared without regard to case.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// The longest name on the wire: 255 octets with every length octet (RFC 1035 §2.3.4).
const MAX_WIRE: usize = 255;
/// The longest label: 63 octets (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// An absolute domain name.
///
/// Held in wire form, in lower case: any octet a server may send can be held, shown (escaped, RFC 1035
/// §5.1) and read back. Two names are equal if DNS says so: case is ignored (RFC 4343).
///
/// Text is read with or without the final dot. Text outside ASCII is converted to A-labels (IDNA, UTS 46);
/// a name is never shown as U-labels, because a look-alike must not pass for the real thing.
///
/// # Limits
///
/// 63 octets a label and 255 octets a name in wire form (RFC 1035 §2.3.4).
///
/// # Examples
///
/// ```
/// use mail_dns::DomainName;
///
/// let name: DomainName = "MX1.Example.COM.".parse()?;
/// assert_eq!(name.to_string(), "mx1.example.com");
/// assert!(name.is_within(&"example.com".parse()?));
/// assert_eq!("bücher.example".parse::<DomainName>()?.to_string(), "xn--bcher-kva.example");
///
/// let error = "a..b".parse::<DomainName>().unwrap_err();
/// assert_eq!(error.to_string(), "expected a label, found two dots in a row at octet 2");
/// # Ok::<(), mail_dns::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DomainName {
    /// Length-prefixed labels in lower case, without the root's zero octet.
    wire: Arc<[u8]>,
}

impl DomainName {
    /// The root of the DNS, shown as `.`.
    #[must_use]
    pub fn root() -> Self {
        Self {
            wire: Arc::default(),
        }
    }

    /// Builds a name from its labels, the left-most first.
    ///
    /// # Errors
    ///
    /// If a label is empty or longer than 63 octets, or the name longer than 255 octets.
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, NameError> {
        let mut builder = Builder::default();
        for label in labels {
            builder.push(label)?;
        }
        Ok(builder.finish())
    }

    /// The name with `labels` (relative, such as `_25._tcp`) put in front.
    ///
    /// # Errors
    ///
    /// If `labels` is not a valid name, or the result is longer than 255 octets. A caller reports that the
    /// question could not be asked; it is no proof of absence.
    pub fn with_prefix(&self, labels: &str) -> Result<Self, NameError> {
        let prefix: Self = labels.parse()?;
        Self::from_labels(prefix.labels().chain(self.labels()))
    }

    /// The name with `address` put in front, reversed: octets of an IPv4 address, nibbles of an IPv6 address.
    ///
    /// This is how lists of addresses are asked (RFC 5782 §2.1 and §2.4), and the reverse zones.
    ///
    /// # Errors
    ///
    /// If the result is longer than 255 octets.
    pub fn with_address(&self, address: IpAddr) -> Result<Self, NameError> {
        let labels = reversed(address);
        Self::from_labels(labels.iter().map(String::as_bytes).chain(self.labels()))
    }

    /// The name under which the names of `address` are published: below `in-addr.arpa` (RFC 1035 §3.5) or
    /// `ip6.arpa` (RFC 3596 §2.5).
    #[must_use]
    pub fn reverse_of(address: IpAddr) -> Self {
        let zone = if address.is_ipv4() { "in-addr" } else { "ip6" };
        let mut builder = Builder::default();
        for label in reversed(address)
            .iter()
            .map(String::as_str)
            .chain([zone, "arpa"])
        {
            // 74 octets at the most, in labels of at most 7.
            let fits = builder.push(label.as_bytes());
            debug_assert_eq!(fits, Ok(()), "a reverse name is short");
        }
        builder.finish()
    }

    /// The name without its left-most label; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (first, _) = self.wire.split_first()?;
        let rest = self.wire.get(1 + usize::from(*first)..)?;
        Some(Self { wire: rest.into() })
    }

    /// The labels as octets in lower case, the left-most first.
    pub fn labels(&self) -> impl Iterator<Item = &[u8]> + Clone {
        Labels { rest: &self.wire }
    }

    /// How many labels there are; 0 for the root.
    #[must_use]
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.wire.is_empty()
    }

    /// Whether this name is `ancestor` or below it, on label boundaries: `evilexample.com` is not within `example.com`.
    #[must_use]
    pub fn is_within(&self, ancestor: &Self) -> bool {
        let Some(extra) = self.wire.len().checked_sub(ancestor.wire.len()) else {
            return false;
        };
        let mut offset = 0;
        while let Some(length) = self.wire.get(offset).filter(|_| offset < extra) {
            offset += 1 + usize::from(*length);
        }
        offset == extra && self.wire.get(extra..) == Some(&*ancestor.wire)
    }

    /// Whether every label is a host name's: letters, digits and inner hyphens (RFC 1123 §2.1), and the
    /// right-most is not all digits, so that the name cannot be read as an IPv4 address.
    #[must_use]
    pub fn is_host_name(&self) -> bool {
        let ldh = |label: &[u8]| {
            label
                .iter()
                .all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
                && label.first() != Some(&b'-')
                && label.last() != Some(&b'-')
        };
        let last = self.labels().last();
        last.is_some_and(|label| !label.iter().all(u8::is_ascii_digit)) && self.labels().all(ldh)
    }

    /// The labels behind their lengths, in lower case, without the root's zero octet.
    #[cfg(feature = "stub")]
    pub(crate) fn as_wire(&self) -> &[u8] {
        &self.wire
    }

    /// From what [`as_wire`](Self::as_wire) gives; the caller has checked it.
    #[cfg(feature = "stub")]
    pub(crate) fn from_lower_wire(wire: &[u8]) -> Self {
        debug_assert!(wire.len() < MAX_WIRE, "a name is at most 255 octets long");
        Self { wire: wire.into() }
    }

    /// The length in wire form, the root's zero octet included: 1 to 255.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        self.wire.len() + 1
    }
}

fn reversed(address: IpAddr) -> Vec<String> {
    match address {
        IpAddr::V4(address) => address.octets().iter().rev().map(u8::to_string).collect(),
        IpAddr::V6(address) => {
            let nibbles = |octet: &u8| [octet & 0xf, octet >> 4];
            let nibbles = address
                .octets()
                .iter()
                .rev()
                .flat_map(nibbles)
                .collect::<Vec<_>>();
            nibbles.iter().map(|nibble| format!("{nibble:x}")).collect()
        }
    }
}

#[derive(Clone)]
struct Labels<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first()?;
        let (label, rest) = rest.split_at_checked(usize::from(*length))?;
        self.rest = rest;
        Some(label)
    }
}

/// Canonical order (RFC 4034 §6.1): by labels from the right.
impl Ord for DomainName {
    fn cmp(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (self.label_count(), other.label_count());
        let common = ours.min(theirs);
        // Of the labels that differ the rightmost decides.
        self.labels()
            .skip(ours - common)
            .zip(other.labels().skip(theirs - common))
            .map(|(our, their)| our.cmp(their))
            .filter(|order| order.is_ne())
            .last()
            .unwrap_or_else(|| ours.cmp(&theirs))
    }
}

impl PartialOrd for DomainName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Without the final dot, and escaped as in RFC 1035 §5.1; the root is `.`.
impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        if self.is_root() {
            return f.write_char('.');
        }
        for (index, label) in self.labels().enumerate() {
            if index > 0 {
                f.write_char('.')?;
            }
            for &octet in label {
                match octet {
                    b'.' | b'\\' | b'"' | b'(' | b')' | b';' | b'@' | b'$' => {
                        write!(f, "\\{}", char::from(octet))?;
                    }
                    0x21..=0x7e => f.write_char(char::from(octet))?,
                    _ => write!(f, "\\{octet:03}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DomainName({self})")
    }
}

impl FromStr for DomainName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let ascii = to_ascii(text)?;
        if ascii.is_empty() {
            return Err(NameError {
                kind: NameErrorKind::Empty,
                offset: 0,
            });
        }
        if ascii == "." {
            return Ok(Self::root());
        }
        parse_labels(ascii.as_bytes())
    }
}

/// U-labels become A-labels; text that is ASCII already is taken as it stands, underscores and all.
fn to_ascii(text: &str) -> Result<Cow<'_, str>, NameError> {
    if text.is_ascii() {
        return Ok(Cow::Borrowed(text));
    }
    Uts46::new()
        .to_ascii(
            text.as_bytes(),
            AsciiDenyList::EMPTY,
            Hyphens::Allow,
            DnsLength::Ignore,
        )
        .map_err(|_| {
            let offset = text
                .bytes()
                .position(|octet| !octet.is_ascii())
                .unwrap_or(0);
            NameError {
                kind: NameErrorKind::NotConvertible,
                offset,
            }
        })
}

fn parse_labels(text: &[u8]) -> Result<DomainName, NameError> {
    let mut builder = Builder::default();
    let mut label = Vec::new();
    let mut offset = 0;
    while let Some(&octet) = text.get(offset) {
        let taken = match octet {
            b'.' => {
                builder.push_at(&label, offset)?;
                label.clear();
                1
            }
            b'\\' => {
                let (octet, taken) =
                    unescape(text.get(offset + 1..).unwrap_or_default()).ok_or(NameError {
                        kind: NameErrorKind::BadEscape,
                        offset,
                    })?;
                label.push(octet);
                taken + 1
            }
            0x21..=0x7e => {
                label.push(octet);
                1
            }
            _ => {
                return Err(NameError {
                    kind: NameErrorKind::BadCharacter,
                    offset,
                });
            }
        };
        offset += taken;
    }
    if !label.is_empty() {
        builder.push_at(&label, offset)?;
    }
    Ok(builder.finish())
}

/// `\DDD` or `\X` (RFC 1035 §5.1), after the backslash: the octet and how many were taken.
fn unescape(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [a, b, c, ..] if [a, b, c].iter().all(|octet| octet.is_ascii_digit()) => {
            let value = [a, b, c]
                .iter()
                .fold(0u16, |sum, digit| sum * 10 + u16::from(**digit - b'0'));
            Some((u8::try_from(value).ok()?, 3))
        }
        [octet, ..] if octet.is_ascii_graphic() && !octet.is_ascii_digit() => Some((*octet, 1)),
        _ => None,
    }
}

#[derive(Default)]
struct Builder {
    wire: Vec<u8>,
}

impl Builder {
    fn push(&mut self, label: &[u8]) -> Result<(), NameError> {
        self.push_at(label, self.wire.len())
    }

    fn push_at(&mut self, label: &[u8], offset: usize) -> Result<(), NameError> {
        let fault = |kind| NameError { kind, offset };
        let length = match u8::try_from(label.len()) {
            Ok(0) => return Err(fault(NameErrorKind::EmptyLabel)),
            Ok(length) if label.len() <= MAX_LABEL => length,
            _ => return Err(fault(NameErrorKind::LongLabel)),
        };
        // One octet stays free for the root's zero.
        if self.wire.len() + 1 + label.len() >= MAX_WIRE {
            return Err(fault(NameErrorKind::LongName));
        }
        self.wire.push(length);
        self.wire.extend(label.iter().map(u8::to_ascii_lowercase));
        Ok(())
    }

    fn finish(self) -> DomainName {
        DomainName {
            wire: self.wire.into(),
        }
    }
}

/// Why text is not a domain name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("{} at octet {offset}", kind.message())]
pub struct NameError {
    kind: NameErrorKind,
    offset: usize,
}

impl NameError {
    /// There is no name where one should be.
    pub(crate) fn empty() -> Self {
        Self {
            kind: NameErrorKind::Empty,
            offset: 0,
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> NameErrorKind {
        self.kind
    }

    /// Where in the text, in octets from its start (after conversion to A-labels).
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

/// The kinds of [`NameError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NameErrorKind {
    /// There is no text.
    Empty,
    /// A label is empty.
    EmptyLabel,
    /// A label is longer than 63 octets.
    LongLabel,
    /// The name is longer than 255 octets in wire form.
    LongName,
    /// A blank or a control character stands unescaped.
    BadCharacter,
    /// A backslash is followed by neither three digits up to 255 nor a printable character.
    BadEscape,
    /// Text outside ASCII that has no form in A-labels.
    NotConvertible,
}

impl NameErrorKind {
    fn message(self) -> &'static str {
        match self {
            Self::Empty => "expected a domain name, found nothing",
            Self::EmptyLabel => "expected a label, found two dots in a row",
            Self::LongLabel => "expected a label of at most 63 octets, found a longer one",
            Self::LongName => "expected a name of at most 255 octets, found a longer one",
            Self::BadCharacter => {
                "expected a printable character, found a blank or control character"
            }
            Self::BadEscape => {
                "expected three digits or a character after the backslash, found neither"
            }
            Self::NotConvertible => {
                "expected a name that has an ASCII form, found one that has none"
            }
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for DomainName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for DomainName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        let name: DomainName = text.parse().expect("a name");
        assert_eq!(name.to_string(), shown);
        assert_eq!(
            shown
                .parse::<DomainName>()
                .expect("what is shown reads back"),
            name
        );
    }

    #[track_caller]
    fn check_error(text: &str, kind: NameErrorKind, offset: usize) {
        let error = text.parse::<DomainName>().expect_err("not a name");
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{error}");
    }

    #[test]
    fn case_final_dot_and_root() {
        check("Example.COM.", "example.com");
        check("example.com", "example.com");
        check("_25._tcp.MX.example", "_25._tcp.mx.example");
        check(".", ".");
        assert!(DomainName::root().is_root());
    }

    #[test]
    fn u_labels_become_a_labels() {
        check("bücher.example", "xn--bcher-kva.example");
        check("_dmarc.bücher.example", "_dmarc.xn--bcher-kva.example");
        // An ideographic full stop separates labels (UTS 46).
        check("例え。テスト", "xn--r8jz45g.xn--zckzah");
        check_error("a.\u{ad}\u{378}.b", NameErrorKind::NotConvertible, 2);
    }

    #[test]
    fn odd_octets_are_held_and_shown_escaped() {
        check("a\\.b.example", "a\\.b.example");
        check("a\\032b.example", "a\\032b.example");
        check("\\255.example", "\\255.example");
        check("\\065.example", "a.example");
    }

    #[test]
    fn bad_text_is_refused_with_its_place() {
        check_error("", NameErrorKind::Empty, 0);
        check_error("a..b", NameErrorKind::EmptyLabel, 2);
        check_error(".a", NameErrorKind::EmptyLabel, 0);
        check_error("..", NameErrorKind::EmptyLabel, 0);
        check_error("a b", NameErrorKind::BadCharacter, 1);
        check_error("a\r\nb", NameErrorKind::BadCharacter, 1);
        check_error("a\\256", NameErrorKind::BadEscape, 1);
        check_error("a\\", NameErrorKind::BadEscape, 1);
        check_error(&"a".repeat(64), NameErrorKind::LongLabel, 64);
    }

    #[test]
    fn length_limits_are_exact() {
        let label = "a".repeat(63);
        // 3 × 64 + 62 = 254 octets, and the root's zero makes 255.
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        let name: DomainName = longest
            .parse()
            .expect("253 characters are the most there can be");
        assert_eq!(name.wire_len(), 255);
        check_error(&format!("{longest}a"), NameErrorKind::LongName, 254);
        assert_eq!(
            name.with_prefix("_dmarc").expect_err("too long").kind(),
            NameErrorKind::LongName
        );
    }

    #[test]
    fn within_is_on_label_boundaries() {
        let name = |text: &str| text.parse::<DomainName>().expect("a name");
        assert!(name("a.example.com").is_within(&name("example.com")));
        assert!(name("example.com").is_within(&name("example.com")));
        assert!(name("example.com").is_within(&DomainName::root()));
        assert!(!name("evilexample.com").is_within(&name("example.com")));
        assert!(!name("com").is_within(&name("example.com")));
        // The octets of the ancestor stand at the end, but inside a label (0x03 is the length of "com").
        assert!(!name("x\\007example\\003com").is_within(&name("example.com")));
    }

    #[test]
    fn parents_and_order() {
        let name = |text: &str| text.parse::<DomainName>().expect("a name");
        assert_eq!(name("a.b").parent(), Some(name("b")));
        assert_eq!(name("b").parent(), Some(DomainName::root()));
        assert_eq!(DomainName::root().parent(), None);
        assert!(name("z.example") < name("a.yexample"));
    }

    #[test]
    fn addresses_are_reversed() {
        let reverse =
            |text: &str| DomainName::reverse_of(text.parse().expect("an address")).to_string();
        assert_eq!(reverse("192.0.2.1"), "1.2.0.192.in-addr.arpa");
        assert_eq!(
            reverse("2001:db8::567:89ab"),
            "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
        );
        let zone: DomainName = "list.example".parse().expect("a name");
        let name = zone
            .with_address("127.0.0.2".parse().expect("an address"))
            .expect("short");
        assert_eq!(name.to_string(), "2.0.0.127.list.example");
    }

    #[test]
    fn host_names() {
        let host = |text: &str| text.parse::<DomainName>().expect("a name").is_host_name();
        assert!(host("mx1.example.com") && host("3com.example") && host("xn--bcher-kva.example"));
        assert!(!host("_dmarc.example") && !host("-a.example") && !host("a-.example"));
        assert!(!host("192.0.2.1") && !host(".") && !host("a\\032b.example"));
    }

    proptest! {
        #[test]
        fn whatever_labels_are_held_read_back(labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 1..6)) {
            let name = DomainName::from_labels(labels.iter().map(Vec::as_slice)).expect("short enough");
            let shown = name.to_string();
            prop_assert!(shown.bytes().all(|octet| octet.is_ascii_graphic()), "{}", shown);
            prop_assert_eq!(shown.parse::<DomainName>(), Ok(name));
        }

        #[test]
        fn the_order_is_canonical(names in prop::collection::vec(prop::collection::vec(prop::collection::vec(b'a'..b'd', 1..3), 0..4), 2)) {
            let name = |labels: &Vec<Vec<u8>>| DomainName::from_labels(labels.iter().map(Vec::as_slice)).expect("short enough");
            let from_right = |labels: &Vec<Vec<u8>>| labels.iter().rev().cloned().collect::<Vec<_>>();
            let [one, other] = names.as_slice() else { unreachable!("two names") };
            prop_assert_eq!(name(one).cmp(&name(other)), from_right(one).cmp(&from_right(other)));
        }

        #[test]
        fn any_text_is_a_name_or_an_error(text in "\\PC*") {
            if let Ok(name) = text.parse::<DomainName>() {
                prop_assert_eq!(name.to_string().parse::<DomainName>(), Ok(name));
            }
        }
    }
}
