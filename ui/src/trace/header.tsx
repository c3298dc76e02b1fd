import { traceJsonUrl } from '../api/client';
import { Link } from '../router/link';
import { lastSearch } from '../search/last-search';
import { formatDuration } from '../time/duration';
import { formatInstant, formatRfc3339Nano } from '../time/instant';
import { CopyButton } from '../view/copy';
import { ServicePill } from '../view/service-pill';
import type { Trace } from './model';

interface Props {
  id: string;
  trace: Trace;
  onFind: (text: string) => void;
}

export function TraceHeader({ id, trace, onFind }: Props) {
  const root = trace.roots[0];
  return (
    <header class="trace-header">
      <div class="trace-title">
        <Link class="back" to={lastSearch()} aria-label="Back to the search">
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M10 3L5 8l5 5" />
          </svg>
        </Link>
        <h1 data-testid="trace-title">
          <span class="trace-service">{root?.service}</span> <span class="trace-operation">{root?.name}</span>
        </h1>
        <span class="trace-id">
          <code title={id}>{id}</code>
          <CopyButton text={id} label="Copy the trace id" />
        </span>
        <a class="button" href={traceJsonUrl(id)} target="_blank" rel="noreferrer" data-testid="trace-json">
          JSON
        </a>
      </div>
      <dl class="trace-facts">
        <Fact name="Start" value={formatInstant(trace.start)} title={formatRfc3339Nano(trace.start)} />
        <Fact
          name="Duration"
          value={formatDuration(trace.end - trace.start)}
          title={`${trace.end - trace.start} ns`}
        />
        <Fact name="Services" value={trace.services.length} />
        <Fact name="Depth" value={trace.depth.toLocaleString()} />
        <Fact name="Spans" value={trace.spans.length.toLocaleString()} />
        <Fact name="Errors" value={trace.errors.toLocaleString()} bad={trace.errors > 0} />
      </dl>
      <ul class="trace-services" aria-label="Services of this trace">
        {trace.services.map(({ name, spans, errors }) => (
          <li key={name}>
            <button type="button" class="plain" onClick={() => onFind(name)} aria-label={`Highlight ${name}`}>
              <ServicePill name={name} spans={spans} errors={errors} />
            </button>
          </li>
        ))}
      </ul>
    </header>
  );
}

function Fact({
  name,
  value,
  title,
  bad,
}: {
  name: string;
  value: string | number;
  title?: string;
  bad?: boolean;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd title={title} class={bad ? 'bad' : ''} data-testid={`trace-${name.toLowerCase()}`}>
        {value}
      </dd>
    </div>
  );
}
