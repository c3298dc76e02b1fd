import { describe, expect, it } from 'vitest';
import { matching } from '../src/trace/filter';
import { buildTrace, type Span } from '../src/trace/model';
import { barOf, clampView, panned, sliceOf, visibleRows, wholeOf, zoomed } from '../src/trace/rows';
import { tracesData } from './made-up';

const trace = buildTrace(
  tracesData([
    { id: 'a', length: 1000n },
    { id: 'b', parent: 'a', at: 100n, length: 200n, service: 'cart' },
    { id: 'c', parent: 'b', at: 150n, length: 50n },
    {
      id: 'd',
      parent: 'a',
      at: 900n,
      length: 100n,
      attributes: [{ key: 'http.status', value: { intValue: '500' } }],
    },
  ]),
);
const span = (id: string) => trace.spans.find((candidate) => candidate.id === id) as Span;

describe('visibleRows', () => {
  it('leaves out what is below a collapsed span, and only that', () => {
    expect(visibleRows(trace.spans, new Set(['b'])).map(({ id }) => id)).toEqual(['a', 'b', 'd']);
    expect(visibleRows(trace.spans, new Set(['a', 'b'])).map(({ id }) => id)).toEqual(['a']);
  });
});

describe('sliceOf', () => {
  it('covers the window and stays within the rows', () => {
    const { first, last } = sliceOf(10_000, 28, 28 * 5000, 560);
    expect(first).toBeLessThanOrEqual(5000);
    expect(last).toBeGreaterThanOrEqual(5020);
    expect(last - first).toBeLessThan(60);
    expect(sliceOf(3, 28, 0, 560)).toEqual({ first: 0, last: 3 });
  });

  it('survives a scroll position that collapsing left behind', () => {
    expect(sliceOf(2, 28, 28_000, 560)).toEqual({ first: 2, last: 2 });
  });
});

describe('barOf', () => {
  it('places a span in percent of the view', () => {
    expect(barOf(span('b'), wholeOf(trace))).toMatchObject({ left: 10, width: 20, hidden: false });
  });

  it('cuts bars at the edges of a zoomed view and hides those outside', () => {
    const view = { from: 200, to: 400 };
    expect(barOf(span('a'), view)).toMatchObject({ left: 0, width: 100 });
    expect(barOf(span('b'), view)).toMatchObject({ left: 0, width: 50 });
    expect(barOf(span('d'), view).hidden).toBe(true);
  });

  it('puts the duration where there is room', () => {
    expect(barOf(span('b'), wholeOf(trace)).label).toBe('right');
    expect(barOf(span('d'), wholeOf(trace)).label).toBe('left');
    expect(barOf(span('a'), wholeOf(trace)).label).toBe('inside');
  });
});

describe('views', () => {
  it('never leave the trace', () => {
    expect(clampView({ from: -50, to: 50 }, trace)).toEqual({ from: 0, to: 100 });
    expect(clampView({ from: -500, to: 5000 }, trace)).toEqual(wholeOf(trace));
    expect(panned({ from: 800, to: 1000 }, 0.5, trace)).toEqual({ from: 800, to: 1000 });
  });

  it('zoom around the middle and keep a width', () => {
    expect(zoomed({ from: 400, to: 600 }, 0.5, trace)).toEqual({ from: 450, to: 550 });
    const tiny = clampView({ from: 500, to: 500 }, trace);
    expect(tiny.to - tiny.from).toBeGreaterThan(0);
  });
});

describe('matching', () => {
  it('finds names, services, attributes and ids without regard to case', () => {
    expect(matching(trace.spans, 'CART')).toEqual(new Set(['b']));
    expect(matching(trace.spans, 'http.status=500')).toEqual(new Set(['d']));
    expect(matching(trace.spans, 'work c')).toEqual(new Set(['c']));
  });

  it('wants all words, in any order', () => {
    expect(matching(trace.spans, '500 shop')).toEqual(new Set(['d']));
    expect(matching(trace.spans, '500 cart')).toEqual(new Set());
  });

  it('is off when nothing is typed', () => {
    expect(matching(trace.spans, '  ')).toBeUndefined();
  });
});
