//! Asks the lists: about a domain, the addresses that take its mail, and those that it sends from.

use std::net::IpAddr;

use dnsbl::{Checker, ListAnswer, SenderAddress, Senders, Subject};
use futures_util::future::join;
use futures_util::stream::{self, StreamExt as _};
use mail_dns::{DomainName, Lookup};
use tokio::time::Instant;

use super::{Bounded, Collector, unix_time};
use crate::Target;

/// About how many of the addresses that a domain sends from one run asks. A record may name hundreds, and a list that is
/// asked so much refuses.
const MAX_SENDERS: usize = 32;
/// About how many subjects the lists are asked at a time.
const SUBJECTS: usize = 8;

impl<L: Lookup> Collector<L> {
    /// What the lists say, and whom the domain lets send, which is read for that alone.
    pub(super) async fn listings(
        &self,
        target: &Target,
        addresses: &[IpAddr],
        until: Instant,
    ) -> (Option<Senders>, Vec<ListAnswer>) {
        let Some(lists) = &self.lists else {
            return (None, Vec::new());
        };
        let lookup = Bounded {
            lookup: &self.lookup,
            until,
        };
        let now = unix_time();
        // Only a name that no cache holds; nothing secret depends on it.
        let nonce = u64::from(std::process::id()) ^ now.unsigned_abs();
        let checker = Checker::new(&lookup, lists.clone(), nonce);
        let checker = match self.special_addresses {
            true => checker.with_documentation_addresses(),
            false => checker,
        };
        let hosts = addresses.iter().copied().map(Subject::Address);
        let Target::Domain(domain) = target else {
            let hosts: Vec<_> = hosts.collect();
            return (None, ask(&checker, &hosts, now).await);
        };
        let known: Vec<_> = std::iter::once(Subject::Domain(domain.clone()))
            .chain(hosts)
            .collect();
        let of_senders = async {
            let senders = dnsbl::senders(&lookup, domain).await;
            let more = first_of(&senders, domain, addresses);
            let answers = ask(&checker, &more, now).await;
            (senders, answers)
        };
        let known = ask(&checker, &known, now);
        let (mut answers, (senders, more)) = Box::pin(join(known, of_senders)).await;
        answers.extend(more);
        (Some(senders), answers)
    }
}

/// The senders to ask about that are not among `known`: those first which the domain's own record names, as others are often
/// a provider's.
fn first_of(senders: &Senders, domain: &DomainName, known: &[IpAddr]) -> Vec<Subject> {
    let is_known = |sender: &&SenderAddress| {
        let mut known = known.iter().map(IpAddr::to_canonical);
        known.any(|address| address == sender.address.to_canonical())
    };
    let mut more: Vec<_> = senders
        .addresses
        .iter()
        .filter(|sender| !is_known(sender))
        .collect();
    more.sort_by_key(|sender| sender.by.as_ref().is_none_or(|by| by.domain != *domain));
    let first = more.into_iter().take(MAX_SENDERS);
    first
        .map(|sender| Subject::Address(sender.address))
        .collect()
}

/// Every list about every subject, in order.
async fn ask<L: Lookup>(checker: &Checker<L>, subjects: &[Subject], now: i64) -> Vec<ListAnswer> {
    // Collected first: a stream that holds the closure is not known to be `Send` for every lifetime.
    let questions: Vec<_> = subjects
        .iter()
        .map(|subject| checker.check_all(subject, now))
        .collect();
    let answers: Vec<Vec<ListAnswer>> = stream::iter(questions).buffered(SUBJECTS).collect().await;
    answers.into_iter().flatten().collect()
}
