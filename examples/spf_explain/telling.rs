//! The facts in words.

use mail_dns::dmarc::{BuiltInList, PublicSuffixes as _};
use mail_dns::spf::{
    AddressSet, Flattened, Limits, NotFlattenable, Reach, RecordFound, RecordNode,
};
use mail_dns::{Answer, DomainName, NegativeKind, RecordType};

use crate::terminal::{Mark, Page, count, shell_word};
use crate::{Facts, check, lints, problems, tree};

/// A longer record risks an answer that does not fit a datagram of 512 octets (RFC 7208 §3.4).
const LONG_RECORD: usize = 450;

pub(crate) fn tell(facts: &Facts, page: &mut Page) {
    let command = format!("{} TXT {}", page.dig(), shell_word(&facts.domain));
    match &facts.explained.root.found {
        RecordFound::Unknown(error) => {
            let cause = page.cause(error);
            page.row(Mark::Unknown, "record", &format!("{command}  {cause}"));
        }
        RecordFound::Nothing => {
            let answer = facts.explained.root.answer.as_ref();
            let text = format!("{command}  {}", answer.map(denied).unwrap_or_default());
            page.row(Mark::Plain, "record", &text);
        }
        _ => page.verbatim("by hand", &command),
    }
    if facts.explained.root.record().is_some() {
        tree::tell(facts, page);
        limits(facts, page);
        senders(facts, page);
    }
    dangling(facts, page);
    lints::tell(facts, page);
    unknown(&facts.explained.root, page);
    if let Some(flattened) = &facts.flattened {
        flat(facts, flattened, page);
    }
    if let Some(of_client) = &facts.check {
        check::tell(of_client, page);
    }
}

/// What is not there, and who says so.
fn denied(answer: &Answer) -> String {
    let Some(negative) = answer.negative() else {
        let texts = count(answer.texts().count(), "text");
        return format!("no SPF record in {texts}");
    };
    match &negative.zone {
        Some(zone) if zone.is_root() => format!("{}, says the root zone", negative.kind),
        Some(zone) => format!("{}, says the zone {zone}", negative.kind),
        None => format!("{}, without an SOA record", negative.kind),
    }
}

fn limits(facts: &Facts, page: &mut Page) {
    let (limits, cost) = (Limits::default(), facts.explained.root.cost);
    let most = u32::from(limits.terms);
    let ask = match cost.terms {
        1 => "1 term asks".to_owned(),
        terms => format!("{terms} terms ask"),
    };
    let (mark, allowed) = within(cost.terms, most);
    let text = format!("{ask} the DNS{allowed} (RFC 7208 §4.6.4)");
    page.row(mark, "limits", &text);
    if mark == Mark::Bad {
        removable(facts, &limits, page);
    }
    let most = u32::from(limits.void_lookups);
    let lookups = |voids| match voids {
        1 => "1 void lookup".to_owned(),
        voids => format!("{voids} void lookups"),
    };
    let (ipv4, ipv6) = (cost.voids.ipv4, cost.voids.ipv6);
    let mut text = lookups(ipv4);
    if ipv4 != ipv6 {
        text += &format!(" for an IPv4 client, {ipv6} for an IPv6 client");
    }
    let voids = ipv4.max(ipv6);
    let (mut mark, allowed) = within(voids, most);
    text += &allowed;
    if cost.possible_voids > 0 {
        let more = cost.possible_voids;
        text += &format!("; {more} more may come, depending on the client");
        if mark == Mark::Good && voids + more > most {
            mark = Mark::Unknown;
        }
    }
    page.row(mark, "", &text);
}

fn within(number: u32, most: u32) -> (Mark, String) {
    if number > most {
        (Mark::Bad, format!(", and {most} are allowed"))
    } else {
        (Mark::Good, format!(", of {most} allowed"))
    }
}

/// What to take out.
fn removable(facts: &Facts, limits: &Limits, page: &mut Page) {
    let root = &facts.explained.root;
    let removable = facts.explained.removable(limits);
    let shown: Vec<_> = removable
        .iter()
        .filter_map(|term| {
            let text = root.record()?.text_of(term.span);
            Some(format!("{text} ({})", term.cost.terms))
        })
        .collect();
    let text = match shown.as_slice() {
        [] => "no single term of the domain's own record is enough to take out".to_owned(),
        [one] => format!("without {one} it is within the limit"),
        many => format!(
            "without one of these it is within the limit: {}",
            many.join(", ")
        ),
    };
    page.row(Mark::Odd, "", &text);
}

fn senders(facts: &Facts, page: &mut Page) {
    let explained = &facts.explained;
    let set = &explained.authorized;
    let text = if facts.is_for_everybody() {
        "every address".to_owned()
    } else {
        sizes(set).unwrap_or_else(|| "no address".to_owned())
    };
    let problems = problems(explained);
    let so_far = if problems.iter().any(|problem| problem.is_proved) {
        "; others end in permerror if they come to the fault"
    } else if !problems.is_empty() {
        ", as far as could be told"
    } else if facts.over_limits().is_some() {
        ", those among them that come to their term within the limits"
    } else {
        ""
    };
    page.row(Mark::Plain, "may send", &format!("{text}{so_far}"));
    let opacity = explained.opacity;
    let text = match (
        opacity.may_add && !facts.is_for_everybody(),
        opacity.may_remove,
    ) {
        (true, false) => Some("and those that these terms match, which hang on the client:"),
        (false, true) => Some("but for those that these terms match, which hang on the client:"),
        (true, true) => Some("more or fewer by these terms, which hang on the client:"),
        (false, false) => None,
    };
    if let Some(text) = text {
        page.row(Mark::Odd, "", text);
        for (domain, term) in opaque(&explained.root) {
            page.verbatim("", &format!("  {term} of {domain}"));
        }
    }
}

/// The terms that hang on the client, each once.
fn opaque(root: &RecordNode) -> Vec<(&DomainName, &str)> {
    let mut found = Vec::new();
    for node in root.walk() {
        let Some(record) = node.record() else {
            continue;
        };
        let hangs = node.terms.iter().filter(|term| term.reach == Reach::Client);
        for term in hangs {
            let shown = (&node.domain, record.text_of(term.span));
            if !found.contains(&shown) {
                found.push(shown);
            }
        }
    }
    found
}

/// How many addresses there are in a set, by family; `None` if it is empty.
pub(crate) fn sizes(set: &AddressSet) -> Option<String> {
    let mut sizes = Vec::new();
    if set.ipv4_count() > 0 {
        sizes.push(format!("{} IPv4", grouped(set.ipv4_count().into())));
    }
    let ipv6 = set.ipv6_count();
    // Nobody counts the addresses of IPv6, but networks of a /64.
    if ipv6 >= 1 << 64 {
        sizes.push(format!("{} /64 networks of IPv6", grouped(ipv6 >> 64)));
    } else if ipv6 >= 1_000_000_000 {
        sizes.push(format!("2^{} IPv6", ipv6.ilog2()));
    } else if ipv6 > 0 {
        sizes.push(format!("{} IPv6", grouped(ipv6)));
    }
    let is_one = set.ipv4_count() + u64::from(ipv6 == 1) == 1 && ipv6 <= 1;
    let unit = if is_one { "address" } else { "addresses" };
    let unit = if ipv6 >= 1 << 64 && set.ipv4_count() == 0 {
        String::new()
    } else {
        format!(" {unit}")
    };
    // "10 IPv4 addresses and 2 /64 networks of IPv6", "10 IPv4 and 2 IPv6 addresses".
    match sizes.as_slice() {
        [] => None,
        [one] => Some(format!("{one}{unit}")),
        [ipv4, ipv6] if ipv6.ends_with("networks of IPv6") => {
            let unit = if set.ipv4_count() == 1 {
                "address"
            } else {
                "addresses"
            };
            Some(format!("{ipv4} {unit} and {ipv6}"))
        }
        both => Some(format!("{}{unit}", both.join(" and "))),
    }
}

/// `1,234,567`.
pub(crate) fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Names that terms lead to and that do not exist, or have no record, and who says so: whoever can register one decides who may
/// send.
fn dangling(facts: &Facts, page: &mut Page) {
    let mut shown: Vec<String> = Vec::new();
    let mut tell = |answer: &Answer, page: &mut Page| {
        let Some(negative) = answer.negative() else {
            return;
        };
        let question = &answer.question;
        let end = answer.canonical_name();
        // That a host has addresses of one family is nothing to tell of.
        if negative.kind == NegativeKind::NoData && question.record_type != RecordType::TXT {
            return;
        }
        let alias = if *end == question.name {
            String::new()
        } else {
            format!(", which is an alias of {end}")
        };
        let name = format!("{}{alias}", question.name);
        // A name that does not exist does so for every type.
        if shown.contains(&name) {
            return;
        }
        let label = if shown.is_empty() { "dangling" } else { "" };
        let (dig, asked) = (page.dig(), shell_word(&question.name));
        let record_type = question.record_type;
        page.row(
            Mark::Odd,
            label,
            &format!("{dig} {record_type} {asked}  {}{alias}", denied(answer)),
        );
        if let Some(registrable) = registrable(answer) {
            let text = format!(
                "{registrable} is not delegated: whoever can register it decides who may send"
            );
            page.row(Mark::Bad, "", &text);
        }
        shown.push(name);
    };
    let exchanges = facts.explained.exchanges.iter();
    let of_others = exchanges.filter(|exchange| exchange.question.name != facts.domain);
    for answer in of_others.flat_map(|exchange| &exchange.outcome) {
        tell(answer, page);
    }
}

/// The domain that would have to be registered for the name to exist, if a registry says that it does not.
fn registrable(answer: &Answer) -> Option<DomainName> {
    let negative = answer.negative()?;
    let zone = negative.zone.as_ref()?;
    if negative.kind != NegativeKind::NxDomain {
        return None;
    }
    let domain = BuiltInList.organizational_domain(answer.canonical_name())?;
    (domain != *zone && domain.is_within(zone)).then_some(domain)
}

/// Questions without an answer below the domain itself; the attempts are told of at the end.
fn unknown(root: &RecordNode, page: &mut Page) {
    let mut label = "no answer";
    for (index, node) in root.walk().into_iter().enumerate() {
        let reaches = node.terms.iter().flat_map(|term| {
            let reach = match &term.reach {
                Reach::Unknown(error) => Some(error),
                _ => None,
            };
            let failures = [&term.failures.ipv4, &term.failures.ipv6];
            let mut errors: Vec<_> = failures.into_iter().flatten().chain(reach).collect();
            errors.dedup();
            errors
        });
        let own = match &node.found {
            RecordFound::Unknown(error) if index > 0 => Some(error),
            _ => None,
        };
        for error in own.into_iter().chain(reaches) {
            let question = error.question();
            let command = format!(
                "{} {} {}",
                page.dig(),
                question.record_type,
                shell_word(&question.name)
            );
            let cause = page.cause(error);
            page.row(Mark::Unknown, label, &format!("{command}  {cause}"));
            label = "";
        }
    }
}

/// A record that asks nobody.
fn flat(facts: &Facts, flattened: &Result<Flattened, NotFlattenable>, page: &mut Page) {
    let flattened = match flattened {
        Ok(flattened) => flattened,
        Err(reason) => {
            page.row(
                Mark::Odd,
                "flattened",
                &format!("there is no such record: {reason}"),
            );
            return;
        }
    };
    let octets = flattened.text.len();
    let strings = count(flattened.strings.len(), "string");
    let text = format!(
        "{octets} octets in {strings} of one TXT record at {}:",
        facts.domain
    );
    page.row(Mark::Plain, "flattened", &text);
    for string in &flattened.strings {
        // Whole, to be copied.
        page.verbatim("", &format!("\"{string}\""));
    }
    if !flattened.left_out.is_empty() {
        let text = format!("left out: {}", flattened.left_out.join(" "));
        page.row(Mark::Odd, "", &text);
    }
    if octets > LONG_RECORD {
        let text =
            format!("more than {LONG_RECORD} octets may not fit an answer of 512 (RFC 7208 §3.4)");
        page.row(Mark::Odd, "", &text);
    }
    let time = match flattened.ttl {
        Some(ttl) => format!("within {ttl} s"),
        None => "whenever one of them changes".to_owned(),
    };
    let text = format!(
        "it is what the records say now: who publishes it has to make it anew {time}, for ever, or it refuses \
         the mail of a provider that has moved"
    );
    page.row(Mark::Odd, "", &text);
}
