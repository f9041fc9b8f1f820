//! Domains without mail.
//!
//! Mail in their name can still be forged, so they are about SPF, DKIM and DMARC as well.

use super::{PolicyDomain, Topic};

const fn idle(name: &'static str, summary: &'static str, records: &'static str) -> PolicyDomain {
    PolicyDomain::new(
        &[Topic::NonSending, Topic::Spf, Topic::Dkim, Topic::Dmarc],
        name,
        summary,
        records,
    )
}

pub(super) const DOMAINS: &[PolicyDomain] = &[
    idle(
        "idle-good.test",
        "sends no mail and takes none, and all its records say so",
        r#"
@ MX 0 .
@ TXT "v=spf1 -all"
*._domainkey TXT "v=DKIM1; p="
_dmarc TXT "v=DMARC1; p=reject"
"#,
    ),
    idle(
        "idle-half.test",
        "takes no mail, but has no record against mail in its name",
        "@ MX 0 .",
    ),
];
