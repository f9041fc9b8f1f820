//! Whether a name exists.

use crate::{Answer, DnssecStatus, DomainName, Lookup, LookupError, RecordData, RecordType};

/// Asks whether `name` exists (RFC 8020): whether there is any record at it or below it.
///
/// NXDOMAIN says that it does not. NODATA says that it does, with one exception: a signer may answer so for a name that does not exist, with
/// an NSEC record that has the type NXNAME in it (RFC 9824 §2); a resolver that is not asked for signatures leaves that record out.
/// So after NODATA the NSEC record is asked for, unless it is proved that the zone is not signed.
///
/// Asks one question, and a second one after NODATA.
///
/// # Examples
///
/// ```
/// use mail_dns::{Existence, StaticLookup, existence};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text("a.b.test. 300 IN TXT x")?;
/// assert_eq!(existence(&dns, &"b.test".parse()?).await, Existence::Exists, "something is below it");
/// assert_eq!(existence(&dns, &"c.test".parse()?).await, Existence::DoesNotExist { compact: false });
/// # Ok(())
/// # }
/// ```
pub async fn existence(lookup: &impl Lookup, name: &DomainName) -> Existence {
    let answer = match lookup.lookup(name, RecordType::A).await {
        Ok(answer) => answer,
        Err(error) => return Existence::Unknown(error),
    };
    // An alias exists, whatever becomes of its target.
    if !answer.aliases.is_empty() || !answer.records().is_empty() {
        return Existence::Exists;
    }
    if answer.is_nxdomain() {
        return Existence::DoesNotExist { compact: false };
    }
    // Without signatures there is no such denial.
    if answer.dnssec == DnssecStatus::Insecure {
        return Existence::Exists;
    }
    match lookup.lookup(name, RecordType::NSEC).await {
        Ok(answer) if denies_name(&answer) => Existence::DoesNotExist { compact: true },
        Ok(_) => Existence::Exists,
        Err(error) => Existence::Unknown(error),
    }
}

fn denies_name(answer: &Answer) -> bool {
    answer.records().iter().any(|record| match &record.data {
        RecordData::Nsec { types } => types.contains(&RecordType::NXNAME),
        _ => false,
    })
}

/// Whether a name exists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "yes, no, could not tell")]
pub enum Existence {
    /// There is a record at it or below it.
    Exists,
    /// There is none.
    DoesNotExist {
        /// Whether that was said by compact denial (RFC 9824) rather than NXDOMAIN.
        compact: bool,
    },
    /// Could not tell.
    Unknown(LookupError),
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::{LookupErrorKind, Question, Record, StaticLookup};

    /// NODATA is answered at these names; `nsec` stands at `gone.test`.
    fn world(nsec: &[RecordType]) -> StaticLookup {
        let mut world = StaticLookup::from_zone_text(
            "here.test.  60 IN TXT x\ngone.test. 60 IN TXT x\nalias.test. 60 IN CNAME nowhere.test.",
        )
        .expect("zone text");
        let data = RecordData::Nsec {
            types: nsec.to_vec(),
        };
        world.insert(Record::new(name("gone.test"), 60, data));
        world
    }

    fn name(text: &str) -> DomainName {
        text.parse().expect("a name")
    }

    fn ask(lookup: &impl Lookup, text: &str) -> Existence {
        match pin!(existence(lookup, &name(text))).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(existence) => existence,
            Poll::Pending => panic!("memory does not wait"),
        }
    }

    #[test]
    fn item_4_compact_denial_is_a_denial() {
        let compact = [RecordType::NSEC, RecordType::NXNAME];
        let denied = Existence::DoesNotExist { compact: true };
        assert_eq!(
            ask(&world(&compact), "gone.test"),
            denied,
            "whoever validates"
        );
        assert_eq!(
            ask(&world(&compact).with_secure_zone(name("test")), "gone.test"),
            denied
        );
        // What is proved to be unsigned has no such record, so nobody asks for one.
        assert_eq!(
            ask(
                &world(&compact).with_insecure_zone(name("test")),
                "gone.test"
            ),
            Existence::Exists
        );
        assert_eq!(
            ask(&world(&[RecordType::TXT]), "gone.test"),
            Existence::Exists
        );
        assert_eq!(ask(&world(&[]), "here.test"), Existence::Exists);
        assert_eq!(
            ask(&world(&[]), "nothing.test"),
            Existence::DoesNotExist { compact: false }
        );
        assert_eq!(
            ask(&world(&[]), "alias.test"),
            Existence::Exists,
            "the alias does"
        );
    }

    /// Fails for one type.
    struct Failing(StaticLookup, RecordType);

    impl Lookup for Failing {
        async fn lookup(
            &self,
            name: &DomainName,
            record_type: RecordType,
        ) -> Result<Answer, LookupError> {
            if record_type == self.1 {
                let name = name.clone();
                return Err(LookupError::new(
                    LookupErrorKind::Timeout,
                    Question { name, record_type },
                ));
            }
            self.0.lookup(name, record_type).await
        }
    }

    #[test]
    fn a_failed_question_leaves_it_open() {
        for record_type in [RecordType::A, RecordType::NSEC] {
            let failing = Failing(world(&[]), record_type);
            assert!(
                matches!(ask(&failing, "here.test"), Existence::Unknown(_)),
                "{record_type}"
            );
        }
    }
}
