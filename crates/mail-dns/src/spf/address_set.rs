//! Sets of addresses, as SPF records describe them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A set of IPv4 and IPv6 addresses.
///
/// # Examples
///
/// ```
/// use mail_dns::spf::AddressSet;
///
/// let mut set = AddressSet::network("192.0.2.7".parse()?, 24);
/// set.union(&AddressSet::network("192.0.3.0".parse()?, 24));
/// assert_eq!(set.ipv4_count(), 512);
/// assert_eq!(set.networks().map(|network| network.to_string()).collect::<Vec<_>>(), ["192.0.2.0/23"]);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "Vec<Network>", from = "Vec<Network>"))]
pub struct AddressSet {
    ipv4: Ranges,
    ipv6: Ranges,
}

/// First and last addresses as numbers: sorted, apart from each other.
type Ranges = Vec<(u128, u128)>;

const IPV4_LAST: u128 = u32::MAX as u128;

impl AddressSet {
    /// Every address.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            ipv4: vec![(0, IPV4_LAST)],
            ipv6: vec![(0, u128::MAX)],
        }
    }

    /// Every IPv4 address.
    #[must_use]
    pub fn every_ipv4() -> Self {
        Self {
            ipv4: vec![(0, IPV4_LAST)],
            ipv6: Ranges::new(),
        }
    }

    /// Every IPv6 address.
    #[must_use]
    pub fn every_ipv6() -> Self {
        Self {
            ipv4: Ranges::new(),
            ipv6: vec![(0, u128::MAX)],
        }
    }

    /// The addresses whose first `prefix` bits are those of `address`.
    #[must_use]
    pub fn network(address: IpAddr, prefix: u8) -> Self {
        let mut set = Self::default();
        match address {
            IpAddr::V4(address) => set
                .ipv4
                .push(range(u128::from(address.to_bits()), prefix, 32)),
            IpAddr::V6(address) => set.ipv6.push(range(address.to_bits(), prefix, 128)),
        }
        set
    }

    /// Adds the addresses of another set.
    pub fn union(&mut self, other: &Self) {
        merge(&mut self.ipv4, &other.ipv4);
        merge(&mut self.ipv6, &other.ipv6);
    }

    /// The addresses that are in this set and not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self {
            ipv4: subtract(&self.ipv4, &other.ipv4),
            ipv6: subtract(&self.ipv6, &other.ipv6),
        }
    }

    /// Whether there is no address in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ipv4.is_empty() && self.ipv6.is_empty()
    }

    /// Whether an address is in it; IPv4 in IPv6 clothing is IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (ranges, number) = match address.to_canonical() {
            IpAddr::V4(address) => (&self.ipv4, u128::from(address.to_bits())),
            IpAddr::V6(address) => (&self.ipv6, address.to_bits()),
        };
        ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// How many IPv4 addresses.
    #[must_use]
    pub fn ipv4_count(&self) -> u64 {
        u64::try_from(count(&self.ipv4)).unwrap_or(u64::MAX)
    }

    /// How many IPv6 addresses; one less for all of them.
    #[must_use]
    pub fn ipv6_count(&self) -> u128 {
        count(&self.ipv6)
    }

    /// The fewest networks that make it up, IPv4 first, in order.
    pub fn networks(&self) -> impl Iterator<Item = Network> + '_ {
        let ipv4 = self.ipv4.iter().flat_map(|range| split(*range, 32));
        let ipv6 = self.ipv6.iter().flat_map(|range| split(*range, 128));
        let ipv4 = ipv4.map(|(first, prefix)| Network {
            address: Ipv4Addr::from_bits(u32::try_from(first).unwrap_or(u32::MAX)).into(),
            prefix,
        });
        ipv4.chain(ipv6.map(|(first, prefix)| Network {
            address: Ipv6Addr::from_bits(first).into(),
            prefix,
        }))
    }
}

/// An address and how many of its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a network is an address and a length"
)]
pub struct Network {
    /// The first address.
    pub address: IpAddr,
    /// How many bits count.
    pub prefix: u8,
}

/// `192.0.2.0/24`; without the length for a single address.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, prefix } = self;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        if *prefix == whole {
            address.fmt(f)
        } else {
            write!(f, "{address}/{prefix}")
        }
    }
}

impl From<AddressSet> for Vec<Network> {
    fn from(set: AddressSet) -> Self {
        set.networks().collect()
    }
}

impl From<Vec<Network>> for AddressSet {
    fn from(networks: Vec<Network>) -> Self {
        let mut set = Self::default();
        for network in networks {
            let one = Self::network(network.address, network.prefix);
            set.ipv4.extend(one.ipv4);
            set.ipv6.extend(one.ipv6);
        }
        set.ipv4.sort_unstable();
        set.ipv6.sort_unstable();
        set.ipv4 = joined(set.ipv4.into_iter());
        set.ipv6 = joined(set.ipv6.into_iter());
        set
    }
}

fn range(number: u128, prefix: u8, bits: u32) -> (u128, u128) {
    let free = bits.saturating_sub(u32::from(prefix));
    let mask = if free == 128 {
        u128::MAX
    } else {
        (1 << free) - 1
    };
    (number & !mask, number | mask)
}

/// Both are sorted, so one pass is enough.
fn merge(ranges: &mut Ranges, more: &Ranges) {
    if more.is_empty() {
        return;
    }
    let (mut ours, mut theirs) = (
        ranges.iter().copied().peekable(),
        more.iter().copied().peekable(),
    );
    let next = std::iter::from_fn(|| match (ours.peek(), theirs.peek()) {
        (Some(our), Some(their)) if their < our => theirs.next(),
        (Some(_), _) => ours.next(),
        (None, _) => theirs.next(),
    });
    *ranges = joined(next);
}

/// Sorted ranges, those that touch or meet made one.
fn joined(ranges: impl Iterator<Item = (u128, u128)>) -> Ranges {
    let mut joined = Ranges::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(previous) if first <= previous.1.saturating_add(1) => {
                previous.1 = previous.1.max(last);
            }
            _ => joined.push((first, last)),
        }
    }
    joined
}

/// Both are sorted, so one pass is enough.
fn subtract(ranges: &Ranges, less: &Ranges) -> Ranges {
    let mut left = Vec::new();
    let mut from = 0;
    for (first, last) in ranges {
        let mut first = *first;
        let mut gone = false;
        while less.get(from).is_some_and(|hole| hole.1 < first) {
            from += 1;
        }
        for hole in less.iter().skip(from).take_while(|hole| hole.0 <= *last) {
            if hole.0 > first {
                left.push((first, hole.0 - 1));
            }
            match hole.1.checked_add(1) {
                Some(after) if after <= *last => first = after,
                _ => {
                    gone = true;
                    break;
                }
            }
        }
        if !gone {
            left.push((first, *last));
        }
    }
    left
}

fn count(ranges: &Ranges) -> u128 {
    ranges.iter().fold(0, |sum: u128, (first, last)| {
        sum.saturating_add((last - first).saturating_add(1))
    })
}

/// The networks of a range: each the greatest that begins where the one before has ended.
fn split((mut first, last): (u128, u128), bits: u32) -> Vec<(u128, u8)> {
    let mut networks = Vec::new();
    loop {
        let aligned = if first == 0 {
            bits
        } else {
            first.trailing_zeros().min(bits)
        };
        let size = last - first;
        let fits = if size == u128::MAX {
            128
        } else {
            (size + 1).ilog2()
        };
        let free = aligned.min(fits);
        networks.push((first, u8::try_from(bits - free).unwrap_or(0)));
        let step = 1u128.checked_shl(free);
        match step
            .and_then(|step| first.checked_add(step))
            .filter(|next| *next <= last)
        {
            Some(next) => first = next,
            None => return networks,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(networks: &[(&str, u8)]) -> AddressSet {
        let mut set = AddressSet::default();
        for (address, prefix) in networks {
            set.union(&AddressSet::network(
                address.parse().expect("an address"),
                *prefix,
            ));
        }
        set
    }

    fn shown(set: &AddressSet) -> Vec<String> {
        set.networks().map(|network| network.to_string()).collect()
    }

    #[test]
    fn networks_add_up_and_come_apart() {
        assert_eq!(
            shown(&set(&[("192.0.2.1", 32), ("192.0.2.0", 32)])),
            ["192.0.2.0/31"]
        );
        assert_eq!(
            shown(&set(&[("10.0.0.0", 8), ("10.1.0.0", 16)])),
            ["10.0.0.0/8"]
        );
        let hole = set(&[("10.0.0.0", 30)]).without(&set(&[("10.0.0.1", 32)]));
        assert_eq!(shown(&hole), ["10.0.0.0", "10.0.0.2/31"]);
        assert_eq!(shown(&AddressSet::everything()), ["0.0.0.0/0", "::/0"]);
        assert_eq!(AddressSet::everything().ipv4_count(), 1 << 32);
        assert_eq!(AddressSet::everything().ipv6_count(), u128::MAX);
        assert!(
            set(&[("10.0.0.0", 8)])
                .without(&AddressSet::everything())
                .is_empty()
        );
        assert!(
            AddressSet::everything()
                .without(&set(&[("::", 0)]))
                .contains("1.2.3.4".parse().expect("an address"))
        );
        assert!(
            set(&[("192.0.2.0", 24)]).contains("::ffff:192.0.2.9".parse().expect("an address"))
        );
        assert!(!set(&[("::", 0)]).contains("192.0.2.9".parse().expect("an address")));
        assert_eq!(
            shown(&set(&[("2001:db8::", 33), ("2001:db8:8000::", 33)])),
            ["2001:db8::/32"]
        );
    }

    fn small() -> impl Strategy<Value = AddressSet> {
        // All within 10.0.0.0/24, so that sets meet, and its ends.
        let network = (0u8..=255, 24u8..=32);
        proptest::collection::vec(network, 0..6).prop_map(|networks| {
            let networks = networks.into_iter().map(|(last, prefix)| Network {
                address: Ipv4Addr::new(10, 0, 0, last).into(),
                prefix,
            });
            networks.collect::<Vec<_>>().into()
        })
    }

    proptest! {
        #[test]
        fn sets_are_what_their_members_say(one in small(), other in small()) {
            let mut both = one.clone();
            both.union(&other);
            let left = one.without(&other);
            let mut count = 0;
            for last in 0..=255 {
                let address = IpAddr::from([10, 0, 0, last]);
                prop_assert_eq!(both.contains(address), one.contains(address) || other.contains(address));
                prop_assert_eq!(left.contains(address), one.contains(address) && !other.contains(address));
                count += u64::from(both.contains(address));
            }
            prop_assert_eq!(both.ipv4_count(), count);
            let again: AddressSet = both.networks().collect::<Vec<_>>().into();
            prop_assert_eq!(again, both);
        }
    }
}
