//! TLS on the ways in and on the query port.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "TLS")]
pub struct TlsArgs {
    /// Certificate of this server in PEM, with those between it and its root: the receivers' TCP ports and the query port speak
    /// TLS. Read again when it changes
    #[arg(long = "tls-cert", value_name = "FILE", env = "JQS_TLS_CERT", requires = "key")]
    pub cert: Option<PathBuf>,

    /// Its private key in PEM
    #[arg(long = "tls-key", value_name = "FILE", env = "JQS_TLS_KEY", requires = "cert")]
    pub key: Option<PathBuf>,

    /// Authority in PEM that has signed the certificates of all clients which may send; the query port asks for none
    #[arg(long = "tls-client-ca", value_name = "FILE", env = "JQS_TLS_CLIENT_CA", requires = "cert")]
    pub client_ca: Option<PathBuf>,
}
