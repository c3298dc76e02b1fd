import { describe, expect, it } from 'vitest';
import { messageOf } from '../src/api/failure';
import { routeOf, withoutBase } from '../src/router/route';
import { foundFrom, sorted } from '../src/search/result';
import { timeTicks } from '../src/search/scatter';
import { keyFromHash, traceAddress } from '../src/trace/deep-link';
import { prettyText, valueText } from '../src/trace/value';
import { TRACE_ID } from './made-up';

describe('messageOf', () => {
  it.each([
    ['{"error":{"httpCode":400,"message":"malformed parameter"}}', 'malformed parameter'],
    ['{"data":null,"errors":[{"code":404,"msg":"trace not found"}]}', 'trace not found'],
    ['404 page not found', '404 page not found'],
    ['<html>proxy</html>', 'The server answered with status 502.'],
    ['', 'The server answered with status 502.'],
    ['null', 'The server answered with status 502.'],
  ])('finds the words in %s', (body, message) => {
    expect(messageOf(502, body)).toBe(message);
  });
});

describe('routes', () => {
  it('know their pages', () => {
    expect(routeOf('/')).toEqual({ page: 'search' });
    expect(routeOf('/trace/ABC')).toEqual({ page: 'trace', id: 'abc' });
    expect(routeOf('/trace/xyz').page).toBe('unknown');
    expect(routeOf(`/trace/${TRACE_ID}0`).page).toBe('unknown');
    expect(routeOf('/other').page).toBe('unknown');
  });

  it('are below the base path', () => {
    expect(withoutBase('/search', '/')).toBe('/search');
    expect(withoutBase('/jaeger/search', '/jaeger/')).toBe('/search');
    expect(withoutBase('/jaeger', '/jaeger/')).toBe('/');
    expect(withoutBase('/jaegers/search', '/jaeger/')).toBe('/jaegers/search');
  });

  it('link to spans', () => {
    expect(traceAddress('abc', 'ef', 'a b')).toBe('/trace/abc?uiFind=a+b#span-ef');
    expect(keyFromHash('#span-EF01.2')).toBe('ef01.2');
    expect(keyFromHash('#other')).toBe('');
  });
});

describe('summaries', () => {
  const found = (id: string, start: string, end: string, more = {}) =>
    foundFrom({ traceId: id, minStartTimeUnixNano: start, maxEndTimeUnixNano: end, ...more });
  const all = [
    found('old', '1700000000000000001', '1700000000000000009', { spanCount: 3 }),
    found('new', '1700000000000000002', '1700000000000000003', { errorSpanCount: 2 }),
  ];

  it('fill in what the server left out', () => {
    expect(foundFrom({ traceId: TRACE_ID })).toMatchObject({
      spans: 0,
      errors: 0,
      services: [],
      duration: 0n,
    });
  });

  it('sort by nanoseconds, counts and errors', () => {
    const ids = (sort: Parameters<typeof sorted>[1]) => sorted(all, sort).map(({ id }) => id);
    expect(ids('recent')).toEqual(['new', 'old']);
    expect(ids('longest')).toEqual(['old', 'new']);
    expect(ids('shortest')).toEqual(['new', 'old']);
    expect(ids('spans')).toEqual(['old', 'new']);
    expect(ids('errors')).toEqual(['new', 'old']);
  });

  it('have few and round times on the axis', () => {
    expect(timeTicks(1_700_000_000_000, 1_700_003_600_000, 6)).toHaveLength(6);
  });
});

describe('attribute values', () => {
  it('keep 64-bit integers', () => {
    expect(valueText({ intValue: '9223372036854775807' })).toBe('9223372036854775807');
  });

  it('show lists and maps as JSON', () => {
    const list = { arrayValue: { values: [{ stringValue: 'a' }, { boolValue: false }] } };
    expect(valueText(list)).toBe('["a",false]');
    expect(valueText({ kvlistValue: { values: [{ key: 'k', value: list }] } })).toBe('{"k":["a",false]}');
  });

  it('indent JSON without touching its numbers', () => {
    expect(prettyText('{"id":12345678901234567890,"none":[],"s":"a, {b"}')).toBe(
      '{\n  "id": 12345678901234567890,\n  "none": [],\n  "s": "a, {b"\n}',
    );
    expect(prettyText('[not json')).toBe('[not json');
  });
});
