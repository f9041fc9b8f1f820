//! What is expected of a target.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Target;

/// What is looked at, and what is expected of it.
///
/// A domain must have a host that takes mail on port 25. Ports 587 and 465 of that host are looked at too, but many domains
/// take the mail of their own users elsewhere, so they need not answer. A port that was asked for by number must answer.
///
/// # Examples
///
/// ```
/// use mailcheck_core::Profile;
///
/// let profile = Profile::of(&"example.com".parse()?);
/// assert!(profile.expectation(25).is_some_and(|expectation| expectation.required));
/// assert!(profile.expectation(587).is_some_and(|expectation| !expectation.required));
/// # Ok::<(), mailcheck_core::TargetError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// The ports to look at on every address, each once.
    pub ports: Vec<PortExpectation>,
    /// Whether the addresses are known to send mail, so that a listing or a missing name of an address hurts.
    pub sends_mail: bool,
}

impl Profile {
    /// The usual expectation of `target`.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        match target {
            Target::Domain(_) => Self {
                ports: vec![
                    PortExpectation {
                        port: 25,
                        required: true,
                    },
                    PortExpectation {
                        port: 587,
                        required: false,
                    },
                    PortExpectation {
                        port: 465,
                        required: false,
                    },
                ],
                sends_mail: false,
            },
            Target::Host { port, .. } => Self::of_ports(&[*port]),
            Target::Address {
                port: Some(port), ..
            } => Self::of_ports(&[*port]),
            Target::Address { port: None, .. } => Self {
                ports: [25, 587, 465]
                    .map(|port| PortExpectation {
                        port,
                        required: false,
                    })
                    .into(),
                sends_mail: true,
            },
        }
    }

    /// The same with `ports` in place of its own, all required.
    #[must_use]
    pub fn with_ports(self, ports: &[u16]) -> Self {
        Self {
            sends_mail: self.sends_mail,
            ..Self::of_ports(ports)
        }
    }

    /// What is expected of `port`; `None` if it is not looked at.
    #[must_use]
    pub fn expectation(&self, port: u16) -> Option<PortExpectation> {
        self.ports
            .iter()
            .copied()
            .find(|expectation| expectation.port == port)
    }

    fn of_ports(ports: &[u16]) -> Self {
        let mut seen = Vec::new();
        for &port in ports {
            if !seen.contains(&port) {
                seen.push(port);
            }
        }
        let required = |port| PortExpectation {
            port,
            required: true,
        };
        Self {
            ports: seen.into_iter().map(required).collect(),
            sends_mail: false,
        }
    }
}

/// What is expected of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "a port must answer or may")]
pub struct PortExpectation {
    /// The TCP port.
    pub port: u16,
    /// Whether it must answer.
    pub required: bool,
}

/// What a port is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 5321, RFC 6409 and RFC 8314 know three"
)]
pub enum PortRole {
    /// Mail from other servers: port 25 (RFC 5321), and any port that is none of the others. STARTTLS, without which most
    /// senders deliver all the same.
    Relay,
    /// Mail from users: port 587 (RFC 6409). STARTTLS, without which a client must not go on (RFC 8314 §5.2).
    Submission,
    /// Mail from users: port 465 (RFC 8314 §3.3). TLS from the first octet.
    Submissions,
}

impl PortRole {
    /// The role of `port`.
    #[must_use]
    pub fn of(port: u16) -> Self {
        match port {
            587 => Self::Submission,
            465 => Self::Submissions,
            _ => Self::Relay,
        }
    }

    /// Whether clients refuse to go on without authenticated TLS.
    #[must_use]
    pub fn demands_tls(self) -> bool {
        self != Self::Relay
    }
}

impl fmt::Display for PortRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Relay => "smtp",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_asked_for_by_number_are_required_and_looked_at_once() {
        let target: Target = "example.com".parse().expect("a target");
        let profile = Profile::of(&target).with_ports(&[465, 25, 465]);
        let ports: Vec<_> = profile
            .ports
            .iter()
            .map(|port| (port.port, port.required))
            .collect();
        assert_eq!(ports, [(465, true), (25, true)]);
    }

    #[test]
    fn an_address_alone_is_taken_for_a_sender() {
        let profile = Profile::of(&"192.0.2.1".parse().expect("a target"));
        assert!(profile.sends_mail);
        assert!(profile.ports.iter().all(|port| !port.required));
    }
}
