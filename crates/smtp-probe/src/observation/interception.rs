use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Observation, StartTlsVerdict};
use crate::ehlo::Extension;
use crate::reply::Reply;

/// A trace of a middlebox between here and the server: what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Interception {
    /// The greeting consists of asterisks: the SMTP inspection ("fixup") of Cisco PIX and ASA.
    MaskedGreeting,
    /// Extensions are overwritten with `X`, as in `XXXXXXXA`: the same inspection.
    MaskedExtensions,
    /// A command was refused with `500 #5.5.1`: the same inspection.
    FixupRefusal,
    /// STARTTLS is not offered and works: the offer was taken out.
    StrippedStartTls,
}

impl Interception {
    pub(super) fn all(seen: &Observation) -> Vec<Self> {
        let greeting = seen.greeting.as_ref();
        let mut refusals = [seen.ehlo_refusal.as_ref(), seen.unoffered.as_ref()]
            .into_iter()
            .chain([seen.stop().and_then(|stop| stop.reply.as_ref())])
            .flatten();
        let extensions = seen.ehlo.iter().flat_map(|ehlo| ehlo.extensions());
        let stripped = seen.starttls_verdict() == StartTlsVerdict::WorksThoughNotOffered;
        [
            (Self::MaskedGreeting, greeting.is_some_and(is_masked)),
            (
                Self::MaskedExtensions,
                extensions.into_iter().any(is_overwritten),
            ),
            (Self::FixupRefusal, refusals.any(is_fixup)),
            (Self::StrippedStartTls, stripped),
        ]
        .into_iter()
        .filter_map(|(kind, found)| found.then_some(kind))
        .collect()
    }
}

/// Nothing but asterisks, and the digits 2 and 0 of the codes that the inspection leaves.
fn is_masked(greeting: &Reply) -> bool {
    let text = greeting.first_line();
    text.iter().filter(|octet| **octet == b'*').count() >= 4
        && text.iter().all(|octet| b"20* \t".contains(octet))
}

/// A keyword of at least seven X, or of X and one last letter, such as `XXXXXXXA`; no extension is named so.
fn is_overwritten(extension: Extension<'_>) -> bool {
    match extension.keyword() {
        [rest @ .., b'A'..=b'Z'] => rest.len() >= 6 && rest.iter().all(|octet| *octet == b'X'),
        _ => false,
    }
}

fn is_fixup(reply: &Reply) -> bool {
    reply.code().0 == 500 && reply.first_line().starts_with(b"#5.5.1")
}

/// Whether servers that should differ greet alike.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SameGreeting {
    /// They do: so many addresses, one greeting (as one of them said it, escaped). Something between here and them may be
    /// answering in their place.
    Yes {
        /// How many addresses.
        addresses: usize,
        /// The greeting.
        greeting: String,
    },
    /// Two of them greet differently, so each speaks for itself.
    No,
    /// Could not tell: fewer than two addresses greeted in words.
    CouldNotTell,
}

/// Compares the greetings of servers of different owners, such as a control host and those looked at.
///
/// Times and session ids are left out: words with digits in them (except for the first word, which is the server's name), days of
/// the week and months.
/// Of several observations of one address the first counts. Servers of one owner may greet alike for good reason.
///
/// # Examples
///
/// ```
/// use smtp_probe::{Observation, SameGreeting, same_greeting};
///
/// let none: [&Observation; 0] = [];
/// assert_eq!(same_greeting(none), SameGreeting::CouldNotTell);
/// ```
pub fn same_greeting<'a>(seen: impl IntoIterator<Item = &'a Observation>) -> SameGreeting {
    let mut addresses: BTreeSet<IpAddr> = BTreeSet::new();
    let mut first: Option<&Reply> = None;
    for observation in seen {
        let (Some(address), Some(greeting)) = (observation.address, &observation.greeting) else {
            continue;
        };
        // A greeting without words is nobody's own, and one address says nothing of two, even if a balancer stands there.
        if essence(greeting).is_empty() || !addresses.insert(address.ip().to_canonical()) {
            continue;
        }
        let first = *first.get_or_insert(greeting);
        if essence(first) != essence(greeting) {
            return SameGreeting::No;
        }
    }
    match first {
        Some(greeting) if addresses.len() >= 2 => SameGreeting::Yes {
            addresses: addresses.len(),
            greeting: greeting.to_string(),
        },
        _ => SameGreeting::CouldNotTell,
    }
}

/// The words of a greeting that are the same every time.
fn essence(greeting: &Reply) -> Vec<&[u8]> {
    let words = greeting
        .lines()
        .flat_map(|line| line.split(u8::is_ascii_whitespace))
        .filter(|word| !word.is_empty());
    words
        .enumerate()
        .filter(|(index, word)| *index == 0 || !is_of_the_moment(word))
        .map(|(_, word)| word)
        .collect()
}

fn is_of_the_moment(word: &[u8]) -> bool {
    // RFC 5322 §3.3.
    const DATE: [&[u8]; 19] = [
        b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun", b"Jan", b"Feb", b"Mar", b"Apr",
        b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
    ];
    let name = word.strip_suffix(b",").unwrap_or(word);
    word.iter().any(u8::is_ascii_digit) || DATE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ehlo::Ehlo;
    use crate::observation::{Outcome, PortState, StartTls};

    fn greeted(address: &str, greeting: &str) -> Observation {
        let address = address.parse().expect("an address");
        let mut seen = Observation::new(Some(address), PortState::Open, Outcome::Completed);
        let greeting = format!("{greeting}\r\n");
        seen.greeting = Some(Reply::parse(greeting.as_bytes()).expect("a reply"));
        seen
    }

    #[test]
    fn item_80_one_greeting_for_all_hints_at_a_middlebox() {
        let greeting = "220 gate.example ESMTP";
        let all = [
            greeted(
                "192.0.2.1:25",
                &format!("{greeting} a1; Mon, 30 Nov 2026 00:00:01 +0000"),
            ),
            greeted(
                "198.51.100.1:25",
                &format!("{greeting} b22; Tue, 1 Dec 2026 00:00:09 +0000"),
            ),
        ];
        let SameGreeting::Yes { addresses, .. } = same_greeting(&all) else {
            panic!("they greet alike");
        };
        assert_eq!(addresses, 2);
    }

    #[test]
    fn two_names_are_two_servers() {
        let all = [
            greeted("192.0.2.1:25", "220 mx1.example ESMTP"),
            greeted("192.0.2.2:25", "220 mx2.example ESMTP"),
        ];
        assert_eq!(same_greeting(&all), SameGreeting::No);
    }

    #[test]
    fn fewer_than_two_tell_nothing() {
        let once = greeted("192.0.2.1:25", "220 mx.example ESMTP");
        let again = greeted("[::ffff:192.0.2.1]:587", "220 mx.example ESMTP");
        assert_eq!(same_greeting([&once, &again]), SameGreeting::CouldNotTell);
        let mut silent = greeted("192.0.2.2:25", "220 x");
        silent.greeting = None;
        assert_eq!(same_greeting([&once, &silent]), SameGreeting::CouldNotTell);
    }

    #[test]
    fn item_81_the_traces_of_a_fixup_are_found() {
        let mut seen = greeted("192.0.2.1:25", "220 *******************2******200**0*00");
        assert_eq!(seen.interception(), [Interception::MaskedGreeting]);
        let ehlo =
            Reply::parse(b"250-mx.example\r\n250-XXXXXXXA\r\n250 XXXB\r\n").expect("a reply");
        seen.ehlo = Some(Ehlo::new(ehlo));
        seen.ehlo_refusal = Some(Reply::parse(b"500 #5.5.1 command\r\n").expect("a reply"));
        assert_eq!(
            seen.interception(),
            [
                Interception::MaskedGreeting,
                Interception::MaskedExtensions,
                Interception::FixupRefusal
            ]
        );
    }

    #[test]
    fn ordinary_servers_leave_no_trace() {
        let mut seen = greeted("192.0.2.1:25", "220 mx.example ** no spam **");
        let ehlo = Reply::parse(b"250-mx.example\r\n250-XCLIENT\r\n250 XXX\r\n").expect("a reply");
        seen.ehlo = Some(Ehlo::new(ehlo));
        seen.starttls = StartTls::NotOffered;
        assert_eq!(seen.interception(), []);
    }

    #[test]
    fn one_address_that_greets_in_two_ways_tells_nothing_of_two() {
        let once = greeted("192.0.2.1:25", "220 mx1.example ESMTP");
        let again = greeted("192.0.2.1:25", "220 mx2.example ESMTP");
        assert_eq!(same_greeting([&once, &again]), SameGreeting::CouldNotTell);
    }

    #[test]
    fn greetings_without_a_word_of_their_own_tell_nothing() {
        let all = [
            greeted("192.0.2.1:25", "220 "),
            greeted("192.0.2.2:25", "220"),
        ];
        assert_eq!(same_greeting(&all), SameGreeting::CouldNotTell);
    }
}
