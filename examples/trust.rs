//! Who vouches for resolvers that are asked over TLS and HTTPS.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use mail_dns::stub::TlsClient;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Trusts the public authorities, and those in the PEM file given.
pub(crate) fn client(ca: Option<&Path>) -> Result<TlsClient, String> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(file) = ca {
        let fault = |error: &dyn Display| format!("{}: {error}", file.display());
        let pem = std::fs::read(file).map_err(|error| fault(&error))?;
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| fault(&error))?;
            roots.add(certificate).map_err(|error| fault(&error))?;
        }
        if roots.len() == before {
            return Err(fault(&"expected certificates in PEM, found none"));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsClient::new(config))
}
