//! smtp-probe

mod code;
mod ehlo;
mod escape;
mod reply;

pub use code::{EnhancedCode, ReplyCode};
pub use ehlo::{Ehlo, Extension, Size};
pub use reply::{
    Deviation, DeviationKind, Reply, ReplyError, ReplyErrorKind, ReplyLimits, ReplyParser,
    Resemblance,
};
