//! Numbers of the TLS registries, held as received.
//!
//! Each is a newtype and not a closed enum, so a number that this crate has never heard of is
//! kept, compared and shown like any other. Names are those of the IANA "TLS Parameters"
//! registry (2026-10); only numbers that are met in practice have one.

use std::fmt;

macro_rules! wire_number {
    (
        $(#[$meta:meta])*
        $name:ident($repr:ty), $hex:literal {
            $( $(#[$item_meta:meta])* $item:ident = $value:literal => $text:expr, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(transparent))]
        #[expect(clippy::exhaustive_structs, reason = "the whole of the registry's number space")]
        pub struct $name(pub $repr);

        impl $name {
            $(
                $(#[$item_meta])*
                #[doc = concat!("`", $text, "`, number ", stringify!($value), ".")]
                pub const $item: Self = Self($value);
            )*

            /// Every number that has a name here, in the order of the table.
            pub const KNOWN: &'static [Self] = &[ $( Self($value), )* ];

            /// The registered name, if this crate knows it.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $( $value => Some($text), )*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => write!(f, $hex, name, self.0),
                    None => write!(f, $hex, "unknown", self.0),
                }
            }
        }
    };
}

pub(crate) use wire_number;

mod cipher_suites;
mod suite;

pub use self::cipher_suites::CipherSuite;
pub use self::suite::{SuiteAuthentication, SuiteKeyExchange};

/// A protocol version (RFC 9846 §4.2.1), such as `0x0304` for TLS 1.3.
///
/// ```
/// use tls_inspect::ProtocolVersion;
///
/// assert_eq!(ProtocolVersion::TLS_1_3.to_string(), "TLSv1.3");
/// assert_eq!(ProtocolVersion(0x0399).to_string(), "unknown (0x0399)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[expect(
    clippy::exhaustive_structs,
    reason = "the whole of the registry's number space"
)]
pub struct ProtocolVersion(pub u16);

impl ProtocolVersion {
    /// SSL 3.0 (RFC 6101), forbidden by RFC 7568.
    pub const SSL_3_0: Self = Self(0x0300);
    /// TLS 1.0 (RFC 2246), deprecated by RFC 8996.
    pub const TLS_1_0: Self = Self(0x0301);
    /// TLS 1.1 (RFC 4346), deprecated by RFC 8996.
    pub const TLS_1_1: Self = Self(0x0302);
    /// TLS 1.2 (RFC 5246).
    pub const TLS_1_2: Self = Self(0x0303);
    /// TLS 1.3 (RFC 9846).
    pub const TLS_1_3: Self = Self(0x0304);

    /// The name that OpenSSL and Postfix print, if this crate knows the version.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::SSL_3_0 => Some("SSLv3"),
            Self::TLS_1_0 => Some("TLSv1.0"),
            Self::TLS_1_1 => Some("TLSv1.1"),
            Self::TLS_1_2 => Some("TLSv1.2"),
            Self::TLS_1_3 => Some("TLSv1.3"),
            _ => None,
        }
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "unknown ({:#06x})", self.0),
        }
    }
}

wire_number! {
    /// A key exchange group (RFC 9846 §4.2.7 and the IANA registry).
    NamedGroup(u16), "{} ({:#06x})" {
        SECT163K1 = 0x0001 => "sect163k1",
        SECT163R1 = 0x0002 => "sect163r1",
        SECT163R2 = 0x0003 => "sect163r2",
        SECT193R1 = 0x0004 => "sect193r1",
        SECT193R2 = 0x0005 => "sect193r2",
        SECT233K1 = 0x0006 => "sect233k1",
        SECT233R1 = 0x0007 => "sect233r1",
        SECT239K1 = 0x0008 => "sect239k1",
        SECT283K1 = 0x0009 => "sect283k1",
        SECT283R1 = 0x000a => "sect283r1",
        SECT409K1 = 0x000b => "sect409k1",
        SECT409R1 = 0x000c => "sect409r1",
        SECT571K1 = 0x000d => "sect571k1",
        SECT571R1 = 0x000e => "sect571r1",
        SECP160K1 = 0x000f => "secp160k1",
        SECP160R1 = 0x0010 => "secp160r1",
        SECP160R2 = 0x0011 => "secp160r2",
        SECP192K1 = 0x0012 => "secp192k1",
        SECP192R1 = 0x0013 => "secp192r1",
        SECP224K1 = 0x0014 => "secp224k1",
        SECP224R1 = 0x0015 => "secp224r1",
        SECP256K1 = 0x0016 => "secp256k1",
        SECP256R1 = 0x0017 => "secp256r1",
        SECP384R1 = 0x0018 => "secp384r1",
        SECP521R1 = 0x0019 => "secp521r1",
        BRAINPOOL_P256R1 = 0x001a => "brainpoolP256r1",
        BRAINPOOL_P384R1 = 0x001b => "brainpoolP384r1",
        BRAINPOOL_P512R1 = 0x001c => "brainpoolP512r1",
        X25519 = 0x001d => "x25519",
        X448 = 0x001e => "x448",
        BRAINPOOL_P256R1_TLS13 = 0x001f => "brainpoolP256r1tls13",
        BRAINPOOL_P384R1_TLS13 = 0x0020 => "brainpoolP384r1tls13",
        BRAINPOOL_P512R1_TLS13 = 0x0021 => "brainpoolP512r1tls13",
        GC256A = 0x0022 => "GC256A",
        GC256B = 0x0023 => "GC256B",
        GC256C = 0x0024 => "GC256C",
        GC256D = 0x0025 => "GC256D",
        GC512A = 0x0026 => "GC512A",
        GC512B = 0x0027 => "GC512B",
        GC512C = 0x0028 => "GC512C",
        CURVE_SM2 = 0x0029 => "curveSM2",
        FFDHE2048 = 0x0100 => "ffdhe2048",
        FFDHE3072 = 0x0101 => "ffdhe3072",
        FFDHE4096 = 0x0102 => "ffdhe4096",
        FFDHE6144 = 0x0103 => "ffdhe6144",
        FFDHE8192 = 0x0104 => "ffdhe8192",
        MLKEM512 = 0x0200 => "MLKEM512",
        MLKEM768 = 0x0201 => "MLKEM768",
        MLKEM1024 = 0x0202 => "MLKEM1024",
        SECP256R1_MLKEM768 = 0x11eb => "SecP256r1MLKEM768",
        X25519_MLKEM768 = 0x11ec => "X25519MLKEM768",
        SECP384R1_MLKEM1024 = 0x11ed => "SecP384r1MLKEM1024",
        CURVE_SM2_MLKEM768 = 0x11ee => "curveSM2MLKEM768",
        X25519_KYBER768_DRAFT00 = 0x6399 => "X25519Kyber768Draft00",
        SECP256R1_KYBER768_DRAFT00 = 0x639a => "SecP256r1Kyber768Draft00",
        ARBITRARY_EXPLICIT_PRIME_CURVES = 0xff01 => "arbitrary_explicit_prime_curves",
        ARBITRARY_EXPLICIT_CHAR2_CURVES = 0xff02 => "arbitrary_explicit_char2_curves",
    }
}

wire_number! {
    /// The algorithm of a signature made in a handshake (RFC 9846 §4.2.3).
    SignatureScheme(u16), "{} ({:#06x})" {
        RSA_PKCS1_MD5 = 0x0101 => "rsa_pkcs1_md5",
        DSA_SHA1 = 0x0202 => "dsa_sha1",
        RSA_PKCS1_SHA1 = 0x0201 => "rsa_pkcs1_sha1",
        ECDSA_SHA1 = 0x0203 => "ecdsa_sha1",
        RSA_PKCS1_SHA224 = 0x0301 => "rsa_pkcs1_sha224",
        DSA_SHA224 = 0x0302 => "dsa_sha224",
        ECDSA_SHA224 = 0x0303 => "ecdsa_sha224",
        RSA_PKCS1_SHA256 = 0x0401 => "rsa_pkcs1_sha256",
        DSA_SHA256 = 0x0402 => "dsa_sha256",
        ECDSA_SECP256R1_SHA256 = 0x0403 => "ecdsa_secp256r1_sha256",
        RSA_PKCS1_SHA384 = 0x0501 => "rsa_pkcs1_sha384",
        DSA_SHA384 = 0x0502 => "dsa_sha384",
        ECDSA_SECP384R1_SHA384 = 0x0503 => "ecdsa_secp384r1_sha384",
        RSA_PKCS1_SHA512 = 0x0601 => "rsa_pkcs1_sha512",
        DSA_SHA512 = 0x0602 => "dsa_sha512",
        ECDSA_SECP521R1_SHA512 = 0x0603 => "ecdsa_secp521r1_sha512",
        SM2SIG_SM3 = 0x0708 => "sm2sig_sm3",
        RSA_PSS_RSAE_SHA256 = 0x0804 => "rsa_pss_rsae_sha256",
        RSA_PSS_RSAE_SHA384 = 0x0805 => "rsa_pss_rsae_sha384",
        RSA_PSS_RSAE_SHA512 = 0x0806 => "rsa_pss_rsae_sha512",
        ED25519 = 0x0807 => "ed25519",
        ED448 = 0x0808 => "ed448",
        RSA_PSS_PSS_SHA256 = 0x0809 => "rsa_pss_pss_sha256",
        RSA_PSS_PSS_SHA384 = 0x080a => "rsa_pss_pss_sha384",
        RSA_PSS_PSS_SHA512 = 0x080b => "rsa_pss_pss_sha512",
        ECDSA_BRAINPOOL_P256R1_TLS13_SHA256 = 0x081a
            => "ecdsa_brainpoolP256r1tls13_sha256",
        ECDSA_BRAINPOOL_P384R1_TLS13_SHA384 = 0x081b
            => "ecdsa_brainpoolP384r1tls13_sha384",
        ECDSA_BRAINPOOL_P512R1_TLS13_SHA512 = 0x081c
            => "ecdsa_brainpoolP512r1tls13_sha512",
        ML_DSA_44 = 0x0904 => "mldsa44",
        ML_DSA_65 = 0x0905 => "mldsa65",
        ML_DSA_87 = 0x0906 => "mldsa87",
    }
}

wire_number! {
    /// The level of an alert (RFC 9846 §6).
    AlertLevel(u8), "{} ({})" {
        WARNING = 1 => "warning",
        FATAL = 2 => "fatal",
    }
}

wire_number! {
    /// The description of an alert (RFC 9846 §6).
    ///
    /// ```
    /// use tls_inspect::AlertDescription;
    ///
    /// assert_eq!(AlertDescription(40).to_string(), "handshake_failure (40)");
    /// ```
    AlertDescription(u8), "{} ({})" {
        CLOSE_NOTIFY = 0 => "close_notify",
        UNEXPECTED_MESSAGE = 10 => "unexpected_message",
        BAD_RECORD_MAC = 20 => "bad_record_mac",
        DECRYPTION_FAILED = 21 => "decryption_failed",
        RECORD_OVERFLOW = 22 => "record_overflow",
        DECOMPRESSION_FAILURE = 30 => "decompression_failure",
        HANDSHAKE_FAILURE = 40 => "handshake_failure",
        NO_CERTIFICATE = 41 => "no_certificate",
        BAD_CERTIFICATE = 42 => "bad_certificate",
        UNSUPPORTED_CERTIFICATE = 43 => "unsupported_certificate",
        CERTIFICATE_REVOKED = 44 => "certificate_revoked",
        CERTIFICATE_EXPIRED = 45 => "certificate_expired",
        CERTIFICATE_UNKNOWN = 46 => "certificate_unknown",
        ILLEGAL_PARAMETER = 47 => "illegal_parameter",
        UNKNOWN_CA = 48 => "unknown_ca",
        ACCESS_DENIED = 49 => "access_denied",
        DECODE_ERROR = 50 => "decode_error",
        DECRYPT_ERROR = 51 => "decrypt_error",
        EXPORT_RESTRICTION = 60 => "export_restriction",
        PROTOCOL_VERSION = 70 => "protocol_version",
        INSUFFICIENT_SECURITY = 71 => "insufficient_security",
        INTERNAL_ERROR = 80 => "internal_error",
        INAPPROPRIATE_FALLBACK = 86 => "inappropriate_fallback",
        USER_CANCELED = 90 => "user_canceled",
        NO_RENEGOTIATION = 100 => "no_renegotiation",
        MISSING_EXTENSION = 109 => "missing_extension",
        UNSUPPORTED_EXTENSION = 110 => "unsupported_extension",
        CERTIFICATE_UNOBTAINABLE = 111 => "certificate_unobtainable",
        UNRECOGNIZED_NAME = 112 => "unrecognized_name",
        BAD_CERTIFICATE_STATUS_RESPONSE = 113 => "bad_certificate_status_response",
        BAD_CERTIFICATE_HASH_VALUE = 114 => "bad_certificate_hash_value",
        UNKNOWN_PSK_IDENTITY = 115 => "unknown_psk_identity",
        CERTIFICATE_REQUIRED = 116 => "certificate_required",
        GENERAL_ERROR = 117 => "general_error",
        NO_APPLICATION_PROTOCOL = 120 => "no_application_protocol",
        ECH_REQUIRED = 121 => "ech_required",
    }
}

/// An alert received from the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Alert {
    /// The level, if the layer that read the alert kept it. TLS 1.3 gives it no meaning
    /// (RFC 9846 §6).
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub level: Option<AlertLevel>,
    /// What the alert says.
    pub description: AlertDescription,
}

impl Alert {
    /// An alert of this description, its level unknown.
    #[must_use]
    pub const fn new(description: AlertDescription) -> Self {
        Self {
            level: None,
            description,
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "alert {}", self.description)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_numbers_are_kept_and_shown() {
        assert_eq!(CipherSuite(0x1399).to_string(), "unknown (0x1399)");
        assert_eq!(NamedGroup(0x11ec).to_string(), "X25519MLKEM768 (0x11ec)");
        assert_eq!(AlertDescription(255).to_string(), "unknown (255)");
        assert_eq!(
            Alert::new(AlertDescription::UNKNOWN_CA).to_string(),
            "alert unknown_ca (48)"
        );
    }

    #[cfg(feature = "serde")]
    #[test]
    fn numbers_are_numbers_in_json() {
        assert_eq!(
            serde_json::to_string(&ProtocolVersion::TLS_1_3).unwrap(),
            "772"
        );
        let alert: Alert = serde_json::from_str(r#"{"description":40}"#).unwrap();
        assert_eq!(alert, Alert::new(AlertDescription::HANDSHAKE_FAILURE));
    }
}
