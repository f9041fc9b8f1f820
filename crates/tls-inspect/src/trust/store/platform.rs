//! The platform's roots.

use rustls_native_certs::load_native_certs;

use super::{TrustStore, TrustStoreError, TrustStoreErrorKind};
use crate::Der;
use crate::escape::printable;

/// The most sentences that [`TrustStore::unreadable`] holds, and the most octets of what is told
/// in each. A folder may hold any number of files that are no certificates.
const MAX_UNREADABLE: usize = 16;
const MAX_OCTETS: usize = 512;

impl TrustStore {
    /// The roots that the platform trusts: those of its key store on Windows and macOS, and of
    /// the usual files elsewhere; or, if they are set, of the file `SSL_CERT_FILE` and the folders
    /// `SSL_CERT_DIR`. Its name is `platform`. It reads files, and so takes its time.
    ///
    /// What cannot be read is left out: see [`unreadable`](Self::unreadable), which names the
    /// file except where a file was read and is no PEM. Certificates that cannot serve as an
    /// anchor are left out as well: see [`rejected`](Self::rejected).
    ///
    /// # Errors
    ///
    /// If nothing can serve as an anchor. A store without any would make every chain look
    /// untrusted, which would be said of the wrong side.
    pub fn platform() -> Result<Self, TrustStoreError> {
        let loaded = load_native_certs();
        let error = |found| {
            let kind = TrustStoreErrorKind::NoPlatformRoots;
            Err(TrustStoreError { kind, found })
        };
        let certificates: Vec<Der> = loaded.certs.into_iter().map(Der::from).collect();
        let errors = loaded.errors.iter().take(MAX_UNREADABLE);
        let unreadable: Vec<String> = errors.map(|error| shown(&error.to_string())).collect();
        let store = Self {
            unreadable,
            ..Self::empty("platform").with(&certificates)
        };
        match (store.is_empty(), store.unreadable.first()) {
            (false, _) => Ok(store),
            (true, Some(_)) => error(store.unreadable.join("; ")),
            (true, None) => error(format!("{} others", certificates.len())),
        }
    }
}

fn shown(text: &str) -> String {
    let octets = text.as_bytes();
    printable(octets.get(..MAX_OCTETS).unwrap_or(octets))
}
