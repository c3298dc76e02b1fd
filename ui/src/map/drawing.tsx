import { serviceColor } from '../view/service-color';
import type { CallGraph } from './calls';
import { type Box, type Line, place } from './layout';

interface Props {
  graph: CallGraph;
  focus: string;
  onFocus: (service: string) => void;
}

/** The graph. The table below it says the same to those who do not see it. */
export function Drawing({ graph, focus, onFocus }: Props) {
  const { width, height, boxes, lines } = place(graph);
  return (
    <div class="map-drawing" data-testid="map-drawing" tabIndex={0} role="group" aria-label="Map of services">
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
        <defs>
          <marker
            id="map-arrow"
            viewBox="0 0 10 10"
            refX="9"
            refY="5"
            markerWidth="9"
            markerHeight="9"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 1 L9 5 L0 9 z" />
          </marker>
        </defs>
        {lines.map((line) => (
          <CallLine key={`${line.parent}\n${line.child}`} line={line} />
        ))}
        {boxes.map((box) => (
          <ServiceBox
            key={box.service.name}
            box={box}
            focused={box.service.name === focus}
            onFocus={onFocus}
          />
        ))}
      </svg>
    </div>
  );
}

function CallLine({ line }: { line: Line }) {
  const { parent, child, calls, path, x, y, width } = line;
  const label = calls.toLocaleString();
  return (
    <g class="map-call" data-testid="map-call">
      <title>{`${parent} → ${child}: ${label} calls`}</title>
      <path d={path} stroke-width={width} marker-end="url(#map-arrow)" />
      <text x={x} y={y}>
        {label}
      </text>
    </g>
  );
}

function ServiceBox({ box, focused, onFocus }: { box: Box; focused: boolean; onFocus: Props['onFocus'] }) {
  const { service, x, y, width, height } = box;
  return (
    <g
      class={focused ? 'map-service focused' : 'map-service'}
      transform={`translate(${x} ${y})`}
      data-testid="map-service"
      data-service={service.name}
      onClick={() => onFocus(focused ? '' : service.name)}
    >
      <title>
        {`${service.name}: called ${service.incoming.toLocaleString()} times, calls ${service.outgoing.toLocaleString()} times`}
      </title>
      <rect width={width} height={height} rx="8" />
      <rect
        class="map-color"
        width="6"
        height={height - 16}
        x="9"
        y="8"
        rx="3"
        style={{ fill: serviceColor(service.name) }}
      />
      <text x="24" y={height / 2}>
        {service.name}
      </text>
    </g>
  );
}
