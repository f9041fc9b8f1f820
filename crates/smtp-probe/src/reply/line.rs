//! One line of a reply.

use crate::code::ReplyCode;

/// A line as it stands in its reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Where it starts.
    pub(super) start: usize,
    /// All of it, the line end included.
    pub(super) whole: &'a [u8],
    /// Its code; `None` if it does not begin with three digits, and then all of it is text.
    pub(super) code: Option<ReplyCode>,
    /// The octet after the code, if there is one.
    pub(super) separator: Option<u8>,
    /// The text after it.
    pub(super) text: &'a [u8],
}

impl<'a> Line<'a> {
    /// Reads a line by position, because its text may begin with digits too. An odd separator is part of the text.
    pub(super) fn read(start: usize, whole: &'a [u8]) -> Self {
        #[cfg(test)]
        super::tests::visit(whole.len());
        let content = without_end(whole);
        let split = content.split_first_chunk::<3>();
        let coded = split.and_then(|(code, rest)| Some((ReplyCode::from_octets(*code)?, rest)));
        let Some((code, rest)) = coded else {
            return Self {
                start,
                whole,
                code: None,
                separator: None,
                text: content,
            };
        };
        Self {
            start,
            whole,
            code: Some(code),
            separator: rest.first().copied(),
            text: match rest {
                [b' ' | b'-', text @ ..] => text,
                text => text,
            },
        }
    }

    /// Whether it ends with CR and LF.
    pub(super) fn ends_well(&self) -> bool {
        self.whole.ends_with(b"\r\n")
    }

    /// Whether the reply ends with it. A line without a code never ends one.
    pub(super) fn is_last(&self) -> bool {
        self.code.is_some() && self.separator != Some(b'-')
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    match line {
        [content @ .., b'\r', b'\n'] | [content @ .., b'\n'] => content,
        content => content,
    }
}

/// The lines of a whole reply.
pub(super) fn lines(raw: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = raw.get(start..)?;
        let length = memchr::memchr(b'\n', rest)? + 1;
        let line = Line::read(start, rest.get(..length)?);
        start += length;
        Some(line)
    })
}
