//! The names of an address, confirmed forwards (FCrDNS; *iprev* of RFC 8601 §3).

use std::net::IpAddr;

use futures_util::future::join_all;

use crate::{Answer, DomainName, Lookup, LookupError, RecordData, RecordType, resolve};

/// How many names of one address are confirmed; RFC 7208 §5.5 sets the same bound for `ptr`.
const MAX_NAMES: usize = 10;

/// Asks for the names of `address`, and of each name whether it leads back.
///
/// An IPv4 address in IPv6 clothing is asked about as IPv4. Asks one question for the PTR records and two for each of
/// the first ten names.
pub async fn reverse(lookup: &impl Lookup, address: IpAddr) -> Reverse {
    let address = address.to_canonical();
    let ptr = lookup
        .lookup(&DomainName::reverse_of(address), RecordType::PTR)
        .await;
    let mut names: Vec<_> = ptr
        .iter()
        .flat_map(Answer::records)
        .filter_map(pointed)
        .collect();
    let unconfirmed = names.split_off(names.len().min(MAX_NAMES));
    let names = names.into_iter().map(|name| confirm(lookup, name, address));
    Reverse {
        address,
        names: join_all(names).await,
        unconfirmed,
        ptr,
    }
}

fn pointed(record: &crate::Record) -> Option<DomainName> {
    match &record.data {
        RecordData::Ptr(name) => Some(name.clone()),
        _ => None,
    }
}

async fn confirm(lookup: &impl Lookup, name: DomainName, address: IpAddr) -> ReverseName {
    let forward = resolve(lookup, &name).await;
    let asked = if address.is_ipv4() {
        forward.ipv4
    } else {
        forward.ipv6
    };
    let confirmation = match asked {
        Ok(answer) if answer.addresses().any(|found| found == address) => Confirmation::Confirmed,
        Ok(_) => Confirmation::Denied,
        Err(error) => Confirmation::Unknown(error),
    };
    ReverseName { name, confirmation }
}

/// The names of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Reverse {
    /// The address asked about.
    pub address: IpAddr,
    /// The answer to the question for PTR records.
    pub ptr: Result<Answer, LookupError>,
    /// The first ten names in it.
    pub names: Vec<ReverseName>,
    /// The others, which were not asked about.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub unconfirmed: Vec<DomainName>,
}

impl Reverse {
    /// Builds the facts of an address.
    #[must_use]
    pub fn new(address: IpAddr, ptr: Result<Answer, LookupError>, names: Vec<ReverseName>) -> Self {
        Self {
            address,
            ptr,
            names,
            unconfirmed: Vec::new(),
        }
    }

    /// The first name that leads back to the address: one is enough (RFC 8601 §3).
    #[must_use]
    pub fn confirmed(&self) -> Option<&DomainName> {
        let confirmed = |name: &&ReverseName| name.confirmation == Confirmation::Confirmed;
        self.names.iter().find(confirmed).map(|name| &name.name)
    }
}

/// A name of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name leads back, does not, or could not be asked"
)]
pub struct ReverseName {
    /// The name.
    pub name: DomainName,
    /// Whether it leads back to the address.
    pub confirmation: Confirmation,
}

/// Whether a name leads back to the address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "yes, no, could not tell")]
pub enum Confirmation {
    /// The address is among the name's.
    Confirmed,
    /// The name has other addresses, or none.
    Denied,
    /// Could not tell.
    Unknown(LookupError),
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::{LookupErrorKind, StaticLookup};

    fn ask(address: &str) -> Reverse {
        let dns = StaticLookup::from_zone_text(
            "1.2.0.192.in-addr.arpa. 60 IN PTR other.test.\n\
             1.2.0.192.in-addr.arpa. 60 IN PTR mx.test.\n\
             2.2.0.192.in-addr.arpa. 60 IN PTR other.test.\n\
             3.2.0.192.in-addr.arpa. 60 IN PTR broken.test.\n\
             mx.test.    60 IN A 192.0.2.1\n\
             other.test. 60 IN A 192.0.2.99",
        )
        .expect("zone text")
        .with_failure(
            "broken.test".parse().expect("a name"),
            LookupErrorKind::ServFail,
        );
        let address = address.parse().expect("an address");
        match pin!(reverse(&dns, address)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(reverse) => reverse,
            Poll::Pending => panic!("memory does not wait"),
        }
    }

    #[test]
    fn a_flood_of_names_is_cut_and_listed() {
        let zone: String = (0..25)
            .map(|n| format!("9.2.0.192.in-addr.arpa. 60 IN PTR h{n}.test.\n"))
            .collect();
        let dns = StaticLookup::from_zone_text(&zone).expect("zone text");
        let address = "192.0.2.9".parse().expect("an address");
        let Poll::Ready(found) =
            pin!(reverse(&dns, address)).poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("memory does not wait")
        };
        assert_eq!((found.names.len(), found.unconfirmed.len()), (10, 15));
    }

    #[test]
    fn any_name_that_leads_back_is_enough() {
        let found = ask("192.0.2.1");
        assert_eq!(found.names.len(), 2);
        assert_eq!(
            found.confirmed().map(ToString::to_string).as_deref(),
            Some("mx.test")
        );
        assert_eq!(ask("::ffff:192.0.2.1").confirmed(), found.confirmed());
    }

    #[test]
    fn denied_missing_and_unknown_are_told_apart() {
        assert_eq!(ask("192.0.2.2").names[0].confirmation, Confirmation::Denied);
        assert!(matches!(
            ask("192.0.2.3").names[0].confirmation,
            Confirmation::Unknown(_)
        ));
        assert!(ask("192.0.2.4").ptr.expect("conclusive").is_nxdomain());
        assert!(ask("2001:db8::1").ptr.expect("conclusive").is_nxdomain());
    }
}
