//! mailcheck-core
