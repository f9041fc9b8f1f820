//! Scripts for what mail servers do, well and badly.

use super::Script;
use crate::error::{LabError, LabErrorKind};

/// A script that comes with the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuiltIn {
    /// A good MX host on port 25: STARTTLS, no AUTH.
    Healthy,
    /// A good submission server on port 587: STARTTLS, and AUTH after it.
    Submission,
    /// A good submission server on port 465: TLS from the start, with AUTH.
    ImplicitTls,
    /// STARTTLS is not offered. On port 465, plaintext where TLS is due.
    NoStarttls,
    /// STARTTLS is offered, and refused with 454.
    StarttlsRefused,
    /// 220 to STARTTLS, and then octets that are no TLS.
    StarttlsGarbage,
    /// Plaintext replies behind the 220 to STARTTLS in one segment, then TLS.
    Injected,
    /// 421 as greeting.
    Greeting421,
    /// 554 as greeting.
    Greeting554,
    /// No greeting at all.
    Silent,
    /// A greeting of an octet a second, longer than a minute.
    Tarpit,
    /// A reply to EHLO that never ends.
    EndlessEhlo,
    /// A greeting that never ends.
    EndlessGreeting,
    /// Closes after the greeting.
    ClosesAfterGreeting,
    /// Closes before the greeting.
    ClosesEarly,
    /// Resets before the greeting.
    ResetsEarly,
    /// A reply to EHLO whose lines carry different codes.
    MixedCodes,
    /// A greeting in ISO 8859-1.
    Latin1,
    /// A greeting of three lines.
    MultilineGreeting,
    /// Lines that end in LF alone.
    BareLf,
    /// A web server.
    Http,
    /// An SSH server.
    Ssh,
}

impl BuiltIn {
    /// Every one, in the order of the documentation.
    pub const ALL: [Self; 22] = [
        Self::Healthy,
        Self::Submission,
        Self::ImplicitTls,
        Self::NoStarttls,
        Self::StarttlsRefused,
        Self::StarttlsGarbage,
        Self::Injected,
        Self::Greeting421,
        Self::Greeting554,
        Self::Silent,
        Self::Tarpit,
        Self::EndlessEhlo,
        Self::EndlessGreeting,
        Self::ClosesAfterGreeting,
        Self::ClosesEarly,
        Self::ResetsEarly,
        Self::MixedCodes,
        Self::Latin1,
        Self::MultilineGreeting,
        Self::BareLf,
        Self::Http,
        Self::Ssh,
    ];

    /// The script, for a server of this name.
    ///
    /// # Errors
    ///
    /// When the name is not made of letters, digits, hyphens and dots.
    pub fn script(self, host: &str) -> Result<Script, LabError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        if host.is_empty() || !host.bytes().all(plain) {
            let detail = format!("expected a host name, found `{}`", host.escape_debug());
            return Err(LabError::new(LabErrorKind::Name, detail));
        }
        Script::parse(&self.text().replace("{host}", host))
    }

    /// The text of the script; `{host}` stands for the server's name.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Healthy => "S: 220 {host} ESMTP\nSERVE {host} STARTTLS",
            Self::Submission => "S: 220 {host} ESMTP\nSERVE {host} STARTTLS AUTH",
            Self::ImplicitTls => "TLS\nS: 220 {host} ESMTP\nSERVE {host} AUTH",
            Self::NoStarttls => "S: 220 {host} ESMTP\nSERVE {host}",
            Self::StarttlsRefused => {
                "S: 220 {host} ESMTP\n\
                 ON STARTTLS 454 4.7.0 TLS not available due to temporary reason\n\
                 SERVE {host} STARTTLS"
            }
            Self::StarttlsGarbage => {
                "S: 220 {host} ESMTP\n\
                 C: EHLO\n\
                 S- 250-{host}\\r\\n250 STARTTLS\\r\\n\n\
                 C: STARTTLS\n\
                 S: 220 2.0.0 Ready to start TLS\n\
                 S: this is not TLS\n\
                 CLOSE"
            }
            Self::Injected => {
                "S: 220 {host} ESMTP\n\
                 C: EHLO\n\
                 S- 250-{host}\\r\\n250 STARTTLS\\r\\n\n\
                 C: STARTTLS\n\
                 S- 220 2.0.0 Go ahead\\r\\n250-evil.example\\r\\n250 AUTH PLAIN\\r\\n\n\
                 TLS\n\
                 SERVE {host}"
            }
            Self::Greeting421 => "S: 421 4.3.2 {host} Too many connections, try again later\nCLOSE",
            Self::Greeting554 => {
                {
                    // RFC 5321, section 3.1: 503 to all but QUIT.
                    "S: 554 5.7.1 {host} No SMTP service for you\n\
                 ON EHLO 503 5.5.1 No SMTP service here\n\
                 ON HELO 503 5.5.1 No SMTP service here\n\
                 SERVE {host}"
                }
            }
            Self::Silent => "HANG",
            Self::Tarpit => {
                "DRIP 1s 220 {host} ESMTP and now, before anything else, a very long pause for thought\n\
                 SERVE {host}"
            }
            Self::EndlessEhlo => "S: 220 {host} ESMTP\nC: EHLO\nREPEAT 250-X-MORE",
            Self::EndlessGreeting => "REPEAT 220-{host} and there is more",
            Self::ClosesAfterGreeting => "S: 220 {host} ESMTP\nCLOSE",
            Self::ClosesEarly => "CLOSE",
            Self::ResetsEarly => "RESET",
            Self::MixedCodes => {
                "S: 220 {host} ESMTP\n\
                 C: EHLO\n\
                 S- 250-{host}\\r\\n220-SIZE 1000\\r\\n550 8BITMIME\\r\\n\n\
                 SERVE {host}"
            }
            Self::Latin1 => "S: 220 {host} Gr\\xfc\\xdfe aus K\\xf6ln\nSERVE {host}",
            Self::MultilineGreeting => {
                "S- 220-{host} ESMTP\\r\\n220-No junk mail\\r\\n220 Go ahead\\r\\n\nSERVE {host}"
            }
            Self::BareLf => {
                "S- 220 {host} ESMTP\\n\n\
                 C: EHLO\n\
                 S- 250-{host}\\n250-PIPELINING\\n250 8BITMIME\\n\n\
                 C: QUIT\n\
                 S- 221 2.0.0 Bye\\n"
            }
            Self::Http => {
                "S- HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n\n\
                 CLOSE"
            }
            Self::Ssh => "S: SSH-2.0-OpenSSH_9.6\nHANG",
        }
    }
}
