//! The registry of enhanced status codes.

/// What a subject and a detail mean, by RFC 3463 §3 where no other source is named.
pub(super) fn meaning(subject: u16, detail: u16) -> Option<&'static str> {
    let details: &[&str] = match subject {
        0 => &["no further status"],
        1 => &ADDRESS,
        2 => &MAILBOX,
        3 => &SYSTEM,
        4 => &NETWORK,
        5 => &PROTOCOL,
        6 => &CONTENT,
        7 => &SECURITY,
        _ => return None,
    };
    details.get(usize::from(detail)).copied()
}

const ADDRESS: [&str; 11] = [
    "something about the address",
    "bad destination mailbox address",
    "bad destination system address",
    "bad syntax of the destination mailbox address",
    "ambiguous destination mailbox address",
    "valid destination address",
    "destination mailbox has moved",
    "bad syntax of the sender's mailbox address",
    "bad sender's system address",
    // RFC 3886
    "relayed to a mailer that does not comply",
    // RFC 7505
    "recipient's domain has a null MX",
];

const MAILBOX: [&str; 5] = [
    "something about the mailbox",
    "mailbox disabled",
    "mailbox full",
    "message longer than the mailbox allows",
    "mailing list cannot be expanded",
];

const SYSTEM: [&str; 7] = [
    "something about the mail system",
    "mail system full",
    "system accepts no messages from the network",
    "system lacks a feature that is asked for",
    "message too big for the system",
    "system wrongly configured",
    // RFC 6710
    "priority of the message was changed",
];

const NETWORK: [&str; 8] = [
    "something about the network or routing",
    "no answer from the host",
    "bad connection",
    "directory server failed",
    "no route",
    "congestion of the mail system",
    "routing loop",
    "time for delivery expired",
];

const PROTOCOL: [&str; 7] = [
    "something about the protocol",
    "invalid command",
    "syntax error",
    "too many recipients",
    "invalid command arguments",
    "wrong protocol version",
    // RFC 4954
    "line of the authentication too long",
];

const CONTENT: [&str; 10] = [
    "something about the content",
    "media not supported",
    "conversion required and prohibited",
    "conversion required but not supported",
    "conversion with loss performed",
    "conversion failed",
    // RFC 4468
    "content of the message not available",
    // RFC 6531, the next two as well.
    "addresses outside ASCII not permitted",
    "reply in UTF-8 required but not permitted",
    "header in UTF-8 cannot be passed on to some recipients",
];

const SECURITY: [&str; 31] = [
    "something about security",
    "delivery not authorized",
    "expansion of the mailing list prohibited",
    "security conversion required but not possible",
    "security features not supported",
    "cryptographic failure",
    "cryptographic algorithm not supported",
    "message integrity failure",
    // RFC 4954, the next one as well.
    "authentication credentials invalid",
    "authentication mechanism too weak",
    // RFC 5248
    "encryption needed",
    // RFC 4954, the next one as well.
    "encryption required for the authentication mechanism",
    "password transition needed",
    // RFC 5248, the next one as well.
    "user account disabled",
    "trust relationship required",
    // RFC 6710, the next one as well.
    "priority too low",
    "message too big for its priority",
    // RFC 7293, the next two as well.
    "owner of the mailbox has changed",
    "owner of the domain has changed",
    "owner since a time cannot be told",
    // RFC 7372, up to X.7.26.
    "no passing DKIM signature",
    "no acceptable DKIM signature",
    "no valid DKIM signature of the author's domain",
    "SPF validation failed",
    "SPF validation ended in an error",
    "reverse DNS validation failed",
    "several authentication checks failed",
    // RFC 7505
    "sender's domain has a null MX",
    // Registered by itself.
    "flood of mail detected",
    // RFC 8617
    "ARC validation failed",
    // RFC 8689
    "REQUIRETLS support required",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_at_their_places() {
        let check = |subject, detail, expected| assert_eq!(meaning(subject, detail), expected);
        check(1, 1, Some("bad destination mailbox address"));
        check(1, 10, Some("recipient's domain has a null MX"));
        check(2, 2, Some("mailbox full"));
        check(4, 7, Some("time for delivery expired"));
        check(7, 8, Some("authentication credentials invalid"));
        check(7, 25, Some("reverse DNS validation failed"));
        check(7, 30, Some("REQUIRETLS support required"));
        check(7, 31, None);
        check(8, 0, None);
        check(999, 999, None);
    }
}
