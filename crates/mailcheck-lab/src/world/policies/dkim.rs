//! DKIM keys (RFC 6376, section 3.6.1; RFC 8301; RFC 8463), good and bad.

use super::{PolicyDomain, Topic};
use crate::dns::Fault;

const fn dkim(name: &'static str, summary: &'static str, records: &'static str) -> PolicyDomain {
    PolicyDomain::new(&[Topic::Dkim], name, summary, records)
}

pub(super) const DOMAINS: &[PolicyDomain] = &[
    dkim(
        "dkim-1024.test",
        "an RSA key of 1024 bits",
        r#"s1._domainkey TXT "v=DKIM1; k=rsa; p=<rsa-1024>""#,
    ),
    dkim(
        "dkim-512.test",
        "an RSA key of 512 bits, which verifiers must not accept",
        r#"s1._domainkey TXT "v=DKIM1; k=rsa; p=<rsa-512>""#,
    ),
    dkim(
        "dkim-cname.test",
        "aliases at `selector1` and `selector2`: one leads to a key, the other nowhere",
        r#"
selector1._domainkey CNAME selector1-dkim-cname-test._domainkey.tenant.suite.test.
selector2._domainkey CNAME selector2-dkim-cname-test._domainkey.tenant.suite.test.
"#,
    ),
    dkim(
        "dkim-cut.test",
        "the key is cut in half",
        r#"s1._domainkey TXT "v=DKIM1; k=rsa; p=<rsa-2048-head>""#,
    ),
    dkim(
        "dkim-ed25519.test",
        "an Ed25519 key alone, which many verifiers do not know",
        r#"s1._domainkey TXT "v=DKIM1; k=ed25519; p=<ed25519>""#,
    ),
    dkim("dkim-none.test", "no key under any selector", ""),
    dkim(
        "dkim-pkcs1.test",
        "an RSA key as a bare `RSAPublicKey`",
        r#"s1._domainkey TXT "v=DKIM1; k=rsa; p=<rsa-2048-pkcs1>""#,
    ),
    dkim(
        "dkim-quoted.test",
        "the quotes and backslashes of zone text are in the record itself",
        r#"s1._domainkey TXT "\"v=DKIM1\\; k=rsa\\; p=<rsa-2048>\"""#,
    ),
    dkim(
        "dkim-revoked.test",
        "a key revoked by an empty `p`",
        r#"s1._domainkey TXT "v=DKIM1; k=rsa; p=""#,
    ),
    dkim(
        "dkim-servfail.test",
        "SERVFAIL for TXT at every selector",
        r#"s1._domainkey TXT "v=DKIM1; k=rsa; p=<rsa-2048>""#,
    )
    .fails(
        "_domainkey.dkim-servfail.test",
        Some("TXT"),
        Fault::ServFail,
    ),
    dkim(
        "dkim-sha1.test",
        "a key for SHA-1 alone",
        r#"s1._domainkey TXT "v=DKIM1; h=sha1; k=rsa; p=<rsa-2048>""#,
    ),
    dkim(
        "dkim-testing.test",
        "a key marked as a test and for this very domain: `t=y:s`",
        r#"s1._domainkey TXT "v=DKIM1; k=rsa; t=y:s; p=<rsa-2048>""#,
    ),
    dkim(
        "dkim-two.test",
        "one key split over two records, not two character-strings",
        r#"
s1._domainkey TXT "v=DKIM1; k=rsa; p=<rsa-2048-head>"
s1._domainkey TXT "<rsa-2048-tail>"
"#,
    ),
    dkim(
        "dkim-wildcard.test",
        "the same key under every selector",
        r#"*._domainkey TXT "v=DKIM1; k=rsa; p=<rsa-2048>""#,
    ),
];
