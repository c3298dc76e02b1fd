// Which page an address means.

export type Route =
  { page: 'search' } | { page: 'map' } | { page: 'trace'; id: string } | { page: 'unknown'; path: string };

const TRACE = /^\/trace\/([0-9a-f]{1,32})\/?$/i;

export function routeOf(path: string): Route {
  if (path === '/' || path === '/search' || path === '/search/') return { page: 'search' };
  if (path === MAP || path === `${MAP}/`) return { page: 'map' };
  const trace = TRACE.exec(path);
  if (trace) return { page: 'trace', id: (trace[1] as string).toLowerCase() };
  return { page: 'unknown', path };
}

/** Jaeger's address for it. */
export const MAP = '/dependencies';

export const tracePath = (id: string) => `/trace/${id}`;

/** The path below the base path of the server. */
export function withoutBase(pathname: string, base: string): string {
  const root = base.replace(/\/$/, '');
  if (pathname === root) return '/';
  return pathname.startsWith(`${root}/`) ? pathname.slice(root.length) : pathname;
}
