import { useEffect } from 'preact/hooks';
import { MapPage } from './map/page';
import { amend, navigate, useAddress } from './router/address';
import { Link } from './router/link';
import { MAP, routeOf, tracePath } from './router/route';
import { rememberSearch } from './search/last-search';
import { SearchPage } from './search/page';
import { TracePage } from './trace/page';
import { Message } from './view/message';

export function App() {
  const address = useAddress();
  const route = routeOf(address.path);

  useEffect(() => {
    if (address.path === '/') amend(`/search${address.query}`);
    else if (route.page === 'search') rememberSearch(`/search${address.query}`);
  }, [address, route.page]);

  return (
    <>
      <header class="bar">
        <Link to="/search" class="brand" aria-label="jqs, start page">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect x="4" y="6" width="24" height="5" rx="2.5" />
            <rect x="9" y="14" width="13" height="5" rx="2.5" />
            <rect x="15" y="22" width="10" height="5" rx="2.5" />
          </svg>
          jqs
        </Link>
        <nav aria-label="Pages">
          <Link to="/search" aria-current={route.page === 'search' ? 'page' : undefined}>
            Search
          </Link>
          <Link to={MAP} aria-current={route.page === 'map' ? 'page' : undefined}>
            Map
          </Link>
        </nav>
        <TraceIdBox />
      </header>
      {route.page === 'search' && <SearchPage address={address} />}
      {route.page === 'map' && <MapPage address={address} />}
      {route.page === 'trace' && <TracePage id={route.id} />}
      {route.page === 'unknown' && <Unknown path={route.path} />}
    </>
  );
}

function TraceIdBox() {
  const open = (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const id = String(new FormData(form).get('trace')).trim();
    if (id === '') return;
    form.reset();
    navigate(tracePath(encodeURIComponent(id)));
  };
  return (
    <form class="trace-id-box" onSubmit={open}>
      <input
        name="trace"
        type="text"
        placeholder="Open a trace id"
        aria-label="Open a trace id"
        autocomplete="off"
        spellcheck={false}
        data-testid="trace-id-input"
      />
    </form>
  );
}

function Unknown({ path }: { path: string }) {
  useEffect(() => {
    document.title = 'Not found · jqs';
  }, []);
  const trace = /^\/trace\/(.*)$/.exec(path);
  return (
    <main class="centred">
      <Message title="There is no such page" testId="unknown-page">
        {trace ? (
          <p>
            <code>{trace[1]}</code> is not a trace id. A trace id has 1 to 32 digits, 0 to 9 and a to f.
          </p>
        ) : (
          <p>
            Nothing is at <code>{path}</code>.
          </p>
        )}
        <div class="actions">
          <Link class="button primary" to="/search">
            Search for traces
          </Link>
        </div>
      </Message>
    </main>
  );
}
