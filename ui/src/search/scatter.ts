// Where the dots and the labels of the scatter plot go.

import { logTicks, roundTicks } from '../time/ticks';
import type { Found } from './result';

export interface Dot {
  trace: Found;
  x: number;
  y: number;
  r: number;
}

export interface Label {
  value: number;
  at: number;
}

export interface Plot {
  dots: Dot[];
  times: Label[];
  durations: Label[];
  withDay: boolean;
}

const LEFT = 76;
const RIGHT = 24;
const TOP = 14;
const BOTTOM = 34;
const LABEL_WIDTH = 96;
const DAY_MILLISECONDS = 86_400_000;
const TICK_STEPS_SECONDS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400];

/** Durations are on a logarithmic axis: one slow trace must not press all others flat. */
export function plot(found: Found[], width: number, height: number): Plot {
  if (found.length === 0 || width <= LEFT + RIGHT)
    return { dots: [], times: [], durations: [], withDay: false };
  const starts = found.map(({ start }) => Number(start / 1000n) / 1000);
  const lengths = found.map(({ duration }) => Math.max(Number(duration), 1));
  const time = padded(Math.min(...starts), Math.max(...starts), 500);
  const from = Math.min(...lengths);
  const to = Math.max(...lengths);
  // At least a factor of ten, so that equal durations do not fill the whole height.
  const widen = to / from < 10 ? Math.sqrt((10 * from) / to) : 1.2;
  const low = Math.log(from / widen);
  const high = Math.log(to * widen);

  const x = (ms: number) => LEFT + ((ms - time.from) / (time.to - time.from)) * (width - LEFT - RIGHT);
  const y = (ns: number) => TOP + (1 - (Math.log(ns) - low) / (high - low)) * (height - TOP - BOTTOM);
  const dots = found.map((trace, i) => ({
    trace,
    x: x(starts[i] as number),
    y: y(lengths[i] as number),
    r: Math.min(4 + Math.log10(Math.max(trace.spans, 1)) * 2, 11),
  }));
  return {
    // Small dots are drawn last, so that they stay within reach of the pointer.
    dots: dots.sort((a, b) => b.r - a.r),
    times: timeTicks(time.from, time.to, (width - LEFT - RIGHT) / LABEL_WIDTH).map((value) => ({
      value,
      at: x(value),
    })),
    durations: logTicks(Math.exp(low), Math.exp(high), 5).map((value) => ({ value, at: y(value) })),
    withDay: time.to - time.from > DAY_MILLISECONDS,
  };
}

function padded(from: number, to: number, least: number): { from: number; to: number } {
  const pad = Math.max((to - from) * 0.02, least);
  return { from: from - pad, to: to + pad };
}

/** Round clock times in the reader's time zone. */
export function timeTicks(from: number, to: number, most: number): number[] {
  const step = TICK_STEPS_SECONDS.map((s) => s * 1000).find((ms) => (to - from) / ms <= most);
  if (step === undefined) return roundTicks(from, to, Math.max(1, most));
  const zone = new Date(from).getTimezoneOffset() * 60_000;
  const ticks: number[] = [];
  for (let tick = Math.ceil((from - zone) / step) * step + zone; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}
