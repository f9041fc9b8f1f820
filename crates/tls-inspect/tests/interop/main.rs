//! What is seen of real servers: `openssl s_server`, GnuTLS, rustls and Postfix.
//!
//! Ignored by default, as the tests need these programs, `sslscan` and `testssl`, and Postfix
//! needs root: `.ci/interop-tls` runs them in a network of their own.

mod faults;
mod hello;
mod scanners;
mod servers;
