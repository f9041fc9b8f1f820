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
fn from_what_is_no_key_nothing_is_planned() {
    let pki = Pki::new();
    let chain = pki.chain(&pki.first);
    let records = [record(311, &chain[0])];
    let private = rcgen::KeyPair::generate().unwrap().serialize_der();
    for key in [
        b"-----BEGIN PUBLIC KEY-----",
        chain[1].as_bytes(),
        &private[..],
    ] {
        let next = NextChain::Key(key);
        let advice = advise(Rollover::new(&chain, &records, 300).with_next(next));
        assert_eq!(advice.plans, []);
        assert_eq!(advice.uncovered_by_next, []);
        let unclear = NextMatch::Unclear(DaneUncertainty::UnreadableKey);
        assert_eq!(advice.records[0].next, unclear);
    }
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

/// The chains of a change, and what is published before it.
struct Change<'a> {
    chain: &'a [Der],
    next: &'a [Der],
    published: &'a [TlsaRecord],
}

impl Change<'_> {
    /// The advice, the next chain being known as `kind` says.
    fn advise(&self, kind: NextChain<'_>) -> RolloverAdvice {
        let names = names();
        let rollover = Rollover::new(self.chain, self.published, 3_600).with_names(&names);
        advise(rollover.with_negative_ttl(3_600).with_next(kind))
    }

    /// What is published from when on as the plan is followed, when the next chain is deployed,
    /// and how many sets were published by then.
    fn follow(&self, plan: &RolloverPlan) -> (Vec<(i64, Vec<TlsaRecord>)>, i64, usize) {
        let mut sets = vec![(i64::MIN, self.published.to_vec())];
        let mut deployed = None;
        for step in &plan.steps {
            let (_, mut set) = sets.last().cloned().unwrap();
            match &step.action {
                RolloverAction::Publish { records, of_next } => {
                    set.extend(records.iter().cloned());
                    set.extend(of_next.iter().filter_map(|one| one.record(&self.next[0])));
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
        (sets, deployed_at, before)
    }

    /// Judges each chain with each set that a sender may hold while it is sent: what is
    /// published then, or was within the wait. Refused may be only what the advice or the plan
    /// calls uncovered.
    fn check(&self, kind: NextChain<'_>, judged: &mut Judged) {
        let advice = self.advise(kind);
        for plan in &advice.plans {
            let context = || format!("{:?}: {plan:?}", self.published);
            let (sets, deployed_at, before) = self.follow(plan);
            for (_, set) in &sets[..before] {
                let refused = judged.refused(self.chain, set);
                assert!(refused.is_subset_of(&advice.uncovered), "{}", context());
                assert!(
                    !refused.all || !advice.uncovered.is_empty(),
                    "{}",
                    context()
                );
            }
            // From then on until the change, whatever was amiss is mended.
            let (_, mended) = &sets[before - 1];
            assert_eq!(
                judged.refused(self.chain, mended),
                Refused::NONE,
                "{}",
                context()
            );
            let replaced = |index: usize| sets.get(index + 1).map(|(at, _)| *at);
            for (index, (_, set)) in sets.iter().enumerate() {
                if replaced(index).is_none_or(|at| at + 7_200 > deployed_at) {
                    let refused = judged.refused(self.next, set);
                    assert!(refused.is_subset_of(&plan.uncovered), "{}", context());
                    assert!(!refused.all, "{}", context());
                }
            }
            let (_, last) = sets.last().unwrap();
            assert_eq!(
                judged.refused(self.next, last),
                Refused::NONE,
                "{}",
                context()
            );
        }
    }
}

/// Which senders refuse a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refused {
    /// Those that know every combination.
    all: bool,
    /// Those that know only one of these.
    knowing_only: Vec<TlsaParameters>,
}

impl Refused {
    const NONE: Self = Self {
        all: false,
        knowing_only: Vec::new(),
    };

    fn is_subset_of(&self, uncovered: &[TlsaParameters]) -> bool {
        self.knowing_only.iter().all(|one| uncovered.contains(one))
    }
}

/// What senders made of chains and sets, so that none is judged twice.
#[derive(Default)]
struct Judged(std::collections::HashMap<(Der, Vec<TlsaRecord>), bool>);

impl Judged {
    fn refused(&mut self, chain: &[Der], set: &[TlsaRecord]) -> Refused {
        let usable = set.iter().filter(|record| record.unusable().is_none());
        let mut combinations: Vec<_> = usable.map(TlsaParameters::of).collect();
        combinations.sort_unstable();
        combinations.dedup();
        combinations.retain(|combination| {
            let known = set
                .iter()
                .filter(|one| TlsaParameters::of(one) == *combination);
            let known: Vec<_> = known.cloned().collect();
            !self.accepts(chain, &known)
        });
        Refused {
            all: !self.accepts(chain, set),
            knowing_only: combinations,
        }
    }

    /// Without a usable record there is nothing to refuse.
    fn accepts(&mut self, chain: &[Der], set: &[TlsaRecord]) -> bool {
        let key = (chain[0].clone(), set.to_vec());
        *self.0.entry(key).or_insert_with(|| {
            let verdict = judge_dane(chain, set, &names(), &providers()[0], NOW);
            set.is_empty() || verdict == DaneVerdict::AllUnusable || verdict.is_authenticated()
        })
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
    let change = Change {
        chain: &chain,
        next: &next,
        published: &published,
    };
    let key = crate::dane::spki(next[0].as_bytes()).unwrap();
    let mut kinds = vec![NextChain::Chain(&next)];
    if !next_issuer_is_new {
        kinds.extend([NextChain::Key(key), NextChain::Unknown]);
    }
    for kind in kinds {
        change.check(kind, &mut Judged::default());
        let plans = change.advise(kind).plans;
        let schemes: Vec<_> = plans.iter().map(|plan| plan.scheme).collect();
        assert_eq!(schemes, expected, "{kind:?}");
        for plan in &plans {
            let late_key =
                matches!(kind, NextChain::Unknown) && plan.scheme == RolloverScheme::KeyAndIssuer;
            let uncovered: &[_] = if late_key { &[parameters(311)] } else { &[] };
            assert_eq!(plan.uncovered, uncovered);
            let (sets, ..) = change.follow(plan);
            for record in &sets.last().unwrap().1 {
                let alone = std::slice::from_ref(record);
                let accepted = Judged::default().accepts(&next, alone);
                assert!(accepted, "{record} stays: {plan:?}");
            }
        }
    }
}

/// Each set of at most three of these records is published before a change, whatever is known of
/// the next chain: records of the chain sent, of the next, and of another that is neither.
fn check_plans_of_every_set(next_issuer_is_new: bool) {
    let pki = Pki::new();
    let chain = pki.chain(&pki.first);
    let third = pki.root.intermediate("Third");
    let issuer = if next_issuer_is_new {
        &pki.second
    } else {
        &pki.first
    };
    let (next, other) = (pki.chain(issuer), pki.chain(&third));
    let all = [
        record(311, &chain[0]),
        record(311, &next[0]),
        record(311, &other[0]),
        record(312, &chain[0]),
        record(312, &next[0]),
        record(312, &other[0]),
        record(301, &chain[0]),
        record(211, &chain[1]),
        record(211, &other[1]),
        record(212, &chain[1]),
        record(212, &other[1]),
    ];
    let key = crate::dane::spki(next[0].as_bytes()).unwrap();
    let mut judged = Judged::default();
    for chosen in 0..1_u32 << all.len() {
        if chosen.count_ones() > 3 {
            continue;
        }
        let records = all.iter().enumerate();
        let published = records.filter(|(index, _)| chosen >> index & 1 == 1);
        let published: Vec<_> = published.map(|(_, record)| record.clone()).collect();
        let change = Change {
            chain: &chain,
            next: &next,
            published: &published,
        };
        change.check(NextChain::Chain(&next), &mut judged);
        if !next_issuer_is_new {
            change.check(NextChain::Key(key), &mut judged);
            change.check(NextChain::Unknown, &mut judged);
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
    check_plans_of_every_set(false);
    check_plans_of_every_set(true);
}

/// A stronger digest of a chain that is not sent puts the records of the scheme out of account
/// (RFC 7671 §9), so it is gone before the change.
#[track_caller]
fn check_withdrawn_first(published: &[TlsaRecord], chain: &[Der], expected: &[TlsaRecord]) {
    let names = names();
    let advice = advise(Rollover::new(chain, published, 3_600).with_names(&names));
    let [.., plan] = advice.plans.as_slice() else {
        panic!("{advice:?}");
    };
    assert_eq!(plan.scheme, RolloverScheme::KeyAndIssuer);
    let deploy = |step: &RolloverStep| step.action == RolloverAction::Deploy;
    let deploy = plan.steps.iter().position(deploy).unwrap();
    let records = expected.to_vec();
    let withdraw = RolloverAction::Withdraw { records };
    assert_eq!(plan.steps[deploy - 1].action, withdraw, "{plan:?}");
}

#[test]
fn an_idle_record_that_outdoes_those_of_the_scheme_goes_before_the_change() {
    let pki = Pki::new();
    let (chain, other) = (pki.chain(&pki.first), pki.chain(&pki.second));
    let stronger = [
        record(311, &chain[0]),
        record(312, &chain[0]),
        record(312, &other[0]),
    ];
    check_withdrawn_first(&stronger, &chain, &stronger[1..]);
    let of_issuer = [record(311, &chain[0]), record(212, &other[1])];
    check_withdrawn_first(&of_issuer, &chain, &of_issuer[1..]);
}

#[test]
fn a_record_of_which_it_could_not_be_told_goes_before_the_change() {
    let pki = Pki::new();
    let chain = pki.chain(&pki.first);
    let records = [record(311, &chain[0]), record(211, &chain[1])];
    // Without a name, nothing can be said of DANE-TA.
    let advice = advise(Rollover::new(&chain, &records, 3_600));
    let unclear = RecordStanding::Unclear(DaneUncertainty::NoName);
    assert_eq!(advice.records[1].standing, unclear);
    let [plan] = advice.plans.as_slice() else {
        panic!("{advice:?}");
    };
    let withdraw = RolloverAction::Withdraw {
        records: records[1..].to_vec(),
    };
    assert_eq!(plan.steps[1].action, withdraw, "{plan:?}");
    // With one, it is known to outlast a new key of the same issuer.
    let names = names();
    let advice = advise(Rollover::new(&chain, &records, 3_600).with_names(&names));
    let plan = &advice.plans[0];
    assert_eq!(plan.scheme, RolloverScheme::CurrentAndNextKey);
    assert_eq!(plan.steps[1].action, RolloverAction::Deploy, "{plan:?}");
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
    let mut records = vec![record(311, &chain[1]); DaneReport::MAX_RECORDS + 2];
    records[DaneReport::MAX_RECORDS] = record(311, &chain[0]);
    let next = NextChain::Chain(&chain);
    let advice = advise(Rollover::new(&chain, &records, 300).with_next(next));
    assert_eq!(
        (advice.uncovered, advice.uncovered_by_next),
        (vec![], vec![])
    );
    assert_eq!(advice.records.len(), DaneReport::MAX_RECORDS);
    assert_eq!(advice.omitted, 2);
    // One of those left out may outdo the records of any plan.
    assert_eq!(advice.plans, []);
}

/// As with keys of RSA and ECDSA, or with two machines.
#[test]
fn what_another_chain_of_the_name_needs_is_left_alone() {
    let pki = Pki::new();
    let (chain, next) = (pki.chain(&pki.first), pki.chain(&pki.first));
    let other = pki.chain(&pki.first);
    let records = [record(311, &chain[0]), record(311, &other[0])];
    let (names, others) = (names(), [&other[..]]);
    let rollover = Rollover::new(&chain, &records, 300)
        .with_names(&names)
        .with_next(NextChain::Chain(&next));
    let withdrawn = |advice: &RolloverAdvice| -> Vec<TlsaRecord> {
        let steps = advice.plans.iter().flat_map(|plan| &plan.steps);
        let actions = steps.filter_map(|step| match &step.action {
            RolloverAction::Withdraw { records } => Some(records.clone()),
            _ => None,
        });
        actions.flatten().collect()
    };
    let alone = advise(rollover);
    assert_eq!(alone.records[1].standing, RecordStanding::Stale);
    assert!(withdrawn(&alone).contains(&records[1]));
    let beside = advise(rollover.with_others(&others));
    assert_eq!(beside.records[1].standing, RecordStanding::Elsewhere);
    assert_eq!(beside.plans.len(), 2);
    assert!(withdrawn(&beside).iter().all(|one| *one == records[0]));

    // Of a combination that has to go, and that the other chain needs, nothing is advised.
    let records = [record(311, &chain[0]), record(312, &other[0])];
    let rollover = Rollover {
        records: &records,
        ..rollover
    };
    assert_eq!(advise(rollover.with_others(&others)).plans, []);
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
