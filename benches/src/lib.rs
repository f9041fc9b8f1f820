//! Benchmarks of the workspace's crates; see the files beside this folder.
