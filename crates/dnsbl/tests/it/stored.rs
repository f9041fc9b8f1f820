//! What was stored when it had a field less.
//!
//! Such a field is read as what is not known, where there is such a thing. What would be a claim is refused.

use std::fmt::Debug;

use dnsbl::{
    ControlReport, Controls, Delisting, DelistingMode, Expiry, Meaning, PublicResolvers,
    ResolverVerdict, Spending, SweepCounts, Terms,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// `stored`, and without the `field` of `place`, which is a JSON pointer.
fn without(stored: &Value, place: &str, field: &str) -> Value {
    let mut less = stored.clone();
    let object = less.pointer_mut(place).and_then(Value::as_object_mut);
    let removed = object.expect("an object").remove(field);
    assert!(removed.is_some(), "{stored} has {field}");
    less
}

/// Whether `stored` is read whole and stored so again, and without a field as if that were `unknown`, or not at all.
#[track_caller]
fn check<T>(stored: &Value, place: &str, field: &str, unknown: Option<Value>)
where
    T: DeserializeOwned + Serialize + PartialEq + Debug,
{
    let read = |stored: &Value| serde_json::from_value::<T>(stored.clone());
    let whole = read(stored).expect("what is whole is read");
    assert_eq!(
        serde_json::to_value(&whole).expect("serializes"),
        *stored,
        "it is what is stored"
    );
    let less = read(&without(stored, place, field));
    match unknown {
        None => assert!(less.is_err(), "{less:?}"),
        Some(unknown) => {
            let mut expected = stored.clone();
            expected.pointer_mut(place).expect("it is there")[field] = unknown;
            assert_eq!(
                less.expect("is read"),
                read(&expected).expect("is read"),
                "{field}"
            );
        }
    }
}

#[test]
fn a_verdict_on_a_resolver_says_no_more_than_was_stored() {
    let refused = json!({ "refused": { "by": 2, "served": 3, "of": 5, "as_public": 1 } });
    check::<ResolverVerdict>(&refused, "/refused", "as_public", Some(json!(0)));
    for count in ["by", "served", "of"] {
        check::<ResolverVerdict>(&refused, "/refused", count, None);
    }
    let unanswered = json!({ "unanswered": { "lists": 4, "answers_others": true } });
    check::<ResolverVerdict>(
        &unanswered,
        "/unanswered",
        "answers_others",
        Some(json!(false)),
    );
    check::<ResolverVerdict>(&unanswered, "/unanswered", "lists", None);
    for one in ["served", "served_by_few"] {
        let stored = json!({ one: { "by": 3, "of": 4 } });
        for count in ["by", "of"] {
            check::<ResolverVerdict>(&stored, &format!("/{one}"), count, None);
        }
    }
    let newer = json!({ "amused": { "by": 1 } });
    assert!(serde_json::from_value::<ResolverVerdict>(newer).is_err());
}

#[test]
fn counts_of_what_was_not_told_apart_are_none_and_the_sum_shows_it() {
    let stored = serde_json::to_value(SweepCounts::default()).expect("serializes");
    let fields: Vec<String> = stored
        .as_object()
        .map(|object| object.keys().cloned().collect())
        .expect("an object");
    for field in &fields {
        check::<SweepCounts>(&stored, "", field, Some(json!(0)));
    }
    assert_eq!(fields.len(), 14);
}

#[test]
fn what_may_be_spent_is_not_guessed() {
    let stored = json!({ "zone": "bl.test", "day": 20_000, "questions": 3 });
    for field in ["zone", "day", "questions"] {
        check::<Spending>(&stored, "", field, None);
    }
}

#[test]
fn whether_something_is_known_from_the_list_itself_is_no_by_default() {
    let no = || Some(json!(false));
    let control = json!({ "name": "2.0.0.127.bl.test", "reading": { "unsettled": "no_data" } });
    let report = json!({
        "kind": "ipv4", "positive": [control], "verified": true, "negative": [],
        "random": control, "at": 1,
    });
    check::<ControlReport>(&report, "", "verified", no());
    for field in ["kind", "positive", "negative", "random", "at"] {
        check::<ControlReport>(&report, "", field, None);
    }
    let controls = json!({ "positive": ["2.0.0.127.bl.test"], "negative": [], "verified": true });
    check::<Controls>(&controls, "", "verified", no());
    let meaning = json!({ "text": "spam", "category": "spam", "verified": true });
    check::<Meaning>(&meaning, "", "verified", no());
    check::<Meaning>(&meaning, "", "category", None);
    let expiry = json!({ "hours": 24, "at": 1, "verified": true });
    check::<Expiry>(&expiry, "", "verified", no());
    check::<Expiry>(&expiry, "", "at", None);
}

#[test]
fn ways_and_terms_that_were_not_stored_are_not_known() {
    let unknown = || Some(json!("unknown"));
    let delisting = json!({ "mode": "form", "verified": true });
    check::<Delisting>(&delisting, "", "mode", unknown());
    check::<Delisting>(&delisting, "", "verified", Some(json!(false)));
    check::<Terms>(
        &json!({ "public_resolvers": "refused" }),
        "",
        "public_resolvers",
        unknown(),
    );
    assert_eq!(DelistingMode::default(), DelistingMode::Unknown);
    assert_eq!(PublicResolvers::default(), PublicResolvers::Unknown);
}
