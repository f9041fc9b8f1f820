//! A label that nobody has chosen: what answers there is a wildcard.

use mail_dns::DomainName;

/// Twenty letters, other ones for each domain, and the same every time, so that what was recorded can be replayed.
pub(crate) fn label(domain: &DomainName) -> String {
    // FNV-1a; the hash of the standard library may change with any release of it.
    let octets = domain.labels().flatten();
    let seed = octets.fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x100_0000_01b3)
    });
    let mut letters = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| letters.lowercase())
        .take(20)
        .collect()
}
