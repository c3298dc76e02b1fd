//! Finds traces, the newest first: segment by segment, until no other can hold a newer one.

use std::collections::{BTreeSet, HashMap};

use super::{
    attributes::Run,
    log::Log,
    row::Row,
    segment::{Segment, StoredContext},
};
use crate::{
    model::{TraceId, messages, resource_has_attribute, scope_has_attribute, span_has_attribute, status},
    storage::TraceQuery,
};

/// How many spans are looked at before writers and other requests get a turn.
const ROWS_PER_TURN: u32 = 16_384;
const STATUS_OK: u8 = 1;
const STATUS_ERROR: u8 = 2;

/// The newest traces, each with the start of its newest span that was found.
struct Newest {
    limit: usize,
    by_start: BTreeSet<(u64, TraceId)>,
    starts: HashMap<TraceId, u64>,
}

impl Newest {
    /// Whether a trace with this start would be among them.
    fn wants(&self, start_ns: u64) -> bool {
        self.by_start.len() < self.limit || self.by_start.first().is_some_and(|(oldest, _)| start_ns >= *oldest)
    }

    fn add(&mut self, start_ns: u64, id: TraceId) {
        match self.starts.get_mut(&id) {
            Some(known) if *known >= start_ns => return,
            Some(known) => {
                self.by_start.remove(&(*known, id));
                *known = start_ns;
            }
            None => drop(self.starts.insert(id, start_ns)),
        }
        self.by_start.insert((start_ns, id));
        if self.by_start.len() > self.limit
            && let Some((_, oldest)) = self.by_start.pop_first()
        {
            self.starts.remove(&oldest);
        }
    }
}

pub(super) async fn find(log: &Log, query: &TraceQuery) -> Vec<TraceId> {
    let mut newest = Newest { limit: query.limit, by_start: BTreeSet::new(), starts: HashMap::new() };
    let mut segments: Vec<_> =
        log.segments().into_iter().map(|segment| (segment.read().starts.1, segment.clone())).collect();
    segments.sort_unstable_by_key(|(latest, _)| std::cmp::Reverse(*latest));
    for (_, segment) in segments {
        let (plan, rows) = {
            let segment = segment.read();
            let (earliest, latest) = segment.starts;
            if latest < query.start.from_ns || earliest > query.start.to_ns || !newest.wants(latest) {
                continue;
            }
            (Plan::new(&segment, query), segment.len())
        };
        let Some(plan) = plan else { continue };
        // The newest are likely to be the last.
        let mut until = rows;
        while until > 0 {
            let from = until.saturating_sub(ROWS_PER_TURN);
            plan.search(&segment.read(), from..until, query, &mut newest);
            until = from;
            tokio::task::yield_now().await;
        }
    }
    newest.by_start.into_iter().rev().map(|(_, id)| id).collect()
}

/// What of a query is known once for a whole segment.
struct Plan {
    /// Which operations may be.
    operations: Vec<bool>,
    tags: Vec<Tag>,
}

struct Tag {
    key: String,
    value: String,
    /// Which contexts have it.
    contexts: Vec<bool>,
    known: Vec<u32>,
    others: bool,
    is_field: bool,
}

impl Plan {
    /// `None` where no span of the segment can meet the query.
    fn new(segment: &Segment, query: &TraceQuery) -> Option<Self> {
        let is_service: Vec<_> = segment
            .services()
            .iter()
            .map(|service| service.spans > 0 && query.service.as_deref().is_none_or(|wanted| *wanted == *service.name))
            .collect();
        let operations: Vec<_> = segment
            .operations()
            .iter()
            .map(|operation| {
                operation.spans > 0
                    && is_service[operation.service as usize]
                    && query.operation.as_deref().is_none_or(|wanted| wanted == segment.name(operation))
            })
            .collect();
        let tags: Option<Vec<_>> = query.tags.iter().map(|(key, value)| Tag::new(segment, key, value)).collect();
        operations.contains(&true).then_some(Self { operations, tags: tags? })
    }

    fn search(&self, segment: &Segment, rows: std::ops::Range<u32>, query: &TraceQuery, newest: &mut Newest) {
        let starts = query.start.from_ns..=query.start.to_ns;
        for row in rows.map(|at| segment.row(at)) {
            let start_ns = row.start_ns();
            if !starts.contains(&start_ns)
                || !newest.wants(start_ns)
                || !self.operations[row.operation_number() as usize]
            {
                continue;
            }
            let duration_ns = row.end_ns().saturating_sub(start_ns);
            if query.duration_min_ns.is_none_or(|min| duration_ns >= min)
                && query.duration_max_ns.is_none_or(|max| duration_ns <= max)
                && !row.is_gone()
                && self.tags.iter().all(|tag| tag.is_of(row))
            {
                newest.add(start_ns, row.trace().id);
            }
        }
    }
}

impl Tag {
    /// `None` where no span of the segment can have it.
    fn new(segment: &Segment, key: &str, value: &str) -> Option<Self> {
        let contexts: Vec<_> = segment.contexts().iter().map(|context| context_has(context, key, value)).collect();
        let places = segment.attributes.places(key, value);
        let is_field = matches!(key, "error" | "span.kind" | "otel.status_code" | "otel.status_description");
        let may_be = is_field || places.others || !places.known.is_empty() || contexts.contains(&true);
        may_be.then(|| Self {
            key: key.into(),
            value: value.into(),
            contexts,
            known: places.known,
            others: places.others,
            is_field,
        })
    }

    fn is_of(&self, row: Row<'_>) -> bool {
        self.contexts[row.context_number() as usize]
            || self.is_field && self.is_of_fields(row)
            || (self.others || !self.known.is_empty())
                && row.segment.attributes.runs(row.runs()).any(|run| match run {
                    Run::Known(number) => self.known.contains(&number),
                    Run::Fields(fields) => self.others && span_has_attribute(fields, &self.key, &self.value),
                })
    }

    fn is_of_fields(&self, row: Row<'_>) -> bool {
        let (code, value) = (row.status_code(), self.value.as_str());
        match self.key.as_str() {
            "error" => value == if code == STATUS_ERROR { "true" } else { "false" },
            "span.kind" => value.eq_ignore_ascii_case(row.kind().as_str()),
            "otel.status_code" => match code {
                STATUS_OK => value.eq_ignore_ascii_case("ok"),
                STATUS_ERROR => value.eq_ignore_ascii_case("error"),
                _ => false,
            },
            "otel.status_description" => {
                !value.is_empty()
                    && row.segment.attributes.runs(row.runs()).any(|run| match run {
                        Run::Known(_) => false,
                        Run::Fields(fields) => status(fields).1 == value,
                    })
            }
            _ => false,
        }
    }
}

fn context_has(context: &StoredContext, key: &str, value: &str) -> bool {
    messages(&context.context.resource, 1).any(|resource| resource_has_attribute(resource, key, value))
        || messages(&context.context.scope, 1).any(|scope| scope_has_attribute(scope, key, value))
}
