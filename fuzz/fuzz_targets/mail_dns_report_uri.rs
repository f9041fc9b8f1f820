//! URIs of reports from any text: one that is shown reads back, and no host is read that is not written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::ReportUri;

fuzz_target!(|text: &str| {
    let Ok(uri) = text.parse::<ReportUri>() else { return };
    let again: ReportUri = uri.to_string().parse().expect("a URI");
    assert_eq!((&again.text, &again.scheme, &again.host), (&uri.text, &uri.scheme, &uri.host));
    assert_eq!(again.max_octets, None);
    let host: Vec<_> = uri.host.iter().flat_map(|host| host.labels()).collect();
    let (host, written) = (host.join(&b'.'), text.to_ascii_lowercase());
    assert!(host.is_empty() || written.as_bytes().windows(host.len()).any(|part| part == host));
});
