//! Domains that neither send nor take mail, and say so.

use futures_util::future::join4;

use crate::dkim::{self, Found, PublicKey};
use crate::dmarc::{self, Applied, Policy};
use crate::spf::{Mechanism, Qualifier, Record, RecordFound};
use crate::{Answer, DomainName, Lookup, LookupError, MailRoute, RecordType, RouteKind, spf};

/// Finds out whether `domain` says that it neither sends nor takes mail (RFC 7505 §4.2, RFC 7208 §10.1.2): a null MX, an SPF record that lets
/// nobody send, and a DMARC policy of *reject*. `control` is a DKIM selector that nobody has chosen: what answers there is a wildcard,
/// and one with an empty key revokes all.
///
/// Judged together, the parts are one intent; judged alone, each of them looks like a fault. Asks one question each for MX, SPF and DKIM, and those of
/// [`dmarc::discover`].
///
/// # Examples
///
/// ```
/// use mail_dns::{Intent, StaticLookup, idle_domain};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "idle.test.        300 IN MX  0 .\n\
///      idle.test.        300 IN TXT \"v=spf1 -all\"\n\
///      _dmarc.idle.test. 300 IN TXT \"v=DMARC1; p=reject\"",
/// )?;
/// let idle = idle_domain(&dns, &"idle.test".parse()?, "kwzqrtnbvmxhgfds").await;
/// assert_eq!(idle.intent(), Intent::Idle);
/// # Ok(())
/// # }
/// ```
pub async fn idle_domain(lookup: &impl Lookup, domain: &DomainName, control: &str) -> IdleDomain {
    let (mx, spf, dmarc, dkim) = join4(
        lookup.lookup(domain, RecordType::MX),
        spf::fetch(lookup, domain),
        dmarc::discover(lookup, domain),
        dkim::selector(lookup, domain, control),
    )
    .await;
    IdleDomain {
        domain: domain.clone(),
        mx,
        spf,
        dmarc,
        dkim,
    }
}

/// What a domain says about not sending and not taking mail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct IdleDomain {
    /// The domain.
    pub domain: DomainName,
    /// The answer to the question for MX records.
    pub mx: Result<Answer, LookupError>,
    /// The SPF record.
    pub spf: RecordFound,
    /// The DMARC record that applies.
    pub dmarc: dmarc::Discovery,
    /// What is at a selector that nobody has chosen.
    pub dkim: dkim::Selector,
}

/// Whether one part of the intent is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "yes, no, could not tell")]
pub enum Said<'a> {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// Could not tell.
    Unknown(&'a LookupError),
}

/// The parts of the intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "MX, SPF, DMARC")]
pub enum Part {
    /// A null MX: it takes no mail (RFC 7505).
    NullMx,
    /// `v=spf1 -all`: nobody sends for it.
    SpfNobody,
    /// *Reject*: mail that claims to be from it is to be refused.
    DmarcReject,
}

/// What the parts come to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "all, some, none, could not tell")]
pub enum Intent {
    /// The domain neither sends nor takes mail, and every part says so.
    Idle,
    /// Some parts say so, and these do not.
    Half {
        /// The parts that are not there.
        missing: Vec<Part>,
    },
    /// Neither a null MX nor `v=spf1 -all`: a domain like any other. A policy of *reject* alone is none of its signs.
    InUse,
    /// There is no such domain.
    NoDomain,
    /// Could not tell.
    Unknown(LookupError),
}

impl IdleDomain {
    /// Whether a part is there.
    #[must_use]
    pub fn says(&self, part: Part) -> Said<'_> {
        match part {
            Part::NullMx => match &self.mx {
                Err(error) => Said::Unknown(error),
                Ok(answer) => {
                    let route = MailRoute::new(self.domain.clone(), Ok(answer.clone()), Vec::new());
                    yes_or_no(route.kind() == RouteKind::NullMx)
                }
            },
            Part::SpfNobody => match &self.spf {
                RecordFound::Unknown(error) => Said::Unknown(error),
                RecordFound::Record(record) => yes_or_no(lets_nobody_send(record)),
                _ => Said::No,
            },
            Part::DmarcReject => match self.dmarc.applied() {
                Applied::Unknown(error) => Said::Unknown(error),
                Applied::Record { policy, .. } => yes_or_no(policy == Some(Policy::Reject)),
                Applied::Nothing => Said::No,
            },
        }
    }

    /// Whether a wildcard revokes every DKIM key, as some recommend beside the parts; semantically it says what no record says
    /// (RFC 6376 §6.1.2).
    #[must_use]
    pub fn revokes_all_keys(&self) -> Said<'_> {
        match &self.dkim.found {
            Found::Unknown(error) => Said::Unknown(error),
            Found::Key(record) => yes_or_no(record.key == PublicKey::Revoked),
            _ => Said::No,
        }
    }

    /// What the parts come to.
    #[must_use]
    pub fn intent(&self) -> Intent {
        if self.mx.as_ref().is_ok_and(Answer::is_nxdomain) {
            return Intent::NoDomain;
        }
        let parts = [Part::NullMx, Part::SpfNobody, Part::DmarcReject];
        let missing: Vec<_> = parts
            .into_iter()
            .filter(|part| self.says(*part) == Said::No)
            .collect();
        if missing.contains(&Part::NullMx) && missing.contains(&Part::SpfNobody) {
            return Intent::InUse;
        }
        let unknown = parts.into_iter().find_map(|part| match self.says(part) {
            Said::Unknown(error) => Some(error.clone()),
            Said::Yes | Said::No => None,
        });
        match unknown {
            Some(error) => Intent::Unknown(error),
            None if missing.is_empty() => Intent::Idle,
            None => Intent::Half { missing },
        }
    }
}

fn yes_or_no(said: bool) -> Said<'static> {
    if said { Said::Yes } else { Said::No }
}

/// Nothing but `-all`; modifiers change nothing.
fn lets_nobody_send(record: &Record) -> bool {
    let mut directives = record.directives();
    let first = directives.next();
    first.is_some_and(|directive| {
        directive.mechanism == Mechanism::All && directive.qualifier == Qualifier::Fail
    })
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::{LookupErrorKind, StaticLookup};

    fn of(zone: &str, broken: &str) -> IdleDomain {
        let name = |text: &str| text.parse::<DomainName>().expect("a name");
        let dns = StaticLookup::from_zone_text(&format!("$ORIGIN d.test.\n$TTL 60\n{zone}\n"))
            .expect("zone text")
            .with_failure(name(broken), LookupErrorKind::Timeout);
        match pin!(idle_domain(&dns, &name("d.test"), "control"))
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(found) => found,
            Poll::Pending => panic!("memory does not wait"),
        }
    }

    const ALL: &str =
        "@ MX 0 .\n@ TXT \"v=spf1 -all exp=why.d.test\"\n_dmarc TXT \"v=DMARC1; p=reject\"";

    #[test]
    fn item_15_the_parts_are_one_intent() {
        assert_eq!(of(ALL, "x.test").intent(), Intent::Idle);
        assert_eq!(
            of("@ MX 0 .", "x.test").intent(),
            Intent::Half {
                missing: vec![Part::SpfNobody, Part::DmarcReject]
            }
        );
        let sends = "@ MX 0 .\n@ TXT \"v=spf1 a -all\"\n_dmarc TXT \"v=DMARC1; p=reject; t=y\"";
        assert_eq!(
            of(sends, "x.test").intent(),
            Intent::Half {
                missing: vec![Part::SpfNobody, Part::DmarcReject]
            }
        );
        let in_use = "@ MX 0 mx\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"";
        assert_eq!(of(in_use, "x.test").intent(), Intent::InUse);
        assert_eq!(of("", "x.test").intent(), Intent::NoDomain);
        assert_eq!(of("@ A 192.0.2.1", "x.test").intent(), Intent::InUse);
        let lets_all = "@ MX 0 .\n@ TXT \"v=spf1 +all\"\n_dmarc TXT \"v=DMARC1; p=reject\"";
        assert_eq!(
            of(lets_all, "x.test").intent(),
            Intent::Half {
                missing: vec![Part::SpfNobody]
            }
        );
        let takes = "@ MX 0 mx\n@ TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"";
        assert_eq!(
            of(takes, "x.test").intent(),
            Intent::Half {
                missing: vec![Part::NullMx]
            }
        );
    }

    #[test]
    fn a_failure_leaves_the_intent_open() {
        assert!(matches!(
            of(ALL, "_dmarc.d.test").intent(),
            Intent::Unknown(_)
        ));
        assert!(matches!(of(ALL, "d.test").intent(), Intent::Unknown(_)));
        // What decides is known.
        let in_use = "@ MX 0 mx\n@ TXT \"v=spf1 mx -all\"";
        assert_eq!(of(in_use, "_dmarc.d.test").intent(), Intent::InUse);
        // The keys are no part of it.
        assert_eq!(of(ALL, "_domainkey.d.test").intent(), Intent::Idle);
    }

    #[test]
    fn a_wildcard_may_revoke_all_keys() {
        assert_eq!(
            of("*._domainkey TXT \"v=DKIM1; p=\"", "x.test").revokes_all_keys(),
            Said::Yes
        );
        let key = "*._domainkey TXT \"k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"";
        assert_eq!(of(key, "x.test").revokes_all_keys(), Said::No);
        assert_eq!(of("", "x.test").revokes_all_keys(), Said::No);
        assert!(matches!(
            of("", "_domainkey.d.test").revokes_all_keys(),
            Said::Unknown(_)
        ));
    }
}
