//! Names: of domains, and those that are too long.

use super::*;

#[tokio::test]
async fn d27_the_registrable_domain_is_found_from_a_host_name() {
    let list = list_text(
        "bl.test",
        "block",
        "name_form = \"registrable\"\ndomain = { positive = [\"TEST\"] }",
    );
    let dns = zone("test.bl.test. 300 IN A 127.0.0.2\nexample.co.uk.bl.test. 300 IN A 127.0.0.2\n");
    let answer = ask_list(&list, &dns, &domain("a.mail.example.co.uk")).await;
    assert!(answer.is_listing(), "{answer}");
    let asked: Vec<_> = answer
        .asked
        .iter()
        .map(|asked| asked.name.to_string())
        .collect();
    assert_eq!(
        asked,
        [
            "a.mail.example.co.uk.bl.test",
            "mail.example.co.uk.bl.test",
            "example.co.uk.bl.test"
        ]
    );
}

#[tokio::test]
async fn d27_one_silent_name_among_the_denied_is_unknown() {
    let list = list_text(
        "bl.test",
        "block",
        "name_form = \"registrable\"\ndomain = { positive = [\"TEST\"] }",
    );
    let dns = zone("test.bl.test. 300 IN A 127.0.0.2\n")
        .with_failure(name("example.com.bl.test"), LookupErrorKind::Timeout);
    // The failure covers the name below too, which is asked first.
    let answer = ask_list(&list, &dns, &domain("www.example.com")).await;
    assert!(
        matches!(answer.verdict, Verdict::Unknown(Cause::Subject(_))),
        "{answer}"
    );
}

/// A list of domains that has entries below `co.uk`, so that this name exists, and of `example.com` words alone.
async fn ask_about_domain(form: &str, text: &str) -> ListAnswer {
    let rest = format!("name_form = \"{form}\"\ndomain = {{ positive = [\"TEST\"] }}");
    let dns = zone(
        "test.bl.test. 300 IN A 127.0.0.2\n\
         bad.co.uk.bl.test. 300 IN A 127.0.0.2\n\
         example.com.bl.test. 300 IN TXT \"no address\"\n",
    );
    ask_list(&list_text("bl.test", "block", &rest), dns, &domain(text)).await
}

#[tokio::test]
async fn d01_nodata_above_a_denied_name_is_no_entry_and_of_the_name_itself_it_is_unknown() {
    let nodata = Verdict::Unknown(Cause::Subject(Unsettled::NoData));
    for form in ["registrable", "unknown"] {
        let answer = ask_about_domain(form, "www.good.co.uk").await;
        let Verdict::NotListed(proof) = &answer.verdict else {
            panic!("{answer}")
        };
        let kinds: Vec<_> = proof.denials.iter().map(|it| it.kind.to_string()).collect();
        assert_eq!(kinds, ["NXDOMAIN", "NXDOMAIN", "NODATA"]);
        // It is asked on, and what is above may have the entry.
        let answer = ask_about_domain(form, "www.bad.co.uk").await;
        assert!(answer.is_listing(), "{answer}");
        for text in ["co.uk", "example.com"] {
            assert_eq!(ask_about_domain(form, text).await.verdict, nodata, "{text}");
        }
    }
    assert_eq!(ask_about_domain("full", "co.uk").await.verdict, nodata);
    // A resolver that takes 127.0.0.0/8 out of answers makes an entry NODATA, and the test entry too.
    let rest = "name_form = \"registrable\"\ndomain = { positive = [\"TEST\"] }";
    let dns = zone("test.bl.test. 300 IN TXT \"x\"\nbad.example.bl.test. 300 IN TXT \"x\"\n");
    let list = list_text("bl.test", "block", rest);
    let answer = ask_list(&list, dns, &domain("www.bad.example")).await;
    assert!(
        matches!(answer.verdict, Verdict::Unknown(Cause::Control { .. })),
        "{answer}"
    );
}

#[tokio::test]
async fn d01_an_alias_of_what_does_not_exist_is_unknown_and_not_clean() {
    let answer = ask(healthy("1.1.1.9.bl.test. 300 IN CNAME gone.mirror.test.\n")).await;
    let unclear = Verdict::Unknown(Cause::Subject(Unsettled::NoData));
    assert_eq!(answer.verdict, unclear, "{answer}");
}

#[tokio::test]
async fn d28_a_name_too_long_is_unknown_and_not_clean() {
    let list = list_text("bl.test", "block", "domain = { positive = [\"TEST\"] }");
    let long = "abcdefghi.".repeat(24) + "example";
    let answer = ask_list(
        &list,
        zone("test.bl.test. 300 IN A 127.0.0.2\n"),
        &domain(&long),
    )
    .await;
    assert_eq!(
        answer.verdict,
        Verdict::Unknown(Cause::NotAsked(NotAsked::NameTooLong))
    );
}

#[tokio::test]
async fn d28_a_control_whose_name_is_too_long_with_the_key_is_passed_over_and_told() {
    const KEY: &str = "s3cr3tk3ys3cr3tk3ys3cr3tk3ys3cr3tk3ys3cr3tk3y";
    let long = "abcdefghi.".repeat(21) + "example";
    let ask = async |controls: &str, subject: &str| {
        let list = list_text(
            "bl.test",
            "block",
            &format!("terms = {{ key = \"a-key\" }}\ndomain = {controls}"),
        );
        let catalogue = Catalogue::from_toml(&list).expect("sound");
        let dns = zone(&format!(
            "test.{KEY}.bl.test. 300 IN A 127.0.0.2\nbad.{KEY}.bl.test. 300 IN A 127.0.0.2\n"
        ));
        let keys = Keys::default().with("a-key", KEY.parse().expect("a key"));
        let checker = Checker::new(dns, catalogue, NONCE).with_keys(keys);
        checker.check_all(&domain(subject), NOW).await.remove(0)
    };
    for controls in [
        format!("{{ positive = [\"{long}\", \"test\"] }}"),
        format!("{{ positive = [\"test\"], negative = [\"{long}\", \"invalid\"] }}"),
    ] {
        let answer = ask(&controls, "good").await;
        let Verdict::NotListed(proof) = &answer.verdict else {
            panic!("{answer}")
        };
        assert_eq!(proof.listed.len(), 1);
        let report = answer.controls.as_deref().expect("controls");
        assert_eq!(report.passed_over, [name(&format!("{long}.bl.test"))]);
        assert!(ask(&controls, "bad").await.is_listing());
    }
    // Without another test entry there is no proof, and an entry is an entry.
    let alone = format!("{{ positive = [\"{long}\"] }}");
    let answer = ask(&alone, "good").await;
    assert_eq!(answer.verdict, Verdict::Unknown(Cause::NoPositiveControl));
    assert!(ask(&alone, "bad").await.is_listing());
}
