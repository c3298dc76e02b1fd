// A trace as the page shows it: a forest of spans in reading order.

import type { KeyValue, OtlpEvent, OtlpLink, OtlpSpan, ResourceSpans, Scope, TracesData } from '../api/wire';
import { stringAttribute } from './value';

export interface Span {
  /** Unique in the trace: the id, and a number when spans share an id. */
  key: string;
  id: string;
  traceId: string;
  parentId: string;
  parent: Span | undefined;
  children: Span[];
  name: string;
  service: string;
  kind: number;
  /** Nanoseconds since 1970. */
  start: bigint;
  end: bigint;
  /** Nanoseconds from the start of the trace, for drawing. */
  offset: number;
  /** Nanoseconds, for drawing. */
  length: number;
  error: boolean;
  statusCode: number;
  statusMessage: string;
  attributes: KeyValue[];
  events: OtlpEvent[];
  links: OtlpLink[];
  resource: KeyValue[];
  scope: Scope;
  traceState: string;
  /** Why the span stands at the top although it names a parent. */
  detached: 'missing parent' | 'cycle' | undefined;
  /** Place in reading order, and how many of those that follow are below this span. */
  index: number;
  below: number;
  depth: number;
}

export interface ServiceCount {
  name: string;
  spans: number;
  errors: number;
}

export interface Trace {
  /** In reading order: parents before children, siblings by start. */
  spans: Span[];
  roots: Span[];
  start: bigint;
  end: bigint;
  /** Nanoseconds from the first start to the last end; at least 1, so that it can divide. */
  length: number;
  depth: number;
  errors: number;
  services: ServiceCount[];
}

const STATUS_ERROR = 2;

export function buildTrace(data: TracesData): Trace {
  const spans = (data.resourceSpans ?? []).flatMap(spansOf);
  nameKeys(spans);
  linkParents(spans);
  cutCycles(spans);
  for (const span of spans) span.parent?.children.push(span);
  for (const span of spans) span.children.sort(byStart);
  const roots = spans.filter(({ parent }) => !parent).sort(byStart);
  const ordered = inReadingOrder(roots);
  const start = spans.reduce(
    (first, span) => (span.start < first ? span.start : first),
    spans[0]?.start ?? 0n,
  );
  const end = spans.reduce((last, span) => (span.end > last ? span.end : last), start);
  for (const span of spans) span.offset = Number(span.start - start);
  return {
    spans: ordered,
    roots,
    start,
    end,
    length: Math.max(Number(end - start), 1),
    depth: ordered.reduce((most, { depth }) => Math.max(most, depth + 1), 0),
    errors: ordered.reduce((count, { error }) => count + (error ? 1 : 0), 0),
    services: countServices(ordered),
  };
}

function spansOf({ resource, scopeSpans }: ResourceSpans): Span[] {
  const attributes = resource?.attributes ?? [];
  const service = stringAttribute(attributes, 'service.name') || 'unknown service';
  return (scopeSpans ?? []).flatMap(({ scope, spans }) =>
    (spans ?? []).map((span) => spanOf(span, service, attributes, scope ?? {})),
  );
}

function spanOf(wire: OtlpSpan, service: string, resource: KeyValue[], scope: Scope): Span {
  const start = BigInt(wire.startTimeUnixNano ?? '0');
  const end = BigInt(wire.endTimeUnixNano ?? '0');
  const statusCode = wire.status?.code ?? 0;
  return {
    key: wire.spanId,
    id: wire.spanId,
    traceId: wire.traceId,
    parentId: wire.parentSpanId ?? '',
    parent: undefined,
    children: [],
    name: wire.name || 'unnamed',
    service,
    kind: wire.kind ?? 0,
    start,
    // A span that ends before it starts has no length; it must not stretch the others.
    end: end > start ? end : start,
    offset: 0,
    length: end > start ? Number(end - start) : 0,
    error: statusCode === STATUS_ERROR,
    statusCode,
    statusMessage: wire.status?.message ?? '',
    attributes: wire.attributes ?? [],
    events: wire.events ?? [],
    links: wire.links ?? [],
    resource,
    scope,
    traceState: wire.traceState ?? '',
    detached: undefined,
    index: 0,
    below: 0,
    depth: 0,
  };
}

function nameKeys(spans: Span[]): void {
  const seen = new Map<string, number>();
  for (const span of spans) {
    const count = (seen.get(span.id) ?? 0) + 1;
    seen.set(span.id, count);
    if (count > 1) span.key = `${span.id}.${count}`;
  }
}

function linkParents(spans: Span[]): void {
  const byId = new Map<string, Span>();
  for (const span of spans) if (!byId.has(span.id)) byId.set(span.id, span);
  for (const span of spans) {
    if (span.parentId === '' || /^0+$/.test(span.parentId)) continue;
    span.parent = byId.get(span.parentId);
    if (!span.parent) span.detached = 'missing parent';
  }
}

/** Parent ids may run in a circle. Each circle is opened at its earliest span, which becomes a root. */
function cutCycles(spans: Span[]): void {
  const settled = new Set<Span>();
  for (const span of spans) {
    const path = new Set<Span>();
    let at: Span | undefined = span;
    while (at && !settled.has(at) && !path.has(at)) {
      path.add(at);
      at = at.parent;
    }
    if (at && path.has(at)) {
      const first = earliestInCycle(at);
      first.parent = undefined;
      first.detached = 'cycle';
    }
    for (const walked of path) settled.add(walked);
  }
}

function earliestInCycle(member: Span): Span {
  let earliest = member;
  for (let at = member.parent; at && at !== member; at = at.parent) {
    if (at.start < earliest.start) earliest = at;
  }
  return earliest;
}

/** Without recursion: a trace may be as deep as it is long. */
function inReadingOrder(roots: Span[]): Span[] {
  const ordered: Span[] = [];
  const stack = [...roots].reverse();
  for (let span = stack.pop(); span; span = stack.pop()) {
    span.index = ordered.length;
    span.depth = span.parent ? span.parent.depth + 1 : 0;
    ordered.push(span);
    for (let i = span.children.length - 1; i >= 0; i--) stack.push(span.children[i] as Span);
  }
  for (let i = ordered.length - 1; i >= 0; i--) {
    const span = ordered[i] as Span;
    if (span.parent) span.parent.below += span.below + 1;
  }
  return ordered;
}

function byStart(a: Span, b: Span): number {
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function countServices(spans: Span[]): ServiceCount[] {
  const counts = new Map<string, ServiceCount>();
  for (const { service, error } of spans) {
    const count = counts.get(service) ?? { name: service, spans: 0, errors: 0 };
    count.spans++;
    if (error) count.errors++;
    counts.set(service, count);
  }
  return [...counts.values()];
}
