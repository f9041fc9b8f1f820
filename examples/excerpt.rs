//! A text of somebody else's, with notes to places in it.

use std::ops::Range;

use mail_dns::{Octets, Span};

use crate::terminal::{Mark, Page, ROOM, wrap};

/// Shows the text, escaped, and under it the places that the notes are about. After so many rows, those that no note is about
/// are left out.
pub(crate) fn show(
    page: &mut Page,
    label: &str,
    text: &Octets,
    most: usize,
    notes: &[(Span, String)],
) {
    let rows = rows(text.as_bytes());
    let last = rows.len().saturating_sub(1);
    let mut label = label;
    let mut is_left_out = false;
    for (index, row) in rows.into_iter().enumerate() {
        let is_here =
            |span: &Span| row.contains(&span.start) || (index == last && span.start >= row.end);
        let mut here: Vec<_> = notes.iter().filter(|(span, _)| is_here(span)).collect();
        here.sort_by_key(|(span, _)| *span);
        if here.is_empty() && index >= most {
            if !is_left_out {
                page.verbatim("", "[…]");
            }
            is_left_out = true;
            continue;
        }
        is_left_out = false;
        page.verbatim(label, &escaped(text, row.clone()));
        label = "";
        for (span, note) in here {
            underline(page, text, &row, *span, note);
        }
    }
}

/// The note stands behind the carets, or below them if there is no room.
fn underline(page: &mut Page, text: &Octets, row: &Range<usize>, span: Span, note: &str) {
    let start = span.start.clamp(row.start, row.end);
    let end = span.end.clamp(start, row.end);
    let indent = escaped(text, row.start..start).len();
    let width = escaped(text, start..end).len().max(1);
    let carets = format!("{:indent$}{}", "", "^".repeat(width));
    if indent + width + 1 + note.chars().count() <= ROOM {
        page.row(Mark::Odd, "", &format!("{carets} {note}"));
        return;
    }
    page.row(Mark::Odd, "", &carets);
    let indent = indent.min(ROOM / 3);
    for line in wrap(note, ROOM - indent) {
        page.verbatim("", &format!("{:indent$}{line}", ""));
    }
}

/// Breaks after semicolons where it can, else after blanks; no row is wider than the room, escapes counted.
fn rows(octets: &[u8]) -> Vec<Range<usize>> {
    let width_of = |octets: &[u8]| Octets::from(octets).to_string().len();
    let mut rows = Vec::new();
    let (mut start, mut width) = (0, 0);
    let (mut stop, mut blank) = (0, 0);
    for (at, octet) in octets.iter().enumerate() {
        let octet_width = width_of(&[*octet]);
        if width + octet_width > ROOM {
            let end = [stop, blank, at];
            let end = end.into_iter().find(|end| *end > start).unwrap_or(at);
            rows.push(start..end);
            width = width_of(&octets[end..at]);
            start = end;
        }
        width += octet_width;
        let is_blank_behind = *octet == b' ' && octets[..at].ends_with(b";");
        if *octet == b';' || is_blank_behind {
            stop = at + 1;
        }
        if *octet == b' ' {
            blank = at + 1;
        }
    }
    rows.push(start..octets.len());
    rows
}

fn escaped(text: &Octets, range: Range<usize>) -> String {
    let (start, end) = (range.start, range.end);
    Octets::from(text.at(Span { start, end })).to_string()
}
