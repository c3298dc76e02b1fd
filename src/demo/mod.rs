//! `jqs up --demo`: keeps a small made-up shop busy, so that the page is not empty.

mod shop;
mod span;

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use prost::Message as _;
use shop::Shop;

/// What the page shows at once: visits of the last quarter of an hour.
const PAST_VISITS: u64 = 120;
const PAST_SECONDS: u64 = 900;
/// The pause between two visits from then on.
const VISIT_INTERVAL: Duration = Duration::from_millis(750);
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends past visits by OTLP over HTTP, as any client would, and returns once they are stored.
pub(crate) async fn fill(address: SocketAddr) -> anyhow::Result<Demo> {
    let now_ns = nanoseconds_now();
    let http = reqwest::Client::builder().timeout(SEND_TIMEOUT).build().context("cannot set up the demo's client")?;
    let mut demo = Demo { http, url: format!("http://{address}/v1/traces"), shop: Shop::new(now_ns) };
    for visit in 0..PAST_VISITS {
        let before_s = PAST_SECONDS - visit * PAST_SECONDS / PAST_VISITS;
        demo.send(now_ns - before_s * 1_000_000_000).await?;
    }
    Ok(demo)
}

pub(crate) struct Demo {
    http: reqwest::Client,
    url: String,
    shop: Shop,
}

impl Demo {
    /// Goes on until it is dropped. A visit that cannot be sent is left out: the server says so itself.
    pub(crate) async fn keep_going(mut self) {
        let mut ticks = tokio::time::interval(VISIT_INTERVAL);
        loop {
            ticks.tick().await;
            let _ = self.send(nanoseconds_now() - 2_000_000_000).await;
        }
    }

    async fn send(&mut self, at_ns: u64) -> anyhow::Result<()> {
        let body = self.shop.visit(at_ns).encode_to_vec();
        let request = self.http.post(&self.url).header("content-type", "application/x-protobuf").body(body);
        request.send().await.and_then(reqwest::Response::error_for_status).context("cannot send the demo's traces")?;
        Ok(())
    }
}

fn nanoseconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

    use super::*;

    #[test]
    fn the_shop_has_several_services_errors_events_links_and_whole_traces() {
        let mut shop = Shop::new(7);
        let (mut services, mut errors, mut events, mut links, mut kinds) = (BTreeSet::new(), 0, 0, 0, HashSet::new());
        for visit in 0..PAST_VISITS {
            let request = shop.visit(1_700_000_000_000_000_000 + visit * 1_000_000_000);
            let batch = jqs_collector::model::SpanBatch::from_request(&request).expect("valid spans");
            assert_eq!(batch.rejected(), 0);
            let spans: Vec<_> =
                request.resource_spans.iter().flat_map(|r| &r.scope_spans).flat_map(|s| &s.spans).collect();
            let ids: HashSet<_> = spans.iter().map(|span| &span.span_id).collect();
            assert_eq!(spans.iter().filter(|span| span.parent_span_id.is_empty()).count(), 1, "one root");
            for span in spans {
                assert!(span.parent_span_id.is_empty() || ids.contains(&span.parent_span_id));
                assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
                errors += usize::from(span.status.as_ref().is_some_and(|status| status.code == 2));
                events += span.events.len();
                links += span.links.len();
                kinds.insert(SpanKind::try_from(span.kind).expect("a known kind"));
            }
            services.extend(batch.contexts().iter().map(|context| batch.service(context).to_string()));
        }
        assert_eq!(services.len(), 9, "{services:?}");
        assert!(errors > 0 && events > 0 && links > 0, "{errors} errors, {events} events, {links} links");
        assert_eq!(kinds.len(), 5, "{kinds:?}");
    }
}
