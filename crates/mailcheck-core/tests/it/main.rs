//! The whole way, from a name to a report, in the laboratory.

mod causes;
mod collect;
mod laboratory;
mod senders;
