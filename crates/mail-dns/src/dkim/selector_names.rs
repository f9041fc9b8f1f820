//! Selectors that are in use, by who hosts the mail.
//!
//! A selector is a free choice, so no list is complete. These are the fixed choices that providers document for their
//! customers (read 2026-11), and names that people choose by hand.

use crate::DomainName;

/// Names that people choose, and software proposes.
pub(super) const COMMON: &[&str] = &[
    "default",
    "dkim",
    "mail",
    "email",
    "smtp",
    "mx",
    "key",
    "key1",
    "key2",
    "k1",
    "k2",
    "k3",
    "s1",
    "s2",
    "s3",
    "sel1",
    "sel2",
    "selector",
    "selector1",
    "selector2",
    "m1",
    "m2",
    "d1",
    "d2",
    "rsa",
    "ed25519",
    "s1024",
    "s2048",
    "2024",
    "2025",
    "2026",
    "202401",
    "202501",
    "202601",
    "x",
    "a",
    "dk",
    "dkim1",
    "dkim2",
    "mail1",
    "mail2",
    "google",
];

/// Who hosts or sends the mail of many domains, with selectors that do not differ from customer to customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provider {
    /// The name by which people know it.
    pub name: &'static str,
    /// Domains that a customer's MX records or SPF includes point into.
    pub domains: &'static [&'static str],
    /// Its selectors.
    pub selectors: &'static [&'static str],
}

impl Provider {
    /// Every provider known here.
    pub const ALL: &'static [Self] = PROVIDERS;

    /// The providers whose domains hold one of these names: the hosts of MX records, the targets of SPF includes.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a DomainName>) -> Vec<&'static Self> {
        let names: Vec<_> = names.into_iter().collect();
        let holds = |domain: &str| {
            let domain = domain.parse::<DomainName>();
            domain.is_ok_and(|domain| names.iter().any(|name| name.is_within(&domain)))
        };
        Self::ALL
            .iter()
            .filter(|provider| provider.domains.iter().any(|domain| holds(domain)))
            .collect()
    }
}

const fn provider(
    name: &'static str,
    domains: &'static [&'static str],
    selectors: &'static [&'static str],
) -> Provider {
    Provider {
        name,
        domains,
        selectors,
    }
}

const PROVIDERS: &[Provider] = &[
    provider("Amazon WorkMail", &["awsapps.com"], &["default"]),
    provider(
        "Brevo",
        &["sendinblue.com", "brevo.com"],
        &["mail", "brevo1", "brevo2", "sib"],
    ),
    provider(
        "Campaign Monitor",
        &["createsend.com", "cmail20.com"],
        &["cm", "cm1", "cm2"],
    ),
    provider(
        "Fastmail",
        &["messagingengine.com"],
        &["fm1", "fm2", "fm3", "fm4", "mesmtp"],
    ),
    provider("Gandi", &["gandi.net"], &["gm1", "gm2", "gm3"]),
    provider(
        "Google Workspace",
        &["google.com", "googlemail.com"],
        &["google"],
    ),
    provider("iCloud Mail", &["icloud.com", "me.com"], &["sig1"]),
    provider(
        "IONOS",
        &["ionos.com", "ionos.de", "kundenserver.de"],
        &["s1-ionos", "s2-ionos", "s42582890"],
    ),
    provider("Klaviyo", &["klaviyomail.com"], &["kl", "kl2"]),
    provider(
        "mailbox.org",
        &["mailbox.org"],
        &["mbo0001", "mbo0002", "mbo0003", "mbo0004"],
    ),
    provider(
        "Mailchimp",
        &["mcsv.net", "mailchimpapp.net"],
        &["k1", "k2", "k3"],
    ),
    provider(
        "Mailgun",
        &["mailgun.org"],
        &["mx", "smtp", "mailo", "k1", "pic", "krs"],
    ),
    provider("Mailjet", &["mailjet.com"], &["mailjet"]),
    provider(
        "Mandrill",
        &["mandrillapp.com"],
        &["mandrill", "mte1", "mte2"],
    ),
    provider(
        "Microsoft 365",
        &["outlook.com", "office365.us", "mx.microsoft"],
        &["selector1", "selector2"],
    ),
    provider("Migadu", &["migadu.com"], &["key1", "key2", "key3"]),
    provider("Postmark", &["mtasv.net"], &["pm"]),
    provider(
        "Proton Mail",
        &["protonmail.ch", "protonmail.com"],
        &["protonmail", "protonmail2", "protonmail3"],
    ),
    provider(
        "SendGrid",
        &["sendgrid.net"],
        &["s1", "s2", "smtpapi", "em"],
    ),
    provider(
        "SparkPost",
        &["sparkpostmail.com"],
        &["scph0226", "scph0326"],
    ),
    provider(
        "Strato",
        &["strato.de", "rzone.de"],
        &["strato-dkim-0002", "strato-dkim-0003"],
    ),
    provider("Tuta", &["tutanota.de"], &["s1", "s2"]),
    provider("Yandex", &["yandex.ru", "yandex.net"], &["mail"]),
    provider("Zendesk", &["zendesk.com"], &["zendesk1", "zendesk2"]),
    provider(
        "Zoho",
        &["zoho.com", "zoho.eu", "zohomail.com"],
        &["zmail", "zoho", "zohomail", "1522905413783"],
    ),
];
