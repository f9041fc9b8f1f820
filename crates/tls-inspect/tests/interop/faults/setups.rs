//! How each program is made to have each fault, or why it cannot be.

use rustls::crypto::aws_lc_rs::kx_group::MLKEM768;

use super::{F, Fault, Kind};
use crate::servers::device::{Step, deaf, speaker};
use crate::servers::postfix::{self, Service};
use crate::servers::rustls::{Setup, Versions};
use crate::servers::{
    BRAINPOOL, ED448, KeyKind, RSA, RSA_1024, RSA_PSS, Server, Talk, certificate, gnutls, openssl,
};

pub(super) enum SetUp {
    Server(Server),
    Cannot(String),
}

/// A server for each fault.
pub(super) async fn all(kind: Kind, faults: &[Fault]) -> Vec<(Fault, SetUp)> {
    if let Kind::Postfix(talk) = kind {
        return all_of_postfix(talk, faults).await;
    }
    let mut all = Vec::new();
    for &fault in faults {
        let (set, step) = underneath(fault);
        let set_up = match kind {
            Kind::Openssl => of_openssl(set).map_err(str::to_owned),
            Kind::Gnutls => of_gnutls(set).map_err(str::to_owned),
            Kind::Rustls => of_rustls(set).await,
            _ => by_hand(set).await.map_err(str::to_owned),
        };
        all.push((fault, finish(set_up, step).await));
    }
    all
}

type Device = (Step, crate::servers::device::End);

/// How the server behind a device is set up, and the device.
fn underneath(fault: Fault) -> (Set, Option<Device>) {
    match fault {
        F::Device(step, end) => {
            let set = match step {
                Step::Certificate | Step::Finished12 => Set::Tls12,
                Step::Finished13 => Set::Tls13,
                _ => Set::Usual,
            };
            (set, Some((step, end)))
        }
        fault => (Set::With(fault), None),
    }
}

/// How a server itself is set up.
#[derive(Clone, Copy, Debug)]
enum Set {
    Usual,
    Tls12,
    Tls13,
    With(Fault),
}

async fn finish(set_up: Result<Server, String>, device: Option<Device>) -> SetUp {
    match (set_up, device) {
        (Ok(server), Some((step, end))) => SetUp::Server(server.behind(step, end).await),
        (Ok(server), None) => SetUp::Server(server),
        (Err(why), _) => SetUp::Cannot(why),
    }
}

const NOT_ONE: &str = "the program speaks TLS from the first octet on";
const TLS_1_2: Versions = &[&rustls::version::TLS12];
const TLS_1_3: Versions = &[&rustls::version::TLS13];
/// RSASSA-PSS with SHA-512 takes two hashes and two octets (RFC 8017 §9.1.1): 1040 bits.
const NOT_TOO_SHORT: &str = "it signs with a shorter hash then";
const NO_ML_KEM: &str = "it has no ML-KEM";

fn of_openssl(set: Set) -> Result<Server, &'static str> {
    let suites = |suites| openssl(RSA, &["-tls1_2", "-cipher", suites]);
    Ok(match set {
        Set::Usual => openssl(RSA, &[]),
        Set::Tls12 => openssl(RSA, &["-tls1_2"]),
        Set::Tls13 => openssl(RSA, &["-tls1_3"]),
        Set::With(fault) => match fault {
            F::Tls10Only => openssl(RSA, &["-tls1", "-cipher", "ALL:@SECLEVEL=0"]),
            F::Tls11Only => openssl(RSA, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]),
            F::CbcOnly => suites("ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA384"),
            F::StaticRsaOnly => suites("AES128-SHA:AES256-GCM-SHA384"),
            F::DheOnly => suites("DHE-RSA-AES128-GCM-SHA256"),
            F::Anonymous => suites("ADH-AES128-SHA:@SECLEVEL=0"),
            F::NullOnly => suites("NULL-SHA:@SECLEVEL=0"),
            F::P521Only => openssl(RSA, &["-groups", "P-521"]),
            F::P521OnlyTls13 => openssl(RSA, &["-tls1_3", "-groups", "P-521"]),
            F::X448Only => openssl(RSA, &["-groups", "X448"]),
            F::MlKem768Only => return Err(NO_ML_KEM),
            F::Ed448Key => openssl(ED448, &[]),
            F::Ed448KeyTls13 => openssl(ED448, &["-tls1_3"]),
            F::RsaPssKey => openssl(RSA_PSS, &[]),
            F::RsaPssKeyTls13 => openssl(RSA_PSS, &["-tls1_3"]),
            F::BrainpoolKey => openssl(BRAINPOOL, &[]),
            F::Rsa1024Key => openssl(RSA_1024, &["-cipher", "DEFAULT:@SECLEVEL=0"]),
            F::ClientCertificate => openssl(RSA, &["-tls1_2", "-Verify", "1"]),
            F::ClientCertificateTls13 => openssl(RSA, &["-tls1_3", "-Verify", "1"]),
            F::Rsa1024KeyTooShort => return Err(NOT_TOO_SHORT),
            F::NoKey => openssl(RSA, &["-nocert"]),
            _ => return Err(NOT_ONE),
        },
    })
}

fn of_gnutls(set: Set) -> Result<Server, &'static str> {
    let rsa = |priority| gnutls(RSA, priority, &[]);
    Ok(match set {
        Set::Usual => rsa("NORMAL"),
        Set::Tls12 => rsa("NORMAL:-VERS-ALL:+VERS-TLS1.2"),
        Set::Tls13 => rsa("NORMAL:-VERS-ALL:+VERS-TLS1.3"),
        Set::With(fault) => match fault {
            F::Tls10Only => rsa("NORMAL:-VERS-ALL:+VERS-TLS1.0"),
            F::Tls11Only => rsa("NORMAL:-VERS-ALL:+VERS-TLS1.1"),
            F::CbcOnly => {
                rsa("NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:-KX-ALL:+ECDHE-RSA")
            }
            F::StaticRsaOnly => rsa("NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA"),
            F::DheOnly => rsa("NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA"),
            F::Anonymous => rsa("NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ANON-ECDH"),
            F::NullOnly => rsa("NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+NULL:-KX-ALL:+RSA"),
            F::P521OnlyTls13 => rsa("NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP521R1"),
            F::P521Only => rsa("NORMAL:-GROUP-ALL:+GROUP-SECP521R1"),
            F::X448Only => rsa("NORMAL:-GROUP-ALL:+GROUP-X448"),
            F::MlKem768Only => return Err(NO_ML_KEM),
            F::Ed448Key => gnutls(ED448, "NORMAL", &[]),
            F::Ed448KeyTls13 => gnutls(ED448, "NORMAL:-VERS-ALL:+VERS-TLS1.3", &[]),
            F::RsaPssKey => gnutls(RSA_PSS, "NORMAL", &[]),
            F::RsaPssKeyTls13 => gnutls(RSA_PSS, "NORMAL:-VERS-ALL:+VERS-TLS1.3", &[]),
            F::BrainpoolKey => return Err("it has no brainpool curves"),
            // Of itself it would sign with SHA-512, see below.
            F::Rsa1024Key => {
                let shorter = "NORMAL:-SIGN-RSA-PSS-RSAE-SHA512:-SIGN-RSA-PSS-SHA512";
                gnutls(RSA_1024, shorter, &[])
            }
            F::Rsa1024KeyTooShort => gnutls(RSA_1024, "NORMAL", &[]),
            F::ClientCertificate => gnutls(
                RSA,
                "NORMAL:-VERS-ALL:+VERS-TLS1.2",
                &["--require-client-cert"],
            ),
            F::ClientCertificateTls13 => gnutls(
                RSA,
                "NORMAL:-VERS-ALL:+VERS-TLS1.3",
                &["--require-client-cert"],
            ),
            F::NoKey => return Err("it has anonymous suites then, which is another row"),
            _ => return Err(NOT_ONE),
        },
    })
}

async fn of_rustls(set: Set) -> Result<Server, String> {
    let usual = Setup::default();
    let tls12 = Setup {
        versions: TLS_1_2,
        ..usual
    };
    let tls13 = Setup {
        versions: TLS_1_3,
        ..usual
    };
    let setup = match set {
        Set::Usual => usual,
        Set::Tls12 => tls12,
        Set::Tls13 => tls13,
        Set::With(fault) => match fault {
            F::MlKem768Only => Setup {
                group: Some(MLKEM768),
                ..tls13
            },
            F::Ed448Key | F::Ed448KeyTls13 => Setup {
                key: ED448,
                ..usual
            },
            F::RsaPssKey | F::RsaPssKeyTls13 => Setup {
                key: RSA_PSS,
                ..usual
            },
            F::BrainpoolKey => Setup {
                key: BRAINPOOL,
                ..usual
            },
            F::Rsa1024Key | F::Rsa1024KeyTooShort => Setup {
                key: RSA_1024,
                ..usual
            },
            F::ClientCertificate => Setup {
                requires_certificate: true,
                ..tls12
            },
            F::ClientCertificateTls13 => Setup {
                requires_certificate: true,
                ..tls13
            },
            F::Tls10Only | F::Tls11Only => return Err("it has nothing below TLS 1.2".to_owned()),
            F::CbcOnly | F::StaticRsaOnly | F::DheOnly | F::Anonymous | F::NullOnly => {
                return Err("it has ECDHE with AEAD only".to_owned());
            }
            F::P521Only | F::P521OnlyTls13 | F::X448Only => {
                return Err("it has no such group".to_owned());
            }
            F::NoKey => return Err("it is not built without a certificate".to_owned()),
            _ => return Err(NOT_ONE.to_owned()),
        },
    };
    let started = crate::servers::rustls::start(setup).await;
    // It is asked: if it can one day, the row is looked at.
    started.map_err(|error| error.to_string())
}

async fn by_hand(set: Set) -> Result<Server, &'static str> {
    Ok(match set {
        Set::With(F::Deaf(step, end)) => deaf(step, end).await,
        Set::With(F::Plaintext) => speaker(b"220 mx.example.org ESMTP\r\n").await,
        _ => return Err("a server of its own is needed"),
    })
}

/// One Postfix has a port for each.
async fn all_of_postfix(talk: Talk, faults: &[Fault]) -> Vec<(Fault, SetUp)> {
    let wanted = faults.iter().map(|&fault| {
        let (set, device) = underneath(fault);
        (fault, of_postfix(talk, set), device)
    });
    let wanted: Vec<_> = wanted.collect();
    let services: Vec<_> = wanted
        .iter()
        .filter_map(|(_, s, _)| s.clone().ok())
        .collect();
    let name = format!("faults-{talk:?}");
    let mut servers = postfix::start(&name, &services).into_iter();
    let mut all = Vec::new();
    for (fault, service, device) in wanted {
        let set_up = match service {
            Ok(_) => Ok(servers.next().unwrap()),
            Err(why) => Err(why.to_owned()),
        };
        all.push((fault, finish(set_up, device).await));
    }
    all
}

fn of_postfix(talk: Talk, set: Set) -> Result<Service, &'static str> {
    let service = |key: Option<KeyKind>, parameters: &[(&'static str, &str)]| Service {
        talk,
        key,
        parameters: parameters
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    };
    let protocols = |key, protocols: &str| {
        service(
            Some(key),
            &[
                ("smtpd_tls_protocols", protocols),
                ("smtpd_tls_mandatory_protocols", protocols),
                ("tls_high_cipherlist", "ALL:@SECLEVEL=0"),
            ],
        )
    };
    let suites = |key, suites: &str| {
        service(
            key,
            &[
                ("smtpd_tls_protocols", "TLSv1.2"),
                ("smtpd_tls_mandatory_protocols", "TLSv1.2"),
                ("tls_high_cipherlist", suites),
            ],
        )
    };
    let usual = |key| service(Some(key), &[]);
    Ok(match set {
        Set::Usual => usual(RSA),
        Set::Tls12 => protocols(RSA, "TLSv1.2"),
        Set::Tls13 => protocols(RSA, "TLSv1.3"),
        Set::With(fault) => match fault {
            F::Tls10Only => protocols(RSA, "TLSv1"),
            F::Tls11Only => protocols(RSA, "TLSv1.1"),
            F::CbcOnly => suites(Some(RSA), "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA384"),
            F::StaticRsaOnly => suites(Some(RSA), "AES128-SHA:AES256-GCM-SHA384"),
            F::DheOnly => suites(Some(RSA), "DHE-RSA-AES128-GCM-SHA256"),
            F::Anonymous => {
                let mut service = suites(None, "ADH-AES128-SHA:@SECLEVEL=0");
                let none = ("smtpd_tls_cert_file", "none".to_owned());
                service.parameters.push(none);
                service
            }
            F::NullOnly => suites(Some(RSA), "NULL-SHA:@SECLEVEL=0"),
            F::P521Only => service(Some(RSA), &[("tls_eecdh_auto_curves", "secp521r1")]),
            F::P521OnlyTls13 => {
                let mut service = protocols(RSA, "TLSv1.3");
                let curve = ("tls_eecdh_auto_curves", "secp521r1".to_owned());
                service.parameters.push(curve);
                service
            }
            F::X448Only => service(Some(RSA), &[("tls_eecdh_auto_curves", "X448")]),
            F::MlKem768Only => return Err(NO_ML_KEM),
            F::Ed448Key => usual(ED448),
            F::Ed448KeyTls13 => protocols(ED448, "TLSv1.3"),
            F::RsaPssKey => usual(RSA_PSS),
            F::RsaPssKeyTls13 => protocols(RSA_PSS, "TLSv1.3"),
            F::BrainpoolKey => usual(BRAINPOOL),
            F::Rsa1024Key => service(
                Some(RSA_1024),
                &[("tls_high_cipherlist", "DEFAULT:@SECLEVEL=0")],
            ),
            F::ClientCertificate | F::ClientCertificateTls13 => {
                let (authority, _) = certificate(RSA);
                let version = match fault {
                    F::ClientCertificate => "TLSv1.2",
                    _ => "TLSv1.3",
                };
                service(
                    Some(RSA),
                    &[
                        ("smtpd_tls_protocols", version),
                        ("smtpd_tls_mandatory_protocols", version),
                        ("smtpd_tls_security_level", "encrypt"),
                        ("smtpd_tls_req_ccert", "yes"),
                        ("smtpd_tls_CAfile", authority.to_str().unwrap_or_default()),
                    ],
                )
            }
            F::Plaintext if talk == Talk::Nothing => {
                service(Some(RSA), &[("smtpd_tls_wrappermode", "no")])
            }
            F::Plaintext => return Err("a server that offers STARTTLS goes on to TLS"),
            F::Rsa1024KeyTooShort => return Err(NOT_TOO_SHORT),
            F::NoKey => service(None, &[("smtpd_tls_chain_files", "/nonexistent.pem")]),
            _ => return Err("no program does this"),
        },
    })
}
