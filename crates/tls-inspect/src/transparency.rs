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
use x509_parser::certificate::X509Certificate;

pub use self::log_list::{CtLog, LogList, LogListError, LogListErrorKind, LogState};
use self::sct::{Entry, Sct};
use crate::der::hex;
use crate::provider::SignatureCheck;
use crate::revocation::{IssuerSearch, StapledList, find_issuer, read_certificate, stapled_lists};
use crate::{CryptoProvider, Der};

/// The most SCTs of one channel that are looked at; two to five are usual.
const MAX_SCTS: usize = 32;

/// What was found out about the SCTs that a server showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TransparencyReport {
    /// Every SCT, in the order found: of each channel, the first 32. Those in a staple that are
    /// about another certificate come after those about this one.
    pub scts: Vec<SctReport>,
    /// The channels that may have shown more than is told: a certificate, a staple or a list in
    /// it that cannot be read, or not to its end, or that has more than 32 SCTs.
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
    /// Its signature is of another algorithm than the key of this log is for, so the log did not
    /// make it.
    #[non_exhaustive]
    WrongAlgorithm {
        /// The description of the log.
        log: String,
    },
    /// It stands in a staple, or a part of one, that is about another certificate, and proves
    /// nothing about this one.
    OfOtherCertificate,
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
/// as an OCSP response, since SCTs are signed by themselves; which certificate it is about is
/// looked at. The `handshake` is `None` if the extension was not sent or not asked for; the
/// report does not tell one from the other. No [`Capture`](crate::Capture) has it, since the TLS
/// library of the recorder cannot ask for it, so SCTs that a server shows by it alone are not seen.
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
    let octets = chain.first().map(Der::as_bytes).unwrap_or_default();
    let others = chain.get(1..).unwrap_or_default();
    let issuer = chain.first().map_or(IssuerSearch::NotInChain, |first| {
        find_issuer(first, others, provider)
    });
    check.embedded(&mut report, octets, &issuer);
    let entry = Entry::certificate(octets)
        .ok_or_else(|| "there is no certificate, or one too long for a log".to_owned());
    if let Some(list) = handshake {
        check.list(&mut report, SctChannel::Handshake, Some(list), |sct| {
            check.judge(sct, &entry)
        });
    }
    if let Some(staple) = staple {
        let certificate = read_certificate(octets);
        check.staple(&mut report, staple, certificate.as_ref(), &issuer, &entry);
    }
    report
}

/// What the logs signed for a certificate with SCTs in it.
fn embedded_entry(certificate: &[u8], issuer: &IssuerSearch<'_>) -> Result<Entry, String> {
    let issuer = match issuer {
        IssuerSearch::Found(issuer) => issuer,
        IssuerSearch::NotInChain => {
            return Err("the chain has not the issuer, whose key is part of the entry".to_owned());
        }
        IssuerSearch::Unsupported(text) => return Err(text.clone()),
    };
    let key_hash = Sha256::digest(issuer.tbs_certificate.subject_pki.raw);
    precertificate::entry(certificate, &key_hash.into())
        .ok_or_else(|| "the precertificate cannot be made up again".to_owned())
}

impl TransparencyReport {
    fn tell_unreadable(&mut self, channel: SctChannel) {
        if !self.unreadable_lists.contains(&channel) {
            self.unreadable_lists.push(channel);
        }
    }
}

struct Check<'a> {
    logs: &'a LogList,
    provider: &'a CryptoProvider,
    now: i64,
}

impl Check<'_> {
    fn embedded(
        &self,
        report: &mut TransparencyReport,
        certificate: &[u8],
        issuer: &IssuerSearch<'_>,
    ) {
        let channel = SctChannel::Certificate;
        match precertificate::sct_list(certificate) {
            Some(Some(list)) => {
                let entry = embedded_entry(certificate, issuer);
                self.list(report, channel, Some(list), |sct| self.judge(sct, &entry));
            }
            // That it has none is believed of a certificate only.
            Some(None) if read_certificate(certificate).is_some() => {}
            _ => report.tell_unreadable(channel),
        }
    }

    fn staple(
        &self,
        report: &mut TransparencyReport,
        staple: &Der,
        certificate: Option<&X509Certificate<'_>>,
        issuer: &IssuerSearch<'_>,
        entry: &Result<Entry, String>,
    ) {
        let issuer = match issuer {
            IssuerSearch::Found(issuer) => Some(&**issuer),
            _ => None,
        };
        let channel = SctChannel::Staple;
        let (mut lists, whole) = stapled_lists(staple.as_bytes(), certificate, issuer);
        // Those of other certificates leave no place for those of this one otherwise.
        lists.sort_by_key(|list| list.is_about == Some(false));
        for StapledList { is_about, list } in lists {
            self.list(report, channel, list, |sct| match is_about {
                Some(true) => self.judge(sct, entry),
                Some(false) => SctVerdict::OfOtherCertificate,
                None => match self.judge(sct, entry) {
                    SctVerdict::BadSignature { .. } => SctVerdict::CouldNotTell(
                        "the log did not sign it for this certificate, and whether the staple is \
                         about another cannot be told"
                            .to_owned(),
                    ),
                    verdict => verdict,
                },
            });
        }
        if !whole {
            report.tell_unreadable(channel);
        }
    }

    fn list(
        &self,
        report: &mut TransparencyReport,
        channel: SctChannel,
        list: Option<&[u8]>,
        judge: impl Fn(&Sct<'_>) -> SctVerdict,
    ) {
        let seen = report.scts.iter().filter(|sct| sct.channel == channel);
        let most = MAX_SCTS.saturating_sub(seen.count());
        let (scts, whole) = list.map_or((Vec::new(), false), |list| sct::split_list(list, most));
        report.scts.extend(scts.into_iter().map(|octets| {
            let sct = Sct::read(octets);
            SctReport {
                channel,
                log_id: sct.as_ref().map(|sct| hex(sct.log_id)),
                timestamp_ms: sct.as_ref().map(|sct| sct.timestamp),
                verdict: sct.as_ref().map_or(SctVerdict::Unreadable, &judge),
            }
        }));
        if !whole {
            report.tell_unreadable(channel);
        }
    }

    fn judge(&self, sct: &Sct<'_>, entry: &Result<Entry, String>) -> SctVerdict {
        let Some(log) = self.logs.find(sct.log_id) else {
            return if self.logs.has_left_out(sct.log_id) {
                SctVerdict::CouldNotTell("the list of logs has not the log's key".to_owned())
            } else {
                SctVerdict::UnknownLog
            };
        };
        if sct.is_of_other_algorithm(log.key.as_bytes()) {
            return SctVerdict::WrongAlgorithm {
                log: log.description.clone(),
            };
        }
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
