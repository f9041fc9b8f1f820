//! Who sends, for whom, and how much is asked.

use std::net::IpAddr;

/// What is checked: a client's address against one identity of a mail (RFC 7208 §4.1).
///
/// The texts come from the client and are taken as they are; a hostile one gives no worse than *none*.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Query {
    /// The client's address; an IPv4-mapped one is taken as IPv4 (RFC 7208 §5).
    pub ip: IpAddr,
    /// The local-part of the sender; `postmaster` if it has none (RFC 7208 §4.3).
    pub local_part: String,
    /// The domain of the sender, whose record is checked.
    pub domain: String,
    /// The name in HELO or EHLO, for `%{h}`.
    pub helo: String,
    /// The receiver's name, for `%{r}` in an explanation; without one, `unknown` (RFC 7208 §7.3).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub receiver: Option<String>,
    /// The time in seconds since 1970, for `%{t}` in an explanation; without one, `unknown`.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub timestamp: Option<u64>,
    /// How much is asked at the most.
    pub limits: Limits,
}

impl Query {
    /// The MAIL FROM identity (RFC 7208 §2.4): the reverse-path without its angle brackets.
    ///
    /// For the null reverse-path that is `postmaster` at the HELO name.
    #[must_use]
    pub fn mail_from(ip: IpAddr, reverse_path: &str, helo: &str) -> Self {
        if reverse_path.is_empty() {
            return Self::helo(ip, helo);
        }
        let (local_part, domain) = reverse_path.rsplit_once('@').unwrap_or(("", reverse_path));
        Self::new(ip, local_part, domain, helo)
    }

    /// The HELO identity (RFC 7208 §2.3).
    #[must_use]
    pub fn helo(ip: IpAddr, helo: &str) -> Self {
        Self::new(ip, "", helo, helo)
    }

    fn new(ip: IpAddr, local_part: &str, domain: &str, helo: &str) -> Self {
        let local_part = if local_part.is_empty() {
            "postmaster"
        } else {
            local_part
        };
        Self {
            ip,
            local_part: local_part.to_owned(),
            domain: domain.to_owned(),
            helo: helo.to_owned(),
            receiver: None,
            timestamp: None,
            limits: Limits::default(),
        }
    }
}

/// How much is asked at the most (RFC 7208 §4.6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Limits {
    /// Terms that ask the DNS: `include`, `a`, `mx`, `ptr`, `exists`, `redirect`, and `%{p}`. One more is a permerror.
    /// Includes nest at most 32 deep, whatever stands here.
    pub terms: u8,
    /// Terms that find nothing. One more is a permerror.
    pub void_lookups: u8,
    /// MX records of one name. One more is a permerror.
    pub mx_names: u8,
    /// Names of the client's address that are looked at; the rest is ignored.
    pub ptr_names: u8,
}

impl Default for Limits {
    /// 10 terms, 2 void lookups, 10 MX names and 10 names of the client.
    fn default() -> Self {
        Self {
            terms: 10,
            void_lookups: 2,
            mx_names: 10,
            ptr_names: 10,
        }
    }
}
