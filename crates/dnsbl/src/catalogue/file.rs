//! The catalogue's file: TOML, checked line by line.

mod codes;
mod fault;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::ops::Range;

use mail_dns::DomainName;
use serde::Deserialize;
use toml::Spanned;

use self::codes::{CodeForm, codes, octets};
use self::fault::Fault;
use super::{
    Catalogue, Controls, Delisting, DelistingMode, Effect, Inclusion, List, ListSet, MAX_CONTROLS,
    NameForm, PublicResolvers, SeverityCap, Stance, Status, Terms, Tier, Tombstone, buried,
};
use crate::{Kind, Role, Severity};

pub use self::fault::{CatalogueError, CatalogueErrorKind};

/// The longest zone: an IPv6 address takes 64 octets in front of it, and a key as many, of 255 (RFC 5782 §2.4, RFC 1035
/// §2.3.4).
const MAX_ZONE_WIRE: usize = 255 - 64 - 64;

/// Reads `text`; `tombstones` hold in addition to its own, and `keyed` are more zones that have a key in front of them.
pub(super) fn parse(
    text: &str,
    mut tombstones: Vec<Tombstone>,
    keyed: &[DomainName],
) -> Result<Catalogue, CatalogueError> {
    let file: File = toml::from_str(text).map_err(|error| CatalogueError {
        kind: CatalogueErrorKind::Syntax,
        line: error.span().map(|span| line_of(text, &span)),
        // The parser's own message; it may end with a list of what it expected, over several lines. It may cite the text.
        detail: shown(&error.message().replace('\n', "; ")),
    })?;
    let read = || -> Result<Catalogue, Fault> {
        for form in file.tombstone {
            tombstones.push(form.read()?);
        }
        let mut lists: Vec<List> = Vec::new();
        let mut zones: Vec<Range<usize>> = Vec::new();
        for form in file.list {
            let zone = form.zone.span();
            zones.push(zone.clone());
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
                        list.zone,
                        dead.reason.escape_debug()
                    ),
                ));
            }
            lists.push(list);
        }
        for (list, span) in lists.iter().zip(&zones) {
            check_no_key(list, &lists, keyed, span)?;
            check_no_circle(list, &lists, span)?;
        }
        Ok(Catalogue { lists, tombstones })
    };
    read().map_err(|fault| CatalogueError {
        kind: fault.kind,
        line: Some(line_of(text, &fault.span)),
        detail: fault.detail,
    })
}

/// A zone with the key in front would be shown with it. The error does not show it.
fn check_no_key(
    list: &List,
    lists: &[List],
    keyed: &[DomainName],
    span: &Range<usize>,
) -> Result<(), Fault> {
    let own = lists.iter().filter(|other| other.terms.key.is_some());
    let mut zones = own.map(|other| &other.zone).chain(keyed);
    match zones.find(|zone| list.zone != **zone && list.zone.is_within(zone)) {
        None => Ok(()),
        Some(zone) => Err(Fault::new(
            CatalogueErrorKind::Key,
            span.clone(),
            format!("expected {zone} without the key, found something in front of it"),
        )),
    }
}

/// Of lists that stand in for each other none would be asked.
fn check_no_circle(list: &List, lists: &[List], span: &Range<usize>) -> Result<(), Fault> {
    if !is_in_circle(list, lists) {
        return Ok(());
    }
    Err(Fault::new(
        CatalogueErrorKind::Reference,
        span.clone(),
        format!(
            "expected a list to stand in for others, found {} in a circle of them",
            list.zone
        ),
    ))
}

/// Whether `list` stands in for one that stands in for it, itself or by way of others.
pub(super) fn is_in_circle(list: &List, lists: &[List]) -> bool {
    let replaced = |zone: &DomainName| lists.iter().find(|it| it.zone == *zone)?.replaces.as_ref();
    std::iter::successors(list.replaces.as_ref(), |zone| replaced(zone))
        .take(lists.len())
        .any(|zone| *zone == list.zone)
}

/// `text` without what a terminal would obey.
fn shown(text: &str) -> String {
    let escaped = |character: char| match character {
        ' '..='~' => character.to_string(),
        _ => character.escape_default().to_string(),
    };
    text.chars().map(escaped).collect()
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
            codes: codes(self.codes, self.stance)?,
            includes: collect(self.includes, |form| inclusion(form, &zone))?,
            replaces: self
                .replaces
                .as_ref()
                .map(|it| other(it, &zone))
                .transpose()?,
            severity: caps(self.severity),
            delisting: self.delisting.read()?,
            terms: self.terms.read()?,
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
        if !zone.is_host_name() {
            return Err(Fault::new(
                CatalogueErrorKind::Name,
                self.zone.span(),
                format!("expected the name of a zone, found {zone}"),
            ));
        }
        if zone.wire_len() > MAX_ZONE_WIRE {
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
    Part(PartForm),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartForm {
    zone: String,
    codes: Vec<String>,
}

fn inclusion(form: Spanned<InclusionForm>, own: &DomainName) -> Result<Inclusion, Fault> {
    let span = form.span();
    let place = |text: String| Spanned::new(span.clone(), text);
    let (zone, codes) = match form.into_inner() {
        InclusionForm::Whole(zone) => (zone, Vec::new()),
        InclusionForm::Part(PartForm { codes, .. }) if codes.is_empty() => {
            return Err(Fault::new(
                CatalogueErrorKind::Reference,
                span,
                "expected a code by which the zone is repeated, found none".to_owned(),
            ));
        }
        InclusionForm::Part(PartForm { zone, codes }) => (zone, codes),
    };
    Ok(Inclusion {
        zone: other(&place(zone), own)?,
        codes: collect(codes, |code| octets(&place(code), Effect::Listed))?,
    })
}

/// The zone of another list.
fn other(text: &Spanned<String>, own: &DomainName) -> Result<DomainName, Fault> {
    let zone = name(text)?;
    if zone != *own {
        return Ok(zone);
    }
    Err(Fault::new(
        CatalogueErrorKind::Reference,
        text.span(),
        format!("expected the zone of another list, found {zone} itself"),
    ))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct DelistingForm {
    page: Option<Spanned<String>>,
    #[serde(default)]
    mode: DelistingMode,
    expires_hours: Option<u32>,
    takes_hours: Option<u32>,
    #[serde(default)]
    verified: bool,
}

impl DelistingForm {
    fn read(self) -> Result<Delisting, Fault> {
        Ok(Delisting {
            page: self.page.map(page).transpose()?,
            mode: self.mode,
            expires_hours: self.expires_hours,
            takes_hours: self.takes_hours,
            verified: self.verified,
        })
    }
}

/// A page that a person is sent to: by https alone, of ASCII that is shown.
fn page(text: Spanned<String>) -> Result<String, Fault> {
    let rest = text.get_ref().strip_prefix("https://");
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let is_host = host
        .and_then(|host| host.parse::<DomainName>().ok())
        .is_some_and(|host| host.is_host_name());
    if is_host && text.get_ref().bytes().all(|octet| octet.is_ascii_graphic()) {
        return Ok(text.into_inner());
    }
    Err(Fault::new(
        CatalogueErrorKind::Page,
        text.span(),
        format!(
            "expected a page such as https://bl.example/lookup, found {}",
            text.get_ref().escape_debug()
        ),
    ))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct TermsForm {
    key: Option<String>,
    registration: Option<Spanned<String>>,
    daily_queries: Option<NonZeroU32>,
    #[serde(default)]
    public_resolvers: PublicResolvers,
}

impl TermsForm {
    fn read(self) -> Result<Terms, Fault> {
        Ok(Terms {
            key: self.key,
            registration: self.registration.map(page).transpose()?,
            daily_queries: self.daily_queries.map(NonZeroU32::get),
            public_resolvers: self.public_resolvers,
        })
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
        let controls = Controls {
            positive: collect(self.positive, |text| control(zone, &text, kind))?,
            negative: collect(self.negative, |text| control(zone, &text, kind))?,
            verified: self.verified,
        };
        if let Some(both) = controls
            .positive
            .iter()
            .find(|it| controls.negative.contains(it))
        {
            return Err(Fault::new(
                CatalogueErrorKind::Controls,
                span.clone(),
                format!("expected controls that are listed or not, found {both} as both"),
            ));
        }
        Ok(controls)
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
        let zone = name(&self.zone)?;
        if zone.is_root() {
            return Err(Fault::new(
                CatalogueErrorKind::Name,
                self.zone.span(),
                "expected a zone that is dead, found the root, which would bury all".to_owned(),
            ));
        }
        Ok(Tombstone {
            zone,
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

#[cfg(test)]
mod tests;
