//! One ClientHello, and what a server answers to it: facts without any cryptography.
//!
//! A ClientHello is only a list of offers, and the first messages of a server come in clear: its
//! choice under every version, and up to TLS 1.2 its certificates and key exchange too. So a
//! server of any age can be looked at, also one that no current TLS library speaks to. The
//! handshake never goes on from there.

mod answer;
#[cfg(feature = "tokio")]
mod driver;
mod encode;
mod flight;
mod key_share;
mod offer;
mod probe;
mod reader;
mod records;
mod server_hello;

pub use self::answer::{
    DowngradeSentinel, HelloAnswer, HelloOutcome, HelloRetryRequest, KeyExchange, ServerExtension,
    ServerFlight, ServerHello, ServerKeyExchange,
};
#[cfg(feature = "tokio")]
pub use self::driver::{Dial, DialError, send_hello};
pub use self::encode::{HelloError, HelloErrorKind};
pub use self::offer::{ClientHello, KeyShareOffer};
pub use self::probe::{HelloProbe, HelloProgress};

#[cfg(test)]
mod tests;
