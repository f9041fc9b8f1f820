//! What the links of a refusal say: receivers send their reader to a page for each cause, in whatever language the words are.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Reason;
use super::wording::{SURE, USUAL, Weight};

/// Parts of addresses, in lower case.
const LINKS: &[(&str, Reason, Weight)] = &[
    // Google.
    ("mail/?p=nosuchuser", Reason::UserUnknown, SURE),
    ("mail/?p=disableduser", Reason::UserDisabled, SURE),
    ("mail/?p=inactiveuser", Reason::UserDisabled, SURE),
    ("mail/?p=overquota", Reason::MailboxFull, SURE),
    ("mail/?p=receivingrate", Reason::RateLimited, SURE),
    (
        "mail/?p=unsolicitedratelimiterror",
        Reason::RateLimited,
        SURE,
    ),
    ("mail/?p=unsolicitedmessageerror", Reason::Spam, SURE),
    ("mail/?p=unsolicitediperror", Reason::Reputation, SURE),
    (
        "mail/?p=unauthenticatedemail",
        Reason::AuthenticationFailure,
        SURE,
    ),
    ("mail/?p=blockedmessage", Reason::Content, SURE),
    ("mail/?p=rfcmessagenoncompliant", Reason::Content, SURE),
    ("mail/?p=wanttls", Reason::TlsRequired, USUAL),
    ("mail/?p=badauth", Reason::AuthRequired, SURE),
    (
        "mail/answer/81126#authentication",
        Reason::AuthenticationFailure,
        USUAL,
    ),
    ("groups.google.com/support", Reason::RecipientRefused, USUAL),
    // GMX, Web.de and mail.com.
    ("c=rdns", Reason::ReverseDns, SURE),
    ("c=bl", Reason::Blocklisted, SURE),
    ("c=spf", Reason::AuthenticationFailure, SURE),
    // Pages of lists and of what refers to them.
    ("spamhaus.org/", Reason::Blocklisted, SURE),
    ("abuseat.org", Reason::Blocklisted, SURE),
    ("spamcop.net/bl", Reason::Blocklisted, SURE),
    ("barracudacentral.org/", Reason::Blocklisted, SURE),
    ("csi.cloudmark.com/", Reason::Blocklisted, SURE),
    ("ipcheck.proofpoint.com/", Reason::Blocklisted, SURE),
    ("proofpoint.com/dnsbl-lookup", Reason::Blocklisted, SURE),
    ("ers.trendmicro.com/", Reason::Blocklisted, SURE),
    ("mail-abuse.com/", Reason::Blocklisted, SURE),
    ("sender.office.com", Reason::Blocklisted, SURE),
    ("uceprotect.net/", Reason::Blocklisted, SURE),
    ("sorbs.net/lookup", Reason::Blocklisted, SURE),
    ("dnsbl", Reason::Blocklisted, USUAL),
    ("/rbl", Reason::Blocklisted, USUAL),
    ("senderscore.org", Reason::Reputation, USUAL),
    ("senderbase.org", Reason::Reputation, USUAL),
    ("talosintelligence.com", Reason::Reputation, USUAL),
    // Of other causes.
    ("postgrey.schweikert.ch", Reason::Greylisted, SURE),
    ("greylisting.org", Reason::Greylisted, SURE),
    ("openspf.org/why", Reason::AuthenticationFailure, SURE),
    ("openspf.net/why", Reason::AuthenticationFailure, SURE),
    ("spf.pobox.com", Reason::AuthenticationFailure, SURE),
    ("info/rfc7505", Reason::NoMailAccepted, SURE),
];

static MATCHER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let parts = LINKS.iter().map(|(part, _, _)| part);
    let builder = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .ascii_case_insensitive(true)
        .build(parts);
    builder.ok()
});

/// Calls `found` for every part that stands in an address of `text`, with its place.
pub(super) fn each(text: &[u8], mut found: impl FnMut(Reason, Weight, usize, usize)) {
    for part in MATCHER
        .iter()
        .flat_map(|matcher| matcher.find_overlapping_iter(text))
    {
        if let Some((_, reason, weight)) = LINKS.get(part.pattern().as_usize())
            && is_in_url(text, part.start())
        {
            found(*reason, *weight, part.start(), part.end());
        }
    }
}

/// Whether the word around `at` is a URL.
fn is_in_url(text: &[u8], at: usize) -> bool {
    let before = text.get(at.saturating_sub(200)..at).unwrap_or_default();
    let start = before
        .iter()
        .rposition(u8::is_ascii_whitespace)
        .map_or(0, |blank| blank + 1);
    let word = text
        .get(at - (before.len() - start)..at)
        .unwrap_or_default();
    memchr::memmem::find(&word.to_ascii_lowercase(), b"://").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_tell_and_other_words_do_not() {
        let of = |text: &str| {
            let mut reasons = Vec::new();
            each(text.as_bytes(), |reason, _, _, _| reasons.push(reason));
            reasons
        };
        assert_eq!(
            of("550 see https://support.google.com/mail/?p=NoSuchUser x - gsmtp"),
            [Reason::UserUnknown]
        );
        assert_eq!(
            of("553 http://www.spamhaus.org/query/bl?ip=192.0.2.1"),
            [Reason::Blocklisted]
        );
        assert_eq!(of("c=bl spamhaus.org/ x"), []);
    }
}
