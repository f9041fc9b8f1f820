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
            $( $(#[$item_meta:meta])* $item:ident = $value:literal => $text:literal, )*
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
    /// A cipher suite (RFC 9846 §B.4 and the IANA registry).
    ///
    /// ```
    /// use tls_inspect::CipherSuite;
    ///
    /// assert_eq!(CipherSuite(0x1301).to_string(), "TLS_AES_128_GCM_SHA256 (0x1301)");
    /// ```
    CipherSuite(u16), "{} ({:#06x})" {
        TLS_AES_128_GCM_SHA256 = 0x1301 => "TLS_AES_128_GCM_SHA256",
        TLS_AES_256_GCM_SHA384 = 0x1302 => "TLS_AES_256_GCM_SHA384",
        TLS_CHACHA20_POLY1305_SHA256 = 0x1303 => "TLS_CHACHA20_POLY1305_SHA256",
        TLS_AES_128_CCM_SHA256 = 0x1304 => "TLS_AES_128_CCM_SHA256",
        TLS_AES_128_CCM_8_SHA256 = 0x1305 => "TLS_AES_128_CCM_8_SHA256",
        TLS_RSA_WITH_3DES_EDE_CBC_SHA = 0x000a => "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        TLS_RSA_WITH_AES_128_CBC_SHA = 0x002f => "TLS_RSA_WITH_AES_128_CBC_SHA",
        TLS_RSA_WITH_AES_256_CBC_SHA = 0x0035 => "TLS_RSA_WITH_AES_256_CBC_SHA",
        TLS_RSA_WITH_AES_128_GCM_SHA256 = 0x009c => "TLS_RSA_WITH_AES_128_GCM_SHA256",
        TLS_RSA_WITH_AES_256_GCM_SHA384 = 0x009d => "TLS_RSA_WITH_AES_256_GCM_SHA384",
        TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 = 0x009e => "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        TLS_DHE_RSA_WITH_AES_256_GCM_SHA384 = 0x009f => "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA = 0xc013 => "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA = 0xc014 => "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xc02b
            => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = 0xc02c
            => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = 0xc02f => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 = 0xc030 => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca8
            => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca9
            => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    }
}

wire_number! {
    /// A key exchange group (RFC 9846 §4.2.7 and the IANA registry).
    NamedGroup(u16), "{} ({:#06x})" {
        SECP256R1 = 0x0017 => "secp256r1",
        SECP384R1 = 0x0018 => "secp384r1",
        SECP521R1 = 0x0019 => "secp521r1",
        X25519 = 0x001d => "x25519",
        X448 = 0x001e => "x448",
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
    }
}

wire_number! {
    /// The algorithm of a signature made in a handshake (RFC 9846 §4.2.3).
    SignatureScheme(u16), "{} ({:#06x})" {
        RSA_PKCS1_SHA1 = 0x0201 => "rsa_pkcs1_sha1",
        ECDSA_SHA1 = 0x0203 => "ecdsa_sha1",
        RSA_PKCS1_SHA256 = 0x0401 => "rsa_pkcs1_sha256",
        ECDSA_SECP256R1_SHA256 = 0x0403 => "ecdsa_secp256r1_sha256",
        RSA_PKCS1_SHA384 = 0x0501 => "rsa_pkcs1_sha384",
        ECDSA_SECP384R1_SHA384 = 0x0503 => "ecdsa_secp384r1_sha384",
        RSA_PKCS1_SHA512 = 0x0601 => "rsa_pkcs1_sha512",
        ECDSA_SECP521R1_SHA512 = 0x0603 => "ecdsa_secp521r1_sha512",
        RSA_PSS_RSAE_SHA256 = 0x0804 => "rsa_pss_rsae_sha256",
        RSA_PSS_RSAE_SHA384 = 0x0805 => "rsa_pss_rsae_sha384",
        RSA_PSS_RSAE_SHA512 = 0x0806 => "rsa_pss_rsae_sha512",
        ED25519 = 0x0807 => "ed25519",
        ED448 = 0x0808 => "ed448",
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
        RECORD_OVERFLOW = 22 => "record_overflow",
        HANDSHAKE_FAILURE = 40 => "handshake_failure",
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
        PROTOCOL_VERSION = 70 => "protocol_version",
        INSUFFICIENT_SECURITY = 71 => "insufficient_security",
        INTERNAL_ERROR = 80 => "internal_error",
        INAPPROPRIATE_FALLBACK = 86 => "inappropriate_fallback",
        USER_CANCELED = 90 => "user_canceled",
        NO_RENEGOTIATION = 100 => "no_renegotiation",
        MISSING_EXTENSION = 109 => "missing_extension",
        UNSUPPORTED_EXTENSION = 110 => "unsupported_extension",
        UNRECOGNIZED_NAME = 112 => "unrecognized_name",
        BAD_CERTIFICATE_STATUS_RESPONSE = 113 => "bad_certificate_status_response",
        UNKNOWN_PSK_IDENTITY = 115 => "unknown_psk_identity",
        CERTIFICATE_REQUIRED = 116 => "certificate_required",
        NO_APPLICATION_PROTOCOL = 120 => "no_application_protocol",
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
        assert_eq!(CipherSuite(0xfeff).to_string(), "unknown (0xfeff)");
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
