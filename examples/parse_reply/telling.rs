//! What there is to say of a reply, for people and as JSON.

use serde::Serialize;
use smtp_probe::{
    Capability, Confidence, Deviation, Diagnosis, Ehlo, EnhancedCode, Limits, Reason, Reply,
    ReplyError, ReplyErrorKind, ReplyRef, Size,
};

use crate::terminal::{Mark, Page};

/// All about one reply, or about what was none.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<Reply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    /// The code to act on, where the lines have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enhanced_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnosis: Option<Diagnosis>,
    lines: Vec<String>,
    deviations: Vec<Deviation>,
    /// What extensions say, where the lines after the first could be some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extensions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip)]
    is_cut_off: bool,
}

pub(crate) fn tell_reply(reply: ReplyRef<'_>) -> Told {
    let owned = reply.to_owned();
    let diagnosis = Diagnosis::of_reply(&owned);
    let code = (reply.code(), reply.effective_code());
    let refused = code.1.is_transient_negative() || code.1.is_permanent_negative();
    let enhanced = reply.enhanced_code();
    let lists = code.0.0 == 250 && reply.lines().count() > 1 && enhanced.is_none();
    Told {
        code: Some(code.0.0),
        effective_code: (code.0 != code.1).then_some(code.1.0),
        enhanced_code: enhanced.map(|code| code.to_string()),
        meaning: enhanced.and_then(EnhancedCode::meaning),
        diagnosis: Some(diagnosis).filter(|_| refused),
        lines: reply
            .lines()
            .map(|line| line.escape_ascii().to_string())
            .collect(),
        deviations: reply.deviations().collect(),
        extensions: if lists {
            extensions(&owned)
        } else {
            Vec::new()
        },
        error: None,
        is_cut_off: false,
        reply: Some(owned),
    }
}

/// What is in the parameters, and what is wrong; that a keyword is there shows in the text.
fn extensions(reply: &Reply) -> Vec<String> {
    let ehlo = Ehlo::new(reply.clone());
    let mechanisms = ehlo.auth_mechanisms().join(", ");
    let values = ehlo
        .capabilities()
        .filter_map(|capability| value(capability, &mechanisms));
    let remarks = ehlo.deviations();
    values
        .chain(remarks.iter().map(ToString::to_string))
        .collect()
}

fn value(capability: Capability<'_>, mechanisms: &str) -> Option<String> {
    Some(match capability {
        Capability::Size(Size::Limit(octets)) => format!("messages of up to {octets} octets"),
        Capability::Size(Size::Unlimited) => "messages of any size".to_owned(),
        Capability::Auth { .. } => format!("authentication by {mechanisms}"),
        Capability::DeliverBy(Some(seconds)) => {
            format!("delivery within {seconds} s at the soonest")
        }
        Capability::Limits(Some(Limits {
            transactions,
            recipients,
            ..
        })) => {
            let shown = |limit: Option<u32>| {
                limit.map_or_else(|| "any number of".to_owned(), |limit| limit.to_string())
            };
            format!(
                "{} transactions of {} recipients",
                shown(transactions),
                shown(recipients)
            )
        }
        _ => return None,
    })
}

pub(crate) fn tell_error(error: &ReplyError) -> Told {
    Told {
        reply: None,
        code: None,
        effective_code: None,
        enhanced_code: None,
        meaning: None,
        diagnosis: None,
        lines: Vec::new(),
        deviations: Vec::new(),
        extensions: Vec::new(),
        error: Some(error.to_string()),
        is_cut_off: error.kind() == ReplyErrorKind::Truncated,
    }
}

impl Told {
    /// Whether it is anything but a well-formed reply.
    pub(crate) fn is_odd(&self) -> bool {
        self.error.is_some() || !self.deviations.is_empty()
    }

    pub(crate) fn json(&self) -> Result<String, String> {
        serde_json::to_string(self).map_err(|error| error.to_string())
    }

    pub(crate) fn page(&self) -> String {
        let mut page = Page::for_stdout(None);
        let Some(code) = self.code else {
            let error = self.error.as_deref().unwrap_or_default();
            let (mark, verdict) = if self.is_cut_off {
                (Mark::Unknown, "could not tell")
            } else {
                (Mark::Bad, "no reply")
            };
            page.headline(mark, "—", verdict, error);
            return page.into_text();
        };
        let (mark, verdict) = match self.deviations.len() {
            0 => (Mark::Good, "well-formed"),
            _ => (Mark::Odd, "odd"),
        };
        page.headline(mark, &format!("{code:03}"), verdict, class(code));
        if let Some(code) = self.effective_code {
            page.row(Mark::Odd, "act on", &format!("{code:03}: {}", class(code)));
        }
        if let Some(code) = &self.enhanced_code {
            let meaning = self.meaning.unwrap_or("not in the registry");
            page.row(Mark::Plain, "enhanced", &format!("{code}: {meaning}"));
        }
        if let Some(diagnosis) = &self.diagnosis {
            page.row(Mark::Plain, "about", &about(diagnosis));
        }
        let mut label = "text";
        for line in &self.lines {
            page.verbatim(label, line);
            label = "";
        }
        label = "offers";
        for extension in &self.extensions {
            page.verbatim(label, extension);
            label = "";
        }
        label = "but";
        for deviation in &self.deviations {
            page.row(Mark::Odd, label, &deviation.to_string());
            label = "";
        }
        page.into_text()
    }
}

fn about(diagnosis: &Diagnosis) -> String {
    let Diagnosis {
        reason,
        confidence,
        matched,
        ..
    } = diagnosis;
    if *reason == Reason::Unknown {
        return "could not tell".to_owned();
    }
    let sure = match confidence {
        Confidence::High => "surely",
        Confidence::Medium => "probably",
        _ => "perhaps",
    };
    let words = match matched.as_str() {
        "" => String::new(),
        words => format!(", by `{words}`"),
    };
    let list = diagnosis.list.iter();
    let list: String = list.map(|list| format!(", list {list}")).collect();
    let wait = diagnosis.retry_after.iter();
    let wait: String = wait
        .map(|wait| format!(", not before {} s", wait.as_secs()))
        .collect();
    format!("{sure} {reason}{words}{list}{wait}")
}

/// RFC 5321 §4.2.1.
fn class(code: u16) -> &'static str {
    match code / 100 {
        2 => "done",
        3 => "go on",
        4 => "not now",
        5 => "no",
        _ => "no code of RFC 5321",
    }
}
