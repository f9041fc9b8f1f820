//! What the crate does with lists that a test makes.

mod sweep;
