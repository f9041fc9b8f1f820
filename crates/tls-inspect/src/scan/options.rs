//! What a scan asks, and how much it may spend.

use super::offers::{self, VERSIONS};
use super::{ScanAuthentication, ScanQuestion};
use crate::{DnsId, ProtocolVersion};

/// What a scan asks and how many connections it may use.
///
/// Mail servers count connections and turn away clients that make many, so each scan has a
/// budget, and spends it on the most telling questions first.
///
/// ```
/// use tls_inspect::ScanOptions;
///
/// let options = ScanOptions::quick([7; 32]).with_budget(12);
/// assert_eq!(options.connections_at_most(), 12);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanOptions {
    pub(super) parts: Vec<ScanPart>,
    pub(super) budget: u32,
    pub(super) unanswered_limit: u32,
    pub(super) server_name: Option<DnsId>,
    pub(super) random: [u8; 32],
}

/// A part of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScanPart {
    /// Whether a large hello is taken.
    LargeHello,
    /// Whether a padded one is, and one over several records.
    OddHellos,
    /// The certificates for RSA and for elliptic curves.
    Certificates,
    /// Fallback, compression, anonymous suites and finite-field Diffie-Hellman.
    Features,
    /// The groups of TLS 1.3 and the curves of the version below it.
    Groups,
    /// The cipher suites of TLS 1.3 and 1.2.
    CipherSuites,
    /// The cipher suites of the versions below.
    OldCipherSuites,
}

impl ScanOptions {
    /// The budget of a quick scan, unless told otherwise.
    pub const QUICK_BUDGET: u32 = 24;
    /// The budget of a full scan, unless told otherwise.
    pub const FULL_BUDGET: u32 = 200;
    /// How many connections after one another may go unanswered, unless told otherwise.
    pub const UNANSWERED_LIMIT: u32 = 4;

    /// Versions, tolerance of a large hello, certificates and features.
    ///
    /// The hellos' random octets are made from `random`.
    #[must_use]
    pub fn quick(random: [u8; 32]) -> Self {
        Self {
            parts: vec![
                ScanPart::LargeHello,
                ScanPart::Certificates,
                ScanPart::Features,
            ],
            budget: Self::QUICK_BUDGET,
            unanswered_limit: Self::UNANSWERED_LIMIT,
            server_name: None,
            random,
        }
    }

    /// Everything.
    #[must_use]
    pub fn full(random: [u8; 32]) -> Self {
        Self {
            parts: vec![
                ScanPart::LargeHello,
                ScanPart::OddHellos,
                ScanPart::Certificates,
                ScanPart::Features,
                ScanPart::Groups,
                ScanPart::CipherSuites,
                ScanPart::OldCipherSuites,
            ],
            budget: Self::FULL_BUDGET,
            ..Self::quick(random)
        }
    }

    /// Asks this part too.
    #[must_use]
    pub fn with_part(mut self, part: ScanPart) -> Self {
        if !self.parts.contains(&part) {
            self.parts.push(part);
        }
        self
    }

    /// Leaves this part out.
    #[must_use]
    pub fn without_part(mut self, part: ScanPart) -> Self {
        self.parts.retain(|&one| one != part);
        self
    }

    /// Allows this many connections.
    #[must_use]
    pub const fn with_budget(mut self, connections: u32) -> Self {
        self.budget = connections;
        self
    }

    /// Ends the scan after this many connections in a row without an answer, at least one.
    #[must_use]
    pub const fn with_unanswered_limit(mut self, connections: u32) -> Self {
        self.unanswered_limit = if connections == 0 { 1 } else { connections };
        self
    }

    /// Sends this name in `server_name`.
    #[must_use]
    pub fn with_server_name(mut self, name: DnsId) -> Self {
        self.server_name = Some(name);
        self
    }

    /// The most connections that a scan of these options makes, whatever the server does.
    #[must_use]
    pub fn connections_at_most(&self) -> u32 {
        let needed = self
            .questions()
            .into_iter()
            .map(cost)
            // A control ends the scan.
            .fold(1, u32::saturating_add);
        needed.min(self.budget)
    }

    /// The questions of these options, in the order asked.
    pub(super) fn questions(&self) -> Vec<ScanQuestion> {
        let mut questions = vec![ScanQuestion::SmallHello];
        questions.extend(VERSIONS.map(ScanQuestion::Version));
        let mut add = |part, some: &[ScanQuestion]| {
            if self.parts.contains(&part) {
                questions.extend_from_slice(some);
            }
        };
        add(ScanPart::LargeHello, &[ScanQuestion::LargeHello]);
        add(
            ScanPart::Certificates,
            &[ScanAuthentication::Rsa, ScanAuthentication::Ecdsa].map(ScanQuestion::Certificate),
        );
        add(
            ScanPart::Features,
            &[
                ScanQuestion::Anonymous,
                ScanQuestion::FallbackScsv,
                ScanQuestion::Dhe,
                ScanQuestion::Compression,
            ],
        );
        add(
            ScanPart::Groups,
            &[ScanQuestion::Groups(ProtocolVersion::TLS_1_3)],
        );
        let modern = [ProtocolVersion::TLS_1_3, ProtocolVersion::TLS_1_2];
        add(
            ScanPart::CipherSuites,
            &modern.map(ScanQuestion::CipherSuites),
        );
        add(
            ScanPart::OddHellos,
            &[ScanQuestion::PaddedHello, ScanQuestion::SplitHello],
        );
        add(
            ScanPart::Groups,
            &[ScanQuestion::Groups(ProtocolVersion::TLS_1_2)],
        );
        let old = [
            ProtocolVersion::TLS_1_0,
            ProtocolVersion::TLS_1_1,
            ProtocolVersion::SSL_3_0,
        ];
        add(
            ScanPart::OldCipherSuites,
            &old.map(ScanQuestion::CipherSuites),
        );
        questions
    }
}

/// The most connections a question takes: each hello once or, without an answer, twice and with
/// a control.
fn cost(question: ScanQuestion) -> u32 {
    let (items, chunks) = match question {
        ScanQuestion::Groups(version) => (offers::groups(version).len(), 1),
        ScanQuestion::CipherSuites(version) => {
            let chunks = offers::suite_chunks(version);
            (chunks.iter().map(Vec::len).sum(), chunks.len())
        }
        // A refusal of these is made sure of with a second hello.
        ScanQuestion::Version(_) => return 6,
        // And under TLS 1.3 two hellos with one curve each may follow.
        ScanQuestion::Certificate(_) => return 12,
        _ => return 3,
    };
    // Each item found takes a hello and perhaps a repetition, and once more where the server's
    // order is asked for; each list ends with a refusal; the preference takes two hellos, and so
    // does the curve of a certificate that is offered again.
    let most = 4_usize
        .saturating_mul(items)
        .saturating_add(3_usize.saturating_mul(chunks.saturating_add(5)));
    u32::try_from(most).unwrap_or(u32::MAX)
}
