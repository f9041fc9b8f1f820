//! Controls: what is known of the list itself, seen over the same resolver as the subject.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mail_dns::{DomainName, NameError};

use crate::{Asked, Cause, Fault, Kind, Reading, Unsettled, Verdict};

/// What the controls of a list showed, for one kind of subject.
///
/// Three things must be seen before "not listed" is proof. A *positive* control, the list's own test entry, is listed:
/// else the list is dead, or the resolver hides it (some public resolvers answer NXDOMAIN to every such question). A
/// *negative* control is not listed: else the list lists everything. A *random* control is not listed either: some
/// wildcards leave out the test entries, and no cache has the answer.
///
/// The positive control's name is fixed, so a resolver may give it from its cache: it proves that the list worked over
/// this resolver within the TTL of that entry, not within this second.
///
/// A list that lists everything and leaves out documentation addresses is not seen by these. Only the share of subjects
/// that it lists tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ControlReport {
    /// For which kind of subject.
    pub kind: Kind,
    /// The list's test entries.
    pub positive: Vec<Asked>,
    /// Whether the list is known to have them.
    #[cfg_attr(feature = "serde", serde(default))]
    pub verified: bool,
    /// What the list never lists.
    pub negative: Vec<Asked>,
    /// What nobody lists, made from the nonce.
    pub random: Asked,
    /// Controls that were not asked, since with the list's key their names would be longer than 255 octets (RFC 1035
    /// §2.3.4). They prove nothing, and say nothing against the list.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub passed_over: Vec<DomainName>,
    /// When they were asked, in seconds since 1970.
    pub at: i64,
}

impl ControlReport {
    /// Builds a report.
    #[must_use]
    pub fn new(
        kind: Kind,
        positive: Vec<Asked>,
        negative: Vec<Asked>,
        random: Asked,
        at: i64,
    ) -> Self {
        Self {
            kind,
            positive,
            verified: true,
            negative,
            random,
            passed_over: Vec::new(),
            at,
        }
    }

    /// Whether an entry is to be believed, and its absence too.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.overall().is_none() && self.doubt().is_none()
    }

    /// What keeps the list from being believed, if anything does.
    #[must_use]
    pub fn failure(&self) -> Option<Verdict> {
        self.overall().or_else(|| self.doubt())
    }

    /// What the list lied with, if it did, and for how many seconds that stays in caches after it has been mended.
    pub(crate) fn lie(&self) -> Option<(Fault, u32)> {
        let lies = self.unlisted().filter_map(|asked| {
            let fault = match &asked.reading {
                Reading::Faulty(fault) => fault.clone(),
                _ => wildcard(asked)?,
            };
            Some((fault, asked.ttl.unwrap_or(0)))
        });
        lies.max_by_key(|(_, ttl)| *ttl)
    }

    /// The verdict on every subject, if the controls alone settle it: the list refuses, is broken, or cannot be seen not
    /// to list everything.
    ///
    /// A subject need not be asked about then, and a list that refuses had better not be.
    #[must_use]
    pub fn overall(&self) -> Option<Verdict> {
        let all = || self.positive.iter().chain(self.unlisted());
        let refused = all().find_map(|asked| match &asked.reading {
            Reading::Refused(refusal) => Some(Verdict::Refused(refusal.clone())),
            _ => None,
        });
        let faulty = || {
            all().find_map(|asked| match &asked.reading {
                Reading::Faulty(fault) => Some(Verdict::Broken(fault.clone())),
                _ => None,
            })
        };
        refused
            .or_else(faulty)
            .or_else(|| self.unlisted().find_map(wildcard).map(Verdict::Broken))
            .or_else(|| self.unlisted().find_map(unsettled))
    }

    /// What an answer of "no entry" is worth, if it is no proof: the positive controls are not there or were not seen.
    #[must_use]
    pub fn doubt(&self) -> Option<Verdict> {
        let missing = |asked: &Asked| match &asked.reading {
            Reading::Absent(_) if self.verified => Some(Verdict::Broken(
                Fault::PositiveControlMissing(asked.name.clone()),
            )),
            Reading::Absent(_) => Some(Verdict::Unknown(Cause::UnverifiedControlMissing(
                asked.name.clone(),
            ))),
            Reading::Refused(refusal) => Some(Verdict::Refused(refusal.clone())),
            Reading::Faulty(fault) => Some(Verdict::Broken(fault.clone())),
            Reading::Entry(_) | Reading::Unsettled(_) => unsettled(asked),
        };
        if self.positive.is_empty() {
            return Some(Verdict::Unknown(Cause::NoPositiveControl));
        }
        self.positive.iter().find_map(missing)
    }

    /// The controls that must not be listed.
    pub fn unlisted(&self) -> impl Iterator<Item = &Asked> {
        self.negative.iter().chain([&self.random])
    }
}

/// Any address in `127.0.0.0/8` where none may be shows a wildcard, whether it could be an entry or not.
fn wildcard(asked: &Asked) -> Option<Fault> {
    let addresses: Vec<Ipv4Addr> = match &asked.reading {
        Reading::Entry(codes) => codes.iter().map(|code| code.address).collect(),
        Reading::Unsettled(Unsettled::Ambiguous(addresses)) => addresses.clone(),
        _ => return None,
    };
    let name = asked.name.clone();
    Some(Fault::Wildcard { name, addresses })
}

fn unsettled(asked: &Asked) -> Option<Verdict> {
    match &asked.reading {
        Reading::Unsettled(why) => Some(Verdict::Unknown(Cause::Control {
            name: asked.name.clone(),
            why: why.clone(),
        })),
        _ => None,
    }
}

/// The nonce of the controls that are asked at `now`: each round has a name of its own, which no cache holds from the one
/// before, save for IPv4 once in 512 times.
pub(crate) fn round_nonce(nonce: u64, now: i64) -> u64 {
    nonce ^ now.unsigned_abs().rotate_left(32)
}

/// The name of the random control: what nobody lists, of a form that the list answers for.
///
/// An IPv4 address of 192.0.2.0/24 or 198.51.100.0/24 (RFC 5737), an IPv6 address of 2001:db8::/32 (RFC 3849), or a label
/// of letters and digits, since there are lists that answer SERVFAIL to others.
pub(crate) fn random_name(
    zone: &DomainName,
    kind: Kind,
    nonce: u64,
) -> Result<DomainName, NameError> {
    // Two lists get different names from one nonce.
    let seed = zone
        .labels()
        .flatten()
        .fold(nonce, |seed, octet| scramble(seed ^ u64::from(*octet)));
    let noise = scramble(seed);
    match kind {
        Kind::Ipv4 => zone.with_address(IpAddr::V4(documentation_v4(noise))),
        Kind::Ipv6 => zone.with_address(IpAddr::V6(documentation_v6(noise))),
        Kind::Domain => zone.with_prefix(&format!("x{noise:016x}")),
    }
}

fn documentation_v4(noise: u64) -> Ipv4Addr {
    let [last, which, ..] = noise.to_be_bytes();
    match which % 2 {
        0 => Ipv4Addr::new(192, 0, 2, last),
        _ => Ipv4Addr::new(198, 51, 100, last),
    }
}

fn documentation_v6(noise: u64) -> Ipv6Addr {
    let prefix = 0x2001_0db8_u128 << 96;
    Ipv6Addr::from(prefix | u128::from(noise))
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood: *Fast Splittable Pseudorandom Number Generators*, 2014): every bit of
/// the input reaches every bit of the output. It hides nothing.
fn scramble(input: u64) -> u64 {
    let mut mixed = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests;
