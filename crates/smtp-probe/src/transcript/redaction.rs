//! What was seen for others to see: the people in it are left out.

use super::{Entry, Event, Transcript};
use crate::observation::{Observation, Outcome, Phase};
use crate::reply::Reply;

/// What stands for a local part.
const HIDDEN: &[u8] = b"***";
/// A shorter local part is hidden only where it stands in its address: as a word by itself it could be any word.
const WORD: usize = 3;

impl Observation {
    /// The same without the people that it names, in the transcript, in commands and in the replies to them; see
    /// [`Transcript::redacted`]. It cannot be replayed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use smtp_probe::{Envelope, Security, Session, SessionOptions};
    /// # let now = Duration::ZERO;
    /// let envelope = Envelope::null_sender().to("alice@b.example".parse()?)?;
    /// let options = SessionOptions::new("probe.example.com".parse()?, Security::None).with_envelope(envelope);
    /// let mut session = Session::with_options(options);
    /// for reply in ["220 b.example\r\n", "250 ok\r\n", "250 ok\r\n", "550 5.1.1 no alice@b.example\r\n", "250 ok\r\n"] {
    ///     session.handle_input(reply.as_bytes(), now);
    ///     session.poll_output(now);
    /// }
    /// let seen = session.into_observation(now).redacted();
    /// assert_eq!(seen.exchanges[1].command, "RCPT TO:<***@b.example>");
    /// assert_eq!(seen.exchanges[1].reply.to_string(), "550 5.1.1 no ***@b.example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn redacted(&self) -> Self {
        let addresses = self.transcript.addresses();
        let hide = |octets: &[u8]| hide_all(&addresses, octets.to_vec());
        let mut seen = self.clone();
        seen.transcript = self.transcript.redacted();
        for exchange in &mut seen.exchanges {
            let command = hide(exchange.command.as_bytes());
            exchange.command = String::from_utf8_lossy(&command).into_owned();
            let mut said = hide(exchange.reply.raw());
            if matches!(exchange.phase, Phase::Vrfy | Phase::Expn) {
                said = hide_told(&said);
            }
            exchange.reply = readable(&said, &exchange.reply);
        }
        if let Outcome::Stopped(stop) = &mut seen.outcome {
            stop.reply = stop
                .reply
                .take()
                .map(|said| readable(&hide(said.raw()), &said));
        }
        for said in &mut seen.unsolicited {
            said.octets = hide(&said.octets);
        }
        seen
    }
}

/// A reply with these octets; where a local part such as `250` has taken the code with it, nothing but the code.
fn readable(octets: &[u8], original: &Reply) -> Reply {
    let bare = || Reply::parse(format!("{} ***\r\n", original.code()).as_bytes());
    Reply::parse(octets)
        .or_else(|_| bare())
        .unwrap_or_else(|_| original.clone())
}

fn hide_all(addresses: &[Address], octets: Vec<u8>) -> Vec<u8> {
    addresses
        .iter()
        .fold(octets, |octets, address| address.hide(&octets))
}

impl Transcript {
    /// Whom the client has named.
    fn addresses(&self) -> Vec<Address> {
        let named = self.entries.iter().filter_map(Address::of);
        named
            .flat_map(|address| [address.unquoted(), Some(address)])
            .flatten()
            .collect()
    }

    /// The same without the local parts of the envelope's addresses, which are personal: `***@example.com`. Servers repeat them in
    /// their replies, so they are hidden there too, in the address and as words of their own. What a server tells in answer to VRFY and
    /// EXPN is all about people, and is left out.
    ///
    /// It is for showing: octets that came in pieces are joined, and so the times of the later pieces are lost.
    #[must_use]
    pub fn redacted(&self) -> Self {
        let addresses = self.addresses();
        let mut entries: Vec<Entry> = Vec::new();
        for entry in &self.entries {
            match (entries.last_mut().map(|last| &mut last.event), &entry.event) {
                (Some(Event::Received(line)), Event::Received(more)) => line.extend(more),
                _ => entries.push(entry.clone()),
            }
        }
        let mut is_query = false;
        for entry in &mut entries {
            if let Event::Sent(octets) = &entry.event {
                is_query = octets.starts_with(b"VRFY ") || octets.starts_with(b"EXPN ");
            }
            if let Event::Sent(octets) | Event::Received(octets) = &mut entry.event {
                *octets = hide_all(&addresses, std::mem::take(octets));
            }
            if let Event::Received(octets) = &mut entry.event
                && is_query
            {
                *octets = hide_told(octets);
            }
        }
        Self {
            entries,
            kept: self.kept,
            pieces: self.pieces,
            dropped: self.dropped,
        }
    }
}

/// The lines of 250 and 251 without their text.
fn hide_told(octets: &[u8]) -> Vec<u8> {
    let lines = octets.split_inclusive(|octet| *octet == b'\n');
    let hidden = lines.map(|line| match line.split_at_checked(4) {
        Some((head, text)) if matches!(head, [b'2', b'5', b'0' | b'1', _]) => {
            let end = text.len() - text.trim_ascii_end().len();
            let end = text.get(text.len() - end..).unwrap_or_default();
            [head, HIDDEN, end].concat()
        }
        _ => line.to_vec(),
    });
    hidden.collect::<Vec<_>>().concat()
}

/// An address that the client has named.
struct Address {
    local: Vec<u8>,
    /// With the `@`.
    domain: Vec<u8>,
}

impl Address {
    /// The one in `MAIL FROM:<local@domain>`, `RCPT TO:<local@domain>`, `VRFY local@domain` or `EXPN local@domain`.
    fn of(entry: &Entry) -> Option<Self> {
        let Event::Sent(line) = &entry.event else {
            return None;
        };
        let queried = line.strip_prefix(b"VRFY ").or(line.strip_prefix(b"EXPN "));
        let path = match queried {
            Some(path) => path.trim_ascii_end(),
            None => {
                let start = line.iter().position(|octet| *octet == b'<')? + 1;
                let end = line.iter().rposition(|octet| *octet == b'>')?;
                line.get(start..end)?
            }
        };
        // A source route names hosts only.
        let route = path.starts_with(b"@");
        let colon = path
            .iter()
            .position(|octet| *octet == b':')
            .filter(|_| route);
        let mailbox = path.get(colon.map_or(0, |colon| colon + 1)..)?;
        let at = mailbox.iter().rposition(|octet| *octet == b'@')?;
        let (local, domain) = mailbox.split_at_checked(at)?;
        (!local.is_empty()).then(|| Self {
            local: local.to_vec(),
            domain: domain.to_vec(),
        })
    }

    /// The same as servers repeat it without its quotes, if it has any.
    fn unquoted(&self) -> Option<Self> {
        let inner = self.local.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let mut local = Vec::with_capacity(inner.len());
        let mut octets = inner.iter();
        while let Some(octet) = octets.next() {
            // A backslash takes the next octet as it is (RFC 5321 §4.1.2).
            let octet = if *octet == b'\\' {
                octets.next()
            } else {
                Some(octet)
            };
            local.extend(octet);
        }
        let domain = self.domain.clone();
        (!local.is_empty()).then_some(Self { local, domain })
    }

    fn hide(&self, text: &[u8]) -> Vec<u8> {
        let mut hidden = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(octet) = rest.first() {
            let before = hidden.last().copied();
            match self.length_at(rest, before) {
                Some(length) => {
                    hidden.extend_from_slice(HIDDEN);
                    rest = rest.get(length..).unwrap_or_default();
                }
                None => {
                    hidden.push(*octet);
                    rest = rest.get(1..).unwrap_or_default();
                }
            }
        }
        hidden
    }

    /// How many octets at the start of `text` are the local part.
    fn length_at(&self, text: &[u8], before: Option<u8>) -> Option<usize> {
        let length = self.local.len();
        let (head, tail) = text.split_at_checked(length)?;
        let is_word = |octet: &u8| octet.is_ascii_alphanumeric();
        if !head.eq_ignore_ascii_case(&self.local) || before.as_ref().is_some_and(is_word) {
            return None;
        }
        let in_address = tail
            .get(..self.domain.len())
            .is_some_and(|domain| domain.eq_ignore_ascii_case(&self.domain));
        let alone = length >= WORD && !tail.first().is_some_and(is_word);
        (in_address || alone).then_some(length)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn transcript(lines: &[(char, &str)]) -> Transcript {
        let mut transcript = Transcript::default();
        for (second, (side, text)) in (0..).zip(lines) {
            let at = Duration::from_secs(second);
            match side {
                'C' => transcript.sent(at, text.as_bytes()),
                _ => drop(transcript.received(at, text.as_bytes())),
            }
        }
        transcript
    }

    #[test]
    fn people_are_hidden_wherever_they_are_named() {
        let seen = transcript(&[
            ('C', "MAIL FROM:<probe@example.com>\r\n"),
            ('S', "250 2.1.0 Probe@Example.com ok\r\n"),
            ('C', "RCPT TO:<alice@b.example>\r\n"),
            ('S', "550 5.1.1 <ali"),
            ('S', "ce@b.example>: alice? no malice.\r\n"),
        ]);
        assert_eq!(
            seen.redacted().to_string(),
            "C: MAIL FROM:<***@example.com>\n\
             S: 250 2.1.0 ***@Example.com ok\n\
             C: RCPT TO:<***@b.example>\n\
             S: 550 5.1.1 <***@b.example>: ***? no malice.\n"
        );
    }

    #[test]
    fn nobody_named_nobody_hidden() {
        let lines = [
            ('S', "220 a.example ESMTP\r\n"),
            ('C', "MAIL FROM:<>\r\n"),
            ('S', "250 ok\r\n"),
            ('C', "RCPT TO:<postmaster>\r\n"),
        ];
        let seen = transcript(&lines);
        assert_eq!(seen.redacted(), seen);
    }

    #[test]
    fn routes_and_short_names() {
        let seen = transcript(&[
            ('C', "RCPT TO:<@host.example:a@b.example>\r\n"),
            ('S', "550 such a thing as a@b.example is not here\r\n"),
        ]);
        assert_eq!(
            seen.redacted().to_string(),
            "C: RCPT TO:<@host.example:***@b.example>\n\
             S: 550 such a thing as ***@b.example is not here\n"
        );
    }

    #[test]
    fn a_quoted_name_is_hidden_without_its_quotes_too() {
        let seen = transcript(&[
            ('C', "RCPT TO:<\"john \\\"q\\\" doe\"@b.example>\r\n"),
            ('S', "550 <john \"q\" doe@b.example> unknown\r\n"),
        ]);
        let shown = seen.redacted().to_string();
        assert!(!shown.contains("doe"), "{shown}");
    }

    #[test]
    fn a_name_that_looks_like_a_code_leaves_a_reply() {
        let said = Reply::parse(b"550 5.1.1 no such user\r\n").expect("a reply");
        let octets = hide_all(
            &[Address {
                local: b"550".to_vec(),
                domain: b"@b.example".to_vec(),
            }],
            said.raw().to_vec(),
        );
        assert_eq!(readable(&octets, &said).to_string(), "550 ***");
    }

    #[test]
    fn people_that_a_server_tells_are_hidden() {
        let seen = transcript(&[
            ('C', "EXPN staff@b.example\r\n"),
            (
                'S',
                "250-Bob Roe <bob@b.example>\r\n250 <carol@b.example>\r\n",
            ),
            ('C', "VRFY alice@b.example\r\n"),
            ('S', "252 cannot tell, but will try\r\n"),
            ('C', "QUIT\r\n"),
            ('S', "221 bye\r\n"),
        ]);
        assert_eq!(
            seen.redacted().to_string(),
            "C: EXPN ***@b.example\n\
             S: 250-***\n\
             S: 250 ***\n\
             C: VRFY ***@b.example\n\
             S: 252 cannot tell, but will try\n\
             C: QUIT\n\
             S: 221 bye\n"
        );
    }
}
