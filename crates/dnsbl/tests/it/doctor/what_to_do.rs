//! What to do about a list that does not serve a resolver, the first thing first.

use mail_dns::{ExtendedError, Negative, NegativeKind, Question, Response};

use super::*;

const REGISTERS: &str = "terms = { registration = \"https://a.example/register\" }";

/// What is to be done about `a.example`, which wants registration, over a resolver that serves `b.test`.
async fn advice(zones: &str, failing: &[(&str, LookupErrorKind)]) -> Vec<Advice> {
    let lists = [("a.example", REGISTERS), ("b.test", "")];
    let zones = works("b.test") + zones;
    let mut doctor = examine_failing(&lists, &zones, failing).await;
    doctor.examinations.remove(0).advice
}

#[tokio::test]
async fn to_register_comes_first_where_a_list_wants_it() {
    let page = Some("https://a.example/register".to_owned());
    let register = || Advice::Register { page: page.clone() };
    let again = || Advice::LookAgain { at: NOW + 60 };
    let wait = || Advice::WaitForNextDay { at: None };
    let failing = |kind| [("a.example", kind)];

    let found = advice(&answers("a.example", "127.255.255.255"), &[]).await;
    assert_eq!(found, [register(), wait()]);
    let found = advice(&answers("a.example", "127.255.255.250"), &[]).await;
    assert_eq!(found, [register(), Advice::OwnResolver, wait()]);
    let found = advice("", &failing(LookupErrorKind::Refused)).await;
    let look = Advice::LookAtResolver;
    assert_eq!(found, [register(), look.clone(), Advice::OwnResolver]);
    let found = advice("", &failing(LookupErrorKind::Timeout)).await;
    assert_eq!(found, [register(), again()]);
    let found = advice("", &[]).await;
    assert_eq!(found, [register(), look, Advice::LeaveOut]);
    // Others use the public resolver as well, and it is not one's own to register.
    let found = advice(&answers("a.example", "127.255.255.254"), &[]).await;
    assert_eq!(found, [Advice::OwnResolver, register()]);
}

#[tokio::test]
async fn the_resolver_comes_first_where_it_may_be_what_says_refused() {
    let page = Some("https://a.example/register".to_owned());
    let then = [Advice::Register { page }, Advice::OwnResolver];
    let expected = [Advice::LookAtResolver].into_iter().chain(then);
    let expected: Vec<_> = expected.collect();
    // No list answers, though the resolver does.
    let lists = [("a.example", REGISTERS), ("b.test", "")];
    let refused = ["a.example", "b.test"].map(|name| (name, LookupErrorKind::Refused));
    let dns = "example.com. 60 IN A 192.0.2.1\n";
    let doctor = examine_failing(&lists, dns, &refused).await;
    assert_eq!(doctor.examinations[0].advice, expected);
    // One answer alone tells nothing of the others.
    let checker = Checker::new(world(dns, &refused), catalogue(&lists), 7);
    let subject = dnsbl::Subject::Address("9.1.1.1".parse().expect("an address"));
    let answers = checker.check_all(&subject, NOW).await;
    assert_eq!(Advice::of(checker.catalogue(), &answers[0]), expected);
}

#[tokio::test]
async fn a_list_that_is_silent_alone_is_looked_at_again() {
    for kind in [LookupErrorKind::Timeout, LookupErrorKind::Unreachable] {
        let lists = [("a.example", ""), ("b.test", "")];
        let doctor = examine_failing(&lists, &works("b.test"), &[("a.example", kind)]).await;
        let again = Advice::LookAgain { at: NOW + 60 };
        assert_eq!(doctor.examinations[0].advice, [again]);
    }
}

#[tokio::test]
async fn where_nothing_is_answered_the_resolver_is_looked_at_and_not_the_lists() {
    for kind in [
        LookupErrorKind::Timeout,
        LookupErrorKind::Unreachable,
        LookupErrorKind::NoServers,
        LookupErrorKind::ServFail,
    ] {
        let lists = [("a.example", REGISTERS), ("b.test", "")];
        let doctor = examine_failing(&lists, &works("b.test"), &[(".", kind)]).await;
        for it in &doctor.examinations {
            let again = Advice::LookAgain { at: NOW + 60 };
            assert_eq!(it.advice, [Advice::CheckResolver, again], "{kind:?}");
        }
    }
    // It answers what is no list's: it is not the network.
    let dns = "example.com. 60 IN A 192.0.2.1\n";
    let silent = [("b.test", LookupErrorKind::Timeout)];
    let doctor = examine_failing(&[("b.test", "")], dns, &silent).await;
    let again = Advice::LookAgain { at: NOW + 60 };
    assert_eq!(doctor.examinations[0].advice, [again]);
}

#[tokio::test]
async fn an_answer_without_a_server_says_to_look_at_the_resolver() {
    for (kind, is_resolver) in [
        (LookupErrorKind::NoServers, true),
        (LookupErrorKind::Unreachable, true),
        (LookupErrorKind::Timeout, false),
    ] {
        let lists = catalogue(&[("b.test", "")]);
        let checker = Checker::new(world("", &[(".", kind)]), lists, 7);
        let subject = dnsbl::Subject::Address("9.1.1.1".parse().expect("an address"));
        let answers = checker.check_all(&subject, NOW).await;
        let advice = Advice::of(checker.catalogue(), &answers[0]);
        let expected = if is_resolver {
            vec![Advice::CheckResolver]
        } else {
            Vec::new()
        };
        assert_eq!(advice, expected, "{kind:?}");
    }
}

/// A resolver with a root of its own, or one that says by an extended error that its answers are not the lists'.
enum Resolver {
    OwnRoot,
    Blocks,
    /// It takes addresses of 127.0.0.0/8 out of answers.
    Strips,
}

impl Lookup for Resolver {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        let root = Some(DomainName::root());
        let is_listed = name.to_string().starts_with("2.0.0.127.");
        let denial = match self {
            Self::Strips if is_listed => Negative::new(NegativeKind::NoData, Some(60), None),
            Self::Strips => Negative::new(NegativeKind::NxDomain, Some(60), None),
            _ => Negative::new(NegativeKind::NxDomain, Some(60), root),
        };
        let name = name.clone();
        let question = Question { name, record_type };
        let mut answer = Answer::unasked(question, Response::Negative(denial));
        if matches!(self, Self::Blocks) {
            // RFC 8914 §4.16.
            answer.extended_errors = vec![ExtendedError::new(15, "")];
        }
        Ok(answer)
    }
}

#[tokio::test]
async fn a_resolver_that_answers_in_place_of_the_lists_is_what_is_looked_at() {
    let lists = [("a.example", ""), ("b.test", ""), ("c.invalid", "")];
    let examine = async |resolver| {
        let checker = Checker::new(resolver, catalogue(&lists), 7);
        checker.examine(NOW).await
    };
    let doctor = examine(Resolver::OwnRoot).await;
    assert_eq!(doctor.verdict(), ResolverVerdict::Hides { lists: 3 });
    for it in &doctor.examinations {
        assert_eq!(it.advice, [Advice::LookAtResolver, Advice::OwnResolver]);
    }
    // Those that are found to be hidden or rewritten are not left out either.
    let lists = [
        ("a.one.test", REGISTERS),
        ("b.two.test", ""),
        ("c.three.test", ""),
    ];
    let zones = lists.map(|(zone, _)| answers(zone, "192.0.2.7")).concat();
    for zones in ["x.test. 60 IN A 192.0.2.1\n", zones.as_str()] {
        let doctor = super::examine(&lists, zones, &[]).await;
        for it in &doctor.examinations {
            assert_eq!(it.advice, [Advice::LookAtResolver, Advice::OwnResolver]);
        }
    }
    let doctor = examine(Resolver::Strips).await;
    assert_eq!(doctor.verdict(), ResolverVerdict::Hides { lists: 3 });
    for it in &doctor.examinations {
        let advice = [Advice::LetLoopbackThrough, Advice::OwnResolver];
        assert_eq!(it.advice, advice);
    }
    let doctor = examine(Resolver::Blocks).await;
    assert_eq!(doctor.verdict(), ResolverVerdict::Hides { lists: 3 });
    for it in &doctor.examinations {
        assert_eq!(it.advice, [Advice::LookAtResolver, Advice::OwnResolver]);
    }
}
