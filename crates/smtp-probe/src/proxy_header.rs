//! The header of the PROXY protocol, version 2, as the HAProxy specification of 2020-03-05 has it (§2.2).
//!
//! A proxy in front of a server says by it, before the first octet of the session, from where the connection came that it hands on.
//! A server that expects it serves nobody without.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What a header begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2 and the command LOCAL or PROXY.
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
/// TCP over IPv4 and over IPv6.
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

/// A header of the PROXY protocol, version 2.
///
/// # Examples
///
/// ```
/// use smtp_probe::ProxyHeader;
///
/// let header = ProxyHeader::tcp("192.0.2.1:40000".parse()?, "198.51.100.1:25".parse()?);
/// assert_eq!(header.to_octets().len(), 28);
/// assert_eq!(header.to_string(), "PROXY TCP4 192.0.2.1:40000 198.51.100.1:25");
/// assert_eq!(ProxyHeader::parse(&header.to_octets()), Some(header));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProxyHeader {
    /// From where to where; `None` for the command LOCAL.
    ends: Option<(SocketAddr, SocketAddr)>,
}

impl ProxyHeader {
    /// The command LOCAL: the connection is the proxy's own, as for a health check. The server takes the addresses of the connection
    /// itself.
    #[must_use]
    pub fn local() -> Self {
        Self { ends: None }
    }

    /// The command PROXY: a TCP connection that came from `source` to `destination`. If one of the two is IPv4 and the other IPv6, both
    /// are said as IPv6.
    #[must_use]
    pub fn tcp(source: SocketAddr, destination: SocketAddr) -> Self {
        Self {
            ends: Some((plain(source), plain(destination))),
        }
    }

    /// The octets.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let (command, family, body) = match self.ends {
            None => (LOCAL, 0, Vec::new()),
            Some((source, destination)) => {
                let (family, mut body) = match (source.ip(), destination.ip()) {
                    (IpAddr::V4(from), IpAddr::V4(to)) => {
                        (TCP4, [from.octets(), to.octets()].concat())
                    }
                    (from, to) => (TCP6, [v6(from), v6(to)].concat()),
                };
                body.extend(source.port().to_be_bytes());
                body.extend(destination.port().to_be_bytes());
                (PROXY, family, body)
            }
        };
        let mut octets = SIGNATURE.to_vec();
        octets.extend([command, family]);
        // 36 at the most.
        octets.extend(u16::try_from(body.len()).unwrap_or(0).to_be_bytes());
        octets.extend(body);
        octets
    }

    /// Reads a header that [`to_octets`](Self::to_octets) has made; `None` if it is another. Further fields (TLV) are not known here.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let rest = octets.strip_prefix(SIGNATURE)?;
        let (head, body) = rest.split_first_chunk::<4>()?;
        let [command, family, high, low] = *head;
        if usize::from(u16::from_be_bytes([high, low])) != body.len() {
            return None;
        }
        match (command, family) {
            (LOCAL, 0) if body.is_empty() => Some(Self::local()),
            (PROXY, TCP4) => {
                let (from, rest) = body.split_first_chunk::<4>()?;
                let (to, ports) = rest.split_first_chunk::<4>()?;
                Self::of_parts((*from).into(), (*to).into(), ports)
            }
            (PROXY, TCP6) => {
                let (from, rest) = body.split_first_chunk::<16>()?;
                let (to, ports) = rest.split_first_chunk::<16>()?;
                Self::of_parts((*from).into(), (*to).into(), ports)
            }
            _ => None,
        }
    }

    fn of_parts(from: IpAddr, to: IpAddr, ports: &[u8]) -> Option<Self> {
        let [a, b, c, d] = *ports.first_chunk::<4>().filter(|_| ports.len() == 4)?;
        let (from_port, to_port) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Some(Self {
            ends: Some((
                SocketAddr::new(from, from_port),
                SocketAddr::new(to, to_port),
            )),
        })
    }
}

/// Without scope and flow, which the header has no room for; IPv4 in IPv6 clothing as what it is.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

impl fmt::Display for ProxyHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ends {
            None => f.write_str("PROXY LOCAL"),
            Some((source, destination)) => {
                let both = source.is_ipv4() && destination.is_ipv4();
                let family = if both { "TCP4" } else { "TCP6" };
                write!(f, "PROXY {family} {source} {destination}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_octets_are_those_of_the_specification() {
        let header = ProxyHeader::tcp(address("192.0.2.1:40000"), address("198.51.100.9:25"));
        let expected =
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x09\x9c\x40\0\x19";
        assert_eq!(header.to_octets(), expected);
        assert_eq!(
            ProxyHeader::local().to_octets(),
            b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
        );
    }

    #[test]
    fn ipv6_and_mixed_ends_have_sixteen_octets_each() {
        let v6 = ProxyHeader::tcp(address("[2001:db8::1]:1"), address("[2001:db8::2]:25"));
        assert_eq!(v6.to_octets().len(), 16 + 36);
        assert_eq!(ProxyHeader::parse(&v6.to_octets()), Some(v6));
        let mixed = ProxyHeader::tcp(address("192.0.2.1:1"), address("[2001:db8::2]:25"));
        assert_eq!(mixed.to_octets()[12..16], [0x21, 0x21, 0, 36]);
        assert!(mixed.to_string().starts_with("PROXY TCP6"), "{mixed}");
        let mapped = ProxyHeader::tcp(address("[::ffff:192.0.2.1]:1"), address("192.0.2.2:25"));
        assert_eq!(mapped.to_octets().len(), 28);
    }

    #[test]
    fn other_octets_are_no_header() {
        let whole = ProxyHeader::tcp(address("192.0.2.1:1"), address("192.0.2.2:25")).to_octets();
        for end in 0..whole.len() {
            assert_eq!(ProxyHeader::parse(&whole[..end]), None, "{end}");
        }
        assert_eq!(ProxyHeader::parse(&[&whole[..], b"x"].concat()), None);
        assert_eq!(
            ProxyHeader::parse(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n"),
            None
        );
    }
}
