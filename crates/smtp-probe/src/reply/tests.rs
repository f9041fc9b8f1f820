use proptest::prelude::*;

use std::cell::Cell;

use super::*;

thread_local! {
    static VISITED: Cell<usize> = const { Cell::new(0) };
}

/// Counts octets that are looked at.
pub(super) fn visit(octets: usize) {
    VISITED.set(VISITED.get() + octets);
}

/// Every reply of a stream, whole and cut at every octet; the results must be the same.
#[track_caller]
fn read(stream: &[u8]) -> (Vec<Reply>, Option<ReplyErrorKind>) {
    let whole = read_pieces([stream]);
    for cut in 1..stream.len() {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(read_pieces([head, tail]), whole, "cut at {cut}");
    }
    assert_eq!(read_pieces(stream.chunks(1)), whole, "octet by octet");
    whole
}

fn read_pieces<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Reply>, Option<ReplyErrorKind>) {
    let mut parser = ReplyParser::new(ReplyLimits::default());
    let mut replies = Vec::new();
    for mut piece in pieces {
        loop {
            match parser.advance(&mut piece) {
                Ok(Some(reply)) => replies.push(examined(reply)),
                Ok(None) => break,
                Err(error) => return (replies, Some(error.kind())),
            }
        }
        assert!(piece.is_empty(), "all is taken when there is no reply");
    }
    (replies, parser.finish().err().map(|error| error.kind()))
}

/// The reply, once what was found on the short way is seen to be what its octets tell on the long one.
fn examined(reply: ReplyRef<'_>) -> Reply {
    let mut parser = ReplyParser::new(ReplyLimits::within(reply.raw().len()));
    let mut last = None;
    for mut octet in reply.raw().chunks(1) {
        let whole = parser.advance(&mut octet).expect("it was read before");
        last = whole.map(|slow| (slow.code(), slow.effective_code()));
    }
    assert_eq!(last, Some((reply.code(), reply.effective_code())));
    let slowly = deviation::deviations(reply.raw(), reply.code());
    assert!(reply.deviations().eq(slowly), "{reply:?}");
    let enhanced = EnhancedCode::parse(reply.code(), reply.first_line());
    assert_eq!(reply.enhanced_code(), enhanced);
    reply.to_owned()
}

/// One reply: its code, its lines and its deviations.
#[track_caller]
fn check(stream: &str, code: u16, lines: &[&str], deviations: &[DeviationKind]) {
    let (replies, error) = read(stream.as_bytes());
    assert_eq!(error, None);
    let [reply] = replies.as_slice() else {
        panic!("expected one reply, found {replies:?}")
    };
    assert_eq!(reply.code(), ReplyCode(code));
    let texts: Vec<_> = reply
        .lines()
        .map(|line| Escaped(line).to_string())
        .collect();
    assert_eq!(texts, lines);
    let kinds: Vec<_> = reply.deviations().map(|deviation| deviation.kind).collect();
    assert_eq!(kinds, deviations);
    assert_eq!(reply.raw(), stream.as_bytes(), "every octet is kept");
}

#[track_caller]
fn check_error(stream: &[u8], kind: ReplyErrorKind) {
    let (replies, error) = read(stream);
    assert_eq!((replies.len(), error), (0, Some(kind)));
}

#[test]
fn item_1_the_grammar() {
    check("250 OK\r\n", 250, &["OK"], &[]);
    check("250\r\n", 250, &[""], &[]);
    check("250 \r\n", 250, &[""], &[]);
    check("250-\r\n250 x\r\n", 250, &["", "x"], &[]);
    check("250-a\r\n250-b\r\n250 c\r\n", 250, &["a", "b", "c"], &[]);
}

#[test]
fn item_2_the_last_line_of_a_greeting_may_be_bare() {
    check(
        "220-mx.example ESMTP\r\n220\r\n",
        220,
        &["mx.example ESMTP", ""],
        &[],
    );
}

#[test]
fn item_4_mixed_codes_are_told_and_none_is_lost() {
    check(
        "250-a\r\n550 b\r\n",
        250,
        &["a", "b"],
        &[DeviationKind::MixedCodes(ReplyCode(550))],
    );
    check(
        "250-a\r\n550-b\r\n250 c\r\n",
        250,
        &["a", "b", "c"],
        &[DeviationKind::MixedCodes(ReplyCode(550))],
    );
}

#[test]
fn item_5_lines_are_read_by_position() {
    check(
        "250-234 Text\r\n250 234-x\r\n",
        250,
        &["234 Text", "234-x"],
        &[],
    );
}

#[test]
fn item_6_what_has_no_code_is_no_reply() {
    let unknown = ReplyErrorKind::NotSmtp(Resemblance::Unknown);
    for stream in [
        "25\r\n",
        " 250 ok\r\n",
        "+250 ok\r\n",
        "２５０ ok\r\n",
        "\r\n",
        "2 50 ok\r\n",
    ] {
        check_error(stream.as_bytes(), unknown);
    }
    for code in [199, 260, 600, 999] {
        let malformed = DeviationKind::MalformedCode(ReplyCode(code));
        check(&format!("{code} x\r\n"), code, &["x"], &[malformed]);
    }
}

#[test]
fn item_7_odd_separators_end_the_reply_and_are_noted() {
    check("250X\r\n", 250, &["X"], &[DeviationKind::Separator(b'X')]);
    check(
        "250\tok\r\n",
        250,
        &["\\tok"],
        &[DeviationKind::Separator(b'\t')],
    );
    check("250:\r\n", 250, &[":"], &[DeviationKind::Separator(b':')]);
    check(
        "2500 ok\r\n",
        250,
        &["0 ok"],
        &[DeviationKind::Separator(b'0')],
    );
}

#[test]
fn item_8_long_lines_are_noted_and_longer_ones_given_up() {
    let long = |length: usize| format!("250 {}\r\n", "a".repeat(length - 6));
    let text = |length: usize| "a".repeat(length - 6);
    check(&long(512), 250, &[&text(512)], &[]);
    check(&long(513), 250, &[&text(513)], &[DeviationKind::LongLine]);
    check(&long(4096), 250, &[&text(4096)], &[DeviationKind::LongLine]);
    let (replies, error) = read_pieces([long(4097).as_bytes()]);
    assert_eq!(
        (replies.len(), error),
        (0, Some(ReplyErrorKind::LongLine { limit: 4096 }))
    );
}

#[test]
fn item_9_an_endless_reply_is_given_up() {
    let endless = "220-x\r\n".repeat(600);
    let (_, error) = read_pieces([endless.as_bytes()]);
    assert_eq!(error, Some(ReplyErrorKind::ManyLines { limit: 512 }));

    let broad = format!("220-{}\r\n", "x".repeat(500)).repeat(200);
    let (_, error) = read_pieces([broad.as_bytes()]);
    assert_eq!(error, Some(ReplyErrorKind::LongReply { limit: 65_536 }));
}

#[test]
fn item_9_memory_is_bounded_whatever_comes() {
    let mut parser = ReplyParser::new(ReplyLimits::default());
    let flood = vec![b'2'; 1 << 20];
    parser
        .advance(&mut flood.as_slice())
        .expect_err("too long a line");
    assert!(parser.pending().len() <= 4096);
    let error = parser
        .advance(&mut &b"250 ok\r\n"[..])
        .expect_err("the stream is lost");
    assert!(error.received().len() <= 256);
}

#[test]
fn item_11_text_is_octets() {
    let stream = b"220 caf\xe9 \xc3\xa9\r\n";
    let (replies, error) = read(stream);
    assert_eq!(error, None);
    assert_eq!(replies[0].first_line(), b"caf\xe9 \xc3\xa9");
    assert_eq!(
        replies[0].deviations().collect::<Vec<_>>(),
        [Deviation {
            kind: DeviationKind::NonAscii,
            offset: 7
        }]
    );
    check(
        "250 a\0b\x01\r\n",
        250,
        &["a\\x00b\\x01"],
        &[DeviationKind::Nul, DeviationKind::Control],
    );
}

#[test]
fn item_12_nothing_raw_is_shown() {
    let reply = Reply::parse(b"220 \x1b]0;owned\x07\x1b[2J\xe2\x80\xae\r\n").expect("a reply");
    for shown in [reply.to_string(), format!("{reply:?}")] {
        assert!(
            shown.bytes().all(|octet| (b' '..=b'~').contains(&octet)),
            "{shown:?}"
        );
    }
}

#[test]
fn item_13_bare_lf_ends_a_line_and_bare_cr_does_not() {
    check(
        "250-a\n250 b\n",
        250,
        &["a", "b"],
        &[DeviationKind::BareLf, DeviationKind::BareLf],
    );
    check(
        "250 ok\r250 evil\n",
        250,
        &["ok\\r250 evil"],
        &[DeviationKind::BareCr, DeviationKind::BareLf],
    );
    check("250 ok\r\r\n", 250, &["ok\\r"], &[DeviationKind::BareCr]);
}

#[test]
fn item_14_octets_without_a_line_end_are_no_reply() {
    check_error(b"250 OK", ReplyErrorKind::Truncated);
    check_error(b"250-a\r\n", ReplyErrorKind::Truncated);
    check_error(b"250-a\r\n250 OK\r", ReplyErrorKind::Truncated);
    check_error(b"2", ReplyErrorKind::Truncated);
    check_error(b"SSH", ReplyErrorKind::NotSmtp(Resemblance::Unknown));
}

#[test]
fn item_15_what_follows_a_reply_is_another_one() {
    let (replies, error) = read(b"250 a\r\n421 bye\r\n");
    let codes: Vec<_> = replies.iter().map(Reply::code).collect();
    assert_eq!(
        (codes.as_slice(), error),
        (&[ReplyCode(250), ReplyCode(421)][..], None)
    );
}

#[test]
fn item_21_other_protocols_are_named() {
    let check = |stream: &[u8], resemblance| {
        check_error(stream, ReplyErrorKind::NotSmtp(resemblance));
    };
    check(b"\x15\x03\x01\x00\x02\x02\x46", Resemblance::Tls);
    check(b"HTTP/1.1 400 Bad Request\r\n\r\n", Resemblance::Http);
    check(b"SSH-2.0-OpenSSH_9.2\r\n", Resemblance::Ssh);
    check(b"* OK IMAP4rev2 ready\r\n", Resemblance::Imap);
    check(b"+OK POP3 ready\r\n", Resemblance::Pop3);
    check(b"\xff\xfb\x01", Resemblance::Unknown);
}

#[test]
fn text_without_a_line_end_is_judged_without_waiting_for_one() {
    let mut parser = ReplyParser::new(ReplyLimits::default());
    assert_eq!(
        parser.advance(&mut &b"who are you"[..]),
        Ok(None),
        "too little to tell"
    );
    let error = parser
        .advance(&mut &b" and what do"[..])
        .expect_err("no reply");
    assert_eq!(error.kind(), ReplyErrorKind::NotSmtp(Resemblance::Unknown));
}

#[test]
fn a_line_without_a_code_inside_a_reply_is_text() {
    check(
        "220-a\r\n  b\r\n220 c\r\n",
        220,
        &["a", "  b", "c"],
        &[DeviationKind::MissingCode],
    );
}

#[test]
fn every_deviation_is_told() {
    let stream = format!("{}250 \r\n", "250-a\n".repeat(100));
    let (replies, _) = read_pieces([stream.as_bytes()]);
    assert_eq!(replies[0].deviations().count(), 100);
    assert_eq!(replies[0].lines().count(), 101);
}

/// Streams that are meant to make a parser go over the same octets again and again.
#[test]
fn work_is_linear() {
    let fill = |unit: &[u8]| unit.repeat(200_000 / unit.len());
    let streams = [
        fill(b"2"),
        fill(b"\n"),
        fill(b"220-\r\n"),
        fill(b"220-a\n"),
        [b"250 ".as_slice(), &fill(b"\r")].concat(),
        [b"220-a\r\n".as_slice(), &fill(b"x\r\n")].concat(),
        fill(&[b"220-".as_slice(), &[b'x'; 4000], b"\r\n"].concat()),
        fill(b"250-a\r\n250 b\r\n"),
        fill(b"250-a\r\n250-b\r\n250-c\r\n250-d\r\n550 e\r\n"),
    ];
    for stream in streams {
        for piece in [1, 7, 4096, stream.len()] {
            VISITED.set(0);
            let mut parser = ReplyParser::new(ReplyLimits::default());
            let mut pieces = stream.chunks(piece);
            let mut failed = false;
            while let (false, Some(mut piece)) = (failed, pieces.next()) {
                while !failed && !piece.is_empty() {
                    failed = parser.advance(&mut piece).is_err();
                }
            }
            let (visited, most) = (VISITED.get(), 4 * stream.len());
            assert!(visited <= most, "{visited} octets of {}", stream.len());
        }
    }
}

#[test]
fn parse_takes_exactly_one_reply() {
    let kind = |octets: &[u8]| Reply::parse(octets).map_err(|error| error.kind());
    assert_eq!(kind(b"250 a\r\n250 b\r\n"), Err(ReplyErrorKind::Trailing));
    assert_eq!(kind(b""), Err(ReplyErrorKind::Truncated));
    assert_eq!(kind(b"250-a\r\n"), Err(ReplyErrorKind::Truncated));
    assert!(kind(b"250 a\r\n").is_ok());
}

proptest! {
    /// Whatever comes, cut however: no panic, the same result, every octet accounted for.
    #[test]
    fn any_octets_cut_anywhere(stream in prop::collection::vec(any::<u8>(), 0..80), cut in 0usize..80) {
        let (head, tail) = stream.split_at(cut.min(stream.len()));
        prop_assert_eq!(read_pieces([head, tail]), read_pieces([stream.as_slice()]));
    }

    /// Streams that are nearly replies.
    #[test]
    fn near_replies_cut_anywhere(stream in "([245][0-5][0-9][- ]?[a-z\\t\\x00]{0,8}\r?\n){0,6}[0-9 -]{0,5}", cut in 0usize..80) {
        let stream = stream.as_bytes();
        let (head, tail) = stream.split_at(cut.min(stream.len()));
        let (replies, error) = read_pieces([head, tail]);
        prop_assert_eq!(&(replies.clone(), error), &read_pieces([stream]));
        let held: Vec<u8> = replies.iter().flat_map(|reply| reply.raw().to_vec()).collect();
        prop_assert!(stream.starts_with(&held), "replies hold the stream's own octets, in order");
    }

    /// A reply made by the grammar reads back with no deviation.
    #[test]
    fn well_formed_replies_read_back(code in "[2-5][0-5][0-9]", lines in prop::collection::vec("[ -~\\t]{0,40}", 1..8)) {
        let (last, first) = lines.split_last().expect("at least one");
        let mut stream: String = first.iter().map(|line| format!("{code}-{line}\r\n")).collect();
        stream.push_str(&format!("{code} {last}\r\n"));
        let reply = Reply::parse(stream.as_bytes()).expect("it is well-formed");
        let texts: Vec<_> = reply.lines().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        prop_assert_eq!(texts, lines);
        prop_assert_eq!(reply.deviations().next(), None);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn stored_replies_read_back(stream in "([245][0-5][0-9]-[ -~\\x00-\\x09é]{0,8}\r?\n){0,3}[245][0-5][0-9] \r\n") {
        let reply = Reply::parse(stream.as_bytes()).expect("a reply");
        let json = serde_json::to_string(&reply).expect("text");
        prop_assert_eq!(serde_json::from_str::<Reply>(&json).expect("it reads back"), reply);
    }
}
