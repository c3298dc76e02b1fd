// Where "back to the search" leads: the search that this tab made last.

const KEY = 'jqs-last-search';

export function rememberSearch(path: string): void {
  try {
    sessionStorage.setItem(KEY, path);
  } catch {
    // Storage may be switched off; then "back" leads to an empty search.
  }
}

export function lastSearch(): string {
  try {
    return sessionStorage.getItem(KEY) ?? '/search';
  } catch {
    return '/search';
  }
}
