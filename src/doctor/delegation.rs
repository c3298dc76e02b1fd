//! What DNS says of a zone: the name servers that it is delegated to.

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, TYPE};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;

/// How long an answer may take, and how often it is asked for.
const DEFAULT_DNS_TIMEOUT_SECONDS: u64 = 3;
const DEFAULT_DNS_ATTEMPTS_MAX: usize = 2;
/// An answer without extensions is no longer; name servers fit into it.
const ANSWER_BYTES_MAX: usize = 512;
const DNS_PORT: u16 = 53;
const RESOLVER_CONFIGURATION: &str = "/etc/resolv.conf";

/// The name servers of a zone, in lowercase and without the last dot; none where nobody knows the zone. An error is why DNS
/// could not be asked.
pub(super) async fn name_servers(zone: &str, server: Option<SocketAddr>) -> Result<BTreeSet<String>, String> {
    let server = server.or_else(configured).ok_or("no DNS server is configured on this machine")?;
    let mut why = String::new();
    for _ in 0..DEFAULT_DNS_ATTEMPTS_MAX {
        let limit = Duration::from_secs(DEFAULT_DNS_TIMEOUT_SECONDS);
        match tokio::time::timeout(limit, ask(zone, server)).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(error)) => why = error,
            Err(_) => why = "no answer in time".to_owned(),
        }
    }
    Err(format!("the DNS server {} cannot be asked: {why}", server.ip()))
}

async fn ask(zone: &str, server: SocketAddr) -> Result<BTreeSet<String>, String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let id = u16::try_from(std::process::id() % 0x1_0000).unwrap_or_default();
    let mut query = Packet::new_query(id);
    query.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(zone.trim_end_matches('.')).map_err(|error| failed(&error))?;
    query.questions.push(Question::new(name, TYPE::NS.into(), CLASS::IN.into(), false));
    let query = query.build_bytes_vec().map_err(|error| failed(&error))?;
    let here = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(here).await.map_err(|error| failed(&error))?;
    socket.connect(server).await.map_err(|error| failed(&error))?;
    socket.send(&query).await.map_err(|error| failed(&error))?;
    let mut buffer = [0; ANSWER_BYTES_MAX];
    loop {
        let length = socket.recv(&mut buffer).await.map_err(|error| failed(&error))?;
        let answer = Packet::parse(&buffer[..length]).map_err(|error| failed(&error))?;
        if answer.id() == id {
            return read(&answer);
        }
    }
}

fn read(answer: &Packet<'_>) -> Result<BTreeSet<String>, String> {
    match answer.rcode() {
        RCODE::NoError | RCODE::NameError => {}
        code => return Err(format!("it answers {code:?}")),
    }
    let servers = answer.answers.iter().filter_map(|record| match &record.rdata {
        RData::NS(server) => Some(plain(&server.0.to_string())),
        _ => None,
    });
    Ok(servers.collect())
}

pub(super) fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The first that the system asks.
fn configured() -> Option<SocketAddr> {
    first_of(&std::fs::read_to_string(RESOLVER_CONFIGURATION).ok()?)
}

fn first_of(configuration: &str) -> Option<SocketAddr> {
    let mut servers = configuration.lines().filter_map(|line| {
        let address = line.trim().strip_prefix("nameserver")?.split_whitespace().next()?;
        address.parse::<IpAddr>().ok()
    });
    servers.next().map(|address| SocketAddr::new(address, DNS_PORT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_server_that_is_configured_is_asked() {
        let text = "# made by a program\nsearch example.com\nnameserver 192.0.2.53\nnameserver 198.51.100.53\n";
        assert_eq!(first_of(text), Some("192.0.2.53:53".parse().expect("an address")));
        assert_eq!(first_of("nameserver ::1"), Some("[::1]:53".parse().expect("an address")));
        assert_eq!(first_of("options edns0\n"), None);
    }

    #[test]
    fn names_are_compared_without_case_and_last_dot() {
        assert_eq!(plain("NS-1.AWSDNS-01.com."), "ns-1.awsdns-01.com");
    }
}
