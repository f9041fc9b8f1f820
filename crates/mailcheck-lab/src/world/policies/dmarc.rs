//! DMARC records (RFC 9989), good and bad.

use super::{PolicyDomain, Topic};
use crate::dns::Fault;

const fn dmarc(name: &'static str, summary: &'static str, records: &'static str) -> PolicyDomain {
    PolicyDomain::new(&[Topic::Dmarc], name, summary, records)
}

pub(super) const DOMAINS: &[PolicyDomain] = &[
    dmarc(
        "dmarc-authorised.test",
        "reports go to `dmarc-reports.test`, which authorises it",
        r#"_dmarc TXT "v=DMARC1; p=reject; rua=mailto:authorised@dmarc-reports.test""#,
    ),
    dmarc(
        "dmarc-cut.test",
        "`psd=n` at `team` cuts the tree walk of `dmarc.team.dmarc-cut.test` short",
        r#"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@dmarc-cut.test"
_dmarc.team TXT "v=DMARC1; p=none; psd=n; rua=mailto:dmarc@dmarc-cut.test"
dmarc.team MX 10 mx1.good.test.
dmarc.team A 198.51.100.61
dmarc.team TXT "v=spf1 mx -all"
"#,
    ),
    dmarc(
        "dmarc-foreign.test",
        "reports go to `dmarc-reports.test`, which does not authorise it",
        r#"_dmarc TXT "v=DMARC1; p=reject; rua=mailto:foreign@dmarc-reports.test""#,
    ),
    dmarc(
        "dmarc-monitor.test",
        "`p=none`",
        r#"_dmarc TXT "v=DMARC1; p=none; rua=mailto:dmarc@dmarc-monitor.test""#,
    ),
    dmarc("dmarc-none.test", "no record", ""),
    dmarc(
        "dmarc-old.test",
        "`pct`, `rf` and `ri`, which no longer mean anything",
        r#"_dmarc TXT "v=DMARC1; p=reject; pct=50; rf=afrf; ri=86400; rua=mailto:dmarc@dmarc-old.test""#,
    ),
    dmarc(
        "dmarc-psd.test",
        "a public suffix, by `psd=y`; `shop` below it has mail and no record",
        r#"
_dmarc TXT "v=DMARC1; p=reject; np=reject; psd=y; rua=mailto:dmarc@dmarc-psd.test"
shop MX 10 mx1.good.test.
shop TXT "v=spf1 mx -all"
"#,
    ),
    dmarc(
        "dmarc-rua-only.test",
        "`rua` and no `p`",
        r#"_dmarc TXT "v=DMARC1; rua=mailto:dmarc@dmarc-rua-only.test""#,
    ),
    dmarc(
        "dmarc-servfail.test",
        "SERVFAIL at `_dmarc`",
        r#"_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@dmarc-servfail.test""#,
    )
    .fails("_dmarc.dmarc-servfail.test", None, Fault::ServFail),
    dmarc(
        "dmarc-sub.test",
        "`sp=quarantine; np=reject`: the host `mail` below it exists, `missing` does not",
        r#"
_dmarc TXT "v=DMARC1; p=reject; sp=quarantine; np=reject; rua=mailto:dmarc@dmarc-sub.test"
mail MX 10 mx1.good.test.
mail A 198.51.100.60
mail TXT "v=spf1 mx -all"
"#,
    ),
    dmarc(
        "dmarc-testing.test",
        "`p=reject` softened by `t=y`",
        r#"_dmarc TXT "v=DMARC1; p=reject; t=y; rua=mailto:dmarc@dmarc-testing.test""#,
    ),
    dmarc(
        "dmarc-two.test",
        "two records",
        r#"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@dmarc-two.test"
_dmarc TXT "v=DMARC1; p=none; rua=mailto:dmarc@dmarc-two.test"
"#,
    ),
    dmarc(
        "dmarc-unrelated.test",
        "a good record, and an SPF record beside it, where none belongs",
        r#"
_dmarc TXT "v=spf1 -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@dmarc-unrelated.test"
"#,
    ),
];
