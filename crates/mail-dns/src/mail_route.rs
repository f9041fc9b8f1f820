//! Where the mail of a domain goes (RFC 5321 §5.1).

use std::net::IpAddr;

use futures_util::future::{join, join_all};

use crate::{AddressScope, Answer, DomainName, Lookup, LookupError, NegativeKind, RecordType};

/// How many mail exchanges are resolved; the rest is listed only. Large providers publish up to seven.
const MAX_HOSTS: usize = 32;

/// Finds where the mail of `domain` goes, with every address of every host.
///
/// The five outcomes of RFC 5321 §5.1 and RFC 7505 are kept apart. There is a fallback to the domain's own addresses only
/// when the DNS proves that there is no MX record; a failure is not such a proof, and an MX whose hosts are all unusable is none either.
///
/// Asks one question for the MX records and two for each host; the first 32 hosts in order of preference are resolved.
pub async fn mail_route(lookup: &impl Lookup, domain: &DomainName) -> MailRoute {
    let mx = lookup.lookup(domain, RecordType::MX).await;
    let mut route = MailRoute::new(domain.clone(), mx, Vec::new());
    let mut exchanges = match route.kind() {
        RouteKind::Mx => route.mx.as_ref().map(Answer::exchanges).unwrap_or_default(),
        // The implicit MX has preference 0.
        RouteKind::Implicit => vec![(0, domain.clone())],
        RouteKind::NullMx | RouteKind::NoDomain | RouteKind::Unknown => Vec::new(),
    };
    let more = exchanges.split_off(exchanges.len().min(MAX_HOSTS));
    route.unresolved = more.into_iter().map(|(_, name)| name).collect();
    let hosts = exchanges
        .into_iter()
        .map(|(preference, exchange)| MailHost::resolve(lookup, preference, exchange));
    route.hosts = join_all(hosts).await;
    route
}

/// Asks for both kinds of address of `name`.
pub async fn resolve(lookup: &impl Lookup, name: &DomainName) -> HostAddresses {
    let (ipv4, ipv6) = join(
        lookup.lookup(name, RecordType::A),
        lookup.lookup(name, RecordType::AAAA),
    )
    .await;
    HostAddresses { ipv4, ipv6 }
}

/// Where the mail of a domain goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MailRoute {
    /// The domain.
    pub domain: DomainName,
    /// The answer to the question for MX records.
    pub mx: Result<Answer, LookupError>,
    /// The hosts that take the mail, as far as they are known, in order of preference; those of equal preference by name,
    /// because the order of an RRset is noise.
    pub hosts: Vec<MailHost>,
    /// Hosts past the first 32, which were not asked about.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub unresolved: Vec<DomainName>,
}

impl MailRoute {
    /// Builds the facts of a domain.
    #[must_use]
    pub fn new(domain: DomainName, mx: Result<Answer, LookupError>, hosts: Vec<MailHost>) -> Self {
        Self {
            domain,
            mx,
            hosts,
            unresolved: Vec::new(),
        }
    }

    /// What the answer for MX records means.
    #[must_use]
    pub fn kind(&self) -> RouteKind {
        let Ok(mx) = &self.mx else {
            return RouteKind::Unknown;
        };
        match mx.negative().map(|negative| negative.kind) {
            Some(NegativeKind::NxDomain) => RouteKind::NoDomain,
            Some(NegativeKind::NoData) => RouteKind::Implicit,
            None if mx.records().is_empty() => RouteKind::Implicit,
            // RFC 7505 §3: only a sole MX record is a null MX.
            None => match mx.exchanges().as_slice() {
                [(_, exchange)] if exchange.is_root() => RouteKind::NullMx,
                _ => RouteKind::Mx,
            },
        }
    }

    /// The hosts by preference, the most preferred first. Within a group senders choose at random (RFC 5321 §5.1).
    pub fn preference_groups(&self) -> impl Iterator<Item = (u16, &[MailHost])> {
        let groups = self
            .hosts
            .chunk_by(|one, other| one.preference == other.preference);
        groups.filter_map(|group| Some((group.first()?.preference, group)))
    }

    /// Hosts that stand under more than one preference. They are tried again where they have failed before.
    #[must_use]
    pub fn repeated_hosts(&self) -> Vec<&DomainName> {
        let mut repeated: Vec<_> = self
            .hosts
            .iter()
            .map(|host| &host.name)
            .filter(|name| self.hosts.iter().filter(|host| host.name == **name).count() > 1)
            .collect();
        repeated.sort();
        repeated.dedup();
        repeated
    }
}

/// What the answer for MX records means (RFC 5321 §5.1, RFC 7505).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "the two RFCs know these, and a failure"
)]
pub enum RouteKind {
    /// The domain names the hosts that take its mail.
    Mx,
    /// The domain says that it takes no mail (RFC 7505).
    NullMx,
    /// The domain has no MX record, so its own addresses take its mail: the implicit MX. It may have none.
    Implicit,
    /// The domain does not exist.
    NoDomain,
    /// Could not tell.
    Unknown,
}

/// A host that takes mail, with its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MailHost {
    /// The preference of its MX record; 0 for the implicit MX.
    pub preference: u16,
    /// Its name; the root if a null MX stands beside other MX records, which is an error (RFC 7505 §3).
    pub name: DomainName,
    /// Its addresses; `None` for the root, which is never asked about.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub addresses: Option<HostAddresses>,
}

impl MailHost {
    /// Builds a host.
    #[must_use]
    pub fn new(preference: u16, name: DomainName, addresses: Option<HostAddresses>) -> Self {
        Self {
            preference,
            name,
            addresses,
        }
    }

    async fn resolve(lookup: &impl Lookup, preference: u16, name: DomainName) -> Self {
        let addresses = if name.is_root() {
            None
        } else {
            Some(resolve(lookup, &name).await)
        };
        Self {
            preference,
            name,
            addresses,
        }
    }

    /// The addresses found, IPv4 first.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.addresses.iter().flat_map(HostAddresses::found)
    }

    /// The address that the name spells, if it looks like one: an MX record must hold a name (RFC 5321 §5.1, RFC 1035 §3.3.9).
    #[must_use]
    pub fn spelled_address(&self) -> Option<IpAddr> {
        self.name.to_string().parse().ok()
    }
}

/// Both address questions of a host; Happy Eyeballs has no place in a probe, each family is judged by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "there are two kinds of address")]
pub struct HostAddresses {
    /// The answer to the question for A records.
    pub ipv4: Result<Answer, LookupError>,
    /// The answer to the question for AAAA records.
    pub ipv6: Result<Answer, LookupError>,
}

impl HostAddresses {
    /// The addresses found, IPv4 first, in numeric order, each once.
    pub fn found(&self) -> impl Iterator<Item = IpAddr> + use<> {
        let mut addresses: Vec<_> = self
            .conclusive()
            .flat_map(|answer| answer.addresses().collect::<Vec<_>>())
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses.into_iter()
    }

    /// The same with what each is reserved for: a mail host has global addresses.
    pub fn scoped(&self) -> impl Iterator<Item = (IpAddr, AddressScope)> + use<> {
        self.found()
            .map(|address| (address, AddressScope::of(address)))
    }

    /// The answers that are conclusive.
    pub fn conclusive(&self) -> impl Iterator<Item = &Answer> {
        [&self.ipv4, &self.ipv6]
            .into_iter()
            .filter_map(|answer| answer.as_ref().ok())
    }

    /// The failures: as long as there is one, more addresses may exist.
    pub fn failures(&self) -> impl Iterator<Item = &LookupError> {
        [&self.ipv4, &self.ipv6]
            .into_iter()
            .filter_map(|answer| answer.as_ref().err())
    }

    /// Whether it is proved that there is no address.
    #[must_use]
    pub fn is_proved_empty(&self) -> bool {
        self.conclusive()
            .filter(|answer| answer.negative().is_some())
            .count()
            == 2
    }

    /// Whether it is proved that the name does not exist: NXDOMAIN for the name itself. A server that says so of one family and has
    /// records of the other (RFC 4074 §4.2) proves nothing, and an alias exists, whatever becomes of its target.
    #[must_use]
    pub fn is_nxdomain(&self) -> bool {
        let exists = |answer: &Answer| !answer.records().is_empty() || !answer.aliases.is_empty();
        !self.conclusive().any(exists) && self.conclusive().any(Answer::is_nxdomain)
    }

    /// The name that the host's name is an alias of, if it is one; an MX record must not point to one (RFC 2181 §10.3).
    #[must_use]
    pub fn alias_of(&self) -> Option<&DomainName> {
        self.conclusive()
            .find(|answer| !answer.aliases.is_empty())
            .map(Answer::canonical_name)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::{LookupErrorKind, StaticLookup};

    fn route(zone: &str, failing: &[(&str, LookupErrorKind)]) -> MailRoute {
        let name = |text: &str| text.parse::<DomainName>().expect("a name");
        let mut dns = StaticLookup::from_zone_text(zone).expect("zone text");
        for (failing, kind) in failing {
            dns = dns.with_failure(name(failing), *kind);
        }
        match pin!(mail_route(&dns, &name("d.test"))).poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(route) => route,
            Poll::Pending => panic!("memory does not wait"),
        }
    }

    fn summary(route: &MailRoute) -> String {
        let hosts = route.hosts.iter().map(|host| {
            let addresses: Vec<_> = host
                .addresses()
                .map(|address| address.to_string())
                .collect();
            format!(
                " {} {} [{}]",
                host.preference,
                host.name,
                addresses.join(" ")
            )
        });
        std::iter::once(format!("{:?}", route.kind()))
            .chain(hosts)
            .collect()
    }

    #[track_caller]
    fn check(zone: &str, expected: &str) {
        assert_eq!(summary(&route(zone, &[])), expected);
    }

    #[test]
    fn hosts_come_by_preference_with_every_address() {
        check(
            "d.test. 60 IN MX 20 b.test.\n\
             d.test. 60 IN MX 10 c.test.\n\
             d.test. 60 IN MX 10 a.test.\n\
             a.test. 60 IN A 192.0.2.2\n\
             a.test. 60 IN A 192.0.2.1\n\
             a.test. 60 IN AAAA 2001:db8::1\n\
             b.test. 60 IN A 192.0.2.3",
            "Mx 10 a.test [192.0.2.1 192.0.2.2 2001:db8::1] 10 c.test [] 20 b.test [192.0.2.3]",
        );
    }

    #[test]
    fn a_sole_root_is_a_null_mx_whatever_its_preference() {
        check("d.test. 60 IN MX 0 .", "NullMx");
        check("d.test. 60 IN MX 10 .", "NullMx");
    }

    #[test]
    fn a_root_beside_others_is_no_null_mx_and_is_not_asked_about() {
        check(
            "d.test. 60 IN MX 0 .\n\
             d.test. 60 IN MX 10 a.test.\n\
             a.test. 60 IN A 192.0.2.1",
            "Mx 0 . [] 10 a.test [192.0.2.1]",
        );
    }

    #[test]
    fn no_mx_means_the_domains_own_addresses() {
        check("d.test. 60 IN A 192.0.2.1", "Implicit 0 d.test [192.0.2.1]");
        check("d.test. 60 IN TXT x", "Implicit 0 d.test []");
    }

    #[test]
    fn an_unusable_mx_is_no_reason_to_fall_back() {
        check(
            "d.test. 60 IN MX 10 gone.test.\n\
             d.test. 60 IN A 192.0.2.1",
            "Mx 10 gone.test []",
        );
    }

    #[test]
    fn a_missing_domain_and_a_failure_are_told_apart() {
        assert_eq!(summary(&route("", &[])), "NoDomain");
        let failed = route(
            "d.test. 60 IN A 192.0.2.1",
            &[("d.test", LookupErrorKind::ServFail)],
        );
        assert_eq!(failed.kind(), RouteKind::Unknown);
        assert_eq!(
            failed.mx.expect_err("failed").kind(),
            LookupErrorKind::ServFail
        );
    }

    #[test]
    fn a_failed_address_question_is_not_an_empty_one() {
        let zone = "d.test. 60 IN MX 10 a.test.";
        let failed = route(zone, &[("a.test", LookupErrorKind::Timeout)]);
        let addresses = failed.hosts[0].addresses.clone().expect("asked");
        assert!(!addresses.is_proved_empty() && addresses.failures().count() == 2);

        let empty = route(zone, &[]);
        let addresses = empty.hosts[0].addresses.clone().expect("asked");
        assert!(addresses.is_proved_empty() && addresses.is_nxdomain());
    }

    #[test]
    fn a_name_with_records_or_an_alias_exists() {
        let answer = |zone: &str, record_type| {
            let dns = StaticLookup::from_zone_text(zone).expect("zone text");
            let name = "mx.test".parse().expect("a name");
            match pin!(dns.lookup(&name, record_type)).poll(&mut Context::from_waker(Waker::noop()))
            {
                Poll::Ready(answer) => answer,
                Poll::Pending => panic!("memory does not wait"),
            }
        };
        let missing = || answer("other.test. 60 IN A 192.0.2.1", RecordType::AAAA);
        let split = HostAddresses {
            ipv4: answer("mx.test. 60 IN A 192.0.2.1", RecordType::A),
            ipv6: missing(),
        };
        assert!(
            !split.is_nxdomain() && !split.is_proved_empty(),
            "RFC 4074 §4.2"
        );
        let alias = HostAddresses {
            ipv4: answer("mx.test. 60 IN CNAME gone.test.", RecordType::A),
            ipv6: answer("mx.test. 60 IN CNAME gone.test.", RecordType::AAAA),
        };
        assert!(!alias.is_nxdomain() && alias.is_proved_empty());
        let one_failed = HostAddresses {
            ipv4: answer("mx.test. 60 IN TXT x", RecordType::A),
            ipv6: Err(LookupError::new(
                LookupErrorKind::Timeout,
                missing().expect("an answer").question,
            )),
        };
        assert!(!one_failed.is_proved_empty());
    }

    #[test]
    fn aliases_and_spelled_addresses_are_seen() {
        let route = route(
            "d.test. 60 IN MX 10 alias.test.\n\
             d.test. 60 IN MX 20 192.0.2.77.\n\
             alias.test. 60 IN CNAME a.test.\n\
             a.test. 60 IN A 192.0.2.1",
            &[],
        );
        let [alias, spelled] = route.hosts.as_slice() else {
            panic!("{route:?}")
        };
        let addresses = alias.addresses.as_ref().expect("asked");
        assert_eq!(
            addresses.alias_of().map(ToString::to_string).as_deref(),
            Some("a.test")
        );
        assert_eq!(spelled.spelled_address(), "192.0.2.77".parse().ok());
    }

    #[test]
    fn item_14_equal_preference_makes_a_group() {
        let route = route(
            "d.test. 60 IN MX 10 b.test.\n\
             d.test. 60 IN MX 10 a.test.\n\
             d.test. 60 IN MX 5 c.test.\n\
             d.test. 60 IN MX 20 a.test.\n\
             a.test. 60 IN A 127.0.0.1\n\
             a.test. 60 IN AAAA ::ffff:10.0.0.1",
            &[],
        );
        let groups: Vec<_> = route
            .preference_groups()
            .map(|(preference, hosts)| (preference, hosts.len()))
            .collect();
        assert_eq!(groups, [(5, 1), (10, 2), (20, 1)]);
        let repeated: Vec<_> = route
            .repeated_hosts()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(repeated, ["a.test"]);
        let scopes: Vec<_> = route.hosts[1]
            .addresses
            .iter()
            .flat_map(HostAddresses::scoped)
            .map(|(_, scope)| scope)
            .collect();
        assert_eq!(scopes, [AddressScope::Loopback, AddressScope::Private]);
    }

    #[test]
    fn a_flood_of_exchanges_is_cut_and_listed() {
        let zone: String = (0..40)
            .map(|n| format!("d.test. 60 IN MX {n} h{n}.test.\n"))
            .collect();
        let route = route(&zone, &[]);
        assert_eq!((route.hosts.len(), route.unresolved.len()), (32, 8));
    }
}
