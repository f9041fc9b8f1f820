//! Text for a terminal: marked rows of 100 columns or what the terminal has, colors if somebody looks, and places in a text
//! underlined.

use std::io::{IsTerminal as _, Write as _};

use mail_dns::stub::{Protocol, Server};
use mail_dns::{DomainName, LookupError};

/// How many columns a row has at the most.
const WIDTH: usize = 100;
/// How many it has on the narrowest terminal.
const NARROWEST: usize = 24;
/// Below how many labels have no column of their own: it would take a third of the row from the text.
const NARROW: usize = 60;
/// How many of them the label of a row has.
const LABEL: usize = 10;
/// How many are left for its text, after the indent, the mark and the label.
pub(crate) const ROOM: usize = WIDTH - LABEL - 5;

/// What a row means, at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Plain,
    Good,
    Odd,
    Bad,
    Unknown,
}

impl Mark {
    fn sign(self) -> &'static str {
        match self {
            Self::Plain => " ",
            Self::Good => "✓",
            Self::Odd => "!",
            Self::Bad => "✗",
            Self::Unknown => "?",
        }
    }

    /// The SGR parameter, if it has a color.
    fn color(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("32"),
            Self::Odd => Some("33"),
            Self::Bad => Some("1;31"),
            Self::Unknown => Some("35"),
        }
    }
}

/// What is printed about one domain.
#[derive(Debug)]
pub(crate) struct Page {
    lines: Vec<Line>,
    /// The attempts of all questions that got no answer, each once.
    attempts: Vec<String>,
    colors: bool,
    width: usize,
    server: Option<Server>,
}

/// What is on a page, before it is broken into rows.
#[derive(Debug)]
enum Line {
    Headline {
        mark: Mark,
        subject: String,
        verdict: String,
        text: String,
    },
    Remark(String),
    Row {
        mark: Mark,
        label: String,
        text: String,
    },
    Verbatim {
        label: String,
        text: String,
    },
}

impl Page {
    /// An empty page; in colors on a terminal, unless <https://no-color.org> is asked for. Its commands ask `server`, if one is
    /// given.
    pub(crate) fn for_stdout(server: Option<&Server>) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        // Tests have pages of the same form wherever they run.
        let is_terminal = std::io::stdout().is_terminal() && !cfg!(test);
        let columns = columns().filter(|_| is_terminal);
        Self {
            lines: Vec::new(),
            attempts: Vec::new(),
            colors: is_terminal && !plain,
            width: columns.map_or(WIDTH, within),
            server: server.cloned(),
        }
    }

    /// The line that says it all.
    pub(crate) fn headline(&mut self, mark: Mark, subject: &str, verdict: &str, text: &str) {
        let [subject, verdict, text] = [subject, verdict, text].map(str::to_owned);
        self.lines.push(Line::Headline {
            mark,
            subject,
            verdict,
            text,
        });
    }

    /// A remark under the headline.
    pub(crate) fn remark(&mut self, text: &str) {
        self.lines.push(Line::Remark(text.to_owned()));
    }

    /// A row: a mark, what it is about, and the text, which continues below itself.
    pub(crate) fn row(&mut self, mark: Mark, label: &str, text: &str) {
        let [label, text] = [label, text].map(str::to_owned);
        self.lines.push(Line::Row { mark, label, text });
    }

    /// Text in the columns of the rows, as long as it is.
    pub(crate) fn verbatim(&mut self, label: &str, text: &str) {
        let [label, text] = [label, text].map(str::to_owned);
        self.lines.push(Line::Verbatim { label, text });
    }

    /// What kept an answer away, for where the question is shown; the attempts are told of at the end.
    pub(crate) fn cause(&mut self, error: &LookupError) -> String {
        for attempt in error.attempts() {
            let (server, transport) = (attempt.server, attempt.transport);
            let shown = format!("{server} over {transport}: {}", attempt.failure);
            if !self.attempts.contains(&shown) {
                self.attempts.push(shown);
            }
        }
        let said = error.extended_errors().first();
        let said = said.map_or_else(String::new, |said| format!(" ({said})"));
        format!("could not tell: {}{said}", error.kind())
    }

    fn paint(&self, color: Option<&str>, text: &str) -> String {
        match color.filter(|_| self.colors) {
            Some(color) => format!("\x1b[{color}m{text}\x1b[0m"),
            None => text.to_owned(),
        }
    }

    /// `dig`, and whom it asks; names and types follow.
    pub(crate) fn dig(&self) -> String {
        let Some(server) = &self.server else {
            return "dig".to_owned();
        };
        let address = server.address;
        let (usual, how) = match &server.protocol {
            Protocol::Tls { name } => (853, format!(" +tls-ca +tls-hostname={name}")),
            Protocol::Https { name, path } => {
                let how = format!(" +https={path} +tls-ca +tls-hostname={name}");
                (443, how)
            }
            _ => (53, String::new()),
        };
        let port = match address.port() {
            port if port == usual => String::new(),
            port => format!(" -p {port}"),
        };
        format!("dig @{}{port}{how}", address.ip())
    }

    /// The page as text.
    pub(crate) fn into_text(mut self) -> String {
        let mut label = "attempts";
        for attempt in std::mem::take(&mut self.attempts) {
            self.row(Mark::Plain, label, &attempt);
            label = "";
        }
        let rows: Vec<String> = self.lines.iter().flat_map(|line| self.rows(line)).collect();
        rows.join("\n")
    }

    fn rows(&self, line: &Line) -> Vec<String> {
        match line {
            Line::Headline {
                mark,
                subject,
                verdict,
                text,
            } => self.headline_rows(*mark, subject, verdict, text),
            Line::Remark(text) => {
                let rows = wrap(text, self.width - 4).into_iter();
                rows.map(|row| format!("    {}", self.paint(Some("2"), &row)))
                    .collect()
            }
            Line::Row { mark, label, text } if self.width < NARROW => {
                self.narrow_rows(*mark, label, text)
            }
            Line::Row { mark, label, text } => self.wide_rows(*mark, label, text),
            Line::Verbatim { label, text } => vec![self.in_columns(Mark::Plain, label, text)],
        }
    }

    fn headline_rows(&self, mark: Mark, subject: &str, verdict: &str, text: &str) -> Vec<String> {
        let mut rows = wrap(&format!("{subject}  {verdict}: {text}"), self.width - 6).into_iter();
        let first = rows.next().unwrap_or_default();
        let first = match first.strip_prefix(&format!("{subject}  {verdict}:")) {
            Some(rest) => {
                let subject = self.paint(Some("1"), subject);
                format!("{subject}  {}:{rest}", self.paint(mark.color(), verdict))
            }
            // Where the line breaks before the text begins, colors are not worth the trouble.
            None => first,
        };
        let first = format!("{} {first}", self.paint(mark.color(), mark.sign()));
        let rest = rows.map(|row| format!("    {row}"));
        std::iter::once(first).chain(rest).collect()
    }

    /// The label in a column, and the text in another.
    fn wide_rows(&self, mark: Mark, label: &str, text: &str) -> Vec<String> {
        let mut rows = Vec::new();
        let (mut mark, mut label) = (mark, label);
        if label.chars().count() > LABEL {
            rows.push(self.in_columns(mark, label, ""));
            (mark, label) = (Mark::Plain, "");
        }
        for row in wrap(text.trim_end(), ROOM - (WIDTH - self.width)) {
            rows.push(self.in_columns(mark, label, &row));
            (mark, label) = (Mark::Plain, "");
        }
        rows
    }

    /// The label before the text, which continues a little to the right of where it began.
    fn narrow_rows(&self, mark: Mark, label: &str, text: &str) -> Vec<String> {
        let sign = self.paint(mark.color(), mark.sign());
        let (before, all) = match label {
            "" => (format!("  {sign}   "), text.to_owned()),
            label => (format!("  {sign} "), format!("{label}  {text}")),
        };
        let mut rows = wrap(all.trim_end(), self.width - 6).into_iter();
        let first = before + &rows.next().unwrap_or_default();
        let rest = rows.map(|row| format!("      {row}"));
        std::iter::once(first.trim_end().to_owned())
            .chain(rest)
            .collect()
    }

    fn in_columns(&self, mark: Mark, label: &str, text: &str) -> String {
        let sign = self.paint(mark.color(), mark.sign());
        let row = format!("  {sign} {label:<LABEL$} {text}");
        row.trim_end().to_owned()
    }
}

/// How wide the rows are on a terminal of so many columns.
fn within(columns: usize) -> usize {
    columns.clamp(NARROWEST, WIDTH)
}

/// How many columns the terminal has, if there is one.
fn columns() -> Option<usize> {
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(usize::from(columns))
}

/// `1 host`, `2 hosts`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// A name as one word of a shell, whatever a peer has put in it; `dig` takes none of it for an option.
pub(crate) fn shell_word(name: &DomainName) -> String {
    // A single label could be the name of a type.
    let dot = if name.label_count() == 1 { "." } else { "" };
    let text = format!("{name}{dot}");
    let is_safe = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    let option = if text.starts_with(['-', '+']) {
        "-q "
    } else {
        ""
    };
    if text.bytes().all(is_safe) {
        format!("{option}{text}")
    } else {
        format!("{option}'{}'", text.replace('\'', r"'\''"))
    }
}

/// Prints a line. If nobody reads any more, as with `mx … | head`, that is no mistake.
pub(crate) fn say(text: &str) -> Result<(), String> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// Breaks at blanks; a word that is longer than a row keeps its length, so that it can be copied.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut rest = text;
    while rest.chars().count() > width {
        let fits = rest
            .char_indices()
            .nth(width + 1)
            .map_or(rest.len(), |(at, _)| at);
        // Not at the blanks that a row begins with.
        let indent = rest.len() - rest.trim_start().len();
        let mut at = rest[..fits].rfind(' ');
        // "RFC 9989 §4.10" stays together.
        while let Some(blank) = at.filter(|at| is_in_citation(rest, *at)) {
            at = rest[..blank].rfind(' ');
        }
        let at = at.filter(|at| *at > indent);
        let next = || rest[indent..].find(' ').map(|at| at + indent);
        let Some(at) = at.or_else(next) else { break };
        rows.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start();
    }
    rows.push(rest.to_owned());
    rows
}

fn is_in_citation(text: &str, blank: usize) -> bool {
    text[..blank].ends_with("RFC") || text[blank..].starts_with(" §")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a page reads on a terminal of so many columns.
    #[track_caller]
    fn check(columns: usize, rows: &[&str]) {
        let mut page = Page::for_stdout(None);
        page.width = within(columns);
        page.headline(
            Mark::Bad,
            "2001:db8:1111:2222:3333:4444:5555:6666",
            "listed",
            "on 1 of 2 lists; 1 says no with proof",
        );
        page.row(Mark::Bad, "error", "a (a.example): 127.0.0.2 (spam)");
        page.row(Mark::Plain, "", "\"see here\"");
        page.row(
            Mark::Plain,
            "remove",
            "Ask at https://a.example/lookup?address=2001%3Adb8 for removal.",
        );
        let text = page.into_text();
        assert_eq!(text.lines().collect::<Vec<_>>(), rows, "\n{text}");
    }

    #[test]
    fn a_row_without_text_is_one_row() {
        for columns in [40, 60] {
            let mut page = Page::for_stdout(None);
            page.width = within(columns);
            page.row(
                Mark::Plain,
                "a label that fills nearly all",
                &" ".repeat(90),
            );
            let text = page.into_text();
            assert_eq!(text.trim_end(), "    a label that fills nearly all");
            assert!(!text.contains("\n "), "{text:?}");
        }
    }

    #[test]
    fn a_page_reads_well_on_a_terminal_of_any_width() {
        check(
            40,
            &[
                "✗ 2001:db8:1111:2222:3333:4444:5555:6666",
                "    listed: on 1 of 2 lists; 1 says no",
                "    with proof",
                "  ✗ error  a (a.example): 127.0.0.2",
                "      (spam)",
                "      \"see here\"",
                "    remove  Ask at",
                "      https://a.example/lookup?address=2001%3Adb8",
                "      for removal.",
            ],
        );
        check(
            60,
            &[
                "✗ 2001:db8:1111:2222:3333:4444:5555:6666  listed: on 1",
                "    of 2 lists; 1 says no with proof",
                "  ✗ error      a (a.example): 127.0.0.2 (spam)",
                "               \"see here\"",
                "    remove     Ask at",
                "               https://a.example/lookup?address=2001%3Adb8",
                "               for removal.",
            ],
        );
        let wide = [
            "✗ 2001:db8:1111:2222:3333:4444:5555:6666  listed: on 1 of 2 lists; 1 says no with proof",
            "  ✗ error      a (a.example): 127.0.0.2 (spam)",
            "               \"see here\"",
            "    remove     Ask at https://a.example/lookup?address=2001%3Adb8 for removal.",
        ];
        check(100, &wide);
        check(120, &wide);
    }
}
