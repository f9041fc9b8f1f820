//! The lists' own words.

use mail_dns::spf::Network;
use mail_dns::{DomainName, Lookup, LookupError, RecordType};

use super::asker::Asker;
use crate::{
    Asked, ControlReport, Kind, ListText, Listing, MAX_TEXTS, Reading, Refusal, Subject, Verdict,
};

impl<L: Lookup> Asker<'_, L> {
    /// The list's words for why it refuses, once for each time the controls are asked.
    pub(super) async fn with_refusal_words(&self, mut report: ControlReport) -> ControlReport {
        let asked = report
            .positive
            .iter_mut()
            .chain(&mut report.negative)
            .chain([&mut report.random]);
        for Asked { name, reading, .. } in asked {
            if let Reading::Refused(Refusal::Code { text, .. }) = reading {
                // Without words the refusal stands.
                *text = self.words(name, 0).await.unwrap_or_default();
                break;
            }
        }
        report
    }

    /// An entry with the list's own words and its extent; any other verdict as it is. Whatever comes of the words, the
    /// entry stands.
    pub(super) async fn with_words(
        &self,
        verdict: Verdict,
        subject: &Subject,
        asked: &[Asked],
    ) -> Verdict {
        let Some(last) = asked.last() else {
            return verdict;
        };
        match verdict {
            Verdict::Listed(entry) => Verdict::Listed(self.told(entry, subject, last).await),
            Verdict::Allowed(entry) => Verdict::Allowed(self.told(entry, subject, last).await),
            verdict => verdict,
        }
    }

    async fn told(&self, entry: Listing, subject: &Subject, asked: &Asked) -> Listing {
        let network = self.network(subject);
        let reserve = self.reserve(subject.kind(), 1);
        match self.words(&asked.name, reserve).await {
            Ok(text) => Listing {
                text,
                network,
                ..entry
            },
            Err(failure) => Listing {
                text_failure: failure,
                network,
                ..entry
            },
        }
    }

    /// The network that an entry about `subject` is about, where the list has entries for networks.
    fn network(&self, subject: &Subject) -> Option<Network> {
        let prefix = self.list.ipv6_prefix.filter(|prefix| *prefix < 128)?;
        match subject {
            Subject::Address(address) if subject.kind() == Kind::Ipv6 => {
                let set = mail_dns::spf::AddressSet::network(*address, prefix);
                set.networks().next()
            }
            _ => None,
        }
    }

    /// The words at `name`, which was asked before, without the key.
    async fn words(
        &self,
        name: &DomainName,
        reserve: u32,
    ) -> Result<Vec<ListText>, Option<LookupError>> {
        let redaction = self.redaction();
        let secret = redaction.restore(name).map_err(|_| None)?;
        let budget = &self.standing.budget;
        let paid = budget.take(1, reserve, self.now).map_err(|_| None)?;
        let outcome = self.checker.lookup.lookup(&secret, RecordType::TXT).await;
        self.settle(&outcome, paid);
        match outcome {
            Ok(answer) => Ok(answer
                .texts()
                .take(MAX_TEXTS)
                .map(|text| ListText::new(&redaction.octets(&text)))
                .collect()),
            Err(error) => Err(Some(redaction.error(error))),
        }
    }
}
