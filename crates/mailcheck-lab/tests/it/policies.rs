//! The policy domains, and the policies of `good.test`.

use std::collections::BTreeSet;

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::RData,
};
use mailcheck_lab::World;
use rustls::{SupportedCipherSuite, crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256};

use crate::{
    client::{connect, start_tls},
    dns::Ask,
};

/// Owner, type and data; all records of an owner and type, or why there is none. Of a long character-string
/// only its start and length are told.
const RECORDS: &str = r#"
spf-after-all.test TXT "v=spf1 mx -all ip4:198.51.100.0/28 include:_spf.crm.test"
spf-all.test TXT "v=spf1 mx +all"
spf-blank.test TXT " v=spf1 mx -all"
spf-gone.test TXT "v=spf1 mx include:_spf.no-such-provider.test -all"
_spf.no-such-provider.test TXT NXDOMAIN
spf-listed.test TXT "v=spf1 mx ip4:203.0.113.66 -all"
spf-long.test TXT "v=spf1 mx ip4:198.51.100.0/..195" "0/28 ip4:203.0.113.32/28 ip..191" "8 ip6:2001:db8:300::/48 ip6..183" "001:db8:b00::/48 ip6:2001:db8:c00::/48 -all"
spf-lookups.test TXT "v=spf1 mx include:_spf.crm.test include:_spf.mailer.test include:_spf.suite.test -all"
spf-loop.test TXT "v=spf1 include:back.spf-loop.test -all"
back.spf-loop.test TXT "v=spf1 include:spf-loop.test -all"
spf-macro.test TXT "v=spf1 exists:%{i}._spf.spf-macro.test -all exp=why.spf-macro.test"
192.0.2.10._spf.spf-macro.test A 127.0.0.2
192.0.2.11._spf.spf-macro.test A NXDOMAIN
why.spf-macro.test TXT "%{i} may not send for %{d}"
spf-ptr.test TXT "v=spf1 ptr:good.test -all"
spf-redirect.test TXT "v=spf1 redirect=_spf.spf-redirect.test"
_spf.spf-redirect.test TXT "v=spf1 mx:spf-redirect.test -all"
spf-servfail.test TXT "v=spf1 mx include:_spf.spf-servfail.test -all"
_spf.spf-servfail.test TXT SERVFAIL
spf-syntax.test TXT "v=spf1 mx ipv4:198.51.100.0/28 -all"
spf-ten.test TXT "v=spf1 mx include:_spf.suite.test -all"
spf-ten10.test TXT "v=spf10 mx -all"
spf-two.test TXT "v=spf1 mx -all"
spf-two.test TXT "v=spf1 include:_spf.mailer.test -all"
spf-voids.test TXT "v=spf1 a:old.spf-voids.test mx:empty.spf-voids.test exists:none.spf-voids.test mx -all"
old.spf-voids.test A NXDOMAIN
empty.spf-voids.test MX NODATA
none.spf-voids.test A NXDOMAIN
spf-wide.test TXT "v=spf1 mx ip4:198.0.0.0/8 ip4:198.51.0.0/16 ip4:198.51.100.0/24 include:_spf.mailer.test include:_spf.mailer.test -all"

s1._domainkey.dkim-1024.test TXT "v=DKIM1; k=rsa; p=MIGfMA0GC..234"
s1._domainkey.dkim-512.test TXT "v=DKIM1; k=rsa; p=MFwwDQYJK..146"
selector1._domainkey.dkim-cname.test TXT CNAME selector1-dkim-cname-test._domainkey.tenant.suite.test.
selector1._domainkey.dkim-cname.test TXT "v=DKIM1; k=rsa; p=MIIBIjANB..214" "rrMulZj1Y9VFQ3vNxGpLOTF8/VU..196"
selector2._domainkey.dkim-cname.test TXT NXDOMAIN
s1._domainkey.dkim-cut.test TXT "v=DKIM1; k=rsa; p=MIIBIjANB..214"
s1._domainkey.dkim-ed25519.test TXT "v=DKIM1; k=ed25519; p=9JpiMvh5prXBbzMubqFDg55QmCjbDTDMoIwcjww7ozE="
s1._domainkey.dkim-none.test TXT NXDOMAIN
_domainkey.dkim-none.test TXT NXDOMAIN
s1._domainkey.dkim-pkcs1.test TXT "v=DKIM1; k=rsa; p=MIIBCgKCA..182" "rrMulZj1Y9VFQ3vNxGpLOTF8/VU..196"
s1._domainkey.dkim-quoted.test TXT ""v=DKIM1\; k=rsa\; p=MIIBIj..217" "rrMulZj1Y9VFQ3vNxGpLOTF8/VU..197"
s1._domainkey.dkim-revoked.test TXT "v=DKIM1; k=rsa; p="
s1._domainkey.dkim-servfail.test TXT SERVFAIL
any._domainkey.dkim-servfail.test TXT SERVFAIL
s1._domainkey.dkim-servfail.test CNAME NODATA
s1._domainkey.dkim-sha1.test TXT "v=DKIM1; h=sha1; k=rsa; p=M..222" "rrMulZj1Y9VFQ3vNxGpLOTF8/VU..196"
s1._domainkey.dkim-testing.test TXT "v=DKIM1; k=rsa; t=y:s; p=MI..221" "rrMulZj1Y9VFQ3vNxGpLOTF8/VU..196"
s1._domainkey.dkim-two.test TXT "v=DKIM1; k=rsa; p=MIIBIjANB..214"
s1._domainkey.dkim-two.test TXT "rrMulZj1Y9VFQ3vNxGpLOTF8/VU..196"
any._domainkey.dkim-wildcard.test TXT "v=DKIM1; k=rsa; p=MIIBIjANB..214" "rrMulZj1Y9VFQ3vNxGpLOTF8/VU..196"

_dmarc.dmarc-authorised.test TXT "v=DMARC1; p=reject; rua=mailto:authorised@dmarc-reports.test"
dmarc-authorised.test._report._dmarc.dmarc-reports.test TXT "v=DMARC1"
_dmarc.dmarc-cut.test TXT "v=DMARC1; p=reject; rua=mailto:dmarc@dmarc-cut.test"
_dmarc.team.dmarc-cut.test TXT "v=DMARC1; p=none; psd=n; rua=mailto:dmarc@dmarc-cut.test"
_dmarc.dmarc.team.dmarc-cut.test TXT NXDOMAIN
dmarc.team.dmarc-cut.test MX 10 mx1.good.test.
_dmarc.dmarc-foreign.test TXT "v=DMARC1; p=reject; rua=mailto:foreign@dmarc-reports.test"
dmarc-foreign.test._report._dmarc.dmarc-reports.test TXT NXDOMAIN
_dmarc.dmarc-monitor.test TXT "v=DMARC1; p=none; rua=mailto:dmarc@dmarc-monitor.test"
_dmarc.dmarc-none.test TXT NXDOMAIN
_dmarc.test TXT NXDOMAIN
_dmarc.dmarc-old.test TXT "v=DMARC1; p=reject; pct=50; rf=afrf; ri=86400; rua=mailto:dmarc@dmarc-old.test"
_dmarc.dmarc-psd.test TXT "v=DMARC1; p=reject; np=reject; psd=y; rua=mailto:dmarc@dmarc-psd.test"
shop.dmarc-psd.test MX 10 mx1.good.test.
_dmarc.shop.dmarc-psd.test TXT NXDOMAIN
_dmarc.dmarc-rua-only.test TXT "v=DMARC1; rua=mailto:dmarc@dmarc-rua-only.test"
_dmarc.dmarc-servfail.test TXT SERVFAIL
_dmarc.dmarc-sub.test TXT "v=DMARC1; p=reject; sp=quarantine; np=reject; rua=mailto:dmarc@dmarc-sub.test"
mail.dmarc-sub.test MX 10 mx1.good.test.
mail.dmarc-sub.test A 198.51.100.60
missing.dmarc-sub.test A NXDOMAIN
_dmarc.dmarc-testing.test TXT "v=DMARC1; p=reject; t=y; rua=mailto:dmarc@dmarc-testing.test"
_dmarc.dmarc-two.test TXT "v=DMARC1; p=reject; rua=mailto:dmarc@dmarc-two.test"
_dmarc.dmarc-two.test TXT "v=DMARC1; p=none; rua=mailto:dmarc@dmarc-two.test"
_dmarc.dmarc-unrelated.test TXT "v=spf1 -all"
_dmarc.dmarc-unrelated.test TXT "v=DMARC1; p=reject; rua=mailto:dmarc@dmarc-unrelated.test"

caa-critical.test CAA 0 issue "ca.lab.test"
caa-critical.test CAA 128 tbs "unknown"
mx.caa-parent.test CAA NODATA
caa-parent.test CAA 0 issue "ca.lab.test"
test CAA NODATA
_25._tcp.mx.dane-bogus.test TLSA SERVFAIL
mx.dane-bogus.test A 192.0.2.81
mx.dane-unsigned-host.test A 192.0.2.82
dane-unsigned-mx.test MX 10 mx1.good.test.
_mta-sts.mta-sts-cname.test TXT CNAME _mta-sts.sts-host.test.
_mta-sts.mta-sts-cname.test TXT "v=STSv1; id=20261101"
mta-sts.mta-sts-cname.test A CNAME mta-sts.sts-host.test.
mta-sts.mta-sts-cname.test A 198.51.100.80
_mta-sts.mta-sts-two.test TXT "v=STSv1; id=20261101"
_mta-sts.mta-sts-two.test TXT "v=STSv1; id=20261102"
_smtp._tls.tlsrpt-two.test TXT "v=TLSRPTv1; rua=mailto:tls@tlsrpt-two.test"
_smtp._tls.tlsrpt-two.test TXT "v=TLSRPTv1; rua=mailto:reports@tlsrpt-two.test"

idle-good.test MX 0 .
idle-good.test TXT "v=spf1 -all"
any._domainkey.idle-good.test TXT "v=DKIM1; p="
_dmarc.idle-good.test TXT "v=DMARC1; p=reject"
idle-half.test MX 0 .
idle-half.test TXT NODATA
any._domainkey.idle-half.test TXT NXDOMAIN
_dmarc.idle-half.test TXT NXDOMAIN

s2026._domainkey.good.test TXT "v=DKIM1; k=rsa; p=MIIBIjANB..214" "af+FbpO8oXkcYm5uY0cSUCeRncq..196"
ed2026._domainkey.good.test TXT "v=DKIM1; k=ed25519; p=3hJFprsuBJqW7fIRa45SIFn57WKMXcTl4mAo/+ddPeA="
good.test._report._dmarc.dmarc-reports.test TXT "v=DMARC1"
default._bimi.good.test TXT "v=BIMI1; l=https://www.good.test/logo.svg"
_mta-sts.good.test TXT "v=STSv1; id=20261101"
mta-sts.good.test A 198.51.100.80
good.test CAA 0 issue "ca.lab.test"
good.test CAA 0 issuemail "ca.lab.test"
_submissions._tcp.good.test SRV 0 1 465 mx1.good.test.
_imaps._tcp.good.test SRV 0 0 0 .
_pop3s._tcp.good.test SRV 0 0 0 .
"#;

#[tokio::test]
async fn policy_domains_answer_as_their_summaries_say() {
    let world = World::start().await.unwrap();
    let lines = RECORDS.lines().filter(|line| !line.is_empty());
    let mut expected: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for line in lines {
        let mut parts = line.splitn(3, ' ');
        let mut part = || parts.next().unwrap();
        let (name, record_type, data) = (part(), part(), part());
        match expected.last_mut() {
            Some((last, of, set)) if *last == name && *of == record_type => set.push(data),
            _ => expected.push((name, record_type, vec![data])),
        }
    }
    for (name, record_type, data) in expected {
        assert_eq!(
            answer(&world, name, record_type).await,
            data,
            "{name} {record_type}"
        );
    }
}

#[tokio::test]
async fn every_policy_domain_is_new_told_in_a_line_and_tested() {
    let world = World::start().await.unwrap();
    let domains = world.policy_domains();
    let order: Vec<_> = domains
        .iter()
        .map(|domain| (domain.topics.first(), domain.name))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    let names: BTreeSet<_> = domains.iter().map(|domain| domain.name).collect();
    assert_eq!(names.len(), domains.len());
    assert!(
        world
            .domains()
            .iter()
            .all(|domain| !names.contains(domain.name))
    );
    for domain in domains {
        let name = domain.name;
        assert!(!domain.topics.is_empty(), "{name}");
        assert!(
            !domain.summary.is_empty() && !domain.summary.contains('\n'),
            "{name}"
        );
        assert!(
            RECORDS.contains(&format!("\n{name} "))
                || RECORDS.contains(&format!(".{name} "))
                || name.starts_with("dane-"),
            "{name}"
        );
        let soa = Ask::new(name, "SOA").udp(world.resolver()).await;
        assert_eq!(soa.answers.len(), 1, "{name} exists");
        let mx = answer(&world, name, "MX").await;
        assert_eq!(mx.len(), 1, "{name}: {mx:?}");
    }
}

/// What is none of a domain's topics is right.
#[tokio::test]
async fn the_other_policies_of_a_domain_are_good() {
    let world = World::start().await.unwrap();
    for (name, dkim, dmarc) in [
        ("spf-all.test", true, true),
        ("dkim-none.test", false, true),
        ("dmarc-none.test", true, false),
        ("tlsrpt-two.test", true, true),
    ] {
        let spf = answer(&world, name, "TXT").await;
        let expected = if name == "spf-all.test" {
            "\"v=spf1 mx +all\""
        } else {
            "\"v=spf1 mx -all\""
        };
        assert_eq!(spf, [expected], "{name}");
        let found = answer(&world, &format!("s1._domainkey.{name}"), "TXT").await;
        assert_eq!(found[0].starts_with("\"v=DKIM1; k=rsa; p="), dkim, "{name}");
        let found = answer(&world, &format!("_dmarc.{name}"), "TXT").await;
        assert_eq!(
            found[0].starts_with("\"v=DMARC1; p=reject; rua=mailto:dmarc@"),
            dmarc,
            "{name}"
        );
    }
}

/// RFC 7208, section 4.6.4: the terms that cost a lookup, in the record and all that it includes.
#[tokio::test]
async fn spf_lookups_are_as_many_as_told() {
    let world = World::start().await.unwrap();
    for (name, expected) in [("spf-lookups.test", 13), ("spf-ten.test", 10)] {
        let mut count = 0;
        let mut names = vec![name.to_owned()];
        while let Some(name) = names.pop() {
            let message = ask(&world, &name, "TXT").await;
            let [record] = message.answers.as_slice() else {
                panic!("{name}")
            };
            let text = record.data.to_string();
            for term in text.split(' ') {
                let (mechanism, target) = term.split_once(':').unwrap_or((term, ""));
                count += usize::from(["include", "a", "mx"].contains(&mechanism));
                names.extend((mechanism == "include").then(|| target.to_owned()));
                // No lookup comes to nothing, for neither family.
                if mechanism == "a" {
                    for family in ["A", "AAAA"] {
                        assert_eq!(
                            ask(&world, target, family).await.answers.len(),
                            1,
                            "{target}"
                        );
                    }
                }
            }
        }
        assert_eq!(count, expected, "{name}");
    }
}

/// RFC 6698, section 2.1: 3 1 1 is the SHA-256 digest of the SubjectPublicKeyInfo of the host's certificate.
#[tokio::test]
async fn tlsa_records_match_the_certificates() {
    let world = World::start().await.unwrap();
    for (host, secure) in [
        ("mx1.good.test", true),
        ("mx2.good.test", true),
        ("mx.dane-bogus.test", false),
        ("mx.dane-unsigned-host.test", false),
        ("mx.dane-usages.test", true),
    ] {
        // CD=1, to see those as well that are signed wrongly.
        let ask = Ask::new(&format!("_25._tcp.{host}"), "TLSA").ad().cd();
        let message = ask.udp(world.resolver()).await;
        assert_eq!(message.metadata.authentic_data, secure, "{host}");
        let last = message.answers.last().unwrap();
        let RData::TLSA(tlsa) = &last.data else {
            panic!("{last}")
        };
        assert_eq!(u8::from(tlsa.cert_usage), 3);
        assert_eq!(u8::from(tlsa.selector), 1);
        assert_eq!(u8::from(tlsa.matching), 1);
        assert_eq!(
            tlsa.cert_data,
            served_spki_digest(&world, host).await,
            "{host}"
        );
    }
    // The MX record of each and the address of its host, signed or not.
    for (name, record_type, secure) in [
        ("dane-unsigned-mx.test", "MX", false),
        ("mx1.good.test", "A", true),
        ("dane-unsigned-host.test", "MX", true),
        ("mx.dane-unsigned-host.test", "A", false),
        ("dane-bogus.test", "MX", true),
        ("mx.dane-bogus.test", "A", true),
    ] {
        let message = Ask::new(name, record_type).ad().udp(world.resolver()).await;
        assert_eq!(message.answers.len(), 1, "{name}");
        assert_eq!(message.metadata.authentic_data, secure, "{name}");
    }
    let usages = ask(&world, "_25._tcp.mx.dane-usages.test", "TLSA").await;
    let fields: Vec<_> = usages
        .answers
        .iter()
        .map(|record| match &record.data {
            RData::TLSA(tlsa) => (
                u8::from(tlsa.cert_usage),
                u8::from(tlsa.matching),
                tlsa.cert_data.len(),
            ),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        fields,
        [(0, 1, 32), (1, 1, 32), (3, 1, 31), (3, 2, 32), (3, 1, 32)]
    );
}

async fn ask(world: &World, name: &str, record_type: &str) -> Message {
    Ask::new(name, record_type)
        .edns(1232, false)
        .udp(world.resolver())
        .await
}

/// The records of an answer, or why there are none.
async fn answer(world: &World, name: &str, record_type: &str) -> Vec<String> {
    let message = ask(world, name, record_type).await;
    let why = match message.metadata.response_code {
        ResponseCode::NXDomain => "NXDOMAIN",
        ResponseCode::ServFail => "SERVFAIL",
        ResponseCode::NoError if message.answers.is_empty() => "NODATA",
        ResponseCode::NoError => {
            return message
                .answers
                .iter()
                .map(|record| data(&record.data))
                .collect();
        }
        other => panic!("{name}: {other}"),
    };
    vec![why.to_owned()]
}

fn data(data: &RData) -> String {
    match data {
        RData::TXT(text) => {
            let strings =
                text.txt_data
                    .iter()
                    .map(|octets| match std::str::from_utf8(octets).unwrap() {
                        long if long.len() > 120 => format!("\"{}..{}\"", &long[..27], long.len()),
                        short => format!("\"{short}\""),
                    });
            strings.collect::<Vec<_>>().join(" ")
        }
        RData::CNAME(target) => format!("CNAME {target}"),
        other => other.to_string(),
    }
}

/// What a host shows on port 465, cut out of the certificate by the only form that a P-256 key has
/// (RFC 5480, section 2).
async fn served_spki_digest(world: &World, host: &str) -> Vec<u8> {
    const START: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
                           \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";
    const LENGTH: usize = 91;
    let addresses = ask(world, host, "A").await;
    let RData::A(address) = addresses.answers[0].data else {
        panic!("{addresses:?}")
    };
    let real = world.route((address.0, 465).into()).unwrap();
    let stream = start_tls(connect(real).await, world.ca(), host)
        .await
        .unwrap();
    let certificates = stream.get_ref().1.peer_certificates().unwrap();
    let certificate = &certificates[0];
    let mut windows = certificate.windows(LENGTH);
    let spki = windows.find(|window| window.starts_with(START)).unwrap();
    let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else {
        panic!()
    };
    suite.common.hash_provider.hash(spki).as_ref().to_vec()
}
