//! What the lists say of one subject, and what that comes to.

use dnsbl::{
    Cause, DelistingHelp, Independent, Kind, ListAnswer, NotAsked, Role, Severity, Stance, Subject,
    Verdict, independent,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::terminal::{Mark, count};
use crate::words;

/// What everything about a subject comes to. Of several, the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Only allowlists were asked, and one vouches, or several.
    Vouched,
    /// Only allowlists were asked, and none vouches, with proof. That is no fault.
    NotVouched,
    /// No list that was asked has an entry from which something follows, with proof.
    Clean,
    /// Not listed as far as could be told.
    Unknown,
    /// A list has an entry, and something follows from it: that is shown, whatever else could not be told.
    Listed,
}

impl Outcome {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Vouched | Self::NotVouched | Self::Clean => 0,
            Self::Listed => 1,
            Self::Unknown => 3,
        }
    }

    pub(crate) fn mark(self) -> Mark {
        match self {
            Self::Vouched | Self::Clean => Mark::Good,
            Self::NotVouched => Mark::Plain,
            Self::Listed => Mark::Bad,
            Self::Unknown => Mark::Unknown,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Vouched => "vouched for",
            Self::NotVouched => "not vouched for",
            Self::Clean => "clean",
            Self::Listed => "listed",
            Self::Unknown => "could not tell",
        }
    }
}

/// A subject, and what each list says of it.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) subject: Subject,
    /// Why it is asked about, if it is not the command line's.
    pub(crate) remark: Option<String>,
    pub(crate) role: Role,
    pub(crate) answers: Vec<ListAnswer>,
    /// How to get off the lists, for each entry.
    pub(crate) help: Vec<DelistingHelp>,
}

impl Look {
    /// The answers that are `sort`.
    pub(crate) fn of(&self, sort: Sort) -> Vec<&ListAnswer> {
        let answers = self.answers.iter();
        answers.filter(|answer| Sort::of(answer) == sort).collect()
    }

    /// The entries on blocklists, each fact once, the worst first.
    pub(crate) fn entries(&self) -> Vec<Independent<'_>> {
        let mut entries = independent(&self.answers);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.answer.severity(self.role)));
        entries
    }

    pub(crate) fn help_for(&self, answer: &ListAnswer) -> Option<&DelistingHelp> {
        self.help
            .iter()
            .find(|help| help.list.zone == answer.list.zone)
    }

    /// The worst that an entry is for the subject's role.
    fn worst(&self) -> Option<Severity> {
        let listed = self.of(Sort::Listed);
        listed
            .iter()
            .filter_map(|answer| answer.severity(self.role))
            .max()
    }

    /// What it comes to, and why in a line.
    pub(crate) fn verdict(&self) -> (Outcome, String) {
        if let Some(why) = self.is_asked_nowhere() {
            return (Outcome::Unknown, why);
        }
        let mut parts = self.counts();
        if parts.is_empty() {
            let (outcome, text) = self.of_allowlists();
            let mut answers = self.answers.iter();
            let are_alone = answers.all(|answer| answer.list.stance == Stance::Allow);
            return match are_alone || outcome == Outcome::Unknown {
                true => (outcome, text),
                false => {
                    let text = format!("no other list could be asked; {} {text}", outcome.word());
                    (Outcome::Unknown, text)
                }
            };
        }
        let outcome = match self.worst() {
            Some(worst) if worst > Severity::Info => Outcome::Listed,
            _ if self.silent().0 > 0 => Outcome::Unknown,
            Some(_) => {
                let role = self.role;
                parts.push(format!("nothing follows from it for a {role}"));
                Outcome::Clean
            }
            None => Outcome::Clean,
        };
        // What an allowlist would have said makes nobody listed.
        let silent = self.silent().1;
        if silent > 0 {
            parts.push(format!("{} could not tell", count(silent, "allowlist")));
        }
        (outcome, parts.join("; "))
    }

    /// How many lists could not tell, and of them how many allowlists.
    fn silent(&self) -> (usize, usize) {
        let unknown = self.of(Sort::Unknown).into_iter();
        let (allow, others): (Vec<_>, Vec<_>) =
            unknown.partition(|answer| answer.list.stance == Stance::Allow);
        (others.len(), allow.len())
    }

    /// How many lists say what, of those that can list; none if only allowlists were asked.
    fn counts(&self) -> Vec<String> {
        let sorts = [Sort::Listed, Sort::Clean, Sort::Informs];
        let [listed, clean, informs] = sorts.map(|sort| self.of(sort).len());
        let (unknown, _) = self.silent();
        let lists = count(listed + clean + informs + unknown, "list");
        let facts = match self.entries().len() {
            facts if facts == listed => String::new(),
            facts => format!(" ({facts} independent)"),
        };
        let say = if clean == 1 { "says" } else { "say" };
        let of_clean = match (listed, unknown + informs) {
            (0, 0) => format!("{} {say} no, with proof", count(clean, "list")),
            (0, _) => format!("{clean} of {lists} {say} no with proof"),
            _ => format!("{clean} {say} no with proof"),
        };
        let of_unknown = match listed + clean + informs {
            0 if unknown == 1 => "the one list could not".to_owned(),
            0 => format!("none of {lists} could tell"),
            _ => format!("{unknown} could not tell"),
        };
        let parts = [
            (listed, format!("on {listed} of {lists}{facts}")),
            (clean, of_clean),
            (informs, format!("{informs} only inform")),
            (unknown, of_unknown),
        ];
        let told = parts.into_iter().filter(|(number, _)| *number > 0);
        told.map(|(_, text)| text).collect()
    }

    /// What it comes to where no list was asked that can list.
    fn of_allowlists(&self) -> (Outcome, String) {
        let sorts = [Sort::Vouched, Sort::NotVouched, Sort::NeedsKey];
        let [vouched, not, keyless] = sorts.map(|sort| self.of(sort).len());
        let (_, silent) = self.silent();
        let lists = count(vouched + not + silent, "allowlist");
        let doubt = match silent {
            0 => String::new(),
            number => format!("; {number} could not tell"),
        };
        match (vouched, not, silent) {
            (0, 0, 0) => (Outcome::Unknown, self.of_none(keyless)),
            (0, 1, 0) => {
                let text = "by the one allowlist that was asked, with proof";
                (Outcome::NotVouched, text.to_owned())
            }
            (0, _, 0) => {
                let text = format!("by none of {lists}, with proof");
                (Outcome::NotVouched, text)
            }
            (1, 0, 0) => {
                let text = "by the one allowlist that was asked";
                (Outcome::Vouched, text.to_owned())
            }
            (0, 0, 1) => (Outcome::Unknown, "the one allowlist could not".to_owned()),
            (0, 0, _) => (Outcome::Unknown, format!("none of {lists} could tell")),
            (0, _, _) => {
                let does = if not == 1 { "does" } else { "do" };
                let text = format!("{not} of {lists} {does} not vouch for it{doubt}");
                (Outcome::Unknown, text)
            }
            _ => (Outcome::Vouched, format!("by {vouched} of {lists}{doubt}")),
        }
    }

    /// Why nothing is known where no list is about the subject.
    fn of_none(&self, keyless: usize) -> String {
        let kind = match self.subject.kind() {
            Kind::Ipv4 => "IPv4 addresses",
            Kind::Ipv6 => "IPv6 addresses",
            _ => "domains",
        };
        match (keyless, self.answers.len()) {
            (0, 0) => "no list was asked".to_owned(),
            (0, 1) => format!("the list has no entries for {kind}"),
            (0, lists) => format!("none of the {lists} lists has entries for {kind}"),
            (1, _) => "not asked, the list needs a key".to_owned(),
            (keyless, _) => format!("not asked, {keyless} lists need keys"),
        }
    }

    /// Why no list at all was asked, if the subject is why.
    pub(crate) fn is_asked_nowhere(&self) -> Option<String> {
        let mut answers = self.answers.iter();
        let why = answers.find_map(|answer| match &answer.verdict {
            Verdict::Unknown(Cause::NotAsked(
                why @ (NotAsked::Scope(_) | NotAsked::NotADomain | NotAsked::PublicSuffix),
            )) => Some(words::of_not_asked(why)),
            _ => None,
        })?;
        let others = [Sort::Listed, Sort::Clean, Sort::Informs, Sort::Vouched];
        let none = others.iter().all(|sort| self.of(*sort).is_empty());
        none.then_some(why)
    }

    /// Whether several lists were asked and none answered anything: then the resolver is the likelier cause.
    pub(crate) fn is_silence(&self) -> bool {
        let unknown = self.of(Sort::Unknown);
        let others = [
            Sort::Listed,
            Sort::Clean,
            Sort::Informs,
            Sort::Vouched,
            Sort::NotVouched,
        ];
        let is_silent =
            |answer: &&ListAnswer| words::of_verdict(&answer.verdict).0 == words::NO_ANSWER;
        unknown.len() > 1
            && unknown.iter().all(is_silent)
            && others.iter().all(|sort| self.of(*sort).is_empty())
    }

    /// Whether there is nothing to tell but which lists say no.
    pub(crate) fn is_plain(&self) -> bool {
        let sorts = [Sort::Listed, Sort::Informs, Sort::Vouched, Sort::Unknown];
        sorts.iter().all(|sort| self.of(*sort).is_empty())
    }

    /// All facts, for a program.
    pub(crate) fn json(&self) -> Value {
        let (outcome, text) = self.verdict();
        let entry = |entry: &Independent<'_>| {
            let answer = entry.answer;
            let repeated: Vec<_> = entry
                .repeated
                .iter()
                .map(|other| &other.list.zone)
                .collect();
            json!({
                "zone": answer.list.zone,
                "severity": answer.severity(self.role),
                "repeats": repeated,
                "help": self.help_for(answer),
            })
        };
        json!({
            "subject": self.subject,
            "remark": self.remark,
            "role": self.role,
            "outcome": outcome,
            "verdict": text,
            "entries": self.entries().iter().map(entry).collect::<Vec<_>>(),
            "answers": self.answers,
        })
    }
}

/// The sorts of answers, as far as they are shown apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// An entry on a blocklist.
    Listed,
    /// An entry that is no accusation.
    Informs,
    /// No entry, with proof.
    Clean,
    /// An entry on an allowlist.
    Vouched,
    /// No entry on an allowlist, which is no fault.
    NotVouched,
    /// Could not be asked, or could not tell.
    Unknown,
    /// Needs a key that was not given.
    NeedsKey,
    /// Not for this subject, or another list is asked in its place.
    Apart,
}

impl Sort {
    pub(crate) fn of(answer: &ListAnswer) -> Self {
        let allows = answer.list.stance == Stance::Allow;
        match &answer.verdict {
            Verdict::Listed(_) if answer.is_listing() => Self::Listed,
            Verdict::Allowed(_) => Self::Vouched,
            Verdict::Listed(_) | Verdict::Neutral(_) => Self::Informs,
            Verdict::NotListed(_) if allows => Self::NotVouched,
            Verdict::NotListed(_) => Self::Clean,
            Verdict::Unknown(Cause::NotAsked(NotAsked::KeyMissing)) => Self::NeedsKey,
            Verdict::Unknown(Cause::NotAsked(NotAsked::Replaced)) | Verdict::NotApplicable => {
                Self::Apart
            }
            _ => Self::Unknown,
        }
    }
}
