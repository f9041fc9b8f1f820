//! What the server does wrong on purpose, and for which names.

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use hickory_proto::rr::{LowerName, RecordType};

/// A way to misbehave, for a name and the names below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// SERVFAIL.
    ServFail,
    /// REFUSED.
    Refused,
    /// No answer at all.
    Silence,
    /// TC=1 without records over UDP; TCP answers well.
    Truncate,
    /// TC=1 without records over UDP; TCP closes the connection.
    TruncateBoth,
    /// The answer, with an identifier that was not asked.
    WrongId,
    /// The answer, to another question.
    WrongQuestion,
    /// A forged NXDOMAIN with a wrong identifier, then the answer.
    SpoofFirst,
    /// The answer, late.
    Delay(Duration),
    /// FORMERR without OPT for a query with EDNS (RFC 6891, section 7); without EDNS the answer.
    FormErrOnEdns,
    /// Octets with the right identifier that are no DNS message.
    Garbage,
    /// NXDOMAIN becomes NOERROR with this address, as resolvers that sell advertisements do.
    NxdomainRewrite(Ipv4Addr),
    /// SERVFAIL for the first so many queries, then the answer.
    ServFailFirst(u32),
    /// No answer for the first so many queries, then the answer.
    SilenceFirst(u32),
}

/// Faults by owner name and, where set, type.
#[derive(Debug, Default)]
pub(super) struct FaultTable {
    faults: BTreeMap<LowerName, BTreeMap<Option<RecordType>, Fault>>,
}

impl FaultTable {
    pub(super) fn set(&mut self, name: LowerName, record_type: Option<RecordType>, fault: Fault) {
        self.faults
            .entry(name)
            .or_default()
            .insert(record_type, fault);
    }

    pub(super) fn clear(&mut self, name: &LowerName) {
        self.faults.remove(name);
    }

    /// The fault nearest to `name`, counted down where it only holds for the first queries.
    pub(super) fn take(&mut self, name: &LowerName, record_type: RecordType) -> Option<Fault> {
        let fault = self.nearest(name, record_type)?;
        match fault {
            Fault::ServFailFirst(left) | Fault::SilenceFirst(left) if *left == 0 => None,
            Fault::ServFailFirst(left) => {
                *left -= 1;
                Some(Fault::ServFail)
            }
            Fault::SilenceFirst(left) => {
                *left -= 1;
                Some(Fault::Silence)
            }
            other => Some(*other),
        }
    }

    fn nearest(&mut self, name: &LowerName, record_type: RecordType) -> Option<&mut Fault> {
        let mut at = name.clone();
        let (owner, key) = loop {
            if let Some(here) = self.faults.get(&at) {
                let typed = Some(record_type);
                if here.contains_key(&typed) {
                    break (at, typed);
                }
                if here.contains_key(&None) {
                    break (at, None);
                }
            }
            if at.is_root() {
                return None;
            }
            at = at.base_name();
        };
        self.faults.get_mut(&owner)?.get_mut(&key)
    }
}
