import { useEffect, useMemo, useState } from 'preact/hooks';
import { fetchServices, fetchSummaries } from '../api/client';
import { useLoad } from '../api/load';
import { type Address, amend, navigate } from '../router/address';
import { Failed, Loading } from '../view/message';
import { type Criteria, CUSTOM, parseCriteria, searchPath } from './criteria';
import { FirstSpan } from './first-span';
import { SearchForm } from './form';
import { parseLogfmt } from './logfmt';
import { NoResults } from './no-results';
import { problemsOf, rangeOf, summariesQuery } from './query';
import { foundFrom, type Sort, sorted, sortFrom } from './result';
import { ResultList } from './result-list';
import { ScatterPlot } from './scatter-plot';

const EMPTY_STORE_POLL_MILLISECONDS = 4000;

export function SearchPage({ address }: { address: Address }) {
  const sort = sortFrom(new URLSearchParams(address.query).get('sort'));
  const searched = useMemo(() => withoutSort(address.query), [address.query]);
  const criteria = useMemo(() => parseCriteria(searched), [searched]);
  const [attempt, setAttempt] = useState(0);
  const retry = () => setAttempt(attempt + 1);

  const services = useLoad(`services ${attempt}`, fetchServices);
  const load = useLoad(`${searched} ${attempt}`, (signal) => search(criteria, signal));
  const shown = load.state === 'failed' ? undefined : load.state === 'done' ? load.value : load.previous;
  const names = useLastValue(services.state === 'done' ? services.value : undefined) ?? [];
  const empty =
    services.state === 'done' && names.length === 0 && load.state === 'done' && load.value.found.length === 0;
  const waiting = useEmptyStore(empty, services.state === 'loading', retry);

  useEffect(() => {
    document.title = criteria.service === '' ? 'Search · jqs' : `${criteria.service} · jqs`;
  }, [criteria]);

  const onSearch = (wanted: Criteria) => {
    const range = wanted.lookback === CUSTOM ? {} : rangeOf(fromNow(wanted), Date.now());
    navigate(
      searchPath({ ...wanted, ...range }, parseLogfmt(wanted.tags), sort === 'recent' ? undefined : sort),
    );
  };
  const onSort = (wanted: Sort) => {
    const params = new URLSearchParams(searched);
    if (wanted !== 'recent') params.set('sort', wanted);
    amend(`/search?${params}`);
  };
  const ordered = useMemo(() => (shown ? sorted(shown.found, sort) : []), [shown, sort]);

  return (
    <main class="search-page">
      <SearchForm criteria={criteria} services={names} busy={load.state === 'loading'} onSearch={onSearch} />
      <div
        class={load.state === 'loading' && shown && !waiting ? 'results stale' : 'results'}
        aria-busy={load.state === 'loading'}
      >
        {load.state === 'failed' && <Failed error={load.error} onRetry={retry} />}
        {!shown && load.state === 'loading' && <Loading what="traces" />}
        {waiting && <FirstSpan />}
        {shown && !waiting && ordered.length === 0 && <NoResults criteria={criteria} onSearch={onSearch} />}
        {shown && ordered.length > 0 && (
          <>
            <ScatterPlot found={ordered} />
            <ResultList found={ordered} limit={criteria.limit} sort={sort} now={shown.at} onSort={onSort} />
          </>
        )}
      </div>
    </main>
  );
}

async function search(criteria: Criteria, signal: AbortSignal) {
  const problem = Object.values(problemsOf(criteria))[0];
  if (problem) throw new Error(`The address has a mistake. ${problem}.`);
  const at = Date.now();
  const query = summariesQuery(criteria, rangeOf(criteria, at), parseLogfmt(criteria.tags));
  return { at, found: (await fetchSummaries(query, signal)).map(foundFrom) };
}

/** A lookback chosen in the form ends now, whatever an earlier search said. */
function fromNow({ start: _, end: __, ...rest }: Criteria): Criteria {
  return rest;
}

function withoutSort(query: string): string {
  const params = new URLSearchParams(query);
  params.delete('sort');
  return params.toString();
}

function useLastValue<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value);
  useEffect(() => {
    if (value !== undefined) setLast(value);
  }, [value]);
  return value ?? last;
}

/** Whether the store has nothing at all; looks again every few seconds, until the first span is there. */
function useEmptyStore(empty: boolean, looking: boolean, look: () => void): boolean {
  const [waiting, setWaiting] = useState(false);
  useEffect(() => {
    if (!looking) setWaiting(empty);
  }, [empty, looking]);
  // `look` is new on every drawing
  useEffect(() => {
    if (!empty) return;
    const timer = setTimeout(look, EMPTY_STORE_POLL_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [empty]);
  return waiting || empty;
}
