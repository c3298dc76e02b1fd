//! `jqs-collector health`: the image has no shell and no `curl`, so the program asks itself.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use clap::Args;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// How long the answer may take.
const DEFAULT_HEALTH_SECONDS_MAX: u64 = 3;
/// The status line is all that counts.
const ANSWER_BYTES_MAX: usize = 64;

#[derive(Args)]
pub(crate) struct HealthArgs {
    /// Port of the health check
    #[arg(long, value_name = "PORT", env = "JQS_HEALTH_PORT", default_value_t = 13133)]
    health_port: u16,
}

pub(crate) async fn check(args: &HealthArgs) -> ExitCode {
    let address = SocketAddr::from(([127, 0, 0, 1], args.health_port));
    match timeout(Duration::from_secs(DEFAULT_HEALTH_SECONDS_MAX), ask(address)).await {
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 200") => ExitCode::SUCCESS,
        Ok(Ok(answer)) => complain(address, answer.lines().next().unwrap_or("an empty answer")),
        Ok(Err(error)) => complain(address, &error.to_string()),
        Err(_) => complain(address, "no answer"),
    }
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = [0; ANSWER_BYTES_MAX];
    let read = stream.read(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer[..read]).into_owned())
}

#[expect(clippy::print_stderr, reason = "the answer of a command, not a log")]
fn complain(address: SocketAddr, what: &str) -> ExitCode {
    eprintln!("error: the server on {address} is not healthy: {what}");
    ExitCode::FAILURE
}
