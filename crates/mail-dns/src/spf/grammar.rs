//! The grammar of RFC 7208 §12, by hand.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Span;
use crate::spf::{
    Directive, DualCidr, Macro, MacroLetter, MacroPart, MacroString, Mechanism, Modifier,
    ModifierKind, Qualifier, Record, SyntaxError, SyntaxErrorKind, Term,
};

/// `version = "v=spf1"`, and a space or the end: what follows it.
pub(super) fn version(text: &[u8]) -> Option<&[u8]> {
    let (version, rest) = text.split_at_checked(VERSION.len())?;
    let ends = rest.first().is_none_or(|octet| *octet == b' ');
    (ends && version.eq_ignore_ascii_case(VERSION)).then_some(rest)
}

const VERSION: &[u8] = b"v=spf1";

/// ```text
/// record = version terms *SP
/// terms  = *( 1*SP ( directive / modifier ) )
/// ```
pub(super) fn record(text: &[u8]) -> Result<Record, SyntaxError> {
    if version(text).is_none() {
        let span = Span {
            start: 0,
            end: text.len().min(VERSION.len() + 1),
        };
        return Err(SyntaxError::new(SyntaxErrorKind::Version, span));
    }
    let text = printable(text)?;
    let mut start = VERSION.len();
    let words = text.get(start..).unwrap_or_default();
    let spaces = words.bytes().filter(|octet| *octet == b' ').count();
    // Spaces may be many and terms few.
    let mut terms = Vec::with_capacity(spaces.min(16));
    for word in words.split(' ') {
        if !word.is_empty() {
            terms.push(term(Word { text: word, start })?);
        }
        start += word.len() + 1;
    }
    reject_duplicates(&terms)?;
    Ok(Record {
        text: text.to_owned(),
        terms,
    })
}

/// ```text
/// explain-string = *( macro-string / SP )
/// ```
pub(super) fn explanation(text: &[u8]) -> Result<MacroString, SyntaxError> {
    let word = Word {
        text: printable(text)?,
        start: 0,
    };
    macro_string(word)
}

/// Records and explanations are ASCII (RFC 7208 §3.1, §6.2); only the space separates terms.
fn printable(text: &[u8]) -> Result<&str, SyntaxError> {
    let bad = text
        .iter()
        .position(|octet| !matches!(octet, b' '..=b'~'))
        .map(|start| Span {
            start,
            end: start + 1,
        });
    let fault = |span| SyntaxError::new(SyntaxErrorKind::Character, span);
    match bad {
        Some(span) => Err(fault(span)),
        None => str::from_utf8(text).map_err(|error| {
            let start = error.valid_up_to();
            fault(Span { start, end: start })
        }),
    }
}

/// `redirect` and `exp` may each stand once (RFC 7208 §6).
fn reject_duplicates(terms: &[Term]) -> Result<(), SyntaxError> {
    let (mut redirects, mut explanations) = (0, 0);
    for term in terms {
        if let Term::Modifier(modifier) = term {
            match modifier.kind {
                ModifierKind::Redirect { .. } => redirects += 1,
                ModifierKind::Explanation { .. } => explanations += 1,
                ModifierKind::Unknown { .. } => {}
            }
            if redirects > 1 || explanations > 1 {
                return Err(SyntaxError::new(
                    SyntaxErrorKind::DuplicateModifier,
                    modifier.span,
                ));
            }
        }
    }
    Ok(())
}

/// A part of the record, which knows its place. All of it is ASCII, so every offset is on a character.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Word<'a> {
    fn span(self) -> Span {
        Span {
            start: self.start,
            end: self.start + self.text.len(),
        }
    }

    fn error(self, kind: SyntaxErrorKind) -> SyntaxError {
        SyntaxError::new(kind, self.span())
    }

    /// The first `length` octets, and the rest.
    fn split_at(self, length: usize) -> (Self, Self) {
        let length = length.min(self.text.len());
        let (text, rest) = self
            .text
            .split_at_checked(length)
            .unwrap_or((self.text, ""));
        let start = self.start + text.len();
        let first = Word { text, ..self };
        (first, Word { text: rest, start })
    }

    fn skip(self, length: usize) -> Self {
        self.split_at(length).1
    }

    fn bytes(self) -> &'a [u8] {
        self.text.as_bytes()
    }
}

/// A name before `=` makes a modifier; `:`, `/` or the end, a mechanism (RFC 7208 §4.6.1).
fn term(word: Word<'_>) -> Result<Term, SyntaxError> {
    let span = word.span();
    match modifier(word)? {
        Some(kind) => Ok(Term::Modifier(Modifier { span, kind })),
        None => {
            let (qualifier, rest) = qualifier(word);
            let mechanism = mechanism(rest)?;
            Ok(Term::Directive(Directive {
                span,
                qualifier,
                mechanism,
            }))
        }
    }
}

/// ```text
/// modifier         = redirect / explanation / unknown-modifier
/// redirect         = "redirect" "=" domain-spec
/// explanation      = "exp" "=" domain-spec
/// unknown-modifier = name "=" macro-string
/// name             = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." )
/// ```
///
/// A known name with a bad value is an error, not an unknown modifier.
fn modifier(word: Word<'_>) -> Result<Option<ModifierKind>, SyntaxError> {
    let in_name = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    let length = word
        .bytes()
        .iter()
        .take_while(|octet| in_name(octet))
        .count();
    let (name, rest) = word.split_at(length);
    let starts_well = name.bytes().first().is_some_and(u8::is_ascii_alphabetic);
    if !starts_well || !rest.text.starts_with('=') {
        return Ok(None);
    }
    let value = rest.skip(1);
    Ok(Some(match known(name, &["redirect", "exp"]) {
        Some("redirect") => ModifierKind::Redirect {
            domain: domain_spec(value)?,
        },
        Some(_) => ModifierKind::Explanation {
            domain: domain_spec(value)?,
        },
        None => ModifierKind::Unknown {
            name: name.text.to_owned(),
            value: macro_string(value)?,
        },
    }))
}

/// `qualifier = "+" / "-" / "?" / "~"`, and `+` if there is none (RFC 7208 §4.6.2).
fn qualifier(word: Word<'_>) -> (Qualifier, Word<'_>) {
    let qualifier = match word.bytes().first() {
        Some(b'+') => Qualifier::Pass,
        Some(b'-') => Qualifier::Fail,
        Some(b'~') => Qualifier::SoftFail,
        Some(b'?') => Qualifier::Neutral,
        _ => return (Qualifier::Pass, word),
    };
    (qualifier, word.skip(1))
}

const MECHANISMS: [&str; 8] = ["include", "ip4", "ip6", "a", "mx", "all", "exists", "ptr"];

/// The name in lower case, if it is one of these; the case does not matter (RFC 7208 §4.6.1).
fn known(name: Word<'_>, names: &[&'static str]) -> Option<&'static str> {
    let same = |known: &&&str| known.eq_ignore_ascii_case(name.text);
    names.iter().find(same).copied()
}

/// ```text
/// all     = "all"
/// include = "include" ":" domain-spec
/// a       = "a"   [ ":" domain-spec ] [ dual-cidr-length ]
/// mx      = "mx"  [ ":" domain-spec ] [ dual-cidr-length ]
/// ptr     = "ptr" [ ":" domain-spec ]
/// ip4     = "ip4" ":" ip4-network [ ip4-cidr-length ]
/// ip6     = "ip6" ":" ip6-network [ ip6-cidr-length ]
/// exists  = "exists" ":" domain-spec
/// ```
fn mechanism(word: Word<'_>) -> Result<Mechanism, SyntaxError> {
    let is_end = |octet: &u8| matches!(octet, b':' | b'/');
    let length = word.bytes().iter().position(is_end);
    let (name, rest) = word.split_at(length.unwrap_or(word.text.len()));
    match known(name, &MECHANISMS).unwrap_or_default() {
        "all" if rest.text.is_empty() => Ok(Mechanism::All),
        "all" => Err(rest.error(SyntaxErrorKind::UnexpectedValue)),
        "include" => Ok(Mechanism::Include {
            domain: domain_spec(value(word, rest)?)?,
        }),
        "a" => {
            let (domain, cidr) = target(rest)?;
            Ok(Mechanism::A { domain, cidr })
        }
        "mx" => {
            let (domain, cidr) = target(rest)?;
            Ok(Mechanism::Mx { domain, cidr })
        }
        "ptr" => Ok(Mechanism::Ptr {
            domain: optional_domain(rest)?,
        }),
        "ip4" => ip4(value(word, rest)?),
        "ip6" => ip6(value(word, rest)?),
        "exists" => Ok(Mechanism::Exists {
            domain: domain_spec(value(word, rest)?)?,
        }),
        _ => Err(name.error(SyntaxErrorKind::UnknownMechanism)),
    }
}

/// What stands after the colon that must be there.
fn value<'a>(whole: Word<'a>, rest: Word<'a>) -> Result<Word<'a>, SyntaxError> {
    match rest.text.strip_prefix(':') {
        Some(_) => Ok(rest.skip(1)),
        None if rest.text.is_empty() => Err(whole.error(SyntaxErrorKind::MissingValue)),
        None => Err(rest.error(SyntaxErrorKind::UnexpectedValue)),
    }
}

/// `[ ":" domain-spec ]`
fn optional_domain(rest: Word<'_>) -> Result<Option<MacroString>, SyntaxError> {
    if rest.text.is_empty() {
        return Ok(None);
    }
    if !rest.text.starts_with(':') {
        return Err(rest.error(SyntaxErrorKind::UnexpectedValue));
    }
    domain_spec(rest.skip(1)).map(Some)
}

/// `[ ":" domain-spec ] [ dual-cidr-length ]`
fn target(rest: Word<'_>) -> Result<(Option<MacroString>, DualCidr), SyntaxError> {
    let (domain, cidr) = dual_cidr(rest)?;
    Ok((optional_domain(domain)?, cidr))
}

/// ```text
/// dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ]
/// ```
///
/// Read from the right: a domain-spec may hold a slash, but cannot end in one and digits.
fn dual_cidr(word: Word<'_>) -> Result<(Word<'_>, DualCidr), SyntaxError> {
    let Some((rest, digits)) = trailing_prefix(word) else {
        return Ok((word, DualCidr::default()));
    };
    let Some(before) = rest.text.strip_suffix('/') else {
        let ip4 = Some(prefix_length(digits, 32)?);
        return Ok((rest, DualCidr { ip4, ip6: None }));
    };
    let ip6 = Some(prefix_length(digits, 128)?);
    let rest = rest.split_at(before.len()).0;
    match trailing_prefix(rest) {
        None => Ok((rest, DualCidr { ip4: None, ip6 })),
        Some((rest, digits)) => {
            let ip4 = Some(prefix_length(digits, 32)?);
            Ok((rest, DualCidr { ip4, ip6 }))
        }
    }
}

/// Splits off a slash and the digits after it, at the end.
fn trailing_prefix(word: Word<'_>) -> Option<(Word<'_>, Word<'_>)> {
    let stem = word.text.trim_end_matches(|c: char| c.is_ascii_digit());
    let before = stem.strip_suffix('/')?;
    let digits = word.skip(stem.len());
    (!digits.text.is_empty()).then(|| (word.split_at(before.len()).0, digits))
}

/// ```text
/// ip4-cidr-length = "/" ("0" / %x31-39 0*1DIGIT) ; 0 to 32
/// ip6-cidr-length = "/" ("0" / %x31-39 0*2DIGIT) ; 0 to 128
/// ```
fn prefix_length(digits: Word<'_>, most: u8) -> Result<u8, SyntaxError> {
    let plain = digits.bytes().iter().all(u8::is_ascii_digit);
    let leading_zero = digits.text.len() > 1 && digits.text.starts_with('0');
    digits
        .text
        .parse::<u8>()
        .ok()
        .filter(|length| plain && !leading_zero && *length <= most)
        .ok_or_else(|| digits.error(SyntaxErrorKind::PrefixLength))
}

/// `ip4-network [ ip4-cidr-length ]`; the standard library reads exactly four numbers without leading zeros.
fn ip4(value: Word<'_>) -> Result<Mechanism, SyntaxError> {
    let (network, prefix) = network(value, 32)?;
    let address = network.text.parse::<Ipv4Addr>();
    Ok(Mechanism::Ip4 {
        network: address.map_err(|_| network.error(SyntaxErrorKind::Network))?,
        prefix,
    })
}

/// `ip6-network [ ip6-cidr-length ]`, the network in a form of RFC 4291 §2.2.
fn ip6(value: Word<'_>) -> Result<Mechanism, SyntaxError> {
    let (network, prefix) = network(value, 128)?;
    let address = network.text.parse::<Ipv6Addr>();
    Ok(Mechanism::Ip6 {
        network: address.map_err(|_| network.error(SyntaxErrorKind::Network))?,
        prefix,
    })
}

fn network(value: Word<'_>, most: u8) -> Result<(Word<'_>, Option<u8>), SyntaxError> {
    match value.text.find('/') {
        None => Ok((value, None)),
        Some(slash) => {
            let (network, rest) = value.split_at(slash);
            Ok((network, Some(prefix_length(rest.skip(1), most)?)))
        }
    }
}

/// ```text
/// domain-spec = macro-string domain-end
/// domain-end  = ( "." toplabel [ "." ] ) / macro-expand
/// ```
fn domain_spec(word: Word<'_>) -> Result<MacroString, SyntaxError> {
    let domain = macro_string(word)?;
    if domain
        .macros()
        .any(|expand| expand.letter.is_explanation_only())
    {
        return Err(word.error(SyntaxErrorKind::ExplanationMacro));
    }
    let ends_well = match domain.parts().last() {
        Some(MacroPart::Literal(text)) => ends_in_top_label(text),
        Some(_) => true,
        None => false,
    };
    if ends_well {
        Ok(domain)
    } else {
        Err(word.error(SyntaxErrorKind::DomainSpec))
    }
}

/// ```text
/// toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum )
/// ```
///
/// That is: letters, digits and inner hyphens, but not digits alone.
fn ends_in_top_label(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let Some((_, label)) = text.rsplit_once('.') else {
        return false;
    };
    let octets = label.as_bytes();
    !label.starts_with('-')
        && !label.ends_with('-')
        && octets
            .iter()
            .all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
        && !octets.iter().all(u8::is_ascii_digit)
}

/// ```text
/// macro-string  = *( macro-expand / macro-literal )
/// macro-expand  = ( "%{" macro-letter transformers *delimiter "}" ) / "%%" / "%_" / "%-"
/// macro-literal = %x21-24 / %x26-7E
/// ```
fn macro_string(word: Word<'_>) -> Result<MacroString, SyntaxError> {
    let mut parts = Vec::new();
    let mut rest = word;
    while !rest.text.is_empty() {
        let literal = rest.text.find('%').unwrap_or(rest.text.len());
        let (text, after) = rest.split_at(literal);
        if !text.text.is_empty() {
            parts.push(MacroPart::Literal(text.text.to_owned()));
        }
        rest = after;
        if !rest.text.is_empty() {
            let (part, length) = macro_expand(rest)?;
            parts.push(part);
            rest = rest.skip(length);
        }
    }
    Ok(MacroString::new(parts))
}

/// The macro at a percent sign, and its length.
fn macro_expand(word: Word<'_>) -> Result<(MacroPart, usize), SyntaxError> {
    match word.bytes().get(1) {
        Some(b'%') => Ok((MacroPart::Percent, 2)),
        Some(b'_') => Ok((MacroPart::Space, 2)),
        Some(b'-') => Ok((MacroPart::UrlSpace, 2)),
        Some(b'{') => {
            let end = word
                .text
                .find('}')
                .ok_or_else(|| word.error(SyntaxErrorKind::Macro))?;
            let whole = word.split_at(end + 1).0;
            let inner = whole.split_at(end).0.skip(2);
            let expand = macro_body(inner).ok_or_else(|| whole.error(SyntaxErrorKind::Macro))?;
            Ok((MacroPart::Macro(expand), end + 1))
        }
        _ => Err(word.split_at(2).0.error(SyntaxErrorKind::Macro)),
    }
}

/// ```text
/// macro-letter = "s" / "l" / "o" / "d" / "i" / "p" / "h" / "c" / "r" / "t" / "v"
/// transformers = *DIGIT [ "r" ]
/// delimiter    = "." / "-" / "+" / "," / "/" / "_" / "="
/// ```
///
/// The number is not zero (RFC 7208 §7.1); one too great to hold keeps all parts, as a lesser one would.
fn macro_body(word: Word<'_>) -> Option<Macro> {
    let letter = *word.bytes().first()?;
    let rest = word.skip(1);
    let digits = rest
        .bytes()
        .iter()
        .take_while(|octet| octet.is_ascii_digit());
    let (digits, rest) = rest.split_at(digits.count());
    let keep = match digits.text {
        "" => None,
        digits => Some(digits.bytes().fold(0u32, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(u32::from(digit - b'0'))
        })),
    };
    let reverse = matches!(rest.bytes().first(), Some(b'r' | b'R'));
    let delimiters = rest.skip(usize::from(reverse)).text;
    let known = |octet| matches!(octet, b'.' | b'-' | b'+' | b',' | b'/' | b'_' | b'=');
    (keep != Some(0) && delimiters.bytes().all(known)).then_some(Macro {
        letter: MacroLetter::of(letter)?,
        url_escape: letter.is_ascii_uppercase(),
        keep,
        reverse,
        delimiters: delimiters.to_owned(),
    })
}
