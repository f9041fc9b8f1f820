//! Key shares that are well-formed, and that nobody has the private key of.
//!
//! Nothing is ever decrypted, so a share need only pass the checks that a server makes before it
//! answers. All octets follow from `random`, as SHA-256 of it, a label and a counter.

use sha2::{Digest, Sha256};

use crate::{KeyShareOffer, NamedGroup};

/// The modulus of ML-KEM (FIPS 203 §2.4).
const MODULUS: u16 = 3329;
/// The coefficients of an encapsulation key of ML-KEM-768: three polynomials of 256 each.
const COEFFICIENTS: usize = 3 * 256;

impl KeyShareOffer {
    /// The groups that a share is sent for.
    #[must_use]
    pub const fn groups(&self) -> &'static [NamedGroup] {
        match self {
            Self::Empty => &[],
            Self::X25519 => &[NamedGroup::X25519],
            Self::X25519Mlkem768 => &[NamedGroup::X25519_MLKEM768, NamedGroup::X25519],
        }
    }

    /// The shares in the order sent, each with its group.
    pub(super) fn shares(&self, random: &[u8; 32]) -> Vec<(NamedGroup, Vec<u8>)> {
        let share = |group: NamedGroup| match group {
            // The order of draft-ietf-tls-ecdhe-mlkem §4.1: ML-KEM first.
            NamedGroup::X25519_MLKEM768 => [mlkem768(random), x25519(random, "hybrid")].concat(),
            _ => x25519(random, "x25519"),
        };
        let groups = self.groups().iter();
        groups.map(|&group| (group, share(group))).collect()
    }
}

/// The octets of a session identifier (RFC 9846 §4.1.2, `legacy_session_id`).
pub(super) fn session_id(random: &[u8; 32]) -> [u8; 32] {
    block(random, "session id", 0)
}

/// An X25519 public key: any 32 octets are one (RFC 7748 §5), and the highest bit of those that
/// clients make is clear.
fn x25519(random: &[u8; 32], label: &str) -> Vec<u8> {
    let mut share = block(random, label, 0);
    if let Some(last) = share.last_mut() {
        *last &= 0x7f;
    }
    share.to_vec()
}

/// An ML-KEM-768 encapsulation key of 1,184 octets: 768 coefficients of twelve bits, each below
/// the modulus as FIPS 203 §7.2 checks it, and a seed of 32 octets.
fn mlkem768(random: &[u8; 32]) -> Vec<u8> {
    let octets = (0..).flat_map(|counter| block(random, "ml-kem-768", counter));
    // Sampled by rejection, as in FIPS 203 §4.2.2.
    let coefficients: Vec<u16> = Triples(octets)
        .flat_map(|[a, b, c]| {
            let (a, b, c) = (u16::from(a), u16::from(b), u16::from(c));
            [a | (b & 0x0f) << 8, b >> 4 | c << 4]
        })
        .filter(|&coefficient| coefficient < MODULUS)
        .take(COEFFICIENTS)
        .collect();
    let mut key = Vec::with_capacity(1184);
    for pair in coefficients.chunks_exact(2) {
        if let &[first, second] = pair {
            let [b0, b1, b2, _] = (u32::from(first) | u32::from(second) << 12).to_le_bytes();
            key.extend([b0, b1, b2]);
        }
    }
    key.extend(block(random, "ml-kem-768 seed", 0));
    key
}

/// Three octets at a time of an endless stream.
struct Triples<I>(I);

impl<I: Iterator<Item = u8>> Iterator for Triples<I> {
    type Item = [u8; 3];

    fn next(&mut self) -> Option<[u8; 3]> {
        Some([self.0.next()?, self.0.next()?, self.0.next()?])
    }
}

fn block(random: &[u8; 32], label: &str, counter: u32) -> [u8; 32] {
    let hash = Sha256::new()
        .chain_update(random)
        .chain_update(label)
        .chain_update(counter.to_be_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coefficient_of_the_mlkem_share_is_below_the_modulus() {
        for seed in 0..50 {
            let key = mlkem768(&[seed; 32]);
            assert_eq!(key.len(), 1184);
            for triple in key[..1152].chunks_exact(3) {
                let low = u16::from(triple[0]) | (u16::from(triple[1]) & 0x0f) << 8;
                let high = u16::from(triple[1]) >> 4 | u16::from(triple[2]) << 4;
                assert!(low < 3329 && high < 3329, "{low} {high}");
            }
        }
    }

    #[test]
    fn shares_follow_from_random_and_differ_from_each_other() {
        let shares = KeyShareOffer::X25519Mlkem768.shares(&[1; 32]);
        assert_eq!(shares, KeyShareOffer::X25519Mlkem768.shares(&[1; 32]));
        assert_ne!(shares, KeyShareOffer::X25519Mlkem768.shares(&[2; 32]));
        assert_eq!(shares[0].1.len(), 1216);
        assert_eq!(shares[1].1.len(), 32);
        assert_ne!(shares[0].1[1184..], shares[1].1);
    }
}
