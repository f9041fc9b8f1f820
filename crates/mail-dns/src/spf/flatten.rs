//! A record without terms that ask, as long as it holds.

use std::fmt;

use crate::Answer;
use crate::spf::explain::{Explained, Opacity, Reach, RecordNode};
use crate::spf::{ModifierKind, Qualifier, Record};

/// A record that lets the same addresses send and asks nobody, made from what the DNS says now.
///
/// It is out of date as soon as one of the providers changes an address: who publishes it has to make it anew within
/// [`ttl`](Self::ttl) seconds, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Flattened {
    /// The record.
    pub text: String,
    /// The strings of at most 255 octets to publish it as, in one TXT record.
    pub strings: Vec<String>,
    /// For how many seconds what it was made from holds, the records themselves among it; `None` if it was made from no answer.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ttl: Option<u32>,
    /// The modifiers of the record that have no place in it, such as `exp`: put them at the end if they are still wanted.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub left_out: Vec<String>,
}

/// Why there is no flattened form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NotFlattenable {
    /// There is no record, or something in its tree is an error or could not be asked.
    Broken,
    /// A term hangs on the client.
    Client,
    /// Not only `all` has another qualifier than *pass*, so addresses alone do not tell the results.
    Qualifiers,
    /// It would be too long for a TXT record.
    #[non_exhaustive]
    TooLong {
        /// How long.
        octets: usize,
    },
}

impl fmt::Display for NotFlattenable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken => "something that the record hangs on is missing, wrong or unknown",
            Self::Client => "a term hangs on the client",
            Self::Qualifiers => "a term other than all has another qualifier than pass",
            Self::TooLong { octets } => {
                return write!(f, "a TXT record cannot hold its {octets} octets");
            }
        })
    }
}

impl std::error::Error for NotFlattenable {}

impl Explained {
    /// The same with networks alone.
    ///
    /// # Errors
    ///
    /// If networks alone cannot say the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use mail_dns::StaticLookup;
    /// use mail_dns::spf;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dns = StaticLookup::from_zone_text(
    ///     "good.test.   300 IN TXT \"v=spf1 a include:_spf.p.test -all\"\n\
    ///      good.test.   60  IN A   192.0.2.1\n\
    ///      _spf.p.test. 300 IN TXT \"v=spf1 ip4:192.0.2.0 ip4:198.51.100.0/24 ~all\"",
    /// )?;
    /// let flattened = spf::explain(&dns, &"good.test".parse()?).await.flattened()?;
    /// assert_eq!(flattened.text, "v=spf1 ip4:192.0.2.0/31 ip4:198.51.100.0/24 -all");
    /// assert_eq!(flattened.ttl, Some(60));
    /// # Ok(())
    /// # }
    /// ```
    pub fn flattened(&self) -> Result<Flattened, NotFlattenable> {
        if !self.erroneous.is_empty() {
            return Err(NotFlattenable::Broken);
        }
        if self.opacity != Opacity::default() {
            return Err(NotFlattenable::Client);
        }
        let ending = ending(&self.root)?;
        let mut text = "v=spf1".to_owned();
        if ending != Some(Qualifier::Pass) {
            for network in self.authorized.networks() {
                let name = if network.address.is_ipv4() {
                    "ip4"
                } else {
                    "ip6"
                };
                text += &format!(" {name}:{network}");
            }
        }
        match ending {
            Some(qualifier) => text += &format!(" {qualifier}all"),
            None => text += " ?all",
        }
        if text.len() > MAX_TEXT {
            return Err(NotFlattenable::TooLong { octets: text.len() });
        }
        let nodes = self.root.walk();
        let records = nodes
            .iter()
            .filter_map(|node| node.answer.as_ref().and_then(Answer::ttl));
        let terms = nodes
            .iter()
            .flat_map(|node| node.terms.iter().filter_map(|term| term.ttl));
        let modifiers = self.root.record().into_iter().flat_map(Record::modifiers);
        let lost =
            modifiers.filter(|modifier| !matches!(modifier.kind, ModifierKind::Redirect { .. }));
        Ok(Flattened {
            strings: strings(&text),
            ttl: records.chain(terms).min(),
            left_out: lost.map(ToString::to_string).collect(),
            text,
        })
    }
}

/// What one TXT record can hold in strings of 255 octets, within the 65,535 of its data.
const MAX_TEXT: usize = 65_000;

/// The qualifier of the `all` that decides about everybody else.
fn ending(node: &RecordNode) -> Result<Option<Qualifier>, NotFlattenable> {
    for term in &node.terms {
        match (&term.reach, term.qualifier) {
            (Reach::All, qualifier) => return Ok(qualifier),
            (_, Some(Qualifier::Pass)) => {}
            (_, Some(_)) => return Err(NotFlattenable::Qualifiers),
            (_, None) => {
                return term
                    .child
                    .as_deref()
                    .map_or(Err(NotFlattenable::Broken), ending);
            }
        }
    }
    Ok(None)
}

/// Cut before a space where there is one, so that a person can read the strings.
fn strings(text: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut current = String::new();
    for (index, word) in text.split(' ').enumerate() {
        let space = if index == 0 { "" } else { " " };
        if current.len() + space.len() + word.len() > 255 {
            strings.push(std::mem::take(&mut current));
        }
        current += space;
        current += word;
    }
    strings.push(current);
    strings
}
