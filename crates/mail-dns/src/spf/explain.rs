//! What a record costs and whom it lets send, without a client.

use std::collections::VecDeque;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;

use futures_util::future::join;

use crate::spf::expand::{Target, Values};
use crate::spf::lint::{self, Lint};
use crate::spf::{
    AddressSet, Directive, DualCidr, Limits, MacroLetter, MacroString, Mechanism, Qualifier, Query,
    Record, SyntaxError,
};
use crate::{Answer, DomainName, Lookup, LookupError, Octets, RecordData, RecordType, Span};

/// How many records of one tree are looked at; ten terms can lead to ten.
const MAX_RECORDS: usize = 64;
/// How deep includes are followed.
const MAX_DEPTH: usize = 16;

/// Reads the whole tree of records that hang on a domain's, and works out what they cost and whom they let send, for any client (static
/// analysis; RFC 7208 §4.6.4 sets the limits).
///
/// Asks for each record once for each place that leads to it, for both families of addresses where an evaluation would ask for one, for the dead
/// type SPF at the domain, and for a record at `_spf` and `spf` below it if it has none itself. At most 64 records are read.
///
/// # Examples
///
/// ```
/// use mail_dns::StaticLookup;
/// use mail_dns::spf;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "good.test.     300 IN TXT \"v=spf1 a include:_spf.p.test -all\"\n\
///      good.test.     300 IN A   192.0.2.1\n\
///      _spf.p.test.   300 IN TXT \"v=spf1 ip4:198.51.100.0/24 include:_b.p.test ~all\"\n\
///      _b.p.test.     300 IN TXT \"v=spf1 ip6:2001:db8::/64 ~all\"",
/// )?;
/// let explained = spf::explain(&dns, &"good.test".parse()?).await;
/// assert_eq!(explained.root.cost.terms, 3, "a, and two includes");
/// assert_eq!(explained.root.cost.voids.ipv6, 1, "good.test has no AAAA record");
/// assert_eq!(explained.authorized.ipv4_count(), 257);
/// assert!(explained.fits(&spf::Limits::default()));
/// # Ok(())
/// # }
/// ```
pub async fn explain(lookup: &impl Lookup, domain: &DomainName) -> Explained {
    let mut explorer = Explorer {
        lookup,
        root: Target::of_name(domain),
        path: Vec::new(),
        records: 0,
    };
    let root = explorer.record(Target::of_name(domain)).await;
    let mut lints = VecDeque::from(lint::of_tree(&root));
    for found in lint::of_domain(lookup, domain, &root)
        .await
        .into_iter()
        .rev()
    {
        lints.push_front(found);
    }
    let mut decision = Decision::default();
    decision.take(&root);
    Explained {
        lints: lints.into(),
        authorized: decision.pass,
        opaque: decision.opaque,
        broken: decision.broken,
        root,
    }
}

/// What a domain's SPF costs, and whom it lets send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Explained {
    /// The record and everything that hangs on it.
    pub root: RecordNode,
    /// The addresses that give *pass*, as far as they can be known without a client.
    pub authorized: AddressSet,
    /// Whether terms that hang on the client (macros, `ptr`) may let others send as well.
    pub opaque: bool,
    /// Whether something in the tree makes an evaluation that comes to it end in an error.
    pub broken: bool,
    /// What is worth a second look.
    pub lints: Vec<Lint>,
}

impl Explained {
    /// Whether no client can meet a limit: terms that ask, and void lookups in either family.
    #[must_use]
    pub fn fits(&self, limits: &Limits) -> bool {
        let Cost {
            terms,
            voids,
            possible_voids,
        } = self.root.cost;
        let most = voids.ipv4.max(voids.ipv6) + possible_voids;
        terms <= u32::from(limits.terms)
            && most <= u32::from(limits.void_lookups)
            && !self.goes_in_a_circle()
    }

    /// Whether an include leads back to a record it is in: no limit of terms is enough for that.
    #[must_use]
    pub fn goes_in_a_circle(&self) -> bool {
        self.root
            .walk()
            .iter()
            .any(|node| node.found == RecordFound::Loop)
    }

    /// The terms of the domain's own record without which the number of terms would be within the limit: the cheapest first. Empty if it is
    /// within the limit, or no single term is enough.
    #[must_use]
    pub fn removable(&self, limits: &Limits) -> Vec<&TermNode> {
        let excess = self.root.cost.terms.saturating_sub(limits.terms.into());
        if excess == 0 {
            return Vec::new();
        }
        let enough = |term: &&TermNode| term.cost.terms >= excess;
        let mut terms: Vec<_> = self.root.terms.iter().filter(enough).collect();
        terms.sort_by_key(|term| term.cost.terms);
        terms
    }
}

/// What the worst client costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Cost {
    /// How many terms ask the DNS (RFC 7208 §4.6.4: ten are allowed).
    pub terms: u32,
    /// How many of them find nothing (two are allowed).
    pub voids: FamilyCount,
    /// How many more may find nothing, depending on the client.
    pub possible_voids: u32,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.terms += other.terms;
        self.voids.ipv4 += other.voids.ipv4;
        self.voids.ipv6 += other.voids.ipv6;
        self.possible_voids += other.possible_voids;
    }
}

/// For a client of either family: only its own is asked for (RFC 7208 §5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "there are two families")]
pub struct FamilyCount {
    /// For an IPv4 client.
    pub ipv4: u32,
    /// For an IPv6 client.
    pub ipv6: u32,
}

/// A domain's record in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RecordNode {
    /// The domain.
    pub domain: DomainName,
    /// What is there.
    pub found: RecordFound,
    /// The terms that an evaluation may come to, in order: up to `all`, and `redirect` last.
    pub terms: Vec<TermNode>,
    /// What all of them cost.
    pub cost: Cost,
}

/// What is at a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RecordFound {
    /// One good record.
    Record(Record),
    /// No record. Who points here has an error.
    Nothing {
        /// The answer that says so.
        answer: Answer,
    },
    /// Several records, which is an error (RFC 7208 §4.5).
    Several {
        /// The records.
        texts: Vec<Octets>,
    },
    /// A record with an error in it (RFC 7208 §4.6).
    Invalid {
        /// The record.
        text: Octets,
        /// What and where.
        error: SyntaxError,
    },
    /// A domain that is being read already: the includes go in a circle.
    Loop,
    /// Not looked at: too deep, or too many.
    NotVisited,
    /// Could not tell.
    Unknown(LookupError),
}

impl RecordNode {
    /// The record, if there is a good one.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        match &self.found {
            RecordFound::Record(record) => Some(record),
            _ => None,
        }
    }

    /// This record and all below it, each before those that hang on it.
    #[must_use]
    pub fn walk(&self) -> Vec<&Self> {
        let mut nodes = vec![self];
        let children = self.terms.iter().filter_map(|term| term.child.as_deref());
        nodes.extend(children.flat_map(Self::walk));
        nodes
    }
}

/// A term in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TermNode {
    /// Where it stands in its record.
    pub span: Span,
    /// What a match gives; `None` for `redirect`.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub qualifier: Option<Qualifier>,
    /// What it costs, with everything that hangs on it.
    pub cost: Cost,
    /// Which clients it matches.
    pub reach: Reach,
    /// The record that `include` or `redirect` leads to.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub child: Option<Box<RecordNode>>,
    /// For how many seconds what was found holds; `None` if nothing was asked.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ttl: Option<u32>,
}

/// Which clients a term matches.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reach {
    /// Those with these addresses.
    Addresses(AddressSet),
    /// Those that the included record gives *pass*.
    Child,
    /// It hangs on the client, so it cannot be said.
    Client,
    /// An evaluation that comes here ends in *permerror*: more MX records than are allowed.
    TooManyMxNames {
        /// How many.
        count: usize,
    },
    /// An evaluation that comes here ends in *permerror*: the target of `include` or `redirect` is no name that can be asked for.
    NoTarget,
    /// Could not tell: a question failed, and an evaluation that comes here ends in *temperror*.
    Unknown(LookupError),
}

/// Explores the tree.
struct Explorer<'a, L> {
    lookup: &'a L,
    /// The domain of the sender.
    root: Target,
    /// The domains being read, outermost first.
    path: Vec<DomainName>,
    records: usize,
}

impl<L: Lookup> Explorer<'_, L> {
    /// Boxed because a record leads to records.
    fn record(&mut self, target: Target) -> Pin<Box<dyn Future<Output = RecordNode> + Send + '_>> {
        Box::pin(async move {
            let mut node = RecordNode {
                domain: target.name.clone(),
                found: RecordFound::NotVisited,
                terms: Vec::new(),
                cost: Cost::default(),
            };
            if self.path.contains(&target.name) {
                node.found = RecordFound::Loop;
                return node;
            }
            if self.records == MAX_RECORDS || self.path.len() == MAX_DEPTH {
                return node;
            }
            self.records += 1;
            node.found = fetch(self.lookup, &target.name).await;
            let RecordFound::Record(record) = &node.found else {
                return node;
            };
            self.path.push(target.name.clone());
            let record = record.clone();
            let directives: Vec<_> = record.directives().cloned().collect();
            for directive in &directives {
                node.terms.push(self.directive(&target, directive).await);
                if directive.mechanism == Mechanism::All {
                    break;
                }
            }
            // With an `all`, nothing comes to the redirect (RFC 7208 §6.1).
            let has_all = record
                .directives()
                .any(|directive| directive.mechanism == Mechanism::All);
            if let Some((domain, span)) = record.redirect().filter(|_| !has_all) {
                let mut term = TermNode::new(span, None);
                self.follow(&mut term, &target, domain).await;
                node.terms.push(term);
            }
            self.path.pop();
            for term in &node.terms {
                node.cost.add(term.cost);
            }
            node
        })
    }

    async fn directive(&mut self, scope: &Target, directive: &Directive) -> TermNode {
        let mut term = TermNode::new(directive.span, Some(directive.qualifier));
        match &directive.mechanism {
            Mechanism::All => term.reach = Reach::Addresses(AddressSet::everything()),
            Mechanism::Ip4 { network, prefix } => {
                let set = AddressSet::network(IpAddr::V4(*network), prefix.unwrap_or(32));
                term.reach = Reach::Addresses(set);
            }
            Mechanism::Ip6 { network, prefix } => {
                let set = AddressSet::network(IpAddr::V6(*network), prefix.unwrap_or(128));
                term.reach = Reach::Addresses(set);
            }
            Mechanism::Include { domain } => self.follow(&mut term, scope, domain).await,
            Mechanism::A { domain, cidr } => match self.target(&mut term, scope, domain.as_ref()) {
                Expanded::Name(name) => self.addresses(&mut term, &name, *cidr).await,
                other => term.unresolved(&other),
            },
            Mechanism::Mx { domain, cidr } => {
                match self.target(&mut term, scope, domain.as_ref()) {
                    Expanded::Name(name) => self.exchanges(&mut term, &name, *cidr).await,
                    other => term.unresolved(&other),
                }
            }
            Mechanism::Ptr { domain } => {
                self.target(&mut term, scope, domain.as_ref());
                term.unresolved(&Expanded::Client);
            }
            Mechanism::Exists { domain } => match self.target(&mut term, scope, Some(domain)) {
                Expanded::Name(name) => self.exists(&mut term, &name).await,
                other => term.unresolved(&other),
            },
        }
        term
    }

    /// The name that a domain-spec stands for, and the first term's worth of cost.
    fn target(&self, term: &mut TermNode, scope: &Target, spec: Option<&MacroString>) -> Expanded {
        term.cost.terms = 1;
        let Some(spec) = spec else {
            return Expanded::Name(scope.name.clone());
        };
        // `%{p}` asks as `ptr` does (RFC 7208 §4.6.4).
        if spec.has(MacroLetter::ValidatedName) {
            term.cost.terms += 1;
        }
        let is_static = |letter| matches!(letter, MacroLetter::Domain | MacroLetter::SenderDomain);
        if !spec.macros().all(|expand| is_static(expand.letter)) {
            return Expanded::Client;
        }
        let ip = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let query = Query::mail_from(ip, "", "");
        let values = Values {
            query: &query,
            ip,
            sender_domain: &self.root.text,
            domain: &scope.text,
            validated_name: &[],
        };
        match values.expand_domain(spec) {
            Some(target) => Expanded::Name(target.name),
            None => Expanded::Impossible,
        }
    }

    /// `include` and `redirect`.
    async fn follow(&mut self, term: &mut TermNode, scope: &Target, domain: &MacroString) {
        match self.target(term, scope, Some(domain)) {
            Expanded::Name(name) => {
                let child = self.record(Target::of_name(&name)).await;
                term.cost.add(child.cost);
                term.reach = Reach::Child;
                term.child = Some(Box::new(child));
            }
            Expanded::Client => term.reach = Reach::Client,
            Expanded::Impossible => term.reach = Reach::NoTarget,
        }
    }

    async fn addresses(&self, term: &mut TermNode, name: &DomainName, cidr: DualCidr) {
        let mut set = AddressSet::default();
        match self
            .hosts(term, &mut set, std::slice::from_ref(name), cidr)
            .await
        {
            Ok(()) => term.reach = Reach::Addresses(set),
            Err(error) => term.reach = Reach::Unknown(error),
        }
    }

    /// A term is void once, whatever it asked (see the module).
    async fn hosts(
        &self,
        term: &mut TermNode,
        set: &mut AddressSet,
        names: &[DomainName],
        cidr: DualCidr,
    ) -> Result<(), LookupError> {
        for name in names {
            let (ipv4, ipv6) = join(
                self.lookup.lookup(name, RecordType::A),
                self.lookup.lookup(name, RecordType::AAAA),
            )
            .await;
            let (ipv4, ipv6) = (ipv4?, ipv6?);
            term.cost.voids.ipv4 |= u32::from(ipv4.records().is_empty());
            term.cost.voids.ipv6 |= u32::from(ipv6.records().is_empty());
            for answer in [&ipv4, &ipv6] {
                term.lives_for(answer.ttl());
                for address in answer.addresses() {
                    let prefix = match address {
                        IpAddr::V4(_) => cidr.ip4.unwrap_or(32),
                        IpAddr::V6(_) => cidr.ip6.unwrap_or(128),
                    };
                    set.union(&AddressSet::network(address, prefix));
                }
            }
        }
        Ok(())
    }

    async fn exchanges(&self, term: &mut TermNode, name: &DomainName, cidr: DualCidr) {
        let answer = match self.lookup.lookup(name, RecordType::MX).await {
            Ok(answer) => answer,
            Err(error) => {
                term.reach = Reach::Unknown(error);
                return;
            }
        };
        term.lives_for(answer.ttl());
        if answer.records().is_empty() {
            term.cost.voids = FamilyCount { ipv4: 1, ipv6: 1 };
        }
        let mut exchanges: Vec<_> = answer
            .records()
            .iter()
            .filter_map(|record| match &record.data {
                RecordData::Mx { exchange, .. } => Some(exchange.clone()),
                _ => None,
            })
            .collect();
        let limit = usize::from(Limits::default().mx_names);
        if exchanges.len() > limit {
            term.reach = Reach::TooManyMxNames {
                count: exchanges.len(),
            };
            return;
        }
        let mut set = AddressSet::default();
        exchanges.retain(|exchange| !exchange.is_root());
        match self.hosts(term, &mut set, &exchanges, cidr).await {
            Ok(()) => term.reach = Reach::Addresses(set),
            Err(error) => term.reach = Reach::Unknown(error),
        }
    }

    /// Without a macro, it matches every client or none.
    async fn exists(&self, term: &mut TermNode, name: &DomainName) {
        match self.lookup.lookup(name, RecordType::A).await {
            Ok(answer) => {
                term.lives_for(answer.ttl());
                let found = answer.addresses().next().is_some();
                if !found {
                    term.cost.voids = FamilyCount { ipv4: 1, ipv6: 1 };
                }
                let set = if found {
                    AddressSet::everything()
                } else {
                    AddressSet::default()
                };
                term.reach = Reach::Addresses(set);
            }
            Err(error) => term.reach = Reach::Unknown(error),
        }
    }
}

/// What a domain-spec stands for.
enum Expanded {
    Name(DomainName),
    /// It hangs on the client.
    Client,
    /// No name that can be asked for.
    Impossible,
}

impl TermNode {
    fn new(span: Span, qualifier: Option<Qualifier>) -> Self {
        Self {
            span,
            qualifier,
            cost: Cost::default(),
            reach: Reach::Addresses(AddressSet::default()),
            child: None,
            ttl: None,
        }
    }

    /// A name that cannot be asked for matches nobody (RFC 7208 §4.8).
    fn unresolved(&mut self, target: &Expanded) {
        match target {
            Expanded::Client => {
                self.reach = Reach::Client;
                self.cost.possible_voids = 1;
            }
            Expanded::Impossible | Expanded::Name(_) => {
                self.reach = Reach::Addresses(AddressSet::default());
            }
        }
    }

    fn lives_for(&mut self, ttl: Option<u32>) {
        self.ttl = match (self.ttl, ttl) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// The record of a domain.
pub(crate) async fn fetch(lookup: &impl Lookup, domain: &DomainName) -> RecordFound {
    let answer = match lookup.lookup(domain, RecordType::TXT).await {
        Ok(answer) => answer,
        Err(error) => return RecordFound::Unknown(error),
    };
    let texts: Vec<_> = answer
        .texts()
        .filter(|text| Record::is_claimed_by(text))
        .collect();
    match texts.as_slice() {
        [] => RecordFound::Nothing { answer },
        [text] => match Record::parse(text) {
            Ok(record) => RecordFound::Record(record),
            Err(error) => RecordFound::Invalid {
                text: text.as_slice().into(),
                error,
            },
        },
        texts => RecordFound::Several {
            texts: texts.iter().map(|text| text.as_slice().into()).collect(),
        },
    }
}

/// Which clients get *pass*, which are decided, and what cannot be known.
#[derive(Debug, Default)]
struct Decision {
    pass: AddressSet,
    decided: AddressSet,
    opaque: bool,
    broken: bool,
}

impl Decision {
    /// Takes the terms of a record in order, as an evaluation does; after an error, nobody is let through.
    fn take(&mut self, node: &RecordNode) {
        if node.record().is_none() {
            self.broken = true;
            return;
        }
        for term in &node.terms {
            let matched = match (&term.reach, &term.child) {
                (Reach::Addresses(set), _) => set.clone(),
                (Reach::Child, Some(child)) => {
                    let mut inner = Self::default();
                    inner.take(child);
                    self.opaque |= inner.opaque;
                    if term.qualifier.is_none() {
                        // Who is not decided yet is decided there.
                        self.pass.union(&inner.pass.without(&self.decided));
                        self.broken |= inner.broken;
                        return;
                    }
                    if inner.broken {
                        // Who passes there is let through before the error is come to; all others end in it.
                        if term.qualifier == Some(Qualifier::Pass) {
                            self.pass.union(&inner.pass.without(&self.decided));
                        }
                        self.broken = true;
                        return;
                    }
                    inner.pass
                }
                (Reach::Client, _) => {
                    self.opaque = true;
                    continue;
                }
                _ => {
                    self.broken = true;
                    return;
                }
            };
            if term.qualifier == Some(Qualifier::Pass) {
                self.pass.union(&matched.without(&self.decided));
            }
            self.decided.union(&matched);
        }
    }
}
