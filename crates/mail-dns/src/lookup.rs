//! The one way this crate asks.

use std::future::Future;
use std::sync::Arc;

use crate::{Answer, DomainName, LookupError, RecordType};

/// Asks the DNS a question.
///
/// Everything here and in the crates above asks through this trait, so a test, a recording or another resolver can
/// stand in for the network. An implementation
///
/// - follows aliases (CNAME) and keeps them in [`Answer::aliases`];
/// - answers `Ok` only for NOERROR and NXDOMAIN, `Err` for all that settles nothing: SERVFAIL, REFUSED, a timeout;
/// - has a deadline of its own.
///
/// # Examples
///
/// ```
/// use mail_dns::{Answer, DomainName, Lookup, LookupError, RecordType, StaticLookup};
///
/// /// Counts what is asked.
/// struct Counted(StaticLookup, std::sync::atomic::AtomicUsize);
///
/// impl Lookup for Counted {
///     async fn lookup(&self, name: &DomainName, record_type: RecordType) -> Result<Answer, LookupError> {
///         self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         self.0.lookup(name, record_type).await
///     }
/// }
/// ```
pub trait Lookup: Send + Sync {
    /// Asks for the records of type `record_type` at `name`.
    ///
    /// # Errors
    ///
    /// If there is no conclusive answer; this is never proof of absence.
    fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> impl Future<Output = Result<Answer, LookupError>> + Send;
}

impl<L: Lookup + ?Sized> Lookup for &L {
    fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> impl Future<Output = Result<Answer, LookupError>> + Send {
        (**self).lookup(name, record_type)
    }
}

impl<L: Lookup + ?Sized> Lookup for Arc<L> {
    fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> impl Future<Output = Result<Answer, LookupError>> + Send {
        (**self).lookup(name, record_type)
    }
}
