import { describe, expect, it } from 'vitest';
import { buildTrace } from '../src/trace/model';
import { hexId, START, tracesData } from './made-up';

const ids = (spans: { id: string }[]) => spans.map(({ id }) => id);

describe('buildTrace', () => {
  it('puts parents before children and siblings by start, whatever the order on the wire', () => {
    const trace = buildTrace(
      tracesData([
        { id: 'c2', parent: 'a', at: 500n },
        { id: 'd', parent: 'c1', at: 300n },
        { id: 'a' },
        { id: 'c1', parent: 'a', at: 100n },
      ]),
    );
    expect(ids(trace.spans)).toEqual(['a', 'c1', 'd', 'c2']);
    expect(trace.spans.map(({ depth }) => depth)).toEqual([0, 1, 2, 1]);
    expect(trace.spans.map(({ below }) => below)).toEqual([3, 1, 0, 0]);
    expect(trace.depth).toBe(3);
  });

  it('keeps every nanosecond', () => {
    const trace = buildTrace(
      tracesData([
        { id: 'a', length: 1n },
        { id: 'b', parent: 'a', at: 1n, length: 2n },
      ]),
    );
    expect(trace.start).toBe(START);
    expect(trace.end - trace.start).toBe(3n);
    expect(trace.spans.map(({ offset, length }) => [offset, length])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it('shows spans without their parent as marked roots', () => {
    const trace = buildTrace(tracesData([{ id: 'a' }, { id: 'b', parent: 'gone', at: 5n }]));
    expect(ids(trace.roots)).toEqual(['a', 'b']);
    expect(trace.roots.map(({ detached }) => detached)).toEqual([undefined, 'missing parent']);
  });

  it('treats an all-zero parent id as none', () => {
    const trace = buildTrace(tracesData([{ id: 'a', parent: '0000000000000000' }]));
    expect(trace.roots[0]?.detached).toBeUndefined();
  });

  it('opens a cycle at its earliest span and loses no span', () => {
    const trace = buildTrace(
      tracesData([
        { id: 'tail', parent: 'c', at: 9n },
        { id: 'a', parent: 'c', at: 3n },
        { id: 'b', parent: 'a', at: 1n },
        { id: 'c', parent: 'b', at: 2n },
        { id: 'self', parent: 'self', at: 20n },
      ]),
    );
    expect(ids(trace.spans)).toEqual(['b', 'c', 'a', 'tail', 'self']);
    expect(trace.roots.map(({ id, detached }) => [id, detached])).toEqual([
      ['b', 'cycle'],
      ['self', 'cycle'],
    ]);
  });

  it('keeps spans that share an id apart', () => {
    const trace = buildTrace(tracesData([{ id: 'a' }, { id: 'a', service: 'other', at: 1n }]));
    expect(trace.spans.map(({ key }) => key)).toEqual(['a', 'a.2']);
  });

  it('gives no length to a span that ends before it starts', () => {
    const trace = buildTrace(tracesData([{ id: 'a' }, { id: 'b', parent: 'a', at: 100n, length: -50n }]));
    expect(trace.spans[1]?.length).toBe(0);
    expect(trace.length).toBe(1000);
  });

  it('begins at a child whose clock runs early', () => {
    const trace = buildTrace(tracesData([{ id: 'a' }, { id: 'b', parent: 'a', at: -400n }]));
    expect(trace.start).toBe(START - 400n);
    expect(trace.spans.map(({ offset }) => offset)).toEqual([400, 0]);
  });

  it('counts services and errors', () => {
    const trace = buildTrace(
      tracesData([
        { id: 'a' },
        { id: 'b', parent: 'a', service: 'cart', error: true },
        { id: 'c', parent: 'a' },
      ]),
    );
    expect(trace.errors).toBe(1);
    expect(trace.services).toEqual([
      { name: 'shop', spans: 2, errors: 0 },
      { name: 'cart', spans: 1, errors: 1 },
    ]);
  });

  it('builds a chain of 50,000 spans without running out of stack', () => {
    const spans = Array.from({ length: 50_000 }, (_, i) =>
      i === 0 ? { id: hexId(0) } : { id: hexId(i), parent: hexId(i - 1), at: BigInt(i) },
    );
    expect(buildTrace(tracesData(spans.reverse())).depth).toBe(50_000);
  });

  it('answers nothing with nothing', () => {
    expect(buildTrace({}).spans).toEqual([]);
  });
});
