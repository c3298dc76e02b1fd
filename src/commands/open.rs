//! `jqs open`: the page of the deployment, in the browser.

use crate::cli::StackArgs;
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::stack::{self, Stack};
use serde::Serialize;
use std::io::IsTerminal;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// An opener that has not failed within this time has opened.
const DEFAULT_OPENING_SECONDS: u64 = 3;
const OUTPUT: &str = "JaegerURL";

/// What opens an address on this system, first to last.
#[cfg(target_os = "macos")]
const OPENERS: &[&[&str]] = &[&["open"]];
#[cfg(target_os = "windows")]
const OPENERS: &[&[&str]] = &[&["rundll32", "url.dll,FileProtocolHandler"]];
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
const OPENERS: &[&[&str]] = &[&["xdg-open"], &["wslview"], &["gio", "open"]];

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs open                                    in the browser
  jqs open --print                            the address alone; so off a terminal")]
pub(crate) struct OpenArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print the address instead of opening it
    #[arg(long)]
    print: bool,
}

pub(crate) async fn open(context: &Context, arguments: &OpenArgs) -> Result<Exit> {
    let (session, _) = context.session().await?;
    let found = stack::get(&session, &arguments.stack.name).await?;
    let url = found.outputs.get(OUTPUT).filter(|url| url.starts_with("http://") || url.starts_with("https://"));
    let url = url.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("the stack `{}` has no address to open", found.name))
            .hint(format!("it is in {}: `jqs status --name {}` tells how it stands", found.status, found.name))
    })?;
    let printer = &context.printer;
    let is_internal = is_internal(&found);
    if printer.is_json() {
        #[derive(Serialize)]
        struct Page<'a> {
            url: &'a str,
            is_internal: bool,
        }
        printer.document(&Page { url, is_internal });
        return Ok(Exit::Done);
    }
    let is_opened = !arguments.print && std::io::stdout().is_terminal() && open_in_browser(url).await;
    if is_opened {
        printer.success(&format!("opened {url}"));
    } else {
        printer.data(url);
    }
    if is_internal {
        printer.warning("the load balancer is internal: its address can be reached from inside the VPC alone");
        printer.hint(&way_in(url, &session.region));
    }
    Ok(Exit::Done)
}

/// One that was there before has a scheme that the stack does not know.
fn is_internal(stack: &Stack) -> bool {
    let value = |name: &str| stack.parameters.get(name).map_or("", String::as_str);
    value("LoadBalancerScheme") == "internal" && value("ExistingListenerArn").is_empty()
}

/// By way of what is in the VPC already.
fn way_in(url: &str, region: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let default = if scheme == "https" { "443" } else { "80" };
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, default));
    format!(
        "by a VPN or a peered network; or through any instance of the VPC that Session Manager knows:\n\
         aws ssm start-session --region {region} --target i-… --document-name AWS-StartPortForwardingSessionToRemoteHost \\\n  \
         --parameters host={host},portNumber={port},localPortNumber=16686\n\
         and then {scheme}://localhost:16686/{path}\n\
         `-P LoadBalancerScheme=internet-facing` makes it public, with a certificate and for the `-P AllowedCIDR` only"
    )
}

/// Whether anything could be made to open it. What opens it has nothing to say here, and may go on after us: some openers
/// end with the browser.
async fn open_in_browser(url: &str) -> bool {
    for opener in OPENERS {
        let mut command = Command::new(opener[0]);
        command.args(&opener[1..]).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(mut child) = command.spawn() else { continue };
        match tokio::time::timeout(Duration::from_secs(DEFAULT_OPENING_SECONDS), child.wait()).await {
            Ok(Ok(status)) if status.success() => return true,
            Ok(_) => {}
            // It goes on, with the page before it.
            Err(_) => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_in_leads_to_host_port_and_path() {
        let way = way_in("https://traces.example.com/jaeger", "eu-west-1");
        assert!(way.contains("host=traces.example.com,portNumber=443,"), "{way}");
        assert!(way.contains("https://localhost:16686/jaeger"), "{way}");
        let way = way_in("http://internal.example.com:8080", "eu-west-1");
        assert!(way.contains("host=internal.example.com,portNumber=8080,"), "{way}");
    }
}
