//! How to get off a list.

use std::fmt::{self, Write as _};

use mail_dns::DomainName;

use crate::{
    Category, Delisting, DelistingMode, Kind, List, ListAnswer, ListSummary, Listing, Reading,
    Subject, Verdict,
};

const SECONDS_AN_HOUR: i64 = 60 * 60;

/// The shortest time until an entry is looked up again, whatever its TTL: lists ask for no less, and those of 180 seconds
/// are many questions for one answer.
const SHORTEST_WAIT: i64 = 15 * 60;

/// The longest, since a TTL of months is a mistake: the cap of TTLs that RFC 8767 §4 suggests.
const LONGEST_WAIT: i64 = 7 * 24 * SECONDS_AN_HOUR;

/// The longest [reason](DelistingHelp::reason), in octets: forms have fields of about this.
const MAX_REASON: usize = 1_000;

/// What ends a reason that was cut.
const CUT: &str = "...";

/// What to do about an entry: where its removal is asked for and with which words, when it ends by itself, and when it makes
/// sense to look again.
///
/// It is made of what the catalogue knows of the list and what the list said; nothing is asked for it.
///
/// # Examples
///
/// ```
/// use dnsbl::{Catalogue, Checker, DelistingHelp, Subject};
/// use mail_dns::StaticLookup;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let catalogue = Catalogue::from_toml(
///     r#"
///     [[list]]
///     zone = "bl.example"
///     name = "Example"
///     stance = "block"
///     tier = "minor"
///     status = "documented"
///     as_of = "2026-11"
///     source = "this page"
///     codes = [{ code = "127.0.0.2", meaning = "sent to a trap" }]
///     ipv4 = { positive = ["127.0.0.2"], negative = ["127.0.0.1"] }
///     delisting = { page = "https://bl.example/?address={subject}", mode = "form", takes_hours = 12 }
///     "#,
/// )?;
/// let dns = StaticLookup::from_zone_text(
///     "2.0.0.127.bl.example. 300 IN A 127.0.0.2\n\
///      1.1.1.9.bl.example.   300 IN A 127.0.0.2",
/// )?;
/// let list = catalogue.lists()[0].clone();
/// let now = 1_795_000_000;
/// let subject = Subject::Address("9.1.1.1".parse()?);
/// let answers = Checker::new(dns, catalogue, 7).check_all(&subject, now).await;
///
/// let help = DelistingHelp::of(&list, &answers[0]).expect("it is listed");
/// assert_eq!(help.page.as_deref(), Some("https://bl.example/?address=9.1.1.1"));
/// assert_eq!(
///     help.reason,
///     "The address 9.1.1.1 is listed on Example (bl.example) by 127.0.0.2 (sent to a trap).",
/// );
/// assert_eq!(help.look_again_at, now + 15 * 60);
/// assert_eq!(help.look_again_after_request(now), now + 12 * 60 * 60);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DelistingHelp {
    /// The list.
    pub list: ListSummary,
    /// What is listed. On a list of registrable domains it is the domain that has the entry, which may be above the one
    /// that was asked about.
    pub subject: Subject,
    /// Where the entry is looked up and its removal asked for, with the subject filled in.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub page: Option<String>,
    /// How one gets off the list.
    #[cfg_attr(feature = "serde", serde(default))]
    pub mode: DelistingMode,
    /// What to do before anything else: a list takes back whoever goes on as before.
    pub remedy: Remedy,
    /// What to give as the reason of a request, in printable ASCII on one line: what is listed, the codes with their
    /// meanings, and the list's own words.
    pub reason: String,
    /// When the entry is expected to end by itself, if the list's entries do.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub expiry: Option<Expiry>,
    /// How many hours a removal takes once it is asked for.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub takes_hours: Option<u32>,
    /// Whether what is said of the list's ways is known from the list itself.
    #[cfg_attr(feature = "serde", serde(default))]
    pub verified: bool,
    /// When the entry was seen, in seconds since 1970.
    pub seen_at: i64,
    /// When to look again, in seconds since 1970: not before a cache has forgotten the entry, and not within 15 minutes.
    pub look_again_at: i64,
}

impl DelistingHelp {
    /// The help for an entry by what is known of `list` now; `None` if `answer` is no [`Verdict::Listed`] or not of `list`.
    #[must_use]
    pub fn of(list: &List, answer: &ListAnswer) -> Option<Self> {
        let is_same = answer.list.zone == list.zone;
        is_same.then(|| Self::by(&list.delisting, answer))?
    }

    /// The help for an entry by what was known of the list when it was asked, which an answer brings along: for stored
    /// answers, without a catalogue. `None` if `answer` is no [`Verdict::Listed`].
    #[must_use]
    pub fn of_answer(answer: &ListAnswer) -> Option<Self> {
        Self::by(&answer.list.delisting, answer)
    }

    fn by(terms: &Delisting, answer: &ListAnswer) -> Option<Self> {
        let Verdict::Listed(listing) = &answer.verdict else {
            return None;
        };
        let subject = listed_subject(answer);
        let wait = i64::from(answer.ttl().unwrap_or(0)).clamp(SHORTEST_WAIT, LONGEST_WAIT);
        Some(Self {
            list: ListSummary::clone(&answer.list),
            page: terms.page.as_ref().map(|page| fill(page, &subject)),
            mode: terms.mode,
            remedy: Remedy::of(listing),
            reason: reason(answer, listing, &subject),
            expiry: terms
                .expires_hours
                .map(|hours| Expiry::after(hours, answer.at, terms.verified)),
            takes_hours: terms.takes_hours,
            verified: terms.verified,
            seen_at: answer.at,
            look_again_at: answer.at.saturating_add(wait),
            subject,
        })
    }

    /// When to look again after a removal that was asked for at `asked_at`, in seconds since 1970: once it has had its time,
    /// and the caches theirs.
    #[must_use]
    pub fn look_again_after_request(&self, asked_at: i64) -> i64 {
        let takes = self.takes_hours.map_or(0, seconds);
        let cached = self.look_again_at.saturating_sub(self.seen_at);
        asked_at.saturating_add(takes.max(cached))
    }

    /// What to do, in sentences: first the remedy, then the way off the list, then the waiting.
    #[must_use]
    pub fn steps(&self) -> Vec<String> {
        let mut steps = vec![self.remedy.to_string(), self.way_off()];
        steps.extend(self.ending());
        let wait = self.look_again_at.saturating_sub(self.seen_at);
        steps.push(format!("Look again after {}.", Span(wait)));
        steps
    }

    /// How the entry is removed, in a sentence or two.
    #[must_use]
    pub fn way_off(&self) -> String {
        // The page is the catalogue's, which may be the user's own file. In angle brackets it is copied without the full
        // stop behind it (RFC 3986, appendix C).
        let page = self.page.as_deref().unwrap_or_default().escape_debug();
        let page = format!("<{page}>");
        let has_page = self.page.is_some();
        let mut text = match self.mode {
            DelistingMode::Form if has_page => format!("Ask for removal by the form at {page}."),
            DelistingMode::Form => "Ask for removal by the list's form.".to_owned(),
            DelistingMode::SelfService if has_page => format!("Remove the entry at {page}."),
            DelistingMode::SelfService => "Remove the entry on the list's page.".to_owned(),
            DelistingMode::Automatic => "There is no removal on request: wait.".to_owned(),
            DelistingMode::Paid => {
                "Wait: earlier removal is sold, and what is paid for does not keep the entry away."
                    .to_owned()
            }
            DelistingMode::None => {
                "There is no removal: the entry says what the subject or its network is.".to_owned()
            }
            DelistingMode::Unknown if has_page => format!("Look the entry up at {page}."),
            DelistingMode::Unknown => "How an entry is removed is not known.".to_owned(),
        };
        let asks = matches!(self.mode, DelistingMode::Form | DelistingMode::SelfService);
        if !asks && self.mode != DelistingMode::Unknown && has_page {
            // Writing to a string does not fail.
            let _ = write!(text, " What the list knows stands at {page}.");
        }
        if let Some(takes) = self.takes_hours.filter(|_| asks) {
            let _ = write!(
                text,
                " It takes about {}{}.",
                Span(seconds(takes)),
                self.doubt()
            );
        }
        text
    }

    /// When the entry ends by itself, in a sentence, if it is known to.
    #[must_use]
    pub fn ending(&self) -> Option<String> {
        let expiry = self.expiry.as_ref()?;
        Some(format!(
            "Without a new cause the entry is expected to end by itself within {}{}.",
            Span(seconds(expiry.hours)),
            self.doubt()
        ))
    }

    fn doubt(&self) -> &'static str {
        if self.verified { "" } else { " (not verified)" }
    }
}

/// The [steps](DelistingHelp::steps), in one paragraph.
impl fmt::Display for DelistingHelp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}: ", self.subject, self.list.name.escape_debug())?;
        f.write_str(&self.steps().join(" "))
    }
}

/// When an entry ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Expiry {
    /// So many hours after its last cause.
    pub hours: u32,
    /// The latest time at which it ends, in seconds since 1970, if there was no new cause since it was seen.
    pub at: i64,
    /// Whether that is known from the list itself.
    #[cfg_attr(feature = "serde", serde(default))]
    pub verified: bool,
}

impl Expiry {
    fn after(hours: u32, seen_at: i64, verified: bool) -> Self {
        Self {
            hours,
            at: seen_at.saturating_add(seconds(hours)),
            verified,
        }
    }
}

/// What to do before removal is asked for, by what the entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Remedy {
    /// Nothing that is known of the entry can be mended.
    Nothing,
    /// It is about the network: its operator has to act.
    AskOperator,
    /// It is new: time mends it.
    Wait,
    /// By a policy it is not to send mail itself.
    SendElsewhere,
    /// It answers forged senders.
    RefuseEarly,
    /// It sent what was not wanted.
    StopSpam,
    /// Somebody else uses it: it is broken into, infected, or an open proxy.
    Clean,
}

impl Remedy {
    /// The gravest that one of the codes asks for.
    fn of(listing: &Listing) -> Self {
        let codes = listing.codes.iter().filter(|code| code.is_listing());
        let meanings = codes.flat_map(|code| &code.meanings);
        meanings
            .map(|meaning| Self::of_category(meaning.category))
            .max()
            // A code that nobody explains is taken for what most codes say.
            .unwrap_or(Self::StopSpam)
    }

    fn of_category(category: Category) -> Self {
        match category {
            Category::Exploit
            | Category::Hijacked
            | Category::Login
            | Category::Phishing
            | Category::Malware
            | Category::Abused => Self::Clean,
            Category::Spam | Category::SpamDomain => Self::StopSpam,
            Category::Backscatter => Self::RefuseEarly,
            Category::Policy => Self::SendElsewhere,
            Category::Young | Category::Grey => Self::Wait,
            Category::Neighbor => Self::AskOperator,
            Category::Anonymizer | Category::Other => Self::Nothing,
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nothing => "Read what the list says of the entry.",
            Self::AskOperator => {
                "The entry is about the network around it: ask its operator to act, or send from elsewhere."
            }
            Self::Wait => "Send little until the list knows it better: time mends this.",
            Self::SendElsewhere => {
                "By a policy it is not to send mail itself: send through a mail server, or have its operator declare it one."
            }
            Self::RefuseEarly => {
                "Refuse unwanted mail in the SMTP session, and send no bounces or callouts to forged senders."
            }
            Self::StopSpam => "Find and stop what sends the mail, or the entry comes back.",
            Self::Clean => {
                "Find and clean what was broken into, and change its passwords, or the entry comes back."
            }
        })
    }
}

/// What has the entry: on a list of registrable domains, the name that was not denied; an address as it was asked about.
fn listed_subject(answer: &ListAnswer) -> Subject {
    let Subject::Domain(domain) = &answer.subject else {
        return answer.subject.canonical();
    };
    let mut asked = answer.asked.iter().rev();
    let entry = asked.find(|asked| matches!(asked.reading, Reading::Entry(_)));
    let listed = entry.and_then(|entry| {
        let before = entry.name.label_count();
        let before = before.checked_sub(answer.list.zone.label_count())?;
        // Between the name and the zone may stand a key, in whose place the answer has a mask.
        let names = [before, before.saturating_sub(1)].into_iter();
        let mut names = names.filter_map(|count| {
            let labels = entry.name.labels().take(count);
            DomainName::from_labels(labels).ok()
        });
        names.find(|name| !name.is_root() && domain.is_within(name))
    });
    Subject::Domain(listed.unwrap_or_else(|| domain.clone()))
}

/// The page of `subject`: in a path or a query, all but the unreserved characters are encoded (RFC 3986 §2.1, §2.3).
fn fill(page: &str, subject: &Subject) -> String {
    let mut encoded = String::new();
    for octet in subject.to_string().bytes() {
        let unreserved = octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
        if unreserved {
            encoded.push(char::from(octet));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{octet:02X}");
        }
    }
    page.replace("{subject}", &encoded)
}

/// What a person would write into the form.
fn reason(answer: &ListAnswer, listing: &Listing, subject: &Subject) -> String {
    let what = match subject.kind() {
        Kind::Domain => "The domain",
        _ => "The address",
    };
    let (name, zone) = (&answer.list.name, &answer.list.zone);
    let mut text = format!("{what} {subject} is listed on {name} ({zone}) by ");
    for (index, code) in listing.codes.iter().enumerate() {
        let separator = if index > 0 { ", " } else { "" };
        // Writing to a string does not fail.
        let _ = write!(text, "{separator}{code}");
    }
    if let Some(network) = &listing.network {
        let _ = write!(text, ", as {network}");
    }
    text.push('.');
    for said in &listing.text {
        let _ = write!(text, " The list says: \"{said}\".");
    }
    fit_for_form(&text)
}

/// Printable ASCII of bounded length: names and meanings are the catalogue's, which may have any script.
fn fit_for_form(text: &str) -> String {
    let mut fit = String::new();
    for letter in text.chars() {
        let plain = matches!(letter, ' '..='~');
        let escaped = (!plain).then(|| letter.escape_unicode());
        let length = escaped.as_ref().map_or(1, ExactSizeIterator::len);
        if fit.len() + length > MAX_REASON - CUT.len() {
            fit.push_str(CUT);
            break;
        }
        match escaped {
            Some(escaped) => fit.extend(escaped),
            None => fit.push(letter),
        }
    }
    fit
}

fn seconds(hours: u32) -> i64 {
    i64::from(hours) * SECONDS_AN_HOUR
}

/// A time in the words that people use for it, rounded up.
struct Span(i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_whole_hour = self.0 % SECONDS_AN_HOUR == 0;
        let (unit, name) = match self.0 {
            ..3_600 => (60, "minute"),
            3_600..7_200 if !is_whole_hour => (60, "minute"),
            3_600..172_800 => (SECONDS_AN_HOUR, "hour"),
            _ => (24 * SECONDS_AN_HOUR, "day"),
        };
        let number = self.0.max(0).saturating_add(unit - 1) / unit;
        let plural = if number == 1 { "" } else { "s" };
        write!(f, "{number} {name}{plural}")
    }
}
