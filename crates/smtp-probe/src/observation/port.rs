use std::fmt;

/// Whether a TCP connection came about, and if not, what the network or this host said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PortState {
    /// It did.
    Open,
    /// The host, or a firewall in its name, refused: a reset (RST) in answer to the request for a connection (SYN).
    Refused,
    /// A connection came about, and was reset before either side had said an octet: so do hosts that judge the client's address
    /// first, and balancers with nothing behind them.
    Reset,
    /// Nothing came back in time: the host is gone, or something on the way, perhaps on this side, drops the packets.
    Filtered,
    /// The network said that there is no way to the host, in these words.
    Unreachable(String),
    /// This host could not even try: the port may be in any state.
    CouldNotTell(LocalFault),
}

impl fmt::Display for PortState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Refused => f.write_str("connection refused"),
            Self::Reset => f.write_str("connection reset at once"),
            Self::Filtered => f.write_str("no answer"),
            Self::Unreachable(text) => write!(f, "unreachable: {}", text.escape_debug()),
            Self::CouldNotTell(fault) => fault.fmt(f),
        }
    }
}

/// What kept this host from trying.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum LocalFault {
    /// It has no route for this kind of address, such as IPv6 on a host without.
    NoRoute,
    /// It ran out of sockets, ports or memory, in these words.
    Resources(String),
    /// Its own firewall or policy forbids it, in these words.
    NotPermitted(String),
    /// Something else, in these words.
    Other(String),
}

impl fmt::Display for LocalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoute => f.write_str("this host has no route there"),
            Self::Resources(text) => {
                write!(f, "this host is out of resources: {}", text.escape_debug())
            }
            Self::NotPermitted(text) => write!(f, "this host forbids it: {}", text.escape_debug()),
            Self::Other(text) => write!(f, "a fault of this host: {}", text.escape_debug()),
        }
    }
}
