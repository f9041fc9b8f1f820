//! The tree of records, a row for each term.

use mail_dns::spf::{
    AddressSet, Cost, Limits, Mechanism, ModifierKind, Qualifier, Reach, RecordFound, RecordNode,
    Term, TermNode,
};
use mail_dns::{Answer, Exchange, LookupError, RecordType};

use crate::terminal::{Mark, Page, ROOM, wrap};
use crate::{Facts, comes_to, fault, reach_fault, telling};

/// Terms are at most so wide for what they reach to stand beside them.
const MOST_BESIDE: usize = 46;
/// So many networks are listed.
const MAX_NETWORKS: usize = 4;

/// A row of the tree.
struct Row {
    mark: Mark,
    cost: Cost,
    /// The branches before the term.
    branch: String,
    /// The branches before what stands below the term.
    below: String,
    term: String,
    reach: String,
}

pub(crate) fn tell(facts: &Facts, page: &mut Page) {
    let root = &facts.explained.root;
    let mut rows = vec![Row {
        mark: of_limits(root.cost),
        cost: root.cost,
        branch: String::new(),
        below: String::new(),
        term: root.domain.to_string(),
        reach: String::new(),
    }];
    below(facts, root, "", true, &mut rows);
    let widths = rows.iter().map(Row::width);
    let width = widths
        .filter(|width| *width <= MOST_BESIDE)
        .max()
        .unwrap_or(0);
    let text = "each with all below it; void for IPv4/IPv6, +1 if it hangs on the client";
    page.verbatim("terms void", text);
    for row in &rows {
        row.tell(width, page);
    }
}

fn of_limits(cost: Cost) -> Mark {
    let limits = Limits::default();
    let voids = cost.voids.ipv4.max(cost.voids.ipv6);
    if cost.terms > u32::from(limits.terms) || voids > u32::from(limits.void_lookups) {
        Mark::Bad
    } else {
        Mark::Plain
    }
}

impl Row {
    fn width(&self) -> usize {
        self.branch.chars().count() + self.term.len()
    }

    fn tell(&self, width: usize, page: &mut Page) {
        let label = label(self.cost);
        let text = format!("{}{}", self.branch, self.term);
        let gap = width + 2;
        // A word that is wider than its column stands in it all the same.
        let reach = wrap(&self.reach, ROOM - gap);
        let mut reach = reach.iter();
        if self.width() <= width {
            let first = reach.next().map_or("", String::as_str);
            let pad = gap - self.width();
            push(
                page,
                self.mark,
                &label,
                &format!("{text}{:pad$}{first}", ""),
            );
        } else {
            push(page, self.mark, &label, &text);
        }
        for line in reach.filter(|line| !line.is_empty()) {
            let pad = gap.saturating_sub(self.below.chars().count());
            page.verbatim("", &format!("{}{:pad$}{line}", self.below, ""));
        }
    }
}

/// A row that is not to be broken.
fn push(page: &mut Page, mark: Mark, label: &str, text: &str) {
    if text.chars().count() <= ROOM {
        page.row(mark, label, text);
    } else {
        page.verbatim(label, text);
    }
}

/// Terms that ask, and void lookups: for IPv4 and IPv6 if they differ, and what may come on top.
fn label(cost: Cost) -> String {
    let Cost {
        terms,
        voids,
        possible_voids,
        ..
    } = cost;
    if terms == 0 {
        return String::new();
    }
    let mut shown = match (voids.ipv4, voids.ipv6) {
        (0, 0) => String::new(),
        (ipv4, ipv6) if ipv4 == ipv6 => ipv4.to_string(),
        (ipv4, ipv6) => format!("{ipv4}/{ipv6}"),
    };
    if possible_voids > 0 {
        shown += &format!("+{possible_voids}");
    }
    let width = 9_usize.saturating_sub(shown.len().max(4));
    format!("{terms:>width$} {shown:>4}")
}

/// The terms of a record and all below them.
fn below(facts: &Facts, node: &RecordNode, branch: &str, decides: bool, rows: &mut Vec<Row>) {
    let Some(record) = node.record() else { return };
    // An evaluation comes to redirect last.
    let is_redirect = |term: &&Term| matches!(term, Term::Modifier(modifier) if matches!(modifier.kind, ModifierKind::Redirect { .. }));
    let others = record.terms.iter().filter(|term| !is_redirect(term));
    let redirect = record.terms.iter().filter(is_redirect);
    let mut terms = others.chain(redirect).peekable();
    while let Some(term) = terms.next() {
        let (own, next) = match terms.peek() {
            Some(_) => ("├ ", "│ "),
            None => ("└ ", "  "),
        };
        let found = node.terms.iter().find(|found| found.span == term.span());
        let (mark, reach) = match found {
            Some(found) => reach(facts, term, found, decides),
            None => (Mark::Plain, not_evaluated(term)),
        };
        rows.push(Row {
            mark,
            cost: found.map(|found| found.cost).unwrap_or_default(),
            branch: format!("{branch}{own}"),
            below: format!("{branch}{next}"),
            term: record.text_of(term.span()).to_owned(),
            reach,
        });
        if let Some(child) = found.and_then(|found| found.child.as_deref()) {
            // A record that is redirected to decides as the one before does.
            let decides = decides && found.is_some_and(|found| found.qualifier.is_none());
            below(facts, child, &format!("{branch}{next}"), decides, rows);
        }
    }
}

fn not_evaluated(term: &Term) -> String {
    let text = match term {
        Term::Directive(_) => "after all, so nothing comes to it",
        Term::Modifier(modifier) => match &modifier.kind {
            ModifierKind::Redirect { .. } => "beside all, so it is ignored",
            ModifierKind::Explanation { .. } => "where the words for a fail are",
            ModifierKind::Unknown { .. } => "has no effect",
        },
    };
    text.to_owned()
}

/// Whom a term matches, and what that comes to.
fn reach(facts: &Facts, term: &Term, found: &TermNode, decides: bool) -> (Mark, String) {
    let failures = [&found.failures.ipv4, &found.failures.ipv6];
    if let Some(error) = failures.into_iter().flatten().next() {
        return of_failure(error);
    }
    let mechanism = match term {
        Term::Directive(directive) => Some(&directive.mechanism),
        Term::Modifier(_) => None,
    };
    match &found.reach {
        Reach::All => {
            let result = match (decides, found.qualifier) {
                (true, qualifier) => comes_to(qualifier),
                (false, Some(Qualifier::Pass)) => "match".to_owned(),
                (false, _) => "no match".to_owned(),
            };
            (Mark::Plain, format!("everybody else: {result}"))
        }
        Reach::Addresses(set) => addresses(facts, set, mechanism, found),
        Reach::Child => of_child(found),
        Reach::Client => (Mark::Odd, "hangs on the client".to_owned()),
        Reach::Unknown(error) => of_failure(error),
        Reach::NotVisited => (Mark::Unknown, reach_fault(found)),
        _ => (Mark::Bad, format!("permerror: {}", reach_fault(found))),
    }
}

fn of_failure(error: &LookupError) -> (Mark, String) {
    let text = format!("{}: {}", error.question(), error.kind());
    (Mark::Unknown, text)
}

fn addresses(
    facts: &Facts,
    set: &AddressSet,
    mechanism: Option<&Mechanism>,
    found: &TermNode,
) -> (Mark, String) {
    let networks: Vec<_> = set
        .networks()
        .take(MAX_NETWORKS + 1)
        .map(|network| network.to_string())
        .collect();
    let is_literal = matches!(
        mechanism,
        Some(Mechanism::Ip4 { .. } | Mechanism::Ip6 { .. })
    );
    let listed = if set.is_empty() {
        "nobody".to_owned()
    } else if *set == AddressSet::everything() {
        "everybody".to_owned()
    } else if is_literal || networks.len() > MAX_NETWORKS {
        telling::sizes(set).unwrap_or_default()
    } else {
        networks.join(", ")
    };
    let hosts = match mechanism {
        Some(Mechanism::Mx { .. }) => mail_hosts(facts, found),
        _ => Vec::new(),
    };
    let listed = match hosts.as_slice() {
        [] => listed,
        hosts => format!("{}: {listed}", hosts.join(", ")),
    };
    let result = match found.qualifier {
        Some(Qualifier::Pass) | None => String::new(),
        qualifier => format!(": {}", comes_to(qualifier)),
    };
    let mark = if set.is_empty() {
        Mark::Odd
    } else {
        Mark::Plain
    };
    (mark, listed + &result)
}

/// The hosts of `mx`.
fn mail_hosts(facts: &Facts, found: &TermNode) -> Vec<String> {
    let is_asked = |exchange: &&Exchange| {
        exchange.question.record_type == RecordType::MX
            && Some(&exchange.question.name) == found.target.as_ref()
    };
    let exchange = facts.explained.exchanges.iter().find(is_asked);
    let answer = exchange.and_then(|exchange| exchange.outcome.as_ref().ok());
    let hosts = answer.map(Answer::exchanges).unwrap_or_default();
    let hosts = hosts.into_iter().map(|(_, host)| host);
    let hosts = hosts.filter(|host| !host.is_root());
    hosts.map(|host| host.to_string()).collect()
}

fn of_child(found: &TermNode) -> (Mark, String) {
    let Some(child) = &found.child else {
        return (Mark::Plain, String::new());
    };
    match &child.found {
        RecordFound::Record(record) if record.terms.is_empty() => {
            (Mark::Odd, "its record has no terms".to_owned())
        }
        RecordFound::Record(_) => {
            let result = match found.qualifier {
                Some(Qualifier::Pass) => String::new(),
                None => "whose record decides".to_owned(),
                qualifier => format!("who passes there: {}", comes_to(qualifier)),
            };
            (Mark::Plain, result)
        }
        RecordFound::Unknown(error) => of_failure(error),
        RecordFound::NotVisited => (Mark::Unknown, fault(child)),
        _ => (Mark::Bad, format!("permerror: {}", fault(child))),
    }
}
