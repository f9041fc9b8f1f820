//! A zone and what it says about a name.

use std::collections::{BTreeMap, BTreeSet};

use hickory_proto::{
    rr::{LowerName, Name, RData, Record, RecordType, RrKey},
    serialize::txt::Parser,
};

use super::{Signing, read_name};
use crate::error::{LabError, LabErrorKind};

/// A zone, read.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) origin: LowerName,
    pub(super) signing: Signing,
    /// The negative answer's SOA, its TTL already the negative TTL.
    pub(super) soa: Record,
    records: BTreeMap<LowerName, BTreeMap<RecordType, Vec<Record>>>,
    /// Every name that exists: owners and the empty non-terminals above them.
    names: BTreeSet<LowerName>,
}

/// What a zone says about a name and type.
#[derive(Debug)]
pub(super) enum Found {
    /// Records of the type.
    Records(Vec<Record>),
    /// The name is an alias.
    Alias(Box<Record>, Name),
    /// The name exists, without this type.
    NoData,
    /// The name does not exist.
    NxDomain,
}

impl Zone {
    /// The root every server has: signed, and knowing nobody.
    pub(super) fn root() -> Result<Self, LabError> {
        Self::parse(".", "", Signing::Signed)
    }

    pub(super) fn parse(origin: &str, text: &str, signing: Signing) -> Result<Self, LabError> {
        let origin = read_name(origin)?;
        let mut zone = read(&origin, &format!("$TTL 300\n{text}\n"))?;
        for (record_type, default) in [
            (
                RecordType::SOA,
                "@ SOA ns.lab.test. hostmaster.lab.test. 1 3600 600 86400 60",
            ),
            (RecordType::NS, "@ NS ns.lab.test."),
        ] {
            if !zone.contains_key(&RrKey::new(origin.clone(), record_type)) {
                zone.append(&mut read(&origin, &format!("$TTL 300\n{default}\n"))?);
            }
        }
        let mut records: BTreeMap<_, BTreeMap<_, Vec<Record>>> = BTreeMap::new();
        let mut names = BTreeSet::from([origin.clone()]);
        for (key, set) in zone {
            let name = key.name().clone();
            if !origin.zone_of(&name) {
                return Err(error(
                    &origin,
                    format!("expected names below the origin, found {name}"),
                ));
            }
            let mut above = name.clone();
            while above != origin && names.insert(above.clone()) {
                above = above.base_name();
            }
            let set = set.into_iter().collect();
            records
                .entry(name)
                .or_default()
                .insert(key.record_type, set);
        }
        let soa = records
            .get(&origin)
            .and_then(|sets| sets.get(&RecordType::SOA)?.first())
            .ok_or_else(|| error(&origin, "expected an SOA record, found none"))?;
        let soa = negative(soa);
        Ok(Self {
            origin,
            signing,
            soa,
            records,
            names,
        })
    }

    /// RFC 1034, section 4.3.2, step 3, with the wildcards of RFC 4592 and without delegations.
    pub(super) fn find(&self, name: &Name, record_type: RecordType) -> Found {
        let lower = LowerName::new(name);
        if self.names.contains(&lower) {
            return self.at(&lower, name, record_type);
        }
        let mut child = lower;
        loop {
            let encloser = child.base_name();
            if self.names.contains(&encloser) || encloser.is_root() {
                // RFC 4592, section 3.3.1: only the wildcard below the closest encloser counts.
                let wildcard = child.into_wildcard();
                if !self.names.contains(&wildcard) {
                    return Found::NxDomain;
                }
                return self.at(&wildcard, name, record_type);
            }
            child = encloser;
        }
    }

    /// What the owner says, told of the name asked.
    fn at(&self, owner: &LowerName, asked: &Name, record_type: RecordType) -> Found {
        // RFC 4592, section 2.2.2: a name without records of its own is an empty non-terminal.
        let Some(sets) = self.records.get(owner) else {
            return Found::NoData;
        };
        let named = |record: &Record| {
            let mut record = record.clone();
            record.name = asked.clone();
            record
        };
        if let Some(set) = sets.get(&record_type) {
            return Found::Records(set.iter().map(named).collect());
        }
        let alias = sets.get(&RecordType::CNAME).and_then(|set| set.first());
        match alias.map(|record| (record, &record.data)) {
            Some((record, RData::CNAME(target))) => {
                Found::Alias(Box::new(named(record)), target.0.clone())
            }
            _ => Found::NoData,
        }
    }
}

fn read(
    origin: &LowerName,
    text: &str,
) -> Result<BTreeMap<RrKey, hickory_proto::rr::RecordSet>, LabError> {
    Parser::new(text, None, Some(Name::from(origin.clone())))
        .parse()
        .map(|(_, records)| records)
        .map_err(|found| error(origin, format!("expected zone text, found {found}")))
}

/// RFC 2308, section 5: a negative answer lives for the lesser of the SOA's TTL and MINIMUM.
fn negative(soa: &Record) -> Record {
    let mut soa = soa.clone();
    if let RData::SOA(data) = &soa.data {
        soa.ttl = soa.ttl.min(data.minimum);
    }
    soa
}

fn error(origin: &LowerName, what: impl std::fmt::Display) -> LabError {
    LabError::new(LabErrorKind::Zone, format!("zone {origin}: {what}"))
}
