// The address of a trace page: `?uiFind=` has what is searched for, `#span-<id>` the span whose detail is open.

import { useEffect, useRef } from 'preact/hooks';
import { amend } from '../router/address';
import { tracePath } from '../router/route';

/** Browsers refuse too many changes of the address in a short time, as a held arrow key would make. */
const SETTLE_MILLISECONDS = 200;

export function keyFromHash(hash: string): string {
  return /^#span-([0-9a-f.]+)$/i.exec(hash)?.[1]?.toLowerCase() ?? '';
}

export function traceAddress(id: string, key: string | undefined, find: string): string {
  const query = find.trim() === '' ? '' : `?${new URLSearchParams({ uiFind: find })}`;
  return `${tracePath(id)}${query}${key === undefined ? '' : `#span-${key}`}`;
}

/** Writes the state into the address, and calls `onKey` when the reader changes the address by hand. */
export function useDeepLink(id: string, key: string | undefined, find: string, onKey: (key: string) => void) {
  const latest = useRef(onKey);
  latest.current = onKey;

  useEffect(() => {
    const timer = setTimeout(() => amend(traceAddress(id, key, find)), SETTLE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [id, key, find]);

  useEffect(() => {
    const listen = () => latest.current(keyFromHash(window.location.hash));
    window.addEventListener('hashchange', listen);
    return () => window.removeEventListener('hashchange', listen);
  }, []);
}
