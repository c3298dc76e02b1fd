//! A small made-up shop: what its customers do, as traces.

use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::span::SpanKind};

use super::span::{LinkTarget, OpenSpan, Random, TraceWriter};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The first of so many payments fails: counted and not by chance, so that whoever looks for errors always finds one.
const CHARGES_PER_FAILURE: u64 = 8;
const PRODUCTS: [&str; 6] = ["teapot", "lantern", "notebook", "umbrella", "compass", "kettle"];

/// Everything the shop remembers between visits.
pub(super) struct Shop {
    random: Random,
    /// Orders that wait for the parcel service.
    orders: Vec<LinkTarget>,
    /// Payments so far.
    charges: u64,
}

/// One visit: a trace under construction and a clock that runs with the work.
struct Visit<'a> {
    trace: TraceWriter,
    random: &'a mut Random,
    now_ns: u64,
    /// Whether the payment, if there is one, fails.
    is_declined: bool,
}

impl Shop {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: Random(seed), orders: Vec::new(), charges: 0 }
    }

    /// One trace that starts at `at_ns` (nanoseconds since the Unix epoch).
    pub(super) fn visit(&mut self, at_ns: u64) -> ExportTraceServiceRequest {
        let choice = self.random.below(10);
        let trace = TraceWriter::new(&mut self.random);
        self.charges += u64::from((7..=8).contains(&choice));
        let is_declined = self.charges % CHARGES_PER_FAILURE == 1;
        let mut visit = Visit { trace, random: &mut self.random, now_ns: at_ns, is_declined };
        match choice {
            0..=4 => visit.browse(),
            5..=6 => visit.fill_cart(),
            7..=8 => self.orders.extend(visit.check_out()),
            _ => visit.ship(&std::mem::take(&mut self.orders)),
        }
        visit.trace.finish(VERSION)
    }
}

impl Visit<'_> {
    fn start(&mut self, parent: Option<&OpenSpan>, service: &'static str, name: &str, kind: SpanKind) -> OpenSpan {
        self.trace.start(self.random, parent, service, name, kind, self.now_ns)
    }

    fn end(&mut self, span: OpenSpan) {
        self.trace.end(span, self.now_ns);
    }

    fn work(&mut self, typical_ms: u64) {
        self.now_ns += self.random.around_ms(typical_ms);
    }

    fn product(&mut self) -> &'static str {
        PRODUCTS[self.random.below(PRODUCTS.len() as u64) as usize]
    }

    /// The request as the customer's browser and the storefront see it.
    fn request(&mut self, method: &str, route: &str) -> OpenSpan {
        let mut span = self.start(None, "storefront", &format!("{method} {route}"), SpanKind::Server);
        span.set("http.request.method", method)
            .set("http.route", route)
            .set("url.scheme", "https")
            .set("server.address", "shop.example.com")
            .set("client.address", "192.0.2.17")
            .set("enduser.id", format!("customer-{}", self.random.below(200)).as_str());
        self.work(2);
        span
    }

    fn respond(&mut self, mut span: OpenSpan, status: i64) {
        self.work(2);
        span.set("http.response.status_code", status);
        if status >= 500 {
            span.fail(self.now_ns, "HttpError", "the page could not be built");
        }
        self.end(span);
    }

    /// A call over HTTP: the client's span, and the server's within it. `serve` does the work and says the status.
    fn call(
        &mut self,
        parent: &OpenSpan,
        from: &'static str,
        to: &'static str,
        operation: &str,
        serve: impl FnOnce(&mut Self, &mut OpenSpan) -> i64,
    ) -> i64 {
        let mut client = self.start(Some(parent), from, operation, SpanKind::Client);
        client.set("http.request.method", operation.split(' ').next().unwrap_or("GET")).set("server.address", to);
        self.work(1);
        let mut server = self.start(Some(&client), to, operation, SpanKind::Server);
        server.set("http.route", operation.split(' ').nth(1).unwrap_or("/"));
        let status = serve(self, &mut server);
        server.set("http.response.status_code", status);
        if status >= 500 {
            client.fail(self.now_ns, "HttpError", &format!("{to} answered {status}"));
        }
        self.end(server);
        self.work(1);
        client.set("http.response.status_code", status);
        self.end(client);
        status
    }

    fn query(&mut self, parent: &OpenSpan, service: &'static str, statement: &str, typical_ms: u64) {
        let name = statement.split(' ').take(1).collect::<String>() + " " + service;
        let mut span = self.start(Some(parent), service, &name, SpanKind::Client);
        let rows = self.random.below(40) as i64;
        span.set("db.system.name", "postgresql").set("db.query.text", statement).set("db.response.returned_rows", rows);
        self.work(typical_ms);
        self.end(span);
    }

    fn browse(&mut self) {
        let page = self.request("GET", "/products");
        let status = self.call(&page, "storefront", "catalog", "GET /products", |visit, server| {
            let mut cache = visit.start(Some(server), "catalog", "cache lookup", SpanKind::Internal);
            let hit = !visit.random.one_in(4);
            cache.set("cache.hit", hit);
            visit.work(1);
            visit.end(cache);
            if !hit {
                server.event(visit.now_ns, "cache miss", &[("cache.key", "products:page:1")]);
                visit.query(server, "catalog", "SELECT id, name, price FROM products LIMIT 40", 18);
            }
            200
        });
        self.call(&page, "storefront", "recommendation", "GET /suggestions", |visit, server| {
            let product = visit.product();
            server.set("product.name", product).set("model.score", 0.5 + visit.random.below(50) as f64 / 100.0);
            visit.work(12);
            200
        });
        self.respond(page, status);
    }

    fn fill_cart(&mut self) {
        let page = self.request("POST", "/cart/items");
        let status = self.call(&page, "storefront", "cart", "POST /items", |visit, server| {
            let (product, quantity) = (visit.product(), 1 + visit.random.below(3) as i64);
            server.set("product.name", product).set("product.quantity", quantity);
            let stock = visit.call(server, "cart", "inventory", "GET /stock", |visit, stock| {
                visit.query(stock, "inventory", "SELECT amount FROM stock WHERE product = $1", 6);
                if visit.random.one_in(12) {
                    stock.fail(visit.now_ns, "LockTimeout", "the row is locked by a running count");
                    return 503;
                }
                200
            });
            if stock == 503 {
                server.event(visit.now_ns, "retry", &[("retry.attempt", "1"), ("retry.reason", "503 from inventory")]);
                visit.work(50);
                visit.call(server, "cart", "inventory", "GET /stock", |visit, stock| {
                    visit.query(stock, "inventory", "SELECT amount FROM stock WHERE product = $1", 6);
                    200
                });
            }
            visit.work(3);
            201
        });
        self.respond(page, status);
    }

    /// An order; where it went through, what the parcel service will link to.
    fn check_out(&mut self) -> Option<LinkTarget> {
        let page = self.request("POST", "/checkout");
        let mut order = None;
        let status = self.call(&page, "storefront", "checkout", "POST /orders", |visit, server| {
            let total = 10.0 + visit.random.below(19_000) as f64 / 100.0;
            server.set("order.total", total).set("order.currency", "EUR");
            visit.call(server, "checkout", "cart", "GET /items", |visit, _| {
                visit.work(4);
                200
            });
            let paid = visit.call(server, "checkout", "payment", "POST /charges", |visit, charge| {
                charge.set("payment.method", if visit.random.one_in(3) { "invoice" } else { "card" });
                visit.work(80);
                if visit.is_declined {
                    charge.fail(visit.now_ns, "ProviderTimeout", "the payment provider did not answer within 2 s");
                    visit.work(400);
                    return 504;
                }
                charge.event(visit.now_ns, "authorized", &[("payment.provider", "example-pay")]);
                200
            });
            if paid >= 500 {
                server.fail(visit.now_ns, "PaymentFailed", "the order was not paid");
                return 502;
            }
            visit.query(server, "checkout", "INSERT INTO orders VALUES ($1, $2, $3)", 9);
            let mut message = visit.start(Some(server), "checkout", "orders publish", SpanKind::Producer);
            message.set("messaging.system", "kafka").set("messaging.destination.name", "orders");
            visit.work(3);
            order = Some(message.target());
            visit.end(message);
            201
        });
        self.respond(page, status);
        order
    }

    /// The parcel service takes a batch of orders from the queue: a trace of its own, linked to theirs.
    fn ship(&mut self, orders: &[LinkTarget]) {
        let mut batch = self.start(None, "shipping", "orders process", SpanKind::Consumer);
        batch.set("messaging.system", "kafka").set("messaging.batch.message_count", orders.len() as i64);
        for order in orders {
            batch.link(order, "order");
        }
        for _ in 0..orders.len().max(1) {
            self.query(&batch, "shipping", "UPDATE parcels SET state = $1 WHERE id = $2", 7);
            self.call(&batch, "shipping", "email", "POST /messages", |visit, server| {
                server.set("email.template", "order-shipped");
                visit.work(25);
                202
            });
        }
        self.end(batch);
    }
}
