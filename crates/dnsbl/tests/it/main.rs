//! The crate from outside, over answers held in memory.

mod delisting;
mod doctor;
mod lists;
mod senders;
#[cfg(feature = "serde")]
mod stored;
mod sweep;
mod terms;
