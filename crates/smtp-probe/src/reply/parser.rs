use super::{Deviation, DeviationKind, Reply, ReplyError, ReplyErrorKind, Resemblance, Span};
use crate::code::ReplyCode;

/// The longest reply line that RFC 5321 §4.5.3.1.5 lets a server send, in octets with its line end.
const STANDARD_LINE: usize = 512;
/// How many deviations of one reply are kept.
const MAX_DEVIATIONS: usize = 32;
/// How long a reply usually is at the most, in octets and in lines: room that is made at once.
const USUAL_REPLY: usize = 512;
const USUAL_LINES: usize = 4;
/// How many octets of text settle what a stream looks like that is not SMTP.
const TELLING: usize = 16;

/// How much of a reply is read before it is given up.
///
/// RFC 5321 §4.5.3.1.5 bounds a line at 512 octets and bounds neither lines nor replies; real servers stay below a hundred lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplyLimits {
    /// The longest line, in octets with its line end: 4,096.
    pub line: usize,
    /// The most lines: 512.
    pub lines: usize,
    /// The longest reply, in octets: 65,536.
    pub reply: usize,
}

impl Default for ReplyLimits {
    fn default() -> Self {
        Self {
            line: 4096,
            lines: 512,
            reply: 65_536,
        }
    }
}

impl ReplyLimits {
    /// Limits that nothing of `length` octets exceeds.
    #[cfg(feature = "serde")]
    pub(super) fn within(length: usize) -> Self {
        Self {
            line: length,
            lines: length,
            reply: length,
        }
    }
}

/// Reads replies from a stream, however it is cut into pieces.
///
/// The same octets give the same replies, one at a time or all at once. Work is linear in the octets; what is held is bounded
/// by [`ReplyLimits`]. After an error the stream makes no sense any more, and the same error comes again.
///
/// # Examples
///
/// ```
/// use smtp_probe::{ReplyLimits, ReplyParser};
///
/// let mut parser = ReplyParser::new(ReplyLimits::default());
/// assert_eq!(parser.advance(&mut &b"250-mx.exam"[..])?, None, "there is more to come");
///
/// let mut input = &b"ple\r\n250 STARTTLS\r\n421 bye\r\n"[..];
/// let reply = parser.advance(&mut input)?.expect("a whole reply");
/// assert_eq!(reply.to_string(), "250 mx.example / STARTTLS");
/// assert_eq!(input, b"421 bye\r\n", "what follows is left to the caller");
/// # Ok::<(), smtp_probe::ReplyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReplyParser {
    limits: ReplyLimits,
    /// The reply so far.
    raw: Vec<u8>,
    /// Where in `raw` the unfinished line starts.
    line_start: usize,
    code: Option<ReplyCode>,
    /// The code of the line read last, or 421 once there was one.
    latest: Option<ReplyCode>,
    texts: Vec<Span>,
    deviations: Vec<Deviation>,
    failed: Option<ReplyError>,
}

impl ReplyParser {
    /// A parser at the start of a stream.
    #[must_use]
    pub fn new(limits: ReplyLimits) -> Self {
        Self {
            limits,
            raw: Vec::new(),
            line_start: 0,
            code: None,
            latest: None,
            texts: Vec::new(),
            deviations: Vec::new(),
            failed: None,
        }
    }

    /// Takes octets from `input` until a reply is whole; `None` if all were taken and it is not.
    ///
    /// # Errors
    ///
    /// If what comes is no reply, or longer than the limits allow.
    pub fn advance(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, ReplyError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let taken = self.take_lines(input);
        if let Err(error) = &taken {
            self.failed = Some(error.clone());
        }
        taken
    }

    /// Says that the stream has ended.
    ///
    /// # Errors
    ///
    /// If it ended inside a reply, or had failed before.
    pub fn finish(&self) -> Result<(), ReplyError> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None if self.raw.is_empty() => Ok(()),
            None if self.code.is_none() => {
                Err(self.check_start().err().unwrap_or_else(|| self.truncated()))
            }
            None => Err(self.truncated()),
        }
    }

    /// The octets of the unfinished reply.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.raw
    }

    fn truncated(&self) -> ReplyError {
        ReplyError::new(ReplyErrorKind::Truncated, &self.raw)
    }

    fn take_lines(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, ReplyError> {
        if self.raw.is_empty() {
            // Most replies come in one piece, and need no more than that.
            self.raw.reserve(input.len().min(USUAL_REPLY));
            self.texts.reserve(USUAL_LINES);
        }
        while !input.is_empty() {
            let line_end = memchr::memchr(b'\n', input).map(|at| at + 1);
            let (piece, rest) = input
                .split_at_checked(line_end.unwrap_or(input.len()))
                .unwrap_or((input, &[]));
            self.take_piece(piece)?;
            *input = rest;
            if line_end.is_none() {
                return self.check_unfinished().map(|()| None);
            }
            if self.end_line()? {
                return Ok(Some(self.take_reply()));
            }
        }
        Ok(None)
    }

    /// Holds no more than the limits allow, whatever the size of the piece.
    fn take_piece(&mut self, piece: &[u8]) -> Result<(), ReplyError> {
        let line = self.raw.len() - self.line_start + piece.len();
        if line > self.limits.line {
            let limit = self.limits.line;
            if self.code.is_none() {
                self.raw.extend(piece.iter().take(TELLING));
                self.check_start()?;
            }
            let mut start: Vec<u8> = self.raw.split_off(self.line_start);
            start.extend(piece.iter().take(TELLING));
            return Err(ReplyError::new(ReplyErrorKind::LongLine { limit }, &start));
        }
        if self.raw.len() + piece.len() > self.limits.reply {
            return Err(ReplyError::new(
                ReplyErrorKind::LongReply {
                    limit: self.limits.reply,
                },
                &self.raw,
            ));
        }
        self.raw.extend_from_slice(piece);
        Ok(())
    }

    /// Sees at once, before a line end that may never come, that this is not SMTP.
    fn check_unfinished(&self) -> Result<(), ReplyError> {
        let text = self
            .raw
            .first()
            .is_some_and(|octet| (b' '..=b'~').contains(octet));
        if self.code.is_some() || (text && self.raw.len() < TELLING) {
            return Ok(());
        }
        self.check_start()
    }

    /// Whether the first line may be one of a reply: it begins with digits, up to three.
    fn check_start(&self) -> Result<(), ReplyError> {
        if self.raw.iter().take(3).all(u8::is_ascii_digit) {
            return Ok(());
        }
        let kind = ReplyErrorKind::NotSmtp(Resemblance::of(&self.raw));
        Err(ReplyError::new(kind, &self.raw))
    }

    /// Reads the line that has just ended; whether it is the last of its reply.
    fn end_line(&mut self) -> Result<bool, ReplyError> {
        let start = std::mem::replace(&mut self.line_start, self.raw.len());
        if self.texts.len() == self.limits.lines {
            let limit = self.limits.lines;
            return Err(ReplyError::new(
                ReplyErrorKind::ManyLines { limit },
                &self.raw,
            ));
        }
        let line = self.raw.get(start..).unwrap_or_default();
        let mut end = self.raw.len() - 1;
        let mut deviations = Deviations {
            found: &mut self.deviations,
        };
        if line.len() > STANDARD_LINE {
            deviations.note(DeviationKind::LongLine, start);
        }
        match line {
            [.., b'\r', b'\n'] => end -= 1,
            _ => deviations.note(DeviationKind::BareLf, end),
        }
        let content = self.raw.get(start..end).unwrap_or_default();
        let first = self.code.is_none();
        let Some((code, separator)) = split(content) else {
            if first {
                let kind = ReplyErrorKind::NotSmtp(Resemblance::of(&self.raw));
                return Err(ReplyError::new(kind, &self.raw));
            }
            deviations.note(DeviationKind::MissingCode, start);
            deviations.note_octets(content, start);
            self.texts.push(Span { start, end });
            return Ok(false);
        };
        match self.code {
            None if !code.is_well_formed() => {
                deviations.note(DeviationKind::MalformedCode(code), start);
            }
            Some(first) if first != code => deviations.note(DeviationKind::MixedCodes(code), start),
            _ => {}
        }
        self.code.get_or_insert(code);
        if self.latest != Some(ReplyCode::NOT_AVAILABLE) {
            self.latest = Some(code);
        }
        let (last, text) = match separator {
            None => (true, end),
            Some(b' ') => (true, start + 4),
            Some(b'-') => (false, start + 4),
            Some(octet) => {
                deviations.note(DeviationKind::Separator(octet), start + 3);
                (true, start + 3)
            }
        };
        deviations.note_octets(self.raw.get(text..end).unwrap_or_default(), text);
        self.texts.push(Span { start: text, end });
        Ok(last)
    }

    fn take_reply(&mut self) -> Reply {
        self.line_start = 0;
        let code = self.code.take().unwrap_or(ReplyCode(0));
        let refuses =
            |code: &ReplyCode| code.is_transient_negative() || code.is_permanent_negative();
        Reply {
            code,
            effective: self.latest.take().filter(refuses).unwrap_or(code),
            raw: std::mem::take(&mut self.raw),
            texts: std::mem::take(&mut self.texts),
            deviations: std::mem::take(&mut self.deviations),
        }
    }
}

/// The code of a line, and the octet after it; by position, because text may begin with digits too.
fn split(content: &[u8]) -> Option<(ReplyCode, Option<u8>)> {
    let (code, rest) = content.split_first_chunk::<3>()?;
    Some((ReplyCode::from_octets(*code)?, rest.first().copied()))
}

/// Notes deviations up to a bound.
struct Deviations<'a> {
    found: &'a mut Vec<Deviation>,
}

impl Deviations<'_> {
    fn note(&mut self, kind: DeviationKind, offset: usize) {
        if self.found.len() < MAX_DEVIATIONS {
            self.found.push(Deviation { kind, offset });
        }
    }

    /// Notes the first octet of each kind that has no place in text.
    fn note_octets(&mut self, text: &[u8], start: usize) {
        // The common case, in one pass: HT and printable ASCII (RFC 5321 §4.2).
        if text
            .iter()
            .all(|octet| matches!(octet, b'\t' | b' '..=b'~'))
        {
            return;
        }
        for (kind, wrong) in OCTETS {
            if let Some(at) = text.iter().position(|octet| wrong(*octet)) {
                self.note(kind, start + at);
            }
        }
    }
}

type Octets = (DeviationKind, fn(u8) -> bool);

const OCTETS: [Octets; 4] = [
    (DeviationKind::Nul, |octet| octet == 0),
    (DeviationKind::BareCr, |octet| octet == b'\r'),
    (
        DeviationKind::Control,
        |octet| matches!(octet, 1..=8 | 11..=12 | 14..=31 | 127),
    ),
    (DeviationKind::NonAscii, |octet| octet > 127),
];
