//! SPF: which addresses a domain lets send its mail (RFC 7208).
//!
//! [`Record::parse`] reads a record into terms with their places in the text; [`check_host`] evaluates the record of a
//! domain for one client address over any [`Lookup`](crate::Lookup), and tells every step it took. [`explain`] reads the whole tree of
//! records that hang on a domain's and says, without a client, what they cost and whom they let send.
//!
//! It is no policy: what a receiver does with a *fail* is the receiver's business. It reads no message, writes no
//! `Received-SPF` field, and no evaluation asks for records of type SPF (99), which are dead (RFC 7208 §3.1); [`explain`] says where there are some. The HELO identity
//! and the MAIL FROM identity are two checks (RFC 7208 §2.3, §2.4); a pass of one says nothing about the other.
//!
//! # Example
//!
//! ```
//! use mail_dns::StaticLookup;
//! use mail_dns::spf::{self, Query, SpfResult};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dns = StaticLookup::from_zone_text(
//!     "good.test.      300 IN TXT \"v=spf1 include:_spf.good.test -all exp=why.good.test\"\n\
//!      _spf.good.test. 300 IN TXT \"v=spf1 ip4:192.0.2.0/24\"\n\
//!      why.good.test.  300 IN TXT \"%{i} does not send for %{d}\"",
//! )?;
//! let query = Query::mail_from("192.0.2.7".parse()?, "alice@good.test", "mx.good.test");
//! assert_eq!(spf::check_host(&dns, &query).await.result, SpfResult::Pass);
//!
//! let query = Query::mail_from("198.51.100.1".parse()?, "alice@good.test", "mx.good.test");
//! let evaluation = spf::check_host(&dns, &query).await;
//! assert_eq!(evaluation.result, SpfResult::Fail);
//! assert_eq!(evaluation.explanation.as_deref(), Some("198.51.100.1 does not send for good.test"));
//! assert_eq!(evaluation.term_count, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Where the RFC leaves room
//!
//! | question | here |
//! | --- | --- |
//! | a name that expands to an empty or overlong label (§4.8) | no query; the mechanism does not match; `include` and `redirect` give permerror, and to a name of one label (§4.3) too |
//! | what counts as a void lookup (§4.6.4) | a *term* one of whose queries gave NXDOMAIN or NODATA, once; a question for the client's PTR records counts, those for the addresses of the names there do not: the client owns them |
//! | `%{p}` (§4.6.4) | one more of the ten terms for each domain-spec that holds it; none in an explanation |
//! | more than ten names of an address (§4.6.4) | the first ten are used |
//! | `c`, `r`, `t` outside an explanation (§7.2) | a syntax error in a domain-spec; let pass in the value of an unknown modifier, which nobody expands |
//! | a local-part outside ASCII in `%{s}` or `%{l}` (RFC 8616 §4) | the term does not match |
//!
//! # Limits
//!
//! Ten terms that ask the DNS, two void lookups, ten MX names and ten names of an address (RFC 7208 §4.6.4): [`Limits`].
//! An explanation of more than 4,096 octets counts as none. A record has at most the 65,535 octets of a DNS message, so a
//! trace has at most some 9,400 steps a record.
//!
//! There is no clock here: a caller allows at least 20 seconds, and takes an evaluation that is cut short for a temperror
//! (RFC 7208 §4.6.4).

mod address_set;
mod evaluate;
mod expand;
mod explain;
mod flatten;
mod grammar;
mod lint;
mod macro_string;
mod query;
mod record;
mod syntax_error;
mod trace;

pub use address_set::{AddressSet, Network};
pub use evaluate::check_host;
pub(crate) use explain::fetch;
pub use explain::{
    Cost, Explained, FamilyCount, FamilyFailures, Fit, Opacity, Reach, RecordFound, RecordNode,
    TermNode, TreeFault, TreeProblem, explain,
};
pub use flatten::{Flattened, NotFlattenable};
pub use lint::{Lint, NearMissKind, Place};
pub use macro_string::{Macro, MacroLetter, MacroPart, MacroString};
pub use query::{Limits, Query};
pub use record::{Directive, DualCidr, Mechanism, Modifier, ModifierKind, Qualifier, Record, Term};
pub use syntax_error::{SyntaxError, SyntaxErrorKind};
pub use trace::{
    Asked, AskedOutcome, CheckedRecord, Evaluation, Problem, SpfResult, Step, StepOutcome,
};

#[cfg(test)]
mod explain_tests;
#[cfg(test)]
mod tests;
