//! The crate from outside, over answers held in memory.

mod delisting;
mod doctor;
mod senders;
mod sweep;
mod terms;
