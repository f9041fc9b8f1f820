//! Text for a terminal: marked rows of 100 columns or what the terminal has, colors if somebody looks, and places in a text
//! underlined.

use std::io::{IsTerminal as _, Write as _};

use mail_dns::stub::{Protocol, Server};
use mail_dns::{DomainName, LookupError};

/// How many columns a row has at the most.
const WIDTH: usize = 100;
/// How many it has on the narrowest terminal.
const NARROWEST: usize = 60;
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
    lines: Vec<String>,
    /// The attempts of all questions that got no answer, each once.
    attempts: Vec<String>,
    colors: bool,
    width: usize,
    server: Option<Server>,
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
            width: columns.map_or(WIDTH, |columns| columns.clamp(NARROWEST, WIDTH)),
            server: server.cloned(),
        }
    }

    /// The line that says it all.
    pub(crate) fn headline(&mut self, mark: Mark, subject: &str, verdict: &str, text: &str) {
        let plain = format!("{} {subject}  {verdict}: {text}", mark.sign());
        let mut rows = wrap(&plain, self.width - 4).into_iter();
        let first = rows.next().unwrap_or_default();
        let colored = format!(
            "{} {}  {}:",
            self.paint(mark.color(), mark.sign()),
            self.paint(Some("1"), subject),
            self.paint(mark.color(), verdict),
        );
        let uncolored = format!("{} {subject}  {verdict}:", mark.sign());
        // Where the line breaks before the text begins, colors are not worth the trouble.
        self.lines.push(match first.strip_prefix(&uncolored) {
            Some(rest) => colored + rest,
            None => first,
        });
        self.lines.extend(rows.map(|row| format!("    {row}")));
    }

    /// A remark under the headline.
    pub(crate) fn remark(&mut self, text: &str) {
        for line in wrap(text, self.width - 4) {
            let line = self.paint(Some("2"), &line);
            self.lines.push(format!("    {line}"));
        }
    }

    /// A row: a mark, what it is about, and the text, which continues below itself.
    pub(crate) fn row(&mut self, mark: Mark, label: &str, text: &str) {
        let rows = wrap(text, ROOM - (WIDTH - self.width));
        let mut label = label;
        let mut sign = mark.sign();
        if label.chars().count() > LABEL {
            self.push(mark.color(), sign, label, "");
            (label, sign) = ("", " ");
        }
        for row in rows {
            self.push(mark.color(), sign, label, &row);
            (label, sign) = ("", " ");
        }
    }

    /// Text in the columns of the rows, as long as it is.
    pub(crate) fn verbatim(&mut self, label: &str, text: &str) {
        self.push(None, " ", label, text);
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

    fn push(&mut self, color: Option<&str>, sign: &str, label: &str, text: &str) {
        let sign = self.paint(color.filter(|_| sign != " "), sign);
        let line = format!("  {sign} {label:<LABEL$} {text}");
        self.lines.push(line.trim_end().to_owned());
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
        self.lines.join("\n")
    }
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
