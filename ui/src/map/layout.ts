// Places for services and lines for calls, from left to right.

import { Graph, layout } from '@dagrejs/dagre';
import type { CallGraph, ServiceNode } from './calls';

export interface Box {
  service: ServiceNode;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  parent: string;
  child: string;
  calls: number;
  /** An SVG path. */
  path: string;
  /** Where its number stands. */
  x: number;
  y: number;
  width: number;
}

export interface Placed {
  width: number;
  height: number;
  boxes: Box[];
  lines: Line[];
}

const BOX_HEIGHT = 44;
const BOX_WIDTH_MIN = 110;
const LETTER_WIDTH = 8.4;
const BOX_PADDING = 44;
const MARGIN = 16;
const LINE_WIDTH_MAX = 4.5;

interface Point {
  x: number;
  y: number;
}

export function place({ services, calls }: CallGraph): Placed {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: 'LR', nodesep: 28, ranksep: 90, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { name } of services) {
    const width = Math.max(BOX_WIDTH_MIN, name.length * LETTER_WIDTH + BOX_PADDING);
    graph.setNode(name, { width, height: BOX_HEIGHT });
  }
  for (const { parent, child, callCount } of calls) {
    const label = callCount.toLocaleString();
    graph.setEdge(parent, child, { width: label.length * LETTER_WIDTH + 8, height: 18, labelpos: 'c' });
  }
  layout(graph);
  const most = calls[0]?.callCount ?? 1;
  const boxes = services.map((service) => {
    const { x, y, width, height } = graph.node(service.name) as Point & { width: number; height: number };
    return { service, x: x - width / 2, y: y - height / 2, width, height };
  });
  const lines = calls.map(({ parent, child, callCount }) => {
    const edge = graph.edge(parent, child) as Point & { points: Point[] };
    const width = 1 + (LINE_WIDTH_MAX - 1) * (Math.log1p(callCount) / Math.log1p(most));
    return { parent, child, calls: callCount, path: smooth(edge.points), x: edge.x, y: edge.y, width };
  });
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { width, height, boxes, lines };
}

/** A curve through the middles of the segments. */
function smooth(points: Point[]): string {
  const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const [first, ...rest] = points;
  if (!first) return '';
  let path = `M${at(first)}`;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    if (next) path += ` Q${at(point)} ${at({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`;
    else path += ` L${at(point)}`;
  });
  return path;
}
