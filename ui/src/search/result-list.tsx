import { useRef } from 'preact/hooks';
import { Link } from '../router/link';
import { tracePath } from '../router/route';
import { formatDuration } from '../time/duration';
import { formatAge, formatInstant, formatRfc3339Nano } from '../time/instant';
import { usePageKeys } from '../view/keys';
import { serviceColor } from '../view/service-color';
import { ServicePill } from '../view/service-pill';
import { type Found, SORTS, type Sort } from './result';

interface Props {
  found: Found[];
  limit: number;
  sort: Sort;
  /** Milliseconds since 1970, when the search was made. */
  now: number;
  onSort: (sort: Sort) => void;
}

export function ResultList({ found, limit, sort, now, onSort }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const longest = found.reduce((most, { duration }) => (duration > most ? duration : most), 1n);

  usePageKeys((event) => {
    const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0;
    if (step !== 0) focusNeighbour(list.current, step);
  });

  return (
    <section aria-labelledby="results-title">
      <header class="results-header">
        <h2 id="results-title" aria-live="polite" data-testid="result-count">
          {found.length === 1 ? '1 trace' : `${found.length} traces`}
          {found.length >= limit && <small>limit reached, there may be more</small>}
        </h2>
        <label>
          <span class="visually-hidden">Sort</span>
          <select
            value={sort}
            data-testid="sort-select"
            onChange={(event) => onSort(event.currentTarget.value as Sort)}
          >
            {Object.entries(SORTS).map(([value, { label }]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </header>
      <ol class="result-list" ref={list}>
        {found.map((trace) => (
          <li key={trace.id}>
            <Result trace={trace} longest={longest} now={now} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Result({ trace, longest, now }: { trace: Found; longest: bigint; now: number }) {
  const share = (Number(trace.duration) / Number(longest)) * 100;
  return (
    <Link to={tracePath(trace.id)} class="result" data-testid="trace-result" data-trace-id={trace.id}>
      <span class="result-title">
        <span class="result-service">{trace.service || 'unknown service'}</span>
        <span class="result-operation">{trace.operation || 'no root span yet'}</span>
      </span>
      <span class="result-duration">{formatDuration(trace.duration)}</span>
      <span class="result-bar" aria-hidden="true">
        <span style={{ width: `max(3px, ${share}%)`, background: serviceColor(trace.service) }} />
      </span>
      <span class="result-facts">
        <span class="count">{trace.spans === 1 ? '1 span' : `${trace.spans.toLocaleString()} spans`}</span>
        {trace.errors > 0 && (
          <span class="errors">{trace.errors === 1 ? '1 error' : `${trace.errors} errors`}</span>
        )}
        {trace.orphans > 0 && <span class="orphans">{trace.orphans} without parent</span>}
        {trace.services.map(({ name, spans, errors }) => (
          <ServicePill key={name} name={name} spans={spans} errors={errors} />
        ))}
      </span>
      <span class="result-time" title={formatRfc3339Nano(trace.start)}>
        <span class="age">{formatAge(trace.start, now)}</span> <time>{formatInstant(trace.start)}</time>
      </span>
    </Link>
  );
}

function focusNeighbour(list: HTMLElement | null, step: number): void {
  const links = [...(list?.querySelectorAll<HTMLElement>('a.result') ?? [])];
  const current = links.indexOf(document.activeElement as HTMLElement);
  const next = links[current === -1 ? 0 : current + step];
  next?.focus();
}
