//! What the hellos of scans and diagnoses offer.

use sha2::{Digest as _, Sha256};

use crate::SignatureScheme;
use crate::{CipherSuite, ClientHello, DnsId, KeyShareOffer, NamedGroup, ProtocolVersion};

/// The versions asked about, the most telling first.
pub(crate) const VERSIONS: [ProtocolVersion; 5] = [
    ProtocolVersion::TLS_1_3,
    ProtocolVersion::TLS_1_2,
    ProtocolVersion::TLS_1_0,
    ProtocolVersion::TLS_1_1,
    ProtocolVersion::SSL_3_0,
];

/// The most suites in one hello: some servers fail at more.
pub(super) const CHUNK: usize = 64;

/// The suites of TLS 1.3 (RFC 9846 §B.4).
pub(crate) const TLS13: &[u16] = &[0x1301, 0x1302, 0x1303, 0x1304, 0x1305];

/// ECDHE with an AEAD that current libraries speak.
pub(crate) const MODERN: &[u16] = &[0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8];

/// ECDHE signed with ECDSA or EdDSA.
pub(crate) const ECDHE_ECDSA: &[u16] = &[
    0xc02b, 0xc02c, 0xcca9, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xc023, 0xc024, 0xc009, 0xc00a, 0xc05c,
    0xc05d, 0xc086, 0xc087, 0xc048, 0xc049, 0xc072, 0xc073, 0xc008, 0xc007, 0xc006,
];

/// ECDHE signed with RSA.
pub(crate) const ECDHE_RSA: &[u16] = &[
    0xc02f, 0xc030, 0xcca8, 0xc027, 0xc028, 0xc013, 0xc014, 0xc060, 0xc061, 0xc08a, 0xc08b, 0xc04c,
    0xc04d, 0xc076, 0xc077, 0xc012, 0xc011, 0xc010,
];

/// Finite-field Diffie-Hellman signed with RSA.
pub(crate) const DHE_RSA: &[u16] = &[
    0x009e, 0x009f, 0xccaa, 0x0067, 0x006b, 0x0033, 0x0039, 0xc09e, 0xc09f, 0xc0a2, 0xc0a3, 0x0045,
    0x0088, 0x00be, 0x00c4, 0xc052, 0xc053, 0xc07c, 0xc07d, 0xc044, 0xc045, 0x009a, 0x0016, 0x0015,
    0x0014,
];

/// Finite-field Diffie-Hellman signed with DSS.
pub(crate) const DHE_DSS: &[u16] = &[
    0x00a2, 0x00a3, 0x0040, 0x006a, 0x0032, 0x0038, 0x0044, 0x0087, 0x00bd, 0x00c3, 0xc056, 0xc057,
    0xc080, 0xc081, 0xc042, 0xc043, 0x0099, 0x0013, 0x0012, 0x0011, 0x0066, 0x0065, 0x0063,
];

/// Key transport with the certificate's RSA key: no forward secrecy.
pub(crate) const RSA: &[u16] = &[
    0x009c, 0x009d, 0x003c, 0x003d, 0x002f, 0x0035, 0x000a, 0xc09c, 0xc09d, 0xc0a0, 0xc0a1, 0x0041,
    0x0084, 0x00ba, 0x00c0, 0xc050, 0xc051, 0xc07a, 0xc07b, 0xc03c, 0xc03d, 0x0096, 0x0007, 0x0005,
    0x0004, 0x0009, 0x0003, 0x0006, 0x0008, 0x0060, 0x0061, 0x0062, 0x0064, 0x0001, 0x0002, 0x003b,
];

/// Without a certificate.
pub(crate) const ANONYMOUS: &[u16] = &[
    0xc018, 0xc019, 0xc017, 0xc016, 0xc015, 0x00a6, 0x00a7, 0x006c, 0x006d, 0x0034, 0x003a, 0x001b,
    0x0018, 0x0017, 0x0019, 0x001a, 0x0046, 0x0089, 0x00bf, 0x00c5, 0x009b, 0xc046, 0xc047, 0xc05a,
    0xc05b, 0xc084, 0xc085,
];

/// With the key in a Diffie-Hellman certificate, and of GOST: hardly ever met.
const RARE: &[u16] = &[
    0xc001, 0xc002, 0xc003, 0xc004, 0xc005, 0xc00b, 0xc00c, 0xc00d, 0xc00e, 0xc00f, 0xc025, 0xc026,
    0xc029, 0xc02a, 0xc02d, 0xc02e, 0xc031, 0xc032, 0xc04a, 0xc04b, 0xc04e, 0xc04f, 0xc05e, 0xc05f,
    0xc062, 0xc063, 0xc074, 0xc075, 0xc078, 0xc079, 0xc088, 0xc089, 0xc08c, 0xc08d, 0x000b, 0x000c,
    0x000d, 0x000e, 0x000f, 0x0010, 0x0030, 0x0031, 0x0036, 0x0037, 0x003e, 0x003f, 0x0068, 0x0069,
    0x00a0, 0x00a1, 0x00a4, 0x00a5, 0x0042, 0x0043, 0x0085, 0x0086, 0x00bb, 0x00bc, 0x00c1, 0x00c2,
    0x0097, 0x0098, 0xc03e, 0xc03f, 0xc040, 0xc041, 0xc054, 0xc055, 0xc058, 0xc059, 0xc07e, 0xc07f,
    0xc082, 0xc083, 0x0081, 0x0083, 0xc100, 0xc101, 0xc102,
];

/// The suites that nearly every server up to TLS 1.2 has one of, the strongest first: 64, so
/// that the order of a usual server is seen in one chunk.
const COMMON: &[u16] = &[
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xc023, 0xc027,
    0xc024, 0xc028, 0xc009, 0xc013, 0xc00a, 0xc014, 0xc05c, 0xc05d, 0xc060, 0xc061, 0xc072, 0xc073,
    0xc076, 0xc077, 0x009e, 0x009f, 0xccaa, 0xc09e, 0xc09f, 0x0067, 0x006b, 0x0033, 0x0039, 0xc052,
    0xc053, 0x0045, 0x0088, 0x00be, 0x00c4, 0x009c, 0x009d, 0xc09c, 0xc09d, 0xc0a0, 0xc0a1, 0x003c,
    0x003d, 0x002f, 0x0035, 0x0041, 0x0084, 0x00ba, 0x00c0, 0xc050, 0xc051, 0xc012, 0xc008, 0x0016,
    0x000a, 0xc011, 0x0005, 0x0004,
];

/// As few as stand for every kind of suite with a certificate up to TLS 1.2, for a hello that
/// nearly any server of any age takes.
pub(crate) const LEGACY: &[u16] = &[
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc0ac, 0xc0ad, 0xc023, 0xc027, 0xc024, 0xc028,
    0xc009, 0xc013, 0xc00a, 0xc014, 0xc008, 0xc012, 0xc007, 0xc011, 0x009e, 0x009f, 0xccaa, 0xc09e,
    0xc09f, 0x0067, 0x006b, 0x0033, 0x0039, 0x0045, 0x0088, 0x0016, 0x0015, 0x00a2, 0x00a3, 0x0032,
    0x0038, 0x0013, 0x009c, 0x009d, 0xc09c, 0xc09d, 0x003c, 0x003d, 0x002f, 0x0035, 0x0041, 0x0084,
    0x0096, 0x000a, 0x0005, 0x0004, 0x0009, 0x0003, 0x0001, 0x0002, 0x003b,
];

/// The groups of TLS 1.3, post-quantum ones first: those of the registry that are in use, the
/// brainpool curves of RFC 8734, and the draft hybrid 0x6399 that was deployed before.
pub(crate) const GROUPS_13: &[u16] = &[
    0x11ec, 0x11eb, 0x11ed, 0x0201, 0x0202, 0x0200, 0x6399, 0x001d, 0x0017, 0x0018, 0x0019, 0x001e,
    0x001f, 0x0020, 0x0021, 0x0029, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104,
];

/// The curves up to TLS 1.2 (RFC 8422 §5.1.1, RFC 7027, and the old ones of RFC 4492).
pub(crate) const CURVES_12: &[u16] = &[
    0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x001a, 0x001b, 0x001c, 0x0016, 0x000e, 0x000d, 0x000c,
    0x000b, 0x000a, 0x0009, 0x0008, 0x0007, 0x0006, 0x0005, 0x0004, 0x0003, 0x0002, 0x0001, 0x000f,
    0x0010, 0x0011, 0x0012, 0x0013, 0x0014, 0x0015,
];

/// The groups that current clients offer.
pub(crate) const USUAL_GROUPS: &[u16] = &[0x001d, 0x0017, 0x0018];

/// What a server with an RSA certificate may sign with.
pub(super) const RSA_SCHEMES: &[u16] = &[
    0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0809, 0x080a, 0x080b, 0x0201,
];

/// What a server with a certificate of an elliptic curve may sign with.
pub(super) const ECDSA_SCHEMES: &[u16] = &[
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081a, 0x081b, 0x081c, 0x0203,
];

/// Every scheme that a certificate in use may need, DSS and ML-DSA too.
pub(crate) const ALL_SCHEMES: &[u16] = &[
    0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0603, 0x0806, 0x0601, 0x0807, 0x0808, 0x0809,
    0x080a, 0x080b, 0x081a, 0x081b, 0x081c, 0x0904, 0x0905, 0x0906, 0x0203, 0x0201, 0x0402, 0x0202,
];

/// The schemes of a current client: those of the `Recorder`.
pub(crate) const USUAL_SCHEMES: &[u16] = &[
    0x0503, 0x0403, 0x0603, 0x0807, 0x0806, 0x0805, 0x0804, 0x0601, 0x0501, 0x0401,
];

/// These numbers as suites.
pub(crate) fn suites(numbers: &[u16]) -> Vec<CipherSuite> {
    numbers.iter().copied().map(CipherSuite).collect()
}

/// These numbers as groups.
pub(crate) fn groups(numbers: &[u16]) -> Vec<NamedGroup> {
    numbers.iter().copied().map(NamedGroup).collect()
}

/// These numbers as signature schemes.
pub(crate) fn schemes(numbers: &[u16]) -> Vec<SignatureScheme> {
    numbers.iter().copied().map(SignatureScheme).collect()
}

/// The suites with ephemeral keys on curves.
pub(crate) fn ecdhe() -> Vec<CipherSuite> {
    let mut all = suites(ECDHE_ECDSA);
    all.extend(suites(ECDHE_RSA));
    all
}

/// The suites asked about under a version, in chunks. Those with pre-shared keys, Kerberos and
/// SRP are not among them: a server could use none with a stranger.
pub(super) fn suite_chunks(version: ProtocolVersion) -> Vec<Vec<CipherSuite>> {
    if version >= ProtocolVersion::TLS_1_3 {
        return vec![suites(TLS13)];
    }
    let rest = [
        ECDHE_ECDSA,
        ECDHE_RSA,
        DHE_RSA,
        RSA,
        ANONYMOUS,
        DHE_DSS,
        RARE,
    ]
    .into_iter()
    .flatten()
    .filter(|number| !COMMON.contains(number));
    let wanted: Vec<CipherSuite> = COMMON
        .iter()
        .chain(rest)
        .copied()
        .map(CipherSuite)
        .filter(|suite| version >= ProtocolVersion::TLS_1_2 || !needs_tls12(*suite))
        .collect();
    wanted.chunks(CHUNK).map(<[CipherSuite]>::to_vec).collect()
}

/// Whether a suite is defined for TLS 1.2 only: AEAD (RFC 5288 §4) and those with a hash other
/// than SHA-1 (RFC 5246 §A.5, RFC 5289 §3).
fn needs_tls12(CipherSuite(number): CipherSuite) -> bool {
    matches!(
        number,
        0x003b..=0x0040
            | 0x0067..=0x006d
            | 0x009c..=0x00a7
            | 0x00ba..=0x00c5
            | 0xc023..=0xc032
            | 0xc03c..=0xc0af
            | 0xc100..=0xc102
            | 0xcca8..=0xccaa
    )
}

/// Makes hellos that differ in one thing each.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) server_name: Option<DnsId>,
    pub(crate) random: [u8; 32],
}

impl Template {
    /// A hello of these versions and suites that is otherwise as usual. `number` makes its
    /// `random` its own.
    pub(crate) fn hello(
        &self,
        number: u32,
        versions: &[ProtocolVersion],
        cipher_suites: Vec<CipherSuite>,
    ) -> ClientHello {
        // SSL 3.0 has no extensions, and some of its servers fail at any.
        let has_extensions = versions != [ProtocolVersion::SSL_3_0];
        let is_at_most_12 = !versions.contains(&ProtocolVersion::TLS_1_3);
        ClientHello {
            versions: versions.to_vec(),
            cipher_suites,
            groups: match (has_extensions, is_at_most_12) {
                (false, _) => Vec::new(),
                (true, true) => groups(CURVES_12.get(..8).unwrap_or_default()),
                (true, false) => groups(USUAL_GROUPS),
            },
            key_share: KeyShareOffer::X25519,
            signature_schemes: schemes(ALL_SCHEMES),
            server_name: self.server_name.clone().filter(|_| has_extensions),
            alpn: Vec::new(),
            offers_compression: false,
            offers_status_request: false,
            offers_extended_master_secret: has_extensions,
            offers_renegotiation_info: has_extensions,
            offers_fallback_scsv: false,
            least_length: 0,
            record_length: 0,
            random: self.random(number),
        }
    }

    /// The hello of a current client: TLS 1.2 and 1.3, some 250 octets.
    pub(crate) fn small(&self, number: u32) -> ClientHello {
        let versions = [ProtocolVersion::TLS_1_3, ProtocolVersion::TLS_1_2];
        let mut offered = suites(TLS13.get(..3).unwrap_or_default());
        offered.extend(suites(MODERN));
        let mut hello = self.hello(number, &versions, offered);
        hello.signature_schemes = schemes(USUAL_SCHEMES);
        hello
    }

    /// TLS 1.3 without a key share, so that any group shows in a HelloRetryRequest.
    pub(crate) fn shareless(&self, number: u32, offered: Vec<NamedGroup>) -> ClientHello {
        let mut hello = self.hello(number, &[ProtocolVersion::TLS_1_3], suites(TLS13));
        hello.groups = offered;
        hello.key_share = KeyShareOffer::Empty;
        hello
    }

    fn random(&self, number: u32) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.random);
        hash.update(number.to_be_bytes());
        hash.finalize().into()
    }
}
