//! The machines behind one name: what each address sends with each kind of key, which published record is for which of them, and
//! how the records are changed so that none of them is left without a match.

use std::net::SocketAddr;

use mailcheck_core::TlsaSet;
use serde::Serialize;
use tls_inspect::{
    Certificate, DaneReport, Der, KeyPossession, RecordStanding, Rollover, RolloverAdvice,
    TlsaRecord,
};

use crate::dane::is_secure;
use crate::look::{self, Inspector, Look, OtherChain};

/// For how many chains a plan is made. In each, every record is held against every chain.
const MAX_PLANS: usize = 8;

/// What all addresses of a name come to, as JSON has it: a line of its own after theirs.
#[derive(Debug, Serialize)]
pub(crate) struct Machines {
    /// What kind of line it is; those of addresses have no such word.
    kind: &'static str,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) now_unix: i64,
    pub(crate) comparison: Comparison,
    /// How many addresses were looked at, whatever came of it, or left alone.
    pub(crate) addresses: usize,
    /// What they send, each chain once, the first to expire first.
    pub(crate) chains: Vec<SentChain>,
    /// What is not known: each may be another chain, which needs a record of its own.
    pub(crate) open: Vec<Open>,
    /// The published records, and which chains they are for.
    pub(crate) records: Vec<RecordMatches>,
    /// How many more there are, which were not looked at.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) omitted: usize,
    /// Whether senders go by the records.
    pub(crate) is_secure: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
const fn is_none(number: &usize) -> bool {
    *number == 0
}

/// Whether the addresses send the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Comparison {
    Alike,
    Differ,
    CouldNotTell,
}

/// A chain, and who sends it.
#[derive(Debug, Serialize)]
pub(crate) struct SentChain {
    pub(crate) sent_by: Vec<SocketAddr>,
    /// `None` if it cannot be read.
    pub(crate) leaf: Option<Leaf>,
    pub(crate) elements: usize,
    /// What becomes of the records when this chain changes and all others stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rollover: Option<RolloverAdvice>,
    #[serde(skip)]
    chain: Vec<Der>,
}

/// What tells one end-entity certificate from another.
#[derive(Debug, Serialize)]
pub(crate) struct Leaf {
    pub(crate) sha256: String,
    pub(crate) spki_sha256: String,
    pub(crate) key: String,
    pub(crate) not_after: i64,
}

/// What is not known.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Open {
    /// Of which address; of none, whether there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<SocketAddr>,
    /// Of which kind of key; of none, nothing at all is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<&'static str>,
    pub(crate) because: String,
}

/// A published record, and the places of the chains that it is for.
#[derive(Debug, Serialize)]
pub(crate) struct RecordMatches {
    pub(crate) record: TlsaRecord,
    pub(crate) matches: Vec<usize>,
    /// Of these it could not be told.
    pub(crate) may_match: Vec<usize>,
}

/// What an address sends, by the places of the chains.
struct Sent {
    first: usize,
    /// With the other kind of key; `Some(None)` if it has none, and `None` if that is not known.
    other: Option<Option<usize>>,
}

impl Open {
    /// Of a name, whether it has more addresses.
    pub(crate) const fn of_name(because: String) -> Self {
        Self {
            address: None,
            key: None,
            because,
        }
    }

    /// Of an address, everything.
    pub(crate) const fn of_address(address: SocketAddr, because: String) -> Self {
        Self {
            address: Some(address),
            key: None,
            because,
        }
    }
}

impl Machines {
    /// From what was seen of each address of a host; `open` are those that were not looked at, and what is not known of the name.
    pub(crate) fn of(
        inspector: &Inspector<'_>,
        host: &str,
        port: u16,
        looks: &[Look],
        open: Vec<Open>,
        now: i64,
    ) -> Self {
        let unseen = open.iter().filter(|one| one.address.is_some()).count();
        let mut machines = Self {
            kind: "machines",
            host: host.to_owned(),
            port,
            now_unix: now,
            comparison: Comparison::CouldNotTell,
            addresses: looks.len() + unseen,
            chains: Vec::new(),
            open,
            records: Vec::new(),
            omitted: 0,
            is_secure: false,
        };
        let answers = || {
            looks
                .iter()
                .rev()
                .filter_map(|look| look.seen.dane.as_ref())
        };
        let secure = answers().find(|host| is_secure(host));
        machines.is_secure = secure.is_some();
        let wants_keys = machines.is_secure || inspector.arguments.keys;
        let sent: Vec<Sent> = looks
            .iter()
            .filter_map(|look| machines.gather(look, wants_keys))
            .collect();
        machines.comparison = machines.compare(&sent);
        let expiry = |chain: &SentChain| chain.leaf.as_ref().map(|leaf| leaf.not_after);
        machines.chains.sort_by_key(expiry);
        if let Some(host) = secure.or_else(|| answers().next()) {
            machines.hold_against(&TlsaSet::of(host), inspector);
        }
        machines
    }

    /// What an address sends, if it is known.
    fn gather(&mut self, look: &Look, wants_keys: bool) -> Option<Sent> {
        let mut open = |key, because: String| {
            self.open.push(Open {
                address: Some(look.address),
                key,
                because,
            });
        };
        let capture = look.seen.capture().filter(|tls| !tls.chain.is_empty());
        let Some(capture) = capture else {
            open(None, look.because.clone());
            return None;
        };
        // What it shows is another's, and what it has is not known.
        if let KeyPossession::Failed(_) = capture.key_possession {
            open(None, look.because.clone());
            return None;
        }
        let other = match &look.seen.other_key {
            Some(other) => match other.chain() {
                OtherChain::Sent(chain) => Some(Some(chain)),
                OtherChain::None => Some(None),
                OtherChain::NotKnown(why) => {
                    open(Some(other.wanted), why);
                    None
                }
            },
            None => {
                if wants_keys {
                    let why = match capture.outcome.failure() {
                        Some(_) => "the handshake failed, so no other was made",
                        None => "it was not asked for",
                    };
                    open(Some(look::other_kind(capture).1), why.to_owned());
                }
                None
            }
        };
        let first = self.place_of(&capture.chain, look.address);
        let other = other.map(|chain| {
            let place = self.place_of(chain?, look.address);
            // Servers with one certificate send it whatever they are asked for.
            (place != first).then_some(place)
        });
        Some(Sent { first, other })
    }

    fn place_of(&mut self, chain: &[Der], address: SocketAddr) -> usize {
        let found = self.chains.iter().position(|one| one.chain == chain);
        let place = found.unwrap_or(self.chains.len());
        if found.is_none() {
            self.chains.push(SentChain::new(chain));
        }
        let one = self.chains.get_mut(place);
        if let Some(one) = one.filter(|one| !one.sent_by.contains(&address)) {
            one.sent_by.push(address);
        }
        place
    }

    /// That two differ is proved by two; that all are alike, by all.
    fn compare(&self, sent: &[Sent]) -> Comparison {
        let differ = |one: &Sent, other: &Sent| {
            let both = one.other.zip(other.other);
            one.first != other.first || both.is_some_and(|(one, other)| one != other)
        };
        let mut rest = sent.iter();
        while let Some(one) = rest.next() {
            if rest.clone().any(|other| differ(one, other)) {
                return Comparison::Differ;
            }
        }
        match self.open.is_empty() && !sent.is_empty() {
            true => Comparison::Alike,
            false => Comparison::CouldNotTell,
        }
    }

    fn hold_against(&mut self, published: &TlsaSet, inspector: &Inspector<'_>) {
        let ttl = published.ttl.filter(|_| !published.records.is_empty());
        let Some(ttl) = ttl else { return };
        let chains: Vec<Vec<Der>> = self.chains.iter().map(|one| one.chain.clone()).collect();
        let is_planned = chains.len() <= MAX_PLANS;
        for (place, one) in self.chains.iter_mut().enumerate() {
            let others = chains.iter().enumerate();
            let others: Vec<&[Der]> = others
                .filter(|&(other, _)| is_planned && other != place)
                .map(|(_, chain)| chain.as_slice())
                .collect();
            let rollover = Rollover::new(&one.chain, &published.records, ttl)
                .with_names(&published.names)
                .with_others(&others);
            let mut advice = rollover.advise(&inspector.provider, self.now_unix);
            if !is_planned {
                advice.plans.clear();
            }
            one.rollover = Some(advice);
        }
        let looked_at = published.records.len().min(DaneReport::MAX_RECORDS);
        self.omitted = published.records.len() - looked_at;
        self.records = self.matches(published.records.get(..looked_at).unwrap_or_default());
    }

    fn matches(&self, records: &[TlsaRecord]) -> Vec<RecordMatches> {
        let places = |at: usize, is_it: fn(&RecordStanding) -> bool| {
            let chains = self.chains.iter().enumerate();
            let of_it = chains.filter(|(_, chain)| {
                let records = chain.rollover.as_ref().map(|advice| &advice.records);
                records
                    .and_then(|records| records.get(at))
                    .is_some_and(|one| is_it(&one.standing))
            });
            of_it.map(|(place, _)| place).collect()
        };
        let records = records.iter().enumerate();
        records
            .map(|(at, record)| RecordMatches {
                record: record.clone(),
                matches: places(at, |one| matches!(one, RecordStanding::Current { .. })),
                may_match: places(at, |one| matches!(one, RecordStanding::Unclear(_))),
            })
            .collect()
    }
}

impl SentChain {
    fn new(chain: &[Der]) -> Self {
        let leaf = chain.first().map(Der::as_bytes);
        let leaf = leaf.and_then(|leaf| Certificate::parse(leaf).ok());
        Self {
            sent_by: Vec::new(),
            leaf: leaf.map(|leaf| Leaf {
                key: leaf.key.to_string(),
                sha256: leaf.sha256,
                spki_sha256: leaf.spki_sha256,
                not_after: leaf.validity.not_after,
            }),
            elements: chain.len(),
            rollover: None,
            chain: chain.to_vec(),
        }
    }
}
