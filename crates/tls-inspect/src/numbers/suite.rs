//! What the name of a cipher suite says of it.
//!
//! The registered names are regular (RFC 5246 §A.5): `TLS_`, the key exchange, `_WITH_`, the
//! cipher and the hash. Of a number without a name nothing is known, and nothing is said.

use crate::CipherSuite;

/// How a cipher suite agrees on a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SuiteKeyExchange {
    /// The client encrypts to the key of the certificate: whoever gets that key later reads all.
    Rsa,
    /// Finite-field Diffie-Hellman with the key of the certificate.
    Dh,
    /// Finite-field Diffie-Hellman with a key made for the occasion; anonymous suites too.
    Dhe,
    /// Diffie-Hellman on a curve with the key of the certificate.
    Ecdh,
    /// Diffie-Hellman on a curve with a key made for the occasion; anonymous suites too.
    Ecdhe,
    /// A key shared before, and nothing else.
    Psk,
    /// A key shared before, and [`Rsa`](Self::Rsa).
    RsaPsk,
    /// A key shared before, and [`Dhe`](Self::Dhe).
    DhePsk,
    /// A key shared before, and [`Ecdhe`](Self::Ecdhe).
    EcdhePsk,
    /// Left to the extensions, as in TLS 1.3 (RFC 9846 §4.1.1).
    Tls13,
    /// Something else: SRP, Kerberos, GOST, or none at all.
    Other,
}

/// What a cipher suite authenticates the server with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SuiteAuthentication {
    /// An RSA certificate.
    Rsa,
    /// A DSA certificate.
    Dss,
    /// A certificate with a key on a curve, EdDSA too (RFC 8422 §5.10).
    Ecdsa,
    /// Nothing: anyone can be the server.
    Anonymous,
    /// A key shared before.
    Psk,
    /// Left to the extensions, as in TLS 1.3.
    Tls13,
    /// Something else: SRP, Kerberos or GOST.
    Other,
}

impl CipherSuite {
    /// Every suite that has a name here: [`KNOWN`](Self::KNOWN) without the signaling values.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::KNOWN.iter().copied().filter(|suite| suite.is_suite())
    }

    /// Whether this is one of the two values that say something and name no cipher:
    /// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` (RFC 5746 §3.3) and `TLS_FALLBACK_SCSV` (RFC 7507).
    #[must_use]
    pub const fn is_signaling(self) -> bool {
        matches!(self.0, 0x00ff | 0x5600)
    }

    /// Whether this is one of the sixteen numbers that a client sends so that servers do not
    /// forget to ignore what they do not know (RFC 8701 §2).
    #[must_use]
    pub const fn is_grease(self) -> bool {
        let [high, low] = self.0.to_be_bytes();
        high == low && low & 0x0f == 0x0a
    }

    /// Whether this can be a cipher suite: neither a signaling value nor GREASE.
    #[must_use]
    pub const fn is_suite(self) -> bool {
        !self.is_signaling() && !self.is_grease()
    }

    /// Whether this is a suite of TLS 1.3, which no older version can use (RFC 9846 §B.4).
    #[must_use]
    pub fn is_tls13(self) -> bool {
        matches!(self.0, 0x00c6 | 0x00c7 | 0x1301..=0x13ff | 0xc0b4 | 0xc0b5 | 0xc103..=0xc106)
    }

    /// How it agrees on a key; `None` if the number has no name here or is no suite.
    #[must_use]
    pub fn key_exchange(self) -> Option<SuiteKeyExchange> {
        use SuiteKeyExchange as Kx;

        if self.is_tls13() {
            return Some(Kx::Tls13);
        }
        Some(match self.method()? {
            method if method.starts_with("DHE_PSK") || method == "PSK_DHE" => Kx::DhePsk,
            method if method.starts_with("ECDHE_PSK") => Kx::EcdhePsk,
            "RSA_PSK" => Kx::RsaPsk,
            "PSK" => Kx::Psk,
            "RSA" | "RSA_EXPORT" | "RSA_EXPORT1024" | "RSA_FIPS" => Kx::Rsa,
            "ECDH_anon" => Kx::Ecdhe,
            method if method.starts_with("DH_anon") => Kx::Dhe,
            method if method.starts_with("DHE_") => Kx::Dhe,
            method if method.starts_with("DH_") => Kx::Dh,
            method if method.starts_with("ECDHE_") => Kx::Ecdhe,
            method if method.starts_with("ECDH_") => Kx::Ecdh,
            _ => Kx::Other,
        })
    }

    /// What it authenticates the server with; `None` if the number has no name here or is no
    /// suite.
    #[must_use]
    pub fn authentication(self) -> Option<SuiteAuthentication> {
        use SuiteAuthentication as Au;

        if self.is_tls13() {
            return Some(Au::Tls13);
        }
        let method = self.method()?;
        let has = |part| method.split('_').any(|word| word == part);
        Some(if has("anon") || method == "NULL" {
            Au::Anonymous
        } else if method.starts_with("GOST") {
            Au::Other
        } else if has("RSA") {
            Au::Rsa
        } else if has("DSS") {
            Au::Dss
        } else if has("ECDSA") {
            Au::Ecdsa
        } else if has("PSK") {
            Au::Psk
        } else {
            Au::Other
        })
    }

    /// Whether a key that is stolen later opens no session of before. TLS 1.3 counts as such,
    /// as its handshake with certificates always is.
    #[must_use]
    pub fn is_forward_secret(self) -> bool {
        use SuiteKeyExchange as Kx;

        matches!(
            self.key_exchange(),
            Some(Kx::Dhe | Kx::Ecdhe | Kx::DhePsk | Kx::EcdhePsk | Kx::Tls13)
        )
    }

    /// Whether nothing authenticates the server.
    #[must_use]
    pub fn is_anonymous(self) -> bool {
        self.authentication() == Some(SuiteAuthentication::Anonymous)
    }

    /// Whether it encrypts and authenticates in one (RFC 5246 §6.2.3.3). Every suite of TLS 1.3
    /// does but the two of RFC 9150, which encrypt nothing.
    #[must_use]
    pub fn is_aead(self) -> bool {
        ["GCM", "CCM", "POLY1305", "MGM", "AEGIS"]
            .iter()
            .any(|mode| self.is_named_with(mode))
    }

    /// Whether it uses a block cipher in CBC mode.
    #[must_use]
    pub fn is_cbc(self) -> bool {
        // DES40_CBC, DES_CBC_40 and all others have the word.
        self.is_named_with("CBC")
    }

    /// Whether it uses RC4, forbidden by RFC 7465.
    #[must_use]
    pub fn is_rc4(self) -> bool {
        self.is_named_with("RC4")
    }

    /// Whether it uses triple DES, whose short blocks repeat (CVE-2016-2183).
    #[must_use]
    pub fn is_3des(self) -> bool {
        self.is_named_with("3DES")
    }

    /// Whether it encrypts nothing.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.is_named_with("NULL") || matches!(self.0, 0xc0b4 | 0xc0b5)
    }

    /// Whether it is one of those made weak for export, of 40 or 56 bits.
    #[must_use]
    pub fn is_export(self) -> bool {
        self.is_named_with("EXPORT") || self.is_named_with("EXPORT1024")
    }

    fn is_named_with(self, word: &str) -> bool {
        self.is_suite()
            && self
                .name()
                .is_some_and(|name| name.split('_').any(|part| part == word))
    }

    /// The part of the name between `TLS_` and `_WITH_`.
    fn method(self) -> Option<&'static str> {
        let (method, _) = self.name()?.split_once("_WITH_")?;
        Some(method.split_once('_')?.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(suite: CipherSuite, kx: SuiteKeyExchange, au: SuiteAuthentication, marks: &str) {
        assert_eq!(suite.key_exchange(), Some(kx), "{suite}");
        assert_eq!(suite.authentication(), Some(au), "{suite}");
        let found: Vec<_> = [
            (suite.is_forward_secret(), "fs"),
            (suite.is_tls13(), "tls13"),
            (suite.is_aead(), "aead"),
            (suite.is_cbc(), "cbc"),
            (suite.is_rc4(), "rc4"),
            (suite.is_3des(), "3des"),
            (suite.is_null(), "null"),
            (suite.is_export(), "export"),
            (suite.is_anonymous(), "anon"),
        ]
        .into_iter()
        .filter_map(|(is, mark)| is.then_some(mark))
        .collect();
        assert_eq!(found.join(" "), marks, "{suite}");
    }

    #[test]
    fn suites_are_what_their_names_say() {
        use SuiteAuthentication as Au;
        use SuiteKeyExchange as Kx;

        for (number, kx, au, marks) in [
            (0x1301, Kx::Tls13, Au::Tls13, "fs tls13 aead"),
            (0xc0b4, Kx::Tls13, Au::Tls13, "fs tls13 null"),
            (0x0000, Kx::Other, Au::Anonymous, "null anon"),
            (0x0003, Kx::Rsa, Au::Rsa, "rc4 export"),
            (0x0005, Kx::Rsa, Au::Rsa, "rc4"),
            (0x000a, Kx::Rsa, Au::Rsa, "cbc 3des"),
            (0x0013, Kx::Dhe, Au::Dss, "fs cbc 3des"),
            (0x0014, Kx::Dhe, Au::Rsa, "fs cbc export"),
            (0x0018, Kx::Dhe, Au::Anonymous, "fs rc4 anon"),
            (0x0019, Kx::Dhe, Au::Anonymous, "fs cbc export anon"),
            (0x0031, Kx::Dh, Au::Rsa, "cbc"),
            (0x003b, Kx::Rsa, Au::Rsa, "null"),
            (0x0062, Kx::Rsa, Au::Rsa, "cbc export"),
            (0x009e, Kx::Dhe, Au::Rsa, "fs aead"),
            (0x00a8, Kx::Psk, Au::Psk, "aead"),
            (0xc004, Kx::Ecdh, Au::Ecdsa, "cbc"),
            (0xc00f, Kx::Ecdh, Au::Rsa, "cbc"),
            (0xc018, Kx::Ecdhe, Au::Anonymous, "fs cbc anon"),
            (0xc01e, Kx::Other, Au::Rsa, "cbc"),
            (0xc02b, Kx::Ecdhe, Au::Ecdsa, "fs aead"),
            (0xc033, Kx::EcdhePsk, Au::Psk, "fs rc4"),
            (0xc0aa, Kx::DhePsk, Au::Psk, "fs aead"),
            (0xccae, Kx::RsaPsk, Au::Rsa, "aead"),
            (0x001e, Kx::Other, Au::Other, "cbc"),
            (0x0081, Kx::Other, Au::Other, ""),
            (0xff00, Kx::Other, Au::Other, ""),
        ] {
            check(CipherSuite(number), kx, au, marks);
        }
    }

    #[test]
    fn nothing_is_said_of_a_suite_without_a_name() {
        let suite = CipherSuite(0xeeee);
        assert_eq!((suite.key_exchange(), suite.authentication()), (None, None));
        assert!(!suite.is_forward_secret() && !suite.is_cbc() && !suite.is_anonymous());
    }

    #[test]
    fn item_73_signaling_values_and_grease_are_no_suites() {
        for number in [0x00ff, 0x5600, 0x0a0a, 0x1a1a, 0xfafa] {
            let suite = CipherSuite(number);
            assert!(!suite.is_suite(), "{suite}");
            assert!(CipherSuite::all().all(|other| other != suite), "{suite}");
            assert_eq!(suite.key_exchange(), None, "{suite}");
        }
        assert!(CipherSuite(0x0a1a).is_suite() && CipherSuite(0x0b0b).is_suite());
        assert_eq!(
            CipherSuite(0x5600).to_string(),
            "TLS_FALLBACK_SCSV (0x5600)"
        );
        assert_eq!(CipherSuite::all().count(), CipherSuite::KNOWN.len() - 2);
    }

    #[test]
    fn the_table_is_in_order_and_every_suite_in_it_is_classified() {
        assert!(CipherSuite::KNOWN.is_sorted_by(|a, b| a < b));
        assert!(CipherSuite::KNOWN.len() > 370);
        for suite in CipherSuite::all() {
            assert!(suite.key_exchange().is_some(), "{suite}");
            assert!(suite.authentication().is_some(), "{suite}");
        }
    }
}
