//! dnsbl
