//! Whom to ask, and within which limits.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use crate::DomainName;

/// The port of DNS (RFC 1035 §4.2).
const DNS_PORT: u16 = 53;

/// How a [`StubResolver`](super::StubResolver) asks; every field may be changed.
///
/// # Limits
///
/// Each figure below is the default.
///
/// | what | limit | why |
/// | --- | --- | --- |
/// | one attempt | 2 s | a datagram lost is asked again soon |
/// | one question, with all attempts and aliases | 8 s | a caller waits for many questions |
/// | rounds over the servers | 2 | |
/// | questions in flight | 512 | the others wait their turn, within their own deadline |
/// | UDP payload | 1232 octets | fits the least MTU of IPv6, 1280 (RFC 8200 §5), so it comes in one piece; what is longer comes over TCP |
/// | TCP message | 65,535 octets | RFC 1035 §4.2.2 |
/// | datagrams that answer another question | 64 an attempt | then the attempt has failed |
/// | memory for cached answers | 64 MiB, and 64 KiB each | what does not fit leaves early, or is not kept |
/// | cached for | 1 day, denials for 3 hours | RFC 2308 §5 |
/// | idle sockets | 32 a server | each asks 64 questions at most, then a new port is drawn |
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use mail_dns::stub::{Server, StubConfig};
///
/// let mut config = StubConfig::new(["127.0.0.1".parse::<Server>()?, "192.0.2.53:5353".parse()?]);
/// config.deadline = Duration::from_secs(5);
/// assert!(config.servers[0].trusted, "loopback");
/// assert!(!config.servers[1].trusted, "anyone on the way could set the AD bit");
/// # Ok::<(), mail_dns::stub::ServerParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StubConfig {
    /// The recursive resolvers to ask; questions take turns in where they start.
    pub servers: Vec<Server>,
    /// How long one server has for one message; the same again over TCP.
    pub attempt_timeout: Duration,
    /// How long a question may take, whatever happens.
    pub deadline: Duration,
    /// How many times each server is asked before the question has failed; 1 to 10 are taken.
    pub rounds: u32,
    /// The UDP payload size offered by EDNS; 512 to 4096 are taken.
    pub udp_payload: u16,
    /// How many octets of memory the cache takes at the most, its tables among them; with less than 1 KiB it is off. Some 700 octets are a
    /// small answer.
    pub cache_octets: usize,
    /// For how long an answer is cached at most. Reported TTLs are not touched.
    pub max_ttl: Duration,
    /// For how long a denial is cached at most. Reported TTLs are not touched.
    pub max_negative_ttl: Duration,
    /// How many questions are in flight at a time; at least 1 is taken.
    pub max_in_flight: usize,
    /// Whether servers are asked to find the answer out (RD): recursive resolvers want it, authoritative servers do not do it.
    pub recursion_desired: bool,
    /// How servers that are asked over TLS or HTTPS are authenticated; without it they cannot be asked.
    #[cfg(feature = "dns-over-tls")]
    pub tls: Option<super::TlsClient>,
}

impl StubConfig {
    /// The defaults, with these servers.
    #[must_use]
    pub fn new(servers: impl IntoIterator<Item = impl Into<Server>>) -> Self {
        Self {
            servers: servers.into_iter().map(Into::into).collect(),
            attempt_timeout: Duration::from_secs(2),
            deadline: Duration::from_secs(8),
            rounds: 2,
            udp_payload: 1232,
            cache_octets: 64 << 20,
            max_ttl: Duration::from_secs(24 * 60 * 60),
            max_negative_ttl: Duration::from_secs(3 * 60 * 60),
            max_in_flight: 512,
            recursion_desired: true,
            #[cfg(feature = "dns-over-tls")]
            tls: None,
        }
    }
}

/// A recursive resolver.
///
/// As text it is an address, with a port where it is not the usual one: `127.0.0.1`, `127.0.0.1:5353`, `::1`, `[::1]:5353`. A name behind a number sign
/// asks over TLS (`192.0.2.53#dns.example`), and a path behind that over HTTPS (`192.0.2.53#dns.example/dns-query`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Server {
    /// Where it answers, over UDP and TCP.
    pub address: SocketAddr,
    /// Whether nobody between here and there can change a message, so that its AD bit means something
    /// (RFC 4035 §4.9.3).
    pub trusted: bool,
    /// How it is asked.
    pub protocol: Protocol,
}

/// How a server is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// Over UDP, and over TCP what is too long for that, on port 53.
    #[default]
    Plain,
    /// Over TLS, on port 853 (RFC 7858). Needs the feature `dns-over-tls`, and [`StubConfig`]'s `tls`.
    Tls {
        /// The name that the server's certificate must have.
        name: DomainName,
    },
    /// Over HTTPS, on port 443 (RFC 8484). Needs the feature `dns-over-https`, and [`StubConfig`]'s `tls`.
    Https {
        /// The name that the server's certificate must have, and the request is for.
        name: DomainName,
        /// The path, such as `/dns-query`.
        path: String,
    },
}

impl Protocol {
    /// The usual port.
    fn port(&self) -> u16 {
        match self {
            Self::Plain => DNS_PORT,
            Self::Tls { .. } => 853,
            Self::Https { .. } => 443,
        }
    }
}

impl Server {
    /// A server that is trusted if its address is a loopback address.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            trusted: address.ip().to_canonical().is_loopback(),
            protocol: Protocol::Plain,
        }
    }

    /// The same server asked in another way. Encryption keeps others from changing a message; whether the server itself is to be believed,
    /// and so [trusted](Self::trusted), is for the caller to say.
    #[must_use]
    pub fn with_protocol(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// The same server, trusted or not.
    #[must_use]
    pub fn with_trusted(self, trusted: bool) -> Self {
        Self { trusted, ..self }
    }
}

impl From<SocketAddr> for Server {
    fn from(address: SocketAddr) -> Self {
        Self::new(address)
    }
}

impl From<IpAddr> for Server {
    fn from(address: IpAddr) -> Self {
        Self::new(SocketAddr::new(address, DNS_PORT))
    }
}

impl FromStr for Server {
    type Err = ServerParseError;

    fn from_str(text: &str) -> Result<Self, ServerParseError> {
        let fault = || ServerParseError { found: text.into() };
        let (place, name) = match text.split_once('#') {
            Some((place, name)) => (place, Some(name)),
            None => (text, None),
        };
        let protocol = match name.map(|name| name.split_once('/').ok_or(name)) {
            None => Protocol::Plain,
            Some(Err(name)) => Protocol::Tls {
                name: name.parse().map_err(|_| fault())?,
            },
            Some(Ok((name, path))) => Protocol::Https {
                name: name.parse().map_err(|_| fault())?,
                path: format!("/{path}"),
            },
        };
        let in_brackets = || place.strip_prefix('[')?.strip_suffix(']');
        let address = if let Ok(address) = in_brackets().unwrap_or(place).parse::<IpAddr>() {
            SocketAddr::new(address, protocol.port())
        } else {
            let address = place.parse::<SocketAddr>().ok();
            address
                .filter(|address| address.port() != 0)
                .ok_or_else(fault)?
        };
        Ok(Self::new(address).with_protocol(protocol))
    }
}

/// As it is read; the port only where it is not the usual one.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address.port() == self.protocol.port() {
            self.address.ip().fmt(f)?;
        } else {
            self.address.fmt(f)?;
        }
        match &self.protocol {
            Protocol::Plain => Ok(()),
            Protocol::Tls { name } => write!(f, "#{name}"),
            Protocol::Https { name, path } => write!(f, "#{name}{path}"),
        }
    }
}

/// Text that is not the address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an IP address, perhaps with a port and a name as 192.0.2.53:853#dns.example, found \"{}\"", found.escape_debug())]
pub struct ServerParseError {
    found: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, address: &str, trusted: bool) {
        let server: Server = text.parse().expect("a server");
        assert_eq!(server.address, address.parse().expect("an address"));
        assert_eq!(server.trusted, trusted);
        assert_eq!(server.to_string().parse(), Ok(server.clone()));
    }

    #[test]
    fn servers_are_read_with_and_without_port() {
        check("127.0.0.1", "127.0.0.1:53", true);
        check("127.0.0.1:5353", "127.0.0.1:5353", true);
        check("::1", "[::1]:53", true);
        check("[::1]", "[::1]:53", true);
        check("[::1]:5353", "[::1]:5353", true);
        check("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:53", true);
        check("192.0.2.53", "192.0.2.53:53", false);
        check("2001:db8::53", "[2001:db8::53]:53", false);
        check("192.0.2.53#dns.example", "192.0.2.53:853", false);
        check("192.0.2.53:8853#dns.example", "192.0.2.53:8853", false);
        check(
            "[2001:db8::53]#dns.example/dns-query",
            "[2001:db8::53]:443",
            false,
        );
        let https: Server = "127.0.0.1:8443#dns.example/dns-query?x=1"
            .parse()
            .expect("a server");
        let Protocol::Https { name, path } = &https.protocol else {
            panic!("{https:?}")
        };
        assert_eq!(
            (name.to_string().as_str(), path.as_str()),
            ("dns.example", "/dns-query?x=1")
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "localhost",
            "127.0.0.1:0",
            "127.0.0.1:99999",
            "[::1",
            "127.0.0.1]",
            "a\nb",
            "192.0.2.53#",
            "192.0.2.53#/dns-query",
            "#dns.example",
        ] {
            let error = text.parse::<Server>().expect_err(text);
            assert!(error.to_string().is_ascii() && !error.to_string().contains('\n'));
        }
        // Written with brackets but meant as IPv4: taken, since there is one thing it can mean.
        assert_eq!("[127.0.0.1]".parse(), "127.0.0.1".parse::<Server>());
    }

    #[test]
    fn trust_can_be_stated() {
        let server: Server = "192.0.2.53".parse().expect("a server");
        assert!(server.with_trusted(true).trusted);
    }
}
