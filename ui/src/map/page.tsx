import { useEffect, useMemo, useState } from 'preact/hooks';
import { fetchDependencies } from '../api/client';
import { useLoad } from '../api/load';
import type { Dependency } from '../api/wire';
import { type Address, amend } from '../router/address';
import { Link } from '../router/link';
import { MAP } from '../router/route';
import { Failed, Loading, Message } from '../view/message';
import { serviceColor } from '../view/service-color';
import {
  type CallGraph,
  graphOf,
  LOOKBACKS,
  type MapAddress,
  mapQuery,
  parseMapAddress,
  serviceNames,
} from './calls';

/** More than these are hard to see in a drawing, and slow to place. */
const DRAWN_SERVICES_MAX = 200;

export function MapPage({ address }: { address: Address }) {
  const wanted = useMemo(() => parseMapAddress(address.query), [address.query]);
  const [attempt, setAttempt] = useState(0);
  const again = () => setAttempt(attempt + 1);
  const load = useLoad(`${wanted.lookback} ${attempt}`, (signal) =>
    fetchDependencies(Date.now(), LOOKBACKS[wanted.lookback]?.milliseconds ?? 0, signal),
  );
  const all = load.state === 'done' ? load.value : load.state === 'loading' ? load.previous : undefined;
  const show = (change: Partial<MapAddress>) => amend(`${MAP}${mapQuery({ ...wanted, ...change })}`);

  useEffect(() => {
    document.title = wanted.service === '' ? 'Map · jqs' : `${wanted.service} · Map · jqs`;
  }, [wanted.service]);

  return (
    <main class="map-page" aria-busy={load.state === 'loading'}>
      <Controls wanted={wanted} services={all ? serviceNames(all) : []} onShow={show} onAgain={again} />
      {load.state === 'failed' ? (
        <Failed error={load.error} onRetry={again} />
      ) : all ? (
        <Calls all={all} wanted={wanted} onShow={show} />
      ) : (
        <Loading what="calls" />
      )}
    </main>
  );
}

interface ControlsProps {
  wanted: MapAddress;
  services: string[];
  onShow: (change: Partial<MapAddress>) => void;
  onAgain: () => void;
}

function Controls({ wanted, services, onShow, onAgain }: ControlsProps) {
  // A service of the address may have no calls in this time.
  const names =
    wanted.service === '' || services.includes(wanted.service) ? services : [wanted.service, ...services];
  return (
    <form class="map-controls" onSubmit={(event) => event.preventDefault()}>
      <label>
        <span>Calls of</span>
        <select
          value={wanted.service}
          data-testid="map-focus"
          onChange={(event) => onShow({ service: event.currentTarget.value })}
        >
          <option value="">all services</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Time</span>
        <select
          value={wanted.lookback}
          data-testid="map-lookback"
          onChange={(event) => onShow({ lookback: event.currentTarget.value })}
        >
          {Object.entries(LOOKBACKS).map(([value, { label }]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={onAgain}>
        Look again
      </button>
    </form>
  );
}

interface CallsProps {
  all: Dependency[];
  wanted: MapAddress;
  onShow: (change: Partial<MapAddress>) => void;
}

function Calls({ all, wanted, onShow }: CallsProps) {
  const graph = useMemo(() => graphOf(all, wanted.service), [all, wanted.service]);
  if (graph.calls.length === 0) return <NoCalls service={wanted.service} />;
  const total = graph.calls.reduce((sum, { callCount }) => sum + callCount, 0);
  return (
    <>
      <p class="map-count" aria-live="polite" data-testid="map-count">
        {graph.services.length} services, {total.toLocaleString()} calls
      </p>
      {graph.services.length > DRAWN_SERVICES_MAX ? (
        <p class="map-count">More than {DRAWN_SERVICES_MAX} are not drawn: choose one above.</p>
      ) : (
        <Drawn graph={graph} focus={wanted.service} onFocus={(service) => onShow({ service })} />
      )}
      <Table graph={graph} onFocus={(service) => onShow({ service })} />
    </>
  );
}

/** What draws is loaded when it is needed first: it is larger than the rest of the page. */
function Drawn(props: { graph: CallGraph; focus: string; onFocus: (service: string) => void }) {
  const load = useLoad('drawing', () => import('./drawing'));
  if (load.state === 'failed')
    return <p class="map-count">The drawing cannot be loaded: {load.error.message}</p>;
  if (load.state === 'loading') return <Loading what="the drawing" />;
  const { Drawing } = load.value;
  return <Drawing {...props} />;
}

function Table({ graph, onFocus }: { graph: CallGraph; onFocus: (service: string) => void }) {
  return (
    <div class="map-table">
      <table data-testid="map-table">
        <caption class="visually-hidden">Calls between services, the most frequent first</caption>
        <thead>
          <tr>
            <th scope="col">Caller</th>
            <th scope="col">Called</th>
            <th scope="col" class="number">
              Calls
            </th>
            <th scope="col">
              <span class="visually-hidden">Traces</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {graph.calls.map(({ parent, child, callCount }) => (
            <tr key={`${parent}\n${child}`}>
              <td>
                <Service name={parent} onFocus={onFocus} />
              </td>
              <td>
                <Service name={child} onFocus={onFocus} />
              </td>
              <td class="number">{callCount.toLocaleString()}</td>
              <td>
                <Link
                  to={`/search?${new URLSearchParams({ service: child })}`}
                  aria-label={`Traces of ${child}`}
                >
                  Traces
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Service({ name, onFocus }: { name: string; onFocus: (service: string) => void }) {
  return (
    <button
      type="button"
      class="text map-name"
      onClick={() => onFocus(name)}
      title={`Only the calls of ${name}`}
    >
      <i style={{ background: serviceColor(name) }} />
      {name}
    </button>
  );
}

function NoCalls({ service }: { service: string }) {
  return (
    <Message title="No calls between services" testId="no-calls">
      <p>
        {service === ''
          ? 'In this time no span of one service has its parent in another. Choose a longer time, or send traces that pass on their context from service to service.'
          : `In this time ${service} calls no other service, and none calls it.`}
      </p>
      <div class="actions">
        <Link class="button primary" to="/search">
          Search for traces
        </Link>
      </div>
    </Message>
  );
}
