//! The messages after ServerHello, which come in clear up to TLS 1.2.

use super::reader::Reader;
use crate::der::sha256_hex;
use crate::{
    Capture, ClientCertificateRequest, ClientHello, Der, KeyExchange, NamedGroup, ProtocolVersion,
    ServerFlight, ServerHello, ServerKeyExchange, SignatureScheme, SuiteAuthentication,
    SuiteKeyExchange,
};

/// The most certificates that are kept.
const CERTIFICATE_LIMIT: usize = Capture::MAX_CERTIFICATES;
/// The most names of a CertificateRequest that are kept.
const NAME_LIMIT: usize = ClientCertificateRequest::MAX_NAMES;
/// The most deviations that are kept.
const DEVIATION_LIMIT: usize = 64;

const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
const CERTIFICATE_STATUS: u8 = 22;
/// The messages in the order that they come in (RFC 5246 §7.3, RFC 6066 §8).
const ORDER: [u8; 5] = [
    CERTIFICATE,
    CERTIFICATE_STATUS,
    SERVER_KEY_EXCHANGE,
    CERTIFICATE_REQUEST,
    SERVER_HELLO_DONE,
];

/// Cuts a list of deviations at the limit.
pub(super) fn bound(mut deviations: Vec<String>) -> Vec<String> {
    deviations.truncate(DEVIATION_LIMIT);
    deviations
}

impl ServerFlight {
    pub(super) fn new(hello: ServerHello, deviations: Vec<String>) -> Self {
        Self {
            is_complete: hello.version >= ProtocolVersion::TLS_1_3,
            hello,
            chain: None,
            ocsp_staple: None,
            key_exchange: None,
            client_certificate_request: None,
            deviations: bound(deviations),
        }
    }

    pub(super) fn note(&mut self, deviation: impl Into<String>) {
        if self.deviations.len() < DEVIATION_LIMIT {
            self.deviations.push(deviation.into());
        }
    }

    /// Reads one message. `rank` is the place in the order that the last one had.
    ///
    /// An error is a message that ends the flight, as it belongs to something else: what cannot
    /// be read inside a message is a deviation, since its end is known.
    pub(super) fn read(
        &mut self,
        kind: u8,
        body: &[u8],
        offer: &ClientHello,
        rank: &mut usize,
    ) -> Result<(), String> {
        let Some(place) = ORDER.iter().position(|&other| other == kind) else {
            return Err(format!(
                "expected a message of the server's flight, found one of type {kind}"
            ));
        };
        if place < *rank {
            self.note(format!("a message of type {kind} came twice or late"));
        }
        *rank = (*rank).max(place + 1);
        let read = match kind {
            CERTIFICATE if self.chain.is_none() => self.read_certificate(body),
            CERTIFICATE_STATUS if self.ocsp_staple.is_none() => self.read_status(body),
            SERVER_KEY_EXCHANGE if self.key_exchange.is_none() => {
                self.read_key_exchange(body, offer)
            }
            CERTIFICATE_REQUEST if self.client_certificate_request.is_none() => {
                self.read_request(body)
            }
            SERVER_HELLO_DONE => {
                self.is_complete = true;
                let reader = Reader::new("ServerHelloDone", body);
                reader.surplus().map_or(Ok(()), Err)
            }
            _ => Ok(()),
        };
        if let Err(deviation) = read {
            self.note(deviation);
        }
        Ok(())
    }

    /// `certificate_list<0..2^24-1>` of `certificate<1..2^24-1>` (RFC 5246 §7.4.2).
    fn read_certificate(&mut self, body: &[u8]) -> Result<(), String> {
        let chain = self.chain.insert(Vec::new());
        let mut reader = Reader::new("Certificate", body);
        let mut list = reader.inner::<3>("the list of certificates")?;
        while !list.is_empty() {
            if chain.len() == CERTIFICATE_LIMIT {
                return Err(format!(
                    "expected at most {CERTIFICATE_LIMIT} certificates, found more"
                ));
            }
            chain.push(Der::new(list.list::<3>("a certificate")?));
        }
        if chain.is_empty() {
            return Err("expected at least one certificate, found none".to_owned());
        }
        reader.surplus().map_or(Ok(()), Err)
    }

    /// `status_type(1) response<1..2^24-1>` (RFC 6066 §8).
    fn read_status(&mut self, body: &[u8]) -> Result<(), String> {
        let mut reader = Reader::new("CertificateStatus", body);
        let kind = reader.u8("a type of status")?;
        if kind != 1 {
            return Err(format!("expected an OCSP response, found status {kind}"));
        }
        self.ocsp_staple = Some(Der::new(reader.list::<3>("an OCSP response")?));
        reader.surplus().map_or(Ok(()), Err)
    }

    /// `certificate_types<1..2^8-1> [signature_schemes<2..2^16-2>] names<0..2^16-1>`, the schemes
    /// since TLS 1.2 (RFC 5246 §7.4.4).
    fn read_request(&mut self, body: &[u8]) -> Result<(), String> {
        let request = self
            .client_certificate_request
            .insert(ClientCertificateRequest::new(Vec::new()));
        let mut reader = Reader::new("CertificateRequest", body);
        reader.list::<1>("the certificate types")?;
        if self.hello.version >= ProtocolVersion::TLS_1_2 {
            reader.list::<2>("the signature schemes")?;
        }
        let mut names = reader.inner::<2>("the names of authorities")?;
        while !names.is_empty() {
            if request.ca_names.len() == NAME_LIMIT {
                return Err(format!("expected at most {NAME_LIMIT} names, found more"));
            }
            let name = names.list::<2>("a name")?;
            request.ca_names.push(Der::new(name));
        }
        reader.surplus().map_or(Ok(()), Err)
    }

    /// The parameters, then the signature that the suite asks for (RFC 5246 §7.4.3).
    fn read_key_exchange(&mut self, body: &[u8], offer: &ClientHello) -> Result<(), String> {
        let mut reader = Reader::new("ServerKeyExchange", body);
        let method = self.hello.cipher_suite.key_exchange();
        let parameters = read_parameters(method, &mut reader)?;
        let exchange = self.key_exchange.insert(ServerKeyExchange {
            parameters,
            signature_scheme: None,
            is_signed: None,
        });
        if let KeyExchange::Other(_) = exchange.parameters {
            // Where the parameters end is not known, and so not what follows them.
            return Ok(());
        }
        exchange.is_signed = Some(false);
        if is_unsigned(self.hello.cipher_suite.authentication(), method) {
            return reader.surplus().map_or(Ok(()), Err);
        }
        if reader.is_empty() {
            return Err("the key exchange is not signed".to_owned());
        }
        exchange.is_signed = None;
        if self.hello.version >= ProtocolVersion::TLS_1_2 {
            exchange.signature_scheme = Some(SignatureScheme(reader.u16("a signature scheme")?));
        }
        let signature = reader.list::<2>("a signature")?;
        exchange.is_signed = Some(!signature.is_empty());
        let unoffered = unoffered(exchange, offer);
        for deviation in unoffered.into_iter().chain(reader.surplus()) {
            self.note(deviation);
        }
        Ok(())
    }
}

/// Whether the suite has no signature in its ServerKeyExchange: anonymous ones, and those whose
/// shared key proves who the server is (RFC 4279 §3, RFC 5489 §2).
fn is_unsigned(
    authentication: Option<SuiteAuthentication>,
    method: Option<SuiteKeyExchange>,
) -> bool {
    use SuiteKeyExchange as Kx;

    authentication == Some(SuiteAuthentication::Anonymous)
        || matches!(
            method,
            Some(Kx::Psk | Kx::RsaPsk | Kx::DhePsk | Kx::EcdhePsk)
        )
}

/// What was chosen without having been offered. An offer that names none leaves it to the server.
fn unoffered(exchange: &ServerKeyExchange, offer: &ClientHello) -> Vec<String> {
    let mut deviations = Vec::new();
    if let KeyExchange::Ecdhe(group) = exchange.parameters
        && !offer.groups.is_empty()
        && !offer.groups.contains(&group)
    {
        deviations.push(format!("the group {group} was not offered"));
    }
    if let Some(scheme) = exchange.signature_scheme
        && !offer.signature_schemes.is_empty()
        && !offer.signature_schemes.contains(&scheme)
    {
        deviations.push(format!("the signature scheme {scheme} was not offered"));
    }
    deviations
}

fn read_parameters(
    method: Option<SuiteKeyExchange>,
    reader: &mut Reader<'_>,
) -> Result<KeyExchange, String> {
    use SuiteKeyExchange as Kx;

    let length = reader.rest().len();
    // A hint as to which shared key stands before the rest (RFC 4279 §3, RFC 5489 §2).
    if matches!(method, Some(Kx::DhePsk | Kx::EcdhePsk)) {
        reader.list::<2>("a hint")?;
    }
    match method {
        Some(Kx::Ecdhe | Kx::EcdhePsk) => {
            // 1 and 2 are explicit curves (RFC 4492 §5.4), whose length only a parser tells.
            if reader.u8("a type of curve")? != 3 {
                return Ok(KeyExchange::Other(length));
            }
            let group = NamedGroup(reader.u16("a group")?);
            reader.list::<1>("a point")?;
            Ok(KeyExchange::Ecdhe(group))
        }
        Some(Kx::Dhe | Kx::DhePsk) => {
            let prime = without_zeros(reader.list::<2>("a prime")?);
            reader.list::<2>("a generator")?;
            reader.list::<2>("a public value")?;
            Ok(KeyExchange::Dhe {
                bits: bits(prime),
                prime_sha256: sha256_hex(prime),
            })
        }
        Some(Kx::Rsa) => {
            let modulus = without_zeros(reader.list::<2>("a modulus")?);
            reader.list::<2>("an exponent")?;
            Ok(KeyExchange::Rsa {
                bits: bits(modulus),
            })
        }
        _ => Ok(KeyExchange::Other(length)),
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&octet| octet == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The length in bits of a number without leading zeros.
fn bits(number: &[u8]) -> u32 {
    let zeros = number.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(number.len()).map_or(u32::MAX, |octets| octets * 8 - zeros)
}
