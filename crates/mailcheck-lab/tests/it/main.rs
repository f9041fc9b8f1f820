//! The lab, seen from outside.

mod ca;
mod client;
mod dns;
mod policies;
mod smtp;
mod world;
