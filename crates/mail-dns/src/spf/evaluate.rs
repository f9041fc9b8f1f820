//! `check_host()` (RFC 7208 §4).

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use crate::spf::expand::{Target, Values, join};
use crate::spf::{
    Asked, AskedOutcome, CheckedRecord, Directive, DualCidr, Evaluation, MacroLetter, MacroString,
    Mechanism, Problem, Query, Record, SpfResult, Step, StepOutcome, grammar,
};
use crate::{
    Answer, DomainName, Lookup, LookupError, NegativeKind, Question, RecordData, RecordType,
    Response, Span,
};

/// How deep includes may nest, should the limit of terms allow more: a check within a check takes stack.
const MAX_DEPTH: u32 = 32;

/// Checks whether the domain of an identity lets the client's address send for it (RFC 7208 §4).
///
/// There is no time limit here; the lookups have theirs, and a caller may set one for the whole, of 20 seconds at least:
/// beyond it the result is *temperror* (RFC 7208 §4.6.4).
///
/// # Examples
///
/// ```
/// use mail_dns::StaticLookup;
/// use mail_dns::spf::{Problem, Query, SpfResult, check_host};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text("loop.test. 300 IN TXT \"v=spf1 include:loop.test -all\"")?;
/// let evaluation = check_host(&dns, &Query::helo("192.0.2.1".parse()?, "loop.test")).await;
/// assert_eq!(evaluation.result, SpfResult::PermError);
/// assert_eq!(evaluation.problem, Some(Problem::TooManyTerms { limit: 10 }));
/// # Ok(())
/// # }
/// ```
pub async fn check_host(lookup: &impl Lookup, query: &Query) -> Evaluation {
    let domain = Target::of_identity(&query.domain);
    let mut evaluator = Evaluator {
        lookup,
        query,
        ip: query.ip.to_canonical(),
        sender_domain: domain.as_ref().map(|domain| domain.text.clone()),
        reverse: None,
        depth: 0,
        term_is_void: false,
        explaining: false,
        found: Evaluation::new(SpfResult::None),
    };
    let verdict = match domain {
        Some(domain) => evaluator.check(domain).await,
        None => Err(Problem::NotADomain),
    };
    match verdict {
        Ok(verdict) => {
            evaluator.found.result = verdict.result;
            evaluator.found.explanation = evaluator.explanation(verdict).await;
        }
        Err(problem) => {
            evaluator.found.result = problem.result();
            evaluator.found.problem = Some(problem);
        }
    }
    evaluator.found
}

struct Evaluator<'a, L> {
    lookup: &'a L,
    query: &'a Query,
    /// IPv4 if it was mapped (RFC 7208 §5).
    ip: IpAddr,
    sender_domain: Option<Vec<u8>>,
    /// The names of the client, once they were needed.
    reverse: Option<Reverse>,
    depth: u32,
    /// Whether the current term was counted as void already.
    term_is_void: bool,
    /// The result stands: nothing counts any more (RFC 7208 §6.2).
    explaining: bool,
    found: Evaluation,
}

/// A record being evaluated.
#[derive(Clone)]
struct Scope {
    domain: Target,
    /// Which of [`Evaluation::records`].
    record: usize,
}

struct Verdict {
    result: SpfResult,
    /// The explanation's place, and what its macros refer to.
    explanation: Option<(MacroString, Scope)>,
}

#[derive(Clone, Default)]
struct Reverse {
    /// The names that lead back to the client.
    names: Vec<DomainName>,
    is_void: bool,
}

impl<L: Lookup> Evaluator<'_, L> {
    /// Boxed because an include checks within a check.
    fn check(
        &mut self,
        domain: Target,
    ) -> Pin<Box<dyn Future<Output = Result<Verdict, Problem>> + Send + '_>> {
        Box::pin(async move {
            let (mut record, mut scope) = self.fetch(domain).await?;
            loop {
                for directive in record.directives() {
                    if self.directive(&scope, directive).await? {
                        let explanation = record.explanation().cloned();
                        return Ok(Verdict {
                            result: directive.qualifier.result(),
                            explanation: explanation.map(|spec| (spec, scope)),
                        });
                    }
                }
                // Only if nothing matched (RFC 7208 §6.1); with an `all`, something did.
                let Some((target, span)) = record.redirect() else {
                    return Ok(Verdict {
                        result: SpfResult::Neutral,
                        explanation: None,
                    });
                };
                (record, scope) = self.redirect(&scope, target, span).await?;
            }
        })
    }

    /// The one SPF record of a domain (RFC 7208 §4.4, §4.5).
    async fn fetch(&mut self, domain: Target) -> Result<(Record, Scope), Problem> {
        // A name of one label has none, whatever stands there (RFC 7208 §4.3).
        if domain.name.label_count() < 2 {
            return Err(Problem::NoRecord);
        }
        let answer = self.lookup.lookup(&domain.name, RecordType::TXT).await;
        let answer = answer.map_err(Problem::Lookup)?;
        let claims: Vec<_> = answer
            .texts()
            .filter(|text| Record::is_claimed_by(text))
            .collect();
        let scope = Scope {
            domain,
            record: self.found.records.len(),
        };
        let name = scope.domain.name.clone();
        // The term that leads here began the last step; the domain's own record has none before it.
        if let Some(step) = self.found.steps.last_mut() {
            step.target = Some(scope.record);
        }
        self.found.records.push(CheckedRecord {
            domain: name.clone(),
            texts: claims.iter().map(|text| shown(text)).collect(),
        });
        match claims.as_slice() {
            [] => Err(Problem::NoRecord),
            [text] => match Record::parse(text) {
                Ok(record) => Ok((record, scope)),
                Err(error) => Err(Problem::Syntax {
                    domain: name,
                    error,
                }),
            },
            several => Err(Problem::SeveralRecords {
                domain: name,
                count: several.len(),
            }),
        }
    }

    async fn redirect(
        &mut self,
        scope: &Scope,
        target: &MacroString,
        span: Span,
    ) -> Result<(Record, Scope), Problem> {
        let step = self.begin(scope, span);
        self.count_term()?;
        let target = self.expand(scope, target).await?;
        let Some(target) = target else {
            return Err(Problem::TargetWithoutRecord { domain: None });
        };
        let name = target.name.clone();
        let fetched = self.fetch(target).await;
        let fetched = fetched.map_err(|problem| in_target(problem, name))?;
        self.finish(step, StepOutcome::Redirected);
        Ok(fetched)
    }

    async fn directive(&mut self, scope: &Scope, directive: &Directive) -> Result<bool, Problem> {
        let step = self.begin(scope, directive.span);
        if directive.mechanism.is_counted() {
            self.count_term()?;
        }
        let matched = self.matches(scope, &directive.mechanism).await?;
        let outcome = if matched {
            StepOutcome::Matched
        } else {
            StepOutcome::NotMatched
        };
        self.finish(step, outcome);
        Ok(matched)
    }

    /// RFC 7208 §5. A name that cannot be asked matches nothing (§4.8).
    async fn matches(&mut self, scope: &Scope, mechanism: &Mechanism) -> Result<bool, Problem> {
        match mechanism {
            Mechanism::All => Ok(true),
            Mechanism::Ip4 { network, prefix } => {
                Ok(is_in_network(self.ip, IpAddr::V4(*network), *prefix))
            }
            Mechanism::Ip6 { network, prefix } => {
                Ok(is_in_network(self.ip, IpAddr::V6(*network), *prefix))
            }
            // It is no name without a record, which would be a permerror.
            Mechanism::Include { domain } if self.is_beyond_ascii(domain) => Ok(false),
            Mechanism::Include { domain } => match self.expand(scope, domain).await? {
                Some(target) => self.include(target).await,
                None => Err(Problem::TargetWithoutRecord { domain: None }),
            },
            Mechanism::A { domain, cidr } => match self.target(scope, domain).await? {
                Some(target) => self.matches_address(&target.name, *cidr).await,
                None => Ok(false),
            },
            Mechanism::Mx { domain, cidr } => match self.target(scope, domain).await? {
                Some(target) => self.matches_mx(&target.name, *cidr).await,
                None => Ok(false),
            },
            Mechanism::Ptr { domain } => match self.target(scope, domain).await? {
                // On label boundaries (RFC 7208 §5.5).
                Some(target) => {
                    let names = self.validated_names().await?;
                    Ok(names.iter().any(|name| name.is_within(&target.name)))
                }
                None => Ok(false),
            },
            Mechanism::Exists { domain } => match self.expand(scope, domain).await? {
                // Always A, for an IPv6 client too (RFC 7208 §5.7).
                Some(target) => {
                    let answer = self.ask_counted(&target.name, RecordType::A).await?;
                    Ok(answer.addresses().next().is_some())
                }
                None => Ok(false),
            },
        }
    }

    /// The table of RFC 7208 §5.2.
    async fn include(&mut self, target: Target) -> Result<bool, Problem> {
        if self.depth == MAX_DEPTH {
            return Err(Problem::IncludesTooDeep);
        }
        let name = target.name.clone();
        self.depth += 1;
        let verdict = self.check(target).await;
        self.depth -= 1;
        let verdict = verdict.map_err(|problem| in_target(problem, name))?;
        Ok(verdict.result == SpfResult::Pass)
    }

    /// Only the client's family is asked for (RFC 7208 §5.3).
    async fn matches_address(
        &mut self,
        name: &DomainName,
        cidr: DualCidr,
    ) -> Result<bool, Problem> {
        let answer = self.ask_counted(name, self.address_type()).await?;
        let prefix = if self.ip.is_ipv4() {
            cidr.ip4
        } else {
            cidr.ip6
        };
        let ip = self.ip;
        Ok(answer
            .addresses()
            .any(|address| is_in_network(ip, address, prefix)))
    }

    /// In order of preference; without MX records nothing matches, least of all the name's own address (RFC 7208 §5.4).
    async fn matches_mx(&mut self, name: &DomainName, cidr: DualCidr) -> Result<bool, Problem> {
        let answer = self.ask_counted(name, RecordType::MX).await?;
        let mut exchanges: Vec<_> = answer
            .records()
            .iter()
            .filter_map(|record| match &record.data {
                RecordData::Mx {
                    preference,
                    exchange,
                } => Some((*preference, exchange)),
                _ => None,
            })
            .collect();
        // Before any is asked for: the result shall not hang on which comes first (RFC 7208 §4.6.4).
        if exchanges.len() > usize::from(self.query.limits.mx_names) {
            return Err(Problem::TooManyMxNames {
                domain: name.clone(),
                count: exchanges.len(),
            });
        }
        exchanges.sort();
        for (_, exchange) in exchanges {
            // A null MX has no addresses (RFC 7505 §3).
            if !exchange.is_root() && self.matches_address(exchange, cidr).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The names of the client that lead back to it (RFC 7208 §5.5). Failures make no error, but no names either.
    async fn validated_names(&mut self) -> Result<Vec<DomainName>, Problem> {
        let reverse = match &self.reverse {
            Some(reverse) => reverse.clone(),
            None => {
                let reverse = self.ask_reverse().await;
                self.reverse = Some(reverse.clone());
                reverse
            }
        };
        if reverse.is_void {
            self.count_void()?;
        }
        Ok(reverse.names)
    }

    async fn ask_reverse(&mut self) -> Reverse {
        let name = DomainName::reverse_of(self.ip);
        let Ok(answer) = self.ask(&name, RecordType::PTR).await else {
            return Reverse::default();
        };
        let limit = usize::from(self.query.limits.ptr_names);
        let mut reverse = Reverse {
            names: Vec::new(),
            is_void: answer.records().is_empty(),
        };
        // More than the limit are left alone: the domain cannot help how many the client has (RFC 7208 §4.6.4).
        for record in answer.records().iter().take(limit) {
            let RecordData::Ptr(name) = &record.data else {
                continue;
            };
            if let Ok(addresses) = self.ask(name, self.address_type()).await
                && addresses.addresses().any(|address| address == self.ip)
            {
                reverse.names.push(name.clone());
            }
        }
        reverse
    }

    /// The domain-spec's name, or else the domain checked.
    async fn target(
        &mut self,
        scope: &Scope,
        spec: &Option<MacroString>,
    ) -> Result<Option<Target>, Problem> {
        match spec {
            Some(spec) => self.expand(scope, spec).await,
            None => Ok(Some(scope.domain.clone())),
        }
    }

    /// A domain-spec as a name; `None` if the DNS cannot be asked for it.
    async fn expand(
        &mut self,
        scope: &Scope,
        spec: &MacroString,
    ) -> Result<Option<Target>, Problem> {
        if self.is_beyond_ascii(spec) {
            return Ok(None);
        }
        let validated_name = self.validated_name(scope, spec).await?;
        Ok(self.values(scope, &validated_name).expand_domain(spec))
    }

    /// Whether the name would hold a local-part outside ASCII, which is no label: the term matches nothing (RFC 8616 §4).
    fn is_beyond_ascii(&self, spec: &MacroString) -> bool {
        let holds_local_part = spec.has(MacroLetter::Sender) || spec.has(MacroLetter::LocalPart);
        holds_local_part && !self.query.local_part.is_ascii()
    }

    /// For `%{p}`: the domain itself if confirmed, else a name below it, else any (RFC 7208 §7.3).
    async fn validated_name(
        &mut self,
        scope: &Scope,
        text: &MacroString,
    ) -> Result<Vec<u8>, Problem> {
        if !text.has(MacroLetter::ValidatedName) {
            return Ok(Vec::new());
        }
        // It asks as `ptr` does, and counts like it (RFC 7208 §4.6.4).
        self.count_term()?;
        let names = self.validated_names().await?;
        let domain = &scope.domain.name;
        let best = names
            .iter()
            .find(|name| *name == domain)
            .or_else(|| names.iter().find(|name| name.is_within(domain)))
            .or_else(|| names.first());
        Ok(match best {
            Some(name) => join(name.labels().collect()),
            None => b"unknown".to_vec(),
        })
    }

    fn values<'v>(&'v self, scope: &'v Scope, validated_name: &'v [u8]) -> Values<'v> {
        Values {
            query: self.query,
            ip: self.ip,
            sender_domain: self.sender_domain.as_deref().unwrap_or_default(),
            domain: &scope.domain.text,
            validated_name,
        }
    }

    /// The explanation of a *fail*. Whatever goes wrong, there is none, and the result stands (RFC 7208 §6.2).
    async fn explanation(&mut self, verdict: Verdict) -> Option<String> {
        let (spec, scope) = verdict.explanation?;
        if verdict.result != SpfResult::Fail {
            return None;
        }
        self.explaining = true;
        let target = self.expand(&scope, &spec).await.ok()??;
        let answer = self.ask(&target.name, RecordType::TXT).await.ok()?;
        let texts: Vec<_> = answer.texts().collect();
        let [text] = texts.as_slice() else {
            return None;
        };
        let text = grammar::explanation(text).ok()?;
        let validated_name = self.validated_name(&scope, &text).await.ok()?;
        self.values(&scope, &validated_name)
            .expand_explanation(&text)
    }

    fn address_type(&self) -> RecordType {
        if self.ip.is_ipv4() {
            RecordType::A
        } else {
            RecordType::AAAA
        }
    }

    /// Asks for the current term; an answer without records makes the term void.
    async fn ask_counted(
        &mut self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, Problem> {
        let answer = self.ask(name, record_type).await;
        let answer = answer.map_err(Problem::Lookup)?;
        if answer.records().is_empty() {
            self.count_void()?;
        }
        Ok(answer)
    }

    async fn ask(
        &mut self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        let answer = self.lookup.lookup(name, record_type).await;
        let outcome = match &answer {
            Err(error) => AskedOutcome::Failed(error.kind()),
            Ok(answer) => match &answer.response {
                Response::Negative(negative) => AskedOutcome::Void(negative.kind),
                Response::Records(records) if records.is_empty() => {
                    AskedOutcome::Void(NegativeKind::NoData)
                }
                Response::Records(records) => AskedOutcome::Records(records.len()),
            },
        };
        let asked = Asked {
            question: Question {
                name: name.clone(),
                record_type,
            },
            outcome,
        };
        if self.explaining {
            self.found.explanation_asked.push(asked);
        } else if let Some(step) = self.found.steps.last_mut() {
            // A term asks before the steps of its include begin, so the last step is its own.
            step.asked.push(asked);
        }
        answer
    }

    fn count_term(&mut self) -> Result<(), Problem> {
        if self.explaining {
            return Ok(());
        }
        self.found.term_count += 1;
        self.note_counts();
        if self.found.term_count > u32::from(self.query.limits.terms) {
            return Err(Problem::TooManyTerms {
                limit: self.query.limits.terms,
            });
        }
        Ok(())
    }

    /// Tested at once, across includes and redirects (RFC 7208 §4.6.4).
    fn count_void(&mut self) -> Result<(), Problem> {
        if self.explaining || self.term_is_void {
            return Ok(());
        }
        self.term_is_void = true;
        self.found.void_count += 1;
        self.note_counts();
        if self.found.void_count > u32::from(self.query.limits.void_lookups) {
            return Err(Problem::TooManyVoidLookups {
                limit: self.query.limits.void_lookups,
            });
        }
        Ok(())
    }

    fn note_counts(&mut self) {
        if let Some(step) = self.found.steps.last_mut() {
            step.term_count = self.found.term_count;
            step.void_count = self.found.void_count;
        }
    }

    /// Opens the step of a term, which stays *stopped* if the term ends the evaluation.
    fn begin(&mut self, scope: &Scope, span: Span) -> usize {
        self.term_is_void = false;
        self.found.steps.push(Step {
            record: scope.record,
            span,
            depth: self.depth,
            target: None,
            asked: Vec::new(),
            outcome: StepOutcome::Stopped,
            term_count: self.found.term_count,
            void_count: self.found.void_count,
        });
        self.found.steps.len() - 1
    }

    fn finish(&mut self, step: usize, outcome: StepOutcome) {
        if let Some(step) = self.found.steps.get_mut(step) {
            step.outcome = outcome;
            step.term_count = self.found.term_count;
            step.void_count = self.found.void_count;
        }
    }
}

/// A target without a record is an error of who points there (RFC 7208 §5.2, §6.1).
fn in_target(problem: Problem, name: DomainName) -> Problem {
    match problem {
        Problem::NoRecord => Problem::TargetWithoutRecord { domain: Some(name) },
        problem => problem,
    }
}

/// Whether the first `prefix` bits agree. Different families never do: `ip6:::/0` covers no IPv4 client (RFC 7208 §5).
fn is_in_network(ip: IpAddr, network: IpAddr, prefix: Option<u8>) -> bool {
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let ignored = 32u32.saturating_sub(u32::from(prefix.unwrap_or(32)));
            let differs = ip.to_bits() ^ network.to_bits();
            differs.checked_shr(ignored).unwrap_or(0) == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let ignored = 128u32.saturating_sub(u32::from(prefix.unwrap_or(128)));
            let differs = ip.to_bits() ^ network.to_bits();
            differs.checked_shr(ignored).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// As it is if it is printable, else escaped.
fn shown(text: &[u8]) -> String {
    match str::from_utf8(text) {
        Ok(text) if text.bytes().all(|octet| matches!(octet, b' '..=b'~')) => text.to_owned(),
        _ => text.escape_ascii().to_string(),
    }
}
