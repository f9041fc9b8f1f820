//! What an input is, and what is in it.

use std::time::Duration;

use serde::Serialize;
use smtp_probe::{
    Bounce, BounceKind, Change, Diagnosis, LogLine, Reason, ReasonRates, ReceiverCounts, Trend,
};

/// So many lines are looked at to see whether a text is a log.
const LOOK_AT: usize = 200;

/// An input, recognized.
#[derive(Debug, Serialize)]
pub(crate) struct Input {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) content: Content,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    Report(Bounce),
    Log(Log),
    Reply(Diagnosis),
    /// Neither, and without a reason that could be told.
    Unknown,
}

/// A log in numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Log {
    pub(crate) lines: usize,
    pub(crate) known: usize,
    /// Seconds from the first known line to the last.
    pub(crate) span: u64,
    pub(crate) receivers: Vec<ReceiverCounts>,
    /// The second half of the time compared with the first, for what rose.
    pub(crate) rises: Vec<Change>,
    /// For each reason, the last line that gave it.
    pub(crate) examples: Vec<LogLine>,
}

impl Input {
    pub(crate) fn read(name: &str, octets: &[u8]) -> Self {
        let content = if let Some(log) = Log::read(octets) {
            Content::Log(log)
        } else if let Some(bounce) = Bounce::parse(octets).filter(|_| looks_like_message(octets)) {
            Content::Report(bounce)
        } else {
            match Diagnosis::of_text(octets) {
                found if found.reason == Reason::Unknown && found.code.is_none() => {
                    Content::Unknown
                }
                found => Content::Reply(found),
            }
        };
        Self {
            name: name.to_owned(),
            content,
        }
    }

    /// 0 nothing refused, 1 refused and known why, 3 could not tell.
    pub(crate) fn exit_code(&self) -> u8 {
        let of = |reason: Reason| if reason == Reason::Unknown { 3 } else { 1 };
        match &self.content {
            Content::Unknown => 3,
            Content::Reply(found) if found.code.is_some_and(|code| code.0 / 100 == 2) => 0,
            Content::Reply(found) => of(found.reason),
            Content::Report(bounce)
                if matches!(bounce.kind, BounceKind::Failure | BounceKind::Delay) =>
            {
                let reasons = bounce.recipients.iter().map(|one| of(one.diagnosis.reason));
                reasons.max().unwrap_or(3)
            }
            Content::Report(_) => 0,
            Content::Log(log) => {
                let reasons = log.receivers.iter().flat_map(|one| &one.reasons);
                reasons.map(|one| of(one.reason)).max().unwrap_or(0)
            }
        }
    }
}

impl Log {
    /// A log, if one of the first lines is of one.
    fn read(octets: &[u8]) -> Option<Self> {
        let lines = || {
            octets
                .split(|octet| *octet == b'\n')
                .filter(|line| !line.trim_ascii().is_empty())
        };
        lines().take(LOOK_AT).find_map(LogLine::parse)?;
        let known: Vec<LogLine> = lines().filter_map(LogLine::parse).collect();
        let times = || known.iter().filter_map(|line| line.time);
        let (first, last) = (
            times().min().unwrap_or_default(),
            times().max().unwrap_or_default(),
        );
        let span = last.saturating_sub(first).max(Duration::from_secs(1));
        let mut all = ReasonRates::new(span * 13 / 12);
        let mut halves = ReasonRates::new(span / 2);
        let mut examples: Vec<LogLine> = Vec::new();
        for line in &known {
            let at = line.time.unwrap_or(first);
            let receiver = receiver(line);
            if line.disposition == smtp_probe::Disposition::Sent {
                all.record_success(at, &receiver);
                halves.record_success(at, &receiver);
                continue;
            }
            all.record(at, &receiver, &line.diagnosis);
            halves.record(at, &receiver, &line.diagnosis);
            examples.retain(|before| before.diagnosis.reason != line.diagnosis.reason);
            examples.push(line.clone());
        }
        let rises = halves
            .changes(last)
            .into_iter()
            .filter(|change| change.trend == Trend::Rose);
        Some(Self {
            lines: lines().count(),
            known: known.len(),
            span: span.as_secs(),
            receivers: all.counts(last),
            rises: rises.collect(),
            examples,
        })
    }
}

/// The next host; where there is none, the recipient's domain.
fn receiver(line: &LogLine) -> String {
    let domain = line
        .recipient
        .as_deref()
        .and_then(|address| address.rsplit_once('@'));
    let domain = domain.map(|(_, domain)| domain.to_owned());
    line.relay_host
        .clone()
        .or(domain)
        .unwrap_or_else(|| "-".to_owned())
}

/// Whether it begins as messages do: with a field of a header, or with the line that an mbox puts before it.
fn looks_like_message(octets: &[u8]) -> bool {
    let line = octets
        .split(|octet| *octet == b'\n')
        .next()
        .unwrap_or_default();
    let name = line
        .split(|octet| *octet == b':')
        .next()
        .unwrap_or_default();
    let is_field = name.len() < line.len()
        && !name.is_empty()
        && name
            .iter()
            .all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
    is_field || line.starts_with(b"From ")
}
