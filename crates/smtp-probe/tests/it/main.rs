//! What needs no part of the crate that is not public.

mod bounds;
mod conformance;
mod semantics;
