// The services and their calls, as the map shows them.

import type { Dependency } from '../api/wire';

export interface ServiceNode {
  name: string;
  /** Calls that it gets and makes. */
  incoming: number;
  outgoing: number;
}

export interface CallGraph {
  services: ServiceNode[];
  /** The most frequent first. */
  calls: Dependency[];
}

/** Everything, or one service with those that it calls or is called by. */
export function graphOf(dependencies: Dependency[], focus: string): CallGraph {
  const calls = dependencies
    .filter(({ parent, child }) => focus === '' || parent === focus || child === focus)
    .sort((a, b) => b.callCount - a.callCount || byName(a, b));
  const services = new Map<string, ServiceNode>();
  const of = (name: string) => {
    const known = services.get(name) ?? { name, incoming: 0, outgoing: 0 };
    services.set(name, known);
    return known;
  };
  for (const { parent, child, callCount } of calls) {
    of(parent).outgoing += callCount;
    of(child).incoming += callCount;
  }
  return { services: [...services.values()].sort((a, b) => a.name.localeCompare(b.name)), calls };
}

function byName(a: Dependency, b: Dependency): number {
  return a.parent.localeCompare(b.parent) || a.child.localeCompare(b.child);
}

export const serviceNames = (dependencies: Dependency[]) =>
  [...new Set(dependencies.flatMap(({ parent, child }) => [parent, child]))].sort((a, b) =>
    a.localeCompare(b),
  );

/** How far back is looked, in milliseconds. */
export const LOOKBACKS: Record<string, { label: string; milliseconds: number }> = {
  '1h': { label: 'Last hour', milliseconds: 3_600_000 },
  '6h': { label: 'Last 6 hours', milliseconds: 6 * 3_600_000 },
  '1d': { label: 'Last day', milliseconds: 24 * 3_600_000 },
  '7d': { label: 'Last 7 days', milliseconds: 7 * 24 * 3_600_000 },
};

export const DEFAULT_LOOKBACK = '1d';

export interface MapAddress {
  lookback: string;
  /** The service that is looked at; empty for all. */
  service: string;
}

export function parseMapAddress(query: string): MapAddress {
  const params = new URLSearchParams(query);
  const lookback = params.get('lookback') ?? '';
  return {
    lookback: Object.hasOwn(LOOKBACKS, lookback) ? lookback : DEFAULT_LOOKBACK,
    service: params.get('service') ?? '',
  };
}

export function mapQuery({ lookback, service }: MapAddress): string {
  const params = new URLSearchParams();
  if (service !== '') params.set('service', service);
  if (lookback !== DEFAULT_LOOKBACK) params.set('lookback', lookback);
  const query = params.toString();
  return query === '' ? '' : `?${query}`;
}
