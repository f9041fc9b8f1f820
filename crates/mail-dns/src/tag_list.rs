//! Lists of `tag=value` between semicolons, as DKIM, DMARC, MTA-STS, TLS-RPT and BIMI records have them.
//!
//! The grammars differ in small things (RFC 6376 §3.2, RFC 9989 §4.7, RFC 8461 §3.1, RFC 8460 §3), so this reads what is
//! common to all, leniently, and says what was odd; each record decides what that means.

use std::fmt;

use crate::{Octets, Span};

/// A tag and its value, as they stand in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Tag {
    /// The name as written.
    pub name: String,
    /// The value without the blanks around it.
    pub value: Octets,
    /// Where the tag stands in the record, with its value.
    pub span: Span,
    /// Where the value stands.
    pub value_span: Span,
}

impl Tag {
    /// Whether no blank stands around the equals sign.
    pub(crate) fn is_tight(&self) -> bool {
        self.span.start + self.name.len() + 1 == self.value_span.start
    }

    /// The value as text; `None` if it is not ASCII.
    pub(crate) fn ascii(&self) -> Option<&str> {
        str::from_utf8(self.value.as_bytes())
            .ok()
            .filter(|text| text.is_ascii())
    }
}

/// `name=value`, the value escaped.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// What is against the common grammar, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a fault is what and where")]
pub struct TagFault {
    /// What.
    pub kind: TagFaultKind,
    /// Where.
    pub span: Span,
}

impl fmt::Display for TagFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octets {}", self.kind.message(), self.span)
    }
}

/// The kinds of [`TagFault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TagFaultKind {
    /// Nothing between two semicolons, or before the first.
    Empty,
    /// No equals sign.
    NoEquals,
    /// The name is not a letter followed by letters, digits and underscores (RFC 6376 §3.2).
    Name,
    /// The value holds a control character or an octet outside ASCII.
    Value,
    /// The name stands a second time.
    Duplicate,
    /// More than 256 tags; what follows was not read.
    TooMany,
}

/// What was expected and found, without the place.
impl fmt::Display for TagFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.message())
    }
}

impl TagFaultKind {
    fn message(self) -> &'static str {
        match self {
            Self::Empty => "expected a tag, found nothing",
            Self::NoEquals => "expected an equals sign after the name of a tag, found none",
            Self::Name => "expected the name of a tag in letters and digits, found something else",
            Self::Value => "expected a value in printable ASCII, found another character",
            Self::Duplicate => "expected a tag once, found it again",
            Self::TooMany => "expected at most 256 tags, found more",
        }
    }
}

/// The tags of a record, in order, and what was odd.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TagList {
    pub(crate) tags: Vec<Tag>,
    pub(crate) faults: Vec<TagFault>,
}

/// How many tags are read: the registries know a dozen.
const MAX_TAGS: usize = 256;

/// In what the grammars differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Syntax {
    /// What may be the name of a tag.
    pub(crate) is_name: fn(&str) -> bool,
    /// What may stand around names and values.
    pub(crate) is_blank: fn(u8) -> bool,
}

/// That of DKIM (RFC 6376 §3.2), where lines may be folded.
const DKIM: Syntax = Syntax { is_name, is_blank };

impl TagList {
    /// Reads the tags. What has no name is not among them, but among the faults; a semicolon at the end is no fault.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self::parse_with(text, DKIM)
    }

    /// The same with another idea of a name.
    pub(crate) fn parse_with(text: &[u8], syntax: Syntax) -> Self {
        let mut list = Self::default();
        let mut start = 0;
        for (index, element) in text.split(|octet| *octet == b';').enumerate() {
            if index == MAX_TAGS {
                let end = text.len();
                list.fault(TagFaultKind::TooMany, Span { start, end });
                break;
            }
            let end = start + element.len();
            let is_last = end == text.len();
            let span = trimmed(text, Span { start, end }, syntax);
            if span.start < span.end {
                list.element(text, span, syntax);
            } else if !is_last {
                list.fault(TagFaultKind::Empty, Span { start, end });
            }
            start = end + 1;
        }
        list
    }

    fn element(&mut self, text: &[u8], span: Span, syntax: Syntax) {
        let octets = text.get(span.start..span.end).unwrap_or_default();
        let Some(equals) = octets.iter().position(|octet| *octet == b'=') else {
            return self.fault(TagFaultKind::NoEquals, span);
        };
        let name_span = Span {
            start: span.start,
            end: span.start + equals,
        };
        let name_span = trimmed(text, name_span, syntax);
        let value_span = Span {
            start: span.start + equals + 1,
            end: span.end,
        };
        let value_span = trimmed(text, value_span, syntax);
        let name = text.get(name_span.start..name_span.end).unwrap_or_default();
        let name = match str::from_utf8(name) {
            Ok(name) if (syntax.is_name)(name) => name.to_owned(),
            _ => return self.fault(TagFaultKind::Name, name_span),
        };
        let value = text
            .get(value_span.start..value_span.end)
            .unwrap_or_default();
        if !value
            .iter()
            .all(|octet| (syntax.is_blank)(*octet) || matches!(octet, b'!'..=b'~'))
        {
            self.fault(TagFaultKind::Value, value_span);
        }
        // Names are case-sensitive (RFC 6376 §3.2).
        if self.tags.iter().any(|tag| tag.name == name) {
            self.fault(TagFaultKind::Duplicate, span);
        }
        self.tags.push(Tag {
            name,
            value: value.into(),
            span,
            value_span,
        });
    }

    fn fault(&mut self, kind: TagFaultKind, span: Span) {
        self.faults.push(TagFault { kind, span });
    }

    /// The first tag of a name.
    pub(crate) fn find(&self, name: &str) -> Option<&Tag> {
        self.tags.iter().find(|tag| tag.name == name)
    }

    /// The tags whose names are none of these.
    pub(crate) fn others(&self, known: &[&str]) -> Vec<Tag> {
        let other = |tag: &&Tag| !known.contains(&tag.name.as_str());
        self.tags.iter().filter(other).cloned().collect()
    }
}

pub(crate) fn is_name(name: &str) -> bool {
    let in_name = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
    name.bytes()
        .next()
        .is_some_and(|octet| octet.is_ascii_alphabetic())
        && name.bytes().all(in_name)
}

/// `FWS` of RFC 6376 §2.8, as far as it can stand in a TXT record.
pub(crate) fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// `WSP` of RFC 5234 §B.1.
pub(crate) fn is_white_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

fn trimmed(text: &[u8], span: Span, syntax: Syntax) -> Span {
    let Span { mut start, mut end } = span;
    let blank = |at: usize| text.get(at).is_some_and(|octet| (syntax.is_blank)(*octet));
    while start < end && blank(start) {
        start += 1;
    }
    while start < end && blank(end - 1) {
        end -= 1;
    }
    Span { start, end }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, tags: &[&str], faults: &[TagFaultKind]) {
        let list = TagList::parse(text.as_bytes());
        let shown: Vec<_> = list.tags.iter().map(Tag::to_string).collect();
        assert_eq!(shown, tags);
        let kinds: Vec<_> = list.faults.iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds, faults);
    }

    #[test]
    fn blanks_around_names_and_values_are_not_part_of_them() {
        check(
            "v=DKIM1; k = rsa ;p=a b",
            &["v=DKIM1", "k=rsa", "p=a b"],
            &[],
        );
        check("p=;", &["p="], &[]);
        check("a=b=c", &["a=b=c"], &[]);
        check("", &[], &[]);
        check("\tv=X\r\n ;\n", &["v=X"], &[]);
    }

    #[test]
    fn what_is_odd_is_said_and_the_rest_is_read() {
        use TagFaultKind::{Duplicate, Empty, Name, NoEquals, Value};
        check(";a=1;;b=2", &["a=1", "b=2"], &[Empty, Empty]);
        check("a; b=2", &["b=2"], &[NoEquals]);
        check("1a=1; =x; a-b=c; b=2", &["b=2"], &[Name, Name, Name]);
        check("a=1; a=2; A=3", &["a=1", "a=2", "A=3"], &[Duplicate]);
        check("a=\u{e9}", &[r"a=\195\169"], &[Value]);
    }

    #[test]
    fn the_limit_is_said() {
        let many = "x=1;".repeat(256);
        assert_eq!(
            TagList::parse(many.as_bytes())
                .faults
                .iter()
                .filter(|fault| fault.kind == TagFaultKind::TooMany)
                .count(),
            1
        );
        let just = "x;".repeat(255);
        assert!(
            TagList::parse(just.as_bytes())
                .faults
                .iter()
                .all(|fault| fault.kind != TagFaultKind::TooMany)
        );
        let fault = TagList::parse((";".repeat(300) + "p=x").as_bytes())
            .faults
            .pop()
            .expect("a fault");
        assert_eq!(
            (fault.kind, fault.span.start, fault.span.end),
            (TagFaultKind::TooMany, 256, 303)
        );
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = b" v=X ;  pp = yy zz ;";
        let list = TagList::parse(text);
        let tag = list.find("pp").expect("a tag");
        assert_eq!(&text[tag.span.start..tag.span.end], b"pp = yy zz");
        assert_eq!(&text[tag.value_span.start..tag.value_span.end], b"yy zz");
    }

    proptest! {
        #[test]
        fn every_place_is_in_the_text(text: Vec<u8>) {
            let list = TagList::parse(&text);
            for tag in &list.tags {
                prop_assert_eq!(text.get(tag.value_span.start..tag.value_span.end), Some(tag.value.as_bytes()));
                prop_assert!(tag.span.end <= text.len());
            }
            for fault in &list.faults {
                prop_assert!(fault.span.start <= fault.span.end && fault.span.end <= text.len());
            }
        }
    }
}
