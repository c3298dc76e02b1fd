// The address bar as state. Paths inside the page never carry the base path; it is added and removed here.

import { useEffect, useState } from 'preact/hooks';
import { withoutBase } from './route';

export interface Address {
  /** Below the base path, with a leading slash. */
  path: string;
  query: string;
  hash: string;
}

const basePath = () => new URL(document.baseURI).pathname.replace(/\/[^/]*$/, '/');

export function currentAddress(): Address {
  const { pathname, search, hash } = window.location;
  return { path: withoutBase(pathname, basePath()), query: search, hash };
}

/** A real address for links, so that "open in a new tab" and "copy link" work. */
export function href(path: string): string {
  return basePath().replace(/\/$/, '') + path;
}

const listeners = new Set<() => void>();
const announce = () => {
  for (const listener of listeners) listener();
};

export function navigate(path: string): void {
  window.history.pushState(null, '', href(path));
  window.scrollTo(0, 0);
  announce();
}

/** Changes the address without a new entry in the history. */
export function amend(path: string): void {
  window.history.replaceState(null, '', href(path));
  announce();
}

export function useAddress(): Address {
  const [address, setAddress] = useState(currentAddress);
  useEffect(() => {
    const update = () => setAddress(currentAddress());
    listeners.add(update);
    window.addEventListener('popstate', update);
    return () => {
      listeners.delete(update);
      window.removeEventListener('popstate', update);
    };
  }, []);
  return address;
}
