// An answer on its way, as state of a component.

import { useEffect, useState } from 'preact/hooks';

export type Load<T> =
  { state: 'loading'; previous?: T } | { state: 'failed'; error: Error } | { state: 'done'; value: T };

/** Loads anew when `key` changes, and forgets answers that come too late. Shows the last value meanwhile. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Load<T> {
  const [result, setResult] = useState<Load<T>>({ state: 'loading' });

  // `key` stands for all that `load` depends on
  useEffect(() => {
    const abort = new AbortController();
    setResult((last) => {
      const previous =
        last.state === 'done' ? last.value : last.state === 'loading' ? last.previous : undefined;
      return previous === undefined ? { state: 'loading' } : { state: 'loading', previous };
    });
    load(abort.signal).then(
      (value) => !abort.signal.aborted && setResult({ state: 'done', value }),
      (error: Error) => !abort.signal.aborted && setResult({ state: 'failed', error }),
    );
    return () => abort.abort();
  }, [key]);

  return result;
}
