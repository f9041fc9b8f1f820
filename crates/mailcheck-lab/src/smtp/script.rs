//! The script language; the table is in the documentation of the module above.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use crate::error::{LabError, LabErrorKind};

/// What a server does with each connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    pub(super) steps: Vec<Step>,
}

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Say(Vec<u8>),
    Expect(Vec<u8>),
    Tls,
    Wait(Duration),
    Drip(Duration, Vec<u8>),
    Repeat(Vec<u8>),
    Hang,
    Close,
    Reset,
    Serve(Service),
}

/// The well-behaved server of `SERVE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) host: String,
    pub(super) starttls: bool,
    pub(super) auth: bool,
    /// Replies that `ON` set, by verb in upper case.
    pub(super) replies: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    ///
    /// When a line is not of the language; the error names it and says what was expected.
    pub fn parse(text: &str) -> Result<Self, LabError> {
        let mut steps = Vec::new();
        let mut replies = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim_start();
            if line.trim_end().is_empty() || line.starts_with('#') {
                continue;
            }
            let at_line = |what| {
                let found = line.escape_debug();
                let detail = format!("line {number}: expected {what}, found `{found}`");
                LabError::new(LabErrorKind::Script, detail)
            };
            match read_line(line).map_err(at_line)? {
                Line::Step(Step::Serve(service)) => {
                    steps.push(Step::Serve(Service {
                        replies: replies.clone(),
                        ..service
                    }));
                }
                Line::Step(step) => steps.push(step),
                Line::On(verb, reply) => {
                    replies.insert(verb, reply);
                }
            }
        }
        Ok(Self { steps })
    }

    /// Whether a server that plays this needs a certificate.
    #[must_use]
    pub fn needs_tls(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Tls => true,
            Step::Serve(service) => {
                service.starttls && !service.replies.contains_key(b"STARTTLS".as_slice())
            }
            _ => false,
        })
    }
}

impl FromStr for Script {
    type Err = LabError;

    fn from_str(text: &str) -> Result<Self, LabError> {
        Self::parse(text)
    }
}

enum Line {
    Step(Step),
    On(Vec<u8>, Vec<u8>),
}

/// What was expected where a line is wrong.
#[derive(Debug, Clone, Copy)]
enum Expected {
    Word,
    NothingMore,
    Duration,
    Escape,
    Host,
    Offer,
    VerbAndReply,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Word => {
                "`S:`, `S-`, `C:`, `TLS`, `WAIT`, `DRIP`, `REPEAT`, `HANG`, `CLOSE`, `RESET`, `ON` or `SERVE`"
            }
            Self::NothingMore => "nothing after this word",
            Self::Duration => "a duration such as `3s` or `200ms`",
            Self::Escape => r"an escape out of `\r`, `\n`, `\0`, `\\` and `\xNN`",
            Self::Host => "a host name after `SERVE`",
            Self::Offer => "`STARTTLS` or `AUTH` after the host name",
            Self::VerbAndReply => "a command and a reply after `ON`",
        })
    }
}

fn read_line(line: &str) -> Result<Line, Expected> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let bare = |step| {
        if rest.trim().is_empty() {
            Ok(step)
        } else {
            Err(Expected::NothingMore)
        }
    };
    let step = match word.trim_end() {
        "S:" => Step::Say(ended(unescape(rest)?)),
        "S-" => Step::Say(unescape(rest)?),
        "C:" => Step::Expect(unescape(rest.trim())?),
        "TLS" => bare(Step::Tls)?,
        "WAIT" => Step::Wait(duration(rest.trim())?),
        "DRIP" => {
            let (interval, text) = rest.split_once(' ').ok_or(Expected::Duration)?;
            Step::Drip(duration(interval)?, ended(unescape(text)?))
        }
        "REPEAT" => Step::Repeat(ended(unescape(rest)?)),
        "HANG" => bare(Step::Hang)?,
        "CLOSE" => bare(Step::Close)?,
        "RESET" => bare(Step::Reset)?,
        "ON" => {
            let (verb, reply) = rest.split_once(' ').ok_or(Expected::VerbAndReply)?;
            return Ok(Line::On(
                verb.to_ascii_uppercase().into_bytes(),
                ended(unescape(reply)?),
            ));
        }
        "SERVE" => Step::Serve(service(rest)?),
        _ => return Err(Expected::Word),
    };
    Ok(Line::Step(step))
}

fn service(rest: &str) -> Result<Service, Expected> {
    let mut words = rest.split_whitespace();
    let host = words.next().ok_or(Expected::Host)?.to_owned();
    let mut service = Service {
        host,
        starttls: false,
        auth: false,
        replies: BTreeMap::new(),
    };
    for word in words {
        match word {
            "STARTTLS" => service.starttls = true,
            "AUTH" => service.auth = true,
            _ => return Err(Expected::Offer),
        }
    }
    Ok(service)
}

fn ended(mut text: Vec<u8>) -> Vec<u8> {
    text.extend_from_slice(b"\r\n");
    text
}

fn duration(text: &str) -> Result<Duration, Expected> {
    let read = |digits: &str, unit: fn(u64) -> Duration| digits.parse().ok().map(unit);
    let read = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => read(digits, Duration::from_millis),
        (None, Some(digits)) => read(digits, Duration::from_secs),
        (None, None) => None,
    };
    read.ok_or(Expected::Duration)
}

fn unescape(text: &str) -> Result<Vec<u8>, Expected> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next() {
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            Some(b'0') => 0,
            Some(b'\\') => b'\\',
            Some(b'x') => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let value = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                value
                    .and_then(|value| u8::try_from(value).ok())
                    .ok_or(Expected::Escape)?
            }
            _ => return Err(Expected::Escape),
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[Step]) {
        assert_eq!(Script::parse(text).unwrap().steps, expected);
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        let error = Script::parse(text).unwrap_err();
        assert_eq!(error.kind(), LabErrorKind::Script);
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn steps() {
        check("# nothing\n\n  CLOSE\n", &[Step::Close]);
        check("S: 220 a b", &[Step::Say(b"220 a b\r\n".to_vec())]);
        check(r"S- a\r\n\0\\\xFf", &[Step::Say(b"a\r\n\0\\\xff".to_vec())]);
        check("C: EHLO", &[Step::Expect(b"EHLO".to_vec())]);
        check("C:", &[Step::Expect(Vec::new())]);
        check(
            "WAIT 3s\nWAIT 20ms",
            &[
                Step::Wait(Duration::from_secs(3)),
                Step::Wait(Duration::from_millis(20)),
            ],
        );
        check(
            "DRIP 1s hi",
            &[Step::Drip(Duration::from_secs(1), b"hi\r\n".to_vec())],
        );
        check(
            "REPEAT 250-x\nHANG\nRESET",
            &[Step::Repeat(b"250-x\r\n".to_vec()), Step::Hang, Step::Reset],
        );
    }

    #[test]
    fn service_with_replies() {
        let script = Script::parse("ON starttls 454 no\nSERVE mx.test STARTTLS AUTH").unwrap();
        let [Step::Serve(service)] = script.steps.as_slice() else {
            panic!("{script:?}")
        };
        assert!(service.starttls && service.auth);
        // STARTTLS is refused, so that there is nothing to need a certificate for.
        assert!(!script.needs_tls());
        assert!(Script::parse("SERVE mx.test STARTTLS").unwrap().needs_tls());
        assert_eq!(service.replies[&b"STARTTLS".to_vec()], b"454 no\r\n");
        assert!(!Script::parse("SERVE mx.test AUTH").unwrap().needs_tls());
    }

    #[test]
    fn errors_name_the_line() {
        check_error(
            "S: 220\nWAIT long",
            "line 2: expected a duration such as `3s` or `200ms`, found `WAIT long`",
        );
        check_error(
            "CLOSE now",
            "line 1: expected nothing after this word, found `CLOSE now`",
        );
        check_error(
            r"S- \q",
            r"line 1: expected an escape out of `\r`, `\n`, `\0`, `\\` and `\xNN`, found `S- \\q`",
        );
        check_error(
            "SERVE",
            "line 1: expected a host name after `SERVE`, found `SERVE`",
        );
        assert!(
            Script::parse("HELO")
                .unwrap_err()
                .to_string()
                .starts_with("line 1: expected `S:`")
        );
    }
}
