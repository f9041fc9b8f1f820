use super::Verdict;
use super::judge::{out_of_step, shown, undecided};
use crate::diagnosis::{Confidence, Diagnosis, Reason};
use crate::envelope::ForwardPath;
use crate::observation::{Cause, Exchange, Observation, Phase};

/// The forms in which old servers are led to relay, the plain one first; those that are no path are left out.
pub(super) fn forms(to: &ForwardPath, server: &str) -> Vec<ForwardPath> {
    let to = String::from(to.clone());
    let (local, domain) = to.rsplit_once('@').unwrap_or((&to, ""));
    let forms = [
        to.clone(),
        // The percent hack and the bang path.
        format!("{local}%{domain}@{server}"),
        format!("{domain}!{local}@{server}"),
        format!("\"{to}\"@{server}"),
        // A source route (RFC 5321 §F.2: servers should not follow it).
        format!("@{server}:{to}"),
    ];
    forms.iter().filter_map(|form| form.parse().ok()).collect()
}

pub(super) fn judge(seen: &Observation, forms: usize) -> Verdict {
    let replies = seen.envelope();
    let Some(mail) = replies.mail else {
        return undecided(seen);
    };
    if !seen.is_in_step() {
        return out_of_step();
    }
    if !mail.is_accepted() {
        return judge_mail(mail);
    }
    if let Some(accepted) = replies.recipients.iter().find(|said| said.is_accepted()) {
        return Verdict::Yes(shown(accepted));
    }
    if replies.recipients.len() < forms || seen.stop().is_some() {
        return undecided(seen);
    }
    match replies.recipients.iter().find(|said| !is_denied(said)) {
        Some(other) => Verdict::CouldNotTell(format!(
            "this refusal may be about this client: {}",
            shown(other)
        )),
        None => match replies.recipients.first() {
            Some(first) => {
                let count = replies.recipients.len();
                Verdict::No(format!(
                    "{count} of {count} forms refused: {}",
                    shown(first)
                ))
            }
            None => undecided(seen),
        },
    }
}

/// Who must authenticate before MAIL cannot relay without.
fn judge_mail(mail: &Exchange) -> Verdict {
    let reason = mail
        .diagnosis()
        .filter(|diagnosis| diagnosis.confidence >= Confidence::Medium)
        .map(|diagnosis| diagnosis.reason);
    if reason == Some(Reason::AuthRequired) && mail.reply.effective_code().is_permanent_negative() {
        Verdict::No(shown(mail))
    } else {
        Verdict::CouldNotTell(format!("the sender is refused: {}", shown(mail)))
    }
}

/// Whether a refusal says that the server does not relay, or is final and not for who this client is.
///
/// Some servers put off whom they do not relay for, such as Postfix with its `454 4.7.1 Relay access denied`.
fn is_denied(said: &Exchange) -> bool {
    let reply = &said.reply;
    let about_client = Cause::of_reply(reply, Phase::Rcpt).is_about_client();
    let diagnosis = Diagnosis::of_reply(reply);
    let relay = matches!(diagnosis.reason, Reason::RelayDenied | Reason::AuthRequired)
        && diagnosis.confidence >= Confidence::Medium;
    relay || (reply.effective_code().is_permanent_negative() && !about_client)
}
