//! Extensions from any reply: every line is accounted for, two lists differ by no more than they hold, and nothing raw is shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smtp_probe::{Ehlo, EhloDifference, Reply};

fn printable(text: &str) -> bool {
    text.bytes().all(|octet| (b' '..=b'~').contains(&octet))
}

fuzz_target!(|pair: (&[u8], &[u8])| {
    let (Ok(clear), Ok(inside)) = (Reply::parse(pair.0), Reply::parse(pair.1)) else { return };
    let lines = [clear.lines().count(), inside.lines().count()].map(|lines| lines - 1);
    let (clear, inside) = (Ehlo::new(clear), Ehlo::new(inside));
    assert_eq!([clear.capabilities().count(), inside.capabilities().count()], lines);
    assert!(clear.extensions().all(|extension| printable(&extension.to_string())));
    assert!(clear.auth_mechanisms().iter().all(|mechanism| printable(mechanism)));
    assert!(clear.deviations().iter().all(|deviation| (1..=lines[0]).contains(&deviation.line)));
    let found = EhloDifference::between(&clear, &inside);
    assert!(found.only_clear.len() + found.changed.len() <= lines[0]);
    assert!(found.only_inside.len() + found.changed.len() <= lines[1]);
    assert_eq!(lines[0] + found.only_inside.len(), lines[1] + found.only_clear.len());
    assert!(EhloDifference::between(&clear, &clear).is_empty());
});
