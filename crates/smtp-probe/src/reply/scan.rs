//! The usual case, fast: a well-formed reply that is there as a whole.

use super::parser::{ReplyLimits, STANDARD_LINE};
use crate::code::ReplyCode;

/// The length and the code of the reply at the start of `input`, if it is whole and has no deviation.
///
/// Anything else is `None`, and is for the parser that knows what to make of it. Eight octets are looked at at a time: what is
/// printable needs no closer look, and in a well-formed reply nearly all that is not is a line end.
pub(super) fn well_formed(input: &[u8], limits: &ReplyLimits) -> Option<(usize, ReplyCode)> {
    let code @ [b'2'..=b'5', b'0'..=b'5', b'0'..=b'9'] = *input.first_chunk::<3>()? else {
        return None;
    };
    let reply_code = ReplyCode::from_octets(code)?;
    let longest = limits.line.min(STANDARD_LINE);
    let input = input.get(..limits.reply).unwrap_or(input);
    let mut scan = Scan {
        input,
        code,
        longest,
        lines: limits.lines,
        start: 0,
        line_feed: usize::MAX,
    };
    let (words, tail) = input.as_chunks::<8>();
    let mut base = 0;
    for word in words {
        if let Some(length) = scan.take_word(*word, base)? {
            return Some((length, reply_code));
        }
        base += 8;
    }
    let mut word = [b' '; 8];
    for (place, octet) in word.iter_mut().zip(tail) {
        *place = *octet;
    }
    scan.take_word(word, base)?
        .map(|length| (length, reply_code))
}

struct Scan<'a> {
    input: &'a [u8],
    /// What every line begins with.
    code: [u8; 3],
    longest: usize,
    /// How many lines there may still be.
    lines: usize,
    /// Where the line starts.
    start: usize,
    /// Where the LF stands that has been seen already.
    line_feed: usize,
}

impl Scan<'_> {
    /// `None` at a deviation; the length of the reply if it ends in this word.
    #[inline(always)]
    fn take_word(&mut self, word: [u8; 8], base: usize) -> Option<Option<usize>> {
        #[cfg(test)]
        super::tests::visit(word.len());
        let mut marked = unprintable(u64::from_le_bytes(word));
        while marked != 0 {
            let at = base + (marked.trailing_zeros() / 8) as usize;
            marked &= marked - 1;
            match self.input.get(at) {
                Some(b'\r') => {
                    if self.end_line(at)? {
                        return Some(Some(self.start));
                    }
                }
                Some(b'\n') if at == self.line_feed => {}
                // The subtraction marks what follows a marked octet too, by its borrow.
                Some(b'\t' | b' '..=b'~') => {}
                _ => return None,
            }
        }
        Some(None)
    }

    /// Reads the line that ends with the CR at `end`; whether it is the last.
    #[inline(always)]
    fn end_line(&mut self, end: usize) -> Option<bool> {
        let line = self.input.get(self.start..end.checked_add(2)?)?;
        self.lines = self.lines.checked_sub(1)?;
        if line.len() > self.longest || line.last() != Some(&b'\n') {
            return None;
        }
        let (code, rest) = line.split_first_chunk::<3>()?;
        self.line_feed = end + 1;
        self.start = end + 2;
        match rest.first() {
            _ if *code != self.code => None,
            Some(b'-') => Some(false),
            Some(b' ' | b'\r') => Some(true),
            _ => None,
        }
    }
}

/// Marks, by its highest bit, each octet that is not printable ASCII; an octet after a marked one may be marked wrongly.
fn unprintable(word: u64) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    const HIGHEST: u64 = EACH * 0x80;
    let below_space = word.wrapping_sub(EACH * 0x20) & !word;
    let above_tilde = word | word.wrapping_add(EACH);
    (below_space | above_tilde) & HIGHEST
}
