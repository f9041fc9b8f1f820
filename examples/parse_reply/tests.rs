use super::*;

#[track_caller]
fn told(text: &str) -> Vec<Told> {
    let Octets(stream) = unescape(text).expect("octets");
    let mut told = Vec::new();
    let end = replies(&[&stream], |reply| told.push(tell_reply(reply)));
    told.extend(end.err().as_ref().map(tell_error));
    told
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let pages: Vec<_> = told(text).iter().map(Told::page).collect();
    assert_eq!(pages.join("\n"), expected);
}

#[test]
fn a_reply_and_its_deviations() {
    check(
        r"250-mx.example\r\n250 SIZE 9\n",
        "! 250  odd: done\n    \
           text       mx.example\n               \
                      SIZE 9\n    \
           offers     messages of up to 9 octets\n  \
         ! but        line ends with a bare LF at octet 26",
    );
    check(
        r"220-mx\r\n521 no\r\n",
        "! 220  odd: done\n  \
         ! act on     521: no\n    \
           about      perhaps no mail accepted\n    \
           text       mx\n               \
                      no\n  \
         ! but        code 521 differs from the first at octet 8",
    );
}

#[test]
fn what_is_no_reply() {
    check(
        "250 OK",
        "? —  could not tell: expected the rest of a reply, found the end of the stream after `250 OK`",
    );
    check(
        r"SSH-2.0-x\r\n",
        r"✗ —  no reply: expected an SMTP reply, found SSH: `SSH-2.0-x\r\n`",
    );
}

#[test]
fn json_reads_back() {
    let told = told(r"550 5.1.1 caf\xe9\r\n");
    let json: serde_json::Value =
        serde_json::from_str(&told[0].json().expect("text")).expect("JSON");
    assert_eq!(json["code"], 550);
    assert_eq!(json["enhanced_code"], "5.1.1");
    assert_eq!(json["lines"][0], r"5.1.1 caf\xe9");
    assert_eq!(json["deviations"][0]["offset"], 13);
}

#[test]
fn escapes_that_are_none_are_told() {
    let error = unescape(r"250 \q").expect_err("no escape");
    assert_eq!(error, r"expected \r, \n, \t, \\ or \xNN, found `\\q`");
    assert!(unescape("").is_err());
    assert!(unescape(r"\x4").is_err());
    assert_eq!(unescape(r"\x41\\é").expect("octets").0, "A\\é".as_bytes());
}

#[test]
fn every_stream_of_the_tour_reads_the_same_however_it_is_cut() {
    for (about, stream) in tour::STREAMS {
        assert!(same_however_cut(stream), "{about}");
    }
}
