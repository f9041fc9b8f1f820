//! What is held is bounded, whatever comes; it is counted. (That work is linear is counted by a test beside the parser.)

use allocation_counter::AllocationInfo;
use smtp_probe::{ReplyLimits, ReplyParser};

/// Streams that are meant to hurt, of about so many octets.
fn hostile(length: usize) -> Vec<(&'static str, Vec<u8>)> {
    let fill = |unit: &[u8]| unit.repeat(length / unit.len() + 1);
    vec![
        ("digits", fill(b"2")),
        ("line ends", fill(b"\n")),
        ("carriage returns", [b"250 ".to_vec(), fill(b"\r")].concat()),
        ("empty lines", fill(b"220-\r\n")),
        ("bare line feeds", fill(b"220-a\n")),
        (
            "text without codes",
            [b"220-a\r\n".to_vec(), fill(b"x\r\n")].concat(),
        ),
        (
            "long lines",
            fill(&[b"220-".as_slice(), &[b'x'; 4000], b"\r\n"].concat()),
        ),
        ("replies", fill(b"250-a\r\n250 b\r\n")),
        ("odd replies", fill(b"250-a\n550 b\n")),
        ("nul", [b"250 ".to_vec(), fill(b"\0")].concat()),
    ]
}

/// Reads a stream in pieces of this length, to its end or the first error.
fn read(stream: &[u8], piece: usize) {
    let mut parser = ReplyParser::new(ReplyLimits::default());
    for mut input in stream.chunks(piece) {
        loop {
            match parser.advance(&mut input) {
                Ok(Some(reply)) => drop(std::hint::black_box(reply)),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}

fn allocated(stream: &[u8], piece: usize) -> AllocationInfo {
    allocation_counter::measure(|| read(stream, piece))
}

#[test]
fn no_input_makes_the_parser_hold_more_than_its_limit() {
    let limit = u64::try_from(ReplyLimits::default().reply).expect("a small number");
    for length in [1 << 10, 1 << 16, 1 << 20, 1 << 23] {
        for (name, stream) in hostile(length) {
            for piece in [1, 7, 1000, usize::MAX] {
                // One octet at a time of eight million is only slow.
                if piece < 1000 && length > 1 << 16 {
                    continue;
                }
                let held = allocated(&stream, piece.min(stream.len())).bytes_max;
                // When the buffer grows to its limit, the half as large one before is still there; an error keeps 256 octets, twice.
                assert!(
                    held <= limit + limit / 2 + 1024,
                    "{name} of {length}: {held} octets"
                );
            }
        }
    }
}

#[test]
fn a_reply_in_one_piece_allocates_nothing() {
    for stream in [
        b"250 ok\r\n".repeat(1000),
        b"250-mx.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n".repeat(1000),
    ] {
        assert_eq!(allocated(&stream, stream.len()).count_total, 0);
    }
}
