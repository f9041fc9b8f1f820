//! Answers from zone text, for tests, examples and offline work.

use std::collections::BTreeMap;

use hickory_proto::serialize::txt::Parser;

use crate::{
    Answer, DnssecStatus, DomainName, IndeterminateCause, Lookup, LookupError, LookupErrorKind,
    Negative, NegativeKind, Question, Record, RecordData, RecordType, Response, wire,
};

const INCLUDE: &[u8] = b"$INCLUDE";

/// The longest chain of aliases that is followed; real ones have one to four.
pub(crate) const MAX_ALIASES: usize = 12;

/// A [`Lookup`] that answers from zone text (RFC 1035 §5), and fails where it is told to.
///
/// The world is closed: a name that is not in the text does not exist. Names above one that exists are empty and answer
/// NODATA, wildcards are expanded (RFC 4592), aliases are followed.
///
/// # Examples
///
/// ```
/// use mail_dns::{Lookup, LookupErrorKind, RecordType, StaticLookup};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "good.test.      300 IN SOA ns.good.test. hostmaster.good.test. 1 7200 900 86400 300\n\
///      good.test.      300 IN MX  10 mx1.good.test.\n\
///      mx1.good.test.  300 IN A   192.0.2.10",
/// )?
/// .with_failure("broken.test".parse()?, LookupErrorKind::ServFail);
///
/// let answer = dns.lookup(&"good.test".parse()?, RecordType::MX).await?;
/// assert_eq!(answer.to_string(), "good.test MX: 10 mx1.good.test");
///
/// assert!(dns.lookup(&"nothing.test".parse()?, RecordType::MX).await?.is_nxdomain());
///
/// let error = dns.lookup(&"broken.test".parse()?, RecordType::MX).await.unwrap_err();
/// assert_eq!(error.kind(), LookupErrorKind::ServFail);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct StaticLookup {
    names: BTreeMap<DomainName, BTreeMap<RecordType, Vec<Record>>>,
    failures: BTreeMap<DomainName, LookupErrorKind>,
    /// At the name alone.
    failing_types: BTreeMap<(DomainName, RecordType), LookupErrorKind>,
    /// What is said of the zones' signatures.
    zones: BTreeMap<DomainName, DnssecStatus>,
}

impl StaticLookup {
    /// An empty world: no name exists.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads records in master file format; every name must be absolute or follow an `$ORIGIN`.
    ///
    /// # Errors
    ///
    /// If the text is not in that format; the message says where. `$INCLUDE` is refused wherever it stands: text reads no files.
    pub fn from_zone_text(text: &str) -> Result<Self, ZoneTextError> {
        // The parser beneath would open the file, also behind other directives of the line and with no blank between.
        let included = text.as_bytes().windows(INCLUDE.len());
        if included
            .map(<[u8]>::to_ascii_uppercase)
            .any(|word| word == INCLUDE)
        {
            return Err(ZoneTextError {
                detail: "$INCLUDE is not read, and may not occur".into(),
            });
        }
        let origin = hickory_proto::rr::Name::root();
        let (_, sets) = Parser::new(text, None, Some(origin))
            .parse()
            .map_err(|error| ZoneTextError {
                detail: error.to_string(),
            })?;
        let mut world = Self::new();
        for set in sets.values() {
            for record in set.records_without_rrsigs() {
                let record = wire::record(record).map_err(|error| ZoneTextError {
                    detail: error.to_string(),
                })?;
                world.insert(record);
            }
        }
        Ok(world)
    }

    /// Adds a record.
    pub fn insert(&mut self, record: Record) {
        // Every name above an existing one exists too, with no records (RFC 8020 §2).
        let mut ancestor = record.name.parent();
        while let Some(name) = ancestor {
            ancestor = name.parent();
            self.names.entry(name).or_default();
        }
        let types = self.names.entry(record.name.clone()).or_default();
        types
            .entry(record.data.record_type())
            .or_default()
            .push(record);
    }

    /// Makes every question for `name` and below fail.
    #[must_use]
    pub fn with_failure(mut self, name: DomainName, kind: LookupErrorKind) -> Self {
        self.failures.insert(name, kind);
        self
    }

    /// Makes questions of one type for `name` alone fail.
    #[must_use]
    pub fn with_failing_type(
        mut self,
        name: DomainName,
        record_type: RecordType,
        kind: LookupErrorKind,
    ) -> Self {
        self.failing_types.insert((name, record_type), kind);
        self
    }

    /// Says that what is at `name` and below is signed, and that the signatures are good.
    #[must_use]
    pub fn with_secure_zone(mut self, name: DomainName) -> Self {
        self.zones.insert(name, DnssecStatus::Secure);
        self
    }

    /// Says that what is at `name` and below is proved to be unsigned.
    #[must_use]
    pub fn with_insecure_zone(mut self, name: DomainName) -> Self {
        self.zones.insert(name, DnssecStatus::Insecure);
        self
    }

    fn answer(&self, question: Question) -> Result<Answer, LookupError> {
        let mut aliases = Vec::new();
        let mut name = question.name.clone();
        let mut dnssec = DnssecStatus::Secure;
        loop {
            let failing_type = self
                .failing_types
                .get(&(name.clone(), question.record_type));
            if let Some(kind) = failing_type.or_else(|| nearest(&self.failures, &name)) {
                return Err(LookupError::new(*kind, question));
            }
            let not_asked = DnssecStatus::Indeterminate(IndeterminateCause::NotAsked);
            let status = nearest(&self.zones, &name).copied();
            dnssec = dnssec.weaker(status.unwrap_or(not_asked));
            match self.find(&name, question.record_type) {
                Found::Alias(alias) if aliases.len() < MAX_ALIASES => {
                    if let RecordData::Cname(target) = &alias.data {
                        name = target.clone();
                    }
                    aliases.push(alias);
                }
                Found::Alias(_) => {
                    return Err(LookupError::new(LookupErrorKind::AliasLoop, question));
                }
                Found::Records(records) => {
                    let response = Response::Records(records);
                    return Ok(Answer {
                        aliases,
                        dnssec,
                        ..Answer::unasked(question, response)
                    });
                }
                Found::Nothing(kind) => {
                    let response = Response::Negative(self.denial(&name, kind));
                    return Ok(Answer {
                        aliases,
                        dnssec,
                        ..Answer::unasked(question, response)
                    });
                }
            }
        }
    }

    fn find(&self, name: &DomainName, record_type: RecordType) -> Found {
        let Some(types) = self.names.get(name).or_else(|| self.wildcard(name)) else {
            return Found::Nothing(NegativeKind::NxDomain);
        };
        let owned = |record: &Record| Record::new(name.clone(), record.ttl, record.data.clone());
        if let Some(records) = types.get(&record_type) {
            return Found::Records(records.iter().map(owned).collect());
        }
        match types
            .get(&RecordType::CNAME)
            .and_then(|records| records.first())
        {
            Some(alias) => Found::Alias(owned(alias)),
            None => Found::Nothing(NegativeKind::NoData),
        }
    }

    /// The wildcard that covers a name which does not exist: below its closest existing ancestor (RFC 4592 §3.3.1).
    fn wildcard(&self, name: &DomainName) -> Option<&BTreeMap<RecordType, Vec<Record>>> {
        let mut ancestor = name.parent();
        while let Some(encloser) = ancestor {
            if self.names.contains_key(&encloser) {
                return self.names.get(&encloser.with_prefix("*").ok()?);
            }
            ancestor = encloser.parent();
        }
        None
    }

    fn denial(&self, name: &DomainName, kind: NegativeKind) -> Negative {
        let mut zone = Some(name.clone());
        while let Some(current) = zone {
            let soa = self
                .names
                .get(&current)
                .and_then(|types| types.get(&RecordType::SOA));
            if let Some(Record {
                ttl,
                data: RecordData::Soa { minimum, .. },
                ..
            }) = soa.and_then(|records| records.first())
            {
                return Negative::new(kind, Some(*ttl.min(minimum)), Some(current));
            }
            zone = current.parent();
        }
        Negative::new(kind, None, None)
    }
}

/// What is said of a name, or of the nearest name above it.
fn nearest<'a, T>(table: &'a BTreeMap<DomainName, T>, name: &DomainName) -> Option<&'a T> {
    if table.is_empty() {
        return None;
    }
    let mut name = Some(name.clone());
    while let Some(current) = name {
        if let Some(said) = table.get(&current) {
            return Some(said);
        }
        name = current.parent();
    }
    None
}

enum Found {
    Records(Vec<Record>),
    Alias(Record),
    Nothing(NegativeKind),
}

impl Lookup for StaticLookup {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        self.answer(Question {
            name: name.clone(),
            record_type,
        })
    }
}

/// Why zone text could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected zone text in master file format, found a fault: {detail}")]
pub struct ZoneTextError {
    detail: String,
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// A lookup in memory never waits.
    fn ask(
        world: &StaticLookup,
        name: &str,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        let name = name.parse().expect("a name");
        match pin!(world.lookup(&name, record_type)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("nothing to wait for"),
        }
    }

    fn world() -> StaticLookup {
        StaticLookup::from_zone_text(
            "$ORIGIN example.\n\
             @        3600 IN SOA ns hostmaster 7 7200 900 86400 300\n\
             @        60   IN MX 10 mx\n\
             mx       60   IN A 192.0.2.1\n\
             mx       60   IN A 192.0.2.2\n\
             a.b.deep 60   IN TXT \"one \" \"two\"\n\
             alias    30   IN CNAME mx\n\
             loop1    30   IN CNAME loop2\n\
             loop2    30   IN CNAME loop1\n\
             dangling 30   IN CNAME gone\n\
             *.wild   60   IN A 192.0.2.9\n\
             x.wild   60   IN TXT \"here\"\n\
             _25._tcp.mx 60 IN TLSA 3 1 1 00ff",
        )
        .expect("zone text")
    }

    #[track_caller]
    fn check(name: &str, record_type: RecordType, expected: &str) {
        let shown = match ask(&world(), name, record_type) {
            Ok(answer) => answer.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn records_and_denials() {
        check("example", RecordType::MX, "example MX: 10 mx.example");
        check(
            "mx.example",
            RecordType::A,
            "mx.example A: 192.0.2.1, 192.0.2.2",
        );
        check("mx.example", RecordType::AAAA, "mx.example AAAA: NODATA");
        check("gone.example", RecordType::A, "gone.example A: NXDOMAIN");
        check("elsewhere", RecordType::A, "elsewhere A: NXDOMAIN");
        check("b.deep.example", RecordType::A, "b.deep.example A: NODATA");
        check(
            "_25._tcp.mx.example",
            RecordType::TLSA,
            "_25._tcp.mx.example TLSA: 3 1 1 00ff",
        );
    }

    #[test]
    fn strings_of_one_record_join_with_nothing_between() {
        let answer = ask(&world(), "a.b.deep.example", RecordType::TXT).expect("an answer");
        assert_eq!(answer.texts().collect::<Vec<_>>(), [b"one two".to_vec()]);
    }

    #[test]
    fn aliases_are_followed_and_kept() {
        let answer = ask(&world(), "alias.example", RecordType::A).expect("an answer");
        assert_eq!(answer.addresses().count(), 2);
        assert_eq!(answer.canonical_name().to_string(), "mx.example");
        assert_eq!(answer.ttl(), Some(30), "the alias expires first");

        let answer = ask(&world(), "dangling.example", RecordType::A).expect("an answer");
        assert!(answer.is_nxdomain());
        assert_eq!(answer.canonical_name().to_string(), "gone.example");

        check(
            "loop1.example",
            RecordType::A,
            "a loop of aliases in answer to loop1.example A",
        );
    }

    #[test]
    fn wildcards_cover_only_what_does_not_exist() {
        check(
            "any.wild.example",
            RecordType::A,
            "any.wild.example A: 192.0.2.9",
        );
        check(
            "a.b.wild.example",
            RecordType::A,
            "a.b.wild.example A: 192.0.2.9",
        );
        check("x.wild.example", RecordType::A, "x.wild.example A: NODATA");
        check(
            "a.x.wild.example",
            RecordType::A,
            "a.x.wild.example A: NXDOMAIN",
        );
    }

    #[test]
    fn denials_last_as_long_as_the_zone_says() {
        let answer = ask(&world(), "gone.example", RecordType::A).expect("an answer");
        assert_eq!(
            answer.ttl(),
            Some(300),
            "the minimum, below the SOA's own TTL"
        );
        let zone = answer.negative().and_then(|negative| negative.zone.clone());
        assert_eq!(zone, "example".parse().ok());
    }

    #[test]
    fn failures_are_told_apart_from_absence() {
        let world = world().with_failure(
            "mx.example".parse().expect("a name"),
            LookupErrorKind::Timeout,
        );
        let error = ask(&world, "mx.example", RecordType::A).expect_err("told to fail");
        assert_eq!(error.kind(), LookupErrorKind::Timeout);
        // Through an alias too.
        assert!(ask(&world, "alias.example", RecordType::A).is_err());
        assert!(ask(&world, "example", RecordType::MX).is_ok());
    }

    #[test]
    fn zone_text_reads_no_files() {
        for text in [
            "$INCLUDE /etc/hostname",
            "a. 60 IN A 192.0.2.1\n  $include x",
            "$INCLUDE/etc/hostname",
            "$INCLUDE\"/etc/hostname\"",
            "$INCLUDE\u{a0}/etc/hostname",
            "$TTL 60 $INCLUDE /etc/hostname",
            "$ORIGIN a. $INCLUDE /etc/hostname",
        ] {
            let error = StaticLookup::from_zone_text(text).expect_err("refused");
            assert!(error.to_string().contains("$INCLUDE"), "{error}");
        }
    }

    #[test]
    fn bad_zone_text_says_where() {
        let error =
            StaticLookup::from_zone_text("example. 60 IN A not-an-address").expect_err("bad");
        assert!(error.to_string().contains("found a fault"), "{error}");
    }
}
