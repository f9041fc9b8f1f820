//! How often one may knock: a budget of connections, kept without a clock.
//!
//! Servers count connections. One that has had enough answers 421, or nothing, or lists the client, and every look after that tells
//! less than the one before. So whoever looks at many ports asks a [`Budget`] first: it hands out a [`Permit`], or says not before
//! when, and why. Time is a parameter, counted from a start of the caller's choice, so that a schedule can be computed ahead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::code::ReplyCode;
use crate::diagnosis::Diagnosis;
use crate::observation::{Cause, Observation, Phase, StartTls, Unsolicited};
use crate::reply::Reply;

mod peer;
#[cfg(test)]
mod tests;

use peer::Peer;

/// How many octets of a provider's name count; names that differ later only are one.
const MAX_PROVIDER: usize = 255;

/// How often, and how much at a time.
///
/// The defaults are mild: a server that allows two connections a minute, as some do, sees no more than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetLimits {
    /// How many connections to one address at a time: 1.
    pub at_a_time: usize,
    /// From one connection to an address to the next: 30 s.
    pub spacing: Duration,
    /// How many connections to one address in each [`period`](Self::period): 20.
    pub connections: u32,
    /// The same three for all addresses of a provider: 4 at a time.
    pub provider_at_a_time: usize,
    /// 1 s.
    pub provider_spacing: Duration,
    /// 200.
    pub provider_connections: u32,
    /// After this long connections are counted anew: 1 h.
    pub period: Duration,
    /// How long nothing is asked of an address and its provider after the first refusal for too much: 15 min. Each further one doubles
    /// it, up to a day; a whole period without any takes it back.
    pub cool_down: Duration,
    /// How long a permit is good for. After that it counts as returned: 10 min.
    pub permit: Duration,
    /// How many connections at a time in all: 1,000.
    pub in_all: usize,
    /// How many addresses and providers are remembered: 100,000 of each. Beyond that nothing new is permitted until something can be
    /// forgotten.
    pub remembered: usize,
}

impl Default for BudgetLimits {
    fn default() -> Self {
        Self {
            at_a_time: 1,
            spacing: Duration::from_secs(30),
            connections: 20,
            provider_at_a_time: 4,
            provider_spacing: Duration::from_secs(1),
            provider_connections: 200,
            period: Duration::from_secs(3600),
            cool_down: Duration::from_secs(15 * 60),
            permit: Duration::from_secs(600),
            in_all: 1_000,
            remembered: 100_000,
        }
    }
}

/// Who may be asked when.
///
/// It is deterministic: the same requests at the same times have the same answers. What is held is bounded by
/// [`BudgetLimits::remembered`]: at the defaults 100,000 addresses and as many providers, with names of at most 255 octets, and
/// by [`BudgetLimits::in_all`] permits.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use smtp_probe::{Because, Budget, BudgetLimits, Decision, Ending};
///
/// let mut budget = Budget::new(BudgetLimits::default());
/// let address = "192.0.2.1".parse()?;
/// let now = Duration::ZERO;
/// let Decision::Granted(permit) = budget.request(address, Some("example"), now) else { panic!("it is free") };
/// // … a session, which is answered by 421 …
/// budget.returned(permit, Ending::PushedBack { retry_after: None }, now);
///
/// let later = Duration::from_secs(60);
/// let Decision::NotBefore { at, because } = budget.request(address, Some("example"), later) else { panic!("it cools down") };
/// assert_eq!((at, because), (Duration::from_secs(15 * 60), Because::CoolDown));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug)]
pub struct Budget {
    limits: BudgetLimits,
    peers: BTreeMap<Key, Peer>,
    /// How many of the peers are addresses.
    addresses: usize,
    /// The permits that are out, by the end of their time.
    out: BTreeSet<(Duration, u64)>,
    given: BTreeMap<u64, Given>,
    next: u64,
    /// Nothing can be forgotten before.
    next_sweep: Duration,
}

/// To whom a permit was given, and until when.
#[derive(Debug)]
struct Given {
    address: Key,
    provider: Option<Key>,
    until: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Address(IpAddr),
    Provider(Box<str>),
}

/// The right to make one connection, until it is returned by [`Budget::returned`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a permit that is not returned counts as out until its time is up"]
pub struct Permit {
    id: u64,
}

/// The answer to a request.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "yes, or not before")]
pub enum Decision {
    /// Now.
    Granted(Permit),
    /// Not before that time, for this reason. Asked then, there may be another reason.
    NotBefore {
        /// When to ask again.
        at: Duration,
        /// Why.
        because: Because,
    },
}

/// Why a connection must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Because {
    /// The address, or its provider, has had too much: it said so.
    CoolDown,
    /// The last connection to the address was a moment ago.
    Spacing,
    /// The last connection to the provider was a moment ago.
    ProviderSpacing,
    /// The address has had its connections of this period.
    Spent,
    /// The provider has.
    ProviderSpent,
    /// As many connections to the address are open as may be; `at` is when the first of their permits runs out, and it is worth asking
    /// as soon as one is returned.
    Busy,
    /// The same of the provider.
    ProviderBusy,
    /// The same of all.
    AllBusy,
    /// As many addresses or providers are remembered as may be.
    Full,
}

/// How a connection ended, as far as a budget cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it was pushed back or it was not")]
pub enum Ending {
    /// Nobody complained.
    Quiet,
    /// The server has had too much: no more of its address or provider for a while.
    PushedBack {
        /// At least so long, if the server said it.
        retry_after: Option<Duration>,
    },
}

impl Ending {
    /// What a session says: 421 to anything or unasked, a rate limit in any reply, and a tarpit push back.
    #[must_use]
    pub fn of(seen: &Observation) -> Self {
        let stop = seen.stop();
        let tarpit = stop.is_some_and(|stop| matches!(stop.cause, Cause::Tarpit { .. }));
        let stopped = stop.and_then(|stop| Some((stop.reply.as_ref()?, stop.phase)));
        let refused = match &seen.starttls {
            StartTls::Refused(reply) => Some(reply),
            _ => seen.unoffered.as_ref(),
        };
        let complaint = [
            seen.ehlo_refusal.as_ref().map(|reply| (reply, Phase::Ehlo)),
            refused.map(|reply| (reply, Phase::StartTls)),
        ]
        .into_iter()
        .flatten()
        .chain(seen.exchanges.iter().map(|said| (&said.reply, said.phase)))
        .chain(stopped)
        .chain(seen.quit.as_ref().map(|reply| (reply, Phase::Quit)))
        .find(|(reply, phase)| pushes_back(reply, *phase));
        match complaint {
            Some((reply, _)) => Self::pushed_back(reply),
            None if tarpit => Self::PushedBack { retry_after: None },
            None => seen
                .unsolicited
                .iter()
                .flat_map(Unsolicited::replies)
                .find(|reply| reply.effective_code() == ReplyCode::NOT_AVAILABLE)
                .map_or(Self::Quiet, |reply| Self::pushed_back(&reply)),
        }
    }

    fn pushed_back(reply: &Reply) -> Self {
        Self::PushedBack {
            retry_after: Diagnosis::of_reply(reply).retry_after,
        }
    }
}

fn pushes_back(reply: &Reply, phase: Phase) -> bool {
    reply.effective_code() == ReplyCode::NOT_AVAILABLE
        || Cause::of_reply(reply, phase) == Cause::RateLimited
}

impl Budget {
    /// A budget of which nothing is spent.
    #[must_use]
    pub fn new(limits: BudgetLimits) -> Self {
        Self {
            limits,
            peers: BTreeMap::new(),
            addresses: 0,
            out: BTreeSet::new(),
            given: BTreeMap::new(),
            next: 0,
            next_sweep: Duration::ZERO,
        }
    }

    /// Asks for one connection to an address, now. `provider` is whatever the caller counts together: the owner of an MX, a network.
    pub fn request(&mut self, address: IpAddr, provider: Option<&str>, now: Duration) -> Decision {
        self.expire(now);
        let address = Key::Address(address.to_canonical());
        let provider = provider.map(Key::provider);
        if let Err((at, because)) = self.check(&address, provider.as_ref(), now) {
            return Decision::NotBefore { at, because };
        }
        self.open(&address, now);
        if let Some(provider) = &provider {
            self.open(provider, now);
        }
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let until = now.saturating_add(self.limits.permit);
        self.out.insert((until, id));
        let given = Given {
            address,
            provider,
            until,
        };
        self.given.insert(id, given);
        Decision::Granted(Permit { id })
    }

    /// Takes a permit back, and says how the connection ended. One whose time was up says nothing any more.
    pub fn returned(&mut self, permit: Permit, ending: Ending, now: Duration) {
        self.expire(now);
        self.take_back(permit.id, ending, now);
    }

    fn take_back(&mut self, id: u64, ending: Ending, now: Duration) {
        let Some(given) = self.given.remove(&id) else {
            return;
        };
        self.out.remove(&(given.until, id));
        let keys = [Some(given.address), given.provider];
        for key in keys.iter().flatten() {
            if let Some(peer) = self.peers.get_mut(key) {
                peer.close(ending, now, &self.limits);
            }
        }
    }

    /// How many permits are out.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.given.len()
    }

    /// How many addresses and providers are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.peers.len()
    }

    fn check(
        &mut self,
        address: &Key,
        provider: Option<&Key>,
        now: Duration,
    ) -> Result<(), (Duration, Because)> {
        if self.given.len() >= self.limits.in_all {
            return Err((self.first_return(now), Because::AllBusy));
        }
        for key in [Some(address), provider].into_iter().flatten() {
            let whole = matches!(key, Key::Provider(_));
            match self.peers.get(key).copied() {
                Some(peer) => peer.check(whole, now, &self.limits, self.first_return(now))?,
                None if self.has_room(whole, now) => {}
                None => return Err((self.next_sweep, Because::Full)),
            }
        }
        Ok(())
    }

    fn open(&mut self, key: &Key, now: Duration) {
        if let Some(peer) = self.peers.get_mut(key) {
            return peer.open(now, &self.limits);
        }
        self.addresses += usize::from(matches!(key, Key::Address(_)));
        self.peers.insert(key.clone(), Peer::new(now));
    }

    /// Whether one more can be remembered; what is of no more use is forgotten for it.
    fn has_room(&mut self, whole: bool, now: Duration) -> bool {
        if self.count(whole) >= self.limits.remembered && now >= self.next_sweep {
            let limits = &self.limits;
            self.peers
                .retain(|_, peer| peer.is_needed_until(limits) > now);
            self.addresses = self
                .peers
                .keys()
                .filter(|key| matches!(key, Key::Address(_)))
                .count();
            let ends = self.peers.values().map(|peer| peer.is_needed_until(limits));
            // Those in use have no end yet; a look a second is not too much.
            let soon = now.saturating_add(Duration::from_secs(1));
            self.next_sweep = ends.min().unwrap_or(soon).max(soon);
        }
        self.count(whole) < self.limits.remembered
    }

    fn count(&self, whole: bool) -> usize {
        match whole {
            true => self.peers.len() - self.addresses,
            false => self.addresses,
        }
    }

    /// When the first permit runs out.
    fn first_return(&self, now: Duration) -> Duration {
        let first = self.out.first().map(|(at, _)| *at);
        first.unwrap_or(now).max(now)
    }

    /// Takes back the permits whose time is up.
    fn expire(&mut self, now: Duration) {
        while let Some((at, id)) = self.out.first().copied()
            && at <= now
        {
            self.out.remove(&(at, id));
            self.take_back(id, Ending::Quiet, now);
        }
    }
}

impl Key {
    fn provider(name: &str) -> Self {
        let mut end = name.len().min(MAX_PROVIDER);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        Self::Provider(name.get(..end).unwrap_or_default().into())
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::CoolDown => "it has had too much, and said so",
            Self::Spacing => "the last connection to the address was a moment ago",
            Self::ProviderSpacing => "the last connection to the provider was a moment ago",
            Self::Spent => "the address has had its connections for now",
            Self::ProviderSpent => "the provider has had its connections for now",
            Self::Busy => "as many connections to the address are open as may be",
            Self::ProviderBusy => "as many connections to the provider are open as may be",
            Self::AllBusy => "as many connections are open as may be",
            Self::Full => "no more can be remembered",
        })
    }
}
