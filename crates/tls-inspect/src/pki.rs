//! Certificates made at run time, for the tests.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevocationReason, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

use crate::{CryptoProvider, Der};

/// 2026-06-01T00:00:00Z: two thirds into the validity of [`leaf_params`].
pub(crate) const NOW: i64 = 1_780_272_000;

pub(crate) const DAY: i64 = 86_400;

/// Every provider that was compiled in.
pub(crate) fn providers() -> Vec<CryptoProvider> {
    vec![
        #[cfg(feature = "aws-lc-rs")]
        CryptoProvider::aws_lc_rs(),
        #[cfg(feature = "ring")]
        CryptoProvider::ring(),
    ]
}

/// An authority that issues certificates.
pub(crate) struct Authority {
    pub(crate) issuer: Issuer<'static, KeyPair>,
    pub(crate) der: Der,
}

/// An end-entity certificate and its key.
pub(crate) struct Leaf {
    pub(crate) der: Der,
    pub(crate) key: KeyPair,
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        Self::root_with(name, |_| {})
    }

    pub(crate) fn root_with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = ca_params(name);
        change(&mut params);
        let der = Der::from(params.self_signed(&key).unwrap().der().clone());
        Self {
            issuer: Issuer::new(params, key),
            der,
        }
    }

    pub(crate) fn intermediate(&self, name: &str) -> Self {
        self.intermediate_with(name, |_| {})
    }

    pub(crate) fn intermediate_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = ca_params(name);
        change(&mut params);
        let der = Der::from(params.signed_by(&key, &self.issuer).unwrap().der().clone());
        Self {
            issuer: Issuer::new(params, key),
            der,
        }
    }

    /// A revocation list of May to July 2026, with an entry of 2026-05-02 for each of `revoked`.
    pub(crate) fn crl(&self, revoked: &[(u64, Option<RevocationReason>)]) -> Der {
        self.crl_with(revoked, |_| {})
    }

    pub(crate) fn crl_with(
        &self,
        revoked: &[(u64, Option<RevocationReason>)],
        change: impl FnOnce(&mut CertificateRevocationListParams),
    ) -> Der {
        let entry = |&(serial, reason_code): &_| RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2026, 5, 2),
            reason_code,
            invalidity_date: None,
        };
        let mut params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 5, 3),
            next_update: date_time_ymd(2026, 7, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        change(&mut params);
        Der::new(params.signed_by(&self.issuer).unwrap().der().as_ref())
    }

    /// A revocation list of an authority of this name whose certificate does not allow it one.
    pub(crate) fn forbidden_crl(&self, name: &str) -> Der {
        let params = ca_params(name);
        let twin = Self {
            issuer: Issuer::new(params, clone_key(self.issuer.key())),
            der: self.der.clone(),
        };
        twin.crl(&[])
    }

    /// Another certificate of a root `Root` with this one's key.
    pub(crate) fn renamed(&self, change: impl FnOnce(&mut CertificateParams)) -> Der {
        let mut params = ca_params("Root");
        change(&mut params);
        let certificate = params.self_signed(self.issuer.key()).unwrap();
        Der::from(certificate.der().clone())
    }

    /// Certifies the key of another authority under this name.
    pub(crate) fn certify(&self, other: &Self, name: &str) -> Der {
        self.certify_with(other, name, |_| {})
    }

    pub(crate) fn certify_with(
        &self,
        other: &Self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Der {
        let mut params = ca_params(name);
        change(&mut params);
        let certificate = params.signed_by(other.issuer.key(), &self.issuer);
        Der::from(certificate.unwrap().der().clone())
    }

    pub(crate) fn leaf(&self, names: &[&str]) -> Leaf {
        self.leaf_with(names, |_| {})
    }

    pub(crate) fn leaf_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let mut params = leaf_params(names);
        change(&mut params);
        let der = Der::from(params.signed_by(&key, &self.issuer).unwrap().der().clone());
        Leaf { der, key }
    }

    /// Another end-entity certificate for a key.
    pub(crate) fn reissue(&self, names: &[&str], key: &KeyPair) -> Der {
        let certificate = leaf_params(names).signed_by(key, &self.issuer).unwrap();
        Der::from(certificate.der().clone())
    }
}

fn clone_key(key: &KeyPair) -> KeyPair {
    KeyPair::from_pem(&key.serialize_pem()).unwrap()
}

pub(crate) fn self_signed_leaf(
    names: &[&str],
    change: impl FnOnce(&mut CertificateParams),
) -> Leaf {
    let key = KeyPair::generate().unwrap();
    let mut params = leaf_params(names);
    change(&mut params);
    Leaf {
        der: Der::from(params.self_signed(&key).unwrap().der().clone()),
        key,
    }
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

fn leaf_params(names: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(names.first().copied().unwrap_or("nobody"));
    params.subject_alt_names = names.iter().map(|name| alt_name(name)).collect();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(2026, 4, 1);
    params.not_after = date_time_ymd(2026, 7, 1);
    params
}

fn alt_name(name: &str) -> SanType {
    match name.parse() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(name.try_into().unwrap()),
    }
}

pub(crate) fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    distinguished_name
}

pub(crate) fn critical_extension() -> CustomExtension {
    let mut extension =
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![0x05, 0x00]);
    extension.set_criticality(true);
    extension
}

/// A value of DER (X.690 §8.1) with this tag and a length of two octets.
pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], value].concat()
}

/// Authority information access (RFC 5280 §4.2.2.1) with these methods, the last arc of each,
/// and locations.
pub(crate) fn information_access(access: &[(u8, &str)]) -> CustomExtension {
    let described = access.iter().flat_map(|(arc, location)| {
        let method = tlv(0x06, &[0x2b, 6, 1, 5, 5, 7, 0x30, *arc]);
        tlv(0x30, &[method, tlv(0x86, location.as_bytes())].concat())
    });
    let described: Vec<u8> = described.collect();
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tlv(0x30, &described))
}
