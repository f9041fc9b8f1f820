//! What the rules say.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use mail_dns::DomainName;
use serde::{Deserialize, Serialize};

use crate::{Rule, Target};

/// What a finding means for mail.
///
/// Ordered by consequence: the least is [`Info`](Self::Info).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the four are defined by consequence"
)]
pub enum Severity {
    /// No problem.
    Info,
    /// Probably not intended.
    Notice,
    /// Mail will be lost, refused or forgeable under conditions that occur.
    Warning,
    /// Mail is lost, refused or forgeable now.
    Error,
}

/// What a list's entry weighs, as what it means for mail.
///
/// There are two types of the same four words because they judge different things: [`dnsbl::Severity`] is a fact of a list's
/// data, an entry by code, tier and role, of a crate that holds no opinion; this one judges everything that is found.
impl From<dnsbl::Severity> for Severity {
    fn from(severity: dnsbl::Severity) -> Self {
        match severity {
            dnsbl::Severity::Info => Self::Info,
            dnsbl::Severity::Notice => Self::Notice,
            dnsbl::Severity::Warning => Self::Warning,
            dnsbl::Severity::Error => Self::Error,
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

/// How a rule came out for one subject: yes with proof, no with proof, or could not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "severity")]
#[expect(clippy::exhaustive_enums, reason = "the one idea of this project")]
pub enum Outcome {
    /// Shown to be as it should.
    Pass,
    /// Shown not to be as it should.
    Fail(Severity),
    /// Could not tell, and it matters: the whole report cannot say that all is well.
    Inconclusive,
    /// Could not tell, and the answer would not change what becomes of mail.
    Unchecked,
}

impl Outcome {
    /// The place in a list ordered by consequence; the lowest comes first.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Fail(Severity::Error) => 0,
            Self::Inconclusive => 1,
            Self::Fail(Severity::Warning) => 2,
            Self::Fail(Severity::Notice) => 3,
            Self::Unchecked => 4,
            Self::Fail(Severity::Info) => 5,
            Self::Pass => 6,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.pad("pass"),
            Self::Fail(severity) => severity.fmt(f),
            Self::Inconclusive => f.pad("could not tell"),
            Self::Unchecked => f.pad("not checked"),
        }
    }
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Subject {
    /// A domain.
    Domain(DomainName),
    /// A host.
    Host(DomainName),
    /// An address.
    Address(IpAddr),
    /// A blocklist, by its zone.
    List(DomainName),
    /// A port of an address, with the host it was reached for.
    Service {
        /// The host, if the address was reached for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<DomainName>,
        /// The address and port.
        address: SocketAddr,
    },
}

impl From<&Target> for Subject {
    fn from(target: &Target) -> Self {
        match target {
            Target::Domain(name) => Self::Domain(name.clone()),
            Target::Host { name, .. } => Self::Host(name.clone()),
            Target::Address { address, .. } => Self::Address(*address),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) | Self::Host(name) | Self::List(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Service {
                host: Some(host),
                address,
            } => write!(f, "{host} {address}"),
            Self::Service {
                host: None,
                address,
            } => address.fmt(f),
        }
    }
}

/// What a rule found about one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The rule's id: it names the thing, never the severity.
    pub rule: Cow<'static, str>,
    /// How it came out.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What it is about.
    pub subject: Subject,
    /// One line for a person: what is the case, in words of mail.
    pub message: String,
    /// The raw exchange that proves it, a line each; text of a peer is escaped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// A command that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub see: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// Where it is written, RFC and section.
    pub citation: Cow<'static, str>,
}

impl Finding {
    /// A finding of `rule` with a message; the rest is added by the methods below.
    #[must_use]
    pub fn new(
        rule: &'static Rule,
        outcome: Outcome,
        subject: Subject,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule: Cow::Borrowed(rule.id),
            outcome,
            subject,
            message: message.into(),
            evidence: Vec::new(),
            see: None,
            mend: None,
            citation: Cow::Borrowed(rule.citation),
        }
    }

    /// With a line of evidence more.
    #[must_use]
    pub fn evidence(mut self, line: impl Into<String>) -> Self {
        self.evidence.push(line.into());
        self
    }

    /// With more lines of evidence.
    #[must_use]
    pub fn evidence_lines(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(lines);
        self
    }

    /// With a command that shows it.
    #[must_use]
    pub fn see(mut self, command: impl Into<String>) -> Self {
        self.see = Some(command.into());
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn mend(mut self, advice: impl Into<String>) -> Self {
        self.mend = Some(advice.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_weighs_the_same_in_the_words_of_a_list_and_of_a_finding() {
        use dnsbl::Severity as Of;
        let mut before = None;
        for of_list in [Of::Info, Of::Notice, Of::Warning, Of::Error] {
            let severity = Severity::from(of_list);
            assert_eq!(severity.to_string(), of_list.to_string());
            let json = |json: Result<_, serde_json::Error>| json.expect("a word");
            assert_eq!(
                json(serde_json::to_value(severity)),
                json(serde_json::to_value(of_list))
            );
            assert!(before < Some(severity), "in the same order");
            before = Some(severity);
        }
    }
}
