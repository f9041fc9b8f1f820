//! What the codes alone say: the registry of enhanced status codes (IANA, "SMTP Enhanced Status Codes Registry", RFC 5248), the
//! numbers that large receivers made their own, and the reply codes of RFC 5321 §4.2.3.

use super::Reason;
use super::wording::{BROAD, SPECIFIC, Weight};
use crate::code::{EnhancedCode, ReplyCode};

/// Said by nobody on purpose: a code of last resort.
const FAINT: Weight = 10;

/// The reason that the codes name, and how much that counts.
pub(super) fn reason(
    code: Option<ReplyCode>,
    enhanced: Option<EnhancedCode>,
) -> Option<(Reason, Weight)> {
    let of_enhanced = enhanced
        .filter(|code| code.class != 2)
        .and_then(of_enhanced);
    let of_code = code.and_then(of_code);
    match (of_enhanced, of_code) {
        (Some(enhanced), Some(code)) => Some(if code.1 > enhanced.1 { code } else { enhanced }),
        (enhanced, code) => enhanced.or(code),
    }
}

/// RFC 3463 §3 and what was registered since; a detail that is not known counts as detail 0 (RFC 3463 §2).
fn of_enhanced(code: EnhancedCode) -> Option<(Reason, Weight)> {
    let specific = match (code.subject, code.detail) {
        (1, detail) => of_address(detail),
        (2, detail) => of_mailbox(detail),
        (3, detail) => of_system(detail),
        // Exchange Online gives a recipient that it refuses 5.4.1, which means that no host answers: words know better.
        (4, 1) if code.class == 5 => None,
        (4, detail) => of_network(detail),
        (5, detail) => of_protocol(detail),
        (6, 1..=10) => Some(Reason::Content),
        (7, detail) => of_policy(detail),
        _ => None,
    };
    if let Some(reason) = specific {
        return Some((reason, SPECIFIC));
    }
    let general = match code.subject {
        1 | 2 => Reason::RecipientRefused,
        3 => Reason::System,
        4 => Reason::Network,
        5 => Reason::Protocol,
        6 => Reason::Content,
        7 => Reason::Policy,
        _ => return None,
    };
    Some((general, BROAD))
}

fn of_address(detail: u16) -> Option<Reason> {
    Some(match detail {
        1 | 3 | 4 => Reason::UserUnknown,
        2 => Reason::HostUnknown,
        6 => Reason::UserMoved,
        7 | 8 => Reason::SenderRefused,
        // Exchange Online: the sender has written to too many for today.
        90 => Reason::RateLimited,
        // RFC 7505 §4.2; Exchange uses it for a recipient that it does not find, and says so in words.
        10 => Reason::NoMailAccepted,
        // Exchange Online: what the next host says of the recipient.
        351 => Reason::UserUnknown,
        _ => return None,
    })
}

fn of_mailbox(detail: u16) -> Option<Reason> {
    Some(match detail {
        1 => Reason::UserDisabled,
        2 => Reason::MailboxFull,
        3 => Reason::TooLarge,
        4 => Reason::System,
        // Exchange Online: the recipient gets too much.
        121 | 122 => Reason::RateLimited,
        _ => return None,
    })
}

fn of_system(detail: u16) -> Option<Reason> {
    Some(match detail {
        1 => Reason::SystemFull,
        2 | 5 => Reason::System,
        3 => Reason::Protocol,
        4 => Reason::TooLarge,
        _ => return None,
    })
}

fn of_network(detail: u16) -> Option<Reason> {
    Some(match detail {
        1..=3 => Reason::Network,
        4 => Reason::HostUnknown,
        5 => Reason::System,
        // Exchange counts hops by 14.
        6 | 14 => Reason::Loop,
        // Exchange Online 300 and 317: it was tried until it expired.
        7 | 300 | 316 | 317 => Reason::Expired,
        310 | 312 => Reason::HostUnknown,
        _ => return None,
    })
}

fn of_protocol(detail: u16) -> Option<Reason> {
    Some(match detail {
        1 | 2 | 4..=7 => Reason::Protocol,
        // Too many recipients: the rest may come in another transaction (RFC 5321 §4.5.3.1.10).
        3 => Reason::RateLimited,
        _ => return None,
    })
}

/// RFC 3463 §3.8, 4954, 6710, 7293, 7372, 7505, 8689, 8616 and the registry; from 57 on, Exchange Online.
fn of_policy(detail: u16) -> Option<Reason> {
    Some(match detail {
        2 | 17..=19 | 124 | 129 | 133 | 134 | 136 | 504 | 507 => Reason::RecipientRefused,
        3..=7 => Reason::Security,
        8 | 9 | 12 | 14 | 57 => Reason::AuthRequired,
        10 | 11 | 30 => Reason::TlsRequired,
        13 => Reason::UserDisabled,
        15 => Reason::Policy,
        16 => Reason::TooLarge,
        20..=24 | 26 | 29 | 509 | 515 => Reason::AuthenticationFailure,
        25 => Reason::ReverseDns,
        27 => Reason::SenderRefused,
        28 | 232 | 233 | 500 | 508 | 705 => Reason::RateLimited,
        64 => Reason::RelayDenied,
        506 => Reason::EhloRefused,
        512 => Reason::Content,
        520 => Reason::Policy,
        321..=325 => Reason::TlsFailed,
        511 | 606..=649 => Reason::Blocklisted,
        501..=503 | 513 | 650 | 651 | 708 => Reason::Reputation,
        _ => return None,
    })
}

fn of_code(code: ReplyCode) -> Option<(Reason, Weight)> {
    Some(match code.0 {
        // RFC 7504.
        521 | 556 => (Reason::NoMailAccepted, SPECIFIC - 5),
        // RFC 4954 §6, RFC 5248 §2.4.
        523 => (Reason::TooLarge, BROAD),
        525 => (Reason::UserDisabled, SPECIFIC),
        530 | 535 => (Reason::AuthRequired, BROAD),
        538 => (Reason::TlsRequired, BROAD),
        454 => (Reason::TlsFailed, FAINT),
        421 | 432 | 451 | 453 => (Reason::System, FAINT),
        452 => (Reason::SystemFull, FAINT),
        500..=504 => (Reason::Protocol, BROAD - 5),
        550 => (Reason::RecipientRefused, FAINT),
        551 => (Reason::UserUnknown, FAINT),
        552 => (Reason::MailboxFull, FAINT),
        553 => (Reason::RecipientRefused, FAINT),
        _ => return None,
    })
}
