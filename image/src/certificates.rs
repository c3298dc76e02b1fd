//! The authorities that the program in the image trusts, as one PEM file.

use crate::error::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::fs;
use std::path::Path;

/// All authorities of the web together take a quarter of this.
const DEFAULT_CERTIFICATES_BYTES_MAX: u64 = 1024 * 1024;
const PEM_LINE_LENGTH: usize = 64;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

#[derive(Debug, Clone)]
pub struct Certificates {
    pub(crate) pem: Bytes,
}

impl Certificates {
    /// Mozilla's authorities, as the crate that `Cargo.lock` pins has them: the same on every machine, where the bundle
    /// of the machine is not.
    pub fn mozilla() -> Self {
        let pem: String = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|certificate| pem(certificate)).collect();
        Self { pem: pem.into() }
    }

    /// Others, for instance with a company's own among them.
    pub fn read(path: &Path) -> Result<Self> {
        let unreadable = |source| Error::File { action: "read", path: path.to_owned(), source };
        if fs::metadata(path).map_err(unreadable)?.len() > DEFAULT_CERTIFICATES_BYTES_MAX {
            return Err(Error::TooLarge { path: path.to_owned(), limit: DEFAULT_CERTIFICATES_BYTES_MAX });
        }
        let content = fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8_lossy(&content);
        if !(text.contains(BEGIN) && text.contains(END)) {
            return Err(Error::NoCertificates { path: path.to_owned() });
        }
        Ok(Self { pem: content.into() })
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = vec![BEGIN];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(PEM_LINE_LENGTH));
        lines.push(line);
        rest = after;
    }
    lines.extend([END, ""]);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_authority_can_be_read_back_from_the_bundle() {
        let text = String::from_utf8(Certificates::mozilla().pem.to_vec()).unwrap();
        assert!(text.lines().all(|line| line.len() <= PEM_LINE_LENGTH && line.is_ascii()));
        let found: Vec<Vec<u8>> = text
            .split(END)
            .filter_map(|part| part.trim().strip_prefix(BEGIN))
            .map(|body| STANDARD.decode(body.replace('\n', "")).unwrap())
            .collect();
        let wanted: Vec<&[u8]> = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|one| &**one).collect();
        assert!(wanted.len() > 100, "{}", wanted.len());
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_bundle_of_ones_own_is_taken_as_it_is_and_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        fs::write(&path, pem(b"ours")).unwrap();
        assert_eq!(Certificates::read(&path).unwrap().pem, pem(b"ours"));
        fs::write(&path, "a key").unwrap();
        assert!(matches!(Certificates::read(&path), Err(Error::NoCertificates { .. })));
        fs::write(&path, vec![b'-'; DEFAULT_CERTIFICATES_BYTES_MAX as usize + 1]).unwrap();
        assert!(matches!(Certificates::read(&path), Err(Error::TooLarge { .. })));
        assert!(matches!(Certificates::read(&folder.path().join("absent")), Err(Error::File { .. })));
    }
}
