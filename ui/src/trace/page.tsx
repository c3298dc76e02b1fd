import { useEffect, useState } from 'preact/hooks';
import { fetchTrace } from '../api/client';
import { Failure } from '../api/failure';
import { useLoad } from '../api/load';
import { Link } from '../router/link';
import { Failed, Loading, Message } from '../view/message';
import { buildTrace, type Trace } from './model';
import { TraceView } from './view';

export function TracePage({ id }: { id: string }) {
  const [attempt, setAttempt] = useState(0);
  const load = useLoad(`${id} ${attempt}`, async (signal) => ({
    id,
    trace: buildTrace(await fetchTrace(id, signal)),
  }));
  const retry = () => setAttempt(attempt + 1);

  useEffect(() => {
    document.title = `${load.state === 'done' ? titleOf(load.value.trace) : `Trace ${id.slice(0, 8)}`} · jqs`;
  }, [load, id]);

  if (load.state === 'done' && load.value.trace.spans.length > 0) {
    return <TraceView key={load.value.id} id={load.value.id} trace={load.value.trace} />;
  }
  return (
    <main class="centred">
      {load.state === 'loading' && <Loading what="the trace" />}
      {load.state === 'done' && <Missing id={id} onRetry={retry} />}
      {load.state === 'failed' &&
        (load.error instanceof Failure && load.error.status === 404 ? (
          <Missing id={id} onRetry={retry} />
        ) : (
          <Failed error={load.error} onRetry={retry} />
        ))}
    </main>
  );
}

function Missing({ id, onRetry }: { id: string; onRetry: () => void }) {
  return (
    <Message title="Trace not found" testId="trace-missing">
      <p>
        There is no trace <code>{id}</code>. It may not have arrived yet, it may not have been sampled, or it
        is older than what this server keeps.
      </p>
      <div class="actions">
        <button type="button" class="primary" onClick={onRetry}>
          Look again
        </button>
        <Link class="button" to="/search">
          Search
        </Link>
      </div>
    </Message>
  );
}

const titleOf = ({ roots }: Trace) => (roots[0] ? `${roots[0].service}: ${roots[0].name}` : 'Trace');
