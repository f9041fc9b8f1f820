//! The conformance suite of RFC 7208 that the SPF community keeps (openspf, release 2014.04 and later).
//!
//! It is not part of this repository. `MAILCHECK_CONFORMANCE` names the folder that holds `spf-rfc7208/`; without the
//! variable, `shared/conformance` beside the workspace is looked at. Where there is no suite, the test says so and passes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mail_dns::spf::{Query, check_host};
use mail_dns::{
    Answer, CharacterStrings, DomainName, Lookup, LookupError, LookupErrorKind, Negative,
    NegativeKind, Question, Record, RecordData, RecordType, Response,
};
use yaml_rust2::{Yaml, YamlLoader};

/// More than any scenario needs.
const MAX_ALIASES: usize = 8;

#[tokio::test]
async fn rfc7208() {
    let Some(text) = suite() else {
        println!("rfc7208: no suite found, nothing tested");
        return;
    };
    let scenarios = YamlLoader::load_from_str(&text).expect("the suite is YAML");
    let (mut passed, mut total) = (0, 0);
    let mut failures = Vec::new();
    for scenario in &scenarios {
        let zone = Zone::read(&scenario["zonedata"]);
        let tests = scenario["tests"].as_hash().expect("tests");
        let before = failures.len();
        for (name, test) in tests {
            if let Err(failure) = run(&zone, test).await {
                failures.push(format!("{}: {failure}", name.as_str().expect("a name")));
            }
        }
        let right = tests.len() - (failures.len() - before);
        let description = scenario["description"].as_str().expect("a description");
        println!("{description}: {right} of {}", tests.len());
        passed += right;
        total += tests.len();
    }
    println!("rfc7208: {passed} of {total}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(total > 0, "a suite without tests");
}

fn suite() -> Option<String> {
    let folder = std::env::var_os("MAILCHECK_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    std::fs::read_to_string(folder.join("spf-rfc7208/rfc7208-tests.yml")).ok()
}

async fn run(zone: &Zone, test: &Yaml) -> Result<(), String> {
    let text = |key: &str| test[key].as_str().unwrap_or_default().to_owned();
    let ip = text("host").parse().expect("an address");
    let query = Query::mail_from(ip, &text("mailfrom"), &text("helo"));
    let evaluation = check_host(zone, &query).await;

    // Several results are acceptable where the RFC leaves a choice.
    let expected = strings(&test["result"]);
    let found = evaluation.result.to_string();
    if !expected.contains(&found) {
        return Err(format!("expected {expected:?}, found {evaluation:?}"));
    }
    // DEFAULT is the receiver's own text: the domain gave none. Hexadecimal digits may be in either case.
    let expected = match test["explanation"].as_str() {
        None => return Ok(()),
        Some("DEFAULT") => None,
        Some(text) => Some(text.to_ascii_lowercase()),
    };
    let found = evaluation
        .explanation
        .as_ref()
        .map(|text| text.to_ascii_lowercase());
    if expected == found {
        Ok(())
    } else {
        Err(format!("expected {expected:?}, found {evaluation:?}"))
    }
}

fn strings(value: &Yaml) -> Vec<String> {
    match value {
        Yaml::Array(values) => values.iter().flat_map(strings).collect(),
        Yaml::String(text) => vec![text.clone()],
        other => panic!("expected text, found {other:?}"),
    }
}

/// The DNS of one scenario.
#[derive(Default)]
struct Zone {
    names: BTreeMap<DomainName, Owner>,
}

#[derive(Default)]
struct Owner {
    data: Vec<RecordData>,
    /// What the owner does not have is not answered.
    times_out: bool,
}

impl Zone {
    fn read(zone: &Yaml) -> Self {
        let mut names: BTreeMap<_, Owner> = BTreeMap::new();
        for (owner, entries) in zone.as_hash().expect("names") {
            let owner = name(owner.as_str().expect("a name"));
            names.insert(owner, Owner::read(entries));
        }
        Self { names }
    }

    fn find(&self, question: &Question) -> Result<(Vec<Record>, Response), LookupErrorKind> {
        let mut aliases = Vec::new();
        let mut name = question.name.clone();
        loop {
            let negative = |kind| Response::Negative(Negative::new(kind, None, None));
            let Some(owner) = self.names.get(&name) else {
                return Ok((aliases, negative(NegativeKind::NxDomain)));
            };
            let data = owner.data.iter();
            let records: Vec<_> = data
                .filter(|data| data.record_type() == question.record_type)
                .map(|data| Record::new(name.clone(), 300, data.clone()))
                .collect();
            if !records.is_empty() {
                return Ok((aliases, Response::Records(records)));
            }
            let alias = owner.data.iter().find_map(|data| match data {
                RecordData::Cname(target) => Some(target.clone()),
                _ => None,
            });
            match alias {
                Some(_) if aliases.len() == MAX_ALIASES => return Err(LookupErrorKind::AliasLoop),
                Some(target) => {
                    aliases.push(Record::new(name, 300, RecordData::Cname(target.clone())));
                    name = target;
                }
                None if owner.times_out => return Err(LookupErrorKind::Timeout),
                None => return Ok((aliases, negative(NegativeKind::NoData))),
            }
        }
    }
}

impl Owner {
    /// Entries of type SPF stand for TXT records, unless the owner has TXT entries of its own; `TXT: NONE` is one that
    /// says there are no records.
    fn read(entries: &Yaml) -> Self {
        let mut owner = Self::default();
        let mut of_spf = Vec::new();
        let mut has_txt = false;
        for entry in entries.as_vec().expect("a list") {
            if entry.as_str() == Some("TIMEOUT") {
                owner.times_out = true;
                continue;
            }
            for (key, value) in entry.as_hash().expect("a type and a value") {
                match key.as_str().expect("a type") {
                    "SPF" => of_spf.push(text(value)),
                    "TXT" => {
                        has_txt = true;
                        if value.as_str() != Some("NONE") {
                            owner.data.push(text(value));
                        }
                    }
                    record_type => owner.data.push(data(record_type, value)),
                }
            }
        }
        if !has_txt {
            owner.data.extend(of_spf);
        }
        owner
    }
}

fn data(record_type: &str, value: &Yaml) -> RecordData {
    let one = || value.as_str().expect("text");
    match record_type {
        "A" => RecordData::A(one().parse().expect("an address")),
        "AAAA" => RecordData::Aaaa(one().parse().expect("an address")),
        "CNAME" => RecordData::Cname(name(one())),
        "PTR" => RecordData::Ptr(name(one())),
        "MX" => RecordData::Mx {
            preference: value[0]
                .as_i64()
                .and_then(|n| n.try_into().ok())
                .expect("a number"),
            exchange: name(value[1].as_str().expect("a name")),
        },
        other => panic!("expected a known type, found {other}"),
    }
}

/// An escape such as `\x96` in the suite is an octet.
fn text(value: &Yaml) -> RecordData {
    let octets = |text: String| {
        let octet = |c| u8::try_from(u32::from(c)).expect("an octet");
        text.chars().map(octet).collect::<Vec<u8>>()
    };
    RecordData::Txt(CharacterStrings::new(
        strings(value).into_iter().map(octets),
    ))
}

/// No escapes: a backslash would be one.
fn name(text: &str) -> DomainName {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() {
        return DomainName::root();
    }
    DomainName::from_labels(text.as_bytes().split(|octet| *octet == b'.')).expect("a name")
}

impl Lookup for Zone {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        let name = name.clone();
        let question = Question { name, record_type };
        match self.find(&question) {
            Ok((aliases, response)) => {
                let mut answer = Answer::unasked(question, response);
                answer.aliases = aliases;
                Ok(answer)
            }
            Err(kind) => Err(LookupError::new(kind, question)),
        }
    }
}
