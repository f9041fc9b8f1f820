//! What answers show beside what was asked, and the report.

use super::{
    Authentication, DhePrime, Features, GroupList, Scan, ScanEvidence, ScanQuestion, ScanReport,
    ScanSight, ScanUncertainty, ServerCertificate, State, StopReason, SuiteList, Support,
    Tolerance, VersionSupport,
};
use crate::{ClientHello, Der, DowngradeSentinel, ProtocolVersion, ServerFlight};

/// What was seen in the flights of servers, whatever was asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Sightings {
    renegotiation: Option<Support>,
    master_secret: Option<Support>,
    client_certificate: Option<Support>,
    downgrade: Option<(DowngradeSentinel, u32)>,
    pub(super) dhe: Option<(u32, String)>,
    pub(super) chains: Vec<(Authentication, Vec<Der>)>,
}

impl Sightings {
    pub(super) fn note(&mut self, hello: &ClientHello, flight: &ServerFlight, connection: u32) {
        let server = &flight.hello;
        if server.version >= ProtocolVersion::TLS_1_3 {
            return;
        }
        let evidence = ScanEvidence::new(
            connection,
            ScanSight::Chosen {
                version: server.version,
                cipher_suite: server.cipher_suite,
            },
        );
        if hello.offers_renegotiation_info {
            keep(
                &mut self.renegotiation,
                server.secure_renegotiation(),
                &evidence,
            );
        }
        if hello.offers_extended_master_secret {
            keep(
                &mut self.master_secret,
                server.extended_master_secret(),
                &evidence,
            );
        }
        // An anonymous server must not ask (RFC 5246 §7.4.4).
        let asks = flight.client_certificate_request.is_some();
        if asks || (flight.is_complete && flight.chain.is_some()) {
            keep(&mut self.client_certificate, asks, &evidence);
        }
        if let Some(downgrade) = server.downgrade {
            // The higher mark says more.
            if self.downgrade.is_none() || downgrade == DowngradeSentinel::FromTls13 {
                self.downgrade = Some((downgrade, connection));
            }
        }
    }

    /// A mark shows a version that could not be told by asking: the server says that it speaks
    /// more than it was offered.
    fn proof_of(&self, version: ProtocolVersion) -> Option<Support> {
        let (mark, connection) = self.downgrade?;
        let is_shown = version == ProtocolVersion::TLS_1_3 && mark == DowngradeSentinel::FromTls13;
        is_shown.then(|| Support::Yes(ScanEvidence::new(connection, ScanSight::Downgrade(mark))))
    }
}

/// The first sighting counts, unless a later one shows what it did not.
fn keep(kept: &mut Option<Support>, is_seen: bool, evidence: &ScanEvidence) {
    match (is_seen, &kept) {
        (true, Some(Support::Yes(_))) | (false, Some(_)) => {}
        (true, _) => *kept = Some(Support::Yes(evidence.clone())),
        (false, None) => *kept = Some(Support::No(evidence.clone())),
    }
}

pub(super) fn report(scan: &Scan) -> ScanReport {
    let seen = &scan.sightings;
    let mut versions: Vec<VersionSupport> = super::offers::VERSIONS
        .into_iter()
        .map(|version| VersionSupport {
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
        tolerance: Tolerance {
            small: scan.found(ScanQuestion::SmallHello),
            large: scan.found(ScanQuestion::LargeHello),
            padded: scan.found(ScanQuestion::PaddedHello),
            split: scan.found(ScanQuestion::SplitHello),
        },
        features: features(scan),
        connections: scan.connections.clone(),
        used: scan.used(),
        allowed: scan.options.budget,
        stop: scan.stop.clone().unwrap_or(StopReason::Unfinished),
        left_undone: left_undone(scan),
    }
}

fn version_support(scan: &Scan, version: ProtocolVersion) -> Support {
    let asked = scan.found(ScanQuestion::Version(version));
    match scan.sightings.proof_of(version) {
        Some(proof) if asked.is_unknown() => proof,
        _ => asked,
    }
}

fn features(scan: &Scan) -> Features {
    let seen = &scan.sightings;
    let or_unknown = |sighting: &Option<Support>| {
        sighting.clone().unwrap_or_else(|| {
            let why = "seen up to TLS 1.2 only, in a complete answer".to_owned();
            Support::Unknown(ScanUncertainty::NotApplicable(why))
        })
    };
    Features {
        compression: scan.found(ScanQuestion::Compression),
        secure_renegotiation: or_unknown(&seen.renegotiation),
        extended_master_secret: or_unknown(&seen.master_secret),
        fallback_scsv: scan.found(ScanQuestion::FallbackScsv),
        client_certificate: or_unknown(&seen.client_certificate),
        anonymous: scan.found(ScanQuestion::Anonymous),
        downgrade: seen.downgrade.map(|(mark, _)| mark),
    }
}

fn certificates(scan: &Scan) -> Vec<ServerCertificate> {
    let is_asked = |kind: &Authentication| {
        let question = ScanQuestion::Certificate(*kind);
        scan.tasks.iter().any(|task| task.question == question)
    };
    [Authentication::Rsa, Authentication::Ecdsa]
        .into_iter()
        .filter(is_asked)
        .map(|authentication| ServerCertificate {
            authentication,
            support: scan.found(ScanQuestion::Certificate(authentication)),
            chain: chain(scan, authentication),
        })
        .collect()
}

fn chain(scan: &Scan, wanted: Authentication) -> Vec<Der> {
    let mut chains = scan.sightings.chains.iter();
    let found = chains.find(|(kind, _)| *kind == wanted);
    found.map(|(_, chain)| chain.clone()).unwrap_or_default()
}

fn suite_list(scan: &Scan, task: &super::Task) -> Option<SuiteList> {
    let (ScanQuestion::CipherSuites(version), State::Suites(removal)) =
        (task.question, &task.state)
    else {
        return None;
    };
    let (suites, is_ordered) = removal.found();
    let was_asked = !suites.is_empty() || removal.is_settled();
    was_asked.then(|| SuiteList {
        version,
        suites,
        completeness: removal.completeness(scan.trusted),
        preference: removal.preference(),
        is_ordered,
    })
}

fn group_lists(scan: &Scan) -> Vec<GroupList> {
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
        was_asked.then(|| GroupList {
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
    if scan.stop == Some(StopReason::Done) {
        return Vec::new();
    }
    (0..scan.tasks.len())
        .filter(|&index| scan.is_open(index))
        .filter_map(|index| scan.tasks.get(index).map(|task| task.question))
        .collect()
}
