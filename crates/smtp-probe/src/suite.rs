//! Tests that a server did not ask for, each by itself and only if it is asked for.
//!
//! A [`Session`](crate::Session) only looks. What is here does more: it sends what a careful client would not, or asks for what a
//! stranger may not have. Each [`SuiteTest`] says what it sends, how many connections it makes and whether it is intrusive, so that
//! whoever runs it knows first. None comes near a message.
//!
//! A test is a value without sockets: [`options`](SuiteTest::options) says how a session for it goes, and
//! [`judge`](SuiteTest::judge) what came of it. The driver is [`Probe::test`](crate::Probe::test).

use std::fmt;

use crate::config::{EhloName, Security, SessionOptions};
use crate::envelope::{ForwardPath, ReversePath};
use crate::observation::Observation;
use crate::session::Errand;

mod ehlo_name;
mod judge;
mod relay;
#[cfg(test)]
mod tests;

pub use ehlo_name::EhloNameKind;

/// A test of a server.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use smtp_probe::{Output, Security, Session, SessionOptions, SuiteTest};
///
/// let test = SuiteTest::tls_required();
/// assert_eq!((test.name(), test.connections()), ("tls-required", 1));
///
/// let usual = SessionOptions::new("probe.example.com".parse()?, Security::StartTls);
/// let mut session = Session::with_options(test.options(&usual));
/// let now = Duration::ZERO;
/// for said in [
///     "220 mx.example ESMTP\r\n",
///     "250-mx.example\r\n250 STARTTLS\r\n",
///     "530 5.7.0 Must issue a STARTTLS command first\r\n",
///     "221 bye\r\n",
/// ] {
///     session.handle_input(said.as_bytes(), now);
///     session.poll_output(now);
/// }
/// let verdict = test.judge(&session.into_observation(now));
/// assert!(verdict.is_yes(), "{verdict}");
/// # Ok::<(), smtp_probe::EhloNameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteTest {
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    CommandInjection,
    TlsRequired,
    AuthBeforeTls,
    OpenRelay {
        from: ReversePath,
        to: Vec<ForwardPath>,
    },
    Vrfy(ForwardPath),
    Expn(ForwardPath),
    EhloName(EhloNameKind, EhloName),
}

impl SuiteTest {
    /// Whether the server carries out, inside TLS, a command that came in the clear behind STARTTLS (CVE-2011-0411): then whoever can
    /// write to the connection can speak for the client.
    ///
    /// STARTTLS and NOOP go in one write. An answer inside TLS that nobody asked for there is the proof.
    #[must_use]
    pub fn command_injection() -> Self {
        Kind::CommandInjection.into()
    }

    /// Whether the server refuses MAIL without TLS. On a public port 25 it must not (RFC 3207 §4); on port 587 it is wanted
    /// (RFC 8314 §4.1).
    #[must_use]
    pub fn tls_required() -> Self {
        Kind::TlsRequired.into()
    }

    /// Whether the server offers AUTH before TLS, where a password would go in the clear.
    ///
    /// Nothing is sent but EHLO: any observation of a session that began in the clear can be judged.
    #[must_use]
    pub fn auth_before_tls() -> Self {
        Kind::AuthBeforeTls.into()
    }

    /// Whether the server accepts a recipient of another domain from a sender of another domain. Whether it would deliver is not
    /// tried.
    ///
    /// `to` must be a mailbox of the tester's own, at a domain that the server does not serve, and `from` at one that it does not
    /// either. `server` is the server's name, or its address in brackets: old servers relay for addresses that lead through them.
    /// There are five forms at the most, in one transaction, and the first that is accepted ends it.
    #[must_use]
    pub fn open_relay(from: ReversePath, to: &ForwardPath, server: &str) -> Self {
        let to = relay::forms(to, server);
        Kind::OpenRelay { from, to }.into()
    }

    /// Whether the server says by VRFY if a mailbox exists.
    #[must_use]
    pub fn vrfy(mailbox: ForwardPath) -> Self {
        Kind::Vrfy(mailbox).into()
    }

    /// Whether the server says by EXPN who is behind a list.
    #[must_use]
    pub fn expn(list: ForwardPath) -> Self {
        Kind::Expn(list).into()
    }

    /// Whether the server refuses EHLO with a name of this kind. `name` is the proper name of the client, and each other kind is made
    /// from it where it can be.
    ///
    /// Servers that judge the name only at RCPT are not seen to do it.
    #[must_use]
    pub fn ehlo_name(kind: EhloNameKind, name: &EhloName) -> Self {
        Kind::EhloName(kind, kind.name(name)).into()
    }

    /// [`ehlo_name`](Self::ehlo_name) for every kind, the proper name first: without an answer to that, those to the others tell
    /// nothing.
    #[must_use]
    pub fn ehlo_names(name: &EhloName) -> Vec<Self> {
        let kinds = EhloNameKind::ALL.into_iter();
        kinds.map(|kind| Self::ehlo_name(kind, name)).collect()
    }

    /// What it is called: one word for a command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.kind {
            Kind::CommandInjection => "command-injection",
            Kind::TlsRequired => "tls-required",
            Kind::AuthBeforeTls => "auth-before-tls",
            Kind::OpenRelay { .. } => "open-relay",
            Kind::Vrfy(_) => "vrfy",
            Kind::Expn(_) => "expn",
            Kind::EhloName(..) => "ehlo-name",
        }
    }

    /// What it asks: a question that its verdict answers.
    #[must_use]
    pub fn question(&self) -> &'static str {
        match &self.kind {
            Kind::CommandInjection => "is a command from before TLS carried out inside it?",
            Kind::TlsRequired => "is mail refused without TLS?",
            Kind::AuthBeforeTls => "is AUTH offered before TLS?",
            Kind::OpenRelay { .. } => "is a foreign recipient accepted from a foreign sender?",
            Kind::Vrfy(_) => "does VRFY say whether a mailbox exists?",
            Kind::Expn(_) => "does EXPN say who is behind a list?",
            Kind::EhloName(kind, _) => kind.question(),
        }
    }

    /// How many connections it makes.
    #[must_use]
    pub fn connections(&self) -> usize {
        1
    }

    /// Whether it breaks the protocol, or does what servers take for an attack. One of a kind may get the client's address listed.
    #[must_use]
    pub fn is_intrusive(&self) -> bool {
        match &self.kind {
            Kind::CommandInjection | Kind::OpenRelay { .. } | Kind::Vrfy(_) | Kind::Expn(_) => true,
            Kind::EhloName(kind, _) => *kind != EhloNameKind::Fqdn,
            Kind::TlsRequired | Kind::AuthBeforeTls => false,
        }
    }

    /// What it sends, besides EHLO and QUIT.
    #[must_use]
    pub fn sends(&self) -> String {
        match &self.kind {
            Kind::CommandInjection => "STARTTLS and NOOP in one write".to_owned(),
            Kind::TlsRequired => "MAIL FROM:<> in the clear, and RSET".to_owned(),
            Kind::AuthBeforeTls => "nothing".to_owned(),
            Kind::OpenRelay { from, to } => {
                let count = to.len();
                format!("MAIL FROM:{from}, RCPT for up to {count} forms of one recipient, and RSET")
            }
            Kind::Vrfy(path) => format!("VRFY {}", String::from(path.clone())),
            Kind::Expn(path) => format!("EXPN {}", String::from(path.clone())),
            Kind::EhloName(_, name) => format!("EHLO {name}"),
        }
    }

    /// How a session for it goes: as `usual`, with what it does instead.
    #[must_use]
    pub fn options(&self, usual: &SessionOptions) -> SessionOptions {
        let options = usual.clone();
        // What begins with TLS stays there.
        let in_clear = match usual.security() {
            Security::Implicit => Security::Implicit,
            Security::StartTls | Security::None => Security::None,
        };
        match &self.kind {
            Kind::CommandInjection => options
                .with_security(Security::StartTls)
                .with_errand(Errand::Injection),
            Kind::TlsRequired => options
                .with_security(Security::None)
                .with_envelope(crate::Envelope::null_sender()),
            Kind::AuthBeforeTls => options.with_security(Security::None).without_errand(),
            Kind::OpenRelay { from, to } => {
                let (from, to) = (from.clone(), to.clone());
                options.with_errand(Errand::Relay { from, to })
            }
            Kind::Vrfy(path) => options.with_errand(Errand::Verify(path.clone())),
            Kind::Expn(path) => options.with_errand(Errand::Expand(path.clone())),
            Kind::EhloName(_, name) => options
                .with_security(in_clear)
                .without_errand()
                .with_name(name.clone()),
        }
    }

    /// What the observation of such a session says.
    #[must_use]
    pub fn judge(&self, seen: &Observation) -> Verdict {
        match &self.kind {
            Kind::CommandInjection => judge::command_injection(seen),
            Kind::TlsRequired => judge::tls_required(seen),
            Kind::AuthBeforeTls => judge::auth_before_tls(seen),
            Kind::OpenRelay { to, .. } => relay::judge(seen, to.len()),
            Kind::Vrfy(_) | Kind::Expn(_) => judge::query(seen),
            Kind::EhloName(..) => ehlo_name::judge(seen),
        }
    }
}

impl From<Kind> for SuiteTest {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

/// What a test found: the answer to its [`question`](SuiteTest::question), with the proof or the cause in words, escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth answer")]
pub enum Verdict {
    /// Yes, and this is the proof.
    Yes(String),
    /// No, and this is the proof.
    No(String),
    /// Could not tell, for this cause.
    CouldNotTell(String),
}

impl Verdict {
    /// Whether the answer is yes.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes(_))
    }

    /// Whether the answer is no.
    #[must_use]
    pub fn is_no(&self) -> bool {
        matches!(self, Self::No(_))
    }

    /// The proof, or the cause.
    #[must_use]
    pub fn because(&self) -> &str {
        match self {
            Self::Yes(text) | Self::No(text) | Self::CouldNotTell(text) => text,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = match self {
            Self::Yes(_) => "yes",
            Self::No(_) => "no",
            Self::CouldNotTell(_) => "could not tell",
        };
        write!(f, "{answer}: {}", self.because())
    }
}
