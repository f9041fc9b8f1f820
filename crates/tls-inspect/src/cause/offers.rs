//! The hellos of a search.

use sha2::{Digest as _, Sha256};

use super::{CauseQuestion, FailureSearchOptions, SchemeKind, SuiteKind};
use crate::{
    CipherSuite, ClientHello, KeyShareOffer, NamedGroup, ProtocolVersion, SignatureScheme,
    SuiteAuthentication, SuiteKeyExchange,
};

/// The suites of TLS 1.3 and 1.2 that the `Recorder` has.
const USUAL_SUITES: [u16; 9] = [
    0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
];

/// The signature schemes that the `Recorder` can check with any provider.
const USUAL_SCHEMES: [u16; 10] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601,
];

const OLD_VERSIONS: [ProtocolVersion; 4] = [
    ProtocolVersion::TLS_1_2,
    ProtocolVersion::TLS_1_1,
    ProtocolVersion::TLS_1_0,
    ProtocolVersion::SSL_3_0,
];

impl SuiteKind {
    /// The kind of a suite up to TLS 1.2; `None` for one that the `Recorder` has.
    pub(super) fn of(suite: CipherSuite) -> Option<Self> {
        use SuiteAuthentication as Au;
        use SuiteKeyExchange as Kx;

        if USUAL_SUITES.contains(&suite.0) {
            return None;
        }
        Some(match (suite.authentication(), suite.key_exchange()) {
            (Some(Au::Anonymous), _) => Self::Anonymous,
            _ if suite.is_export() => Self::Export,
            _ if suite.is_null() => Self::Null,
            (Some(Au::Dss), _) => Self::Dss,
            (_, Some(Kx::Rsa)) => Self::StaticRsa,
            (_, Some(Kx::Dh | Kx::Ecdh)) => Self::StaticDh,
            (_, Some(Kx::Dhe)) => Self::FiniteFieldDhe,
            (_, Some(Kx::Ecdhe)) if suite.is_cbc() => Self::EcdheCbc,
            (_, Some(Kx::Ecdhe)) => Self::EcdheOther,
            _ => Self::Other,
        })
    }
}

impl SchemeKind {
    /// The kinds in the order asked about.
    pub(super) const ALL: [Self; 4] = [Self::RsaPss, Self::Ed448, Self::Brainpool, Self::MlDsa];

    pub(super) fn schemes(self) -> Vec<SignatureScheme> {
        let numbers: &[u16] = match self {
            Self::RsaPss => &[0x0809, 0x080a, 0x080b],
            Self::Ed448 => &[0x0808],
            Self::Brainpool => &[0x081a, 0x081b, 0x081c],
            Self::MlDsa => &[0x0904, 0x0905, 0x0906],
        };
        numbers.iter().copied().map(SignatureScheme).collect()
    }
}

/// Whether the `Recorder` has this suite.
pub(super) fn is_usual_suite(suite: CipherSuite) -> bool {
    USUAL_SUITES.contains(&suite.0)
}

/// Whether the `Recorder` can check signatures of this scheme.
pub(super) fn is_usual_scheme(scheme: SignatureScheme) -> bool {
    USUAL_SCHEMES.contains(&scheme.0)
}

/// The hello that asks this question. `number` makes its `random` its own.
pub(super) fn hello(
    question: &CauseQuestion,
    options: &FailureSearchOptions,
    number: u32,
) -> ClientHello {
    use CauseQuestion as Question;

    let usual = ClientHello {
        random: random(options.hello.random, number),
        ..options.hello.clone()
    };
    let tls12 = usual.clone().with_versions(&[ProtocolVersion::TLS_1_2]);
    let modern = CipherSuite::all().filter(|&suite| !suite.is_tls13() && is_usual_suite(suite));
    let modern: Vec<_> = modern.collect();
    match question {
        Question::Usual => usual,
        Question::Large => large(&usual),
        Question::Padded => padded(usual),
        Question::HybridListed => ClientHello {
            key_share: usual.key_share.clone(),
            ..large(&usual)
        },
        Question::WithoutServerName => ClientHello {
            server_name: None,
            ..usual
        },
        Question::WithoutStatusRequest => ClientHello {
            offers_status_request: false,
            ..usual
        },
        Question::UsualTls12 => tls12.with_cipher_suites(&modern),
        Question::Legacy => legacy(usual, &[]),
        Question::Without(kinds) => legacy(usual, kinds),
        Question::UsualGroups => ClientHello {
            signature_schemes: SignatureScheme::KNOWN.to_vec(),
            ..tls12.with_cipher_suites(&modern)
        },
        Question::UsualSchemes | Question::AnyChain => {
            let schemes = match question {
                Question::AnyChain => SignatureScheme::KNOWN,
                _ => &[],
            };
            ClientHello {
                groups: old_groups(),
                ..tls12
                    .with_cipher_suites(&modern)
                    .with_certificate_signature_schemes(schemes)
            }
        }
        Question::Anonymous => anonymous(usual),
        Question::Tls10 => old(usual, &[ProtocolVersion::TLS_1_0, ProtocolVersion::SSL_3_0]),
        Question::Ssl30 => old(usual, &[ProtocolVersion::SSL_3_0]),
        Question::Tls13 | Question::Tls13UsualGroups => shareless(usual, question),
        Question::Tls13AllSchemes => tls13(usual).with_signature_schemes(SignatureScheme::KNOWN),
        Question::Tls13UsualSchemes => tls13(usual),
        Question::Tls13AnyChain => {
            tls13(usual).with_certificate_signature_schemes(SignatureScheme::KNOWN)
        }
        Question::Tls13UnusualSchemes => {
            let known = SignatureScheme::KNOWN.iter().copied();
            let unusual: Vec<_> = known.filter(|&scheme| !is_usual_scheme(scheme)).collect();
            signing(usual, &unusual)
        }
        Question::Tls13Schemes(kind) => signing(usual, &kind.schemes()),
    }
}

/// The random octets of the hello of this number.
pub(crate) fn random(seed: [u8; 32], number: u32) -> [u8; 32] {
    let hash = Sha256::new().chain_update(seed);
    hash.chain_update(number.to_be_bytes()).finalize().into()
}

/// The same hello with the share that makes those of current clients long.
pub(crate) fn large(hello: &ClientHello) -> ClientHello {
    let mut groups = hello.groups.clone();
    groups.retain(|&group| group != NamedGroup::X25519_MLKEM768);
    groups.insert(0, NamedGroup::X25519_MLKEM768);
    let hello = hello.clone();
    hello.with_groups(&groups, KeyShareOffer::X25519Mlkem768)
}

/// The same hello as long as the large one, which is made up with octets that say nothing.
fn padded(hello: ClientHello) -> ClientHello {
    let octets = large(&hello).to_records().map_or(0, |octets| octets.len());
    let mut groups = hello.groups.clone();
    groups.retain(|&group| group != NamedGroup::X25519_MLKEM768);
    let share = hello.key_share.clone();
    hello
        .with_groups(&groups, share)
        // The header of the record is no part of the message.
        .with_least_length(octets.saturating_sub(5))
}

/// The hello of the `Recorder`, as far as it tells anything: versions, suites, groups, schemes.
pub(super) fn client(random: [u8; 32]) -> ClientHello {
    ClientHello {
        cipher_suites: USUAL_SUITES.map(CipherSuite).to_vec(),
        signature_schemes: USUAL_SCHEMES.map(SignatureScheme).to_vec(),
        groups: vec![
            NamedGroup::X25519,
            NamedGroup::SECP256R1,
            NamedGroup::SECP384R1,
            NamedGroup::X25519_MLKEM768,
        ],
        ..ClientHello::small(random)
    }
}

/// All versions up to TLS 1.2, with all suites that name a certificate but those of `without`.
///
/// The suites of the `Recorder` stand first, so that a server that follows the client's order
/// shows that it has one. Ciphers of one country or of the past that nothing but them would
/// speak are left out, to keep the hello below 600 octets.
fn legacy(usual: ClientHello, without: &[SuiteKind]) -> ClientHello {
    let mut suites: Vec<_> = CipherSuite::all()
        .filter(|&suite| is_legacy(suite))
        .filter(|&suite| SuiteKind::of(suite).is_none_or(|kind| !without.contains(&kind)))
        .collect();
    suites.sort_by_key(|&suite| SuiteKind::of(suite));
    ClientHello {
        groups: old_groups(),
        signature_schemes: SignatureScheme::KNOWN.to_vec(),
        // An old server has no use for it, and may fail at it.
        offers_status_request: false,
        ..usual
            .with_versions(&OLD_VERSIONS)
            .with_cipher_suites(&suites)
    }
}

fn anonymous(usual: ClientHello) -> ClientHello {
    let suites: Vec<_> = CipherSuite::all()
        .filter(|suite| suite.is_anonymous() && is_common(*suite))
        .collect();
    legacy(usual, &[]).with_cipher_suites(&suites)
}

/// A hello of old versions, for a server that fails at the number of a higher one.
fn old(usual: ClientHello, versions: &[ProtocolVersion]) -> ClientHello {
    let hello = legacy(usual, &[]).with_versions(versions);
    let mut suites = hello.cipher_suites.clone();
    suites.retain(|suite| !suite.is_aead());
    hello.with_cipher_suites(&suites)
}

fn tls13(usual: ClientHello) -> ClientHello {
    let suites = [0x1301, 0x1302, 0x1303, 0x1304, 0x1305].map(CipherSuite);
    usual
        .with_versions(&[ProtocolVersion::TLS_1_3])
        .with_cipher_suites(&suites)
}

/// TLS 1.3 with these schemes alone to sign with.
///
/// Whoever answers has a key for them, since certificates may be signed with any (RFC 9846 §4.2.3).
fn signing(usual: ClientHello, schemes: &[SignatureScheme]) -> ClientHello {
    tls13(usual)
        .with_signature_schemes(schemes)
        .with_certificate_signature_schemes(SignatureScheme::KNOWN)
}

/// TLS 1.3 without a share, so that any group shows in a HelloRetryRequest (RFC 9846 §4.1.4).
fn shareless(usual: ClientHello, question: &CauseQuestion) -> ClientHello {
    let groups = match question {
        CauseQuestion::Tls13UsualGroups => usual.groups.clone(),
        _ => tls13_groups(),
    };
    tls13(usual)
        .with_signature_schemes(SignatureScheme::KNOWN)
        .with_groups(&groups, KeyShareOffer::Empty)
}

fn is_legacy(suite: CipherSuite) -> bool {
    use SuiteAuthentication as Au;
    use SuiteKeyExchange as Kx;

    matches!(suite.authentication(), Some(Au::Rsa | Au::Dss | Au::Ecdsa))
        && matches!(
            suite.key_exchange(),
            Some(Kx::Rsa | Kx::Dh | Kx::Dhe | Kx::Ecdh | Kx::Ecdhe)
        )
        && is_common(suite)
}

fn is_common(suite: CipherSuite) -> bool {
    let rare = ["ARIA", "CAMELLIA", "IDEA", "SEED", "FORTEZZA", "CCM_8"];
    suite
        .name()
        .is_some_and(|name| !rare.iter().any(|word| name.contains(word)))
}

/// The curves up to TLS 1.2, X448 too, those of current clients first (RFC 8422 §5.1.1, RFC 7027).
pub(crate) fn old_groups() -> Vec<NamedGroup> {
    let groups = NamedGroup::KNOWN.iter().copied();
    let mut groups: Vec<_> = groups.filter(|group| group.0 <= 0x1e).collect();
    groups.sort_by_key(|group| !matches!(group.0, 0x17 | 0x18 | 0x1d));
    groups
}

/// The groups of TLS 1.3: those that RFC 9846 §4.2.7 took out are not among them.
pub(crate) fn tls13_groups() -> Vec<NamedGroup> {
    let groups = NamedGroup::KNOWN.iter().copied();
    let mut groups: Vec<_> = groups
        .filter(|group| matches!(group.0, 0x17..=0x19 | 0x1d..=0x9999))
        .collect();
    // That of the key share is the first, or a server that goes by the order asks for another share.
    groups.sort_by_key(|group| match group.0 {
        0x1d => 0,
        0x17 | 0x18 => 1,
        _ => 2,
    });
    groups
}
