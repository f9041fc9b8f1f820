//! Where the scanners differ, why, and the handshake that shows who is right.

use std::process::{Command, Stdio};

use tls_inspect::{
    CryptoProvider, HandshakeOptions, NamedGroup, OfferedGroups, Recorder, ReferenceId,
};

use crate::servers::Server;

/// A difference that is known: what only one of the two has found.
pub(super) struct Exception {
    server: &'static str,
    tool: &'static str,
    pub(super) entry: &'static str,
    pub(super) why: &'static str,
    proof: Proof,
}

/// A handshake that completes, and so decides for whoever says that it can.
enum Proof {
    /// `openssl s_client` agrees on a key with this curve under TLS 1.2. It wants the curve of the
    /// certificate to be offered too (RFC 8422 §5.1).
    Curve(&'static str, &'static str),
    /// The recorder agrees on a key with X25519MLKEM768.
    Hybrid,
}

const UNKNOWN_TO_IT: &str = "it knows no group that is newer than itself";
const NO_CURVES: &str = "it shows no curve of TLS 1.2 for this server";
const ONE_CURVE: &str = "it offers a curve alone, without that of the certificate";

const EXCEPTIONS: &[Exception] = &[
    Exception {
        server: "rustls",
        tool: "sslscan",
        entry: "scan: TLSv1.3 group X25519MLKEM768 (0x11ec)",
        why: UNKNOWN_TO_IT,
        proof: Proof::Hybrid,
    },
    Exception {
        server: "rustls",
        tool: "testssl",
        entry: "scan: any group X25519MLKEM768 (0x11ec)",
        why: UNKNOWN_TO_IT,
        proof: Proof::Hybrid,
    },
    Exception {
        server: "rustls",
        tool: "sslscan",
        entry: "scan: TLSv1.2 group secp256r1 (0x0017)",
        why: NO_CURVES,
        proof: Proof::Curve("P-256", "prime256v1"),
    },
    Exception {
        server: "rustls",
        tool: "sslscan",
        entry: "scan: TLSv1.2 group secp384r1 (0x0018)",
        why: NO_CURVES,
        proof: Proof::Curve("P-384", "secp384r1"),
    },
    Exception {
        server: "rustls",
        tool: "sslscan",
        entry: "scan: TLSv1.2 group x25519 (0x001d)",
        why: NO_CURVES,
        proof: Proof::Curve("X25519", "X25519"),
    },
    Exception {
        server: "openssl, ECDSA",
        tool: "sslscan",
        entry: "scan: TLSv1.2 group secp384r1 (0x0018)",
        why: ONE_CURVE,
        proof: Proof::Curve("P-384", "secp384r1"),
    },
    Exception {
        server: "openssl, ECDSA",
        tool: "sslscan",
        entry: "scan: TLSv1.2 group secp521r1 (0x0019)",
        why: ONE_CURVE,
        proof: Proof::Curve("P-521", "secp521r1"),
    },
    Exception {
        server: "openssl, ECDSA",
        tool: "sslscan",
        entry: "scan: TLSv1.2 group x25519 (0x001d)",
        why: ONE_CURVE,
        proof: Proof::Curve("X25519", "X25519"),
    },
    Exception {
        server: "openssl, ECDSA",
        tool: "sslscan",
        entry: "scan: TLSv1.2 group x448 (0x001e)",
        why: ONE_CURVE,
        proof: Proof::Curve("X448", "X448"),
    },
];

/// The differences that are known.
pub(super) fn of(server: &str, tool: &str) -> Vec<&'static Exception> {
    let all = EXCEPTIONS.iter();
    all.filter(|one| (one.server, one.tool) == (server, tool))
        .collect()
}

impl Exception {
    pub(super) async fn is_proven(&self, server: &Server) -> bool {
        match self.proof {
            Proof::Curve(curve, shown) => {
                let offered = match curve {
                    "P-256" => curve.to_owned(),
                    _ => format!("{curve}:P-256"),
                };
                let output = Command::new("openssl")
                    .args(["s_client", "-tls1_2", "-groups", &offered, "-connect"])
                    .arg(server.address.to_string())
                    .stdin(Stdio::null())
                    .output()
                    .unwrap();
                let said = String::from_utf8_lossy(&output.stdout);
                let key = said
                    .lines()
                    .find(|line| line.starts_with("Server Temp Key"));
                output.status.success() && key.is_some_and(|key| key.contains(shown))
            }
            Proof::Hybrid => {
                let options = HandshakeOptions::new().with_groups(OfferedGroups::HybridFirst);
                let recorder = Recorder::new(CryptoProvider::aws_lc_rs());
                let recorder = recorder.with_options(&options).unwrap();
                let name: ReferenceId = "localhost".parse().unwrap();
                let stream = server.dial().await.unwrap();
                let capture = recorder.record(stream, &name).await.capture;
                capture.outcome.is_completed() && capture.group == Some(NamedGroup::X25519_MLKEM768)
            }
        }
    }
}
