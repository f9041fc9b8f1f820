//! What a record costs and whom it lets send, without a client.

pub(super) mod decision;
mod explorer;

use crate::spf::{AddressSet, Limits, Lint, Problem, Qualifier, Record, SyntaxError, lint};
use crate::{Answer, DomainName, Exchange, Lookup, LookupError, Octets, RecordType, Span};

use self::decision::Decision;
use self::explorer::Explorer;

/// Reads the whole tree of records that hang on a domain's, and works out what they cost and whom they let send, for any client (static
/// analysis; RFC 7208 §4.6.4 sets the limits).
///
/// It asks for both families of addresses where an evaluation asks for one, for the dead type SPF at the domain (which no evaluation asks
/// for), and for a record at `_spf` and `spf` below it if it has none itself. No question is asked twice. At most 64 records, 2,000 terms and 500
/// questions are looked at, in a tree at most 16 deep; what is beyond is [`NotVisited`](RecordFound::NotVisited).
///
/// # Examples
///
/// ```
/// use mail_dns::StaticLookup;
/// use mail_dns::spf::{self, Fit};
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
/// assert_eq!(explained.fit(&spf::Limits::default()), Fit::Within);
/// # Ok(())
/// # }
/// ```
pub async fn explain(lookup: &impl Lookup, domain: &DomainName) -> Explained {
    let (root, exchanges) = Explorer::new(lookup, domain).explore().await;
    let decision = Decision::of(&root);
    let mut lints = lint::of_domain(lookup, domain, &root).await;
    lints.extend(lint::of_tree(&root, &decision, &exchanges));
    lint::distinct(&mut lints);
    Explained {
        lints,
        authorized: decision.pass,
        erroneous: decision.error,
        opacity: decision.opacity,
        root,
        exchanges,
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
    /// The addresses for which an evaluation ends in an error: *permerror*, *temperror*, or *none* if the domain has no record.
    pub erroneous: AddressSet,
    /// What cannot be known without a client.
    pub opacity: Opacity,
    /// What is worth a second look.
    pub lints: Vec<Lint>,
    /// Every question that was asked for the tree, and what came of it, in order of name.
    pub exchanges: Vec<Exchange>,
}

/// What terms that hang on the client (macros, `ptr`) may change. That a question for such a name may fail is left out: any may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Opacity {
    /// Others may pass as well.
    pub may_add: bool,
    /// Some of those that are said to pass may not: they match another term before, or come to a *permerror*.
    pub may_remove: bool,
}

/// Whether a tree keeps within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "yes, no, could not tell")]
pub enum Fit {
    /// No client goes over a limit.
    Within,
    /// Some client goes over one, if no term before matches it: *permerror*.
    Over,
    /// Could not tell: it hangs on the client, or not everything could be asked.
    Unknown,
}

impl Explained {
    /// Whether the tree keeps within the limits, whoever the client is.
    #[must_use]
    pub fn fit(&self, limits: &Limits) -> Fit {
        let Cost {
            terms,
            voids,
            possible_voids,
        } = self.root.cost;
        let nodes = self.root.walk();
        let mut reaches = nodes.iter().flat_map(|node| &node.terms);
        let most_mx = reaches.clone().map(|term| term.mx_names).max();
        let voids = voids.ipv4.max(voids.ipv6);
        if terms > u32::from(limits.terms)
            || voids > u32::from(limits.void_lookups)
            || most_mx.is_some_and(|most| most > usize::from(limits.mx_names))
            || self.goes_in_a_circle()
        {
            return Fit::Over;
        }
        let unknown_record = |node: &&RecordNode| {
            matches!(
                node.found,
                RecordFound::Unknown(_) | RecordFound::NotVisited
            ) || node.left_out > 0
        };
        let unknown_term = |term: &TermNode| {
            let leads_on = term.qualifier.is_none() || term.is_include;
            let failed = term.failures.ipv4.is_some() || term.failures.ipv6.is_some();
            failed
                || match term.reach {
                    Reach::Client => leads_on || term.is_mx,
                    Reach::Unknown(_) | Reach::NotVisited | Reach::TooManyMxNames { .. } => true,
                    _ => false,
                }
        };
        let over_at_worst = voids + possible_voids > u32::from(limits.void_lookups);
        if over_at_worst || nodes.iter().any(unknown_record) || reaches.any(unknown_term) {
            Fit::Unknown
        } else {
            Fit::Within
        }
    }

    /// Whether an include leads back to a record it is in: no limit of terms is enough for that.
    #[must_use]
    pub fn goes_in_a_circle(&self) -> bool {
        self.root
            .walk()
            .iter()
            .any(|node| node.found == RecordFound::Loop)
    }

    /// The terms of the domain's own record without any one of which the number of terms would be within the limit: the cheapest first. Empty
    /// if it is within the limit, or if no single term is enough.
    #[must_use]
    pub fn removable(&self, limits: &Limits) -> Vec<&TermNode> {
        let excess = self.root.cost.terms.saturating_sub(limits.terms.into());
        let leads_in_a_circle = |term: &TermNode| {
            let nodes = term.child.iter().flat_map(|child| child.walk());
            nodes
                .into_iter()
                .any(|node| node.found == RecordFound::Loop)
        };
        let circles = self
            .root
            .terms
            .iter()
            .filter(|term| leads_in_a_circle(term))
            .count();
        if excess == 0 && circles == 0 {
            return Vec::new();
        }
        let enough = |term: &&TermNode| {
            term.cost.terms >= excess && circles == usize::from(leads_in_a_circle(term))
        };
        let mut terms: Vec<_> = self.root.terms.iter().filter(enough).collect();
        terms.sort_by_key(|term| term.cost.terms);
        terms
    }

    /// The places where an evaluation ends in an error, and why.
    #[must_use]
    pub fn faults(&self) -> Vec<TreeFault> {
        let mut faults = Vec::new();
        collect_faults(&self.root, None, &mut faults);
        faults
    }
}

/// An error in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeFault {
    /// The record whose term leads to it, and the term; `None` for the domain's own record.
    pub at: Option<(DomainName, Span)>,
    /// What ends an evaluation.
    pub problem: TreeProblem,
}

/// What ends an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeProblem {
    /// What an evaluation would say too; of a domain that a term leads to, the problem is the term's.
    Evaluation(Problem),
    /// The includes go in a circle.
    Circle,
    /// It was not looked at: too deep, or too much.
    NotVisited,
}

impl TreeProblem {
    /// Whether it may be over later: nobody answered, rather than a record being wrong.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Evaluation(Problem::Lookup(_)))
    }
}

fn collect_faults(node: &RecordNode, at: Option<(DomainName, Span)>, faults: &mut Vec<TreeFault>) {
    let domain = || node.domain.clone();
    let problem = match &node.found {
        RecordFound::Record(_) => None,
        RecordFound::Nothing if at.is_none() => Some(TreeProblem::Evaluation(Problem::NoRecord)),
        RecordFound::Nothing => Some(TreeProblem::Evaluation(Problem::TargetWithoutRecord {
            domain: Some(domain()),
        })),
        RecordFound::Several { texts } => Some(TreeProblem::Evaluation(Problem::SeveralRecords {
            domain: domain(),
            count: texts.len(),
        })),
        RecordFound::Invalid { error, .. } => Some(TreeProblem::Evaluation(Problem::Syntax {
            domain: domain(),
            error: error.clone(),
        })),
        RecordFound::Unknown(error) => {
            Some(TreeProblem::Evaluation(Problem::Lookup(error.clone())))
        }
        RecordFound::Loop => Some(TreeProblem::Circle),
        RecordFound::NotVisited => Some(TreeProblem::NotVisited),
    };
    faults.extend(problem.map(|problem| TreeFault { at, problem }));
    for term in &node.terms {
        let at = || Some((node.domain.clone(), term.span));
        let problem = match &term.reach {
            Reach::TooManyMxNames { count } => {
                Some(TreeProblem::Evaluation(Problem::TooManyMxNames {
                    domain: domain(),
                    count: *count,
                }))
            }
            Reach::NoTarget => Some(TreeProblem::Evaluation(Problem::TargetWithoutRecord {
                domain: None,
            })),
            Reach::Unknown(error) => Some(TreeProblem::Evaluation(Problem::Lookup(error.clone()))),
            Reach::NotVisited => Some(TreeProblem::NotVisited),
            Reach::All | Reach::Addresses(_) | Reach::Child | Reach::Client => None,
        };
        faults.extend(problem.map(|problem| TreeFault { at: at(), problem }));
        let failures = [&term.failures.ipv4, &term.failures.ipv6]
            .into_iter()
            .flatten();
        faults.extend(failures.map(|error| TreeFault {
            at: at(),
            problem: TreeProblem::Evaluation(Problem::Lookup(error.clone())),
        }));
        if let Some(child) = &term.child {
            collect_faults(child, at(), faults);
        }
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
        self.terms = self.terms.saturating_add(other.terms);
        self.voids.ipv4 = self.voids.ipv4.saturating_add(other.voids.ipv4);
        self.voids.ipv6 = self.voids.ipv6.saturating_add(other.voids.ipv6);
        self.possible_voids = self.possible_voids.saturating_add(other.possible_voids);
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

/// What could not be asked, for a client of either family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "there are two families")]
pub struct FamilyFailures {
    /// For an IPv4 client.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ipv4: Option<LookupError>,
    /// For an IPv6 client.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ipv6: Option<LookupError>,
}

/// A domain's record in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RecordNode {
    /// The domain.
    pub domain: DomainName,
    /// The answer to the question for its TXT records; `None` if there is none that settles anything.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub answer: Option<Answer>,
    /// What is there.
    pub found: RecordFound,
    /// The terms that an evaluation may come to, in order: up to `all`, and `redirect` last.
    pub terms: Vec<TermNode>,
    /// How many terms were not looked at, because there are too many.
    #[cfg_attr(feature = "serde", serde(default))]
    pub left_out: usize,
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
    Nothing,
    /// Several records, which is an error (RFC 7208 §4.5).
    #[non_exhaustive]
    Several {
        /// The records.
        texts: Vec<Octets>,
    },
    /// A record with an error in it (RFC 7208 §4.6).
    #[non_exhaustive]
    Invalid {
        /// The record.
        text: Octets,
        /// What and where.
        error: SyntaxError,
    },
    /// A domain that is being read already: the includes go in a circle.
    Loop,
    /// Not looked at: too deep, or too much.
    NotVisited,
    /// Could not tell.
    Unknown(LookupError),
}

impl RecordFound {
    /// What an answer to a question for TXT records says.
    fn of(answer: &Answer) -> Self {
        let texts: Vec<_> = answer
            .texts()
            .filter(|text| Record::is_claimed_by(text))
            .collect();
        match texts.as_slice() {
            [] => Self::Nothing,
            [text] => match Record::parse(text) {
                Ok(record) => Self::Record(record),
                Err(error) => Self::Invalid {
                    text: text.as_slice().into(),
                    error,
                },
            },
            texts => Self::Several {
                texts: texts.iter().map(|text| text.as_slice().into()).collect(),
            },
        }
    }
}

/// The record of a domain.
pub(crate) async fn fetch(lookup: &impl Lookup, domain: &DomainName) -> RecordFound {
    match lookup.lookup(domain, RecordType::TXT).await {
        Ok(answer) => RecordFound::of(&answer),
        Err(error) => RecordFound::Unknown(error),
    }
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
        let mut nodes = Vec::new();
        let mut next = vec![self];
        while let Some(node) = next.pop() {
            nodes.push(node);
            let children = node
                .terms
                .iter()
                .rev()
                .filter_map(|term| term.child.as_deref());
            next.extend(children);
        }
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
    /// Whether it is an `include`.
    pub is_include: bool,
    /// Whether it is an `mx`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub is_mx: bool,
    /// How many MX records an `mx` has; 0 for other terms, and if its name hangs on the client.
    #[cfg_attr(feature = "serde", serde(default))]
    pub mx_names: usize,
    /// What it costs, with everything that hangs on it.
    pub cost: Cost,
    /// Which clients it matches.
    pub reach: Reach,
    /// What could not be asked: an evaluation that comes here and to it ends in *temperror*.
    #[cfg_attr(feature = "serde", serde(default))]
    pub failures: FamilyFailures,
    /// The record that `include` or `redirect` leads to.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub child: Option<Box<RecordNode>>,
    /// The name that `a`, `mx` and `exists` ask for; `None` for other terms, and if it hangs on the client or cannot be asked for.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub target: Option<DomainName>,
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
    /// All: it is `all`.
    All,
    /// Those with these addresses.
    Addresses(AddressSet),
    /// Those that the included record gives *pass*; for `redirect`, what the other record says.
    Child,
    /// It hangs on the client, so it cannot be said.
    Client,
    /// An evaluation that comes here ends in *permerror*: more MX records than are allowed.
    #[non_exhaustive]
    TooManyMxNames {
        /// How many.
        count: usize,
    },
    /// An evaluation that comes here ends in *permerror*: the target of `include` or `redirect` is no name that can be asked for.
    NoTarget,
    /// Not looked at: too many questions.
    NotVisited,
    /// Could not tell: a question failed, and an evaluation that comes here ends in *temperror*.
    Unknown(LookupError),
}
