//! What an IP address is reserved for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The special purpose of an address, if it has one (IANA *IPv4* and *IPv6 Special-Purpose Address
/// Registries*, RFC 6890; as of 2025-10-09).
///
/// Mail hosts are on [global](Self::Global) addresses. Anything else in an answer is a mistake or an attempt to
/// make the caller contact its own network, so a caller that follows names refuses all else unless told otherwise.
///
/// # Examples
///
/// ```
/// use mail_dns::AddressScope;
///
/// assert_eq!(AddressScope::of("9.9.9.9".parse()?), AddressScope::Global);
/// assert_eq!(AddressScope::of("10.0.0.1".parse()?), AddressScope::Private);
/// // An IPv4 address in IPv6 clothing is judged as what it is.
/// assert_eq!(AddressScope::of("::ffff:127.0.0.1".parse()?), AddressScope::Loopback);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AddressScope {
    /// Reachable from anywhere.
    Global,
    /// This host: `127.0.0.0/8`, `::1`.
    Loopback,
    /// A private network: RFC 1918, shared space of RFC 6598, unique local of RFC 4193.
    Private,
    /// This link: `169.254.0.0/16`, `fe80::/10`.
    LinkLocal,
    /// No address: `0.0.0.0/8`, `::`.
    Unspecified,
    /// A group of hosts.
    Multicast,
    /// For documentation only: RFC 5737, RFC 3849, RFC 9637.
    Documentation,
    /// Set aside otherwise: benchmarking, protocol assignments, future use, broadcast.
    Reserved,
}

impl AddressScope {
    /// The scope of `address`; IPv4 embedded in IPv6 (mapped, NAT64 of RFC 6052, 6to4) is judged as that IPv4 address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => scope_v4(address),
            IpAddr::V6(address) => embedded_v4(address).map_or_else(|| scope_v6(address), scope_v4),
        }
    }
}

impl fmt::Display for AddressScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Global => "global",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Documentation => "documentation",
            Self::Reserved => "reserved",
        })
    }
}

fn scope_v4(address: Ipv4Addr) -> AddressScope {
    match address.octets() {
        [0, ..] => AddressScope::Unspecified,
        [127, ..] => AddressScope::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => {
            AddressScope::Private
        }
        [169, 254, ..] => AddressScope::LinkLocal,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => AddressScope::Documentation,
        // Two anycast addresses in 192.0.0.0/24 are globally reachable (RFC 7723, RFC 8155).
        [192, 0, 0, 9 | 10] => AddressScope::Global,
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] => AddressScope::Reserved,
        [224..=239, ..] => AddressScope::Multicast,
        [240..=255, ..] => AddressScope::Reserved,
        _ => AddressScope::Global,
    }
}

fn scope_v6(address: Ipv6Addr) -> AddressScope {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressScope::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressScope::Loopback,
        [0xfc00..=0xfdff, ..] => AddressScope::Private,
        [0xfe80..=0xfebf, ..] => AddressScope::LinkLocal,
        [0xff00..=0xffff, ..] => AddressScope::Multicast,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => AddressScope::Documentation,
        // Teredo, ORCHID and the rest of the protocol assignments (RFC 2928).
        [0x2001, 0..=0x01ff, ..] => AddressScope::Reserved,
        // Only 2000::/3 is allocated as global unicast (IANA, IPv6 Address Space).
        [0x2000..=0x3fff, ..] => AddressScope::Global,
        _ => AddressScope::Reserved,
    }
}

/// The IPv4 address that an IPv6 address stands for.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(join(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, scope: AddressScope) {
        assert_eq!(
            AddressScope::of(address.parse().expect("an address")),
            scope,
            "{address}"
        );
    }

    #[test]
    fn ipv4() {
        check("8.8.8.8", AddressScope::Global);
        check("127.1.2.3", AddressScope::Loopback);
        check("172.15.255.255", AddressScope::Global);
        check("172.16.0.0", AddressScope::Private);
        check("172.32.0.0", AddressScope::Global);
        check("100.64.0.1", AddressScope::Private);
        check("169.254.169.254", AddressScope::LinkLocal);
        check("0.0.0.0", AddressScope::Unspecified);
        check("203.0.113.9", AddressScope::Documentation);
        check("198.18.0.1", AddressScope::Reserved);
        check("255.255.255.255", AddressScope::Reserved);
        check("239.0.0.1", AddressScope::Multicast);
    }

    #[test]
    fn ipv6() {
        check("2600::1", AddressScope::Global);
        check("::1", AddressScope::Loopback);
        check("::", AddressScope::Unspecified);
        check("fe80::1", AddressScope::LinkLocal);
        check("fec0::1", AddressScope::Reserved);
        check("fd00::1", AddressScope::Private);
        check("2001:db8::1", AddressScope::Documentation);
        check("3fff:fff::1", AddressScope::Documentation);
        check("2001::1", AddressScope::Reserved);
        check("4000::1", AddressScope::Reserved);
    }

    #[test]
    fn ipv4_inside_ipv6_does_not_pass_the_guard() {
        check("::ffff:10.0.0.1", AddressScope::Private);
        check("::ffff:8.8.8.8", AddressScope::Global);
        check("64:ff9b::7f00:1", AddressScope::Loopback);
        check("2002:a00:1::", AddressScope::Private);
    }
}
