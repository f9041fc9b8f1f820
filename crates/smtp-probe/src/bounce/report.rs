//! What the parts of a report say together.

use super::body::{self, MAX_RECIPIENTS, Segment};
use super::fields::{self, Group};
use super::message::{Header, Parts};
use super::notification::Notification;
use super::{Action, Bounce, BounceKind, Recipient, signs, system};
use crate::code::EnhancedCode;
use crate::diagnosis::{Confidence, Diagnosis};
use crate::escape::Escaped;

/// All that the parts of a message say together.
pub(super) struct Report<'a> {
    pub(super) header: &'a Header,
    pub(super) parts: Parts,
}

/// The text for people, and what was found in it once for all recipients.
struct People<'a> {
    text: &'a [u8],
    segments: Vec<Segment<'a>>,
    /// The first refusal in a transcript.
    answers: Vec<u8>,
    /// What the text says as a whole.
    whole: Diagnosis,
}

impl Report<'_> {
    pub(super) fn read(&self) -> Option<Bounce> {
        let unquoted = signs::unquoted(&self.parts.text);
        let text = body::before_original(&unquoted);
        let in_text;
        let groups = if self.parts.status.iter().any(Group::is_recipient) {
            &self.parts.status
        } else {
            // Not all that looks like a report has the parts of one.
            in_text = fields::groups(&unquoted);
            &in_text
        };
        if self.parts.has_feedback
            || signs::is_complaint(self.header, self.parts.original_to.is_some(), text)
        {
            return Some(self.feedback());
        }
        if let Some(notification) = Notification::of(&self.parts.text) {
            return Some(self.notified(notification));
        }
        let people = People::of(text);
        let mut recipients: Vec<Recipient> = groups
            .iter()
            .filter(|group| group.is_recipient())
            .take(MAX_RECIPIENTS)
            .map(|group| self.recipient(group, &people, groups.len()))
            .collect();
        let has_groups = !recipients.is_empty();
        if !has_groups {
            if signs::is_answer(self.header, text) {
                return Some(self.bounce(BounceKind::AutoReply, recipients, groups, text));
            }
            if !signs::reports_failure(self.header, text) {
                return None;
            }
            recipients = self.told(&people);
        }
        let kind = self.kind(&recipients, has_groups);
        Some(self.bounce(kind, recipients, groups, text))
    }

    fn bounce(
        &self,
        kind: BounceKind,
        recipients: Vec<Recipient>,
        groups: &[Group],
        text: &[u8],
    ) -> Bounce {
        let reporting = groups
            .iter()
            .find_map(|group| group.typed(b"reporting-mta"));
        Bounce {
            kind,
            system: system::of(&self.header.raw, text),
            reporting_mta: reporting.map(shown),
            recipients,
            feedback_type: None,
            is_truncated: false,
        }
    }

    fn notified(&self, notification: Notification) -> Bounce {
        let mut bounce = self.bounce(notification.kind, Vec::new(), &[], &[]);
        bounce.system = Some(system::System::Amazon);
        bounce
            .recipients
            .extend(notification.recipients.into_iter().map(|one| {
                let status = status_of(&one.status);
                Recipient {
                    address: Some(shown(&one.address)),
                    original: None,
                    action:
                        Action::of_field(&one.action)
                            .or((notification.kind == BounceKind::Success)
                                .then_some(Action::Delivered)),
                    status,
                    remote_mta: None,
                    text: shown(&one.text),
                    diagnosis: Diagnosis::with_status(&one.text, status),
                }
            }));
        bounce
    }

    fn feedback(&self) -> Bounce {
        let field = |name: &[u8]| {
            self.parts
                .feedback
                .iter()
                .find_map(|group| group.typed(name))
        };
        let named = |name| {
            self.parts
                .feedback
                .iter()
                .flat_map(move |group| group.all(name))
        };
        // One report may name several recipients (RFC 5965 §3.2).
        let named = named(b"original-rcpt-to")
            .chain(named(b"removal-recipient"))
            .take(MAX_RECIPIENTS);
        let mut addresses: Vec<String> = named.map(trim_brackets).map(shown).collect();
        if addresses.is_empty() {
            addresses.extend(self.original_to());
        }
        let text = body::before_original(&self.parts.text);
        let mut bounce = self.bounce(BounceKind::Feedback, Vec::new(), &self.parts.feedback, text);
        bounce.feedback_type = field(b"feedback-type")
            .map(shown)
            .or_else(|| signs::is_opt_out(self.header).then(|| "opt-out".to_owned()));
        bounce
            .recipients
            .extend(addresses.into_iter().map(|address| Recipient {
                address: Some(address),
                original: None,
                action: None,
                status: None,
                remote_mta: None,
                text: String::new(),
                diagnosis: Diagnosis::of_text(b""),
            }));
        bounce
    }

    /// What a group of fields says, and the text for people where the fields say too little.
    fn recipient(&self, group: &Group, people: &People<'_>, groups: usize) -> Recipient {
        let address = group
            .typed(b"final-recipient")
            .or_else(|| group.typed(b"x-actual-recipient"));
        let original = group.typed(b"original-recipient").map(trim_brackets);
        let address = address
            .map(trim_brackets)
            .filter(|address| !address.is_empty())
            .or(original);
        let status = group.get(b"status").and_then(status_of);
        let action = group.get(b"action").and_then(Action::of_field);
        let code = group.get(b"diagnostic-code").filter(|code| code.len() > 6);
        let mut said = code.unwrap_or_default().to_vec();
        let told = people.about(address, groups);
        let own = Diagnosis::of_text(&said);
        let other = Diagnosis::of_text(&told);
        let known = own
            .enhanced
            .or_else(|| status.filter(|status| status.detail != 0))
            .or(other.enhanced)
            .or(status);
        let mut diagnosis = Diagnosis::with_status(&said, known);
        if diagnosis.matched.is_empty()
            || diagnosis.confidence < Confidence::Medium
            || diagnosis.code.is_none()
            || contradicts(&diagnosis)
        {
            if said.is_empty() {
                said.clone_from(&told);
            }
            diagnosis = merged(diagnosis, Diagnosis::with_status(&told, known));
        }
        Recipient {
            address: address.map(shown).or_else(|| self.original_to()),
            original: original
                .filter(|original| Some(*original) != address)
                .map(shown),
            action,
            status,
            remote_mta: group.typed(b"remote-mta").map(shown),
            text: shown(&said),
            diagnosis,
        }
    }

    /// The recipients that only the text for people names.
    fn told(&self, people: &People<'_>) -> Vec<Recipient> {
        let is_other = |address: &[u8]| {
            self.header
                .to
                .iter()
                .any(|to| to.as_bytes().eq_ignore_ascii_case(address))
        };
        let mut addresses: Vec<&[u8]> = people
            .segments
            .iter()
            .map(|segment| segment.address)
            .filter(|address| !is_other(address))
            .collect();
        if !self.header.failed.is_empty() {
            addresses = self.header.failed.iter().map(String::as_bytes).collect();
        }
        if addresses.is_empty() {
            let others: Vec<&[u8]> = self.header.to.iter().map(String::as_bytes).collect();
            addresses.extend(body::first_address(people.text, &others));
        }
        let one = |address: Option<&[u8]>, alone: usize| {
            let said = people.about(address, alone);
            let mut diagnosis = Diagnosis::of_text(&said);
            if diagnosis.matched.is_empty() && alone <= 1 {
                diagnosis = merged(diagnosis, people.whole.clone());
                diagnosis = merged(
                    diagnosis,
                    Diagnosis::of_text(self.header.subject.as_bytes()),
                );
            }
            Recipient {
                address: address.map(shown).or_else(|| self.original_to()),
                original: None,
                action: None,
                status: None,
                remote_mta: None,
                text: shown(&said),
                diagnosis,
            }
        };
        if addresses.is_empty() {
            return vec![one(None, 1)];
        }
        let count = addresses.len();
        addresses
            .into_iter()
            .map(|address| one(Some(address), count))
            .collect()
    }

    fn original_to(&self) -> Option<String> {
        let to = self
            .parts
            .original_to
            .as_deref()
            .filter(|to| !to.is_empty());
        to.map(|to| shown(to.as_bytes()))
    }

    fn kind(&self, recipients: &[Recipient], has_groups: bool) -> BounceKind {
        let has = |action: Action| {
            recipients
                .iter()
                .any(|recipient| recipient.action == Some(action))
        };
        let are_all_good = has_groups
            && recipients.iter().all(|recipient| match recipient.action {
                Some(action) => action.is_success(),
                None => recipient.status.is_some_and(|status| status.class == 2),
            });
        let mut warnings = ["delayed", "warning: ", "delay)"].iter();
        let warns = warnings.any(|word| self.header.subject.contains(word));
        if are_all_good {
            BounceKind::Success
        } else if !has(Action::Failed) && has(Action::Delayed) || !has_groups && warns {
            BounceKind::Delay
        } else {
            BounceKind::Failure
        }
    }
}

impl<'a> People<'a> {
    fn of(text: &'a [u8]) -> Self {
        Self {
            text,
            segments: body::segments(text),
            answers: body::answers(text),
            whole: Diagnosis::of_text(text),
        }
    }

    /// What the text says of `address`, one of `count`.
    fn about(&self, address: Option<&[u8]>, count: usize) -> Vec<u8> {
        // The server's own words, where there is one to ask about.
        if count <= 1 && Diagnosis::of_text(&self.answers).code.is_some() {
            return self.answers.clone();
        }
        let mut segments = self.segments.iter();
        let segment = address.and_then(|address| {
            segments.find(|segment| segment.address.eq_ignore_ascii_case(address))
        });
        let mut said = segment.map(best_of).unwrap_or_default().to_vec();
        if said.trim_ascii().is_empty() {
            let lines = address.map(|address| body::lines_about(self.text, address));
            said = lines.unwrap_or_default();
            said.extend_from_slice(&self.answers);
        }
        let found = Diagnosis::of_text(&said);
        let is_vague = found.matched.is_empty()
            || found.confidence < Confidence::Medium && found.confidence < self.whole.confidence;
        if is_vague && count <= 2 {
            said = if self.answers.is_empty() {
                self.text.to_vec()
            } else {
                self.answers.clone()
            };
        }
        said.truncate(4096);
        said
    }
}

/// What stands right behind an address is of it; what follows may be the program's advice.
fn best_of<'a>(segment: &Segment<'a>) -> &'a [u8] {
    let diagnosis = Diagnosis::of_text(segment.paragraph);
    if diagnosis.code.is_some() || diagnosis.confidence >= Confidence::Medium {
        segment.paragraph
    } else {
        segment.text
    }
}

/// The surer reason of two texts about one thing, and the codes of the first that has them.
fn merged(first: Diagnosis, second: Diagnosis) -> Diagnosis {
    // Codes of two classes are no reply's; a pair that agrees is (RFC 2034 §4).
    let is_mended = contradicts(&first)
        && second.code.is_some()
        && second.enhanced.is_some()
        && !contradicts(&second);
    let (code, enhanced) = if is_mended {
        (second.code, second.enhanced)
    } else {
        (
            first.code.or(second.code),
            first.enhanced.or(second.enhanced),
        )
    };
    let is_surer = second.confidence > first.confidence
        || first.matched.is_empty()
            && !second.matched.is_empty()
            && second.confidence >= first.confidence;
    let mut merged = if is_surer { second } else { first };
    merged.code = code;
    merged.enhanced = enhanced;
    merged
}

/// Whether the codes are of two classes.
fn contradicts(diagnosis: &Diagnosis) -> bool {
    let classes = diagnosis.code.zip(diagnosis.enhanced);
    classes.is_some_and(|(code, enhanced)| code.0 / 100 != u16::from(enhanced.class))
}

/// The status at the start of its field, whatever comment follows it.
fn status_of(value: &[u8]) -> Option<EnhancedCode> {
    let end = value
        .iter()
        .position(|octet| !octet.is_ascii_digit() && *octet != b'.')
        .unwrap_or(value.len());
    let value = value.get(..end)?;
    let class = value.first().filter(|class| class.is_ascii_digit())?;
    let code = crate::code::ReplyCode(u16::from(class - b'0') * 100);
    EnhancedCode::parse(code, value)
}

fn trim_brackets(address: &[u8]) -> &[u8] {
    let address = address.trim_ascii();
    let address = address.strip_prefix(b"<").unwrap_or(address);
    address.strip_suffix(b">").unwrap_or(address)
}

fn shown(octets: &[u8]) -> String {
    Escaped(octets.get(..4096).unwrap_or(octets)).to_string()
}
