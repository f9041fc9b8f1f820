//! What the observations of the tests say.

use tls_inspect::HandshakeOutcome;

use super::Verdict;
use crate::code::ReplyCode;
use crate::diagnosis::{Confidence, Reason};
use crate::ehlo::Ehlo;
use crate::escape::Escaped;
use crate::observation::{Exchange, Interception, Observation, Phase, StartTls, Unsolicited};
use crate::reply::Reply;

/// The session did not come to where the answer is.
pub(super) fn undecided(seen: &Observation) -> Verdict {
    let cause = match (seen.stop(), seen.skipped) {
        (Some(stop), _) if stop.phase == Phase::Connect => seen.port.to_string(),
        (Some(stop), _) => stop.to_string(),
        (None, Some(skipped)) => skipped.to_string(),
        (None, None) => "the session had no occasion to ask".to_owned(),
    };
    Verdict::CouldNotTell(cause)
}

/// A reply may answer another command than its own.
pub(super) fn out_of_step() -> Verdict {
    Verdict::CouldNotTell("replies came that no command had asked for".to_owned())
}

pub(super) fn command_injection(seen: &Observation) -> Verdict {
    let completed = seen.tls.as_ref().map(|tls| &tls.outcome) == Some(&HandshakeOutcome::Completed);
    match &seen.starttls {
        StartTls::NotOffered => {
            return match &seen.ehlo {
                Some(ehlo) if may_be_hidden(ehlo, seen) => hidden(ehlo),
                _ => Verdict::No("STARTTLS is not offered, so nothing follows it".to_owned()),
            };
        }
        StartTls::PlaintextInjected(octets) => {
            let said = Escaped(octets);
            return Verdict::CouldNotTell(format!("the command was answered before TLS: {said}"));
        }
        StartTls::Refused(reply) => {
            return Verdict::CouldNotTell(format!(
                "STARTTLS is refused, perhaps for what is behind it: {reply}"
            ));
        }
        StartTls::Accepted if !completed => {
            let stop = seen.stop().map(ToString::to_string).unwrap_or_default();
            return Verdict::CouldNotTell(format!(
                "the handshake failed, perhaps over the octets behind STARTTLS: {stop}"
            ));
        }
        StartTls::Accepted => {}
        _ => return undecided(seen),
    }
    let unasked = |phase| {
        seen.unsolicited
            .iter()
            .find(move |said| said.phase == phase)
    };
    if let Some(unasked) = unasked(Phase::EhloInTls) {
        let told = format!(
            "inside TLS the server said, without being asked: {}",
            Escaped(&unasked.octets)
        );
        return if answers_noop(unasked) {
            Verdict::Yes(told)
        } else {
            Verdict::CouldNotTell(told)
        };
    }
    if let Some(reply) = &seen.quit
        && unasked(Phase::Quit).is_some()
    {
        // Each reply is one command late: what answers QUIT is the reply to EHLO.
        return if names_server(reply, seen) {
            Verdict::Yes(format!(
                "inside TLS the reply to EHLO came only after QUIT: {reply}"
            ))
        } else {
            Verdict::CouldNotTell(format!("the reply to QUIT is none: {reply}"))
        };
    }
    match (&seen.ehlo_in_tls, seen.stop()) {
        (Some(ehlo), None) if seen.quit.is_some() => Verdict::No(format!(
            "inside TLS the server was silent until it was asked: {}",
            ehlo.reply()
        )),
        (Some(_), None) => {
            Verdict::CouldNotTell("no reply to QUIT shows that all was in step".to_owned())
        }
        _ => undecided(seen),
    }
}

/// Whether what was said may answer NOOP, as a greeting, *not now* and what is no reply do not.
fn answers_noop(said: &Unsolicited) -> bool {
    said.replies().first().is_some_and(|reply| {
        let code = reply.effective_code();
        code != ReplyCode::READY && (code.is_positive_completion() || code.is_permanent_negative())
    })
}

/// Whether a reply begins with the name that the server gave itself in the clear.
fn names_server(reply: &Reply, seen: &Observation) -> bool {
    let word = reply.first_line().split(u8::is_ascii_whitespace).next();
    let name = seen.ehlo.as_ref().map(Ehlo::domain).unwrap_or_default();
    !name.is_empty() && word.is_some_and(|word| word.eq_ignore_ascii_case(name))
}

pub(super) fn tls_required(seen: &Observation) -> Verdict {
    let Some(mail) = seen.envelope().mail else {
        return undecided(seen);
    };
    if seen.tls.is_some() {
        return Verdict::CouldNotTell("the session had TLS".to_owned());
    }
    if !seen.is_in_step() {
        return out_of_step();
    }
    if mail.is_accepted() {
        return Verdict::No(shown(mail));
    }
    let diagnosis = mail.diagnosis();
    let reason = diagnosis
        .filter(|diagnosis| diagnosis.confidence >= Confidence::Medium)
        .map(|diagnosis| diagnosis.reason);
    let said = mail.reply.to_string().to_ascii_uppercase();
    // RFC 3207 §4 has 530 for it, and RFC 4954 §6 has 530 for a want of AUTH too.
    let by_code = mail.reply.effective_code().0 == 530
        && ["STARTTLS", "TLS", "SSL", "ENCRYPT"]
            .iter()
            .any(|word| said.contains(word));
    if reason == Some(Reason::TlsRequired) || by_code {
        Verdict::Yes(shown(mail))
    } else {
        Verdict::CouldNotTell(format!("refused for another reason: {}", shown(mail)))
    }
}

pub(super) fn auth_before_tls(seen: &Observation) -> Verdict {
    let Some(ehlo) = &seen.ehlo else {
        return undecided(seen);
    };
    if seen.ehlo_refusal.is_some() {
        return Verdict::CouldNotTell("HELO has no extensions".to_owned());
    }
    let mechanisms = ehlo.auth_mechanisms();
    if ehlo.supports("AUTH") {
        Verdict::Yes(format!("AUTH {}", mechanisms.join(" ")))
    } else if seen
        .unsolicited
        .iter()
        .any(|said| said.phase != Phase::Ehlo)
    {
        // A list out of step proves no absence.
        out_of_step()
    } else if may_be_hidden(ehlo, seen) {
        hidden(ehlo)
    } else {
        Verdict::No(format!("no AUTH among the extensions: {}", ehlo.reply()))
    }
}

/// Whether a list of extensions may lack what the server has.
fn may_be_hidden(ehlo: &Ehlo, seen: &Observation) -> bool {
    let masked = Interception::MaskedExtensions;
    ehlo.may_be_withheld() || seen.interception().contains(&masked)
}

fn hidden(ehlo: &Ehlo) -> Verdict {
    let said = ehlo.reply();
    Verdict::CouldNotTell(format!(
        "the extensions may be withheld or overwritten: {said}"
    ))
}

/// VRFY and EXPN.
pub(super) fn query(seen: &Observation) -> Verdict {
    let query = |said: &&Exchange| matches!(said.phase, Phase::Vrfy | Phase::Expn);
    let Some(said) = seen.exchanges.iter().find(query) else {
        return undecided(seen);
    };
    if !seen.is_in_step() {
        return out_of_step();
    }
    let unknown = said.diagnosis().is_some_and(|diagnosis| {
        diagnosis.reason == Reason::UserUnknown && diagnosis.confidence >= Confidence::Medium
    });
    match said.reply.effective_code().0 {
        // RFC 5321 §3.5.3: 252 is for a server that does not say.
        252 => Verdict::CouldNotTell(format!("252 says nothing: {}", shown(said))),
        250 | 251 => Verdict::Yes(shown(said)),
        // To deny a mailbox is to tell.
        550 | 551 | 553 if unknown => Verdict::Yes(shown(said)),
        500 | 502 | 504 => Verdict::No(shown(said)),
        _ => Verdict::CouldNotTell(shown(said)),
    }
}

pub(super) fn shown(said: &Exchange) -> String {
    format!("{}: {}", said.command.escape_debug(), said.reply)
}
