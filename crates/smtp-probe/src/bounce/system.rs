//! Which software wrote a report, by the marks that it leaves.

use std::fmt;

use memchr::memmem;

/// The family of a reporting system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum System {
    /// Postfix.
    Postfix,
    /// Exim.
    Exim,
    /// Sendmail.
    Sendmail,
    /// qmail and its descendants.
    Qmail,
    /// Courier.
    Courier,
    /// OpenSMTPD.
    OpenSmtpd,
    /// Microsoft Exchange, on premises or in Microsoft 365.
    Exchange,
    /// HCL (Lotus) Domino and Notes.
    Domino,
    /// Google's mail and groups.
    Google,
    /// Yahoo.
    Yahoo,
    /// Mail.ru.
    MailRu,
    /// Amazon SES and WorkMail.
    Amazon,
    /// Oracle (Sun, iPlanet) Messaging Server and PMDF.
    MessagingServer,
    /// DragonFly Mail Agent.
    DragonFly,
    /// IMail Server.
    ImailServer,
    /// Apache James.
    James,
    /// Barracuda.
    Barracuda,
    /// Cisco IronPort.
    IronPort,
}

/// Marks in the header or the text, in lower case; the first that is found tells.
const MARKS: &[(&[u8], System)] = &[
    (b"this is the qmail-send program", System::Qmail),
    (
        b"this is the mailer-daemon, please do not reply",
        System::OpenSmtpd,
    ),
    (b"running the courier mail server", System::Courier),
    (b"this is the dragonfly mail agent", System::DragonFly),
    (b"x-mailer-daemon-recipients", System::MailRu),
    (b"this is the mail system at host", System::Postfix),
    (b"this is the postfix program", System::Postfix),
    (b"x-postfix-queue-id", System::Postfix),
    (
        b"this message was created automatically by mail delivery software",
        System::Exim,
    ),
    (b"x-failed-recipients", System::Exim),
    (b"mail-daemon@googlemail.com", System::Google),
    (b"mailer-daemon@googlemail.com", System::Google),
    (b"@amazonses.com", System::Amazon),
    (b"amazonses.com", System::Amazon),
    (b"messaging server", System::MessagingServer),
    (b"pmdf", System::MessagingServer),
    (b"x-notes", System::Domino),
    (b"domino", System::Domino),
    (b"lotus smtp mta", System::Domino),
    (b"microsoft exchange", System::Exchange),
    (b"x-ms-exchange", System::Exchange),
    (b"mseexch", System::Exchange),
    (b"msexch:", System::Exchange),
    (b"internet mail service", System::Exchange),
    (b"smtpd32", System::ImailServer),
    (b"apache.org/james", System::James),
    (b"barracuda", System::Barracuda),
    (b"ironport", System::IronPort),
    (b"yahoo.com", System::Yahoo),
    (b"transcript of session follows", System::Sendmail),
    (b"mail delivery subsystem", System::Sendmail),
];

/// The family that the header and the text for people show.
pub(super) fn of(header: &[u8], text: &[u8]) -> Option<System> {
    let first = |octets: &[u8]| octets.get(..8192).unwrap_or(octets).to_ascii_lowercase();
    let (header, text) = (first(header), first(text));
    MARKS
        .iter()
        .find(|(mark, _)| {
            memmem::find(&text, mark).is_some() || memmem::find(&header, mark).is_some()
        })
        .map(|(_, system)| *system)
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Postfix => "Postfix",
            Self::Exim => "Exim",
            Self::Sendmail => "Sendmail",
            Self::Qmail => "qmail",
            Self::Courier => "Courier",
            Self::OpenSmtpd => "OpenSMTPD",
            Self::Exchange => "Microsoft Exchange",
            Self::Domino => "Domino",
            Self::Google => "Google",
            Self::Yahoo => "Yahoo",
            Self::MailRu => "Mail.ru",
            Self::Amazon => "Amazon SES",
            Self::MessagingServer => "Oracle Messaging Server",
            Self::DragonFly => "DragonFly Mail Agent",
            Self::ImailServer => "IMail Server",
            Self::James => "Apache James",
            Self::Barracuda => "Barracuda",
            Self::IronPort => "Cisco IronPort",
        })
    }
}
