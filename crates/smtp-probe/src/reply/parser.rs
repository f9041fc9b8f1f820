use super::line::Line;
use super::{Head, ReplyError, ReplyErrorKind, ReplyRef, Resemblance, scan};
use crate::code::ReplyCode;

/// The longest reply line that RFC 5321 §4.5.3.1.5 lets a server send, in octets with its line end.
pub(super) const STANDARD_LINE: usize = 512;
/// How long a reply usually is at the most, in octets: room that is made at once, and kept from one reply to the next.
const USUAL_REPLY: usize = 512;
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
    #[cfg(any(feature = "serde", test))]
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
/// by [`ReplyLimits`]. A reply that comes in one piece is not copied, and nothing is allocated for it. After an error the stream
/// makes no sense any more, and the same error comes again.
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
    /// The reply so far, or the one handed out last.
    raw: Vec<u8>,
    /// Whether `raw` has been handed out.
    is_spent: bool,
    /// Where in `raw` the unfinished line starts.
    line_start: usize,
    lines: usize,
    code: Option<ReplyCode>,
    /// The code of the line read last, or 421 once there was one.
    latest: Option<ReplyCode>,
    failed: Option<Box<ReplyError>>,
}

impl ReplyParser {
    /// A parser at the start of a stream.
    #[must_use]
    pub fn new(limits: ReplyLimits) -> Self {
        Self {
            limits,
            raw: Vec::new(),
            is_spent: false,
            line_start: 0,
            lines: 0,
            code: None,
            latest: None,
            failed: None,
        }
    }

    /// Takes octets from `input` until a reply is whole; `None` if all were taken and it is not.
    ///
    /// The reply stays where it is: in `input` if it came in one piece and is well-formed, else in the parser.
    ///
    /// # Errors
    ///
    /// If what comes is no reply, or longer than the limits allow.
    #[inline]
    pub fn advance<'a, 'input: 'a>(
        &'a mut self,
        input: &mut &'input [u8],
    ) -> Result<Option<ReplyRef<'a>>, ReplyError> {
        let is_between = self.is_spent || self.raw.is_empty();
        if is_between && self.failed.is_none() {
            if let Some((length, code)) = scan::well_formed(input, &self.limits) {
                let (raw, rest) = input.split_at_checked(length).unwrap_or((input, &[]));
                *input = rest;
                let head = Head {
                    code,
                    effective: code,
                    well_formed: true,
                };
                return Ok(Some(ReplyRef { raw, head }));
            }
            self.start_reply();
        }
        self.collect(input)
    }

    /// Says that the stream has ended.
    ///
    /// # Errors
    ///
    /// If it ended inside a reply, or had failed before.
    pub fn finish(&self) -> Result<(), ReplyError> {
        match &self.failed {
            Some(error) => Err(ReplyError::clone(error)),
            None if self.pending().is_empty() => Ok(()),
            None if self.code.is_none() => {
                Err(self.check_start().err().unwrap_or_else(|| self.truncated()))
            }
            None => Err(self.truncated()),
        }
    }

    /// The octets of the unfinished reply.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        if self.is_spent { &[] } else { &self.raw }
    }

    fn truncated(&self) -> ReplyError {
        ReplyError::new(ReplyErrorKind::Truncated, &self.raw)
    }

    fn start_reply(&mut self) {
        self.is_spent = false;
        self.raw.clear();
        // One long reply is no reason to hold on to much for all that follow.
        self.raw.shrink_to(USUAL_REPLY);
        self.line_start = 0;
        self.lines = 0;
        self.code = None;
        self.latest = None;
    }

    /// The unusual cases: a reply in pieces, one that deviates, and what is no reply.
    fn collect(&mut self, input: &mut &[u8]) -> Result<Option<ReplyRef<'_>>, ReplyError> {
        if let Some(error) = &self.failed {
            return Err(ReplyError::clone(error));
        }
        match self.take_lines(input) {
            Ok(true) => {
                self.is_spent = true;
                let head = self.head();
                let raw = &self.raw;
                Ok(Some(ReplyRef { raw, head }))
            }
            Ok(false) => Ok(None),
            Err(error) => {
                self.failed = Some(Box::new(error.clone()));
                Err(error)
            }
        }
    }

    /// Whether the reply is whole now.
    fn take_lines(&mut self, input: &mut &[u8]) -> Result<bool, ReplyError> {
        while !input.is_empty() {
            let line_end = memchr::memchr(b'\n', input).map(|at| at + 1);
            let (piece, rest) = input
                .split_at_checked(line_end.unwrap_or(input.len()))
                .unwrap_or((input, &[]));
            self.take_piece(piece)?;
            *input = rest;
            if line_end.is_none() {
                return self.check_unfinished().map(|()| false);
            }
            if self.end_line()? {
                return Ok(true);
            }
        }
        Ok(false)
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
        #[cfg(test)]
        super::tests::visit(piece.len());
        self.make_room(piece.len());
        self.raw.extend_from_slice(piece);
        Ok(())
    }

    /// Grows as a vector does, but never past the limit; past half of it at once to all of it, so that while the octets move to
    /// where there is room for them, no more than one and a half times the limit is held.
    fn make_room(&mut self, more: usize) {
        let limit = self.limits.reply;
        let needed = self.raw.len() + more;
        if needed > self.raw.capacity() {
            let room = (self.raw.capacity() * 2).max(USUAL_REPLY).max(needed);
            let room = if room > limit / 2 { limit } else { room };
            // What is needed is within the limit.
            self.raw.reserve_exact(room.max(needed) - self.raw.len());
        }
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
        if self.lines == self.limits.lines {
            let limit = self.limits.lines;
            return Err(ReplyError::new(
                ReplyErrorKind::ManyLines { limit },
                &self.raw,
            ));
        }
        self.lines += 1;
        let start = std::mem::replace(&mut self.line_start, self.raw.len());
        let line = Line::read(start, self.raw.get(start..).unwrap_or_default());
        let is_last = line.is_last();
        match (line.code, self.code) {
            (None, None) => {
                let kind = ReplyErrorKind::NotSmtp(Resemblance::of(&self.raw));
                return Err(ReplyError::new(kind, &self.raw));
            }
            (None, Some(_)) => {}
            (Some(code), first) => {
                self.code = first.or(Some(code));
                if self.latest != Some(ReplyCode::NOT_AVAILABLE) {
                    self.latest = Some(code);
                }
            }
        }
        Ok(is_last)
    }

    fn head(&self) -> Head {
        let refuses =
            |code: &ReplyCode| code.is_transient_negative() || code.is_permanent_negative();
        let code = self.code.unwrap_or(ReplyCode(0));
        Head {
            code,
            effective: self.latest.filter(refuses).unwrap_or(code),
            well_formed: false,
        }
    }
}
