//! One name server, asked directly.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::asking::Asking;
use super::{Core, Server, StubConfig, now};
use crate::consistency::{AskServer, ServerAnswer};
use crate::{LookupError, LookupErrorKind, Question};

/// Asks name servers without recursion, as [`consistency`](crate::consistency) needs it: over UDP with EDNS, and over TCP what is too long.
///
/// Nothing is cached. One question takes 5 seconds at most, in two attempts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DirectResolver {
    /// How long one attempt may take.
    pub attempt_timeout: Duration,
    /// How long a question may take, whatever happens.
    pub deadline: Duration,
    detours: BTreeMap<SocketAddr, SocketAddr>,
}

impl Default for DirectResolver {
    fn default() -> Self {
        Self {
            attempt_timeout: Duration::from_secs(2),
            deadline: Duration::from_secs(5),
            detours: BTreeMap::new(),
        }
    }
}

impl DirectResolver {
    /// The same, asking another address in place of one, and none that has no such detour: for tests.
    #[must_use]
    pub fn with_detours(self, detours: BTreeMap<SocketAddr, SocketAddr>) -> Self {
        Self { detours, ..self }
    }
}

impl AskServer for DirectResolver {
    async fn ask_server(
        &self,
        server: SocketAddr,
        question: &Question,
    ) -> Result<ServerAnswer, LookupError> {
        let address = if self.detours.is_empty() {
            Some(server)
        } else {
            self.detours.get(&server).copied()
        };
        let Some(address) = address else {
            return Err(LookupError::new(
                LookupErrorKind::Unreachable,
                question.clone(),
            ));
        };
        // What an authoritative server says of authenticity is not asked.
        let mut config = StubConfig::new([Server::new(address).with_trusted(false)]);
        config.attempt_timeout = self.attempt_timeout;
        config.deadline = self.deadline;
        config.cache_octets = 0;
        config.recursion_desired = false;
        let core = Core::new(config);
        Asking::new(&core, now()).run_once(question).await
    }
}
