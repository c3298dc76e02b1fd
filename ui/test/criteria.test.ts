import { describe, expect, it } from 'vitest';
import { defaultCriteria, parseCriteria, searchPath } from '../src/search/criteria';
import { parseLogfmt } from '../src/search/logfmt';
import { problemsOf, rangeOf, summariesQuery } from '../src/search/query';

const NOW = 1_700_000_000_000;

describe('the address of a search', () => {
  it('reads a link as Jaeger writes it', () => {
    const link =
      '?end=1700000000000000&limit=50&lookback=custom&maxDuration=2s&minDuration=100ms&operation=GET%20%2F' +
      '&service=shop&start=1699990000000000&tags=%7B%22error%22%3A%22true%22%2C%22note%22%3A%22two%20words%22%7D';
    expect(parseCriteria(link)).toEqual({
      service: 'shop',
      operation: 'GET /',
      tags: 'error=true note="two words"',
      lookback: 'custom',
      start: 1_699_990_000_000_000n,
      end: 1_700_000_000_000_000n,
      minDuration: '100ms',
      maxDuration: '2s',
      limit: 50,
    });
  });

  it('survives being written and read', () => {
    const criteria = { ...defaultCriteria(), service: 'a&b', tags: 'k="x \\" y"', limit: 7, lookback: '2d' };
    const path = searchPath(criteria, parseLogfmt(criteria.tags));
    expect(parseCriteria(path.slice(path.indexOf('?')))).toEqual(criteria);
  });

  it('falls back to the defaults on missing or broken parts', () => {
    expect(parseCriteria('')).toEqual(defaultCriteria());
    const broken = '?start=abc&end=99999999999999999999&limit=-3&tags=%7Bnot&lookback=soon&operation=all';
    expect(parseCriteria(broken)).toEqual(defaultCriteria());
  });

  it('takes a range without a lookback as custom', () => {
    expect(parseCriteria('?start=1&end=2').lookback).toBe('custom');
  });

  it('reads tags one by one, too', () => {
    expect(parseCriteria('?tag=error:true&tag=url:http://x/').tags).toBe('error=true url=http://x/');
  });

  it('never asks for more than the most', () => {
    expect(parseCriteria('?limit=1000000').limit).toBe(1500);
  });
});

describe('the question to the server', () => {
  it('ends now when the address has no range', () => {
    const { start, end } = rangeOf({ ...defaultCriteria(), lookback: '5m' }, NOW);
    expect(end).toBe(1_700_000_000_000_000n);
    expect(end - start).toBe(300_000_000n);
  });

  it('keeps the range of a link', () => {
    const criteria = parseCriteria('?lookback=1h&start=1699990000000001&end=1699990000000002');
    const query = summariesQuery(criteria, rangeOf(criteria, NOW), {});
    expect(query.get('query.startTimeMin')).toBe('2023-11-14T19:26:40.000001Z');
    expect(query.get('query.startTimeMax')).toBe('2023-11-14T19:26:40.000002Z');
  });

  it('names what is asked for, and only that', () => {
    const criteria = { ...defaultCriteria(), service: 'shop', minDuration: '1.5s' };
    const query = summariesQuery(criteria, { start: 0n, end: 1n }, { error: 'true' });
    expect(Object.fromEntries(query)).toEqual({
      'query.serviceName': 'shop',
      'query.startTimeMin': '1970-01-01T00:00:00.000000Z',
      'query.startTimeMax': '1970-01-01T00:00:00.000001Z',
      'query.durationMin': '1.5s',
      'query.searchDepth': '20',
      'query.attributes': '{"error":"true"}',
    });
  });
});

describe('problemsOf', () => {
  it('says which field is wrong', () => {
    const wrong = { ...defaultCriteria(), tags: 'a="open', minDuration: '5', maxDuration: '1s' };
    expect(Object.keys(problemsOf(wrong))).toEqual(['tags', 'minDuration']);
    expect(problemsOf({ ...defaultCriteria(), minDuration: '2s', maxDuration: '1s' })).toHaveProperty(
      'maxDuration',
    );
    expect(problemsOf({ ...defaultCriteria(), lookback: 'custom', start: 2n, end: 1n })).toHaveProperty(
      'range',
    );
    expect(problemsOf(defaultCriteria())).toEqual({});
  });
});
