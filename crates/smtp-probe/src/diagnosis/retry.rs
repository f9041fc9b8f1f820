//! How long a text says to wait: "try again in 300 seconds", "greylisted for 5 minutes", "retry in 00:04:59".

use std::time::Duration;

use super::text::Words;

/// Words that say that a time to wait follows, or has just been named.
const CUES: [&[u8]; 14] = [
    b"try",
    b"retry",
    b"again",
    b"wait",
    b"back",
    b"resend",
    b"after",
    b"greylisted",
    b"graylisted",
    b"greylisting",
    b"greylist",
    b"later",
    b"retrying",
    b"minimum",
];
/// A time is to stand so many words behind its cue, at most.
const REACH: usize = 7;
/// Nobody is to wait longer than this; RFC 5321 §4.5.4.1 gives up after four to five days.
const LONGEST: u64 = 5 * 24 * 60 * 60;

/// The time to wait that the words name. The words keep no colons, so `00:04:59` is three numbers of two digits.
pub(super) fn after(words: &Words) -> Option<Duration> {
    let mut list = words
        .text()
        .split(|octet| *octet == b' ')
        .filter(|word| !word.is_empty())
        .peekable();
    let mut since_cue = usize::MAX;
    let mut clock = [None, None];
    while let Some(word) = list.next() {
        since_cue = if CUES.contains(&word) {
            0
        } else {
            since_cue.saturating_add(1)
        };
        let number = number(word);
        if since_cue <= REACH
            && let Some((value, unit)) = number
        {
            let unit = unit.or_else(|| list.peek().and_then(|next| seconds(next)));
            if let Some(found) = unit
                .and_then(|unit| value.checked_mul(unit))
                .filter(|found| is_wait(*found))
            {
                return Some(Duration::from_secs(found));
            }
        }
        let digits = number
            .filter(|(value, unit)| word.len() == 2 && *value < 60 && unit.is_none())
            .map(|(value, _)| value);
        if let ([Some(hours), Some(minutes)], Some(rest)) = (clock, digits)
            && since_cue <= REACH
            && is_wait(hours * 3600 + minutes * 60 + rest)
        {
            return Some(Duration::from_secs(hours * 3600 + minutes * 60 + rest));
        }
        clock = [clock[1], digits];
    }
    None
}

fn is_wait(seconds: u64) -> bool {
    (1..=LONGEST).contains(&seconds)
}

/// `300`, or `300s` with its unit.
fn number(word: &[u8]) -> Option<(u64, Option<u64>)> {
    let digits = word
        .iter()
        .take_while(|octet| octet.is_ascii_digit())
        .count();
    let (digits, unit) = word.split_at_checked(digits)?;
    let value = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match unit {
        [] => Some((value, None)),
        unit => Some((value, Some(seconds(unit)?))),
    }
}

/// How many seconds a unit has.
fn seconds(unit: &[u8]) -> Option<u64> {
    Some(match unit {
        b"s" | b"sec" | b"secs" | b"second" | b"seconds" => 1,
        b"m" | b"min" | b"mins" | b"minute" | b"minutes" => 60,
        b"h" | b"hr" | b"hrs" | b"hour" | b"hours" => 3600,
        b"day" | b"days" => 86400,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        let found = after(&Words::of(text.as_bytes(), Some(450)));
        assert_eq!(found.map(|time| time.as_secs()), expected, "{text}");
    }

    #[test]
    fn times_to_wait_are_found_in_their_words() {
        check("450 4.7.1 try again in 300 seconds", Some(300));
        check("Greylisted, come back in 5 minutes", Some(300));
        check("Greylisted, retry in 00:04:59", Some(299));
        check("please retry after 1 hour", Some(3600));
        check("try again in 60s", Some(60));
        check("you must wait 10 min", Some(600));
    }

    #[test]
    fn other_times_are_none() {
        check("too many connections in the last 60 seconds", None);
        check("try again later", None);
        check("limit of 100 messages per 10 minutes", None);
        check("try again in 0 seconds", None);
        check("try again in 99999999999999999999 seconds", None);
        check("try again in 9999999999999999 hours", None);
        check("at 12:30:45 it was refused", None);
    }
}
