//! The resolvers that this machine is configured to use.

use std::net::SocketAddr;

use hickory_resolver::system_conf::read_system_conf;

use super::{Server, StubConfig, StubResolver};

impl StubConfig {
    /// The defaults, with the servers of the system's configuration (`/etc/resolv.conf`, or what the platform has).
    ///
    /// Only the servers are taken: search lists and the system's time limits are for other programs. A server is trusted
    /// if it is on this machine.
    ///
    /// # Errors
    ///
    /// If the configuration cannot be read or names no server.
    pub fn from_system() -> Result<Self, SystemConfigError> {
        let (config, _) = read_system_conf().map_err(|error| SystemConfigError {
            detail: error.to_string(),
        })?;
        let servers = config.name_servers().iter().filter_map(|server| {
            let port = server.connections.first()?.port;
            Some(Server::new(SocketAddr::new(server.ip, port)))
        });
        let config = Self::new(servers);
        if config.servers.is_empty() {
            return Err(SystemConfigError {
                detail: "no server in it".into(),
            });
        }
        Ok(config)
    }
}

impl StubResolver {
    /// A resolver that asks the servers of the system's configuration, as [`StubConfig::from_system`] reads it.
    ///
    /// # Errors
    ///
    /// If the configuration cannot be read or names no server.
    pub fn from_system() -> Result<Self, SystemConfigError> {
        StubConfig::from_system().map(Self::new)
    }
}

/// Why the system's configuration gives no server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the system's resolver configuration, found a fault: {}", detail.escape_debug())]
pub struct SystemConfigError {
    detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the machine has is not known here; that it is read without a panic, and into usable servers, is.
    #[test]
    fn system_servers_have_ports() {
        match StubConfig::from_system() {
            Ok(config) => {
                assert!(!config.servers.is_empty());
                assert!(
                    config
                        .servers
                        .iter()
                        .all(|server| server.address.port() != 0)
                );
            }
            Err(error) => assert!(
                error.to_string().starts_with("expected the system's"),
                "{error}"
            ),
        }
    }
}
