use super::*;

#[track_caller]
fn check(text: &str, reason: Reason) {
    let found = Diagnosis::of_text(text.as_bytes());
    assert_eq!(found.reason, reason, "{text}\n{found:?}");
    assert!(Escaped(text.as_bytes()).to_string().contains(&found.matched), "{found:?}");
}

#[test]
fn placeholder() {
    check("550 5.1.1 User unknown", Reason::UserUnknown);
}
