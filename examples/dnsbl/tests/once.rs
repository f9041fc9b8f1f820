//! What is said once, however many lists it is about.

use dnsbl::Fitness;

use super::*;

/// So many lists, named by number.
fn many(count: usize) -> Catalogue {
    let list = |number| {
        format!(
            "[[list]]\nzone = \"l{number}.example\"\nname = \"L{number}\"\nstance = \"block\"\ntier = \"major\"\n\
             status = \"documented\"\nas_of = \"2026-11\"\nsource = \"here\"\n\
             ipv4 = {{ positive = [\"127.0.0.2\"], negative = [\"127.0.0.1\"] }}\n"
        )
    };
    Catalogue::from_toml(&(1..=count).map(list).collect::<String>()).expect("a catalogue")
}

/// What the lists of which a resolver shows `zones` come to, on the doctor's page.
async fn examined(count: usize, zones: &str) -> (Fitness, Vec<String>) {
    let dns = StaticLookup::from_zone_text(zones).expect("zone text");
    let found = Checker::new(dns, many(count), 7).examine(NOW).await;
    let text = doctor::page(&found, None).into_text();
    (found.fitness(), text.lines().map(str::to_owned).collect())
}

fn works(number: usize) -> String {
    format!("2.0.0.127.l{number}.example. 60 IN A 127.0.0.2\n")
}

#[tokio::test]
async fn d20_one_list_over_its_quota_leaves_a_resolver_fit_but_for_that() {
    let zones: String = (2..=4).map(works).collect();
    let (fitness, lines) = examined(
        4,
        &format!("{zones}*.l1.example. 60 IN A 127.255.255.255\n"),
    )
    .await;
    assert_eq!(fitness, Fitness::FitButFor { lists: 1 });
    let expected = [
        "! resolver default  fit, but for 1 list: refused by 1 of 4 lists, and served by 3",
        "  ✓ served     L2, L3, L4",
        "  ✗ refused    L1: 127.255.255.255 (too many questions, or not registered)",
        "    to do      ask less, and wait for the next day: L1",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn d18_the_doctor_gives_one_piece_of_advice_for_all_lists_that_it_is_for() {
    let refusal = |number| format!("*.l{number}.example. 60 IN A 127.255.255.254\n");
    let (fitness, lines) = examined(3, &(1..=3).map(refusal).collect::<String>()).await;
    assert_eq!(fitness, Fitness::Unfit);
    let expected = [
        "✗ resolver default  unfit: refused by 3 of 3 lists, and served by none; by their word it is",
        "    public, shared, or cannot be attributed",
        "  ✗ refused    127.255.255.254 (the resolver is public or cannot be attributed): L1, L2, L3",
        "    to do      ask through a recursive resolver of your own: L1, L2, L3",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn d18_a_list_that_refuses_two_kinds_for_two_reasons_is_told_with_both() {
    let lists = "[[list]]\nzone = \"l1.example\"\nname = \"L1\"\nstance = \"block\"\ntier = \"major\"\n\
         status = \"documented\"\nas_of = \"2026-11\"\nsource = \"here\"\n\
         ipv4 = { positive = [\"127.0.0.2\"] }\ndomain = { positive = [\"test\"] }\n";
    let zones =
        "*.127.l1.example. 60 IN A 127.255.255.254\ntest.l1.example. 60 IN A 127.255.255.255\n";
    let dns = StaticLookup::from_zone_text(zones).expect("zone text");
    let catalogue = Catalogue::from_toml(lists).expect("a catalogue");
    let found = Checker::new(dns, catalogue, 7).examine(NOW).await;
    let text = doctor::page(&found, None).into_text();
    for code in ["127.255.255.254", "127.255.255.255"] {
        assert!(text.contains(code), "{text}");
    }
}

#[tokio::test]
async fn a_page_gives_one_piece_of_advice_for_all_lists_that_it_is_for() {
    let refused = "*.l1.example. 60 IN A 127.255.255.254\n*.l2.example. 60 IN A 127.255.255.252\n\
                   *.l3.example. 60 IN A 127.255.255.254\n";
    let zones = format!("{refused}{}", works(4));
    let look = look_on(many(4), &zones, &[], "9.1.1.1", Role::OutboundSender).await;
    let text = page::full(&look, &many(4), &mut Told::default()).into_text();
    let expected = [
        "? 9.1.1.1  could not tell: 1 of 4 lists says no with proof; 3 could not tell",
        "  ? refused    the resolver is public or cannot be attributed: L1, L3",
        "  ? refused    L2: the zone's name is mistyped",
        "    to do      ask through a recursive resolver of your own: L1, L3",
        "    to do      correct the name of the zone: L2",
        "  ✓ clean      L4",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_to_do_about_a_silent_resolver_is_not_told_of_each_list_as_well() {
    let dns = StaticLookup::from_zone_text("").expect("zone text");
    let root = ".".parse().expect("a name");
    let dns = dns.with_failure(root, LookupErrorKind::Unreachable);
    let found = Checker::new(dns, many(20), 7).examine(NOW).await;
    let text = doctor::page(&found, None).into_text();
    assert_eq!(text.matches("to do").count(), 1, "{text}");
    assert!(text.contains("L11 and 9 more"), "{text}");
    assert!(!text.contains("L12"), "{text}");
}

#[test]
fn names_are_told_apart_and_do_not_fill_a_page() {
    let of = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        words::of_names(&names)
    };
    assert_eq!(of(&["A"]), "A");
    assert_eq!(of(&["A", "B"]), "A, B");
    assert_eq!(of(&["A, for all", "B"]), "A, for all; B");
    assert_eq!(of(&["x"; 12]).matches('x').count(), 12);
    let many = of(&["x"; 13]);
    assert_eq!(many.matches('x').count(), 11);
    assert!(many.ends_with(" and 2 more"), "{many}");
}

#[tokio::test]
async fn what_is_the_same_for_two_entries_is_told_once() {
    let listed = "1.1.1.9.l1.example. 60 IN A 127.0.0.2\n1.1.1.9.l2.example. 60 IN A 127.0.0.2\n";
    let zones = format!("{}{}{listed}", works(1), works(2));
    let look = look_on(many(2), &zones, &[], "9.1.1.1", Role::OutboundSender).await;
    let text = page::full(&look, &many(2), &mut Told::default()).into_text();
    let rows = |label: &str| text.lines().filter(|line| line.starts_with(label)).count();
    assert_eq!(rows("  ✗ error") + rows("  ! warning"), 2, "{text}");
    assert_eq!((rows("    mend"), rows("    again")), (1, 1), "{text}");
    assert_eq!(rows("    remove"), 2, "{text}");
}

#[tokio::test]
async fn d20_a_list_that_may_hardly_be_asked_says_why_and_what_to_do() {
    let dns = || StaticLookup::from_zone_text(&works(1)).expect("zone text");
    let checker = Checker::new(dns(), many(1), 7).with_daily_limit(3);
    let found = checker.examine(NOW).await;
    let text = doctor::page(&found, None).into_text();
    let expected = [
        "? resolver default  could not tell: no list that was asked shows anything of it",
        "    not asked  L1: an answer with its proof takes 4 questions, and the limit of a day is 3",
        "    to do      allow 4 questions a day or more, if the list does, or leave it out: L1",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);

    let subject = arguments::subject("9.1.1.1").expect("a subject");
    let look = Look {
        help: Vec::new(),
        remark: None,
        answers: checker.check_all(&subject, NOW).await,
        subject,
        role: Role::OutboundSender,
    };
    let text = page::full(&look, &many(1), &mut Told::default()).into_text();
    let expected = [
        "? 9.1.1.1  could not tell: the one list could not",
        "  ? not asked  L1: an answer with its proof takes 4 questions, and the limit of a day is 3",
        "    to do      allow 4 questions a day or more, if the list does, or leave it out: L1",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}
