//! The keys in zones, and the blanks in zone text where they go.
//!
//! DKIM keys are fixed: they were made with OpenSSL once, and nobody kept the private halves. Certificates are
//! fresh in each run, and so are the digests in TLSA records. Zone text has a blank for each, `<rsa-2048>` or
//! `<spki mx1.good.test>`, which [`Keys::fill`] fills in.

use std::collections::BTreeMap;

use rustls::{
    SupportedCipherSuite, crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256,
    server::ParsedCertificate,
};
use rustls_pki_types::CertificateDer;

use crate::error::{LabError, LabErrorKind};

/// The keys of a world.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// By host, the SHA-256 digest of the SubjectPublicKeyInfo of its certificate, in hexadecimal.
    digests: BTreeMap<&'static str, String>,
}

impl Keys {
    /// Remembers the certificate that a host shows.
    pub(super) fn add(
        &mut self,
        host: &'static str,
        certificate: &CertificateDer<'_>,
    ) -> Result<(), LabError> {
        let digest = spki_digest(certificate)?;
        self.digests.insert(host, digest);
        Ok(())
    }

    /// Zone text without blanks.
    pub(super) fn fill(&self, text: &str) -> Result<String, LabError> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            let (blank, after) = after.split_once('>').unwrap_or((after, ""));
            filled.push_str(before);
            filled.push_str(&self.value(blank).ok_or_else(|| {
                let detail = format!("expected a key that exists, found <{blank}>");
                LabError::new(LabErrorKind::Zone, detail)
            })?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// A key as it stands inside of a quoted character-string. One too long for the string it starts in ends
    /// in the next (RFC 6376, section 3.6.2.2: they are joined without anything between).
    fn value(&self, blank: &str) -> Option<String> {
        Some(match blank {
            "good-rsa" => format!("{GOOD_RSA_HEAD}\" \"{GOOD_RSA_TAIL}"),
            "good-ed25519" => GOOD_ED25519.to_owned(),
            "rsa-2048" => format!("{RSA_2048_HEAD}\" \"{RSA_2048_TAIL}"),
            "rsa-2048-head" => RSA_2048_HEAD.to_owned(),
            "rsa-2048-tail" => RSA_2048_TAIL.to_owned(),
            "rsa-2048-pkcs1" => {
                let head = RSA_2048_HEAD.strip_prefix(RSA_2048_ALGORITHM)?;
                format!("{head}\" \"{RSA_2048_TAIL}")
            }
            "rsa-1024" => RSA_1024.to_owned(),
            "rsa-512" => RSA_512.to_owned(),
            "ed25519" => ED25519.to_owned(),
            other => self.digests.get(other.strip_prefix("spki ")?)?.clone(),
        })
    }
}

/// SHA-256 over the SubjectPublicKeyInfo: selector 1, matching type 1 (RFC 6698, sections 2.1.2 and 2.1.3).
fn spki_digest(certificate: &CertificateDer<'_>) -> Result<String, LabError> {
    let error = |detail: String| LabError::new(LabErrorKind::Certificate, detail);
    let parsed = ParsedCertificate::try_from(certificate)
        .map_err(|found| error(format!("expected a certificate, found: {found}")))?;
    // The digest of a cipher suite is the one that the provider has without another dependency.
    let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else {
        return Err(error(
            "expected a cipher suite of TLS 1.3, found another".to_owned(),
        ));
    };
    let digest = suite
        .common
        .hash_provider
        .hash(parsed.subject_public_key_info().as_ref());
    Ok(digest
        .as_ref()
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect())
}

/// RSA, 2048 bits, of `good.test`: the first half.
const GOOD_RSA_HEAD: &str = "\
     MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtw176Nz9csaQ61T0ua8QUSXe+MZ/yZjiwip0OFdZsHyx\
     KWTEfju57HDJog9yDmMafrBUr9BqLzaC8dLj1De/i3bdEmu9/2aK3vfTKL6UdTUG5WoSOMXN0y7rvUrQxxWIdhEG\
     RKA0tUn+m7Y6iNOXJ2CC";
/// RSA, 2048 bits, of `good.test`: the second half.
const GOOD_RSA_TAIL: &str = "\
     af+FbpO8oXkcYm5uY0cSUCeRncqi04i5FuGSvRe7Q2+qq3/Fdyeegbk9Tt1Ppn6CTOnb+OclfL1t3bHmOrAT6AK4\
     Kcy/m2BeVEiOTnX/+04IfciiEw7eksMJQ4Kl1xo8us4mtexQvQvezLCLpWWGgo3QZeDispaYNSafdmtpqA2UmjW9\
     C/2bMKlrWQyJfwIDAQAB";
/// Ed25519, of `good.test`.
const GOOD_ED25519: &str = "3hJFprsuBJqW7fIRa45SIFn57WKMXcTl4mAo/+ddPeA=";
/// RSA, 2048 bits, of the policy domains: the first half.
const RSA_2048_HEAD: &str = "\
     MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvP8bGKFsle01Qnvk3AothTsyQ/63MmIxnN/ftSHPoVu7\
     HKW70ijwSTIIzouWcIilCMKrEfJWIcuPmmqOHqCDAZnOPjM2oAKXWIpKDrlK1BPRHSgLVgFItLfB7UUckHKDxN6i\
     xuVcJkpI+uWLlPEpjKeN";
/// RSA, 2048 bits, of the policy domains: the second half.
const RSA_2048_TAIL: &str = "\
     rrMulZj1Y9VFQ3vNxGpLOTF8/VUC3x0IRbj49YCsr8P6KyzO7grpWVo8malGnjh+5+CNdfO2dPapVykeo6/5YVE4\
     rhWGYX8TTvhKYHat1iiH5zJ8gydJ0+80gA1TKkaDq+GjkDCQ4KHIUeIgitDDiAClx0PXj8vfLNgsuSGOu9j0teW6\
     io56u6T4HQJc/wIDAQAB";
/// What stands before the `RSAPublicKey` (RFC 8017, appendix A.1.1) of 2048 bits in a SubjectPublicKeyInfo:
/// 24 octets of lengths and algorithm, which end where a group of base64 does.
const RSA_2048_ALGORITHM: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A";
/// RSA, 1024 bits.
const RSA_1024: &str = "\
     MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDiDLN4vgjaGJtjpuUFSR18I6CfMW24PXro3JwnIlIbKcUFiwa6\
     8A3ouAnvVk6a7lI1SRgIawsSTcs+oVnMq0Hnphu6NLXu+2IrKylmH9vL2RcTNAi5aVvQDP5QvMUThmO5t5ivk3Np\
     euUgcqvwuncHv0KQzeSeniTAagOF6yMvfQIDAQAB";
/// RSA, 512 bits.
const RSA_512: &str = "\
     MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBANV0m+V0/vdGNejn7jO82HA36SJS1TxhcnrxdM+DBd2YR3QuG8gt361t\
     ugGU2HeR3Bibm3yr9+vhibSfJCsbqJ0CAwEAAQ==";
/// Ed25519, of the policy domains.
const ED25519: &str = "9JpiMvh5prXBbzMubqFDg55QmCjbDTDMoIwcjww7ozE=";
