//! A stretch of the log: the spans that were written after each other, as columns, with what finds them.

use std::{hash::BuildHasher as _, sync::Arc};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::{
    attributes::{Attributes, Pending},
    context::Context,
    dictionary::Dictionary,
    row::Row,
};
use crate::{
    model::{
        SpanId, TraceId, status,
        wire::{Cursor, Field, Slice},
    },
    storage::SpanKind,
};

const ROW_BYTES: usize = size_of::<u32>() * 4 + size_of::<u64>() * 5 + size_of::<u8>();
pub(super) const KIND_BITS: u32 = 3;
/// The number of the field `status` of a span, and the largest code that OpenTelemetry knows.
const STATUS: u32 = 15;
const STATUS_CODE_MAX: u64 = 2;

/// Spans as columns. `previous` chains the rows of a trace, from the last to the first; `runs_end` is where a span's runs end.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) trace: Vec<u32>,
    previous: Vec<u32>,
    pub(super) context: Vec<u32>,
    pub(super) operation: Vec<u32>,
    pub(super) span_id: Vec<SpanId>,
    pub(super) parent: Vec<SpanId>,
    pub(super) start_ns: Vec<u64>,
    pub(super) end_ns: Vec<u64>,
    /// OTLP's number of the kind, and the status code.
    pub(super) bits: Vec<u8>,
    pub(super) runs_end: Vec<usize>,
}

pub(super) struct StoredTrace {
    pub(super) id: TraceId,
    last_row: u32,
    pub(super) rows: u32,
}

pub(super) struct StoredOperation {
    pub(super) service: u32,
    pub(super) name: u32,
    pub(super) kind: SpanKind,
    pub(super) spans: u32,
}

pub(super) struct StoredContext {
    pub(super) service: u32,
    pub(super) context: Arc<Context>,
}

pub(super) struct StoredService {
    pub(super) name: Arc<str>,
    pub(super) spans: u32,
}

pub(super) struct Segment {
    hasher: DefaultHashBuilder,
    pub(super) rows: Columns,
    pub(super) attributes: Attributes,
    pub(super) traces: Vec<StoredTrace>,
    /// Of the traces that are not gone.
    trace_numbers: HashTable<u32>,
    operations: Vec<StoredOperation>,
    operation_numbers: HashTable<u32>,
    pub(super) names: Dictionary,
    contexts: Vec<StoredContext>,
    context_numbers: HashMap<Arc<Context>, u32>,
    context_bytes: usize,
    services: Vec<StoredService>,
    /// The earliest and the latest start.
    pub(super) starts: (u64, u64),
    /// How many rows, from the first, are in the counts of calls.
    pub(super) counted: u32,
    pub(super) spans: usize,
}

/// Ends a trace's chain of rows.
const NO_ROW: u32 = u32::MAX;

impl Segment {
    pub(super) fn new(hasher: DefaultHashBuilder, bytes: usize) -> Self {
        Self {
            rows: Columns::default(),
            attributes: Attributes::new(hasher.clone(), bytes),
            traces: Vec::new(),
            trace_numbers: HashTable::new(),
            operations: Vec::new(),
            operation_numbers: HashTable::new(),
            names: Dictionary::new(hasher.clone()),
            contexts: Vec::new(),
            context_numbers: HashMap::new(),
            context_bytes: 0,
            services: Vec::new(),
            starts: (u64::MAX, 0),
            counted: 0,
            spans: 0,
            hasher,
        }
    }

    pub(super) fn len(&self) -> u32 {
        self.rows.trace.len() as u32
    }

    /// The number of a context, which is the same for equal ones.
    pub(super) fn context(&mut self, context: &Arc<Context>) -> u32 {
        if let Some(known) = self.context_numbers.get(context) {
            return *known;
        }
        let service = self.services.iter().position(|known| known.name == context.service).unwrap_or_else(|| {
            self.services.push(StoredService { name: context.service.clone(), spans: 0 });
            self.services.len() - 1
        });
        self.context_bytes += context.allocated();
        let number = self.contexts.len() as u32;
        self.contexts.push(StoredContext { service: service as u32, context: context.clone() });
        self.context_numbers.insert(context.clone(), number);
        number
    }

    /// Takes an encoded span of a checked batch. Returns whether it is the first of its trace here.
    pub(super) fn push(&mut self, trace_id: TraceId, context: u32, span: &[u8]) -> bool {
        let mut pending = Pending::default();
        let (mut span_id, mut parent) = (SpanId::default(), SpanId::default());
        let (mut start_ns, mut end_ns, mut kind, mut code, mut name) = (0, 0, 0, 0, &[][..]);
        let mut cursor = Cursor::new(Slice { bytes: span, offset: 0 });
        loop {
            let begin = cursor.position();
            let Ok(Some((number, field))) = cursor.next() else { break };
            match (number, field) {
                (1, _) => {}
                (2, Field::Bytes(id)) => span_id = SpanId(id.bytes.try_into().unwrap_or_default()),
                (4, Field::Bytes(id)) => parent = SpanId(id.bytes.try_into().unwrap_or_default()),
                (5, Field::Bytes(text)) => name = text.bytes,
                (6, Field::Varint(number)) if number < 1 << KIND_BITS => kind = number as u8,
                (7, Field::Fixed64(time)) => start_ns = time,
                (8, Field::Fixed64(time)) => end_ns = time,
                (number, field) => {
                    let whole = begin..cursor.position();
                    if number == STATUS {
                        code = match status(&span[whole.clone()]).0 {
                            known @ 0..=STATUS_CODE_MAX => known as u8,
                            _ => 0,
                        };
                    }
                    self.attributes.push(&mut pending, number, field, whole, span);
                }
            }
        }
        self.attributes.flush(&mut pending, span);
        let operation = self.operation(context, name, SpanKind::from_otlp(i32::from(kind)));
        let (trace, is_first) = self.trace_number(trace_id);
        let row = self.len();
        let stored = &mut self.traces[trace as usize];
        self.rows.previous.push(std::mem::replace(&mut stored.last_row, row));
        stored.rows += 1;
        self.rows.trace.push(trace);
        self.rows.context.push(context);
        self.rows.operation.push(operation);
        self.rows.span_id.push(span_id);
        self.rows.parent.push(parent);
        self.rows.start_ns.push(start_ns);
        self.rows.end_ns.push(end_ns);
        self.rows.bits.push(kind | code << KIND_BITS);
        self.rows.runs_end.push(self.attributes.end());
        self.starts = (self.starts.0.min(start_ns), self.starts.1.max(start_ns));
        self.spans += 1;
        is_first
    }

    fn operation(&mut self, context: u32, name: &[u8], kind: SpanKind) -> u32 {
        let service = self.contexts[context as usize].service;
        self.services[service as usize].spans += 1;
        let hash = self.hasher.hash_one((service, kind, name));
        let (operations, names, hasher) = (&mut self.operations, &mut self.names, &self.hasher);
        let known = self.operation_numbers.find(hash, |number| {
            let known = &operations[*number as usize];
            known.service == service && known.kind == kind && names.get(known.name) == name
        });
        if let Some(number) = known {
            operations[*number as usize].spans += 1;
            return *number;
        }
        let number = operations.len() as u32;
        operations.push(StoredOperation { service, name: names.find_or_insert(name), kind, spans: 1 });
        self.operation_numbers.insert_unique(hash, number, |number| {
            let known = &operations[*number as usize];
            hasher.hash_one((known.service, known.kind, names.get(known.name)))
        });
        number
    }

    fn trace_number(&mut self, id: TraceId) -> (u32, bool) {
        let hash = self.hasher.hash_one(id);
        let traces = &mut self.traces;
        if let Some(number) = self.trace_numbers.find(hash, |number| traces[*number as usize].id == id) {
            return (*number, false);
        }
        let number = traces.len() as u32;
        traces.push(StoredTrace { id, last_row: NO_ROW, rows: 0 });
        let hasher = &self.hasher;
        self.trace_numbers.insert_unique(hash, number, |number| hasher.hash_one(traces[*number as usize].id));
        (number, true)
    }

    fn find_trace(&self, id: TraceId) -> Option<&StoredTrace> {
        let hash = self.hasher.hash_one(id);
        let number = self.trace_numbers.find(hash, |number| self.traces[*number as usize].id == id)?;
        self.traces.get(*number as usize)
    }

    /// The rows of a trace, in the order in which they were written.
    pub(super) fn rows_of(&self, id: TraceId) -> Vec<Row<'_>> {
        let Some(trace) = self.find_trace(id) else { return Vec::new() };
        let mut rows = Vec::with_capacity(trace.rows as usize);
        let mut at = trace.last_row;
        while at != NO_ROW {
            rows.push(Row { segment: self, at });
            at = self.rows.previous[at as usize];
        }
        rows.reverse();
        rows
    }

    /// The traces that are not gone.
    pub(super) fn traces(&self) -> impl Iterator<Item = &StoredTrace> {
        self.trace_numbers.iter().map(|number| &self.traces[*number as usize])
    }

    /// Forgets a trace. Its rows keep their room until the segment goes.
    pub(super) fn remove(&mut self, id: TraceId) {
        let hash = self.hasher.hash_one(id);
        let traces = &mut self.traces;
        let Ok(found) = self.trace_numbers.find_entry(hash, |number| traces[*number as usize].id == id) else { return };
        let (number, _) = found.remove();
        let trace = &mut traces[number as usize];
        let mut at = std::mem::replace(&mut trace.last_row, NO_ROW);
        self.spans -= std::mem::take(&mut trace.rows) as usize;
        while at != NO_ROW {
            let operation = &mut self.operations[self.rows.operation[at as usize] as usize];
            operation.spans -= 1;
            self.services[operation.service as usize].spans -= 1;
            at = self.rows.previous[at as usize];
        }
    }

    pub(super) fn row(&self, at: u32) -> Row<'_> {
        Row { segment: self, at }
    }

    pub(super) fn contexts(&self) -> &[StoredContext] {
        &self.contexts
    }

    pub(super) fn operations(&self) -> &[StoredOperation] {
        &self.operations
    }

    pub(super) fn services(&self) -> &[StoredService] {
        &self.services
    }

    pub(super) fn name(&self, operation: &StoredOperation) -> &str {
        std::str::from_utf8(self.names.get(operation.name)).unwrap_or_default()
    }

    /// Nothing more is expected.
    pub(super) fn shrink(&mut self) {
        let rows = &mut self.rows;
        for column in [&mut rows.trace, &mut rows.previous, &mut rows.context, &mut rows.operation] {
            column.shrink_to_fit();
        }
        [&mut rows.span_id, &mut rows.parent].into_iter().for_each(Vec::shrink_to_fit);
        [&mut rows.start_ns, &mut rows.end_ns].into_iter().for_each(Vec::shrink_to_fit);
        rows.runs_end.shrink_to_fit();
        rows.bits.shrink_to_fit();
        self.traces.shrink_to_fit();
        self.operations.shrink_to_fit();
        self.names.shrink();
        self.attributes.shrink();
    }

    /// What the segment takes, in bytes.
    pub(super) fn allocated(&self) -> usize {
        ROW_BYTES * self.rows.trace.capacity()
            + self.attributes.allocated()
            + self.names.allocated()
            + size_of::<StoredTrace>() * self.traces.capacity()
            + self.trace_numbers.allocation_size()
            + size_of::<StoredOperation>() * self.operations.capacity()
            + self.operation_numbers.allocation_size()
            + self.context_bytes
            + size_of::<Self>()
    }
}
