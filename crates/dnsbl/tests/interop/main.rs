//! What is said of lists that rbldnsd serves, asked at once and through unbound.
//!
//! Ignored by default, as the tests need these programs, root, and some addresses on the loopback interface:
//! `.ci/interop-dnsbl` runs them in a network of their own.

mod caches;
mod conduct;
mod keys;
mod resolvers;
mod servers;
mod sweeps;
mod verdicts;
mod world;
