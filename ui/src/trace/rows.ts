// Which spans are on the screen, and where along the time axis.

import type { Span, Trace } from './model';

/** The part of the trace that is shown: nanoseconds from its start. */
export interface View {
  from: number;
  to: number;
}

export const wholeOf = (trace: Trace): View => ({ from: 0, to: trace.length });

/** Reading order without what is below collapsed spans. */
export function visibleRows(spans: Span[], collapsed: ReadonlySet<string>): Span[] {
  if (collapsed.size === 0) return spans;
  const rows: Span[] = [];
  for (let i = 0; i < spans.length; i++) {
    const span = spans[i] as Span;
    rows.push(span);
    if (collapsed.has(span.key)) i += span.below;
  }
  return rows;
}

export interface Slice {
  first: number;
  last: number;
}

const OVERSCAN_ROWS = 8;

/** The rows that a scrolled window shows, and a few on either side. */
export function sliceOf(count: number, rowHeight: number, top: number, height: number): Slice {
  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN_ROWS);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + OVERSCAN_ROWS);
  return { first: Math.min(first, last), last };
}

export interface Bar {
  /** Percent of the width. */
  left: number;
  width: number;
  /** Where the duration stands, so that it stays in sight. */
  label: 'right' | 'left' | 'inside';
  hidden: boolean;
}

/** The bar of a span, cut to the view. Spans outside of the view have none. */
export function barOf(span: Span, { from, to }: View): Bar {
  const scale = 100 / (to - from);
  const left = (span.offset - from) * scale;
  const right = left + span.length * scale;
  const cutLeft = Math.min(Math.max(left, 0), 100);
  const cutRight = Math.min(Math.max(right, 0), 100);
  const label = cutRight < 80 ? 'right' : cutLeft > 20 ? 'left' : 'inside';
  return { left: cutLeft, width: cutRight - cutLeft, label, hidden: right < 0 || left > 100 };
}

const LEAST_VIEW_NANOSECONDS = 10;

/** Keeps a view inside the trace and wide enough to divide by. */
export function clampView({ from, to }: View, trace: Trace): View {
  const width = Math.min(Math.max(to - from, Math.min(LEAST_VIEW_NANOSECONDS, trace.length)), trace.length);
  const start = Math.min(Math.max(from, 0), trace.length - width);
  return { from: start, to: start + width };
}

/** Zooms around the middle: `factor` below 1 shows less time, in more detail. */
export function zoomed({ from, to }: View, factor: number, trace: Trace): View {
  const middle = (from + to) / 2;
  const half = ((to - from) / 2) * factor;
  return clampView({ from: middle - half, to: middle + half }, trace);
}

/** Moves by a share of what is shown. */
export function panned({ from, to }: View, share: number, trace: Trace): View {
  const step = (to - from) * share;
  return clampView({ from: from + step, to: to + step }, trace);
}
