//! One layout for templates. It keeps comments, the order of keys, anchors and block scalars.

pub(crate) mod json;
pub(crate) mod scalar;
pub(crate) mod syntax;
pub(crate) mod yaml;

pub use yaml::DEFAULT_WIDTH;
