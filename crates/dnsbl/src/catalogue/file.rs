//! The catalogue's file: TOML, checked line by line.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use mail_dns::DomainName;
use serde::Deserialize;
use toml::Spanned;

use super::{
    Catalogue, Category, CodeMatch, CodeRule, Controls, Delisting, DelistingMode, Effect,
    Inclusion, List, ListSet, MAX_CONTROLS, Meaning, NameForm, PublicResolvers, SeverityCap,
    Stance, Status, Terms, Tier, Tombstone, buried,
};
use crate::{Kind, Role, Severity};

/// The longest zone: an IPv6 address takes 64 octets in front of it, and a key as many, of 255 (RFC 5782 §2.4, RFC 1035
/// §2.3.4).
const MAX_ZONE_WIRE: usize = 255 - 64 - 64;

/// Reads `text`; `tombstones` hold in addition to its own.
pub(super) fn parse(
    text: &str,
    mut tombstones: Vec<Tombstone>,
) -> Result<Catalogue, CatalogueError> {
    let file: File = toml::from_str(text).map_err(|error| CatalogueError {
        kind: CatalogueErrorKind::Syntax,
        line: error.span().map(|span| line_of(text, &span)),
        // The parser's own message; it may end with a list of what it expected, over several lines.
        detail: error.message().replace('\n', "; "),
    })?;
    let read = || -> Result<Catalogue, Fault> {
        for form in file.tombstone {
            tombstones.push(form.read()?);
        }
        let mut lists: Vec<List> = Vec::new();
        for form in file.list {
            let zone = form.zone.span();
            let list = form.read()?;
            if lists.iter().any(|other| other.zone == list.zone) {
                return Err(Fault::new(
                    CatalogueErrorKind::Duplicate,
                    zone,
                    format!("expected each zone once, found {} again", list.zone),
                ));
            }
            if let Some(dead) = buried(&tombstones, &list.zone) {
                return Err(Fault::new(
                    CatalogueErrorKind::Tombstone,
                    zone,
                    format!(
                        "expected a living list, found {}: {}",
                        list.zone, dead.reason
                    ),
                ));
            }
            lists.push(list);
        }
        Ok(Catalogue { lists, tombstones })
    };
    read().map_err(|fault| CatalogueError {
        kind: fault.kind,
        line: Some(line_of(text, &fault.span)),
        detail: fault.detail,
    })
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    let before = text.bytes().take(span.start);
    1 + before.filter(|octet| *octet == b'\n').count()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    list: Vec<ListForm>,
    #[serde(default)]
    tombstone: Vec<TombstoneForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListForm {
    zone: Spanned<String>,
    name: String,
    stance: Stance,
    tier: Tier,
    #[serde(default)]
    sets: Vec<ListSet>,
    ipv4: Option<ControlsForm>,
    ipv6: Option<ControlsForm>,
    domain: Option<ControlsForm>,
    #[serde(default)]
    name_form: NameForm,
    ipv6_prefix: Option<Spanned<u8>>,
    #[serde(default)]
    codes: Vec<CodeForm>,
    #[serde(default)]
    includes: Vec<Spanned<InclusionForm>>,
    replaces: Option<Spanned<String>>,
    #[serde(default)]
    severity: BTreeMap<Role, Severity>,
    #[serde(default)]
    delisting: DelistingForm,
    #[serde(default)]
    terms: TermsForm,
    status: Status,
    as_of: Spanned<String>,
    source: String,
    note: Option<String>,
}

impl ListForm {
    fn read(self) -> Result<List, Fault> {
        let span = self.zone.span();
        let zone = self.zone()?;
        let controls = |form: Option<ControlsForm>, kind| {
            form.map(|form| form.read(&zone, &span, kind)).transpose()
        };
        Ok(List {
            ipv4: controls(self.ipv4, Kind::Ipv4)?,
            ipv6: controls(self.ipv6, Kind::Ipv6)?,
            domain: controls(self.domain, Kind::Domain)?,
            ipv6_prefix: self.ipv6_prefix.map(ipv6_prefix).transpose()?,
            codes: collect(self.codes, CodeForm::read)?,
            includes: collect(self.includes, inclusion)?,
            replaces: self.replaces.as_ref().map(name).transpose()?,
            severity: caps(self.severity),
            delisting: self.delisting.read(),
            terms: self.terms.read(),
            as_of: date(self.as_of)?,
            zone,
            name: self.name,
            stance: self.stance,
            tier: self.tier,
            sets: self.sets,
            name_form: self.name_form,
            status: self.status,
            source: self.source,
            note: self.note,
        })
    }

    fn zone(&self) -> Result<DomainName, Fault> {
        let zone = name(&self.zone)?;
        if zone.is_root() || zone.wire_len() > MAX_ZONE_WIRE {
            return Err(Fault::new(
                CatalogueErrorKind::Name,
                self.zone.span(),
                format!(
                    "expected a zone of at most {MAX_ZONE_WIRE} octets, found {}",
                    zone.wire_len()
                ),
            ));
        }
        if self.ipv4.is_none() && self.ipv6.is_none() && self.domain.is_none() {
            return Err(Fault::new(
                CatalogueErrorKind::Controls,
                self.zone.span(),
                "expected controls in at least one of ipv4, ipv6 and domain, found none".to_owned(),
            ));
        }
        Ok(zone)
    }
}

fn caps(severity: BTreeMap<Role, Severity>) -> Vec<SeverityCap> {
    let caps = severity.into_iter();
    caps.map(|(role, severity)| SeverityCap { role, severity })
        .collect()
}

fn ipv6_prefix(prefix: Spanned<u8>) -> Result<u8, Fault> {
    if (1..=128).contains(prefix.get_ref()) {
        return Ok(*prefix.get_ref());
    }
    Err(Fault::new(
        CatalogueErrorKind::Code,
        prefix.span(),
        format!("expected 1 to 128 bits, found {}", prefix.get_ref()),
    ))
}

/// A zone alone, or one with the codes by which it is repeated.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a zone, or a table of zone and codes")]
enum InclusionForm {
    Whole(String),
    Part { zone: String, codes: Vec<String> },
}

fn inclusion(form: Spanned<InclusionForm>) -> Result<Inclusion, Fault> {
    let span = form.span();
    let place = |text: String| Spanned::new(span.clone(), text);
    let (zone, codes) = match form.into_inner() {
        InclusionForm::Whole(zone) => (zone, Vec::new()),
        InclusionForm::Part { zone, codes } => (zone, codes),
    };
    Ok(Inclusion {
        zone: name(&place(zone))?,
        codes: collect(codes, |code| octets(&place(code), Effect::Listed))?,
    })
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct DelistingForm {
    page: Option<String>,
    #[serde(default)]
    mode: DelistingMode,
    expires_hours: Option<u32>,
    takes_hours: Option<u32>,
    #[serde(default)]
    verified: bool,
}

impl DelistingForm {
    fn read(self) -> Delisting {
        Delisting {
            page: self.page,
            mode: self.mode,
            expires_hours: self.expires_hours,
            takes_hours: self.takes_hours,
            verified: self.verified,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct TermsForm {
    key: Option<String>,
    registration: Option<String>,
    daily_queries: Option<u32>,
    #[serde(default)]
    public_resolvers: PublicResolvers,
}

impl TermsForm {
    fn read(self) -> Terms {
        Terms {
            key: self.key,
            registration: self.registration,
            daily_queries: self.daily_queries,
            public_resolvers: self.public_resolvers,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlsForm {
    #[serde(default)]
    positive: Vec<Spanned<String>>,
    #[serde(default)]
    negative: Vec<Spanned<String>>,
    #[serde(default = "yes")]
    verified: bool,
}

impl ControlsForm {
    fn read(self, zone: &DomainName, span: &Range<usize>, kind: Kind) -> Result<Controls, Fault> {
        if self.positive.len() > MAX_CONTROLS || self.negative.len() > MAX_CONTROLS {
            return Err(Fault::new(
                CatalogueErrorKind::Controls,
                span.clone(),
                format!("expected at most {MAX_CONTROLS} controls of a sort, found more"),
            ));
        }
        Ok(Controls {
            positive: collect(self.positive, |text| control(zone, &text, kind))?,
            negative: collect(self.negative, |text| control(zone, &text, kind))?,
            verified: self.verified,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeForm {
    code: Option<Spanned<String>>,
    bit: Option<Spanned<u8>>,
    meaning: Spanned<String>,
    #[serde(default)]
    category: Category,
    #[serde(default)]
    effect: Effect,
    #[serde(default = "yes")]
    verified: bool,
}

impl CodeForm {
    fn read(self) -> Result<CodeRule, Fault> {
        let code = match (self.code, self.bit) {
            (Some(text), None) => octets(&text, self.effect)?,
            (None, Some(bit)) if bit.get_ref().is_power_of_two() => CodeMatch::Bit(*bit.get_ref()),
            (None, Some(bit)) => {
                return Err(Fault::new(
                    CatalogueErrorKind::Code,
                    bit.span(),
                    format!("expected the value of one bit, found {}", bit.get_ref()),
                ));
            }
            _ => {
                return Err(Fault::new(
                    CatalogueErrorKind::Code,
                    self.meaning.span(),
                    "expected one of code and bit, found both or none".to_owned(),
                ));
            }
        };
        Ok(CodeRule {
            code,
            meaning: Meaning {
                text: self.meaning.into_inner(),
                category: self.category,
                verified: self.verified,
            },
            effect: self.effect,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TombstoneForm {
    zone: Spanned<String>,
    reason: String,
    date: Option<Spanned<String>>,
    source: String,
    successor: Option<Spanned<String>>,
}

impl TombstoneForm {
    fn read(self) -> Result<Tombstone, Fault> {
        Ok(Tombstone {
            zone: name(&self.zone)?,
            reason: self.reason,
            date: self.date.map(date).transpose()?,
            source: self.source,
            successor: self.successor.as_ref().map(name).transpose()?,
        })
    }
}

fn yes() -> bool {
    true
}

fn collect<T, U>(items: Vec<T>, read: impl Fn(T) -> Result<U, Fault>) -> Result<Vec<U>, Fault> {
    items.into_iter().map(read).collect()
}

fn name(text: &Spanned<String>) -> Result<DomainName, Fault> {
    text.get_ref()
        .parse()
        .map_err(|error: mail_dns::NameError| {
            Fault::new(CatalogueErrorKind::Name, text.span(), error.to_string())
        })
}

/// The name to ask for a control: an address reversed (RFC 5782 §2.1, §2.4) or labels, before the zone.
///
/// Unlike a subject's, a mapped IPv6 address stays one: it is the RFC's own test entry for IPv6 (§5).
fn control(zone: &DomainName, text: &Spanned<String>, kind: Kind) -> Result<DomainName, Fault> {
    let fault = |found: String| Fault::new(CatalogueErrorKind::Controls, text.span(), found);
    let address: Option<IpAddr> = text.get_ref().parse().ok();
    let name = match (kind, address) {
        (Kind::Ipv4, Some(address @ IpAddr::V4(_)))
        | (Kind::Ipv6, Some(address @ IpAddr::V6(_))) => zone.with_address(address),
        (Kind::Domain, None) => zone.with_prefix(text.get_ref()),
        _ => {
            let found = text.get_ref().escape_debug();
            return Err(fault(format!(
                "expected a control of kind {kind}, found {found}"
            )));
        }
    };
    name.map_err(|error| fault(error.to_string()))
}

/// `127.0.0.2`, or with `*` for any octet but the first.
fn octets(text: &Spanned<String>, effect: Effect) -> Result<CodeMatch, Fault> {
    let fault = |expected: &str| {
        let found = text.get_ref().escape_debug();
        Fault::new(
            CatalogueErrorKind::Code,
            text.span(),
            format!("expected {expected}, found {found}"),
        )
    };
    let parts = text.get_ref().split('.').map(|part| match part {
        "*" => Some(None),
        _ => part.parse::<u8>().ok().map(Some),
    });
    let parts: Vec<Option<u8>> = parts
        .collect::<Option<_>>()
        .ok_or_else(|| fault("four octets, each a number or *"))?;
    let octets: [Option<u8>; 4] = parts
        .try_into()
        .map_err(|_| fault("four octets, each a number or *"))?;
    // RFC 5782 §2.1: the addresses of a list's answers are in 127.0.0.0/8.
    if octets[0] != Some(127) {
        return Err(fault("a code in 127.0.0.0/8"));
    }
    // 127.255.255.0/24 tells of a refused question on every list.
    let refusals = [Some(127), Some(255), Some(255)];
    let overlaps = octets
        .iter()
        .zip(refusals)
        .all(|(octet, refusal)| octet.is_none() || *octet == refusal);
    if effect != Effect::Refused && overlaps {
        return Err(fault("an entry outside 127.255.255.0/24"));
    }
    Ok(CodeMatch::Octets(octets))
}

/// A year, a month or a day: `2026`, `2026-08`, `2026-08-21`.
fn date(text: Spanned<String>) -> Result<String, Fault> {
    let in_range = |(index, part): (usize, &str)| {
        let (digits, range) = match index {
            0 => (4, 1990..=2100),
            1 => (2, 1..=12),
            _ => (2, 1..=31),
        };
        part.len() == digits
            && part.bytes().all(|octet| octet.is_ascii_digit())
            && part
                .parse()
                .is_ok_and(|number: u16| range.contains(&number))
    };
    let parts = text.get_ref().split('-');
    if parts.clone().count() <= 3 && parts.enumerate().all(in_range) {
        return Ok(text.into_inner());
    }
    Err(Fault::new(
        CatalogueErrorKind::Date,
        text.span(),
        format!(
            "expected a date such as 2026-08, found {}",
            text.get_ref().escape_debug()
        ),
    ))
}

/// A fault that knows its place as octets, before they are counted as lines.
struct Fault {
    kind: CatalogueErrorKind,
    span: Range<usize>,
    detail: String,
}

impl Fault {
    fn new(kind: CatalogueErrorKind, span: Range<usize>, detail: String) -> Self {
        Self { kind, span, detail }
    }
}

/// Why text is not a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct CatalogueError {
    kind: CatalogueErrorKind,
    line: Option<usize>,
    detail: String,
}

impl CatalogueError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> CatalogueErrorKind {
        self.kind
    }

    /// In which line, from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

/// The kinds of [`CatalogueError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CatalogueErrorKind {
    /// It is not TOML, or not of the catalogue's form: a key is missing, unknown or of the wrong type.
    Syntax,
    /// A zone is not a domain name, or too long to be asked.
    Name,
    /// A code is not in `127.0.0.0/8`, or cannot be a listing.
    Code,
    /// A control does not fit its kind, or there are too many or none.
    Controls,
    /// A date is not one.
    Date,
    /// A zone is there twice.
    Duplicate,
    /// The list is dead.
    Tombstone,
}

#[cfg(test)]
mod tests;
