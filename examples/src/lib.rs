//! Runnable examples of the workspace's crates; see the files beside this folder.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
