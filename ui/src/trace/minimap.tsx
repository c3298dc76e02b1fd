import { useEffect, useRef, useState } from 'preact/hooks';
import { formatDuration } from '../time/duration';
import { serviceColorIndex } from '../view/service-color';
import { useMedia, useSize } from '../view/size';
import type { Trace } from './model';
import type { View } from './rows';

interface Props {
  trace: Trace;
  view: View;
  matches: Set<string> | undefined;
  onView: (view: View) => void;
}

/** A drag shorter than this is a click. */
const CLICK_PIXELS = 4;

/** The whole trace at a glance. Dragging across it zooms in, a double click zooms out. */
export function Minimap({ trace, view, matches, onView }: Props) {
  const frame = useRef<HTMLElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(frame);
  const dark = useMedia('(prefers-color-scheme: dark)');
  const [drag, setDrag] = useState<{ from: number; to: number }>();

  // `dark` changes the colours that are read from the style
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, trace, matches, width, height);
  }, [trace, matches, width, height, dark]);

  const position = (event: PointerEvent) => {
    const box = (frame.current as HTMLElement).getBoundingClientRect();
    return Math.min(Math.max(event.clientX - box.left, 0), width);
  };
  const finish = () => {
    setDrag(undefined);
    if (!drag || Math.abs(drag.to - drag.from) < CLICK_PIXELS) return;
    const scale = trace.length / width;
    onView({ from: Math.min(drag.from, drag.to) * scale, to: Math.max(drag.from, drag.to) * scale });
  };

  const percent = (nanoseconds: number) => (nanoseconds / trace.length) * 100;
  return (
    <figure
      class="minimap"
      ref={frame}
      data-testid="minimap"
      aria-label={`Overview of the trace, ${formatDuration(view.from)} to ${formatDuration(view.to)} shown. Keys: w and s zoom, a and d move.`}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: position(event), to: position(event) });
      }}
      onPointerMove={(event) => drag && setDrag({ ...drag, to: position(event) })}
      onPointerUp={finish}
      onPointerCancel={() => setDrag(undefined)}
      onDblClick={() => onView({ from: 0, to: trace.length })}
    >
      <canvas ref={canvas} />
      <span class="shade" style={{ left: '0', width: `${percent(view.from)}%` }} />
      <span class="shade" style={{ right: '0', width: `${100 - percent(view.to)}%` }} />
      {drag && (
        <span
          class="drag"
          style={{ left: `${Math.min(drag.from, drag.to)}px`, width: `${Math.abs(drag.to - drag.from)}px` }}
        />
      )}
    </figure>
  );
}

function draw(
  canvas: HTMLCanvasElement,
  trace: Trace,
  matches: Set<string> | undefined,
  width: number,
  height: number,
): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (!context) return;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const error = style.getPropertyValue('--error');
  const colors = new Map(
    trace.services.map(({ name }) => [name, style.getPropertyValue(`--service-${serviceColorIndex(name)}`)]),
  );
  const row = Math.min((height - 8) / trace.spans.length, 6);
  for (const span of trace.spans) {
    context.globalAlpha = matches && !matches.has(span.key) ? 0.15 : 1;
    context.fillStyle = (span.error ? error : colors.get(span.service)) ?? error;
    const x = (span.offset / trace.length) * width;
    const w = Math.max((span.length / trace.length) * width, 1);
    context.fillRect(x, 4 + span.index * row, w, Math.max(row * 0.75, 0.75));
  }
}
