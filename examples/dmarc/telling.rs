//! The facts in words.

use mail_dns::dmarc::{
    Alignment, Applied, Audience, Authorization, Difference, Force, Found, HistoricOutcome,
    NearMiss, Oddity, Policy, Psd, Record, Stated, WalkStep,
};
use mail_dns::{Answer, DomainName, Existence, ReportUri, Span};

use crate::terminal::{Mark, Page, count, shell_word};
use crate::{Destination, Facts, MAX_DESTINATIONS, excerpt, wanted};

pub(crate) fn tell(facts: &Facts, page: &mut Page) {
    let applied = facts.discovery.applied();
    let policy_domain = match &applied {
        Applied::Record { domain, .. } => Some(*domain),
        Applied::Nothing | Applied::Unknown(_) => None,
    };
    walk(facts, policy_domain, page);
    match facts.discovery.walk.organizational_domain() {
        Ok(domain) => page.row(Mark::Plain, "org domain", &domain.to_string()),
        Err(_) => {
            let text = "could not tell: a record that could not be asked for may decide it";
            page.row(Mark::Unknown, "org domain", text);
        }
    }
    if let Some(existence) = &facts.discovery.existence {
        let (mark, text) = exists(existence, page);
        let command = format!("{} A {}", page.dig(), shell_word(&facts.domain));
        page.row(mark, "existence", &format!("{command}  {text}"));
    }
    match &applied {
        Applied::Record {
            domain,
            record,
            audience,
            ..
        } => {
            excerpt::show(page, "record", &record.text, usize::MAX, &notes(record));
            policies(facts, domain, record, *audience, page);
            alignment(record, page);
            destinations(facts, record, page);
        }
        Applied::Unknown(_) => {
            let text = "could not tell: it hangs on a question that got no answer";
            page.row(Mark::Unknown, "policy", text);
        }
        Applied::Nothing => {}
    }
    side_by_side(facts, page);
}

fn exists(existence: &Existence, page: &mut Page) -> (Mark, String) {
    match existence {
        Existence::Exists => (
            Mark::Plain,
            "the name exists, so np does not hold".to_owned(),
        ),
        Existence::DoesNotExist { compact } => {
            let proof = match compact {
                true => "NXNAME in its NSEC record, RFC 9824",
                false => "NXDOMAIN",
            };
            (
                Mark::Plain,
                format!("the name does not exist ({proof}), so np holds"),
            )
        }
        Existence::Unknown(error) => (Mark::Unknown, page.cause(error)),
    }
}

/// Each name asked, and what is there.
fn walk(facts: &Facts, policy_domain: Option<&DomainName>, page: &mut Page) {
    let steps = &facts.discovery.walk.steps;
    let name = |step: &WalkStep| {
        step.name
            .with_prefix("_dmarc")
            .unwrap_or_else(|_| step.name.clone())
    };
    let commands: Vec<_> = steps
        .iter()
        .map(|step| format!("{} TXT {}", page.dig(), shell_word(&name(step))))
        .collect();
    let width = commands.iter().map(String::len).max().unwrap_or(0).min(52);
    let mut above: Option<&DomainName> = None;
    for (index, (step, command)) in steps.iter().zip(&commands).enumerate() {
        let label = if index == 0 { "walk" } else { "" };
        if above.is_some_and(|above| above.parent().as_ref() != Some(&step.name)) {
            let text = "names between are left out, so that a walk has 8 questions at most (RFC 9989 §4.10)";
            page.row(Mark::Plain, "", text);
        }
        above = Some(&step.name);
        let (mark, text) = found(step, policy_domain == Some(&step.name), page);
        page.row(mark, label, &format!("{command:<width$}  {text}"));
        if let Some(target) = step.answer.as_ref().and_then(alias) {
            page.row(Mark::Plain, "", &format!("an alias of {target}"));
        }
        if let Found::Several { texts, .. } = &step.found {
            for text in texts {
                excerpt::show(page, "", text, usize::MAX, &[]);
            }
        }
        for (text, miss) in &step.near_misses {
            let note = (meant(text.as_bytes()), near_miss(*miss).to_owned());
            excerpt::show(page, "", text, usize::MAX, &[note]);
        }
    }
}

/// The name that the one asked for is an alias of.
fn alias(answer: &Answer) -> Option<&DomainName> {
    let target = answer.canonical_name();
    (*target != answer.question.name).then_some(target)
}

fn found(step: &WalkStep, applies: bool, page: &mut Page) -> (Mark, String) {
    match &step.found {
        Found::Record(record) => {
            let ends = match record.psd {
                Psd::Unstated => "",
                Psd::Yes => "; psd=y says that it is a public suffix, and ends the walk",
                Psd::No => "; psd=n says that all below it is one organization, and ends the walk",
            };
            let (mark, what) = if applies {
                (Mark::Good, "the record that applies")
            } else {
                (Mark::Plain, "a record, which does not apply")
            };
            (mark, format!("{what}{ends}"))
        }
        Found::Several { texts, .. } => {
            let records = count(texts.len(), "record");
            (
                Mark::Bad,
                format!("{records}, which cancel each other (RFC 9989 §4.10)"),
            )
        }
        Found::Nothing => (
            Mark::Plain,
            step.answer.as_ref().map(nothing).unwrap_or_default(),
        ),
        Found::NotAskable => (Mark::Plain, "no such name: it would be too long".to_owned()),
        Found::Unknown(error) => (Mark::Unknown, page.cause(error)),
        _ => (
            Mark::Unknown,
            "something that this program does not know".to_owned(),
        ),
    }
}

fn nothing(answer: &Answer) -> String {
    match answer.negative() {
        Some(negative) => format!("nothing ({})", negative.kind),
        None => format!(
            "no DMARC record in {}",
            count(answer.texts().count(), "text")
        ),
    }
}

/// Where the version stands that somebody meant, or else the beginning.
fn meant(text: &[u8]) -> Span {
    let is_version = |window: &[u8]| window.eq_ignore_ascii_case(b"v=dmarc");
    let version = text.windows(7).position(is_version);
    let start = version.unwrap_or(0);
    let rest = text.get(start..).unwrap_or_default();
    let is_end = |octet: &u8| matches!(octet, b';' | b' ');
    let end = rest.iter().position(is_end).unwrap_or(rest.len());
    Span {
        start,
        end: start + end.min(10),
    }
}

fn near_miss(miss: NearMiss) -> &'static str {
    match miss {
        NearMiss::LeadingBlank => "a blank before the version makes it no record",
        NearMiss::VersionCase => "the version is DMARC1, in capitals; so it is no record",
        NearMiss::VersionNotFirst => "the version must come first, so it is no record",
        NearMiss::NoSeparator => "a semicolon must follow the version, so it is no record",
        NearMiss::OtherVersion => "no version but DMARC1 is known, so it is no record",
        NearMiss::NoVersion => "v=DMARC1 must come first, so it is no record",
        NearMiss::LiteralQuoting => {
            "quotes or backslashes of a zone file were published, so it is no record"
        }
        _ => "it is no record",
    }
}

/// The oddities, each at its place.
fn notes(record: &Record) -> Vec<(Span, String)> {
    record
        .oddities
        .iter()
        .map(|oddity| note(oddity, record))
        .collect()
}

fn note(oddity: &Oddity, record: &Record) -> (Span, String) {
    let whole = Span {
        start: 0,
        end: record.text.as_bytes().len(),
    };
    match oddity {
        Oddity::Syntax(fault) => (fault.span, format!("{}; it is ignored", fault.kind)),
        Oddity::DuplicateTag { span } => (
            *span,
            "this tag stands a second time: some take the first, and some ignore the record".into(),
        ),
        Oddity::InvalidValue { name, span } => {
            let text = match name.to_ascii_lowercase().as_str() {
                "p" | "sp" | "np" => {
                    "no policy, so the record counts as p=none, or for nothing without rua"
                }
                _ => "this value means nothing, so the default counts",
            };
            (*span, text.to_owned())
        }
        Oddity::InvalidUri { error, span, .. } => (*span, format!("it is ignored: {error}")),
        Oddity::ObsoleteSize { span } => (
            *span,
            "a size after an exclamation mark is obsolete and ignored (RFC 9989 §C.4)".into(),
        ),
        Oddity::HistoricTag { name, span } => {
            let text = match name.as_str() {
                "pct" => "removed by RFC 9989, and still followed by readers of RFC 7489",
                "ri" => "the interval of reports, removed by RFC 9989",
                _ => "the format of failure reports, removed by RFC 9989",
            };
            (*span, text.to_owned())
        }
        Oddity::UnknownTag { name, span } => {
            (*span, format!("no RFC knows a tag {name}; it is ignored"))
        }
        Oddity::OptionsWithoutReports => {
            let options = record
                .tags
                .iter()
                .find(|tag| tag.name.eq_ignore_ascii_case("fo"));
            (
                options.map_or(whole, |tag| tag.span),
                "without ruf, fo has no effect".to_owned(),
            )
        }
        Oddity::LeftOut { count, .. } => {
            let text =
                format!("{count} more that are odd, or URIs past the first 64, are not listed");
            (whole, text)
        }
        _ => (whole, format!("{oddity:?}")),
    }
}

/// What is asked of receivers, for whom.
fn policies(
    facts: &Facts,
    domain: &DomainName,
    record: &Record,
    audience: Audience,
    page: &mut Page,
) {
    let rows = [
        (
            Audience::Domain,
            "p",
            record.policy,
            format!("for {domain} itself"),
        ),
        (
            Audience::ExistingSubdomain,
            "sp",
            record.subdomain_policy,
            "for names below it that exist".to_owned(),
        ),
        (
            Audience::NonexistentSubdomain,
            "np",
            record.nonexistent_policy,
            "for names below it that do not exist".to_owned(),
        ),
    ];
    // Where nobody asked whether the name exists, both rows below the domain say the same.
    let open = audience == Audience::ExistingSubdomain && facts.discovery.existence.is_none();
    for (whom, tag, stated, meaning) in rows {
        let label = if whom == Audience::Domain {
            "policy"
        } else {
            ""
        };
        let applied = record
            .applied_policy_for(whom)
            .map_or("nothing".to_owned(), |policy| policy.to_string());
        let source = match stated {
            Stated::Valid(_) => String::new(),
            Stated::Absent if whom == Audience::Domain => " (not stated)".to_owned(),
            Stated::Absent => format!(" (as {})", fallback(record, whom)),
            Stated::Invalid => " (not good)".to_owned(),
        };
        let is_it = whom == audience || (open && whom == Audience::NonexistentSubdomain);
        let (mark, arrow) = match is_it {
            true if open => (Mark::Good, "  <- one of these"),
            true => (Mark::Good, "  <- this one"),
            false => (Mark::Plain, ""),
        };
        page.row(
            mark,
            label,
            &format!("{tag:<2}  {applied:<10}  {meaning}{source}{arrow}"),
        );
    }
    if open {
        let text = "sp and np come to the same, so it was not asked whether the name exists";
        page.row(Mark::Plain, "", text);
    }
    if record.testing {
        let text = "t=y: it is being tested, so this is one level less than the record says";
        page.row(Mark::Odd, "", text);
    }
    match record.force() {
        Force::AsStated => {}
        Force::AsNone => {
            let text = "without a good policy, and since reports are wanted, it counts as p=none (RFC 9989 §4.10.1)";
            page.row(Mark::Bad, "", text);
        }
        Force::NotAtAll => {
            let text =
                "without a good policy and a good rua, it counts for nothing (RFC 9989 §4.10.1)";
            page.row(Mark::Bad, "", text);
        }
    }
}

fn fallback(record: &Record, whom: Audience) -> &'static str {
    match record.subdomain_policy {
        Stated::Valid(_) if whom == Audience::NonexistentSubdomain => "sp",
        _ => "p",
    }
}

fn alignment(record: &Record, page: &mut Page) {
    let word = |alignment| match alignment {
        Alignment::Relaxed => "relaxed",
        Alignment::Strict => "strict",
    };
    let (dkim, spf) = (record.dkim_alignment, record.spf_alignment);
    let text = if dkim == spf {
        format!("DKIM and SPF {}: {}", word(dkim), alignment_means(dkim))
    } else {
        format!(
            "DKIM {}: {}; SPF {}: {}",
            word(dkim),
            alignment_means(dkim),
            word(spf),
            alignment_means(spf)
        )
    };
    page.row(Mark::Plain, "alignment", &text);
}

fn alignment_means(alignment: Alignment) -> &'static str {
    match alignment {
        Alignment::Relaxed => "any domain of the same organizational domain will do",
        Alignment::Strict => "the very domain of the author alone will do",
    }
}

fn destinations(facts: &Facts, record: &Record, page: &mut Page) {
    if facts.destinations.is_empty() {
        page.row(Mark::Plain, "reports", "none are wanted");
    }
    let mut label = "reports";
    for destination in &facts.destinations {
        let Destination { tag, uri, .. } = destination;
        let (mark, text, asked) = taken(&destination.authorization, page);
        let uri = uri.text.escape_debug();
        page.row(mark, label, &format!("{tag}  {uri}  {text}"));
        if let Some((name, found)) = asked {
            let command = format!("{} TXT {}", page.dig(), shell_word(name));
            page.row(Mark::Plain, "", &format!("     {command}  {found}"));
        }
        label = "";
    }
    let all = wanted(record).count();
    if all > facts.destinations.len() {
        let text =
            format!("only the first {MAX_DESTINATIONS} of {all} destinations were asked about");
        page.row(Mark::Unknown, "", &text);
    }
    let options = record.failure_options;
    if !record.failure_reports.is_empty() {
        let kinds = [
            (
                options.any,
                "any of SPF and DKIM fails to give an aligned pass",
            ),
            (
                !options.any && !options.dkim && !options.spf,
                "both SPF and DKIM fail to give an aligned pass",
            ),
            (options.dkim, "a DKIM signature fails"),
            (options.spf, "SPF fails"),
        ];
        let kinds: Vec<_> = kinds
            .iter()
            .filter_map(|(set, kind)| set.then_some(*kind))
            .collect();
        page.row(
            Mark::Plain,
            "",
            &format!("failure reports are wanted if {}", kinds.join(", or ")),
        );
    }
}

/// Whether a destination takes the reports; and where it says so, and what is there.
fn taken<'a>(
    authorization: &'a Authorization,
    page: &mut Page,
) -> (Mark, String, Option<(&'a DomainName, String)>) {
    match authorization {
        Authorization::NotNeeded => (Mark::Good, "is of the same organization".to_owned(), None),
        Authorization::Granted {
            name,
            answer,
            instead,
            ..
        } => {
            let uris: Vec<_> = instead.iter().map(ReportUri::to_string).collect();
            let text = match uris.is_empty() {
                true => "wants them".to_owned(),
                false => format!("wants them at {}", uris.join(", ")),
            };
            let alias = alias(answer).map(|target| format!(", by an alias of {target}"));
            let found = format!("a record{}", alias.unwrap_or_default());
            (Mark::Good, text, Some((name, found)))
        }
        Authorization::Refused { name, answer, .. } => (
            Mark::Bad,
            "does not say that it wants them, so it gets none (RFC 9990 §4)".to_owned(),
            Some((name, nothing(answer))),
        ),
        Authorization::ForeignOverride { name, instead, .. } => {
            let uris: Vec<_> = instead.iter().map(ReportUri::to_string).collect();
            (
                Mark::Bad,
                "wants them at another host, so nobody gets any (RFC 9990 §4)".to_owned(),
                Some((name, uris.join(", "))),
            )
        }
        Authorization::NameTooLong => (
            Mark::Bad,
            "cannot say that it wants them: the name would be too long".to_owned(),
            None,
        ),
        Authorization::NoHost => (
            Mark::Bad,
            "is an address, which cannot say that it wants them".to_owned(),
            None,
        ),
        Authorization::Unknown(error) => (Mark::Unknown, page.cause(error), None),
        _ => (Mark::Unknown, format!("{authorization:?}"), None),
    }
}

/// RFC 9989 and RFC 7489, and every difference.
fn side_by_side(facts: &Facts, page: &mut Page) {
    let Some(differences) = &facts.differences else {
        let text = match &facts.historic.outcome {
            HistoricOutcome::Unknown(error) => error.to_string(),
            _ => "what RFC 9989 says is not known".to_owned(),
        };
        page.row(
            Mark::Unknown,
            "RFC 7489",
            &format!("could not compare: {text}"),
        );
        return;
    };
    if differences.is_empty() {
        let text = "readers with a public suffix list come to the same";
        page.row(Mark::Plain, "RFC 7489", text);
        return;
    }
    table(facts, page);
    let mut label = "differs";
    for difference in differences {
        page.row(Mark::Odd, label, &sentence(difference));
        label = "";
    }
    if let Applied::Record {
        record,
        audience: Audience::NonexistentSubdomain,
        ..
    } = facts.discovery.applied()
        && record.nonexistent_policy.valid().is_some()
    {
        let text = "np is unknown to readers of RFC 7489, who go by sp and p";
        page.row(Mark::Odd, "", text);
    }
}

/// Both readings, column by column.
fn table(facts: &Facts, page: &mut Page) {
    let nobody = || "nobody".to_owned();
    let what =
        |policy: Option<Policy>| policy.map_or("nothing".to_owned(), |policy| policy.to_string());
    let (record, policy) = match facts.discovery.applied() {
        Applied::Record { domain, policy, .. } => (domain.to_string(), what(policy)),
        Applied::Nothing | Applied::Unknown(_) => (nobody(), what(None)),
    };
    let (historic_record, historic_policy) = match &facts.historic.outcome {
        HistoricOutcome::Record { domain, policy, .. } => (domain.to_string(), what(*policy)),
        HistoricOutcome::Several { domain } => (format!("{domain}, several"), what(None)),
        HistoricOutcome::Nothing | HistoricOutcome::Unknown(_) => (nobody(), what(None)),
    };
    let organizational = facts.discovery.walk.organizational_domain();
    let rows = [
        (
            "",
            "RFC 9989, tree walk".to_owned(),
            "RFC 7489, public suffix list".to_owned(),
        ),
        (
            "organizational domain",
            organizational.map_or_else(|_| "?".to_owned(), |domain| domain.to_string()),
            facts.historic.organizational_domain.to_string(),
        ),
        ("record of", record, historic_record),
        ("asked of receivers", policy, historic_policy),
    ];
    let width = rows
        .iter()
        .map(|(_, current, _)| current.len())
        .max()
        .unwrap_or(0);
    let mut label = "compare";
    for (what, current, historic) in rows {
        page.row(
            Mark::Plain,
            label,
            &format!("{what:<21}  {current:<width$}  {historic}"),
        );
        label = "";
    }
}

fn sentence(difference: &Difference) -> String {
    let whose = |domain: &Option<DomainName>| match domain {
        Some(domain) => format!("the record of {domain}"),
        None => "no record".to_owned(),
    };
    let what = |policy: &Option<Policy>| match policy {
        Some(policy) => policy.to_string(),
        None => "nothing".to_owned(),
    };
    match difference {
        Difference::OrganizationalDomain { current, historic } => format!(
            "the tree walk ends at {current}, the list at {historic}: so other domains are aligned"
        ),
        Difference::PolicyDomain { current, historic } => format!(
            "{} applies by RFC 9989, {} by RFC 7489",
            whose(current),
            whose(historic)
        ),
        Difference::Policy { current, historic } => format!(
            "receivers are asked for {} by RFC 9989, for {} by RFC 7489",
            what(current),
            what(historic)
        ),
        Difference::Percentage { historic } => format!(
            "pct={historic}: readers of RFC 7489 apply the policy to {historic} % of the mail and one level less to the rest; \
             RFC 9989 to all of it"
        ),
        Difference::TestingIgnored => {
            "t=y is unknown to readers of RFC 7489, who apply the policy in full".to_owned()
        }
        _ => format!("{difference:?}"),
    }
}
