// What to search for, and how the address of the page says it. The names of the parameters and their units are those of
// Jaeger's own page, so that links in runbooks and dashboards go on working.

import { isWritable } from '../time/instant';
import { formatLogfmt, type Tags } from './logfmt';

export interface Criteria {
  /** Empty: all services. */
  service: string;
  /** Empty: all operations. */
  operation: string;
  /** As typed, in logfmt. */
  tags: string;
  /** `1h`, or `custom` when `start` and `end` alone count. */
  lookback: string;
  /** Microseconds since 1970. With a lookback they say when it was pressed; without them it ends now. */
  start?: bigint;
  end?: bigint;
  minDuration: string;
  maxDuration: string;
  limit: number;
}

export const DEFAULT_LOOKBACK = '1h';
export const DEFAULT_LIMIT_TRACES = 20;
export const MAX_LIMIT_TRACES = 1500;
export const CUSTOM = 'custom';

export const LOOKBACKS: readonly (readonly [value: string, label: string])[] = [
  ['5m', 'Last 5 minutes'],
  ['15m', 'Last 15 minutes'],
  ['30m', 'Last 30 minutes'],
  ['1h', 'Last hour'],
  ['2h', 'Last 2 hours'],
  ['3h', 'Last 3 hours'],
  ['6h', 'Last 6 hours'],
  ['12h', 'Last 12 hours'],
  ['24h', 'Last 24 hours'],
  ['2d', 'Last 2 days'],
];

const SECONDS_BY_UNIT: Record<string, bigint> = { s: 1n, m: 60n, h: 3600n, d: 86_400n, w: 604_800n };

/** Microseconds of a lookback such as `90m` or `7d`. */
export function lookbackMicroseconds(lookback: string): bigint | undefined {
  const parts = /^(\d{1,6})([smhdw])$/.exec(lookback);
  if (!parts) return undefined;
  return BigInt(parts[1] as string) * (SECONDS_BY_UNIT[parts[2] as string] as bigint) * 1_000_000n;
}

export function defaultCriteria(): Criteria {
  return {
    service: '',
    operation: '',
    tags: '',
    lookback: DEFAULT_LOOKBACK,
    minDuration: '',
    maxDuration: '',
    limit: DEFAULT_LIMIT_TRACES,
  };
}

export function parseCriteria(query: string): Criteria {
  const params = new URLSearchParams(query);
  const lookback = params.get('lookback') ?? '';
  const start = parseMicroseconds(params.get('start'));
  const end = parseMicroseconds(params.get('end'));
  const operation = params.get('operation') ?? '';
  const range = start !== undefined && end !== undefined;
  const known = lookbackMicroseconds(lookback) !== undefined;
  return {
    service: params.get('service') ?? '',
    operation: operation === 'all' ? '' : operation,
    tags: formatLogfmt(parseTags(params)),
    lookback: known ? lookback : range ? CUSTOM : DEFAULT_LOOKBACK,
    ...(range ? { start, end } : {}),
    minDuration: params.get('minDuration') ?? '',
    maxDuration: params.get('maxDuration') ?? '',
    limit: parseLimit(params.get('limit')),
  };
}

function parseMicroseconds(text: string | null): bigint | undefined {
  if (!text || !/^\d{1,18}$/.test(text)) return undefined;
  const value = BigInt(text);
  return isWritable(value) ? value : undefined;
}

export function parseLimit(text: string | null): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) return DEFAULT_LIMIT_TRACES;
  return Math.min(limit, MAX_LIMIT_TRACES);
}

/** `tags={json}` and `tag=key:value`, both any number of times. */
function parseTags(params: URLSearchParams): Tags {
  const tags: Tags = {};
  for (const json of params.getAll('tags')) {
    try {
      for (const [key, value] of Object.entries(JSON.parse(json) as object)) tags[key] = String(value);
    } catch {
      // A link with broken tags still shows its search, without them.
    }
  }
  for (const tag of params.getAll('tag')) {
    const colon = tag.indexOf(':');
    if (colon > 0) tags[tag.slice(0, colon)] = tag.slice(colon + 1);
  }
  return tags;
}

/** The address of a search; `tags` are those of `criteria`, parsed. */
export function searchPath(criteria: Criteria, tags: Tags, sort?: string): string {
  const params = new URLSearchParams();
  const set = (name: string, value: string) => value !== '' && params.set(name, value);
  set('service', criteria.service);
  set('operation', criteria.operation);
  set('lookback', criteria.lookback);
  set('start', criteria.start?.toString() ?? '');
  set('end', criteria.end?.toString() ?? '');
  set('limit', String(criteria.limit));
  set('minDuration', criteria.minDuration);
  set('maxDuration', criteria.maxDuration);
  if (Object.keys(tags).length > 0) params.set('tags', JSON.stringify(tags));
  if (sort) params.set('sort', sort);
  return `/search?${params}`;
}
