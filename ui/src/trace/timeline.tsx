import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formatDuration } from '../time/duration';
import { roundTicks } from '../time/ticks';
import { usePageKeys } from '../view/keys';
import { useSize } from '../view/size';
import type { Span } from './model';
import { sliceOf, type View } from './rows';
import { SpanRow } from './span-row';

interface Props {
  rows: Span[];
  view: View;
  cursor: Span | undefined;
  open: boolean;
  collapsed: ReadonlySet<string>;
  matches: Set<string> | undefined;
  narrow: boolean;
  onCursor: (span: Span) => void;
  onShow: (span: Span) => void;
  onToggle: (span: Span) => void;
  onClose: () => void;
}

const ROW_PIXELS = 28;
const NARROW_ROW_PIXELS = 44;
const MOST_TICKS = 5;
const MOST_TICKS_NARROW = 3;

/** The spans, one row each. Only the rows in sight are in the page, so ten thousand scroll like ten. */
export function Timeline(props: Props) {
  const { rows, view, cursor, open, collapsed, matches, narrow } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { height } = useSize(scroller);
  const [top, setTop] = useState(0);
  const rowPixels = narrow ? NARROW_ROW_PIXELS : ROW_PIXELS;
  const { first, last } = sliceOf(rows.length, rowPixels, top, height);
  const place = cursor ? placeOf(rows, cursor) : -1;

  useCursorInSight(scroller, place, rowPixels, height);
  // The tree has one tab stop; its keys also work before anything has the focus.
  usePageKeys((event) => {
    if (event.target !== document.body && event.target !== scroller.current) return;
    const action = actionOf(event.key, rows, place, collapsed, Math.floor(height / rowPixels));
    if (!action) return;
    event.preventDefault();
    if (action.do === 'move') props.onCursor(action.span);
    if (action.do === 'toggle') props.onToggle(action.span);
    if (action.do === 'show') {
      if (open) props.onClose();
      else props.onShow(action.span);
    }
  });

  const ticks = roundTicks(view.from, view.to, narrow ? MOST_TICKS_NARROW : MOST_TICKS).map((value) => ({
    value,
    left: `${((value - view.from) / (view.to - view.from)) * 100}%`,
  }));
  return (
    <div class="timeline">
      <div class="timeline-head" aria-hidden="true">
        <span class="timeline-head-name">Service and operation</span>
        <div class="ticks">
          {ticks.map(({ value, left }) => (
            <span key={value} style={{ left }}>
              {value === 0 ? '0' : formatDuration(Math.round(value))}
            </span>
          ))}
        </div>
      </div>
      <div
        class="timeline-rows"
        ref={scroller}
        role="tree"
        tabIndex={0}
        aria-label="Spans"
        aria-activedescendant={place >= first && place < last ? `row-${cursor?.key}` : undefined}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        data-testid="timeline"
      >
        <div class="timeline-all" role="presentation" style={{ height: `${rows.length * rowPixels}px` }}>
          <div class="grid-lines" aria-hidden="true">
            {ticks.map(({ value, left }) => (
              <span key={value} style={{ left }} />
            ))}
          </div>
          {rows.slice(first, last).map((span, i) => (
            <SpanRow
              key={span.key}
              span={span}
              top={(first + i) * rowPixels}
              view={view}
              active={span === cursor}
              open={open && span === cursor}
              collapsed={collapsed.has(span.key)}
              match={matches === undefined ? undefined : matches.has(span.key)}
              onShow={props.onShow}
              onToggle={props.onToggle}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

/** Rows are in reading order, so a span is found by halving. */
function placeOf(rows: Span[], { index }: Span): number {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = (rows[middle] as Span).index;
    if (at === index) return middle;
    if (at < index) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function useCursorInSight(
  scroller: { current: HTMLElement | null },
  place: number,
  rowPixels: number,
  height: number,
): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || place < 0 || height === 0) return;
    const top = place * rowPixels;
    const above = top < element.scrollTop;
    const below = top + rowPixels > element.scrollTop + height;
    if (!above && !below) return;
    const far = Math.abs(top - element.scrollTop) > height * 1.5;
    element.scrollTop = far ? top - height / 3 : above ? top : top + rowPixels - height;
  }, [place, rowPixels, height]);
}

type Action = { do: 'move' | 'toggle' | 'show'; span: Span };

/** What a key means in the tree. */
function actionOf(
  key: string,
  rows: Span[],
  place: number,
  collapsed: ReadonlySet<string>,
  page: number,
): Action | undefined {
  const move = (to: number): Action | undefined => {
    const span = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    return span && { do: 'move', span };
  };
  const span = rows[place];
  const folded = span !== undefined && collapsed.has(span.key);
  if (key === 'ArrowDown' || key === 'j') return move(place + 1);
  if (key === 'ArrowUp' || key === 'k') return move(place - 1);
  if (key === 'PageDown') return move(place + page);
  if (key === 'PageUp') return move(place - page);
  if (key === 'Home') return move(0);
  if (key === 'End') return move(rows.length - 1);
  if (!span) return undefined;
  if (key === 'Enter' || key === ' ') return { do: 'show', span };
  if (key === 'ArrowRight' && span.below > 0) return folded ? { do: 'toggle', span } : move(place + 1);
  if (key === 'ArrowLeft') {
    if (span.below > 0 && !folded) return { do: 'toggle', span };
    if (span.parent) return { do: 'move', span: span.parent };
  }
  return undefined;
}
