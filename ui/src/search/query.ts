// From criteria to the question that the server is asked.

import { parseDuration } from '../time/duration';
import { formatRfc3339 } from '../time/instant';
import { type Criteria, CUSTOM, DEFAULT_LOOKBACK, lookbackMicroseconds } from './criteria';
import { LogfmtError, parseLogfmt, type Tags } from './logfmt';

export interface Range {
  start: bigint;
  end: bigint;
}

/** The range in microseconds: the one in the address, else the lookback that ends now. */
export function rangeOf(criteria: Criteria, nowMilliseconds: number): Range {
  if (criteria.start !== undefined && criteria.end !== undefined) {
    return { start: criteria.start, end: criteria.end };
  }
  const end = BigInt(nowMilliseconds) * 1000n;
  const back = lookbackMicroseconds(criteria.lookback) ?? lookbackMicroseconds(DEFAULT_LOOKBACK) ?? 0n;
  return { start: end > back ? end - back : 0n, end };
}

export function summariesQuery(criteria: Criteria, range: Range, tags: Tags): URLSearchParams {
  const params = new URLSearchParams();
  const set = (name: string, value: string) => value !== '' && params.set(`query.${name}`, value);
  set('serviceName', criteria.service);
  set('operationName', criteria.operation);
  set('startTimeMin', formatRfc3339(range.start));
  set('startTimeMax', formatRfc3339(range.end));
  set('durationMin', criteria.minDuration);
  set('durationMax', criteria.maxDuration);
  set('searchDepth', String(criteria.limit));
  if (Object.keys(tags).length > 0) set('attributes', JSON.stringify(tags));
  return params;
}

export type Problems = Partial<Record<'tags' | 'minDuration' | 'maxDuration' | 'range', string>>;

/** What is wrong with the criteria, by field, in words for the user. */
export function problemsOf(criteria: Criteria): Problems {
  const problems: Problems = {};
  try {
    parseLogfmt(criteria.tags);
  } catch (error) {
    if (!(error instanceof LogfmtError)) throw error;
    problems.tags = error.message;
  }
  for (const field of ['minDuration', 'maxDuration'] as const) {
    if (criteria[field] !== '' && parseDuration(criteria[field]) === undefined) {
      problems[field] = 'A number and a unit, like 1.5s, 100ms or 250us';
    }
  }
  const min = parseDuration(criteria.minDuration);
  const max = parseDuration(criteria.maxDuration);
  if (min !== undefined && max !== undefined && max < min) {
    problems.maxDuration = 'The longest duration is below the shortest';
  }
  if (criteria.lookback === CUSTOM) {
    if (criteria.start === undefined || criteria.end === undefined) problems.range = 'Both ends are needed';
    else if (criteria.end <= criteria.start) problems.range = 'The end is not after the start';
  }
  return problems;
}
