//! What answers show beside what was asked, and the report.

use super::offers::VERSIONS;
use super::verdict::{is_version_told, version_of};
use super::{
    DhePrime, HelloTolerance, Scan, ScanAuthentication, ScanEvidence, ScanFeatures, ScanQuestion,
    ScanReport, ScanSight, ScanStop, ScanSupport, ScanUncertainty, ScannedCertificate,
    ScannedGroups, ScannedSuites, ScannedVersion, State,
};
use crate::{ClientHello, Der, DowngradeSentinel, HelloOutcome, ProtocolVersion, ServerFlight};

/// What was seen in the flights of servers, whatever was asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Sightings {
    renegotiation: Option<ScanSupport>,
    master_secret: Option<ScanSupport>,
    client_certificate: Option<ScanSupport>,
    /// The highest mark, with the version of the answer that it was in.
    downgrade: Option<(DowngradeSentinel, ProtocolVersion, u32)>,
    spoken: Vec<(ProtocolVersion, ScanEvidence)>,
    pub(super) dhe: Option<(u32, String)>,
    pub(super) chains: Vec<(ScanAuthentication, Vec<Der>)>,
}

impl Sightings {
    pub(super) fn note(
        &mut self,
        hello: &ClientHello,
        outcome: &HelloOutcome,
        evidence: &ScanEvidence,
    ) {
        self.note_version(hello, outcome, evidence);
        match outcome {
            HelloOutcome::Chosen(flight) if flight.hello.version < ProtocolVersion::TLS_1_3 => {
                self.note_flight(hello, flight, evidence);
            }
            _ => {}
        }
    }

    /// A version that is chosen is spoken, whatever was asked.
    fn note_version(
        &mut self,
        hello: &ClientHello,
        outcome: &HelloOutcome,
        evidence: &ScanEvidence,
    ) {
        let highest = hello.versions.iter().copied().max();
        let (Some(highest), Some(version)) = (highest, version_of(outcome)) else {
            return;
        };
        let is_13 = version == ProtocolVersion::TLS_1_3;
        let is_told = match outcome {
            HelloOutcome::Chosen(flight) => {
                is_version_told(highest, flight) && flight.hello.cipher_suite.is_tls13() == is_13
            }
            _ => is_13,
        };
        let is_known = self.spoken.iter().any(|(known, _)| *known == version);
        if is_told && !is_known && version <= highest && VERSIONS.contains(&version) {
            self.spoken.push((version, evidence.clone()));
        }
    }

    fn note_flight(&mut self, hello: &ClientHello, flight: &ServerFlight, evidence: &ScanEvidence) {
        let server = &flight.hello;
        // What is missing may stand in what cannot be read.
        let is_told = |is_seen: bool| is_seen || !server.has_unread_extensions;
        let is_seen = server.secure_renegotiation();
        if hello.offers_renegotiation_info && is_told(is_seen) {
            keep(&mut self.renegotiation, is_seen, evidence);
        }
        let is_seen = server.extended_master_secret();
        if hello.offers_extended_master_secret && is_told(is_seen) {
            keep(&mut self.master_secret, is_seen, evidence);
        }
        // An anonymous server must not ask (RFC 5246 §7.4.4).
        let asks = flight.client_certificate_request.is_some();
        if asks || (flight.is_complete && flight.chain.is_some()) {
            keep(&mut self.client_certificate, asks, evidence);
        }
        if let Some(mark) = server.downgrade {
            // The higher mark says more.
            let is_higher = |&(known, ..): &(DowngradeSentinel, ProtocolVersion, u32)| {
                known == DowngradeSentinel::FromTls12 && mark == DowngradeSentinel::FromTls13
            };
            if self.downgrade.as_ref().is_none_or(is_higher) {
                self.downgrade = Some((mark, server.version, evidence.connection));
            }
        }
    }

    /// A mark shows a version that the server was not offered: it says that it speaks more. The
    /// lower one stands for TLS 1.2 or 1.3 (RFC 9846 §4.1.3), and shows the one if the `other` is
    /// refused.
    fn proof_of(&self, version: ProtocolVersion, other: &ScanSupport) -> Option<ScanEvidence> {
        let (mark, under, connection) = self.downgrade?;
        let is_other_refused = matches!(other, ScanSupport::No(no) if no.refuses_version());
        let is_shown = match mark {
            DowngradeSentinel::FromTls13 => {
                version == ProtocolVersion::TLS_1_3 && under == ProtocolVersion::TLS_1_2
            }
            DowngradeSentinel::FromTls12 => {
                version > under && under < ProtocolVersion::TLS_1_2 && is_other_refused
            }
        };
        is_shown.then(|| ScanEvidence::new(connection, ScanSight::Downgrade(mark)))
    }
}

/// The first sighting counts, unless a later one shows what it did not.
fn keep(kept: &mut Option<ScanSupport>, is_seen: bool, evidence: &ScanEvidence) {
    match (is_seen, &kept) {
        (true, Some(ScanSupport::Yes(_))) | (false, Some(_)) => {}
        (true, _) => *kept = Some(ScanSupport::Yes(evidence.clone())),
        (false, None) => *kept = Some(ScanSupport::No(evidence.clone())),
    }
}

pub(super) fn report(scan: &Scan) -> ScanReport {
    let seen = &scan.sightings;
    let mut versions: Vec<ScannedVersion> = VERSIONS
        .into_iter()
        .map(|version| ScannedVersion {
            version,
            support: version_support(scan, version),
        })
        .collect();
    versions.sort_by_key(|entry| std::cmp::Reverse(entry.version));
    ScanReport {
        versions,
        cipher_suites: scan
            .tasks
            .iter()
            .filter_map(|task| suite_list(scan, task))
            .collect(),
        groups: group_lists(scan),
        dhe: scan.found(ScanQuestion::Dhe),
        dhe_prime: seen
            .dhe
            .clone()
            .map(|(bits, sha256)| DhePrime { bits, sha256 }),
        certificates: certificates(scan),
        tolerance: HelloTolerance {
            small: scan.found(ScanQuestion::SmallHello),
            large: scan.found(ScanQuestion::LargeHello),
            padded: scan.found(ScanQuestion::PaddedHello),
            split: scan.found(ScanQuestion::SplitHello),
        },
        features: features(scan),
        connections: scan.connections.clone(),
        used: scan.used(),
        allowed: scan.options.budget,
        stop: scan.stop.clone().unwrap_or(ScanStop::Unfinished),
        left_undone: left_undone(scan),
    }
}

fn version_support(scan: &Scan, version: ProtocolVersion) -> ScanSupport {
    let asked = scan.found(ScanQuestion::Version(version));
    let seen = &scan.sightings;
    if asked.is_yes() {
        return asked;
    }
    if let Some((_, evidence)) = seen.spoken.iter().find(|(known, _)| *known == version) {
        return ScanSupport::Yes(evidence.clone());
    }
    let other = match version {
        ProtocolVersion::TLS_1_3 => ProtocolVersion::TLS_1_2,
        ProtocolVersion::TLS_1_2 => ProtocolVersion::TLS_1_3,
        _ => return asked,
    };
    let other = scan.found(ScanQuestion::Version(other));
    match (seen.proof_of(version, &other), asked) {
        (None, asked) => asked,
        // Neither is proof beside the other: another machine may have answered.
        (Some(yes), ScanSupport::No(no)) if no.refuses_version() => {
            ScanSupport::Unknown(ScanUncertainty::Contradiction {
                yes: Box::new(yes),
                no: Box::new(no),
            })
        }
        // A refusal of what was offered is none of the version.
        (Some(yes), _) => ScanSupport::Yes(yes),
    }
}

fn features(scan: &Scan) -> ScanFeatures {
    let seen = &scan.sightings;
    let or_unknown = |sighting: &Option<ScanSupport>| {
        sighting.clone().unwrap_or_else(|| {
            let why = "seen up to TLS 1.2 only, in a complete answer".to_owned();
            ScanSupport::Unknown(ScanUncertainty::NotApplicable(why))
        })
    };
    ScanFeatures {
        compression: scan.found(ScanQuestion::Compression),
        secure_renegotiation: or_unknown(&seen.renegotiation),
        extended_master_secret: or_unknown(&seen.master_secret),
        fallback_scsv: scan.found(ScanQuestion::FallbackScsv),
        client_certificate: or_unknown(&seen.client_certificate),
        anonymous: scan.found(ScanQuestion::Anonymous),
        downgrade: seen.downgrade.map(|(mark, ..)| mark),
    }
}

fn certificates(scan: &Scan) -> Vec<ScannedCertificate> {
    let is_asked = |kind: &ScanAuthentication| {
        let question = ScanQuestion::Certificate(*kind);
        scan.tasks.iter().any(|task| task.question == question)
    };
    [ScanAuthentication::Rsa, ScanAuthentication::Ecdsa]
        .into_iter()
        .filter(is_asked)
        .map(|authentication| ScannedCertificate {
            authentication,
            support: scan.found(ScanQuestion::Certificate(authentication)),
            chain: chain(scan, authentication),
        })
        .collect()
}

fn chain(scan: &Scan, wanted: ScanAuthentication) -> Vec<Der> {
    let mut chains = scan.sightings.chains.iter();
    let found = chains.find(|(kind, _)| *kind == wanted);
    found.map(|(_, chain)| chain.clone()).unwrap_or_default()
}

fn suite_list(scan: &Scan, task: &super::Task) -> Option<ScannedSuites> {
    let (ScanQuestion::CipherSuites(version), State::Suites(removal)) =
        (task.question, &task.state)
    else {
        return None;
    };
    let (suites, is_ordered) = removal.found();
    let was_asked = !suites.is_empty() || removal.is_settled();
    was_asked.then(|| ScannedSuites {
        version,
        suites,
        completeness: removal.completeness(scan.trusted),
        preference: removal.preference(),
        is_ordered,
    })
}

fn group_lists(scan: &Scan) -> Vec<ScannedGroups> {
    let list = |task: &super::Task| {
        let (ScanQuestion::Groups(version), State::Groups(removal)) = (task.question, &task.state)
        else {
            return None;
        };
        let (groups, _) = removal.found();
        let version = match version {
            ProtocolVersion::TLS_1_3 => version,
            // The curves were asked about under the highest version below TLS 1.3.
            _ => scan.highest_legacy()?,
        };
        let was_asked = !groups.is_empty() || removal.is_settled();
        was_asked.then(|| ScannedGroups {
            version,
            groups,
            completeness: removal.completeness(scan.trusted),
            preference: removal.preference(),
        })
    };
    scan.tasks.iter().filter_map(list).collect()
}

/// What would be asked next if the scan had not ended.
fn left_undone(scan: &Scan) -> Vec<ScanQuestion> {
    if scan.stop == Some(ScanStop::Done) {
        return Vec::new();
    }
    (0..scan.tasks.len())
        .filter(|&index| scan.is_open(index))
        .filter_map(|index| scan.tasks.get(index).map(|task| task.question))
        .collect()
}
