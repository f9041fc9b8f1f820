//! Those who do something for other domains: send their mail, keep their keys and policies, take their reports.
//!
//! Every host of theirs has an address of both families, so that no lookup comes to nothing for one of them.

/// Zones, all unsigned.
pub(super) const ZONES: &[(&str, &str)] = &[
    // SPF: one lookup besides the one that leads here.
    (
        "crm.test",
        r#"
_spf TXT "v=spf1 a:out.crm.test ip4:198.51.100.160/28 ~all"
out A 198.51.100.177
out AAAA 2001:db8:4::25
"#,
    ),
    (
        "dmarc-reports.test",
        r#"
@ MX 10 mx1.good.test.
@ TXT "v=spf1 mx -all"
_dmarc TXT "v=DMARC1; p=reject"
dmarc-authorised.test._report._dmarc TXT "v=DMARC1"
good.test._report._dmarc TXT "v=DMARC1"
"#,
    ),
    // SPF: no further lookup.
    (
        "mailer.test",
        r#"_spf TXT "v=spf1 ip4:203.0.113.128/26 ip6:2001:db8:6::/48 ~all""#,
    ),
    (
        "sts-host.test",
        r#"
_mta-sts TXT "v=STSv1; id=20261101"
mta-sts A 198.51.100.80
"#,
    ),
    // SPF: eight lookups besides the one that leads here. The tenant's second key is gone.
    (
        "suite.test",
        r#"
@ MX 10 mx
mx A 198.51.100.100
mx AAAA 2001:db8:5::100
eu MX 10 mx.eu
mx.eu A 198.51.100.101
mx.eu AAAA 2001:db8:5::101
out1 A 198.51.100.111
out1 AAAA 2001:db8:5::111
out2 A 198.51.100.112
out2 AAAA 2001:db8:5::112
out3 A 198.51.100.113
out3 AAAA 2001:db8:5::113
_spf TXT "v=spf1 include:_spf-a.suite.test include:_spf-b.suite.test include:_spf-c.suite.test ~all"
_spf-a TXT "v=spf1 a:out1.suite.test mx:suite.test ~all"
_spf-b TXT "v=spf1 a:out2.suite.test ~all"
_spf-c TXT "v=spf1 a:out3.suite.test mx:eu.suite.test ~all"
selector1-dkim-cname-test._domainkey.tenant TXT "v=DKIM1; k=rsa; p=<rsa-2048>"
"#,
    ),
];
