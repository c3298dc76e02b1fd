//! The collector's container image, without Docker: static binaries → image → layout in files → registry.
//!
//! This crate knows no terminal and no cloud: what it reports while it sends goes to whoever listens, and credentials
//! are given to it.

mod binary;
mod certificates;
mod document;
mod error;
mod image;
mod layer;
mod layout;
pub mod registry;
mod sbom;

pub use binary::{Architecture, Binary, DEFAULT_BINARY_BYTES_MAX, Unfit};
pub use certificates::Certificates;
pub use document::{Descriptor, Platform};
pub use error::{Error, Result};
pub use image::{Blob, Image, Recipe};
pub use layout::DEFAULT_LAYOUT_BYTES_MAX;
pub use sbom::Lock;
