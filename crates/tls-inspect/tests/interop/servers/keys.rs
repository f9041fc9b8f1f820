//! Keys with self-signed certificates, of the kinds that servers have.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// A kind of key, as `openssl req -newkey` takes it.
pub(crate) type KeyKind = &'static [&'static str];

pub(crate) const RSA: KeyKind = &["rsa:2048"];
pub(crate) const RSA_1024: KeyKind = &["rsa:1024"];
pub(crate) const RSA_PSS: KeyKind = &["rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"];
pub(crate) const EC: KeyKind = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub(crate) const P521: KeyKind = &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"];
pub(crate) const BRAINPOOL: KeyKind = &["ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"];
pub(crate) const ED25519: KeyKind = &["ed25519"];
pub(crate) const ED448: KeyKind = &["ed448"];

/// A self-signed certificate of a key of this kind, and the key, as files.
pub(crate) fn certificate(kind: KeyKind) -> (PathBuf, PathBuf) {
    // Made once, since a server may be reading what was made before.
    static MADE: Mutex<Vec<KeyKind>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap();
    let name = kind.join("-").replace(':', "-");
    let certificate = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("interop-{name}.pem"));
    let key = certificate.with_extension("key");
    if !made.contains(&kind) {
        let status = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-subj", "/CN=localhost"])
            .args(["-days", "2", "-newkey"])
            .args(kind)
            .arg("-out")
            .arg(&certificate)
            .arg("-keyout")
            .arg(&key)
            .stderr(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "{kind:?}");
        made.push(kind);
    }
    (certificate, key)
}
