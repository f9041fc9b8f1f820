//! The hosts of the world: names, addresses, certificates and what listens where.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{ca::CertificateKind, smtp::BuiltIn};

/// A host of the world.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: &'static str,
    pub(super) v4: Ipv4Addr,
    pub(super) v6: Option<Ipv6Addr>,
    pub(super) certificate: CertificateKind,
    pub(super) pointer: Pointer,
    service: Service,
}

/// What the reverse zone says of the host's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pointer {
    /// The host's name.
    Own,
    /// Nothing.
    Missing,
    /// A name that leads elsewhere.
    Other(&'static str),
}

/// What a host does on its three ports.
#[derive(Debug, Clone, Copy)]
enum Service {
    /// Good servers on 25, 465 and 587.
    Full,
    /// One server on port 25; the others refuse.
    Relay(BuiltIn),
    /// A server on each of 25, 465 and 587.
    Each(BuiltIn, BuiltIn, BuiltIn),
    Refused,
    Filtered,
}

/// What is to be found on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Server(BuiltIn),
    Closed,
    Filtered,
}

impl Host {
    pub(super) fn place(&self, port: u16) -> Place {
        match (self.service, port) {
            (Service::Full, 25) => Place::Server(BuiltIn::Healthy),
            (Service::Full, 465) => Place::Server(BuiltIn::ImplicitTls),
            (Service::Full, _) => Place::Server(BuiltIn::Submission),
            (Service::Relay(script), 25) | (Service::Each(script, _, _), 25) => {
                Place::Server(script)
            }
            (Service::Each(_, script, _), 465) | (Service::Each(_, _, script), _) => {
                Place::Server(script)
            }
            (Service::Relay(_) | Service::Refused, _) => Place::Closed,
            (Service::Filtered, _) => Place::Filtered,
        }
    }

    const fn new(name: &'static str, last: u8, service: Service) -> Self {
        Self {
            name,
            v4: Ipv4Addr::new(192, 0, 2, last),
            v6: None,
            certificate: CertificateKind::Healthy,
            pointer: Pointer::Own,
            service,
        }
    }

    const fn v6(mut self, last: u16) -> Self {
        self.v6 = Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
        self
    }

    const fn certificate(mut self, kind: CertificateKind) -> Self {
        self.certificate = kind;
        self
    }

    const fn pointer(mut self, pointer: Pointer) -> Self {
        self.pointer = pointer;
        self
    }

    const fn at(mut self, v4: Ipv4Addr) -> Self {
        self.v4 = v4;
        self
    }
}

/// A good host with this certificate.
const fn with(name: &'static str, last: u8, kind: CertificateKind) -> Host {
    Host::new(name, last, Service::Full).certificate(kind)
}

/// A host with this script on port 25 alone.
const fn relay(name: &'static str, last: u8, script: BuiltIn) -> Host {
    Host::new(name, last, Service::Relay(script))
}

/// Every host of the world.
pub(super) const HOSTS: &[Host] = &[
    Host::new("mx1.good.test", 10, Service::Full).v6(0x10),
    Host::new("mx2.good.test", 11, Service::Full),
    Host::new("implicit-mx.test", 12, Service::Full),
    Host::new("mx1.half-down.test", 13, Service::Refused),
    Host::new("mx2.half-down.test", 14, Service::Full),
    Host::new("mx.ptr-missing.test", 15, Service::Full).pointer(Pointer::Missing),
    Host::new("mx.ptr-mismatch.test", 16, Service::Full).pointer(Pointer::Other("mx2.good.test")),
    with("mx.near-expiry.test", 20, CertificateKind::NearExpiry),
    with("mx.expired.test", 21, CertificateKind::Expired),
    with("mx.not-yet-valid.test", 22, CertificateKind::NotYetValid),
    with("mx.self-signed.test", 23, CertificateKind::SelfSigned),
    with("mx.wrong-name.test", 24, CertificateKind::WrongName),
    with(
        "mx.missing-intermediate.test",
        25,
        CertificateKind::MissingIntermediate,
    ),
    with("mx.untrusted-root.test", 26, CertificateKind::UntrustedRoot),
    relay("mx.no-starttls.test", 30, BuiltIn::NoStarttls),
    relay("mx.starttls-454.test", 31, BuiltIn::StarttlsRefused),
    relay("mx.starttls-garbage.test", 32, BuiltIn::StarttlsGarbage),
    relay("mx.injected.test", 33, BuiltIn::Injected),
    relay("mx.greeting-421.test", 34, BuiltIn::Greeting421),
    relay("mx.greeting-554.test", 35, BuiltIn::Greeting554),
    relay("mx.silent.test", 36, BuiltIn::Silent),
    relay("mx.tarpit.test", 37, BuiltIn::Tarpit),
    relay("mx.endless.test", 38, BuiltIn::EndlessEhlo),
    relay("mx.endless-greeting.test", 39, BuiltIn::EndlessGreeting),
    relay("mx.closes-early.test", 40, BuiltIn::ClosesEarly),
    relay("mx.mixed-codes.test", 41, BuiltIn::MixedCodes),
    relay("mx.latin1.test", 42, BuiltIn::Latin1),
    relay("mx.bare-lf.test", 43, BuiltIn::BareLf),
    Host::new(
        "mx.not-smtp.test",
        44,
        Service::Each(BuiltIn::Http, BuiltIn::NoStarttls, BuiltIn::Ssh),
    ),
    Host::new("mx.refused.test", 50, Service::Refused).at(Ipv4Addr::new(198, 51, 100, 50)),
    Host::new("mx.filtered.test", 51, Service::Filtered).at(Ipv4Addr::new(198, 51, 100, 51)),
    Host::new("mx.listed.test", 66, Service::Full).at(Ipv4Addr::new(203, 0, 113, 66)),
    Host::new("mx.dns-bogus.test", 70, Service::Full),
    Host::new("mx.dns-truncated.test", 71, Service::Full),
    Host::new("mx.dns-slow.test", 72, Service::Full),
    Host::new("mx.caa-parent.test", 80, Service::Full),
    Host::new("mx.dane-renewed.test", 84, Service::Full),
    Host::new("mx.dane-bogus.test", 81, Service::Full),
    Host::new("mx.dane-unsigned-host.test", 82, Service::Full),
    Host::new("mx.dane-usages.test", 83, Service::Full),
];
