use crate::envelope::{Envelope, ForwardPath, ReversePath};
use crate::observation::Phase;

/// What is said between EHLO and QUIT. Whatever is stored, no command but those here can come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub(crate) enum Errand {
    /// MAIL, RCPT for each recipient, RSET.
    Envelope(Envelope),
    /// MAIL, RCPT for one after the other until one is accepted, RSET.
    Relay {
        from: ReversePath,
        to: Vec<ForwardPath>,
    },
    Verify(ForwardPath),
    Expand(ForwardPath),
    /// Nothing is said here: NOOP goes in one write with STARTTLS.
    Injection,
}

/// How many forms of a recipient are tried at the most, whatever is stored.
const MAX_FORMS: usize = 6;

impl Errand {
    /// The command of a step, if there is one.
    pub(super) fn step(&self, step: usize) -> Option<(Phase, String)> {
        let (from, to) = match self {
            Self::Envelope(envelope) => (envelope.from(), envelope.recipients()),
            Self::Relay { from, to } => {
                let forms = to.get(..to.len().min(MAX_FORMS));
                (from, forms.unwrap_or_default())
            }
            Self::Verify(path) if step == 0 => return Some((Phase::Vrfy, query("VRFY", path))),
            Self::Expand(path) if step == 0 => return Some((Phase::Expn, query("EXPN", path))),
            Self::Verify(_) | Self::Expand(_) | Self::Injection => return None,
        };
        let utf8 = if self.is_international() {
            " SMTPUTF8"
        } else {
            ""
        };
        match step.checked_sub(1) {
            None => Some((Phase::Mail, format!("MAIL FROM:{from}{utf8}"))),
            Some(index) if index == to.len() => Some((Phase::Rset, "RSET".to_owned())),
            Some(index) => Some((Phase::Rcpt, format!("RCPT TO:{}", to.get(index)?))),
        }
    }

    /// The step after one that was accepted or refused.
    pub(super) fn next(&self, step: usize, accepted: bool) -> Option<usize> {
        match (self, self.step(step)?.0) {
            // Without MAIL there is no transaction: nothing to add to, and nothing to take back.
            (_, Phase::Mail) if !accepted => None,
            (Self::Relay { to, .. }, Phase::Rcpt) if accepted => Some(to.len().min(MAX_FORMS) + 1),
            _ => Some(step + 1),
        }
    }

    /// Whether SMTPUTF8 is needed.
    pub(super) fn is_international(&self) -> bool {
        match self {
            Self::Envelope(envelope) => envelope.is_international(),
            _ => false,
        }
    }
}

/// VRFY and EXPN take a string and no path (RFC 5321 §4.1.1.6, §4.1.1.7).
fn query(verb: &str, path: &ForwardPath) -> String {
    format!("{verb} {}", String::from(path.clone()))
}
