//! Records about the way to the servers, good and bad.
//!
//! TLSA records hold for port 25, and those called right match the certificate of the host in this run.

use super::{PolicyDomain, Topic};
use crate::dns::Signing;

const fn transport(
    name: &'static str,
    summary: &'static str,
    records: &'static str,
) -> PolicyDomain {
    PolicyDomain::new(&[Topic::Transport], name, summary, records)
}

pub(super) const DOMAINS: &[PolicyDomain] = &[
    transport(
        "caa-critical.test",
        "a critical CAA property that no issuer knows: none may issue",
        r#"
@ MX 10 mx1.good.test.
@ CAA 0 issue "ca.lab.test"
@ CAA 128 tbs "unknown"
"#,
    ),
    transport(
        "caa-parent.test",
        "the MX host has no CAA record, so that of the domain above it holds",
        r#"
@ MX 10 mx
@ CAA 0 issue "ca.lab.test"
"#,
    ),
    transport(
        "dane-bogus.test",
        "MX host with TLSA records that are signed wrongly",
        "@ MX 10 mx",
    )
    .signed()
    .below(
        "_25._tcp.mx.dane-bogus.test",
        "@ TLSA 3 1 1 <spki mx.dane-bogus.test>",
        Signing::Bogus,
    ),
    transport(
        "dane-unsigned-host.test",
        "a signed MX record leads to an unsigned host with a TLSA record",
        "@ MX 10 mx",
    )
    .signed()
    .below(
        "mx.dane-unsigned-host.test",
        "_25._tcp TLSA 3 1 1 <spki mx.dane-unsigned-host.test>",
        Signing::Unsigned,
    ),
    transport(
        "dane-unsigned-mx.test",
        "an unsigned MX record leads to a signed host with a TLSA record",
        "@ MX 10 mx1.good.test.",
    ),
    transport(
        "dane-usages.test",
        "TLSA records with usages 0 and 1, with wrong lengths, and one that is right",
        r#"
@ MX 10 mx
_25._tcp.mx TLSA 0 1 1 <spki mx.dane-usages.test>
_25._tcp.mx TLSA 1 1 1 <spki mx.dane-usages.test>
_25._tcp.mx TLSA 3 1 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e
_25._tcp.mx TLSA 3 1 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
_25._tcp.mx TLSA 3 1 1 <spki mx.dane-usages.test>
"#,
    )
    .signed(),
    transport(
        "mta-sts-cname.test",
        "`_mta-sts` and `mta-sts` are aliases of names at a provider",
        r#"
@ MX 10 mx1.good.test.
_mta-sts CNAME _mta-sts.sts-host.test.
mta-sts CNAME mta-sts.sts-host.test.
"#,
    ),
    transport(
        "mta-sts-two.test",
        "two MTA-STS records",
        r#"
@ MX 10 mx1.good.test.
_mta-sts TXT "v=STSv1; id=20261101"
_mta-sts TXT "v=STSv1; id=20261102"
mta-sts A 198.51.100.80
"#,
    ),
    transport(
        "tlsrpt-two.test",
        "two TLS-RPT records",
        r#"
@ MX 10 mx1.good.test.
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@tlsrpt-two.test"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:reports@tlsrpt-two.test"
"#,
    ),
];
