//! What the crate does with lists that a test makes.

mod sweep;
//! The crate from outside, over answers held in memory.

mod delisting;
mod doctor;
mod senders;
