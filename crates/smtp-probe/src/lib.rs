//! smtp-probe
