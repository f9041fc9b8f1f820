//! Asking for everything that a record leads to.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;

use futures_util::future::join;

use crate::spf::expand::{Target, Values};
use crate::spf::explain::{
    Cost, FamilyCount, FamilyFailures, Reach, RecordFound, RecordNode, TermNode,
};
use crate::spf::{
    AddressSet, Directive, DualCidr, Limits, MacroLetter, MacroString, Mechanism, Qualifier, Query,
    Record,
};
use crate::{Answer, DomainName, Exchange, Lookup, LookupError, Question, RecordType, Span};

/// How many records of one tree are looked at; ten terms can lead to ten.
const MAX_RECORDS: usize = 64;
/// How deep includes are followed.
const MAX_DEPTH: usize = 16;
/// How many terms of one tree are looked at; large providers have some hundred.
const MAX_TERMS: usize = 2_000;
/// How many questions are asked; ten terms can lead to some two hundred.
const MAX_QUESTIONS: usize = 500;

pub(super) struct Explorer<'a, L> {
    lookup: &'a L,
    /// The domain of the sender.
    root: Target,
    /// The domains being read, outermost first.
    path: Vec<DomainName>,
    records: usize,
    terms: usize,
    /// What was asked, so that nothing is asked twice.
    asked: BTreeMap<(DomainName, RecordType), Result<Answer, LookupError>>,
}

/// What comes of a question: the answer, if it was asked.
enum Reply {
    Said(Answer),
    Failed(LookupError),
    NotAsked,
}

impl<'a, L: Lookup> Explorer<'a, L> {
    pub(super) fn new(lookup: &'a L, domain: &DomainName) -> Self {
        Self {
            lookup,
            root: Target::of_name(domain),
            path: Vec::new(),
            records: 0,
            terms: 0,
            asked: BTreeMap::new(),
        }
    }

    pub(super) async fn explore(mut self) -> (RecordNode, Vec<Exchange>) {
        let target = self.root.clone();
        let root = self.record(target).await;
        let exchanges = self
            .asked
            .into_iter()
            .map(|((name, record_type), outcome)| Exchange {
                question: Question { name, record_type },
                outcome,
            });
        (root, exchanges.collect())
    }

    async fn ask(&mut self, name: &DomainName, record_type: RecordType) -> Reply {
        let key = (name.clone(), record_type);
        let outcome = match self.asked.get(&key) {
            Some(outcome) => outcome.clone(),
            None if self.asked.len() >= MAX_QUESTIONS => return Reply::NotAsked,
            None => {
                let outcome = self.lookup.lookup(name, record_type).await;
                self.asked.insert(key, outcome.clone());
                outcome
            }
        };
        match outcome {
            Ok(answer) => Reply::Said(answer),
            Err(error) => Reply::Failed(error),
        }
    }

    /// Both families of a name, at once if neither is known.
    async fn ask_addresses(&mut self, name: &DomainName) -> (Reply, Reply) {
        let (a, aaaa) = (
            (name.clone(), RecordType::A),
            (name.clone(), RecordType::AAAA),
        );
        let is_new = !self.asked.contains_key(&a) && !self.asked.contains_key(&aaaa);
        if is_new && self.asked.len() + 2 <= MAX_QUESTIONS {
            let (ipv4, ipv6) = join(
                self.lookup.lookup(name, RecordType::A),
                self.lookup.lookup(name, RecordType::AAAA),
            )
            .await;
            self.asked.insert(a, ipv4);
            self.asked.insert(aaaa, ipv6);
        }
        let ipv4 = self.ask(name, RecordType::A).await;
        (ipv4, self.ask(name, RecordType::AAAA).await)
    }

    /// Boxed because a record leads to records.
    fn record(&mut self, target: Target) -> Pin<Box<dyn Future<Output = RecordNode> + Send + '_>> {
        Box::pin(async move {
            let mut node = RecordNode {
                domain: target.name.clone(),
                answer: None,
                found: RecordFound::NotVisited,
                terms: Vec::new(),
                left_out: 0,
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
            match self.ask(&target.name, RecordType::TXT).await {
                Reply::Said(answer) => {
                    node.found = RecordFound::of(&answer);
                    node.answer = Some(answer);
                }
                Reply::Failed(error) => node.found = RecordFound::Unknown(error),
                Reply::NotAsked => {}
            }
            if let Some(record) = node.record().cloned() {
                self.path.push(target.name.clone());
                self.read(&mut node, &target, &record).await;
                self.path.pop();
            }
            node
        })
    }

    async fn read(&mut self, node: &mut RecordNode, target: &Target, record: &Record) {
        let directives: Vec<_> = record.directives().cloned().collect();
        let all = directives
            .iter()
            .position(|directive| directive.mechanism == Mechanism::All);
        // Nothing comes to what stands behind it (RFC 7208 §5.1).
        let reachable = all.map_or(directives.len(), |all| all + 1);
        for directive in directives.iter().take(reachable) {
            if self.terms == MAX_TERMS {
                node.left_out += 1;
                continue;
            }
            self.terms += 1;
            let term = self.directive(target, directive).await;
            node.terms.push(term);
        }
        // With an `all`, nothing comes to the redirect (RFC 7208 §6.1).
        if let Some((domain, span)) = record.redirect().filter(|_| all.is_none()) {
            let mut term = TermNode::new(span, None);
            self.follow(&mut term, target, domain).await;
            node.terms.push(term);
        }
        for term in &node.terms {
            node.cost.add(term.cost);
        }
    }

    async fn directive(&mut self, scope: &Target, directive: &Directive) -> TermNode {
        let mut term = TermNode::new(directive.span, Some(directive.qualifier));
        match &directive.mechanism {
            Mechanism::All => term.reach = Reach::All,
            Mechanism::Ip4 { network, prefix } => {
                let set = AddressSet::network(IpAddr::V4(*network), prefix.unwrap_or(32));
                term.reach = Reach::Addresses(set);
            }
            Mechanism::Ip6 { network, prefix } => {
                let set = AddressSet::network(IpAddr::V6(*network), prefix.unwrap_or(128));
                term.reach = Reach::Addresses(set);
            }
            Mechanism::Include { domain } => {
                term.is_include = true;
                self.follow(&mut term, scope, domain).await;
            }
            Mechanism::A { domain, cidr } => {
                if let Some(name) = self.target(&mut term, scope, domain.as_ref()) {
                    self.hosts(&mut term, &[name], *cidr).await;
                }
            }
            Mechanism::Mx { domain, cidr } => {
                term.is_mx = true;
                if let Some(name) = self.target(&mut term, scope, domain.as_ref()) {
                    self.exchanges(&mut term, &name, *cidr).await;
                }
            }
            Mechanism::Ptr { domain } => {
                // A name that cannot be asked for matches nobody, whatever the client's names are.
                if self.target(&mut term, scope, domain.as_ref()).is_some() {
                    term.reach = Reach::Client;
                    term.cost.possible_voids = 1;
                }
            }
            Mechanism::Exists { domain } => {
                if let Some(name) = self.target(&mut term, scope, Some(domain)) {
                    self.exists(&mut term, &name).await;
                }
            }
        }
        term
    }

    /// The name that a domain-spec stands for, and the first of the term's cost. If there is none, it hangs on the client; or the name cannot be
    /// asked for, and matches nobody (RFC 7208 §4.8).
    fn target(
        &self,
        term: &mut TermNode,
        scope: &Target,
        spec: Option<&MacroString>,
    ) -> Option<DomainName> {
        term.cost.terms = 1;
        match self.expand(term, scope, spec) {
            Expanded::Name(name) => {
                term.target = Some(name.clone());
                Some(name)
            }
            Expanded::Client => {
                term.reach = Reach::Client;
                term.cost.possible_voids = 1;
                None
            }
            Expanded::Impossible => None,
        }
    }

    fn expand(&self, term: &mut TermNode, scope: &Target, spec: Option<&MacroString>) -> Expanded {
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
        term.cost.terms = 1;
        match self.expand(term, scope, Some(domain)) {
            // There is no record at a name of one label (RFC 7208 §4.3).
            Expanded::Name(name) if name.label_count() < 2 => term.reach = Reach::NoTarget,
            Expanded::Name(name) => {
                let child = self.record(Target::of_name(&name)).await;
                term.cost.add(child.cost);
                term.reach = Reach::Child;
                term.child = Some(Box::new(child));
            }
            Expanded::Client => {
                term.reach = Reach::Client;
                term.cost.possible_voids = u32::from(domain.has(MacroLetter::ValidatedName));
            }
            Expanded::Impossible => term.reach = Reach::NoTarget,
        }
    }

    /// In the order of an evaluation: the first failure in a family ends it for the clients of that family whom no host before has matched.
    /// A term is void once, whatever it asked.
    async fn hosts(&mut self, term: &mut TermNode, names: &[DomainName], cidr: DualCidr) {
        let mut set = AddressSet::default();
        for name in names {
            let (ipv4, ipv6) = self.ask_addresses(name).await;
            let FamilyFailures {
                ipv4: failed_ipv4,
                ipv6: failed_ipv6,
            } = &mut term.failures;
            let families = [
                (
                    ipv4,
                    failed_ipv4,
                    &mut term.cost.voids.ipv4,
                    cidr.ip4.unwrap_or(32),
                ),
                (
                    ipv6,
                    failed_ipv6,
                    &mut term.cost.voids.ipv6,
                    cidr.ip6.unwrap_or(128),
                ),
            ];
            for (reply, failed, void, prefix) in families {
                match reply {
                    _ if failed.is_some() => {}
                    Reply::Said(answer) => {
                        *void |= u32::from(answer.records().is_empty());
                        for address in answer.addresses() {
                            set.union(&AddressSet::network(address, prefix));
                        }
                        term.ttl = least(term.ttl, answer.ttl());
                    }
                    Reply::Failed(error) => *failed = Some(error),
                    Reply::NotAsked => {
                        term.reach = Reach::NotVisited;
                        return;
                    }
                }
            }
        }
        term.reach = Reach::Addresses(set);
    }

    async fn exchanges(&mut self, term: &mut TermNode, name: &DomainName, cidr: DualCidr) {
        let answer = match self.ask(name, RecordType::MX).await {
            Reply::Said(answer) => answer,
            Reply::Failed(error) => return term.reach = Reach::Unknown(error),
            Reply::NotAsked => return term.reach = Reach::NotVisited,
        };
        let ttl = answer.ttl();
        let count = answer.records().len();
        term.mx_names = count;
        if count > usize::from(Limits::default().mx_names) {
            term.reach = Reach::TooManyMxNames { count };
            return;
        }
        let hosts: Vec<_> = answer
            .exchanges()
            .into_iter()
            .map(|(_, exchange)| exchange)
            .filter(|exchange| !exchange.is_root())
            .collect();
        self.hosts(term, &hosts, cidr).await;
        if count == 0 {
            term.cost.voids = FamilyCount { ipv4: 1, ipv6: 1 };
        }
        term.ttl = least(term.ttl, ttl);
    }

    /// Without a macro, it matches every client or none.
    async fn exists(&mut self, term: &mut TermNode, name: &DomainName) {
        match self.ask(name, RecordType::A).await {
            Reply::Said(answer) => {
                term.ttl = answer.ttl();
                if answer.addresses().next().is_some() {
                    term.reach = Reach::Addresses(AddressSet::everything());
                } else {
                    term.cost.voids = FamilyCount { ipv4: 1, ipv6: 1 };
                }
            }
            Reply::Failed(error) => term.reach = Reach::Unknown(error),
            Reply::NotAsked => term.reach = Reach::NotVisited,
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
    /// A term that matches nobody.
    fn new(span: Span, qualifier: Option<Qualifier>) -> Self {
        Self {
            span,
            qualifier,
            is_include: false,
            is_mx: false,
            mx_names: 0,
            cost: Cost::default(),
            reach: Reach::Addresses(AddressSet::default()),
            failures: FamilyFailures::default(),
            child: None,
            target: None,
            ttl: None,
        }
    }
}

fn least(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
