import { useMemo, useRef, useState } from 'preact/hooks';
import { navigate } from '../router/address';
import { tracePath } from '../router/route';
import { formatDuration } from '../time/duration';
import { formatAxis, formatInstant } from '../time/instant';
import { useSize } from '../view/size';
import type { Found } from './result';
import { type Dot, plot } from './scatter';

const HEIGHT = 168;

/** Time × duration, one dot per trace. The list below says the same in words, so the plot is a picture to readers. */
export function ScatterPlot({ found }: { found: Found[] }) {
  const frame = useRef<HTMLElement>(null);
  const { width } = useSize(frame);
  const [hovered, setHovered] = useState<Dot>();
  const { dots, times, durations, withDay } = useMemo(() => plot(found, width, HEIGHT), [found, width]);

  return (
    <figure class="scatter" ref={frame} data-testid="scatter-plot">
      {width > 0 && (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`${found.length} traces by time and duration`}
        >
          {durations.map(({ value, at }) => (
            <g key={value}>
              <line class="grid" x1="64" x2={width - 12} y1={at} y2={at} />
              <text x="56" y={at + 4} text-anchor="end">
                {formatDuration(value)}
              </text>
            </g>
          ))}
          {times.map(({ value, at }) => (
            <text key={value} x={at} y={HEIGHT - 6} text-anchor="middle">
              {formatAxis(value, withDay)}
            </text>
          ))}
          {dots.map((dot) => (
            // The list of links below is the way for the keyboard.
            <circle
              key={dot.trace.id}
              class={dot.trace.errors > 0 ? 'dot error' : 'dot'}
              cx={dot.x}
              cy={dot.y}
              r={dot.r}
              data-testid="scatter-dot"
              onClick={() => navigate(tracePath(dot.trace.id))}
              onMouseEnter={() => setHovered(dot)}
              onMouseLeave={() => setHovered(undefined)}
            />
          ))}
        </svg>
      )}
      {hovered && <Tip dot={hovered} width={width} />}
    </figure>
  );
}

function Tip({ dot, width }: { dot: Dot; width: number }) {
  const side = dot.x > width / 2 ? { right: `${width - dot.x + 12}px` } : { left: `${dot.x + 12}px` };
  return (
    <div class="tip" style={{ ...side, top: `${Math.min(dot.y, HEIGHT - 80)}px` }}>
      <b>{dot.trace.service || 'unknown service'}</b> {dot.trace.operation}
      <br />
      {formatDuration(dot.trace.duration)} · {dot.trace.spans} spans
      {dot.trace.errors > 0 && ` · ${dot.trace.errors} errors`}
      <br />
      {formatInstant(dot.trace.start)}
    </div>
  );
}
