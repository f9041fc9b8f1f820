//! CAA properties from any octets: flags, tag and value separated by the first two octets that are blanks. What is read of a value makes
//! a value that reads the same, and nothing raw is shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::{CaaProperty, RecordData};

fuzz_target!(|input: &[u8]| {
    let [flags, rest @ ..] = input else { return };
    let mut parts = rest.splitn(2, |octet| *octet == b' ');
    let tag = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let property = |tag: &str, value: &[u8]| {
        let data = RecordData::Caa { flags: *flags, tag: tag.into(), value: value.into() };
        CaaProperty::of(&data).expect("a property of CAA data")
    };
    let read = property(&tag, parts.next().unwrap_or_default());
    assert!(read.to_string().chars().all(|character| !character.is_control()), "{read}");
    assert!(read.issuer.is_none() && read.parameters.is_empty() || read.is_known() && !read.malformed);
    let mut value = read.issuer.iter().map(ToString::to_string).collect::<String>();
    for (name, given) in &read.parameters {
        value += &format!("; {name}={given}");
    }
    let again = property(&read.tag, value.as_bytes());
    assert_eq!((again.critical, &again.tag, &again.issuer, &again.parameters), (read.critical, &read.tag, &read.issuer, &read.parameters));
    assert!(!again.malformed);
});
