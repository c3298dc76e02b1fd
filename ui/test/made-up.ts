// Made-up spans for tests.

import type { OtlpSpan, TracesData } from '../src/api/wire';

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
/** Not a round number, so that lost digits show. */
export const START = 1_700_000_000_123_456_789n;

export interface MadeUpSpan {
  id: string;
  parent?: string;
  service?: string;
  name?: string;
  /** Nanoseconds after START. */
  at?: bigint;
  length?: bigint;
  error?: boolean;
  attributes?: OtlpSpan['attributes'];
}

export function tracesData(spans: MadeUpSpan[]): TracesData {
  return {
    resourceSpans: spans.map((span) => ({
      resource: { attributes: [{ key: 'service.name', value: { stringValue: span.service ?? 'shop' } }] },
      scopeSpans: [{ scope: { name: 'made.up' }, spans: [otlpSpan(span)] }],
    })),
  };
}

function otlpSpan({ id, parent, name, at = 0n, length = 1000n, error, attributes }: MadeUpSpan): OtlpSpan {
  return {
    traceId: TRACE_ID,
    spanId: id,
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    name: name ?? `work ${id}`,
    kind: 1,
    startTimeUnixNano: String(START + at),
    endTimeUnixNano: String(START + at + length),
    ...(error ? { status: { code: 2, message: 'failed' } } : {}),
    ...(attributes ? { attributes } : {}),
  };
}

export const hexId = (n: number) => (n + 1).toString(16).padStart(16, '0');
