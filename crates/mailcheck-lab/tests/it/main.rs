//! The lab, seen from outside.

mod ca;
mod client;
mod dns;
mod smtp;
mod world;
