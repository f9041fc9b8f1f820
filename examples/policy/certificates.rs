//! Who may issue certificates (RFC 8659, RFC 9495).

use mail_dns::{CaaSet, DomainName, Issuance, Permission};

use crate::terminal::{Mark, Page, shell_word};
use crate::{Facts, State, records};

/// A name, what a certificate for it is called here, and who may issue it.
struct Row<'a> {
    name: &'a DomainName,
    set: &'a CaaSet,
    subject: String,
    permission: Permission,
}

fn rows(facts: &Facts) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (name, set) in &facts.caa {
        let mut row = |subject: String, issuance| {
            rows.push(Row {
                name,
                set,
                subject,
                permission: set.permission(issuance),
            });
        };
        row(name.to_string(), Issuance::Host);
        // A failure leaves all of them open.
        if *name == facts.domain && set.failure().is_none() {
            row(format!("*.{name}"), Issuance::Wildcard);
            row(format!("@{name} (S/MIME)"), Issuance::Mail);
            let bimi = records::bimi(facts).record();
            if bimi.is_some_and(|bimi| !bimi.declines()) {
                row("its logo".to_owned(), Issuance::Mark);
            }
        }
    }
    rows
}

pub(crate) fn state(facts: &Facts) -> State {
    let mut state = State::Absent;
    for Row {
        name,
        set,
        subject,
        permission,
    } in rows(facts)
    {
        state = state.and(match permission {
            Permission::Unknown(error) => State::Unknown(error.to_string()),
            Permission::Blocked { tag, .. } => {
                let tag = tag.escape_debug();
                State::Bad(format!("no certificate for {subject}, because of {tag}"))
            }
            // Those of a provider are not the domain's.
            _ if set.domain().is_some() && name.is_within(&facts.domain) => State::Good,
            _ => State::Absent,
        });
    }
    state
}

pub(crate) fn tell(facts: &Facts, page: &mut Page) {
    let all = rows(facts);
    if all
        .iter()
        .all(|row| row.permission == Permission::Anybody && row.set.domain().is_none())
    {
        let command = format!("{} CAA {}", page.dig(), shell_word(&facts.domain));
        let text = format!("{command}  nothing, nor above it, so any authority may issue");
        page.row(Mark::Plain, "CAA", &text);
        return;
    }
    let width = all.iter().map(|row| row.subject.len()).max().unwrap_or(0);
    let mut label = "CAA";
    for row in &all {
        let (mark, text) = in_words(&row.permission, page);
        let by = match row.set.domain() {
            Some(domain) if *domain != facts.domain => format!(", by the records of {domain}"),
            _ => String::new(),
        };
        page.row(mark, label, &format!("{:<width$}  {text}{by}", row.subject));
        label = "";
    }
    let mut told: Vec<&DomainName> = Vec::new();
    for set in facts.caa.iter().map(|(_, set)| set) {
        let Some(domain) = set.domain().filter(|domain| !told.contains(domain)) else {
            continue;
        };
        told.push(domain);
        page.verbatim("", &format!("{} CAA {}", page.dig(), shell_word(domain)));
        for property in set.properties() {
            let (mark, why) = match (property.malformed, property.is_known()) {
                (true, _) => (Mark::Odd, "  malformed, so it stands for nobody"),
                (_, false) if property.critical => {
                    (Mark::Bad, "  critical, and no authority knows it")
                }
                (_, false) => (Mark::Odd, "  no RFC knows it"),
                _ => (Mark::Plain, ""),
            };
            page.row(mark, "", &format!("  {property}{why}"));
        }
    }
}

fn in_words(permission: &Permission, page: &mut Page) -> (Mark, String) {
    match permission {
        Permission::Anybody => (Mark::Plain, "any authority".to_owned()),
        Permission::Only(issuers) => {
            let issuers: Vec<_> = issuers.iter().map(ToString::to_string).collect();
            (Mark::Good, format!("only {}", issuers.join(", ")))
        }
        Permission::Nobody => (Mark::Odd, "no authority".to_owned()),
        Permission::Blocked { tag, .. } => {
            let text = format!("no authority, because of {}", tag.escape_debug());
            (Mark::Bad, text)
        }
        Permission::Unknown(error) => {
            let (question, cause) = (error.question().to_string(), page.cause(error));
            (Mark::Unknown, format!("{question}: {cause}"))
        }
    }
}
