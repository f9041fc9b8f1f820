//! A report as text for a terminal.

use std::fmt;

use crate::{Finding, Line, LineKind, Outcome, Report, Severity, Subject, Verdict};

/// How many different proofs of one thing are shown; the report has all of them.
const MAX_PROOFS: usize = 4;

/// Whether to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "with or without")]
pub enum Style {
    /// None: for a file or a pipe.
    Plain,
    /// ANSI colors: for a terminal.
    Color,
}

impl Report {
    /// The report as text: the picture, the findings with evidence and mend, the verdict.
    #[must_use]
    pub fn render(&self, style: Style) -> impl fmt::Display + '_ {
        Rendered {
            report: self,
            style,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Rendered {
            report: self,
            style: Style::Plain,
        }
        .fmt(f)
    }
}

struct Rendered<'a> {
    report: &'a Report,
    style: Style,
}

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        writeln!(f, "{}", self.paint(Paint::Bold, &report.target.to_string()))?;
        self.picture(f)?;
        for group in grouped(&report.findings) {
            writeln!(f)?;
            self.finding(f, &group)?;
        }
        writeln!(f)?;
        let verdict = self.paint(verdict_paint(report.verdict), &report.verdict.to_string());
        let seconds = report.elapsed_ms / 1000;
        let tenths = report.elapsed_ms % 1000 / 100;
        writeln!(
            f,
            "{verdict}  {}  {}",
            report.headline,
            self.paint(Paint::Dim, &format!("({seconds}.{tenths} s)"))
        )
    }
}

impl Rendered<'_> {
    /// Lines under the host they are about, which is named once.
    fn picture(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut heading = None;
        for line in &self.report.lines {
            let (group, label) = place(line);
            if group.is_some() && group != heading {
                writeln!(
                    f,
                    "  {}",
                    self.paint(Paint::Bold, group.as_deref().unwrap_or_default())
                )?;
            }
            heading = group;
            let mark = self.paint(outcome_paint(line.outcome), mark(line.outcome));
            write!(f, "  {mark} {label:<24} {}", line.text)?;
            if let Some(elapsed) = line.elapsed_ms {
                write!(f, "  {}", self.paint(Paint::Dim, &format!("{elapsed} ms")))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn finding(&self, f: &mut fmt::Formatter<'_>, group: &[&Finding]) -> fmt::Result {
        let Some(finding) = group.first() else {
            return Ok(());
        };
        let paint = outcome_paint(finding.outcome);
        let head = format!("{} {}", mark(finding.outcome), finding.outcome);
        writeln!(f, "{}  {}", self.paint(paint, &head), finding.message)?;
        let rule = self.paint(
            Paint::Dim,
            &format!("{} · {}", finding.rule, finding.citation),
        );
        // What is proved alike is proved once, below all whom it is of.
        let proofs = group.chunk_by(|one, next| one.evidence == next.evidence);
        for (index, alike) in proofs.enumerate() {
            for (place, one) in alike.iter().enumerate() {
                match (index, place) {
                    (0, 0) => writeln!(f, "    {:<44} {rule}", one.subject.to_string())?,
                    _ => writeln!(f, "    {}", one.subject)?,
                }
            }
            let shown = alike.first().filter(|_| index < MAX_PROOFS);
            for line in shown.iter().flat_map(|one| &one.evidence) {
                writeln!(f, "    {} {line}", self.paint(Paint::Dim, "|"))?;
            }
        }
        if let Some(command) = &finding.see {
            writeln!(f, "    {} {command}", self.paint(Paint::Dim, "see "))?;
        }
        if let Some(advice) = &finding.mend {
            writeln!(f, "    {} {advice}", self.paint(Paint::Dim, "mend"))?;
        }
        Ok(())
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        match self.style {
            Style::Plain => text.to_owned(),
            Style::Color => format!("\x1b[{}m{text}\x1b[0m", paint.code()),
        }
    }
}

/// Under which heading a line stands, and what it is called there.
fn place(line: &Line) -> (Option<String>, String) {
    let subject = line.subject.as_ref().map(ToString::to_string);
    match (&line.subject, line.kind) {
        (Some(Subject::Service { host, address }), _) => {
            (host.as_ref().map(ToString::to_string), address.to_string())
        }
        (_, LineKind::Reverse) => (Some("names".to_owned()), subject.unwrap_or_default()),
        (_, LineKind::Lists) => (Some("lists".to_owned()), subject.unwrap_or_default()),
        (Some(Subject::Host(_)), _) => (None, "addresses".to_owned()),
        _ => (None, "mail goes to".to_owned()),
    }
}

/// Findings that say the same of several subjects, and advise the same, together.
fn grouped(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let same = |group: &&mut Vec<&Finding>| {
            group.first().is_some_and(|first| {
                first.rule == finding.rule
                    && first.outcome == finding.outcome
                    && first.message == finding.message
                    && first.mend == finding.mend
            })
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✓",
        Outcome::Fail(Severity::Error) => "✗",
        Outcome::Fail(Severity::Warning) => "!",
        Outcome::Inconclusive => "?",
        Outcome::Fail(Severity::Notice | Severity::Info) | Outcome::Unchecked => "·",
    }
}

#[derive(Clone, Copy)]
enum Paint {
    Bold,
    Dim,
    Green,
    Yellow,
    Red,
    Magenta,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Red => "1;31",
            Self::Magenta => "35",
        }
    }
}

fn outcome_paint(outcome: Outcome) -> Paint {
    match outcome {
        Outcome::Pass => Paint::Green,
        Outcome::Fail(Severity::Error) => Paint::Red,
        Outcome::Fail(Severity::Warning) => Paint::Yellow,
        Outcome::Inconclusive => Paint::Magenta,
        Outcome::Fail(Severity::Notice | Severity::Info) | Outcome::Unchecked => Paint::Dim,
    }
}

fn verdict_paint(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Pass => Paint::Green,
        Verdict::Warnings => Paint::Yellow,
        Verdict::Failures => Paint::Red,
        Verdict::CouldNotTell => Paint::Magenta,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Judge, Profile, rules};
    use tls_inspect::{CryptoProvider, TrustStore};

    /// The text of findings that say the same of addresses, each with its evidence.
    fn text(evidence: &[&str]) -> String {
        let target = "d.test".parse().expect("a target");
        let facts = Facts::new(target, Profile::of(&"d.test".parse().expect("a target")), 0);
        let judge = Judge::new(TrustStore::webpki_roots(), CryptoProvider::aws_lc_rs());
        let mut report = judge.judge(&facts);
        let findings = evidence.iter().zip(1u8..).map(|(evidence, last)| {
            let subject = Subject::Address([192, 0, 2, last].into());
            Finding::new(rules::ALL[0], Outcome::Inconclusive, subject, "all say so")
                .evidence(*evidence)
        });
        report.findings = findings.collect();
        let text = report.to_string();
        let begin = text.find("    192.0.2.1").expect("the first subject");
        let end = text.rfind("\n\n").expect("the verdict");
        let lines = text[begin..end].lines();
        let word = |line: &str| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        };
        lines
            .map(|line| word(line).replace(" run.complete", ""))
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// Of two servers with two keys, each needs a record of its own.
    #[test]
    fn advice_that_differs_is_given_to_each() {
        let finding = |last: u8, advice: &str| {
            let subject = Subject::Address([192, 0, 2, last].into());
            let finding = Finding::new(rules::ALL[0], Outcome::Inconclusive, subject, "all say so");
            finding.mend(advice)
        };
        let findings = [finding(1, "a"), finding(2, "b"), finding(3, "a")];
        let groups = grouped(&findings);
        let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1]);
    }

    #[test]
    fn equal_evidence_is_shown_once_and_other_evidence_below_its_subject() {
        assert_eq!(
            text(&["a", "a", "a"]),
            "192.0.2.1; 192.0.2.2; 192.0.2.3; | a"
        );
        assert_eq!(text(&["a", "b"]), "192.0.2.1; | a; 192.0.2.2; | b");
        let many =
            "192.0.2.1; | a; 192.0.2.2; | b; 192.0.2.3; | c; 192.0.2.4; | d; 192.0.2.5; 192.0.2.6";
        assert_eq!(text(&["a", "b", "c", "d", "e", "f"]), many);
    }
}
