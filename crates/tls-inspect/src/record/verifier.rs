//! A verifier that asserts everything and remembers everything.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error as TlsError};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::escape::printable;
use crate::provider::{SignatureCheck, check_signature, unsupported_rsa_key};
use crate::{
    Capture, ClientCertificateRequest, CryptoProvider, Der, HandshakeOutcome, KeyPossession,
    ProtocolVersion, ServerKeyKind, SignatureScheme,
};

/// Sees one handshake from inside. One instance serves one connection.
#[derive(Debug)]
pub(super) struct Witness {
    provider: CryptoProvider,
    /// The kind of key that the server is asked for, if one is.
    server_key: Option<ServerKeyKind>,
    seen: Mutex<Capture>,
}

impl Witness {
    pub(super) fn new(provider: CryptoProvider, server_key: Option<ServerKeyKind>) -> Self {
        Self {
            provider,
            server_key,
            seen: Mutex::new(Capture::new(HandshakeOutcome::Completed)),
        }
    }

    /// What has been seen, as if the handshake had completed. It is handed out once.
    pub(super) fn take(&self) -> Capture {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        mem::replace(&mut *seen, Capture::new(HandshakeOutcome::Completed))
    }

    fn note(&self, write: impl FnOnce(&mut Capture)) {
        write(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn algorithms(&self) -> WebPkiSupportedAlgorithms {
        self.provider.rustls().signature_verification_algorithms
    }

    fn note_signature(
        &self,
        version: ProtocolVersion,
        leaf: &CertificateDer<'_>,
        message: &[u8],
        signed: &DigitallySignedStruct,
        result: Result<HandshakeSignatureValid, TlsError>,
    ) {
        let possession = match result {
            Ok(_) => KeyPossession::Verified,
            Err(TlsError::InvalidCertificate(CertificateError::BadSignature)) => {
                bad_signature(leaf)
            }
            // What the check cannot do is reported as the peer's misbehavior.
            Err(TlsError::PeerMisbehaved(_)) => {
                let scheme = SignatureScheme(u16::from(signed.scheme));
                KeyPossession::Unsupported(format!("signature scheme {scheme}"))
            }
            // The certificate is too odd for the path checks; its key may be readable still.
            Err(error) => self.check_with_bare_key(version, leaf, message, signed, &error),
        };
        self.note(|capture| {
            capture.version = Some(version);
            capture.signature_scheme = Some(SignatureScheme(u16::from(signed.scheme)));
            capture.key_possession = possession;
        });
    }

    fn check_with_bare_key(
        &self,
        version: ProtocolVersion,
        leaf: &CertificateDer<'_>,
        message: &[u8],
        signed: &DigitallySignedStruct,
        error: &TlsError,
    ) -> KeyPossession {
        let Ok((_, certificate)) = X509Certificate::from_der(leaf) else {
            return KeyPossession::Unsupported(printable(error.to_string()));
        };
        let algorithms = self
            .algorithms()
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == signed.scheme)
            .map_or(&[][..], |(_, algorithms)| algorithms);
        // TLS 1.3 ties each scheme to one curve (RFC 9846 §4.2.3), the first of the list.
        let count = if version == ProtocolVersion::TLS_1_3 {
            1
        } else {
            algorithms.len()
        };
        let algorithms = algorithms.iter().take(count).copied();
        let spki = certificate.tbs_certificate.subject_pki.raw;
        match check_signature(algorithms, spki, message, signed.signature()) {
            SignatureCheck::Verified => KeyPossession::Verified,
            SignatureCheck::Failed => bad_signature(leaf),
            SignatureCheck::Unsupported(text) => KeyPossession::Unsupported(text),
        }
    }
}

/// A signature that does not verify: wrong, or made with a key that cannot be checked.
fn bad_signature(leaf: &CertificateDer<'_>) -> KeyPossession {
    let too_odd = X509Certificate::from_der(leaf)
        .ok()
        .and_then(|(_, certificate)| {
            unsupported_rsa_key(certificate.tbs_certificate.subject_pki.raw)
        });
    match too_odd {
        Some(text) => KeyPossession::Unsupported(text),
        None => KeyPossession::Failed("signature not made with the certificate's key".to_owned()),
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        self.note(|capture| {
            let sent = std::iter::once(end_entity).chain(intermediates);
            let kept = sent.take(Capture::MAX_CERTIFICATES);
            capture.chain = kept
                .map(|certificate| Der::new(certificate.as_ref()))
                .collect();
            capture.chain_omitted = (1 + intermediates.len()) - capture.chain.len();
            capture.ocsp_staple = (!ocsp_response.is_empty()).then(|| Der::new(ocsp_response));
        });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let result = verify_tls12_signature(message, leaf, signed, &self.algorithms());
        self.note_signature(ProtocolVersion::TLS_1_2, leaf, message, signed, result);
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let result = verify_tls13_signature(message, leaf, signed, &self.algorithms());
        self.note_signature(ProtocolVersion::TLS_1_3, leaf, message, signed, result);
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        let mut schemes = self.algorithms().supported_schemes();
        if let Some(kind) = self.server_key {
            schemes.retain(|scheme| kind.fits_scheme(*scheme));
        }
        schemes
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        _sigschemes: &[rustls::SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let kept = root_hint_subjects
            .iter()
            .take(ClientCertificateRequest::MAX_NAMES);
        let ca_names: Vec<_> = kept.map(|name| Der::new(*name)).collect();
        let mut request = ClientCertificateRequest::new(ca_names);
        request.names_omitted = root_hint_subjects.len() - request.ca_names.len();
        self.note(|capture| capture.client_certificate_request = Some(request));
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
