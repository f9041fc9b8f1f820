//! What a subject does, and how bad an entry is for that.

use std::fmt;

use crate::{Category, Code, ListSummary, Stance, Tier};

/// What an address or a domain does with mail: the same entry ruins one and means nothing to another.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// It sends mail to the servers of others, or is the domain of such mail.
    OutboundSender,
    /// It takes mail from others. If it sends as well, it is an outbound sender.
    MailExchanger,
    /// It hands mail to a submission server after a login, and to nobody else.
    SubmissionClient,
    /// It serves what links in mail point to.
    WebHost,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [
        Self::OutboundSender,
        Self::MailExchanger,
        Self::SubmissionClient,
        Self::WebHost,
    ];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::OutboundSender => "outbound sender",
            Self::MailExchanger => "mail exchanger",
            Self::SubmissionClient => "submission client",
            Self::WebHost => "web host",
        })
    }
}

/// How bad an entry is, by its consequence to mail; the worst is the greatest.
///
/// It weighs one entry for one role. What the mail of a whole domain suffers is for others to judge.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a scale of four; each step is an outcome of its own where it is used"
)]
pub enum Severity {
    /// Nothing follows from it.
    Info,
    /// Something to look at: few receivers act on it, or it concerns others.
    Notice,
    /// Some receivers refuse or score mail for it, or will.
    Warning,
    /// Many receivers refuse mail for it now.
    Error,
}

impl Severity {
    /// How bad the entry by `code` on `list` is for a subject of `role`.
    ///
    /// It is the worst of the meanings of the code, by the table of [`of_category`](Self::of_category), and no worse than
    /// the list's own cap for that role. An entry on an allowlist, and a code that is no listing, is [`Info`](Self::Info).
    #[must_use]
    pub fn of(list: &ListSummary, code: &Code, role: Role) -> Self {
        if list.stance == Stance::Allow || !code.is_listing() {
            return Self::Info;
        }
        let categories = code.meanings.iter().map(|meaning| meaning.category);
        let worst = categories
            .map(|category| Self::of_category(category, list.tier, role))
            .max()
            // A code that nobody explains is taken for what most codes say.
            .unwrap_or_else(|| Self::of_category(Category::Spam, list.tier, role));
        let informs = (list.stance == Stance::Information).then_some(Self::Notice);
        let caps = list.severity.iter().filter(|cap| cap.role == role);
        caps.map(|cap| cap.severity)
            .chain(informs)
            .fold(worst, Ord::min)
    }

    /// How bad an entry of `category` is on a list of `tier` for a subject of `role`.
    ///
    /// The table is for a major list; on a minor one everything is one step less bad, on a marginal one two, never less
    /// than [`Info`](Self::Info).
    ///
    /// | category | outbound sender | mail exchanger | submission client | web host |
    /// | --- | --- | --- | --- | --- |
    /// | spam, exploit, hijacked, phishing, malware, domain in spam | error | warning | warning | warning |
    /// | abused by others, login attempts | error | notice | warning | warning |
    /// | policy | error | info | info | info |
    /// | backscatter, grey | warning | notice | info | info |
    /// | anonymizer, other | warning | notice | notice | notice |
    /// | neighbor, young | notice | info | info | info |
    #[must_use]
    pub fn of_category(category: Category, tier: Tier, role: Role) -> Self {
        use Category as C;
        use Role as R;
        let on_major = match (category, role) {
            (C::Neighbor | C::Young, R::OutboundSender) => Self::Notice,
            (C::Neighbor | C::Young, _) => Self::Info,
            (C::Policy, R::OutboundSender) => Self::Error,
            (C::Policy, _) => Self::Info,
            (C::Backscatter | C::Grey | C::Anonymizer | C::Other, R::OutboundSender) => {
                Self::Warning
            }
            (C::Backscatter | C::Grey, R::SubmissionClient | R::WebHost) => Self::Info,
            (C::Backscatter | C::Grey | C::Anonymizer | C::Other, _) => Self::Notice,
            (_, R::OutboundSender) => Self::Error,
            (C::Abused | C::Login, R::MailExchanger) => Self::Notice,
            (_, _) => Self::Warning,
        };
        match tier {
            Tier::Major => on_major,
            Tier::Minor => on_major.milder(),
            Tier::Marginal => on_major.milder().milder(),
        }
    }

    fn milder(self) -> Self {
        match self {
            Self::Error => Self::Warning,
            Self::Warning => Self::Notice,
            Self::Notice | Self::Info => Self::Info,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

#[cfg(test)]
mod tests;
