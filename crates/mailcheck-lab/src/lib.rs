//! mailcheck-lab
