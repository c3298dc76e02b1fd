// A found trace, ready for the list and the scatter plot.

import type { Summary } from '../api/wire';

export interface Found {
  id: string;
  service: string;
  operation: string;
  /** Nanoseconds since 1970. */
  start: bigint;
  /** Nanoseconds. */
  duration: bigint;
  spans: number;
  errors: number;
  orphans: number;
  services: { name: string; spans: number; errors: number }[];
}

export function foundFrom(summary: Summary): Found {
  const start = BigInt(summary.minStartTimeUnixNano ?? '0');
  const end = BigInt(summary.maxEndTimeUnixNano ?? '0');
  const services = (summary.services ?? []).map((service) => ({
    name: service.name ?? '',
    spans: service.spanCount ?? 0,
    errors: service.errorSpanCount ?? 0,
  }));
  return {
    id: summary.traceId,
    service: summary.rootServiceName ?? '',
    operation: summary.rootOperationName ?? '',
    start,
    duration: end > start ? end - start : 0n,
    spans: summary.spanCount ?? 0,
    errors: summary.errorSpanCount ?? 0,
    orphans: summary.orphanSpanCount ?? 0,
    services: services.sort((a, b) => a.name.localeCompare(b.name)),
  };
}

const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);

const mostRecent = (a: Found, b: Found) => compare(b.start, a.start);

export const SORTS = {
  recent: { label: 'Most recent', order: mostRecent },
  longest: { label: 'Longest', order: (a: Found, b: Found) => compare(b.duration, a.duration) },
  shortest: { label: 'Shortest', order: (a: Found, b: Found) => compare(a.duration, b.duration) },
  spans: { label: 'Most spans', order: (a: Found, b: Found) => b.spans - a.spans },
  errors: { label: 'Most errors', order: (a: Found, b: Found) => b.errors - a.errors },
} as const;

export type Sort = keyof typeof SORTS;

export function sortFrom(text: string | null): Sort {
  return text !== null && Object.hasOwn(SORTS, text) ? (text as Sort) : 'recent';
}

export function sorted(found: Found[], sort: Sort): Found[] {
  return [...found].sort((a, b) => SORTS[sort].order(a, b) || mostRecent(a, b));
}
