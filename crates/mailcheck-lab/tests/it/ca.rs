//! Certificates, judged by a client that trusts the lab's root.

use mailcheck_lab::{
    LabErrorKind,
    ca::{CertificateKind, TestCa},
    smtp::{BuiltIn, SmtpServer},
};

use crate::client::{connect, start_tls};

/// What a validating client says to a server with this certificate.
async fn verdict(kind: CertificateKind) -> Result<usize, String> {
    let ca = TestCa::new().unwrap();
    let identity = ca.chain(kind, &["mx.test"]).unwrap();
    let script = BuiltIn::ImplicitTls.script("mx.test").unwrap();
    let server = SmtpServer::start(script, Some(identity)).await.unwrap();
    let stream = start_tls(connect(server.addr()).await, &ca, "mx.test").await;
    let stream = stream.map_err(|error| error.to_string())?;
    Ok(stream.get_ref().1.peer_certificates().unwrap().len())
}

#[tokio::test]
async fn only_the_good_ones_pass() {
    assert_eq!(verdict(CertificateKind::Healthy).await, Ok(2));
    assert_eq!(verdict(CertificateKind::NearExpiry).await, Ok(2));
    for (kind, expected) in [
        (CertificateKind::Expired, "expired"),
        (CertificateKind::NotYetValid, "not valid yet"),
        (CertificateKind::SelfSigned, "UnknownIssuer"),
        (CertificateKind::WrongName, "wrong-name.invalid"),
        (CertificateKind::MissingIntermediate, "UnknownIssuer"),
        (CertificateKind::UntrustedRoot, "UnknownIssuer"),
    ] {
        let found = verdict(kind).await.unwrap_err();
        assert!(found.contains(expected), "{kind:?}: {found}");
    }
}

#[test]
fn chains_have_the_length_servers_send() {
    let ca = TestCa::new().unwrap();
    for (kind, length) in [
        (CertificateKind::Healthy, 2),
        (CertificateKind::SelfSigned, 1),
        (CertificateKind::MissingIntermediate, 1),
        (CertificateKind::UntrustedRoot, 2),
    ] {
        assert_eq!(
            ca.chain(kind, &["mx.test"]).unwrap().0.len(),
            length,
            "{kind:?}"
        );
    }
    assert!(ca.root_pem().starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(!format!("{ca:?}").to_lowercase().contains("key"));
    let error = ca
        .chain(CertificateKind::Healthy, &["über.test"])
        .unwrap_err();
    assert_eq!(error.kind(), LabErrorKind::Certificate);
}
