import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { currentAddress } from '../router/address';
import { usePageKeys } from '../view/keys';
import { NARROW, useMedia } from '../view/size';
import { keyFromHash, useDeepLink } from './deep-link';
import { SpanDetail } from './detail';
import { matching } from './filter';
import { FilterBar } from './filter-bar';
import { TraceHeader } from './header';
import { Minimap } from './minimap';
import type { Span, Trace } from './model';
import { clampView, panned, type View, visibleRows, wholeOf, zoomed } from './rows';
import { Timeline } from './timeline';

interface Props {
  id: string;
  trace: Trace;
}

/** A trace on the screen: all state that its parts share lives here. */
export function TraceView({ id, trace }: Props) {
  const narrow = useMedia(NARROW);
  const byKey = useMemo(() => new Map(trace.spans.map((span) => [span.key, span])), [trace]);
  const [cursor, setCursor] = useState<Span | undefined>(() => byKey.get(keyFromHash(currentAddress().hash)));
  const [open, setOpen] = useState(cursor !== undefined);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [view, setView] = useState<View>(() => wholeOf(trace));
  const [find, setFind] = useState(() => new URLSearchParams(currentAddress().query).get('uiFind') ?? '');

  const rows = useMemo(() => visibleRows(trace.spans, collapsed), [trace, collapsed]);
  const matches = useMemo(() => matching(trace.spans, find), [trace, find]);

  const show = useCallback((span: Span) => {
    setCursor(span);
    setOpen(true);
  }, []);
  const reveal = useCallback((span: Span) => {
    setCollapsed((last) => withoutAncestors(last, span));
    setCursor(span);
  }, []);
  const toggle = useCallback((span: Span) => {
    setCollapsed((last) => toggled(last, span.key));
    setCursor(span);
  }, []);
  const zoom = useCallback((next: View) => setView(clampView(next, trace)), [trace]);
  const close = useCallback(() => setOpen(false), []);

  useDeepLink(id, open ? cursor?.key : undefined, find, (key) => {
    const span = byKey.get(key);
    if (!span) return;
    reveal(span);
    setOpen(true);
  });
  usePageKeys((event) => {
    if (event.key === 'Escape') setOpen(false);
    const next = viewAfterKey(event.key, view, trace);
    if (next) setView(next);
  });
  useEffect(() => {
    // The first match of a link comes into sight by itself.
    const first = !cursor && matches ? trace.spans.find(({ key }) => matches.has(key)) : undefined;
    if (first) setCursor(first);
  }, []);

  return (
    <main class="trace-page">
      <TraceHeader id={id} trace={trace} onFind={setFind} />
      <Minimap trace={trace} view={view} matches={matches} onView={zoom} />
      <FilterBar
        spans={trace.spans}
        matches={matches}
        find={find}
        cursor={cursor}
        zoomedIn={view.to - view.from < trace.length}
        anyCollapsed={collapsed.size > 0}
        onFind={setFind}
        onGo={reveal}
        onZoomOut={() => setView(wholeOf(trace))}
        onExpandAll={() => setCollapsed(new Set())}
        onCollapseAll={() =>
          setCollapsed(new Set(trace.spans.filter(({ below }) => below > 0).map(({ key }) => key)))
        }
      />
      <div class={open && cursor ? 'trace-body with-detail' : 'trace-body'}>
        <Timeline
          rows={rows}
          view={view}
          cursor={cursor}
          open={open}
          collapsed={collapsed}
          matches={matches}
          narrow={narrow}
          onCursor={setCursor}
          onShow={show}
          onToggle={toggle}
          onClose={close}
        />
        {open && cursor && (
          <SpanDetail key={cursor.key} span={cursor} trace={trace} onClose={close} onGo={reveal} />
        )}
      </div>
    </main>
  );
}

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}

function withoutAncestors(set: ReadonlySet<string>, span: Span): ReadonlySet<string> {
  const next = new Set(set);
  for (let at = span.parent; at; at = at.parent) next.delete(at.key);
  return next.size === set.size ? set : next;
}

/** The keys that Jaeger's users know: w and s zoom, a and d move. */
function viewAfterKey(key: string, view: View, trace: Trace): View | undefined {
  if (key === 'w') return zoomed(view, 0.5, trace);
  if (key === 's') return zoomed(view, 2, trace);
  if (key === 'a') return panned(view, -0.2, trace);
  if (key === 'd') return panned(view, 0.2, trace);
  return undefined;
}
