//! A mail world on loopback, in one process, for tests, examples and benches.
//!
//! Probes of mail servers are hard to test: what matters is how they meet servers that are slow, broken or
//! hostile, and such servers are not to be had when one needs them. Here they are: a DNS server that plays a
//! validating resolver, SMTP servers that follow a script, a certification authority, and a [`World`] made of
//! them, with some forty domains, each of which does one thing wrong, and some fifty made for their policies.
//!
//! It is the same world in every run: names, addresses and answers are fixed, only the ports on loopback
//! change. Every server ends with its handle, and nothing is ever sent beyond 127.0.0.0/8.
//!
//! # What it is not
//!
//! It is no DNS or mail server for any other use: the resolver holds no signatures (it *says* what a resolver
//! that checked them would say), and no server takes a message. It knows none of the probes that are tested
//! with it, so that a mistake of theirs is not made twice. It needs Linux: [`smtp::filtered_port`] and the end
//! of servers rely on what its TCP does. And it needs the real time: a paused clock of tokio runs ahead while
//! sockets work, past the lives of connections.
//!
//! # Example
//!
//! ```
//! use mailcheck_lab::World;
//! use tokio::{io::AsyncReadExt, net::TcpStream};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let world = World::start().await?;
//! // In the DNS of the world, mx.greeting-421.test is 192.0.2.34.
//! let real = world.route("192.0.2.34:25".parse()?).ok_or("no such host")?;
//! let mut greeting = String::new();
//! TcpStream::connect(real).await?.read_to_string(&mut greeting).await?;
//! assert!(greeting.starts_with("421 "));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Modules, in reading order
//!
//! - [`world`]: everything put together; its domains, hosts, routes and blocklists.
//! - [`dns`]: the DNS server, its zones and its faults.
//! - [`smtp`]: servers that follow a script, the language of scripts, and ports without a server.
//! - [`ca`]: certificates, good and bad.
//!
//! # Limits
//!
//! Each server bounds its connections, their lives and its log; the modules give the figures.

#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::panic,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]

pub mod ca;
pub mod dns;
mod error;
mod guard;
pub mod smtp;
pub mod world;

pub use error::{LabError, LabErrorKind};
pub use world::World;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
