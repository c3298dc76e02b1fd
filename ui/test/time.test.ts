import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../src/time/duration';
import { formatAge, formatRfc3339Nano, fromLocalInput, toLocalInput } from '../src/time/instant';
import { logTicks, roundTicks } from '../src/time/ticks';

describe('durations', () => {
  it.each([
    ['100ms', 100e6],
    ['1.5s', 1.5e9],
    ['1h2m3s', 3723e9],
    ['250us', 250e3],
    ['250µs', 250e3],
    ['.5m', 30e9],
  ])('reads %s', (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds);
  });

  it.each(['', '5', 's', '1 s', '1d', '-1s', '1ss'])('refuses "%s"', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each([
    [0n, '0 ns'],
    [999n, '999 ns'],
    [1_234n, '1.23 µs'],
    [999_600n, '1 ms'],
    [12_345_678n, '12.3 ms'],
    [59_999_999_999n, '1 m'],
    [61_000_000_000n, '1 m 1 s'],
    [3_599_800_000_000n, '1 h'],
    [5_400_000_000_000n, '1 h 30 m'],
    [86_399_000_000_000n, '1 d'],
    [-1_500_000n, '−1.5 ms'],
  ])('writes %s as %s', (nanoseconds, text) => {
    expect(formatDuration(nanoseconds)).toBe(text);
  });
});

describe('instants', () => {
  it('keep all nanoseconds', () => {
    expect(formatRfc3339Nano(1_700_000_000_123_456_789n)).toBe('2023-11-14T22:13:20.123456789Z');
  });

  it('go through a form field and back', () => {
    expect(fromLocalInput(toLocalInput(1_700_000_000_000_000n))).toBe(1_700_000_000_000_000n);
    expect(fromLocalInput('')).toBeUndefined();
  });

  it('tell their age', () => {
    expect(formatAge(0n, 1000)).toBe('just now');
    expect(formatAge(0n, 90_000)).toBe('1 min ago');
    expect(formatAge(0n, 7_200_000)).toBe('2 h ago');
  });
});

describe('ticks', () => {
  it('are round, in range and not too many', () => {
    expect(roundTicks(0, 4670, 5)).toEqual([0, 1000, 2000, 3000, 4000]);
    expect(roundTicks(130, 131, 4).length).toBeLessThanOrEqual(5);
    expect(roundTicks(5, 5, 4)).toEqual([5]);
  });

  it('are powers of ten on a logarithmic axis', () => {
    expect(logTicks(900, 2e9, 7)).toEqual([1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]);
    expect(logTicks(10, 100, 5)).toEqual([10, 20, 50, 100]);
  });
});
