//! DNS messages as bytes: what is sent, what counts as the answer, and what it says. No socket, no clock.

mod decode;

use self::decode::{Decoder, Fault, Opt};
use super::server::Manner;
use crate::static_lookup::MAX_ALIASES;
use crate::{
    DomainName, ExtendedError, Negative, NegativeKind, Question, Rcode, Record, RecordData,
    RecordType, Response,
};

/// The fixed part of every message (RFC 1035 §4.1.1).
const HEADER_LEN: usize = 12;
/// The type of the EDNS pseudo-record (RFC 6891 §6.1.2).
const OPT: u16 = 41;
/// The option that carries an extended error (RFC 8914 §2).
const EDE_OPTION: u16 = 15;
/// The class of the Internet (RFC 1035 §3.2.4).
const IN: u16 = 1;
/// A server has little to say about one question; what is beyond is dropped.
const MAX_EXTENDED_ERRORS: usize = 8;
/// In octets. The text is for people (RFC 8914 §2); what is beyond is cut.
const MAX_EXTENDED_TEXT: usize = 256;
/// Asks for whatever there is (RFC 1035 §3.2.3).
const ANY: RecordType = RecordType(255);

/// Second octet pair of the header (RFC 1035 §4.1.1, RFC 4035 §3.2).
mod flag {
    pub(super) const QR: u16 = 0x8000;
    pub(super) const OPCODE: u16 = 0x7800;
    pub(super) const AA: u16 = 0x0400;
    pub(super) const TC: u16 = 0x0200;
    pub(super) const RD: u16 = 0x0100;
    pub(super) const RA: u16 = 0x0080;
    pub(super) const AD: u16 = 0x0020;
    pub(super) const CD: u16 = 0x0010;
    pub(super) const RCODE: u16 = 0x000f;
}

/// A question in wire form.
#[derive(Debug)]
pub(super) struct Query {
    bytes: Vec<u8>,
    /// Where the question section ends.
    question_end: usize,
    question: Question,
}

impl Query {
    /// Asks for the AD bit without the signatures (RFC 6840 §5.7). With EDNS, the server may send that many octets and extended errors.
    pub(super) fn new(id: u16, question: &Question, manner: Manner) -> Self {
        let edns = manner.edns;
        let bit = |set, bit| if set { bit } else { 0 };
        let cd = bit(manner.checking_disabled, flag::CD);
        let flags = bit(manner.recursion_desired, flag::RD) | flag::AD | cd;
        let additional = u16::from(edns.is_some());
        // Name, type and class, and the OPT record.
        let mut bytes = Vec::with_capacity(HEADER_LEN + question.name.wire_len() + 4 + 11);
        // ID, flags, QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT (RFC 1035 §4.1.1).
        for field in [id, flags, 1, 0, 0, additional] {
            bytes.extend_from_slice(&field.to_be_bytes());
        }
        bytes.extend_from_slice(question.name.as_wire());
        bytes.push(0);
        bytes.extend_from_slice(&question.record_type.0.to_be_bytes());
        bytes.extend_from_slice(&IN.to_be_bytes());
        let question_end = bytes.len();
        if let Some(payload) = edns {
            // Root, OPT, payload size; extended RCODE, version and flags all zero; no option (RFC 6891 §6.1.2).
            bytes.push(0);
            for field in [OPT, payload, 0, 0, 0] {
                bytes.extend_from_slice(&field.to_be_bytes());
            }
        }
        Self {
            bytes,
            question_end,
            question: question.clone(),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether `reply` answers this very question: a forger must guess all of it (RFC 5452 §9.1).
    ///
    /// The id, and that it is a response to a query; and the question, its name compared without case (RFC 4343), since
    /// servers may echo it in their own. A server that could not read the question may leave it out, if that is what it
    /// says.
    pub(super) fn is_answered_by(&self, reply: &[u8]) -> bool {
        let Some(flags) = field(reply, 2) else {
            return false;
        };
        if field(reply, 0) != field(&self.bytes, 0) || flags & (flag::QR | flag::OPCODE) != flag::QR
        {
            return false;
        }
        match field(reply, 4) {
            Some(0) => matches!(Rcode(flags & flag::RCODE), Rcode::FORMERR | Rcode::NOTIMP),
            Some(1) => {
                let name_end = self.question_end - 4;
                let same =
                    |from: usize, to: usize| reply.get(from..to).zip(self.bytes.get(from..to));
                same(HEADER_LEN, name_end)
                    .is_some_and(|(theirs, ours)| theirs.eq_ignore_ascii_case(ours))
                    && same(name_end, self.question_end)
                        .is_some_and(|(theirs, ours)| theirs == ours)
            }
            _ => false,
        }
    }

    /// Reads a reply that [answers](Self::is_answered_by) this question.
    pub(super) fn read(&self, reply: &[u8]) -> Reply {
        let flags = field(reply, 2).unwrap_or(0);
        let mut read = Reply {
            authoritative: flags & flag::AA != 0,
            authentic_data: flags & flag::AD != 0,
            extended_errors: Vec::new(),
            verdict: Verdict::Rcode(Rcode(flags & flag::RCODE)),
        };
        match Sections::read(reply, &self.question) {
            Ok(sections) => {
                read.extended_errors = sections.opt.map(extended_errors).unwrap_or_default();
                read.verdict = sections.judge(&self.question);
            }
            // A server that fails need not fail in good form: its response code stands.
            Err(_) if !is_conclusive(Rcode(flags & flag::RCODE)) => {}
            Err(error) => read.verdict = Verdict::Malformed(error.to_string()),
        }
        read
    }
}

/// Whether the reply was cut to fit its datagram. What is left is not looked at (RFC 2181 §9).
pub(super) fn is_truncated(reply: &[u8]) -> bool {
    field(reply, 2).is_some_and(|flags| flags & flag::TC != 0)
}

fn field(message: &[u8], offset: usize) -> Option<u16> {
    let octets = message.get(offset..)?.first_chunk()?;
    Some(u16::from_be_bytes(*octets))
}

/// A reply, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) authoritative: bool,
    pub(super) authentic_data: bool,
    pub(super) extended_errors: Vec<ExtendedError>,
    pub(super) verdict: Verdict,
}

/// What a reply says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Yes or no; or only aliases, the last of whose target nothing is said, which is then to be asked for.
    Answer {
        rcode: Rcode,
        aliases: Vec<Record>,
        response: Option<Response>,
    },
    /// Aliases in a circle, or too many.
    AliasLoop,
    /// A response code that settles nothing.
    Rcode(Rcode),
    /// Not to be understood, and why.
    Malformed(String),
}

fn is_conclusive(rcode: Rcode) -> bool {
    matches!(rcode, Rcode::NOERROR | Rcode::NXDOMAIN)
}

/// What is read of a reply.
#[derive(Debug)]
struct Sections<'a> {
    flags: u16,
    answers: Vec<Record>,
    /// The SOA and NS records alone.
    authorities: Vec<Record>,
    opt: Option<Opt<'a>>,
}

impl<'a> Sections<'a> {
    fn read(reply: &'a [u8], question: &Question) -> Result<Self, Fault> {
        let count = |offset| field(reply, offset).unwrap_or(0);
        let mut decoder = Decoder::new(reply, HEADER_LEN);
        decoder.skip_questions(count(4))?;
        let answers = decoder.records(count(6), &question.name, |_| true)?;
        let about_zones = |record_type| matches!(record_type, RecordType::SOA | RecordType::NS);
        let authorities = decoder.records(count(8), &question.name, about_zones)?;
        Ok(Self {
            flags: count(2),
            answers,
            authorities,
            opt: decoder.opt(count(10))?,
        })
    }

    fn rcode(&self) -> Rcode {
        let high = self.opt.map_or(0, |opt| opt.rcode_high);
        Rcode(u16::from(high) << 4 | self.flags & flag::RCODE)
    }

    fn judge(self, question: &Question) -> Verdict {
        let rcode = self.rcode();
        if !is_conclusive(rcode) {
            return Verdict::Rcode(rcode);
        }
        // Over TCP there is nothing to cut for.
        if self.flags & flag::TC != 0 {
            return Verdict::Malformed("expected a whole message, found the TC bit".into());
        }
        let (answers, authorities) = (self.answers, self.authorities);
        let Some(aliases) = chain(&answers, question) else {
            return Verdict::AliasLoop;
        };
        let end = end_of(&aliases, question).clone();
        let found: Vec<_> = answers
            .into_iter()
            .filter(|record| is_asked_for(record, &end, question))
            .collect();
        let denial = denial(&authorities, &end);
        let response = match (found.is_empty(), rcode, denial) {
            (false, Rcode::NXDOMAIN, _) => {
                return Verdict::Malformed("expected no records with NXDOMAIN, found some".into());
            }
            (false, ..) => Some(Response::Records(found)),
            // The response code is about the last alias's target (RFC 6604 §3).
            (true, Rcode::NXDOMAIN, denial) => Some(negative(NegativeKind::NxDomain, denial)),
            (true, _, None) if !aliases.is_empty() => None,
            // RFC 2308 §2.2: NS records without SOA refer to other servers and deny nothing; who gives them does not recurse.
            (true, _, None) if self.flags & flag::RA == 0 && names_servers(&authorities) => {
                return Verdict::Malformed("expected an answer, found a referral".into());
            }
            (true, _, denial) => Some(negative(NegativeKind::NoData, denial)),
        };
        Verdict::Answer {
            rcode,
            aliases,
            response,
        }
    }
}

/// The aliases from the question's name on, whatever their order in the message; `None` if they do not end.
fn chain(answers: &[Record], question: &Question) -> Option<Vec<Record>> {
    let mut aliases = Vec::new();
    let mut name = &question.name;
    // Records of the type asked for end the chain, be they aliases themselves.
    while !answers
        .iter()
        .any(|record| is_asked_for(record, name, question))
    {
        let next = answers.iter().find_map(|record| match &record.data {
            RecordData::Cname(target) if record.name == *name => Some((record, target)),
            _ => None,
        });
        let Some((alias, target)) = next else { break };
        let seen = aliases.iter().any(|seen: &Record| seen.name == *target) || name == target;
        if aliases.len() == MAX_ALIASES || seen {
            return None;
        }
        aliases.push(alias.clone());
        name = target;
    }
    Some(aliases)
}

/// The name that the records stand at.
pub(super) fn end_of<'a>(aliases: &'a [Record], question: &'a Question) -> &'a DomainName {
    match aliases.last().map(|alias| &alias.data) {
        Some(RecordData::Cname(target)) => target,
        _ => &question.name,
    }
}

fn is_asked_for(record: &Record, name: &DomainName, question: &Question) -> bool {
    let wanted = question.record_type;
    record.name == *name && (wanted == ANY || wanted == record.data.record_type())
}

/// The TTL and the zone of a denial for `name`: from the SOA of a zone that it is in (RFC 2308 §5).
fn denial(authorities: &[Record], name: &DomainName) -> Option<(u32, DomainName)> {
    authorities.iter().find_map(|record| match record.data {
        RecordData::Soa { minimum, .. } if name.is_within(&record.name) => {
            Some((record.ttl.min(minimum), record.name.clone()))
        }
        _ => None,
    })
}

fn negative(kind: NegativeKind, denial: Option<(u32, DomainName)>) -> Response {
    let (ttl, zone) = denial.unzip();
    Response::Negative(Negative::new(kind, ttl, zone))
}

fn names_servers(authorities: &[Record]) -> bool {
    authorities
        .iter()
        .any(|record| record.data.record_type() == RecordType::NS)
}

/// The extended errors of RFC 8914 §2: INFO-CODE, then EXTRA-TEXT in UTF-8, which some end with a NUL.
fn extended_errors(opt: Opt<'_>) -> Vec<ExtendedError> {
    let decode = |data: &[u8]| {
        let (code, text) = data.split_first_chunk()?;
        let text = text.get(..MAX_EXTENDED_TEXT).unwrap_or(text);
        let text = String::from_utf8_lossy(text);
        Some(ExtendedError::new(
            u16::from_be_bytes(*code),
            text.trim_end_matches('\0'),
        ))
    };
    opt.options(EDE_OPTION)
        .take(MAX_EXTENDED_ERRORS)
        .filter_map(decode)
        .collect()
}

impl Reply {
    /// Whether the server seems not to know EDNS, and is to be asked without (RFC 6891 §7).
    pub(super) fn rejects_edns(&self) -> bool {
        // BADVERS (RFC 6891 §9).
        let badvers = Rcode(16);
        matches!(self.verdict, Verdict::Rcode(rcode) if [Rcode::FORMERR, Rcode::NOTIMP, badvers].contains(&rcode))
    }

    /// Whether the server says that validation failed.
    pub(super) fn is_bogus(&self) -> bool {
        self.verdict == Verdict::Rcode(Rcode::SERVFAIL)
            && self
                .extended_errors
                .iter()
                .any(ExtendedError::is_validation_failure)
    }
}

#[cfg(test)]
mod tests;
