//! A way to the AWS stand-in that fails as AWS does at times: throttled calls, connections that break.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Copy)]
pub(crate) enum Fault {
    Throttle,
    Disconnect,
}

/// What fails, and how often.
#[derive(Clone)]
pub(crate) struct Rule {
    /// The action of the query protocol, as it stands in the body.
    pub(crate) action: &'static str,
    pub(crate) fault: Fault,
    /// Calls that pass before the first one fails.
    passing: Arc<AtomicUsize>,
    pub(crate) left: Arc<AtomicUsize>,
    /// Calls of this action, whatever became of them.
    pub(crate) seen: Arc<AtomicUsize>,
}

impl Rule {
    pub(crate) fn new(action: &'static str, fault: Fault, times: usize) -> Self {
        let left = Arc::new(AtomicUsize::new(times));
        Self { action, fault, passing: Arc::default(), left, seen: Arc::default() }
    }

    /// Counts, and lets everything pass.
    #[allow(dead_code, reason = "one of the two test programs needs it")]
    pub(crate) fn counting(action: &'static str) -> Self {
        Self::new(action, Fault::Throttle, 0)
    }

    pub(crate) fn after(self, calls: usize) -> Self {
        self.passing.store(calls, Ordering::SeqCst);
        self
    }

    fn applies(&self, request: &[u8]) -> bool {
        let action = format!("Action={}&", self.action);
        let is_meant = request.windows(action.len()).any(|window| window == action.as_bytes());
        if is_meant {
            self.seen.fetch_add(1, Ordering::SeqCst);
        }
        is_meant && !take(&self.passing) && take(&self.left)
    }
}

fn take(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

const THROTTLED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>\
    <Message>Rate exceeded</Message></Error><RequestId>1</RequestId></ErrorResponse>";

/// Starts it; it ends with the runtime of the test.
pub(crate) async fn start(upstream: u16, rules: Vec<Rule>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, upstream, rules.clone()));
        }
    });
    format!("http://{address}")
}

/// One request to a connection: the answer says so, and the client opens another.
async fn serve(mut client: TcpStream, upstream: u16, rules: Vec<Rule>) -> std::io::Result<()> {
    let request = read_request(&mut client).await?;
    match rules.iter().find(|rule| rule.applies(&request)).map(|rule| rule.fault) {
        Some(Fault::Disconnect) => return Ok(()),
        Some(Fault::Throttle) => {
            let head =
                format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", THROTTLED.len());
            client.write_all(head.as_bytes()).await?;
            return client.write_all(THROTTLED.as_bytes()).await;
        }
        None => {}
    }
    let mut server = TcpStream::connect(("127.0.0.1", upstream)).await?;
    let end_of_first_line = request.windows(2).position(|window| window == b"\r\n").unwrap_or(0) + 2;
    server.write_all(&request[..end_of_first_line]).await?;
    server.write_all(b"connection: close\r\n").await?;
    server.write_all(&request[end_of_first_line..]).await?;
    tokio::io::copy(&mut server, &mut client).await?;
    client.shutdown().await
}

async fn read_request(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut buffer = vec![0; 65_536];
    loop {
        if let Some(head) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
            let length =
                text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            if request.len() >= head + 4 + length.unwrap_or(0) {
                return Ok(request);
            }
        }
        match client.read(&mut buffer).await? {
            0 => return Ok(request),
            count => request.extend_from_slice(&buffer[..count]),
        }
    }
}
