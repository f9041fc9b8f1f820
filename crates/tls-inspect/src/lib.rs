//! tls-inspect
