use super::Verdict;
use super::judge::undecided;
use crate::config::EhloName;
use crate::observation::{Cause, Observation, Phase};
use crate::reply::Reply;

/// A kind of name to say in EHLO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum EhloNameKind {
    /// The proper name of the client.
    Fqdn,
    /// An IPv4 address in brackets (RFC 5321 §4.1.3): that of a documentation network.
    LiteralV4,
    /// An IPv6 address in brackets.
    LiteralV6,
    /// The first label alone.
    SingleLabel,
    /// `localhost`.
    Localhost,
    /// The name with an underscore in its first label.
    Underscore,
    /// A name that the DNS does not have (RFC 6761 §6.4).
    Unresolvable,
    /// The name with a dot at its end.
    TrailingDot,
}

impl EhloNameKind {
    /// Every kind, the proper name first.
    pub const ALL: [Self; 8] = [
        Self::Fqdn,
        Self::LiteralV4,
        Self::LiteralV6,
        Self::SingleLabel,
        Self::Localhost,
        Self::Underscore,
        Self::Unresolvable,
        Self::TrailingDot,
    ];

    /// A name of this kind, made from the proper one.
    pub(super) fn name(self, proper: &EhloName) -> EhloName {
        let text = proper.to_string();
        let text = text.trim_matches(['[', ']']);
        let (label, rest) = text.split_once('.').unwrap_or((text, "example"));
        let made = match self {
            Self::Fqdn => return proper.clone(),
            Self::LiteralV4 => "[192.0.2.1]".to_owned(),
            Self::LiteralV6 => "[IPv6:2001:db8::1]".to_owned(),
            Self::SingleLabel => label.to_owned(),
            Self::Localhost => "localhost".to_owned(),
            Self::Underscore => format!("{label}_x.{rest}"),
            Self::Unresolvable => format!("{label}.invalid"),
            Self::TrailingDot => format!("{text}."),
        };
        EhloName::raw(&made).unwrap_or_else(|| proper.clone())
    }

    pub(super) fn question(self) -> &'static str {
        match self {
            Self::Fqdn => "is EHLO refused with the client's proper name?",
            Self::LiteralV4 => "is EHLO refused with an IPv4 address in brackets?",
            Self::LiteralV6 => "is EHLO refused with an IPv6 address in brackets?",
            Self::SingleLabel => "is EHLO refused with a single label?",
            Self::Localhost => "is EHLO refused with localhost?",
            Self::Underscore => "is EHLO refused with an underscore in the name?",
            Self::Unresolvable => "is EHLO refused with a name that does not exist?",
            Self::TrailingDot => "is EHLO refused with a dot at the end?",
        }
    }
}

/// Whether a refusal would have come with any name: of too much, or of the address.
fn is_about_more(reply: &Reply) -> bool {
    matches!(
        Cause::of_reply(reply, Phase::Ehlo),
        Cause::RateLimited | Cause::Greylisted { .. } | Cause::Blocklisted { .. }
    )
}

pub(super) fn judge(seen: &Observation) -> Verdict {
    if let Some(ehlo) = seen.last_ehlo().filter(|_| seen.ehlo_refusal.is_none()) {
        return Verdict::No(ehlo.reply().to_string());
    }
    let stopped = seen
        .stop()
        .filter(|stop| matches!(stop.phase, Phase::Ehlo | Phase::EhloInTls))
        .and_then(|stop| stop.reply.as_ref());
    match seen.ehlo_refusal.as_ref().or(stopped) {
        // A server without EHLO refuses it with any name.
        Some(reply) if matches!(reply.effective_code().0, 500 | 502) => {
            Verdict::CouldNotTell(format!("the server does not know EHLO: {reply}"))
        }
        Some(reply) if is_about_more(reply) => {
            Verdict::CouldNotTell(format!("the client is refused, not its name: {reply}"))
        }
        Some(reply) if reply.effective_code().is_permanent_negative() => {
            Verdict::Yes(reply.to_string())
        }
        _ => undecided(seen),
    }
}
