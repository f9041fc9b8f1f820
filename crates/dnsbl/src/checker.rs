//! Asks the lists.

use std::num::NonZeroUsize;
use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::lock::Mutex;
use futures_util::stream::{self, StreamExt as _};
use mail_dns::{DomainName, Lookup, RecordType};

use crate::control::random_name;
use crate::{
    Asked, Catalogue, Cause, ControlReport, Controls, Kind, List, ListAnswer, ListName, ListText,
    Listing, MAX_TEXTS, NotAsked, Reading, Subject, Verdict, judge,
};

/// How many lists are asked at a time, unless told otherwise.
const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// Asks the lists of a catalogue about subjects, through one [`Lookup`].
///
/// The controls of a list are asked once for each kind of subject, and what came of them, a failure too, holds for the
/// life of the checker. So one checker serves one run over one resolver: what was proved yesterday, or over another
/// resolver, proves nothing.
///
/// While one check asks the controls of a list, others of that list wait for it. A check that was begun is to be awaited
/// or dropped; one that is kept and not polled holds up the others.
#[derive(Debug)]
pub struct Checker<L> {
    lookup: L,
    catalogue: Catalogue,
    nonce: u64,
    documentation: bool,
    concurrency: NonZeroUsize,
    /// One for each list of the catalogue, in its order.
    reports: Vec<Reports>,
}

/// The controls of one list. A question that is under way holds the lock, so that nobody asks the same.
#[derive(Debug, Default)]
struct Reports {
    ipv4: Mutex<Option<Arc<ControlReport>>>,
    ipv6: Mutex<Option<Arc<ControlReport>>>,
    domain: Mutex<Option<Arc<ControlReport>>>,
}

impl<L: Lookup> Checker<L> {
    /// Builds a checker. The random controls are made from `nonce`; take a new random number for each checker, or caches
    /// answer in place of the lists.
    #[must_use]
    pub fn new(lookup: L, catalogue: Catalogue, nonce: u64) -> Self {
        Self {
            reports: catalogue
                .lists()
                .iter()
                .map(|_| Reports::default())
                .collect(),
            lookup,
            catalogue,
            nonce,
            documentation: false,
            concurrency: CONCURRENCY,
        }
    }

    /// Asks about documentation addresses (RFC 5737, RFC 3849) too, which no list knows: for tests and examples.
    ///
    /// The random control is one of 512 such addresses. A zone that lists one of them is taken for a wildcard if it
    /// happens to be that one, so a test fixes the nonce.
    #[must_use]
    pub fn with_documentation_addresses(mut self) -> Self {
        self.documentation = true;
        self
    }

    /// Asks `concurrency` lists at a time, in each call of [`check_all`](Self::check_all), in place of 16. Each list has at
    /// most nine questions in flight.
    #[must_use]
    pub fn with_concurrency(mut self, concurrency: NonZeroUsize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// The lists.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Asks every list about `subject`; the answers are in the catalogue's order.
    pub async fn check_all(&self, subject: &Subject) -> Vec<ListAnswer> {
        let lists = self.catalogue.lists().iter().zip(&self.reports);
        // Collected first: a stream that holds the closure is not known to be `Send` for every lifetime, and then the
        // whole future could not be spawned.
        let answers: Vec<_> = lists
            .map(|(list, reports)| self.ask(list, reports, subject))
            .collect();
        stream::iter(answers)
            .buffered(self.concurrency.get())
            .collect()
            .await
    }

    /// Asks the list of `zone` about `subject`; `None` if the catalogue has no such list.
    pub async fn check(&self, zone: &DomainName, subject: &Subject) -> Option<ListAnswer> {
        let lists = self.catalogue.lists().iter().zip(&self.reports);
        let (list, reports) = lists.into_iter().find(|(list, _)| list.zone == *zone)?;
        Some(self.ask(list, reports, subject).await)
    }

    async fn ask(&self, list: &List, reports: &Reports, subject: &Subject) -> ListAnswer {
        let answer = |verdict| ListAnswer::new(ListName::from(list), subject.clone(), verdict);
        let not_asked = |why| answer(Verdict::Unknown(Cause::NotAsked(why)));
        let kind = subject.kind();
        let Some(controls) = list.controls(kind) else {
            return answer(Verdict::NotApplicable);
        };
        let names = match subject.query_names(list, self.documentation) {
            Ok(names) => names,
            Err(why) => return not_asked(why),
        };
        let report = match self.report(list, reports, controls, kind).await {
            Ok(report) => report,
            Err(why) => return not_asked(why),
        };
        let asked = match report.overall() {
            Some(_) => Vec::new(),
            None => self.ask_names(list, names).await,
        };
        let verdict = self.with_text(judge(list, &report, &asked), &asked).await;
        ListAnswer {
            asked,
            controls: Some(ControlReport::clone(&report)),
            ..answer(verdict)
        }
    }

    /// The names in turn, until one is not denied.
    async fn ask_names(&self, list: &List, names: Vec<DomainName>) -> Vec<Asked> {
        let mut asked = Vec::new();
        for name in names {
            let question = self.ask_name(list, name).await;
            let denied = matches!(question.reading, Reading::Absent(_));
            asked.push(question);
            if !denied {
                break;
            }
        }
        asked
    }

    async fn ask_name(&self, list: &List, name: DomainName) -> Asked {
        let outcome = self.lookup.lookup(&name, RecordType::A).await;
        Asked::new(name, Reading::of(list, &outcome))
    }

    /// The controls of `list`, asked if nobody has yet.
    async fn report(
        &self,
        list: &List,
        reports: &Reports,
        controls: &Controls,
        kind: Kind,
    ) -> Result<Arc<ControlReport>, NotAsked> {
        let slot = match kind {
            Kind::Ipv4 => &reports.ipv4,
            Kind::Ipv6 => &reports.ipv6,
            Kind::Domain => &reports.domain,
        };
        let mut slot = slot.lock().await;
        if let Some(report) = &*slot {
            return Ok(Arc::clone(report));
        }
        let random =
            random_name(&list.zone, kind, self.nonce).map_err(|_| NotAsked::NameTooLong)?;
        let (positive, negative) = (&controls.positive, &controls.negative);
        let names = positive.iter().chain(negative).cloned();
        let controls_asked = names.map(|name| self.ask_name(list, name));
        let (mut asked, random) =
            futures_util::future::join(join_all(controls_asked), self.ask_name(list, random)).await;
        let negative = asked.split_off(positive.len());
        let report = Arc::new(ControlReport {
            verified: controls.verified,
            ..ControlReport::new(kind, asked, negative, random)
        });
        *slot = Some(Arc::clone(&report));
        Ok(report)
    }

    /// An entry with the list's own words; any other verdict as it is. Whatever comes of the words, the entry stands.
    async fn with_text(&self, verdict: Verdict, asked: &[Asked]) -> Verdict {
        match (verdict, asked.last()) {
            (Verdict::Listed(listing), Some(last)) => {
                Verdict::Listed(self.read_text(listing, &last.name).await)
            }
            (Verdict::Allowed(listing), Some(last)) => {
                Verdict::Allowed(self.read_text(listing, &last.name).await)
            }
            (verdict, _) => verdict,
        }
    }

    async fn read_text(&self, listing: Listing, name: &DomainName) -> Listing {
        match self.lookup.lookup(name, RecordType::TXT).await {
            Ok(answer) => Listing {
                text: answer
                    .texts()
                    .take(MAX_TEXTS)
                    .map(|text| ListText::new(&text))
                    .collect(),
                ..listing
            },
            Err(error) => Listing {
                text_failure: Some(error),
                ..listing
            },
        }
    }
}

#[cfg(test)]
mod tests;
