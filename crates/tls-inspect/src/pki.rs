//! Certificates made at run time, for the tests.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
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
    issuer: Issuer<'static, KeyPair>,
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
