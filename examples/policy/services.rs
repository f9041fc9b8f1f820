//! The servers for mail programs (RFC 6186, RFC 8314).

use mail_dns::{MailService, ServicePlaces};

use crate::terminal::{Mark, Page, shell_word};
use crate::{Facts, State};

pub(crate) fn state(facts: &Facts) -> State {
    let states = facts.services.iter().map(|records| match &records.places {
        ServicePlaces::Servers { .. } | ServicePlaces::NotOffered => State::Good,
        ServicePlaces::Nothing | ServicePlaces::NotAskable(_) => State::Absent,
        ServicePlaces::Unknown(error) => State::Unknown(error.to_string()),
        _ => State::Unknown("it is something that this program does not know".to_owned()),
    });
    states.fold(State::Absent, State::and)
}

pub(crate) fn tell(facts: &Facts, page: &mut Page) {
    let mut label = "SRV";
    let mut silent: Vec<MailService> = Vec::new();
    // By what kept the answers away, which is mostly the same for all.
    let mut unknown: Vec<(String, Vec<MailService>)> = Vec::new();
    for records in &facts.services {
        let service = records.service;
        let name = records.name.as_ref().map(shell_word).unwrap_or_default();
        let command = format!("{} SRV {name}", page.dig());
        let (mark, text) = match &records.places {
            ServicePlaces::Servers { servers, .. } => {
                let servers: Vec<_> = servers
                    .iter()
                    .map(|server| format!("{} port {}", server.target, server.port))
                    .collect();
                (Mark::Good, servers.join(", then "))
            }
            ServicePlaces::NotOffered => (
                Mark::Good,
                "not offered, by a target of \".\" (RFC 6186 §3.4)".to_owned(),
            ),
            ServicePlaces::Nothing | ServicePlaces::NotAskable(_) => {
                silent.push(service);
                continue;
            }
            ServicePlaces::Unknown(error) => {
                let cause = page.cause(error);
                match unknown.iter_mut().find(|(known, _)| *known == cause) {
                    Some((_, services)) => services.push(service),
                    None => unknown.push((cause, vec![service])),
                }
                continue;
            }
            other => (Mark::Unknown, format!("{other:?}")),
        };
        page.row(mark, label, &format!("{command}  {text}"));
        label = "";
        if let ServicePlaces::Servers {
            beside_nowhere: true,
            ..
        } = &records.places
        {
            let text = "a target of \".\" beside others means nothing (RFC 2782)";
            page.row(Mark::Odd, "", text);
        }
    }
    let names = |services: &[MailService]| {
        let names: Vec<_> = services.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    for (cause, services) in unknown {
        let text = format!("{}: {cause}", names(&services));
        page.row(Mark::Unknown, label, &text);
        label = "";
    }
    if !silent.is_empty() {
        let text = format!("nothing is said of {}", names(&silent));
        page.row(Mark::Plain, label, &text);
    }
}
