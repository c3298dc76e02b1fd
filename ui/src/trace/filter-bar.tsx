import { useEffect, useRef } from 'preact/hooks';
import type { Span } from './model';

interface Props {
  spans: Span[];
  matches: Set<string> | undefined;
  find: string;
  cursor: Span | undefined;
  zoomedIn: boolean;
  anyCollapsed: boolean;
  onFind: (text: string) => void;
  onGo: (span: Span) => void;
  onZoomOut: () => void;
  onExpandAll: () => void;
  onCollapseAll: () => void;
}

export function FilterBar(props: Props) {
  const { spans, matches, find, cursor, onFind, onGo } = props;
  const input = useRef<HTMLInputElement>(null);
  useFindKey(input);

  const go = (step: 1 | -1) => {
    const next = nextMatch(spans, matches, cursor?.index ?? -1, step);
    if (next) onGo(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') go(event.shiftKey ? -1 : 1);
    if (event.key === 'Escape') {
      onFind('');
      input.current?.blur();
    }
  };

  return (
    <search class="filter-bar">
      <input
        ref={input}
        type="text"
        value={find}
        placeholder="Find in this trace"
        aria-label="Find in this trace"
        title="Services, operations, attributes, ids (Ctrl+B)"
        autocomplete="off"
        spellcheck={false}
        data-testid="span-filter"
        onInput={(event) => onFind(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {matches && (
        <>
          <output class="filter-count" data-testid="filter-count">
            {matches.size.toLocaleString()} of {spans.length.toLocaleString()}
          </output>
          <button
            type="button"
            class="icon"
            aria-label="Previous match"
            onClick={() => go(-1)}
            disabled={matches.size === 0}
          >
            ↑
          </button>
          <button
            type="button"
            class="icon"
            aria-label="Next match"
            onClick={() => go(1)}
            disabled={matches.size === 0}
          >
            ↓
          </button>
        </>
      )}
      <span class="spacer" />
      {props.zoomedIn && (
        <button type="button" data-testid="zoom-reset" onClick={props.onZoomOut}>
          Reset zoom
        </button>
      )}
      {props.anyCollapsed ? (
        <button type="button" data-testid="expand-all" onClick={props.onExpandAll}>
          Expand all
        </button>
      ) : (
        <button type="button" data-testid="collapse-all" onClick={props.onCollapseAll}>
          Collapse all
        </button>
      )}
    </search>
  );
}

function useFindKey(input: { current: HTMLInputElement | null }): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'b' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      input.current?.select();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [input]);
}

/** The next match in reading order, round and round. */
function nextMatch(
  spans: Span[],
  matches: Set<string> | undefined,
  from: number,
  step: 1 | -1,
): Span | undefined {
  if (!matches || matches.size === 0) return undefined;
  const start = from === -1 && step === -1 ? 0 : from;
  for (let i = 1; i <= spans.length; i++) {
    const span = spans[(start + i * step + spans.length * 2) % spans.length];
    if (span && matches.has(span.key)) return span;
  }
  return undefined;
}
