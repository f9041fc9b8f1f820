//! Asking for keys at names.

use std::collections::HashSet;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::dkim::selector_names::COMMON;
use crate::dkim::{KeyError, KeyRecord, Provider};
use crate::{Answer, DomainName, Lookup, LookupError, NameError, Octets, RecordType};

/// How many questions of one discovery are under way at a time.
const AT_A_TIME: usize = 16;

/// Asks for the key of one selector (RFC 6376 §3.6.2.1). A CNAME on the way is followed: providers host keys so.
pub async fn selector(lookup: &impl Lookup, domain: &DomainName, selector: &str) -> Selector {
    let mut asked = Selector {
        selector: selector.to_owned(),
        name: None,
        answer: None,
        found: Found::Nothing,
    };
    let name = match key_name(domain, selector) {
        Ok(name) => name,
        Err(error) => {
            asked.found = Found::NotAskable(error);
            return asked;
        }
    };
    match lookup.lookup(&name, RecordType::TXT).await {
        Ok(answer) => {
            asked.found = Found::of(&answer);
            asked.answer = Some(answer);
        }
        Err(error) => asked.found = Found::Unknown(error),
    }
    asked.name = Some(name);
    asked
}

/// `<selector>._domainkey.<domain>`; the selector is one label or more (RFC 6376 §3.1).
fn key_name(domain: &DomainName, selector: &str) -> Result<DomainName, NameError> {
    let selector: DomainName = selector.parse()?;
    if selector.is_root() {
        return Err(NameError::empty());
    }
    let zone = domain.with_prefix("_domainkey")?;
    DomainName::from_labels(selector.labels().chain(zone.labels()))
}

/// A selector that was asked for, and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Selector {
    /// The selector.
    pub selector: String,
    /// The name asked for; `None` if there can be no such name.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub name: Option<DomainName>,
    /// The answer; `None` if there is none that settles anything.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub answer: Option<Answer>,
    /// What is there.
    pub found: Found,
}

impl Selector {
    /// The name that the selector is an alias of (CNAME), if it is one.
    #[must_use]
    pub fn delegated_to(&self) -> Option<&DomainName> {
        let answer = self
            .answer
            .as_ref()
            .filter(|answer| !answer.aliases.is_empty());
        answer.map(Answer::canonical_name)
    }
}

/// What is at a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Found {
    /// One key record, whatever its key is worth.
    Key(Box<KeyRecord>),
    /// One record that claims to hold a key, but that verifiers have to ignore.
    #[non_exhaustive]
    Invalid {
        /// The record.
        text: Octets,
        /// Why.
        error: KeyError,
    },
    /// Several records: what a verifier does is undefined (RFC 6376 §3.6.2.2).
    #[non_exhaustive]
    Several {
        /// The records, in the order of the answer, which carries no meaning.
        texts: Vec<Octets>,
        /// The key that they make when joined, if they make one: somebody has split a long key into records, where it
        /// should have been split into the strings of one record.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        joined: Option<Box<KeyRecord>>,
    },
    /// TXT records that do not claim to hold a key.
    #[non_exhaustive]
    OtherText {
        /// The records.
        texts: Vec<Octets>,
    },
    /// Nothing.
    Nothing,
    /// There can be no such name, and so nothing at it.
    NotAskable(NameError),
    /// Could not tell.
    Unknown(LookupError),
}

impl Found {
    fn of(answer: &Answer) -> Self {
        let texts: Vec<Octets> = answer.texts().map(Octets::from).collect();
        let claims = |text: &Octets| KeyRecord::is_claimed_by(text.as_bytes());
        match texts.as_slice() {
            [] => Self::Nothing,
            texts if !texts.iter().any(claims) => {
                // With the quoting of a zone file in it, a record does not even look like one.
                match texts {
                    [text] if looks_like_key(text) => Self::one(text),
                    _ => Self::OtherText {
                        texts: texts.to_vec(),
                    },
                }
            }
            [text] => Self::one(text),
            texts => Self::Several {
                joined: joined(texts),
                texts: texts.to_vec(),
            },
        }
    }

    fn one(text: &Octets) -> Self {
        match KeyRecord::parse(text.as_bytes()) {
            Ok(record) => Self::Key(Box::new(record)),
            Err(error) => Self::Invalid {
                text: text.clone(),
                error,
            },
        }
    }

    /// The key record, if there is exactly one.
    #[must_use]
    pub fn key(&self) -> Option<&KeyRecord> {
        match self {
            Self::Key(record) => Some(record),
            _ => None,
        }
    }

    /// What was published: equal at two names if one record answers for both.
    fn data(&self) -> Vec<&Octets> {
        let mut data: Vec<_> = match self {
            Self::Key(record) => vec![&record.text],
            Self::Invalid { text, .. } => vec![text],
            Self::Several { texts, .. } | Self::OtherText { texts } => texts.iter().collect(),
            Self::Nothing | Self::NotAskable(_) | Self::Unknown(_) => Vec::new(),
        };
        data.sort();
        data
    }
}

fn looks_like_key(text: &Octets) -> bool {
    let text = text.as_bytes();
    text.windows(7).any(|window| window == b"v=DKIM1")
}

/// The records joined so that the one with the version comes first.
fn joined(texts: &[Octets]) -> Option<Box<KeyRecord>> {
    // Two pieces have two orders; more are not puzzled together.
    let [one, other] = texts else { return None };
    let whole = |one: &Octets, other: &Octets| {
        let record = KeyRecord::parse(&[one.as_bytes(), other.as_bytes()].concat()).ok()?;
        record.unusable().is_none().then(|| Box::new(record))
    };
    let stands_alone = |text: &Octets| {
        KeyRecord::parse(text.as_bytes()).is_ok_and(|record| record.unusable().is_none())
    };
    if stands_alone(one) || stands_alone(other) {
        return None;
    }
    whole(one, other).or_else(|| whole(other, one))
}

/// Which selectors to try, each once, in order.
///
/// # Examples
///
/// ```
/// use mail_dns::DomainName;
/// use mail_dns::dkim::Candidates;
///
/// let exchange: DomainName = "good-test.mail.protection.outlook.com".parse()?;
/// let candidates = Candidates::given(["s2026"]).with_providers_of([&exchange]).with_common();
/// let names: Vec<_> = candidates.iter().take(4).collect();
/// assert_eq!(names, ["s2026", "selector1", "selector2", "default"]);
/// # Ok::<(), mail_dns::NameError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    selectors: Vec<String>,
    seen: HashSet<String>,
}

impl Candidates {
    /// Those that somebody knows: from the header of a message (`s=`), from aggregate reports, from the owner.
    #[must_use]
    pub fn given<S: Into<String>>(selectors: impl IntoIterator<Item = S>) -> Self {
        Self::default().with(selectors)
    }

    /// And these.
    #[must_use]
    pub fn with<S: Into<String>>(mut self, selectors: impl IntoIterator<Item = S>) -> Self {
        for selector in selectors {
            let selector: String = selector.into();
            if self.seen.insert(selector.to_ascii_lowercase()) {
                self.selectors.push(selector);
            }
        }
        self
    }

    /// And those of the providers that these names belong to: hosts of MX records, targets of SPF includes.
    #[must_use]
    pub fn with_providers_of<'a>(self, names: impl IntoIterator<Item = &'a DomainName>) -> Self {
        let providers = Provider::of(names).into_iter();
        self.with(providers.flat_map(|provider| provider.selectors).copied())
    }

    /// And those that many choose.
    #[must_use]
    pub fn with_common(self) -> Self {
        self.with(COMMON.iter().copied())
    }

    /// The selectors, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.selectors.iter().map(String::as_str)
    }
}

/// Tries the candidates, and `control`: a label that nobody has chosen, such as twenty random letters.
///
/// If the control finds something, a wildcard answers there, and a candidate that finds the same is no key of its own.
/// The caller makes the control up, since this crate has no randomness.
///
/// # Examples
///
/// ```
/// use mail_dns::StaticLookup;
/// use mail_dns::dkim::{Candidates, Discovered, discover};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text("*._domainkey.wild.test. 300 IN TXT \"v=DKIM1; p=\"")?;
/// let candidates = Candidates::default().with_common();
/// let discovery = discover(&dns, &"wild.test".parse()?, &candidates, "kwzqrtnbvmxhgfds").await;
/// assert!(discovery.has_wildcard());
/// assert_eq!(discovery.outcome(), Discovered::NotFound { tried: candidates.iter().len() });
/// # Ok(())
/// # }
/// ```
pub async fn discover(
    lookup: &impl Lookup,
    domain: &DomainName,
    candidates: &Candidates,
    control: &str,
) -> Discovery {
    let names = std::iter::once(control).chain(candidates.iter());
    // In order, so that the control is the first.
    let mut asked = stream::iter(names)
        .map(|name| selector(lookup, domain, name))
        .buffered(AT_A_TIME);
    let control = match asked.next().await {
        Some(control) => control,
        None => selector(lookup, domain, control).await,
    };
    Discovery {
        domain: domain.clone(),
        control,
        selectors: asked.collect().await,
    }
}

/// What came of trying selectors.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Discovery {
    /// The domain.
    pub domain: DomainName,
    /// What is at a name that nobody has chosen.
    pub control: Selector,
    /// What is at the candidates, in order.
    pub selectors: Vec<Selector>,
}

impl Discovery {
    /// Whether a wildcard answers for selectors that nobody has chosen.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        !self.control.found.data().is_empty()
    }

    /// The selectors that hold something of their own: a key, or what is left of one.
    pub fn hits(&self) -> impl Iterator<Item = &Selector> {
        let wildcard = self.control.found.data();
        self.selectors.iter().filter(move |selector| {
            let data = selector.found.data();
            !data.is_empty()
                && data != wildcard
                && !matches!(selector.found, Found::OtherText { .. })
        })
    }

    /// The selectors that are aliases of names with nothing at them: a provider's key that is gone, or not yet there.
    pub fn dangling(&self) -> impl Iterator<Item = &Selector> {
        let dangling = |selector: &&Selector| {
            selector.delegated_to().is_some() && selector.found == Found::Nothing
        };
        self.selectors.iter().filter(dangling)
    }

    /// The selectors of which nothing could be learned.
    pub fn unknown(&self) -> impl Iterator<Item = &Selector> {
        let unknown = |selector: &&Selector| matches!(selector.found, Found::Unknown(_));
        self.selectors.iter().filter(unknown)
    }

    /// In one word. It is never *the domain has no DKIM*: the DNS has no list of selectors.
    #[must_use]
    pub fn outcome(&self) -> Discovered {
        let hits = self.hits().count();
        let unknown = self.unknown().count();
        let askable = |selector: &&Selector| selector.name.is_some();
        let tried = self.selectors.iter().filter(askable).count();
        // Whether what was found is more than a wildcard's is then not known.
        let blind = matches!(self.control.found, Found::Unknown(_) | Found::NotAskable(_));
        match (hits, unknown) {
            (0, 0) => Discovered::NotFound { tried },
            (0, _) => Discovered::Undecidable { tried, unknown },
            _ if blind => Discovered::Undecidable { tried, unknown },
            _ => Discovered::Found { hits },
        }
    }
}

/// The outcome of a [`Discovery`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "found, not found, could not tell")]
pub enum Discovered {
    /// Some candidates hold a key, or what is left of one.
    Found {
        /// How many.
        hits: usize,
    },
    /// None of the candidates does. There may be others.
    NotFound {
        /// How many could be asked for.
        tried: usize,
    },
    /// Some could not be asked, and no other holds anything; or some hold something and the control could not be asked.
    Undecidable {
        /// How many were tried.
        tried: usize,
        /// How many of them could not be asked.
        unknown: usize,
    },
}
