//! Certificate transparency: what the signed certificate timestamps of a certificate are worth
//! (RFC 6962, which the browsers' logs still speak).
//!
//! An SCT is a log's promise to publish a certificate. A server shows SCTs by three channels: in
//! the certificate itself, where the authority put them after it had shown a precertificate to
//! the logs; in a TLS extension; and in a stapled OCSP response (RFC 6962 §3.3). Each is checked
//! here for itself, against logs that the caller knows. How many are needed, and of whose logs,
//! is a browser's policy and no matter of this crate. Mail needs none.

mod log_list;
mod precertificate;
mod sct;

use sha2::{Digest as _, Sha256};

pub use self::log_list::{CtLog, LogList, LogListError, LogListErrorKind, LogState};
use self::sct::{Entry, Sct};
use crate::der::hex;
use crate::der::reader::Reader;
use crate::provider::SignatureCheck;
use crate::revocation::{IssuerSearch, find_issuer, sct_extension};
use crate::{CryptoProvider, Der};

/// The most SCTs of one list that are looked at; two to five are usual.
const MAX_SCTS: usize = 32;

/// What was found out about the SCTs that a server showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TransparencyReport {
    /// Every SCT, in the order found: of each list, the first 32.
    pub scts: Vec<SctReport>,
    /// The channels whose list, or what follows in it, cannot be read.
    pub unreadable_lists: Vec<SctChannel>,
}

/// How an SCT was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SctChannel {
    /// In the certificate.
    Certificate,
    /// In the extension `signed_certificate_timestamp` of the handshake.
    Handshake,
    /// In a stapled OCSP response.
    Staple,
}

/// What was found out about one SCT.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SctReport {
    /// How it was shown.
    pub channel: SctChannel,
    /// The identifier of the log, in hexadecimal, if the SCT can be read.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub log_id: Option<String>,
    /// The time that the log set to it, in milliseconds since 1970-01-01T00:00:00Z.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub timestamp_ms: Option<u64>,
    /// What it is worth.
    pub verdict: SctVerdict,
}

/// What an SCT is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SctVerdict {
    /// This log signed it, for this certificate. What the state of the log makes of that is for
    /// a policy to say.
    #[non_exhaustive]
    Valid {
        /// The description of the log.
        log: String,
        /// Who runs it.
        operator: String,
        /// The state of the log by the list, if it says so.
        #[cfg_attr(
            feature = "serde",
            serde(skip_serializing_if = "Option::is_none", default)
        )]
        state: Option<LogState>,
        /// The time from which on it is in that state.
        #[cfg_attr(
            feature = "serde",
            serde(skip_serializing_if = "Option::is_none", default)
        )]
        state_since: Option<i64>,
    },
    /// Its log is none of the list.
    UnknownLog,
    /// This log did not sign it for this certificate.
    #[non_exhaustive]
    BadSignature {
        /// The description of the log.
        log: String,
    },
    /// It is signed, and its time has yet to come (RFC 6962 §5.2).
    InTheFuture,
    /// It is no SCT, or one of another version.
    Unreadable,
    /// It cannot be checked; the text says why.
    CouldNotTell(String),
}

/// Checks the SCTs of the first certificate of `chain`: those in it, those of the TLS extension
/// if `handshake` has its contents, and those in `staple`.
///
/// For those in the certificate its issuer has to be in `chain` too. A `staple` is not checked
/// as an OCSP response: SCTs are signed by themselves.
#[must_use]
pub fn check_scts(
    chain: &[Der],
    handshake: Option<&[u8]>,
    staple: Option<&Der>,
    logs: &LogList,
    provider: &CryptoProvider,
    now_unix: i64,
) -> TransparencyReport {
    let check = Check {
        logs,
        provider,
        now: now_unix,
    };
    let mut report = TransparencyReport::default();
    let Some(certificate) = chain.first() else {
        return report;
    };
    let der = certificate.as_bytes();
    if let Some(list) = precertificate::sct_list(der) {
        let entry = embedded_entry(chain, provider);
        check.list(&mut report, SctChannel::Certificate, list, &entry);
    }
    let entry = Entry::certificate(der).ok_or_else(|| "the certificate is too long".to_owned());
    if let Some(list) = handshake {
        check.list(&mut report, SctChannel::Handshake, Some(list), &entry);
    }
    if let Some(value) = staple.and_then(|staple| sct_extension(staple.as_bytes())) {
        let list = Reader::only(value, crate::der::reader::OCTET_STRING);
        check.list(&mut report, SctChannel::Staple, list, &entry);
    }
    report
}

/// What the logs signed for a certificate with SCTs in it.
fn embedded_entry(chain: &[Der], provider: &CryptoProvider) -> Result<Entry, String> {
    let certificate = chain.first().ok_or_else(|| "no certificate".to_owned())?;
    let others = chain.get(1..).unwrap_or_default();
    let issuer = match find_issuer(certificate, others, provider) {
        IssuerSearch::Found(issuer) => issuer,
        IssuerSearch::NotInChain => {
            return Err("the chain has not the issuer, whose key is part of the entry".to_owned());
        }
        IssuerSearch::Unsupported(text) => return Err(text),
    };
    let key_hash = Sha256::digest(issuer.tbs_certificate.subject_pki.raw);
    precertificate::entry(certificate.as_bytes(), &key_hash.into())
        .ok_or_else(|| "the precertificate cannot be made up again".to_owned())
}

struct Check<'a> {
    logs: &'a LogList,
    provider: &'a CryptoProvider,
    now: i64,
}

impl Check<'_> {
    fn list(
        &self,
        report: &mut TransparencyReport,
        channel: SctChannel,
        list: Option<&[u8]>,
        entry: &Result<Entry, String>,
    ) {
        let (scts, whole) = list.map_or((Vec::new(), false), sct::split_list);
        for octets in scts {
            report.scts.push(self.one(channel, octets, entry));
        }
        if !whole {
            report.unreadable_lists.push(channel);
        }
    }

    fn one(&self, channel: SctChannel, octets: &[u8], entry: &Result<Entry, String>) -> SctReport {
        let sct = Sct::read(octets);
        SctReport {
            channel,
            log_id: sct.as_ref().map(|sct| hex(sct.log_id)),
            timestamp_ms: sct.as_ref().map(|sct| sct.timestamp),
            verdict: sct.map_or(SctVerdict::Unreadable, |sct| self.judge(&sct, entry)),
        }
    }

    fn judge(&self, sct: &Sct<'_>, entry: &Result<Entry, String>) -> SctVerdict {
        let Some(log) = self.logs.find(sct.log_id) else {
            return SctVerdict::UnknownLog;
        };
        let entry = match entry {
            Ok(entry) => entry,
            Err(text) => return SctVerdict::CouldNotTell(text.clone()),
        };
        match sct.check(entry, log.key.as_bytes(), self.provider) {
            SignatureCheck::Verified if self.is_in_the_future(sct) => SctVerdict::InTheFuture,
            SignatureCheck::Verified => SctVerdict::Valid {
                log: log.description.clone(),
                operator: log.operator.clone(),
                state: log.state,
                state_since: log.state_since,
            },
            SignatureCheck::Failed => SctVerdict::BadSignature {
                log: log.description.clone(),
            },
            SignatureCheck::Unsupported(text) => SctVerdict::CouldNotTell(text),
        }
    }

    fn is_in_the_future(&self, sct: &Sct<'_>) -> bool {
        let seconds = i64::try_from(sct.timestamp / 1000).unwrap_or(i64::MAX);
        seconds > self.now.saturating_add(crate::revocation::CLOCK_SKEW)
    }
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
