//! What stands before the message of a log line: the time, the host, the program.
//!
//! Syslog's traditional form (RFC 3164 §4.1.2), its newer one with a time of RFC 3339 (RFC 5424 §6.2.3), and that of Exim's own files
//! (`2024-05-09 12:34:45 [pid] `).

use std::time::Duration;

use super::{LogSystem, find, until};

/// Where the message begins, and what is known before it.
#[derive(Debug)]
pub(super) struct Prefix {
    pub(super) system: LogSystem,
    pub(super) time: Option<Duration>,
    pub(super) message: usize,
}

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
/// The days before each month of a leap year.
const DAYS_BEFORE: [u64; 12] = [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];

impl Prefix {
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let start = priority(line);
        let (time, end) = traditional(line, start).or_else(|| dated(line, start))?;
        if let Some(program) = program(line, end) {
            let name = line.get(program.clone())?;
            let system = system(name)?;
            let colon = find(line, program.end, b": ")?;
            let mut message = colon + 2;
            // Exim can repeat its own time behind syslog's.
            if system == LogSystem::Exim
                && let Some((_, end)) = dated(line, message)
            {
                message = end;
            }
            return Some(Self {
                system,
                time,
                message,
            });
        }
        let message = skip_pid(line, end);
        Some(Self {
            system: LogSystem::Exim,
            time,
            message,
        })
    }
}

/// The length of `<13>` (RFC 3164 §4.1.1), and of the version that RFC 5424 §6.2.2 puts behind it.
fn priority(line: &[u8]) -> usize {
    if line.first() != Some(&b'<') {
        return 0;
    }
    let end = until(line, 1, b">");
    if end.len() > 3 || end.is_empty() {
        return 0;
    }
    let behind = end.end + 1;
    if line.get(behind..behind + 2) == Some(b"1 ") {
        behind + 2
    } else {
        behind
    }
}

/// `host program[pid]: `; Exim's own files have neither.
fn program(line: &[u8], start: usize) -> Option<std::ops::Range<usize>> {
    let host = until(line, start, b" ");
    let program = until(line, host.end + 1, b" [:");
    let name = line.get(program.clone())?;
    let is_name = !name.is_empty()
        && name
            .iter()
            .all(|octet| octet.is_ascii_alphanumeric() || b"/_-.".contains(octet));
    let after = line.get(program.end);
    let is_program = is_name && matches!(after, Some(b'[' | b':')) && system(name).is_some();
    is_program.then_some(program)
}

fn system(program: &[u8]) -> Option<LogSystem> {
    let first = program.split(|octet| *octet == b'/').next()?;
    if first.starts_with(b"postfix") && program.len() > first.len() {
        Some(LogSystem::Postfix)
    } else if program.starts_with(b"exim") {
        Some(LogSystem::Exim)
    } else if program == b"smtpd" {
        Some(LogSystem::OpenSmtpd)
    } else {
        None
    }
}

fn skip_pid(line: &[u8], start: usize) -> usize {
    if line.get(start) != Some(&b'[') {
        return start;
    }
    let pid = until(line, start + 1, b"]");
    let is_pid = line
        .get(pid.clone())
        .is_some_and(|pid| !pid.is_empty() && pid.iter().all(u8::is_ascii_digit));
    if is_pid && line.get(pid.end + 1) == Some(&b' ') {
        pid.end + 2
    } else {
        start
    }
}

/// `Nov 29 00:34:26 `, and where it ends.
fn traditional(line: &[u8], start: usize) -> Option<(Option<Duration>, usize)> {
    let month = MONTHS
        .iter()
        .position(|month| line.get(start..start + 3) == Some(month))?;
    let day = number(line.get(start + 4..start + 6)?)?;
    let seconds = clock(line.get(start + 7..start + 15)?)?;
    let days = DAYS_BEFORE.get(month)? + day.checked_sub(1)?;
    (line.get(start + 15) == Some(&b' ')).then(|| {
        (
            Some(Duration::from_secs(days * 86400 + seconds)),
            start + 16,
        )
    })
}

/// `2024-05-09T12:34:45.5+02:00 ` or `2024-05-09 12:34:45 +0200 `, and where it ends.
fn dated(line: &[u8], start: usize) -> Option<(Option<Duration>, usize)> {
    let digits = |from: usize, to: usize| number(line.get(start + from..start + to)?);
    let is_date = line.get(start + 4) == Some(&b'-') && line.get(start + 7) == Some(&b'-');
    if !is_date || !matches!(line.get(start + 10), Some(b'T' | b' ')) {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let seconds = clock(line.get(start + 11..start + 19)?)?;
    let mut end = start + 19;
    if line.get(end) == Some(&b'.') {
        end = until(line, end + 1, b" Z+-").end;
    }
    let mut offset = 0;
    if line.get(end) == Some(&b' ')
        && matches!(line.get(end + 1), Some(b'+' | b'-'))
        && line.get(end + 6) == Some(&b' ')
    {
        end += 1;
    }
    if let Some(sign @ (b'+' | b'-')) = line.get(end) {
        let zone = until(line, end + 1, b" ");
        offset = offset_of(line.get(zone.clone())?)? * if *sign == b'-' { -1 } else { 1 };
        end = zone.end;
    } else if line.get(end) == Some(&b'Z') {
        end += 1;
    }
    let days = days_since_1970(year, month, day)?;
    let time = i64::try_from(days * 86400 + seconds)
        .ok()?
        .checked_sub(offset)?;
    let time = u64::try_from(time).ok().map(Duration::from_secs);
    (line.get(end) == Some(&b' ')).then_some((time, end + 1))
}

/// `02:00` or `0200`, in seconds.
fn offset_of(zone: &[u8]) -> Option<i64> {
    let hours = number(zone.get(..2)?)?;
    let minutes = number(zone.get(zone.len().checked_sub(2)?..)?)?;
    i64::try_from(hours * 3600 + minutes * 60)
        .ok()
        .filter(|offset| *offset <= 86400)
}

fn clock(text: &[u8]) -> Option<u64> {
    let is_clock = text.get(2) == Some(&b':') && text.get(5) == Some(&b':');
    let (hours, minutes, seconds) = (
        number(text.get(..2)?)?,
        number(text.get(3..5)?)?,
        number(text.get(6..8)?)?,
    );
    (is_clock && hours < 24 && minutes < 60 && seconds <= 60)
        .then_some(hours * 3600 + minutes * 60 + seconds)
}

/// Digits; a blank may stand for a leading zero.
fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text.trim_ascii_start())
        .ok()?
        .parse()
        .ok()
}

/// The days of the proleptic Gregorian calendar.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let before = year - 1;
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let in_year = DAYS_BEFORE.get(usize::try_from(month).ok()? - 1)? + day - 1;
    let shift = u64::from(!is_leap && month > 2);
    Some((year - 1970) * 365 + leap_days(before) - leap_days(1969) + in_year - shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, time: u64, message: &str) {
        let prefix = Prefix::of(line.as_bytes()).expect("a prefix");
        assert_eq!(prefix.time.map(|time| time.as_secs()), Some(time), "{line}");
        assert_eq!(&line[prefix.message..], message);
    }

    #[test]
    fn both_forms_of_syslog_and_eximes_own_are_read() {
        check("Jan  1 00:00:01 h postfix/smtp[1]: X", 1, "X");
        check("<22>Mar  1 00:00:00 h postfix/smtp[1]: X", 60 * 86400, "X");
        check("1970-01-02T02:00:00.25+02:00 h smtpd[1]: X", 86400, "X");
        check(
            "<22>1 2024-05-09T12:34:45Z h postfix-out/smtp[1]: X",
            1_715_258_085,
            "X",
        );
        check("2024-05-09 12:34:45 X", 1_715_258_085, "X");
        check("2024-05-09 12:34:45 [77] X", 1_715_258_085, "X");
        check("2024-05-09 14:34:45 +0200 X", 1_715_258_085, "X");
        check(
            "May  9 12:34:45 h exim[3]: 2024-05-09 12:34:45 X",
            129 * 86400 + 45285,
            "X",
        );
    }

    #[test]
    fn other_beginnings_are_none() {
        for line in [
            "",
            "X",
            "Foo 29 00:00:00 h postfix/smtp[1]: X",
            "2024-13-09 12:34:45 X",
            "2024-05-09 25:34:45 X",
            "May 9",
        ] {
            assert!(Prefix::of(line.as_bytes()).is_none(), "{line}");
        }
    }
}
