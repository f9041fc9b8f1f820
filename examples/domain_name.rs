//! A domain on the command line, and nothing that people mistype in its place.

use mail_dns::DomainName;

/// The name, if it can be a domain's; else what is wrong with it, where `expected` was to be given.
pub(crate) fn domain_name(text: &str, expected: &str) -> Result<DomainName, String> {
    let name: DomainName = text.parse().map_err(|error| format!("{error}"))?;
    match name.labels().last() {
        None => Err(format!("expected {expected}, found the root")),
        Some(last) if is_number(last) => Err(format!(
            "expected {expected}, found `{}`: an IPv4 address is four numbers up to 255, and no domain ends in a number",
            text.escape_debug()
        )),
        Some(_) => Ok(name),
    }
}

/// No top-level domain is a number (RFC 3696 §2), nor one in the form `0x7f`, which many programs take for a part of an
/// address (URL Standard §3.5, "ends in a number").
fn is_number(label: &[u8]) -> bool {
    let hexadecimal = label.strip_prefix(b"0x");
    label.iter().all(u8::is_ascii_digit)
        || hexadecimal.is_some_and(|rest| rest.iter().all(u8::is_ascii_hexdigit))
}
