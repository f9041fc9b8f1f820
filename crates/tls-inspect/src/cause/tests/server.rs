//! A server that does what a configuration says.

use crate::CipherSuite;

/// How a connection ends after the octets of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Close,
    Reset,
    Silence,
}

type Answer = (Vec<u8>, End);
type Quirk = Box<dyn Fn(&Hello, usize) -> Option<Answer>>;

/// What a hello offers, read from its octets.
#[derive(Debug, Default)]
pub(crate) struct Hello {
    pub(crate) length: usize,
    pub(crate) legacy_version: u16,
    pub(crate) has_name: bool,
    pub(crate) has_alpn: bool,
    pub(crate) session_id: Vec<u8>,
    pub(crate) suites: Vec<u16>,
    pub(crate) versions: Vec<u16>,
    pub(crate) groups: Vec<u16>,
    pub(crate) schemes: Vec<u16>,
    pub(crate) certificate_signature_schemes: Vec<u16>,
    pub(crate) shares: Vec<u16>,
    pub(crate) compressions: Vec<u8>,
    pub(crate) extensions: Vec<usize>,
    pub(crate) records: usize,
}

/// Takes that many octets off the front.
fn take<'a>(input: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (octets, rest) = input.split_at(count);
    *input = rest;
    octets
}

fn number(input: &mut &[u8], octets: usize) -> usize {
    let octets = take(input, octets).iter();
    octets.fold(0, |sum, &octet| sum << 8 | usize::from(octet))
}

fn list<'a>(input: &mut &'a [u8], octets: usize) -> &'a [u8] {
    let length = number(input, octets);
    take(input, length)
}

fn numbers(octets: &[u8]) -> Vec<u16> {
    let pairs = octets.chunks_exact(2);
    pairs
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}

impl Hello {
    pub(crate) fn read(mut octets: &[u8]) -> Self {
        let input = &mut octets;
        let mut message = Vec::new();
        let mut records = 0;
        while !input.is_empty() {
            assert_eq!(take(input, 1), [22]);
            take(input, 2);
            records += 1;
            message.extend_from_slice(list(input, 2));
        }
        let mut hello = Self {
            length: message.len(),
            records,
            ..Self::default()
        };
        let input = &mut &message[4..];
        hello.legacy_version = numbers(take(input, 2))[0];
        take(input, 32);
        hello.session_id = list(input, 1).to_vec();
        hello.suites = numbers(list(input, 2));
        hello.compressions = list(input, 1).to_vec();
        if !input.is_empty() {
            let extensions = &mut list(input, 2);
            while !extensions.is_empty() {
                let kind = number(extensions, 2);
                let mut content = list(extensions, 2);
                hello.extensions.push(kind);
                hello.read_extension(kind, &mut content);
            }
        }
        hello
    }

    fn read_extension(&mut self, kind: usize, content: &mut &[u8]) {
        match kind {
            0 => self.has_name = true,
            10 => self.groups = numbers(list(content, 2)),
            13 => self.schemes = numbers(list(content, 2)),
            16 => self.has_alpn = true,
            50 => self.certificate_signature_schemes = numbers(list(content, 2)),
            43 => self.versions = numbers(list(content, 1)),
            51 => {
                let shares = &mut list(content, 2);
                while !shares.is_empty() {
                    self.shares.push(numbers(take(shares, 2))[0]);
                    list(shares, 2);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn offers(&self, version: u16) -> bool {
        self.versions.contains(&version)
    }
}

/// The key of the certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Certificate {
    Rsa(usize),
    /// RSA of 2048 bits, signed with SHA-1.
    Sha1Signed,
    RsaPss,
    Ed448,
    Brainpool,
    /// With a key on the curve of this object identifier.
    Ec(&'static [u8]),
    Dsa,
}

/// DER with lengths as short as they must be.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    match u8::try_from(content.len()) {
        Ok(length @ 0..=0x7f) => [&[tag, length], content].concat(),
        Ok(length) => [&[tag, 0x81, length], content].concat(),
        Err(_) => {
            let length = u16::try_from(content.len()).unwrap().to_be_bytes();
            [&[tag, 0x82], &length[..], content].concat()
        }
    }
}

impl Certificate {
    /// A certificate that nobody signed, which can be read all the same.
    pub(crate) fn der(self) -> Vec<u8> {
        let oid = |octets: &[u8]| der(6, octets);
        let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
        let pss = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
        let modulus = |bits: usize| {
            let modulus = [&[0, 0x80][..], &vec![1; bits / 8 - 1]].concat();
            der(0x30, &[der(2, &modulus), der(2, &[1, 0, 1])].concat())
        };
        let (algorithm, key) = match self {
            Self::Rsa(bits) => ([oid(&rsa), vec![5, 0]].concat(), modulus(bits)),
            Self::Sha1Signed => ([oid(&rsa), vec![5, 0]].concat(), modulus(2048)),
            Self::RsaPss => (oid(&pss), modulus(2048)),
            Self::Ed448 => (oid(&[0x2b, 0x65, 0x71]), vec![9; 57]),
            Self::Brainpool => return Self::Ec(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7]).der(),
            Self::Ec(curve) => {
                let ec = oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);
                let point = [&[4][..], &[9; 64]].concat();
                ([ec, oid(curve)].concat(), point)
            }
            Self::Dsa => (
                oid(&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]),
                der(2, &[9; 128]),
            ),
        };
        let key = der(3, &[&[0], &key[..]].concat());
        let spki = der(0x30, &[der(0x30, &algorithm), key].concat());
        let signed = match self {
            Self::Sha1Signed => oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5]),
            _ => oid(&[0x2b, 0x65, 0x70]),
        };
        let signed = der(0x30, &signed);
        let time = der(0x17, b"260101000000Z");
        let validity = der(0x30, &[time.clone(), time].concat());
        let name = der(0x30, &[]);
        let version = vec![0xa0, 3, 2, 1, 2];
        let serial = der(2, &[5]);
        let parts = [
            version,
            serial,
            signed.clone(),
            name.clone(),
            validity,
            name,
            spki,
        ];
        let tbs = der(0x30, &parts.concat());
        der(0x30, &[tbs, signed, der(3, &[0, 1, 2])].concat())
    }
}

/// A server.
pub(crate) struct Server {
    versions: Vec<u16>,
    suites: Vec<u16>,
    groups: Vec<u16>,
    schemes: Vec<u16>,
    certificate: Option<Certificate>,
    needs_group: Option<u16>,
    chain: Option<(u16, bool)>,
    requests: bool,
    warns: Option<u8>,
    drops: Option<End>,
    until: usize,
    quirk: Quirk,
}

impl Server {
    /// TLS 1.2 with what every client has.
    pub(crate) fn tls12() -> Self {
        Self {
            versions: vec![0x0303],
            suites: vec![0xc02f, 0xc02b],
            groups: vec![0x001d, 0x0017],
            schemes: vec![0x0804, 0x0401, 0x0403],
            certificate: Some(Certificate::Rsa(2048)),
            needs_group: None,
            chain: None,
            requests: false,
            warns: None,
            drops: None,
            until: usize::MAX,
            quirk: Box::new(|_, _| None),
        }
    }

    pub(crate) fn versions(mut self, versions: &[u16]) -> Self {
        self.versions = versions.to_vec();
        self
    }

    /// The suites up to TLS 1.2, the preferred first.
    pub(crate) fn suites(mut self, suites: &[u16]) -> Self {
        self.suites = suites.to_vec();
        self
    }

    pub(crate) fn groups(mut self, groups: &[u16]) -> Self {
        self.groups = groups.to_vec();
        self
    }

    pub(crate) fn schemes(mut self, schemes: &[u16]) -> Self {
        self.schemes = schemes.to_vec();
        self
    }

    pub(crate) fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    pub(crate) fn without_certificate(mut self) -> Self {
        self.certificate = None;
        self
    }

    /// The curve of the certificate must be offered.
    pub(crate) fn needing_group(mut self, group: u16) -> Self {
        self.needs_group = Some(group);
        self
    }

    /// The scheme that its certificates are signed with must be offered, and whether it looks for
    /// it among the schemes of certificates.
    pub(crate) fn chain(mut self, scheme: u16, heeds: bool) -> Self {
        self.chain = Some((scheme, heeds));
        self
    }

    pub(crate) fn requesting(mut self) -> Self {
        self.requests = true;
        self
    }

    /// Sends this warning first.
    pub(crate) fn warning(mut self, description: u8) -> Self {
        self.warns = Some(description);
        self
    }

    /// Ends so in place of an alert.
    pub(crate) fn dropping(mut self, end: End) -> Self {
        self.drops = Some(end);
        self
    }

    /// Answers nothing after this connection.
    pub(crate) fn until(mut self, number: usize) -> Self {
        self.until = number;
        self
    }

    /// Answers so where this says something.
    pub(crate) fn quirk(
        mut self,
        quirk: impl Fn(&Hello, usize) -> Option<Answer> + 'static,
    ) -> Self {
        self.quirk = Box::new(quirk);
        self
    }

    pub(crate) fn answer(&self, hello: &Hello, number: usize) -> Answer {
        if let Some(answer) = (self.quirk)(hello, number) {
            return answer;
        }
        let answer = match self.choose(hello) {
            _ if number > self.until => Err(40),
            chosen => chosen,
        };
        match (answer, self.drops) {
            (Ok(octets), _) => {
                let warning = self.warns.map(|description| alert(1, description).0);
                ([warning.unwrap_or_default(), octets].concat(), End::Silence)
            }
            (Err(_), Some(end)) => (Vec::new(), end),
            (Err(description), None) => alert(2, description),
        }
    }

    fn choose(&self, hello: &Hello) -> Result<Vec<u8>, u8> {
        if hello.offers(0x0304) && self.versions.contains(&0x0304) {
            return self.choose_tls13(hello);
        }
        let old = self.versions.iter().copied();
        let version = old
            .filter(|&version| version <= hello.legacy_version.min(0x0303))
            .max()
            .ok_or(70_u8)?;
        let suite = first(&self.suites, &hello.suites)?;
        let group = match hello.groups.as_slice() {
            [] => 0x0017,
            groups => first(&self.groups, groups)?,
        };
        let scheme = match hello.schemes.as_slice() {
            schemes if version >= 0x0303 => {
                self.check_chain(hello)?;
                first(&self.schemes, schemes)?
            }
            _ => 0,
        };
        if self
            .needs_group
            .is_some_and(|group| !hello.groups.contains(&group))
        {
            return Err(40);
        }
        Ok(self.flight(version, suite, group, scheme))
    }

    fn check_chain(&self, hello: &Hello) -> Result<(), u8> {
        let Some((scheme, heeds)) = self.chain else {
            return Ok(());
        };
        let schemes = match hello.certificate_signature_schemes.as_slice() {
            listed @ [_, ..] if heeds => listed,
            _ => &hello.schemes,
        };
        first(&[scheme], schemes).map(drop)
    }

    fn choose_tls13(&self, hello: &Hello) -> Result<Vec<u8>, u8> {
        let suite = first(&[0x1301], &hello.suites)?;
        let group = first(&self.groups, &hello.groups)?;
        let is_shared = hello.shares.contains(&group);
        first(&self.schemes, &hello.schemes)?;
        self.check_chain(hello)?;
        let mut share = group.to_be_bytes().to_vec();
        if is_shared {
            share.extend(list16(&[9; 32]));
        }
        let extensions = [extension(43, &[3, 4]), extension(51, &share)].concat();
        let random = if is_shared { [5; 32] } else { RETRY };
        let body = server_hello(
            0x0303,
            random,
            &hello.session_id,
            suite,
            &list16(&extensions),
        );
        Ok(record(22, 0x0303, &body))
    }

    fn flight(&self, version: u16, suite: u16, group: u16, scheme: u16) -> Vec<u8> {
        use crate::SuiteKeyExchange as Kx;

        let mut flight = server_hello(version, [5; 32], &[], suite, &[]);
        if let Some(certificate) = self.certificate {
            let list = list24(&certificate.der());
            flight.extend(message(11, &list24(&list)));
        }
        let parameters = match CipherSuite(suite).key_exchange() {
            Some(Kx::Ecdhe) => {
                let group = group.to_be_bytes();
                Some([&[3][..], &group, &[2, 9, 9]].concat())
            }
            Some(Kx::Dhe) => Some([list16(&[0xff; 128]), list16(&[2]), list16(&[3])].concat()),
            _ => None,
        };
        if let Some(mut parameters) = parameters {
            if !CipherSuite(suite).is_anonymous() {
                if version >= 0x0303 {
                    parameters.extend(scheme.to_be_bytes());
                }
                parameters.extend(list16(b"signature"));
            }
            flight.extend(message(12, &parameters));
        }
        if self.requests {
            let request = [&[1, 1][..], &list16(&[4, 1]), &list16(&[])].concat();
            flight.extend(message(13, &request));
        }
        flight.extend(message(14, &[]));
        record(22, version, &flight)
    }
}

/// The first so many octets of what the server answers.
pub(crate) fn cut_flight(server: &Server, hello: &Hello, at: usize) -> Vec<u8> {
    let (mut octets, _) = server.answer(hello, 1);
    octets.truncate(at.min(octets.len() - 1));
    octets
}

/// An alert, and the connection is closed.
pub(crate) fn alert(level: u8, description: u8) -> Answer {
    (record(21, 0x0303, &[level, description]), End::Close)
}

pub(crate) fn first(ours: &[u16], theirs: &[u16]) -> Result<u16, u8> {
    let found = ours.iter().find(|number| theirs.contains(number));
    found.copied().ok_or(40)
}

pub(crate) const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

pub(crate) fn list16(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    [&length.to_be_bytes(), content].concat()
}

pub(crate) fn list24(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[1..], content].concat()
}

pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &list24(body)[..]].concat()
}

pub(crate) fn record(kind: u8, version: u16, content: &[u8]) -> Vec<u8> {
    [&[kind], &version.to_be_bytes()[..], &list16(content)].concat()
}

pub(crate) fn extension(number: u16, content: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes(), &list16(content)[..]].concat()
}

pub(crate) fn server_hello(
    version: u16,
    random: [u8; 32],
    id: &[u8],
    suite: u16,
    end: &[u8],
) -> Vec<u8> {
    let id = [&[u8::try_from(id.len()).unwrap()], id].concat();
    let suite = suite.to_be_bytes();
    let parts: [&[u8]; 6] = [&version.to_be_bytes(), &random, &id, &suite, &[0], end];
    message(2, &parts.concat())
}
