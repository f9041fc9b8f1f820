use super::*;
use crate::pki::{Authority, DAY, NOW, providers};
use crate::{DaneVerdict, judge_dane};

const NAME: &str = "mx.example.org";

/// 2026-07-01T00:00:00Z, at which the certificates of the tests expire.
const NOT_AFTER: i64 = NOW + 30 * DAY;

fn names() -> Vec<ReferenceId> {
    vec![NAME.parse().unwrap()]
}

/// The parameters written as one number: 311 for `3 1 1`.
fn parameters(number: u16) -> TlsaParameters {
    let digit = |place: u16| u8::try_from(number / place % 10).unwrap();
    TlsaParameters {
        usage: CertificateUsage(digit(100)),
        selector: Selector(digit(10)),
        matching_type: MatchingType(digit(1)),
    }
}

fn record(number: u16, of: &Der) -> TlsaRecord {
    parameters(number).record(of).unwrap()
}

/// A root and two intermediates of it.
struct Pki {
    root: Authority,
    first: Authority,
    second: Authority,
}

impl Pki {
    fn new() -> Self {
        let root = Authority::root("Root");
        Self {
            first: root.intermediate("First"),
            second: root.intermediate("Second"),
            root,
        }
    }

    /// A chain with a new key each time.
    fn chain(&self, issuer: &Authority) -> Vec<Der> {
        vec![
            issuer.leaf(&[NAME]).der,
            issuer.der.clone(),
            self.root.der.clone(),
        ]
    }
}

fn advise(rollover: Rollover<'_>) -> RolloverAdvice {
    rollover.advise(&providers()[0], NOW)
}

#[track_caller]
fn check_survival(number: u16, of: usize, expected: [bool; 4]) {
    let pki = Pki::new();
    let chain = pki.chain(&pki.first);
    let records = [record(number, &chain[of])];
    let names = names();
    let advice = advise(Rollover::new(&chain, &records, 300).with_names(&names));
    let RecordStanding::Current { survives, .. } = &advice.records[0].standing else {
        panic!("{advice:?}");
    };
    let Survival {
        renewal,
        new_key,
        new_issuer,
        reissued_issuer,
    } = *survives;
    let found = [renewal, new_key, new_issuer, reissued_issuer];
    assert_eq!(found, expected, "{number} of {of}");
}

#[test]
fn a_record_of_the_whole_certificate_breaks_at_every_renewal() {
    for number in [300, 301, 302] {
        check_survival(number, 0, [false, false, false, true]);
    }
}

#[test]
fn a_record_of_the_key_lasts_as_long_as_the_key() {
    for number in [310, 311, 312] {
        check_survival(number, 0, [true, false, true, true]);
    }
}

#[test]
fn a_record_of_an_authority_lasts_as_long_as_the_authority() {
    for number in [201, 202] {
        check_survival(number, 1, [true, true, false, false]);
        check_survival(number, 2, [true, true, true, true]);
    }
    for number in [200, 210, 211, 212] {
        check_survival(number, 1, [true, true, false, true]);
        check_survival(number, 2, [true, true, true, true]);
    }
}

/// What is said to last does, and what is said to break does, judged by the chains that follow.
#[test]
fn survival_is_what_the_changed_chain_shows() {
    let pki = Pki::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let renew = |issuer: &Authority| {
        vec![
            issuer.reissue(&[NAME], &key),
            issuer.der.clone(),
            pki.root.der.clone(),
        ]
    };
    let chain = renew(&pki.first);
    let changes = [renew(&pki.first), pki.chain(&pki.first), renew(&pki.second)];
    assert_ne!(chain, changes[0]);
    let names = names();
    let provider = &providers()[0];
    for (element, usage) in [(0, 300), (1, 200), (2, 200)] {
        for rest in [0, 1, 2, 10, 11, 12] {
            let records = [record(usage + rest, &chain[element])];
            let advice = advise(Rollover::new(&chain, &records, 300).with_names(&names));
            let RecordStanding::Current { survives, .. } = &advice.records[0].standing else {
                panic!("{advice:?}");
            };
            let said = [survives.renewal, survives.new_key, survives.new_issuer];
            let shown = changes
                .each_ref()
                .map(|chain| judge_dane(chain, &records, &names, provider, NOW).is_authenticated());
            assert_eq!(said, shown, "{} of {element}", usage + rest);
        }
    }
}

#[test]
fn a_record_that_matches_nothing_is_stale_only_if_the_next_chain_is_known() {
    let pki = Pki::new();
    let (chain, next, past) = (
        pki.chain(&pki.first),
        pki.chain(&pki.second),
        pki.chain(&pki.first),
    );
    let records = [
        record(311, &chain[0]),
        record(311, &next[0]),
        record(311, &past[0]),
        record(111, &chain[0]),
    ];
    let standings = |next: NextChain<'_>| {
        let advice = advise(Rollover::new(&chain, &records, 300).with_next(next));
        let standings = advice.records.into_iter().skip(1);
        standings.map(|one| one.standing).collect::<Vec<_>>()
    };
    let unusable = RecordStanding::Unusable(TlsaFault::PkixUsage);
    let (idle, planned) = (RecordStanding::Idle, RecordStanding::Planned);
    let expected = [idle.clone(), idle, unusable.clone()];
    assert_eq!(standings(NextChain::Unknown), expected);
    let expected = [planned, RecordStanding::Stale, unusable];
    assert_eq!(standings(NextChain::Chain(&next)), expected);
    let key = crate::dane::spki(next[0].as_bytes()).unwrap();
    assert_eq!(standings(NextChain::Key(key)), expected);
}

#[test]
fn a_combination_without_a_match_is_told() {
    let pki = Pki::new();
    let (chain, next) = (pki.chain(&pki.first), pki.chain(&pki.second));
    let records = [record(311, &chain[0]), record(312, &next[0])];
    let advice = advise(Rollover::new(&chain, &records, 300).with_next(NextChain::Chain(&next)));
    assert_eq!(advice.uncovered, [parameters(312)]);
    assert_eq!(advice.uncovered_by_next, [parameters(311)]);
    // What could not be told is not counted.
    let records = [record(211, &chain[1])];
    let advice = advise(Rollover::new(&chain, &records, 300));
    assert_eq!(advice.uncovered, []);
    let expected = RecordStanding::Unclear(DaneUncertainty::NoName);
    assert_eq!(advice.records[0].standing, expected);
}

#[test]
fn the_new_record_is_out_for_two_ttls() {
    let pki = Pki::new();
    let chain = pki.chain(&pki.first);
    let records = [record(311, &chain[0])];
    let with = |records, ttl, negative| {
        advise(Rollover::new(&chain, records, ttl).with_negative_ttl(negative)).schedule
    };
    let expected = RolloverSchedule {
        wait: 7_200,
        switch_from: NOW + 7_200,
        switch_by: Some(NOT_AFTER),
        publish_by: Some(NOT_AFTER - 7_200),
        late: false,
    };
    assert_eq!(with(&records, 3_600, 86_400), expected);
    assert_eq!(with(&[], 86_400, 3_600), expected);
    let whole_month = u32::try_from(30 * DAY).unwrap();
    assert!(!with(&records, whole_month / 2, 0).late);
    assert!(with(&records, whole_month / 2 + 1, 0).late);
    let unreadable = [Der::new([1])];
    let schedule = advise(Rollover::new(&unreadable, &records, 300)).schedule;
    assert_eq!((schedule.switch_by, schedule.publish_by), (None, None));
}

#[test]
fn the_records_of_a_chain_are_of_its_key_and_its_authorities() {
    let pki = Pki::new();
    let mut chain = pki.chain(&pki.first);
    chain.insert(1, pki.second.der.clone());
    let provider = &providers()[0];
    let found = tlsa_records(&chain, provider);
    let expected = [(0, 311), (2, 211), (3, 211)].map(|(element, number)| ChainRecord {
        element,
        record: record(number, &chain[element]),
    });
    assert_eq!(found, expected);
    let all = all_tlsa_records(&chain, provider);
    assert_eq!(all.len(), 18);
    for one in all {
        let verdict = judge_dane(&chain, &[one.record], &names(), provider, NOW);
        assert!(
            matches!(verdict, DaneVerdict::Authenticated { binding, .. }
                if binding == DaneBinding::Element(one.element)),
            "{verdict:?}"
        );
    }
    assert_eq!(tlsa_records(&[], provider), []);
    assert_eq!(tlsa_records(&[Der::new([1])], provider), []);
}

/// What a plan leaves published after each step, and the chain sent then. A sender may hold the
/// set as it was for as long as the TTL, so each chain is judged with each set that is not older
/// than the wait before it was deployed.
#[track_caller]
fn walk(plan: &RolloverPlan, published: &[TlsaRecord], chain: &[Der], next: &[Der], wait: i64) {
    let provider = &providers()[0];
    let mut sets = vec![(i64::MIN, published.to_vec())];
    let mut deployed = None;
    for step in &plan.steps {
        let (_, mut set) = sets.last().cloned().unwrap();
        match &step.action {
            RolloverAction::Publish { records, of_next } => {
                set.extend(records.iter().cloned());
                set.extend(of_next.iter().filter_map(|one| one.record(&next[0])));
                sets.push((step.from, set));
            }
            RolloverAction::Withdraw { records } => {
                set.retain(|record| !records.contains(record));
                sets.push((step.from, set));
            }
            RolloverAction::Deploy => deployed = Some((step.from, sets.len())),
        }
    }
    let (deployed_at, before) = deployed.unwrap();
    let authenticated = |chain: &[Der], set: &[TlsaRecord]| {
        judge_dane(chain, set, &names(), provider, NOW).is_authenticated()
    };
    for (_, set) in &sets[..before] {
        assert!(set.is_empty() || authenticated(chain, set), "{plan:?}");
    }
    let replaced = |index: usize| sets.get(index + 1).map(|(at, _)| *at);
    for (index, (_, set)) in sets.iter().enumerate() {
        if replaced(index).is_none_or(|at| at + wait > deployed_at) {
            assert!(authenticated(next, set), "{plan:?}");
        }
    }
    let (_, last) = sets.last().unwrap();
    for record in last {
        let alone = std::slice::from_ref(record);
        assert!(authenticated(next, alone), "{record} stays: {plan:?}");
    }
}

#[track_caller]
fn check_plans(numbers: &[(u16, usize)], next_issuer_is_new: bool, expected: &[RolloverScheme]) {
    let pki = Pki::new();
    let chain = pki.chain(&pki.first);
    let issuer = if next_issuer_is_new {
        &pki.second
    } else {
        &pki.first
    };
    let next = pki.chain(issuer);
    let published: Vec<_> = numbers
        .iter()
        .map(|&(number, element)| record(number, &chain[element]))
        .collect();
    let key = crate::dane::spki(next[0].as_bytes()).unwrap();
    let names = names();
    let mut kinds = vec![NextChain::Chain(&next)];
    if !next_issuer_is_new {
        kinds.extend([NextChain::Key(key), NextChain::Unknown]);
    }
    for kind in kinds {
        let rollover = Rollover::new(&chain, &published, 3_600).with_names(&names);
        let advice = advise(rollover.with_negative_ttl(3_600).with_next(kind));
        let schemes: Vec<_> = advice.plans.iter().map(|plan| plan.scheme).collect();
        assert_eq!(schemes, expected, "{kind:?}");
        for plan in &advice.plans {
            walk(plan, &published, &chain, &next, 7_200);
            let late_key =
                matches!(kind, NextChain::Unknown) && plan.scheme == RolloverScheme::KeyAndIssuer;
            let uncovered: &[_] = if late_key { &[parameters(311)] } else { &[] };
            assert_eq!(plan.uncovered, uncovered);
        }
    }
}

#[test]
fn at_every_step_of_a_plan_every_sender_finds_a_match() {
    let both = [
        RolloverScheme::CurrentAndNextKey,
        RolloverScheme::KeyAndIssuer,
    ];
    for published in [
        &[][..],
        &[(311, 0)],
        &[(311, 0), (211, 1)],
        &[(301, 0)],
        &[(301, 0), (312, 0), (311, 0)],
        &[(211, 1)],
        &[(201, 2)],
    ] {
        check_plans(published, false, &both);
        check_plans(published, true, &both);
    }
}

#[test]
fn a_plan_says_what_to_publish_when() {
    let pki = Pki::new();
    let (chain, next) = (pki.chain(&pki.first), pki.chain(&pki.first));
    let records = [record(311, &chain[0])];
    let advice = advise(Rollover::new(&chain, &records, 3_600).with_next(NextChain::Chain(&next)));
    // Without a name, `2 1 1` would not authenticate.
    let [plan] = advice.plans.as_slice() else {
        panic!("{advice:?}");
    };
    let step = |from, by, action| RolloverStep { from, by, action };
    let publish = RolloverAction::Publish {
        records: vec![record(311, &next[0])],
        of_next: vec![],
    };
    let withdraw = RolloverAction::Withdraw {
        records: records.to_vec(),
    };
    let expected = [
        step(NOW, Some(NOT_AFTER - 7_200), publish),
        step(NOW + 7_200, Some(NOT_AFTER), RolloverAction::Deploy),
        step(NOW + 7_200, None, withdraw),
    ];
    assert_eq!(plan.steps, expected);
}

#[test]
fn more_records_than_are_judged_are_counted() {
    let pki = Pki::new();
    let chain = pki.chain(&pki.first);
    let records = vec![record(311, &chain[1]); DaneReport::MAX_RECORDS + 2];
    let advice = advise(Rollover::new(&chain, &records, 300));
    assert_eq!(advice.records.len(), DaneReport::MAX_RECORDS);
    assert_eq!(advice.omitted, 2);
}

#[cfg(feature = "serde")]
#[test]
fn advice_survives_json() {
    let pki = Pki::new();
    let (chain, next) = (pki.chain(&pki.first), pki.chain(&pki.second));
    let records = [
        record(311, &chain[0]),
        record(211, &next[1]),
        record(1, &chain[0]),
    ];
    let names = names();
    let rollover = Rollover::new(&chain, &records, 300).with_names(&names);
    let advice = advise(rollover.with_next(NextChain::Chain(&next)));
    let json = serde_json::to_string(&advice).unwrap();
    assert_eq!(
        serde_json::from_str::<RolloverAdvice>(&json).unwrap(),
        advice
    );
}
