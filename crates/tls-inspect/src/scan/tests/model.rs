//! A server that a scan is to find out about.

use crate::cause::tests::server::{
    Certificate, End, Hello, RETRY, alert, extension, first, list16, list24, message, record,
    server_hello,
};
use crate::{CipherSuite, SuiteAuthentication, SuiteKeyExchange};

/// What a server does in place of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    Alert(u8),
    Drop(End),
}

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) versions: Vec<u16>,
    pub(super) suites: Vec<u16>,
    pub(super) suites13: Vec<u16>,
    pub(super) has_own_order: bool,
    pub(super) groups: Vec<u16>,
    pub(super) rsa: bool,
    /// The curve of its other certificate.
    pub(super) ecdsa: Option<u16>,
    pub(super) dsa: bool,
    /// Whether it takes any signature schemes under TLS 1.3.
    pub(super) is_lax: bool,
    /// The hellos at which it closes the connection, whatever its habit is.
    pub(super) chokes: fn(&Hello) -> bool,
    pub(super) habit: Habit,
    pub(super) longest: usize,
    pub(super) most_records: usize,
    pub(super) compresses: bool,
    pub(super) renegotiates: bool,
    pub(super) binds: bool,
    pub(super) knows_fallback: bool,
    pub(super) requests: bool,
    /// After so many connections it does with any hello as its habit is.
    pub(super) until: usize,
}

impl Model {
    pub(super) fn modern() -> Self {
        Self {
            versions: vec![0x0303, 0x0304],
            suites: vec![0xc030, 0xc02f],
            suites13: vec![0x1302, 0x1301, 0x1303],
            has_own_order: true,
            groups: vec![0x001d, 0x0017, 0x0018],
            rsa: true,
            ecdsa: None,
            dsa: false,
            is_lax: false,
            chokes: |_| false,
            habit: Habit::Alert(40),
            longest: usize::MAX,
            most_records: usize::MAX,
            compresses: false,
            renegotiates: true,
            binds: true,
            knows_fallback: true,
            requests: false,
            until: usize::MAX,
        }
    }

    /// Whether one of its certificates goes with a suite, and with what the hello names.
    fn has_key_for(&self, suite: u16, groups: &[u16]) -> bool {
        match CipherSuite(suite).authentication() {
            Some(SuiteAuthentication::Rsa) => self.rsa,
            Some(SuiteAuthentication::Ecdsa) => {
                self.ecdsa.is_some_and(|curve| groups.contains(&curve))
            }
            Some(SuiteAuthentication::Dss) => self.dsa,
            Some(SuiteAuthentication::Anonymous) => true,
            _ => false,
        }
    }

    pub(super) fn is_old(version: u16) -> bool {
        version < 0x0303
    }

    /// The suites that it can really speak under a version.
    pub(super) fn usable(&self, version: u16) -> Vec<u16> {
        if version == 0x0304 {
            return self.suites13.clone();
        }
        let groups: &[u16] = match version {
            0x0300 => &[0x0017, 0x0018, 0x001d],
            _ => &[0x0017, 0x0018, 0x0019, 0x001d],
        };
        let is_usable = |&suite: &u16| self.can_use(version, suite, groups);
        self.suites.iter().copied().filter(is_usable).collect()
    }

    fn can_use(&self, version: u16, suite: u16, groups: &[u16]) -> bool {
        let named = CipherSuite(suite);
        let is_new = named.is_aead() || named.to_string().contains("SHA256 ");
        let has_group = named.key_exchange() != Some(SuiteKeyExchange::Ecdhe)
            || self.groups.iter().any(|group| groups.contains(group));
        !(Self::is_old(version) && is_new) && has_group && self.has_key_for(suite, groups)
    }

    fn pick(&self, ours: &[u16], theirs: &[u16]) -> Result<u16, u8> {
        match self.has_own_order {
            true => first(ours, theirs),
            false => first(theirs, ours),
        }
    }

    pub(super) fn answer(&self, hello: &Hello, number: usize) -> (Vec<u8>, End) {
        if (self.chokes)(hello) {
            return (Vec::new(), End::Close);
        }
        let is_taken = number <= self.until
            && hello.length <= self.longest
            && hello.records <= self.most_records;
        let chosen = match is_taken {
            true => self.choose(hello),
            false => Err(40),
        };
        match (chosen, self.habit) {
            (Ok(octets), _) => (octets, End::Silence),
            (Err(86), _) => alert(2, 86),
            (Err(_), Habit::Alert(description)) => alert(2, description),
            (Err(_), Habit::Drop(end)) => (Vec::new(), end),
        }
    }

    fn choose(&self, hello: &Hello) -> Result<Vec<u8>, u8> {
        let is_13 = |&version: &u16| version == 0x0304;
        let offered = match hello.versions.as_slice() {
            [] => hello.legacy_version,
            versions => versions.iter().copied().max().unwrap(),
        };
        let fits = |&version: &u16| match hello.versions.as_slice() {
            [] => version <= hello.legacy_version,
            versions => versions.contains(&version),
        };
        let version = self.versions.iter().copied().filter(fits).max();
        let version = version.ok_or(70_u8)?;
        let highest = self.versions.iter().copied().max().unwrap();
        if self.knows_fallback && hello.suites.contains(&0x5600) && highest > offered {
            return Err(86);
        }
        if is_13(&version) {
            return self.choose_tls13(hello);
        }
        let groups: &[u16] = match hello.groups.as_slice() {
            groups if version > 0x0300 && !groups.is_empty() => groups,
            _ => &[0x0017, 0x0018, 0x001d],
        };
        let is_usable = |&suite: &u16| {
            self.can_use(version, suite, groups) && (version < 0x0303 || self.signs(suite, hello))
        };
        let ours: Vec<u16> = self.suites.iter().copied().filter(is_usable).collect();
        let suite = self.pick(&ours, &hello.suites)?;
        let group = self.pick(&self.groups, groups).unwrap_or(0);
        Ok(self.flight(hello, version, suite, group))
    }

    fn signs(&self, suite: u16, hello: &Hello) -> bool {
        let scheme = match CipherSuite(suite).authentication() {
            Some(SuiteAuthentication::Ecdsa) => 0x0403,
            Some(SuiteAuthentication::Rsa) => 0x0401,
            Some(SuiteAuthentication::Dss) => 0x0402,
            _ => return true,
        };
        hello.schemes.contains(&scheme)
    }

    fn choose_tls13(&self, hello: &Hello) -> Result<Vec<u8>, u8> {
        let suite = self.pick(&self.suites13, &hello.suites)?;
        let group = self.pick(&self.groups, &hello.groups)?;
        let signs = self.is_lax
            || (self.rsa && hello.schemes.contains(&0x0804))
            || (self.ecdsa.is_some() && hello.schemes.contains(&0x0403));
        if !signs {
            return Err(40);
        }
        let is_shared = hello.shares.contains(&group);
        let mut share = group.to_be_bytes().to_vec();
        if is_shared {
            share.extend(list16(&[9; 32]));
        }
        let extensions = [extension(43, &[3, 4]), extension(51, &share)].concat();
        let random = if is_shared { [5; 32] } else { RETRY };
        let extensions = list16(&extensions);
        let body = server_hello(0x0303, random, &hello.session_id, suite, &extensions);
        Ok(record(22, 0x0303, &body))
    }

    fn flight(&self, hello: &Hello, version: u16, suite: u16, group: u16) -> Vec<u8> {
        let mut extensions = Vec::new();
        if self.binds && hello.extensions.contains(&23) {
            extensions.extend(extension(23, &[]));
        }
        if self.renegotiates && hello.extensions.contains(&0xff01) {
            extensions.extend(extension(0xff01, &[0]));
        }
        let mut random = [5; 32];
        if self.versions.contains(&0x0304) {
            let mark = if version == 0x0303 { 1 } else { 0 };
            random[24..31].copy_from_slice(b"DOWNGRD");
            random[31] = mark;
        }
        let extensions = match extensions.as_slice() {
            [] => Vec::new(),
            extensions => list16(extensions),
        };
        let mut flight = server_hello(version, random, &[], suite, &extensions);
        if self.compresses && hello.compressions.contains(&1) {
            flight[4 + 2 + 32 + 1 + 2] = 1;
        }
        self.push_rest(&mut flight, version, suite, group);
        record(22, version, &flight)
    }

    fn push_rest(&self, flight: &mut Vec<u8>, version: u16, suite: u16, group: u16) {
        let named = CipherSuite(suite);
        if !named.is_anonymous() {
            let certificate = match named.authentication() {
                Some(SuiteAuthentication::Ecdsa) => Certificate::Ec(match self.ecdsa {
                    Some(0x0017) => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
                    Some(0x0018) => &[0x2b, 0x81, 4, 0, 0x22],
                    Some(0x0019) => &[0x2b, 0x81, 4, 0, 0x23],
                    curve => panic!("{curve:?}"),
                }),
                Some(SuiteAuthentication::Dss) => Certificate::Dsa,
                _ => Certificate::Rsa(2048),
            };
            flight.extend(message(11, &list24(&list24(&certificate.der()))));
        }
        let parameters = match named.key_exchange() {
            Some(SuiteKeyExchange::Ecdhe) => {
                Some([&[3][..], &group.to_be_bytes(), &[2, 9, 9]].concat())
            }
            Some(SuiteKeyExchange::Dhe) => {
                Some([list16(&[0xff; 128]), list16(&[2]), list16(&[3])].concat())
            }
            _ => None,
        };
        if let Some(mut parameters) = parameters {
            if !named.is_anonymous() {
                if version >= 0x0303 {
                    parameters.extend([4, 1]);
                }
                parameters.extend(list16(b"signature"));
            }
            flight.extend(message(12, &parameters));
        }
        if self.requests && !named.is_anonymous() {
            let schemes = if version >= 0x0303 {
                list16(&[4, 1])
            } else {
                Vec::new()
            };
            flight.extend(message(13, &[&[1, 1][..], &schemes, &list16(&[])].concat()));
        }
        flight.extend(message(14, &[]));
    }
}
