//! Chooses among the revocation lists that a caller hands in. What one of them is worth for a
//! certificate (RFC 5280 §6.3.3) is the business of `revocation`.

use std::cell::Cell;

use x509_parser::certificate::X509Certificate;

use super::PathOptions;
use crate::revocation::{CrlIssuer, CrlVerdict, List, Revocation, RevocationReason, judge_list};
use crate::{CryptoProvider, Der};

/// What the lists say of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    NotRevoked,
    Revoked(Revocation),
    /// It could not be told, for this cause.
    Unknown(String),
}

/// The lists of one judgement, each read once.
pub(super) struct Crls<'a> {
    lists: Vec<List<'a>>,
    /// How many of them could not be read.
    unreadable: usize,
    provider: &'a CryptoProvider,
    now_unix: i64,
    /// Each look into a list costs a signature check and a pass over its entries.
    looks_left: Cell<usize>,
}

impl<'a> Crls<'a> {
    const MAX_LOOKS: usize = 128;

    pub(super) fn new(crls: &'a [Der], provider: &'a CryptoProvider, now_unix: i64) -> Self {
        let used = crls.get(..PathOptions::MAX_CRLS).unwrap_or(crls);
        let lists: Vec<_> = used
            .iter()
            .filter_map(|der| List::read(der.as_bytes()).ok())
            .collect();
        Self {
            unreadable: used.len() - lists.len(),
            lists,
            provider,
            now_unix,
            looks_left: Cell::new(Self::MAX_LOOKS),
        }
    }

    /// Whether there are no lists, readable or not.
    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty() && self.unreadable == 0
    }

    /// One list that says "revoked" for good outweighs others, and one that counts outweighs those
    /// that do not.
    pub(super) fn status(
        &self,
        certificate: &X509Certificate<'_>,
        issuer: &CrlIssuer<'_>,
    ) -> Status {
        let mut unknown = self.none_of_issuer();
        // Only a hold is ever taken back (RFC 5280 §5.3.1): of it the newest list tells, and of two
        // of the same time the one that has it.
        let mut newest: Option<(i64, Status)> = None;
        let mut note = |time: i64, status: Status| {
            let outweighs = matches!(status, Status::Revoked(_));
            if newest
                .as_ref()
                .is_none_or(|(known, _)| *known < time || *known == time && outweighs)
            {
                newest = Some((time, status));
            }
        };
        for list in self.lists.iter().filter(|list| list.issuer == issuer.name) {
            let Some(left) = self.looks_left.get().checked_sub(1) else {
                return Status::Unknown("too many revocation lists to look into".to_owned());
            };
            self.looks_left.set(left);
            match judge_list(list, certificate, issuer, self.provider, self.now_unix) {
                CrlVerdict::Revoked { revocation, proof }
                    if revocation.reason == Some(RevocationReason::CERTIFICATE_HOLD) =>
                {
                    note(proof.this_update, Status::Revoked(revocation));
                }
                CrlVerdict::Revoked { revocation, .. } => return Status::Revoked(revocation),
                CrlVerdict::NotRevoked(proof) => note(proof.this_update, Status::NotRevoked),
                CrlVerdict::CouldNotTell(failure) => unknown = failure.detail,
            }
        }
        newest.map_or(Status::Unknown(unknown), |(_, status)| status)
    }

    fn none_of_issuer(&self) -> String {
        let none = "no revocation list of its issuer";
        match self.unreadable {
            0 => none.to_owned(),
            count => format!("{none}, and {count} that cannot be read"),
        }
    }
}
