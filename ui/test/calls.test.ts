import { expect, test } from 'vitest';
import { graphOf, mapQuery, parseMapAddress, serviceNames } from '../src/map/calls';
import { place } from '../src/map/layout';

const CALLS = [
  { parent: 'web', child: 'cart', callCount: 7 },
  { parent: 'cart', child: 'bank', callCount: 1200 },
  { parent: 'bank', child: 'cart', callCount: 1 },
  { parent: 'jobs', child: 'mail', callCount: 7 },
];

test('all calls, the most frequent first, and what each service gets and makes', () => {
  const { services, calls } = graphOf(CALLS, '');
  expect(calls.map(({ parent, child }) => `${parent} ${child}`)).toEqual([
    'cart bank',
    'jobs mail',
    'web cart',
    'bank cart',
  ]);
  expect(services.find(({ name }) => name === 'cart')).toEqual({ name: 'cart', incoming: 8, outgoing: 1200 });
  expect(serviceNames(CALLS)).toEqual(['bank', 'cart', 'jobs', 'mail', 'web']);
});

test('one service with its neighbours', () => {
  const { services, calls } = graphOf(CALLS, 'bank');
  expect(services.map(({ name }) => name)).toEqual(['bank', 'cart']);
  expect(calls).toHaveLength(2);
  expect(graphOf(CALLS, 'unknown')).toEqual({ services: [], calls: [] });
});

test('every service has a place of its own and every call a line', () => {
  const { boxes, lines, width, height } = place(graphOf(CALLS, ''));
  expect(lines.every(({ path }) => /^M[\d.]+ [\d.]+/.test(path))).toBe(true);
  for (const box of boxes) {
    expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height).toBe(true);
    for (const other of boxes.filter((other) => other !== box)) {
      const apart =
        box.x + box.width <= other.x ||
        other.x + other.width <= box.x ||
        box.y + box.height <= other.y ||
        other.y + other.height <= box.y;
      expect(apart, `${box.service.name} and ${other.service.name}`).toBe(true);
    }
  }
  const widths = new Map(lines.map((line) => [line.calls, line.width]));
  expect(widths.get(1200)).toBeGreaterThan(widths.get(7) as number);
});

test('what is looked at is in the address', () => {
  expect(parseMapAddress('')).toEqual({ lookback: '1d', service: '' });
  expect(parseMapAddress('?lookback=nonsense&service=a%26b')).toEqual({ lookback: '1d', service: 'a&b' });
  expect(mapQuery({ lookback: '1d', service: '' })).toBe('');
  for (const address of [
    { lookback: '7d', service: '' },
    { lookback: '1h', service: 'a&b' },
  ]) {
    expect(parseMapAddress(mapQuery(address))).toEqual(address);
  }
});
