//! What the hellos of a scan offer.

use std::sync::LazyLock;

use crate::cause::offers::{old_groups, random, tls13_groups};
use crate::{
    CipherSuite, ClientHello, DnsId, KeyShareOffer, NamedGroup, ProtocolVersion, SignatureScheme,
    SuiteAuthentication, SuiteKeyExchange,
};

/// The versions asked about, the most telling first.
pub(super) const VERSIONS: [ProtocolVersion; 5] = [
    ProtocolVersion::TLS_1_3,
    ProtocolVersion::TLS_1_2,
    ProtocolVersion::TLS_1_0,
    ProtocolVersion::TLS_1_1,
    ProtocolVersion::SSL_3_0,
];

/// The most suites in one hello of a removal: some servers fail at more.
pub(super) const CHUNK: usize = 64;

/// The suites that a stranger could use under a version, the common ones first.
///
/// Those with pre-shared keys, Kerberos and SRP are not among them.
pub(super) fn suites(version: ProtocolVersion) -> Vec<CipherSuite> {
    match version {
        ProtocolVersion::TLS_1_3 => &TLS13,
        ProtocolVersion::TLS_1_2 => &TLS12,
        _ => &OLD,
    }
    .to_vec()
}

static TLS13: LazyLock<Vec<CipherSuite>> =
    LazyLock::new(|| CipherSuite::all().filter(|s| s.is_tls13()).collect());

static TLS12: LazyLock<Vec<CipherSuite>> = LazyLock::new(|| {
    let mut suites: Vec<_> = CipherSuite::all()
        .filter(|&s| is_for_strangers(s))
        .collect();
    suites.sort_by_cached_key(|&suite| rank(suite));
    suites
});

static OLD: LazyLock<Vec<CipherSuite>> = LazyLock::new(|| {
    let suites = TLS12.iter().copied();
    suites.filter(|&suite| !needs_tls12(suite)).collect()
});

/// The suites of a version in chunks.
pub(super) fn suite_chunks(version: ProtocolVersion) -> Vec<Vec<CipherSuite>> {
    let suites = suites(version);
    suites.chunks(CHUNK).map(<[CipherSuite]>::to_vec).collect()
}

/// Whether a server could speak it with a client that it shares no secret with.
fn is_for_strangers(suite: CipherSuite) -> bool {
    use SuiteKeyExchange as Kx;

    match suite.key_exchange() {
        Some(Kx::Rsa | Kx::Dh | Kx::Dhe | Kx::Ecdh | Kx::Ecdhe) => true,
        Some(Kx::Other) => suite.name().is_some_and(|name| name.contains("_GOST")),
        _ => false,
    }
}

/// The common ones come first, fewer than [`CHUNK`], so that the order of a usual server is seen
/// in one chunk; among them those with forward secrecy and AEAD.
fn rank(suite: CipherSuite) -> (bool, bool, bool, bool) {
    (
        !is_common(suite),
        !suite.is_forward_secret(),
        !suite.is_aead(),
        suite.key_exchange() != Some(SuiteKeyExchange::Ecdhe),
    )
}

fn is_common(suite: CipherSuite) -> bool {
    use SuiteAuthentication as Au;
    use SuiteKeyExchange as Kx;

    let rare = ["ARIA", "IDEA", "SEED", "DES", "DES40", "RC2", "OLD"];
    let is_rare = |name: &str| {
        name.split('_').any(|word| rare.contains(&word))
            || (name.contains("CAMELLIA") && suite.is_aead())
    };
    matches!(
        (suite.key_exchange(), suite.authentication()),
        (Some(Kx::Ecdhe), Some(Au::Rsa | Au::Ecdsa)) | (Some(Kx::Dhe | Kx::Rsa), Some(Au::Rsa))
    ) && !suite.is_export()
        && !suite.is_null()
        && !suite.name().is_none_or(is_rare)
}

/// Whether a suite is defined for TLS 1.2 only: AEAD (RFC 5288 §4), those with a hash other than
/// SHA-1 (RFC 5246 §A.5, RFC 5289 §3), and the later ones of GOST (RFC 9189 §1).
fn needs_tls12(suite: CipherSuite) -> bool {
    let has_new_hash = |name: &str| name.ends_with("_SHA256") || name.ends_with("_SHA384");
    suite.is_aead() || suite.name().is_some_and(has_new_hash) || matches!(suite.0, 0xc100..=0xc102)
}

/// The suites of a version with this key exchange, authenticated with a certificate.
pub(super) fn with_certificate(
    version: ProtocolVersion,
    exchange: SuiteKeyExchange,
) -> Vec<CipherSuite> {
    let mut suites = suites(version);
    suites.retain(|suite| suite.key_exchange() == Some(exchange) && !suite.is_anonymous());
    suites
}

/// The suites of a version for a certificate of this kind. Those with the key of Diffie-Hellman
/// in it are not meant.
pub(super) fn with_authentication(
    version: ProtocolVersion,
    authentication: SuiteAuthentication,
) -> Vec<CipherSuite> {
    use SuiteKeyExchange as Kx;

    let mut suites = suites(version);
    suites.retain(|suite| {
        suite.authentication() == Some(authentication)
            && !matches!(suite.key_exchange(), Some(Kx::Dh | Kx::Ecdh))
    });
    suites
}

/// What a server may sign with whose certificate has a key on an elliptic curve, or one of RSA.
pub(super) fn schemes(is_on_curve: bool) -> Vec<SignatureScheme> {
    let is_meant = |scheme: &SignatureScheme| {
        scheme.name().is_some_and(|name| match is_on_curve {
            true => name.starts_with("ecdsa_") || name.starts_with("ed"),
            false => name.starts_with("rsa_"),
        })
    };
    let known = SignatureScheme::KNOWN.iter().copied();
    known.filter(is_meant).collect()
}

/// The groups of a version: all of TLS 1.3, the curves of one below.
pub(super) fn groups(version: ProtocolVersion) -> Vec<NamedGroup> {
    match version {
        ProtocolVersion::TLS_1_3 => tls13_groups(),
        // It has no extension to name them in.
        ProtocolVersion::SSL_3_0 => Vec::new(),
        _ => old_groups(),
    }
}

/// Makes hellos that differ in one thing each.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) server_name: Option<DnsId>,
    pub(super) random: [u8; 32],
}

impl Template {
    /// A hello of this version and these suites with everything else that it has. `number` makes
    /// its `random` its own.
    pub(super) fn hello(
        &self,
        number: u32,
        version: ProtocolVersion,
        cipher_suites: Vec<CipherSuite>,
    ) -> ClientHello {
        // SSL 3.0 has no extensions, and some of its servers fail at what stands for one.
        let has_extensions = version > ProtocolVersion::SSL_3_0;
        let small = self.small(number);
        ClientHello {
            versions: vec![version],
            cipher_suites,
            groups: groups(version),
            signature_schemes: SignatureScheme::KNOWN.to_vec(),
            server_name: small.server_name.clone().filter(|_| has_extensions),
            offers_status_request: false,
            offers_extended_master_secret: has_extensions,
            offers_renegotiation_info: has_extensions,
            ..small
        }
    }

    /// The hello of a current client: TLS 1.2 and 1.3, some 250 octets.
    pub(super) fn small(&self, number: u32) -> ClientHello {
        ClientHello {
            server_name: self.server_name.clone(),
            ..ClientHello::small(random(self.random, number))
        }
    }

    /// TLS 1.3 without a key share, so that any group shows in a HelloRetryRequest.
    pub(super) fn shareless(&self, number: u32, offered: &[NamedGroup]) -> ClientHello {
        let version = ProtocolVersion::TLS_1_3;
        self.hello(number, version, suites(version))
            .with_groups(offered, KeyShareOffer::Empty)
    }
}
