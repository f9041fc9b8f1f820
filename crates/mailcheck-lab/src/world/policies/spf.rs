//! SPF records (RFC 7208), good and bad.

use super::{PolicyDomain, Topic};
use crate::dns::Fault;

const fn spf(name: &'static str, summary: &'static str, records: &'static str) -> PolicyDomain {
    PolicyDomain::new(&[Topic::Spf], name, summary, records)
}

pub(super) const DOMAINS: &[PolicyDomain] = &[
    spf(
        "spf-after-all.test",
        "terms after `all`, which no check ever reaches",
        r#"@ TXT "v=spf1 mx -all ip4:198.51.100.0/28 include:_spf.crm.test""#,
    ),
    spf(
        "spf-all.test",
        "`+all`: the whole world may send",
        r#"@ TXT "v=spf1 mx +all""#,
    ),
    spf(
        "spf-blank.test",
        "a blank before `v=spf1`, so that this is no SPF record",
        r#"@ TXT " v=spf1 mx -all""#,
    ),
    spf(
        "spf-gone.test",
        "includes a domain that does not exist",
        r#"@ TXT "v=spf1 mx include:_spf.no-such-provider.test -all""#,
    ),
    spf(
        "spf-listed.test",
        "its own hosts are on no blocklist, and another that may send for it is",
        r#"@ TXT "v=spf1 mx ip4:203.0.113.66 -all""#,
    ),
    spf(
        "spf-long.test",
        "over 512 octets in several character-strings, whose ends cut terms",
        "@ TXT \"v=spf1 mx ip4:198.51.100.0/28 ip4:198.51.100.32/28 ip4:198.51.100.64/28 \
         ip4:198.51.100.96/28 ip4:198.51.100.128/28 ip4:198.51.100.160/28 \
         ip4:198.51.100.192/28 ip4:198.51.100.224/28 ip4:203.0.113.\" \
         \"0/28 ip4:203.0.113.32/28 ip4:203.0.113.64/28 ip4:203.0.113.96/28 \
         ip4:203.0.113.128/28 ip4:203.0.113.160/28 ip4:203.0.113.192/28 \
         ip4:203.0.113.224/28 ip6:2001:db8:100::/48 ip6:2001:db8:200::/4\" \
         \"8 ip6:2001:db8:300::/48 ip6:2001:db8:400::/48 ip6:2001:db8:500::/48 \
         ip6:2001:db8:600::/48 ip6:2001:db8:700::/48 ip6:2001:db8:800::/48 \
         ip6:2001:db8:900::/48 ip6:2001:db8:a00::/48 ip6:2\" \
         \"001:db8:b00::/48 ip6:2001:db8:c00::/48 -all\"",
    ),
    spf(
        "spf-lookups.test",
        "13 lookups, through the includes of three providers",
        "@ TXT \"v=spf1 mx include:_spf.crm.test include:_spf.mailer.test \
         include:_spf.suite.test -all\"",
    ),
    spf(
        "spf-loop.test",
        "includes itself, through another name",
        r#"
@ TXT "v=spf1 include:back.spf-loop.test -all"
back TXT "v=spf1 include:spf-loop.test -all"
"#,
    ),
    spf(
        "spf-macro.test",
        "asks about each address by a macro, and explains a refusal by another",
        r#"
@ TXT "v=spf1 exists:%{i}._spf.spf-macro.test -all exp=why.spf-macro.test"
192.0.2.10._spf A 127.0.0.2
2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0._spf A 127.0.0.2
why TXT "%{i} may not send for %{d}"
"#,
    ),
    spf(
        "spf-ptr.test",
        "a `ptr` term, which is not to be used",
        r#"@ TXT "v=spf1 ptr:good.test -all""#,
    ),
    spf(
        "spf-redirect.test",
        "`redirect`: the record of another name holds",
        r#"
@ TXT "v=spf1 redirect=_spf.spf-redirect.test"
_spf TXT "v=spf1 mx:spf-redirect.test -all"
"#,
    ),
    spf(
        "spf-servfail.test",
        "includes a name whose lookup is SERVFAIL",
        r#"
@ TXT "v=spf1 mx include:_spf.spf-servfail.test -all"
_spf TXT "v=spf1 ip4:198.51.100.0/28 -all"
"#,
    )
    .fails("_spf.spf-servfail.test", None, Fault::ServFail),
    spf(
        "spf-syntax.test",
        "`ipv4:`, which is no mechanism",
        r#"@ TXT "v=spf1 mx ipv4:198.51.100.0/28 -all""#,
    ),
    spf(
        "spf-ten.test",
        "exactly 10 lookups, as many as are allowed",
        r#"@ TXT "v=spf1 mx include:_spf.suite.test -all""#,
    ),
    spf(
        "spf-ten10.test",
        "`v=spf10`, which is another version and so no SPF record",
        r#"@ TXT "v=spf10 mx -all""#,
    ),
    spf(
        "spf-two.test",
        "two records",
        r#"
@ TXT "v=spf1 mx -all"
@ TXT "v=spf1 include:_spf.mailer.test -all"
"#,
    ),
    spf(
        "spf-voids.test",
        "three terms that find nothing, one more than is allowed",
        r#"
@ TXT "v=spf1 a:old.spf-voids.test mx:empty.spf-voids.test exists:none.spf-voids.test mx -all"
empty TXT "Neither MX nor address"
"#,
    ),
    spf(
        "spf-wide.test",
        "a /8, ranges that overlap, and the same include twice",
        "@ TXT \"v=spf1 mx ip4:198.0.0.0/8 ip4:198.51.0.0/16 ip4:198.51.100.0/24 \
         include:_spf.mailer.test include:_spf.mailer.test -all\"",
    ),
];
