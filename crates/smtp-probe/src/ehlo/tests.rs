use super::*;

fn ehlo(lines: &[&str]) -> Ehlo {
    let mut stream = String::from("250-mx.example at your service\r\n");
    for line in lines {
        stream.push_str(&format!("250-{line}\r\n"));
    }
    stream.push_str("250 OK\r\n");
    Ehlo::new(Reply::parse(stream.as_bytes()).expect("a reply"))
}

#[test]
fn item_22_the_first_line_is_no_keyword() {
    let reply = Reply::parse(b"250 STARTTLS\r\n").expect("a reply");
    assert!(!Ehlo::new(reply).supports("STARTTLS"));
}

#[test]
fn item_23_keywords_are_compared_without_case() {
    assert!(ehlo(&["StartTls"]).supports("STARTTLS"));
    assert!(!ehlo(&["XSTARTTLS", "STARTTLSX", "X STARTTLS"]).supports("STARTTLS"));
}

#[test]
fn item_24_the_last_line_counts() {
    let reply = Reply::parse(b"250-mx.example\r\n250 STARTTLS\r\n").expect("a reply");
    assert!(Ehlo::new(reply).supports("starttls"));
}

#[test]
fn a_stray_blank_or_cr_hides_no_keyword() {
    let reply =
        Reply::parse(b"250-mx.example\r\n250- STARTTLS\r\n250 SIZE 9\r\r\n").expect("a reply");
    let ehlo = Ehlo::new(reply);
    assert!(ehlo.supports("STARTTLS"));
    assert_eq!(ehlo.size(), Some(Size::Limit(9)));
}

#[test]
fn item_25_odd_lines_are_kept() {
    let ehlo = ehlo(&["X-ANONYMOUSTLS", "XXXXXXXA", "", "under_score", "-dash"]);
    let odd: Vec<_> = ehlo
        .extensions()
        .filter(|extension| !extension.is_well_formed())
        .map(|extension| extension.to_string())
        .collect();
    assert_eq!(odd, ["", "under_score", "-dash"]);
    assert_eq!(ehlo.extensions().count(), 6);
}

#[test]
fn item_26_auth_lines_merge() {
    let ehlo = ehlo(&["AUTH PLAIN login", "AUTH=LOGIN CRAM-MD5", "auth  PLAIN"]);
    assert_eq!(ehlo.auth_mechanisms(), ["PLAIN", "LOGIN", "CRAM-MD5"]);
}

#[test]
fn item_27_size_in_all_its_forms() {
    assert_eq!(ehlo(&[]).size(), None);
    assert_eq!(ehlo(&["SIZE"]).size(), Some(Size::Unstated));
    assert_eq!(ehlo(&["size 0"]).size(), Some(Size::Unlimited));
    assert_eq!(
        ehlo(&["SIZE 10240000"]).size(),
        Some(Size::Limit(10_240_000))
    );
    assert_eq!(
        ehlo(&["SIZE 99999999999999999999"]).size(),
        Some(Size::Limit(u64::MAX))
    );
    assert_eq!(
        ehlo(&["SIZE 999999999999999999999"]).size(),
        Some(Size::Invalid)
    );
    assert_eq!(ehlo(&["SIZE 1k"]).size(), Some(Size::Invalid));
    assert_eq!(ehlo(&["SIZE -1"]).size(), Some(Size::Invalid));
    assert_eq!(ehlo(&["SIZE 1 2"]).size(), Some(Size::Invalid));
}

fn kinds(lines: &[&str]) -> Vec<EhloDeviationKind> {
    ehlo(lines)
        .deviations()
        .iter()
        .map(|deviation| deviation.kind)
        .collect()
}

#[test]
fn item_84_rules_between_extensions() {
    assert_eq!(
        kinds(&["SMTPUTF8"]),
        [EhloDeviationKind::SmtpUtf8Without8BitMime]
    );
    assert_eq!(kinds(&["smtputf8", "8bitmime"]), []);
    assert_eq!(
        kinds(&["BINARYMIME"]),
        [EhloDeviationKind::BinaryMimeWithoutChunking]
    );
    assert_eq!(kinds(&["BINARYMIME", "CHUNKING"]), []);
}

#[test]
fn item_84_one_malformed_limit_voids_all() {
    let limits = |line: &str| ehlo(&[line]).limits();
    let all = limits("LIMITS MAILMAX=5 RCPTMAX=100 RCPTDOMAINMAX=1 X-NEW=a,b").expect("limits");
    assert_eq!(
        (all.transactions, all.recipients, all.recipient_domains),
        (Some(5), Some(100), Some(1))
    );
    for malformed in [
        "LIMITS RCPTMAX=100 MAILMAX=0",
        "LIMITS RCPTMAX=100 MAILMAX=05",
        "LIMITS RCPTMAX=100 MAILMAX=1234567",
        "LIMITS RCPTMAX=100 MAILMAX",
        "LIMITS RCPTMAX=100 MAILMAX=",
        "LIMITS RCPTMAX=100 9X=1",
        "LIMITS RCPTMAX=100 X=a;b",
        "LIMITS",
    ] {
        assert_eq!(limits(malformed), None, "{malformed}");
        assert_eq!(kinds(&[malformed]), [EhloDeviationKind::MalformedLimits]);
    }
}

#[test]
fn item_26_sizes_that_differ_are_told() {
    assert_eq!(kinds(&["SIZE 1", "SIZE 1"]), []);
    assert_eq!(
        kinds(&["SIZE 1", "SIZE 2"]),
        [EhloDeviationKind::ConflictingSize]
    );
    assert_eq!(kinds(&["SIZE 1k"]), [EhloDeviationKind::InvalidSize]);
}

#[test]
fn item_25_odd_lines_are_told_with_their_place() {
    let deviations = ehlo(&["AUTH=LOGIN", "under_score"]).deviations();
    let shown: Vec<_> = deviations.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "AUTH with an equals sign in line 2",
            "malformed keyword in line 3"
        ]
    );
}

#[test]
fn extensions_have_types() {
    #[track_caller]
    fn check(line: &str, expected: Capability<'_>) {
        let ehlo = ehlo(&[line]);
        assert_eq!(ehlo.capabilities().next(), Some(expected), "{line}");
    }
    check("pipelining", Capability::Pipelining);
    check("DELIVERBY", Capability::DeliverBy(None));
    check("DELIVERBY 240,x", Capability::DeliverBy(Some(240)));
    check("DELIVERBY 1234567890", Capability::DeliverBy(None));
    check("MT-PRIORITY", Capability::MtPriority(Priorities::Mixer));
    check("MT-PRIORITY nsep", Capability::MtPriority(Priorities::Nsep));
    check(
        "MT-PRIORITY X",
        Capability::MtPriority(Priorities::Other(b"X")),
    );
    check("AUTH=LOGIN", Capability::Auth { legacy: true });
    check("AUTH PLAIN", Capability::Auth { legacy: false });
    check("AUTHOR", Capability::Other);
    check("XCLIENT NAME ADDR", Capability::XClient);
    check("X-ANONYMOUSTLS", Capability::Other);
    check("", Capability::Other);
    check(
        "FUTURERELEASE 1234 2026-12-01T00:00:00Z",
        Capability::FutureRelease(FutureRelease {
            interval: Some(1234),
            until: Some(b"2026-12-01T00:00:00Z"),
        }),
    );
}

#[track_caller]
fn check_difference(clear: &[&str], inside: &[&str], expected: &str) {
    let (clear, inside) = (ehlo(clear), ehlo(inside));
    let difference = EhloDifference::between(&clear, &inside);
    let mut found = Vec::new();
    found.extend(difference.only_clear.iter().map(|line| format!("-{line}")));
    found.extend(difference.only_inside.iter().map(|line| format!("+{line}")));
    let changed = difference.changed.iter();
    found.extend(changed.map(|(before, after)| format!("{before} -> {after}")));
    found.extend(
        difference
            .breaches()
            .iter()
            .map(|breach| format!("!{breach:?}")),
    );
    assert_eq!(found.join(", "), expected);
    assert_eq!(
        difference.is_empty(),
        found.iter().all(|line| line.starts_with('!'))
    );
}

#[test]
fn item_34_what_changes_with_tls_is_told() {
    check_difference(&["STARTTLS"], &["AUTH PLAIN"], "-STARTTLS, +AUTH PLAIN");
    check_difference(&["size 1", "DSN"], &["DSN", "SIZE 1"], "");
    check_difference(&["SIZE 1"], &["SIZE 2"], "SIZE 1 -> SIZE 2");
    check_difference(&["X a", "X b"], &["X b", "X c", "X d"], "+X d, X a -> X c");
    check_difference(&["STARTTLS"], &["starttls"], "!StartTlsInside");
    check_difference(
        &["AUTH=LOGIN", "REQUIRETLS"],
        &["AUTH=LOGIN", "REQUIRETLS"],
        "!PasswordInClear, !RequireTlsInClear",
    );
    check_difference(&["AUTH GSSAPI"], &["AUTH GSSAPI"], "");
}
