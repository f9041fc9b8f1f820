//! CAA: which authorities may issue certificates for a name (RFC 8659), and for mail addresses of a domain (RFC 9495).

use std::fmt;

use crate::{Answer, DomainName, Lookup, LookupError, Octets, RecordData, RecordType};

/// The flag that makes a property critical (RFC 8659 §4.1).
const CRITICAL: u8 = 0x80;

/// Finds the CAA records that hold for `name`: its own, or those of the nearest domain above that has any (RFC 8659 §3).
///
/// Aliases are followed at each step, and the climb is on the name itself. One question for each label at most; it ends at the first failure,
/// since the records that could not be had might be the ones.
///
/// # Examples
///
/// ```
/// use mail_dns::{Issuance, Permission, StaticLookup, caa};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "good.test. 300 IN CAA 0 issue \"ca.example\"\n\
///      good.test. 300 IN CAA 0 issuemail \";\"",
/// )?;
/// let found = caa(&dns, &"mx1.good.test".parse()?).await;
/// assert_eq!(found.permission(Issuance::Host), Permission::Only(vec!["ca.example".parse()?]));
/// assert_eq!(found.permission(Issuance::Mail), Permission::Nobody);
/// # Ok(())
/// # }
/// ```
pub async fn caa(lookup: &impl Lookup, name: &DomainName) -> CaaSet {
    let mut steps = Vec::new();
    // For `*.example.com` it begins at `example.com` (RFC 8659 §3).
    let is_wildcard = name.labels().next() == Some(b"*".as_slice());
    let mut next = if is_wildcard {
        name.parent()
    } else {
        Some(name.clone())
    };
    while let Some(name) = next.filter(|name| !name.is_root()) {
        next = name.parent();
        let answer = lookup.lookup(&name, RecordType::CAA).await;
        let goes_on = answer
            .as_ref()
            .is_ok_and(|answer| answer.records().is_empty());
        steps.push(CaaStep { name, answer });
        if !goes_on {
            break;
        }
    }
    CaaSet { steps }
}

/// The CAA records that hold for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CaaSet {
    /// The names asked for, from the name itself upwards, and what came back; the last one has records, or failed, or is the
    /// top-level domain.
    pub steps: Vec<CaaStep>,
}

/// A name that was asked for its CAA records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CaaStep {
    /// The name.
    pub name: DomainName,
    /// What came back.
    pub answer: Result<Answer, LookupError>,
}

impl CaaSet {
    /// The failure that leaves it open what holds.
    #[must_use]
    pub fn failure(&self) -> Option<&LookupError> {
        self.steps
            .iter()
            .find_map(|step| step.answer.as_ref().err())
    }

    /// The domain whose records hold, if any does.
    #[must_use]
    pub fn domain(&self) -> Option<&DomainName> {
        let has_records = |answer: &Answer| !answer.records().is_empty();
        let step = self
            .steps
            .iter()
            .find(|step| step.answer.as_ref().is_ok_and(has_records));
        step.map(|step| &step.name)
    }

    /// The answer with the records that hold, if any does.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        let answers = self
            .steps
            .iter()
            .filter_map(|step| step.answer.as_ref().ok());
        answers
            .into_iter()
            .find(|answer| !answer.records().is_empty())
    }

    /// The properties that hold.
    pub fn properties(&self) -> impl Iterator<Item = CaaProperty> + '_ {
        let answers = self
            .steps
            .iter()
            .filter_map(|step| step.answer.as_ref().ok());
        answers
            .flat_map(Answer::records)
            .filter_map(|record| CaaProperty::of(&record.data))
    }

    /// Who may issue.
    #[must_use]
    pub fn permission(&self, issuance: Issuance) -> Permission {
        if let Some(error) = self.failure() {
            return Permission::Unknown(error.clone());
        }
        let properties: Vec<_> = self.properties().collect();
        // An unknown property that is critical keeps everybody from issuing (RFC 8659 §4.1, §4.5).
        if let Some(property) = properties.iter().find(|property| property.blocks()) {
            return Permission::Blocked {
                tag: property.tag.clone(),
            };
        }
        let of = |tag: &str| {
            let found = properties.iter().filter(|property| property.tag == tag);
            found.cloned().collect::<Vec<_>>()
        };
        let relevant = match issuance {
            Issuance::Host => of("issue"),
            // `issuewild`, if there is any, replaces `issue` (§4.3).
            Issuance::Wildcard => {
                let wild = of("issuewild");
                if wild.is_empty() { of("issue") } else { wild }
            }
            // `issue` does not restrict certificates for mail (RFC 9495 §4).
            Issuance::Mail => of("issuemail"),
            Issuance::Mark => of("issuevmc"),
        };
        if relevant.is_empty() {
            return Permission::Anybody;
        }
        let mut issuers: Vec<_> = relevant
            .into_iter()
            .filter(CaaProperty::is_satisfiable)
            .filter_map(|property| property.issuer)
            .collect();
        issuers.sort();
        issuers.dedup();
        // Properties add up; those without an issuer add nothing (§4.2).
        if issuers.is_empty() {
            Permission::Nobody
        } else {
            Permission::Only(issuers)
        }
    }
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Issuance {
    /// The name of a host.
    Host,
    /// All names one label below it: `*.example.com`.
    Wildcard,
    /// Mail addresses of the domain (S/MIME).
    Mail,
    /// The logo of the domain, for BIMI: `issuevmc` of the mark certificates' guidelines.
    Mark,
}

/// Who may issue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "the cases of RFC 8659 §3 and §4, and a failure"
)]
pub enum Permission {
    /// Nobody is kept from it.
    Anybody,
    /// Only these authorities.
    Only(Vec<DomainName>),
    /// No authority.
    Nobody,
    /// No authority, because of a critical property that none knows.
    Blocked {
        /// Its tag.
        tag: String,
    },
    /// Could not tell.
    Unknown(LookupError),
}

/// A property of a CAA record (RFC 8659 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CaaProperty {
    /// Whether an authority that does not know the tag must not issue.
    pub critical: bool,
    /// The tag, in lower case.
    pub tag: String,
    /// The value as it came.
    pub value: Octets,
    /// The issuer in the value of `issue`, `issuewild` and `issuemail`; `None` for *nobody*, and for a value against the grammar, which
    /// counts as nobody (RFC 8659 §4.2).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub issuer: Option<DomainName>,
    /// The parameters behind the issuer, such as `accounturi` and `validationmethods` (RFC 8657).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub parameters: Vec<(String, String)>,
    /// Whether the value is against the grammar of its tag.
    pub malformed: bool,
}

impl CaaProperty {
    /// The property in the data of a CAA record; `None` for other data.
    #[must_use]
    pub fn of(data: &RecordData) -> Option<Self> {
        let RecordData::Caa { flags, tag, value } = data else {
            return None;
        };
        let tag = tag.to_ascii_lowercase();
        let mut property = Self {
            critical: flags & CRITICAL != 0,
            value: value.as_slice().into(),
            issuer: None,
            parameters: Vec::new(),
            malformed: false,
            tag,
        };
        if matches!(
            property.tag.as_str(),
            "issue" | "issuewild" | "issuemail" | "issuevmc"
        ) {
            match issue_value(value) {
                Some((issuer, parameters)) => {
                    (property.issuer, property.parameters) = (issuer, parameters);
                }
                None => property.malformed = true,
            }
        }
        Some(property)
    }

    /// Whether the tag is known here: those of RFC 8659 and RFC 9495, and of the CA/Browser Forum and mark certificates.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let known = [
            "issue",
            "issuewild",
            "issuemail",
            "issuevmc",
            "iodef",
            "contactemail",
            "contactphone",
        ];
        known.contains(&self.tag.as_str())
    }

    /// Whether an authority can meet it: two account URIs are one too many (RFC 8657 §3).
    #[must_use]
    pub fn is_satisfiable(&self) -> bool {
        let accounts = self
            .parameters
            .iter()
            .filter(|(tag, _)| tag == "accounturi");
        accounts.count() <= 1
    }

    fn blocks(&self) -> bool {
        self.critical && !self.is_known()
    }
}

impl fmt::Display for CaaProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let critical = if self.critical { "critical " } else { "" };
        let value = self.value.to_string().replace('"', r#"\""#);
        write!(f, "{critical}{} \"{value}\"", self.tag.escape_debug())
    }
}

type IssueValue = (Option<DomainName>, Vec<(String, String)>);

/// ```text
/// issue-value = *WSP [issuer-domain-name *WSP] [";" *WSP [parameters *WSP]]
/// parameters  = (parameter *WSP ";" *WSP parameters) / parameter
/// ```
fn issue_value(value: &[u8]) -> Option<IssueValue> {
    let text = str::from_utf8(value).ok().filter(|text| text.is_ascii())?;
    let blank = [' ', '\t'];
    let (issuer, rest) = match text.split_once(';') {
        Some((issuer, rest)) => (issuer, rest.trim_matches(blank)),
        None => (text, ""),
    };
    let issuer = match issuer.trim_matches(blank) {
        "" => None,
        name => Some(issuer_name(name)?),
    };
    let mut parameters = Vec::new();
    if !rest.is_empty() {
        for parameter in rest.split(';') {
            let (tag, value) = parameter.trim_matches(blank).split_once('=')?;
            let (tag, value) = (tag.trim_matches(blank), value.trim_matches(blank));
            if !is_label(tag) || !value.bytes().all(|octet| octet.is_ascii_graphic()) {
                return None;
            }
            parameters.push((tag.to_ascii_lowercase(), value.to_owned()));
        }
    }
    Some((issuer, parameters))
}

/// `issuer-domain-name = label *("." label)`.
fn issuer_name(text: &str) -> Option<DomainName> {
    if !text.split('.').all(is_label) {
        return None;
    }
    text.parse().ok()
}

/// `label = (ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT))`; tags of parameters have the same form.
fn is_label(text: &str) -> bool {
    let end = |octet: Option<u8>| octet.is_some_and(|octet| octet.is_ascii_alphanumeric());
    end(text.bytes().next())
        && end(text.bytes().last())
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use proptest::prelude::*;

    use super::*;
    use crate::{LookupErrorKind, StaticLookup};

    fn find(zone: &str, broken: &str) -> CaaSet {
        let dns = StaticLookup::from_zone_text(zone)
            .expect("zone text")
            .with_failure(name(broken), LookupErrorKind::ServFail);
        match pin!(caa(&dns, &name("mx.d.test"))).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(found) => found,
            Poll::Pending => panic!("memory does not wait"),
        }
    }

    fn name(text: &str) -> DomainName {
        text.parse().expect("a name")
    }

    #[track_caller]
    fn check(zone: &str, issuance: Issuance, expected: &Permission) {
        assert_eq!(find(zone, "other.test").permission(issuance), *expected);
    }

    fn only(names: &[&str]) -> Permission {
        Permission::Only(names.iter().copied().map(name).collect())
    }

    #[test]
    fn item_76_the_nearest_records_hold() {
        let zone = "d.test. 60 IN CAA 0 issue \"near.test\"\ntest. 60 IN CAA 0 issue \"far.test\"";
        check(zone, Issuance::Host, &only(&["near.test"]));
        let found = find(zone, "other.test");
        assert_eq!(
            (found.domain(), found.steps.len()),
            (Some(&name("d.test")), 2)
        );
        check(
            "test. 60 IN CAA 0 issue \"far.test\"",
            Issuance::Host,
            &only(&["far.test"]),
        );
        check(
            "x.test. 60 IN A 192.0.2.1",
            Issuance::Host,
            &Permission::Anybody,
        );
        // A set without a restriction ends the climb all the same.
        let iodef =
            "d.test. 60 IN CAA 0 iodef \"mailto:a@d.test\"\ntest. 60 IN CAA 0 issue \"far.test\"";
        check(iodef, Issuance::Host, &Permission::Anybody);
        // An alias is followed, and the climb stays on the name.
        let alias = "mx.d.test. 60 IN CNAME h.p.test.\nh.p.test. 60 IN A 192.0.2.1\np.test. 60 IN CAA 0 issue \"p.test\"\n\
                     d.test. 60 IN CAA 0 issue \"d.test\"";
        check(alias, Issuance::Host, &only(&["d.test"]));
    }

    #[test]
    fn item_76_issue_issuewild_and_issuemail_are_three_things() {
        let zone = "d.test. 60 IN CAA 0 issue \"a.test\"\nd.test. 60 IN CAA 0 ISSUE \"b.test; accounturi=https://b.test/1; validationmethods=dns-01\"\n\
                    d.test. 60 IN CAA 0 issuewild \";\"";
        check(zone, Issuance::Host, &only(&["a.test", "b.test"]));
        check(zone, Issuance::Wildcard, &Permission::Nobody);
        check(zone, Issuance::Mail, &Permission::Anybody);
        check(
            "d.test. 60 IN CAA 0 issue \"a.test\"",
            Issuance::Wildcard,
            &only(&["a.test"]),
        );
        check(
            "d.test. 60 IN CAA 0 issuemail \"a.test\"",
            Issuance::Host,
            &Permission::Anybody,
        );
        let properties: Vec<_> = find(zone, "other.test").properties().collect();
        let with = properties
            .iter()
            .find(|property| !property.parameters.is_empty())
            .expect("parameters");
        assert_eq!(
            with.parameters[1],
            ("validationmethods".into(), "dns-01".into())
        );
    }

    #[test]
    fn item_76_an_unknown_critical_property_blocks() {
        let blocked = Permission::Blocked { tag: "tbs".into() };
        check(
            "d.test. 60 IN CAA 128 tbs \"x\"\nd.test. 60 IN CAA 0 issue \"a.test\"",
            Issuance::Host,
            &blocked,
        );
        check(
            "d.test. 60 IN CAA 0 tbs \"x\"",
            Issuance::Host,
            &Permission::Anybody,
        );
        for tag in [
            "issuewild",
            "issuemail",
            "issuevmc",
            "iodef",
            "contactemail",
            "contactphone",
        ] {
            let zone = format!("d.test. 60 IN CAA 128 {tag} \";\"");
            check(&zone, Issuance::Host, &Permission::Anybody);
        }
        check(
            "d.test. 60 IN CAA 1 tbs \"x\"",
            Issuance::Host,
            &Permission::Anybody,
        );
        check(
            "d.test. 60 IN CAA 128 issue \"a.test\"",
            Issuance::Host,
            &only(&["a.test"]),
        );
    }

    #[test]
    fn a_property_with_two_accounts_lets_nobody_issue() {
        let two = "d.test. 60 IN CAA 0 issue \"a.test; accounturi=https://a.test/1; accounturi=https://a.test/2\"";
        check(two, Issuance::Host, &Permission::Nobody);
        check(
            "d.test. 60 IN CAA 0 issuevmc \"v.test\"",
            Issuance::Mark,
            &only(&["v.test"]),
        );
    }

    #[test]
    fn the_climb_begins_above_a_wildcard_and_ends_below_the_root() {
        let dns = StaticLookup::from_zone_text("d.test. 60 IN A 192.0.2.1").expect("zone text");
        let asked = match pin!(caa(&dns, &name("*.d.test")))
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(found) => found.steps,
            Poll::Pending => panic!("memory does not wait"),
        };
        let names: Vec<_> = asked.iter().map(|step| step.name.to_string()).collect();
        assert_eq!(names, ["d.test", "test"]);
    }

    #[test]
    fn item_3_a_failure_leaves_it_open() {
        let zone = "d.test. 60 IN CAA 0 issue \"a.test\"";
        for broken in ["mx.d.test", "d.test"] {
            let found = find(zone, broken);
            assert!(found.failure().is_some());
            assert!(
                matches!(found.permission(Issuance::Host), Permission::Unknown(_)),
                "{broken}"
            );
        }
        assert!(matches!(
            find(zone, "test").permission(Issuance::Host),
            Permission::Unknown(_)
        ));
    }

    #[test]
    fn values_against_the_grammar_count_as_nobody() {
        let value = |value: &str| issue_value(value.as_bytes());
        assert_eq!(value(""), Some((None, vec![])));
        assert_eq!(value(" ; "), Some((None, vec![])));
        assert_eq!(value("ca.test;"), Some((Some(name("ca.test")), vec![])));
        assert_eq!(
            value("ca.test; a=;B = 1"),
            Some((
                Some(name("ca.test")),
                vec![("a".into(), "".into()), ("b".into(), "1".into())]
            ))
        );
        for bad in [
            "ca_x.test",
            "ca.test a",
            "ca.test; a=b;",
            "ca.test; a",
            "-ca.test",
            "ca..test",
            "\u{e9}.test",
            "%%%%",
        ] {
            assert_eq!(value(bad), None, "{bad}");
        }
        check(
            "d.test. 60 IN CAA 0 issue \"%%%%\"",
            Issuance::Host,
            &Permission::Nobody,
        );
        check(
            "d.test. 60 IN CAA 0 issue \"%%%%\"\nd.test. 60 IN CAA 0 issue \"a.test\"",
            Issuance::Host,
            &only(&["a.test"]),
        );
    }

    proptest! {
        #[test]
        fn no_octets_panic(value: Vec<u8>) {
            let _ = issue_value(&value);
        }
    }
}
