/**
 * Draws the influence diagram as SVG: a node for each variable with its value v and ∂Div/∂v, and an edge for
 * each local derivative. A scalar activation is drawn as parallel arrows, a vector activation as a full
 * bipartite block.
 */
import type { Explanation } from './explain.js';
import type { Block, Edge, Influence, Node } from './influence.js';
import { layersDiagram } from './layersdiagram.js';
import { placeNodes } from './layout.js';
import { box, escaped, line, type Point, pill, short, signOf, svg, symbol, text } from './svg.js';

const NODE = { width: 84, height: 56 };
const MARGIN = { x: 36, top: 86, bottom: 62 };
/**
 * Edges up to which those of a block are labelled. In larger blocks width and colour show the derivative, and
 * a tooltip its value.
 */
const LABELLED_EDGES = 20;
const LABEL_HEIGHT = 15;
/** Horizontal distance between layers. */
const LAYER_GAP = 120;

/** Says where nodes lie and which way edges go. */
interface DiagramLayout {
  /** Centre of each node. */
  readonly centres: ReadonlyMap<number, Point>;
  readonly route: (edge: Edge) => readonly Point[];
  readonly width: number;
  readonly height: number;
}

/** Draws a network unit by unit where that is small enough to read, and layer by layer otherwise. */
export function diagram(explanation: Explanation, name: string): string {
  const { influence } = explanation;
  return influence ? unitsDiagram(influence, explanation, name) : layersDiagram(explanation, name);
}

function unitsDiagram(graph: Influence, { instance }: Explanation, name: string): string {
  const positions = layOut(graph);
  const { width, height } = positions;
  return svg(width, height, `influence diagram of ${name}`, [
    text({ x: MARGIN.x, y: 30 }, 'title', escaped(name), 'start'),
    text({ x: MARGIN.x, y: 49 }, 'heading', escaped(`influence diagram, ${instance}`), 'start'),
    ...graph.blocks.map((block) => edgesOf(block, positions)),
    ...graph.blocks.filter(isLabelled).map((block) => labelsOf(block, positions)),
    ...headings(graph, positions),
    ...graph.nodes.map((node) => nodeOf(node, positions.centres.get(node.id)!)),
    text(
      { x: MARGIN.x, y: height - 30 },
      'heading',
      'Node: its value, and under it ∂Div/∂node. Edge: the derivative of its end by its beginning; blue raises, red lowers, grey dots: none.',
      'start',
    ),
    text(
      { x: MARGIN.x, y: height - 13 },
      'heading',
      '∂Div/∂node is the sum, over all paths to Div, of the products of the derivatives along each path.',
      'start',
    ),
  ]);
}

function layOut(influence: Influence): DiagramLayout {
  const labelled = influence.blocks.filter((block) => isLabelled(block) && !block.scalar);
  const busiest = Math.max(0, ...labelled.map(({ edges }) => new Set(edges.map(({ to }) => to)).size));
  const { centres, width, height, bends } = placeNodes(influence, {
    node: NODE,
    gap: LAYER_GAP,
    apart: Math.max(16, (busiest + 1) * LABEL_HEIGHT - NODE.height + 4),
    direction: 'right',
    margin: MARGIN.x,
  });
  const placed = new Map(Array.from(centres, ([id, centre]) => [id, belowTitle(centre)]));
  return {
    centres: placed,
    width: Math.max(width, 760),
    height: height + MARGIN.top + MARGIN.bottom,
    route(edge) {
      const [a, b] = [placed.get(edge.from)!, placed.get(edge.to)!];
      const around = bends(edge).map(belowTitle);
      return [{ x: a.x + NODE.width / 2, y: a.y }, ...around, { x: b.x - NODE.width / 2, y: b.y }];
    },
  };
}

const belowTitle = ({ x, y }: Point): Point => ({ x, y: y + MARGIN.top });

function nodeOf({ name, kind, value, derivative }: Node, at: Point): string {
  const lines = [
    text({ x: at.x, y: at.y - 12 }, 'name', symbol(name)),
    text({ x: at.x, y: at.y + 5 }, 'value', short(value)),
    ...(kind === 'divergence'
      ? []
      : [text({ x: at.x, y: at.y + 20 }, 'derivative', `∂ ${short(derivative)}`)]),
  ];
  return `<g>${box(at, NODE.width, NODE.height, `node ${kind}`)}${lines.join('')}</g>`;
}

const isLabelled = ({ edges, scalar }: Block) => scalar || edges.length <= LABELLED_EDGES;

function edgesOf({ label, edges }: Block, { route }: DiagramLayout): string {
  const largest = Math.max(...edges.map(({ derivative }) => Math.abs(derivative)));
  const drawn = edges.map((edge) => {
    const share = largest > 0 ? Math.abs(edge.derivative) / largest : 0;
    return line(route(edge), signOf(edge.derivative), 0.7 + 2.3 * share, `${label}: ${edge.derivative}`);
  });
  return `<g opacity="${edges.length > LABELLED_EDGES ? 0.55 : 0.85}">${drawn.join('')}</g>`;
}

/** Puts all labels of a block into one column, where its edges are furthest apart. */
function labelsOf({ edges }: Block, { route }: DiagramLayout): string {
  const shown = edges.filter(({ derivative }) => derivative !== 0);
  const routes = shown.map((edge) => route(edge));
  // Shares of the way from 0.2 to 0.8, the middle first: another must be clearly better to win.
  const shares = Array.from({ length: 25 }, (_, i) => 0.2 + 0.025 * i).sort(
    (a, b) => Math.abs(a - 0.5) - Math.abs(b - 0.5),
  );
  const share = shares.reduce((best, next) =>
    smallestGap(routes, next) > smallestGap(routes, best) + 0.5 ? next : best,
  );
  return shown
    .map(({ derivative }, i) =>
      pill(along(routes[i], share), `label ${derivative > 0 ? 'up' : 'down'}`, short(derivative)),
    )
    .join('');
}

/** Writes the names of the layers above the gaps between columns. */
function headings({ blocks }: Influence, { centres }: DiagramLayout): string[] {
  const labels = new Map<number, Set<string>>();
  for (const { label, edges } of blocks) {
    const ends = [edges[0].from, edges[0].to].map((node) => centres.get(node)!.x);
    const middle = Math.round((ends[0] + ends[1]) / 2);
    if (label !== 'Div')
      labels.set(middle, (labels.get(middle) ?? new Set()).add(label === 'dense' ? 'affine' : label));
  }
  return Array.from(labels, ([x, names]) =>
    text({ x, y: MARGIN.top - 10 }, 'heading', escaped([...names].join(', '))),
  );
}

/** Returns the smallest distance between any two edges at this share of their way. */
function smallestGap(routes: readonly (readonly Point[])[], share: number): number {
  const heights = routes.map((points) => along(points, share).y).sort((a, b) => a - b);
  return Math.min(40, ...heights.slice(1).map((y, i) => y - heights[i]));
}

/** Returns the point at this share of a route, or of its first part where the route has bends. */
function along([a, b, ...bends]: readonly Point[], share: number): Point {
  const rest = 1 - share;
  const rise = bends.length > 0 ? 3 * rest * share * share + share ** 3 : share;
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * rise };
}
