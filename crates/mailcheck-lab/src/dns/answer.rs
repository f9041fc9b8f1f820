//! From a query to the response of a validating recursive resolver.

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{DNSClass, LowerName, Name, Record, RecordType, rdata::opt::EdnsOption},
};

use super::{
    Shared, Signing,
    zone::{Found, Zone},
};

/// The longest chain of aliases that is followed.
const MAX_CHAIN: usize = 16;

/// The UDP payload size this server advertises.
const PAYLOAD: u16 = 1232;

/// EDNS option 15 and its value 6, DNSSEC Bogus (RFC 8914, sections 2 and 4.7).
const EXTENDED_ERROR: u16 = 15;
const DNSSEC_BOGUS: [u8; 2] = [0, 6];

/// What the zones say to a question.
#[derive(Debug)]
pub(super) struct Resolution {
    pub(super) rcode: ResponseCode,
    pub(super) answers: Vec<Record>,
    soa: Option<Record>,
    /// Every zone on the way is signed, and those above them.
    secure: bool,
    /// A zone on the way is signed wrongly.
    bogus: bool,
    /// The names on the way, the one asked first.
    pub(super) names: Vec<LowerName>,
}

impl Shared {
    /// Follows the aliases of a question through the zones.
    pub(super) fn resolve(&self, query: &Query) -> Resolution {
        let mut name = query.name.clone();
        let mut found = Resolution {
            rcode: ResponseCode::NoError,
            answers: Vec::new(),
            soa: None,
            secure: true,
            bogus: false,
            names: Vec::new(),
        };
        for _ in 0..MAX_CHAIN {
            let Some(zone) = self.zone_of(&name) else {
                break;
            };
            found.names.push(LowerName::new(&name));
            let signing = self.signing(zone);
            found.secure &= signing == Signing::Signed;
            found.bogus |= signing == Signing::Bogus;
            match zone.find(&name, query.query_type) {
                Found::Records(mut records) => {
                    found.answers.append(&mut records);
                    return found;
                }
                Found::Alias(record, target) => {
                    found.answers.push(*record);
                    name = target;
                }
                Found::NoData => {
                    found.soa = Some(zone.soa.clone());
                    return found;
                }
                // RFC 6604, section 3: the code is that of the last name of the chain.
                Found::NxDomain => {
                    found.rcode = ResponseCode::NXDomain;
                    found.soa = Some(zone.soa.clone());
                    return found;
                }
            }
        }
        found.rcode = ResponseCode::ServFail;
        found.answers.clear();
        found
    }

    fn zone_of(&self, name: &Name) -> Option<&Zone> {
        let name = LowerName::new(name);
        let holding = self.zones.iter().filter(|zone| zone.origin.zone_of(&name));
        holding.max_by_key(|zone| zone.origin.num_labels())
    }

    /// RFC 4035, section 4.3: a zone is secure only below secure zones. Below an unsigned one nothing
    /// can be validated, so nothing is bogus.
    fn signing(&self, zone: &Zone) -> Signing {
        let above = self
            .zones
            .iter()
            .filter(|above| above.origin.zone_of(&zone.origin));
        let mut chain: Vec<_> = above.collect();
        chain.sort_by_key(|zone| zone.origin.num_labels());
        let mut signings = chain.into_iter().map(|zone| zone.signing);
        signings
            .find(|signing| *signing != Signing::Signed)
            .unwrap_or(Signing::Signed)
    }
}

/// The response to a query, from what the zones say.
pub(super) fn respond(query: &Message, resolution: &Resolution) -> Message {
    let mut response = empty_response(query, resolution.rcode);
    let checking_disabled = query.metadata.checking_disabled;
    if resolution.bogus && !checking_disabled {
        response.metadata.response_code = ResponseCode::ServFail;
        if let Some(edns) = &mut response.edns {
            let option = EdnsOption::Unknown(EXTENDED_ERROR, DNSSEC_BOGUS.to_vec());
            edns.options_mut().insert(option);
        }
        return response;
    }
    // RFC 6840, section 5.8: AD only for those who show that they understand it, by DO or AD.
    let understands = query.metadata.authentic_data || dnssec_ok(query);
    let validated = resolution.secure && resolution.rcode != ResponseCode::ServFail;
    response.metadata.authentic_data = understands && validated;
    response.answers.clone_from(&resolution.answers);
    response.authorities.extend(resolution.soa.clone());
    response
}

/// A response without records: header, question, OPT.
pub(super) fn empty_response(query: &Message, rcode: ResponseCode) -> Message {
    let mut response = Message::response(query.metadata.id, query.metadata.op_code);
    response.metadata.recursion_desired = query.metadata.recursion_desired;
    response.metadata.recursion_available = true;
    response.metadata.checking_disabled = query.metadata.checking_disabled;
    response.metadata.response_code = rcode;
    response.queries.clone_from(&query.queries);
    if query.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        edns.set_dnssec_ok(dnssec_ok(query));
        response.edns = Some(edns);
    }
    response
}

/// What is wrong with a query by itself, before any zone is asked.
pub(super) fn complaint(query: &Message) -> Option<ResponseCode> {
    if query.metadata.op_code != OpCode::Query {
        return Some(ResponseCode::NotImp);
    }
    let [question] = query.queries.as_slice() else {
        return Some(ResponseCode::FormErr);
    };
    // RFC 6891, section 6.1.3: a version that is not known.
    if query.edns.as_ref().is_some_and(|edns| edns.version() > 0) {
        return Some(ResponseCode::BADVERS);
    }
    if question.query_class != DNSClass::IN {
        return Some(ResponseCode::Refused);
    }
    match question.query_type {
        RecordType::AXFR | RecordType::IXFR => Some(ResponseCode::Refused),
        RecordType::ANY => Some(ResponseCode::NotImp),
        _ => None,
    }
}

/// TC=1 and no records (RFC 2181, section 9: what was left out, is left out whole).
pub(super) fn truncated(response: &Message) -> Message {
    let mut short = response.clone();
    short.metadata.truncation = true;
    short.answers.clear();
    short.authorities.clear();
    short
}

/// The response as octets that fit `limit`, truncated when they must be.
pub(super) fn encode(response: &Message, limit: usize) -> Vec<u8> {
    let bytes = to_bytes(response);
    if bytes.len() <= limit {
        bytes
    } else {
        to_bytes(&truncated(response))
    }
}

/// Responses are made of messages and zones that were read, so that they can be written.
fn to_bytes(response: &Message) -> Vec<u8> {
    response.to_vec().unwrap_or_default()
}

/// RFC 6891, sections 6.2.3 and 6.2.5: below 512 is 512, and so is no EDNS. A datagram holds 65,507.
pub(super) fn udp_limit(query: &Message) -> usize {
    usize::from(
        query
            .edns
            .as_ref()
            .map_or(512, Edns::max_payload)
            .clamp(512, 65_507),
    )
}

pub(super) fn dnssec_ok(query: &Message) -> bool {
    query
        .edns
        .as_ref()
        .is_some_and(|edns| edns.flags().dnssec_ok)
}

/// The query in a datagram, or nothing for what is no query.
pub(super) fn parse(bytes: &[u8]) -> Option<Message> {
    let message = Message::from_vec(bytes).ok()?;
    (message.metadata.message_type == MessageType::Query).then_some(message)
}

/// RFC 1035, section 4.1.1: FORMERR for a query whose header is all that could be read.
pub(super) fn format_error(bytes: &[u8]) -> Option<Vec<u8>> {
    let &[high, low, flags, ..] = bytes else {
        return None;
    };
    let is_query = bytes.len() >= 12 && flags & 0x80 == 0;
    is_query.then(|| {
        let id = u16::from_be_bytes([high, low]);
        to_bytes(&Message::error_msg(
            id,
            OpCode::Query,
            ResponseCode::FormErr,
        ))
    })
}
