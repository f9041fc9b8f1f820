//! A server of rustls, in this process.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::keys::{KeyKind, certificate};
use super::{EC, Server};

pub(crate) type Versions = &'static [&'static SupportedProtocolVersion];

/// How a server is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) key: KeyKind,
    pub(crate) versions: Versions,
    pub(crate) group: Option<&'static dyn SupportedKxGroup>,
    pub(crate) requires_certificate: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            key: EC,
            versions: rustls::ALL_VERSIONS,
            group: None,
            requires_certificate: false,
        }
    }
}

/// A server that is set up so; if rustls cannot, why.
pub(crate) async fn start(setup: Setup) -> Result<Server, rustls::Error> {
    let mut provider = aws_lc_rs::default_provider();
    if let Some(group) = setup.group {
        provider.kx_groups = vec![group];
    }
    let acceptor = TlsAcceptor::from(Arc::new(config(setup, Arc::new(provider))?));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    // Until the client goes.
                    let _ = stream.read_u8().await;
                }
            });
        }
    });
    Ok(Server::new(address, Serving(serving.abort_handle())))
}

fn config(setup: Setup, provider: Arc<CryptoProvider>) -> Result<ServerConfig, rustls::Error> {
    let (chain, key) = certificate(setup.key);
    let chain = CertificateDer::from_pem_file(chain).unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(setup.versions)?;
    let builder = if setup.requires_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(chain.clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    builder.with_single_cert(vec![chain], key)
}

/// A task, ended when dropped.
pub(crate) struct Serving(pub(crate) tokio::task::AbortHandle);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}
