//! The stub resolver.
