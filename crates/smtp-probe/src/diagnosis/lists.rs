//! Which list a text names: by the zone that it spells, or by the page that it sends the reader to.

use super::text::is_domain;

/// Names in a text, and the list that each one means. A receiver's own list has no zone, so its operator stands for it.
const NAMES: &[(&[u8], &str)] = &[
    (b"s3140", "Microsoft (S3140)"),
    (b"s3150", "Microsoft (S3150)"),
    (b"sender.office.com", "Microsoft 365"),
    (b"banned sending ip", "Microsoft 365"),
    (b"olcsupport.office.com", "Microsoft"),
    (b"proofpoint.com", "Proofpoint"),
    (b"csi.cloudmark.com", "Cloudmark CSI"),
    (b"cloudmark", "Cloudmark"),
    (b"ers.trendmicro.com", "Trend Micro ERS"),
    (b"mail-abuse.com", "Trend Micro ERS"),
    (b"barracudacentral.org", "Barracuda"),
    (b"barracuda", "Barracuda"),
    (b"ipremoval.sms.symantec.com", "Symantec"),
    (b"talosintelligence.com", "Cisco Talos"),
    (b"senderbase", "Cisco Talos"),
    (b"trustedsource.org", "McAfee TrustedSource"),
    (b"fortiguard", "FortiGuard"),
    (b"senderscore", "Sender Score"),
    (b"abusix", "Abusix"),
    (b"spamhaus", "Spamhaus"),
    (b"spamcop", "SpamCop"),
    (b"uceprotect", "UCEPROTECT"),
    (b"sorbs", "SORBS"),
    (b"surbl", "SURBL"),
    (b"uribl", "URIBL"),
    (b"invaluement", "Invaluement"),
    (b"mailspike", "Mailspike"),
    (b"spamrats", "SpamRATS"),
    (b"dnswl", "DNSWL"),
    (b"backscatterer", "Backscatterer"),
    (b"truncate.gbudb", "GBUdb"),
    (b"interserver.net", "InterServer RBL"),
];

/// Labels that name a list and not a host, at the start of a zone.
const FIRST_LABELS: [&[u8]; 14] = [
    b"zen",
    b"sbl",
    b"xbl",
    b"pbl",
    b"sbl-xbl",
    b"dbl",
    b"bl",
    b"rbl",
    b"dnsbl",
    b"multi",
    b"psbl",
    b"combined",
    b"ix",
    b"cbl",
];

/// The list that `text` names, a zone if it spells one.
pub(super) fn named(text: &[u8]) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    zone(&lower).or_else(|| {
        NAMES
            .iter()
            .find(|(name, _)| memchr::memmem::find(&lower, name).is_some())
            .map(|(_, list)| (*list).to_owned())
    })
}

/// A domain name that is a list's zone by its first label or by the words before it (`blocked using …`).
fn zone(lower: &[u8]) -> Option<String> {
    let is_end = |octet: &u8| octet.is_ascii_whitespace() || b"<>()[]{}\"',;:=/|*".contains(octet);
    let mut before: [&[u8]; 2] = [b"", b""];
    let mut best = None;
    for word in lower.split(is_end).filter(|word| !word.is_empty()) {
        let name = word.strip_suffix(b".").unwrap_or(word);
        if is_domain(name) && name.len() > 3 {
            let first = name
                .split(|octet| *octet == b'.')
                .next()
                .unwrap_or_default();
            let labels = name.split(|octet| *octet == b'.').count();
            let is_zone = FIRST_LABELS.contains(&first) && labels > 2
                || name
                    .split(|octet| *octet == b'.')
                    .any(|label| [&b"dnsbl"[..], b"rbl", b"zen"].contains(&label));
            if is_zone || announces(before) {
                let text = String::from_utf8_lossy(name).into_owned();
                // One that is a zone by its own name is surer than one by the words before it.
                if is_zone {
                    return Some(text);
                }
                best.get_or_insert(text);
            }
        }
        before = [before[1], word];
    }
    best
}

/// Whether a list follows: `blocked using …`, `listed by …`.
fn announces(before: [&[u8]; 2]) -> bool {
    let [verb, particle] = before;
    let is_verb = [
        &b"blocked"[..],
        b"listed",
        b"blacklisted",
        b"blocklisted",
        b"rejected",
        b"found",
        b"denied",
        b"blackholed",
    ]
    .contains(&verb);
    is_verb && [&b"using"[..], b"by", b"in", b"at", b"on", b"from"].contains(&particle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(named(text.as_bytes()).as_deref(), expected, "{text}");
    }

    #[test]
    fn lists_are_named_by_zone_by_page_and_by_number() {
        check(
            "Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1",
            Some("zen.spamhaus.org"),
        );
        check(
            "blocked using bl.spamcop.net; Blocked - see https://www.spamcop.net/bl.shtml?192.0.2.1",
            Some("bl.spamcop.net"),
        );
        check(
            "listed by b.barracudacentral.org",
            Some("b.barracudacentral.org"),
        );
        check(
            "http://www.barracudacentral.org/reputation?ip=192.0.2.1",
            Some("Barracuda"),
        );
        check(
            "domain x.example listed in dbl.spamhaus.org.",
            Some("dbl.spamhaus.org"),
        );
        check("blocked using lists.own.example", Some("lists.own.example"));
        check(
            "part of their network is on our block list (S3150)",
            Some("Microsoft (S3150)"),
        );
        check(
            "see https://ipcheck.proofpoint.com/?ip=192.0.2.1",
            Some("Proofpoint"),
        );
        check(
            "Please visit https://csi.cloudmark.com/reset-request/?ip=192.0.2.1",
            Some("Cloudmark CSI"),
        );
        check(
            "blocked using Trend Micro; see https://ers.trendmicro.com/reputations",
            Some("Trend Micro ERS"),
        );
        check(
            "see http://www.spamhaus.org/query/bl?ip=192.0.2.1",
            Some("Spamhaus"),
        );
        check("user unknown at mx.example", None);
        check("", None);
    }
}
