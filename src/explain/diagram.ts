/**
 * The influence diagram as SVG: a node for each variable with its value and ∂Div/∂ of it, an edge for each local
 * derivative. A scalar activation is a sheaf of parallel arrows, a vector activation a full bipartite block.
 */
import { Graph, layout } from '@dagrejs/dagre';
import type { Explanation } from './explain.js';
import type { Block, Edge, Influence, Node } from './influence.js';
import { layersDiagram } from './layersdiagram.js';
import { box, escaped, line, type Point, pill, short, signOf, svg, symbol, text } from './svg.js';

const NODE = { width: 84, height: 56 };
const MARGIN = { x: 36, top: 86, bottom: 62 };
/** Labels stand on the edges of blocks up to this many edges; beyond, width and colour speak, and the mouse tells the number. */
const LABELLED_EDGES = 20;
const LABEL_HEIGHT = 15;

interface Placed {
  readonly at: ReadonlyMap<number, Point>;
  readonly route: (edge: Edge) => readonly Point[];
  readonly width: number;
  readonly height: number;
}

/** Unit by unit where the network is small enough to be read so, else layer by layer. */
export function diagram(explanation: Explanation, name: string): string {
  const { influence } = explanation;
  return influence ? unitsDiagram(influence, explanation, name) : layersDiagram(explanation, name);
}

function unitsDiagram(graph: Influence, { instance }: Explanation, name: string): string {
  const placed = place(graph);
  const { width, height } = placed;
  return svg(width, height, `influence diagram of ${name}`, [
    text({ x: MARGIN.x, y: 30 }, 'title', escaped(name), 'start'),
    text({ x: MARGIN.x, y: 49 }, 'heading', escaped(`influence diagram, ${instance}`), 'start'),
    ...graph.blocks.map((block) => edgesOf(block, placed)),
    ...graph.blocks.filter(isLabelled).map((block) => labelsOf(block, placed)),
    ...headings(graph, placed),
    ...graph.nodes.map((node) => nodeOf(node, placed.at.get(node.id)!)),
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

/** Ranks from left to right, the units of a layer in their order from top to bottom. */
function place(influence: Influence): Placed {
  const { nodes, blocks } = influence;
  const graph = new Graph({ multigraph: true });
  const labelled = blocks.filter((block) => isLabelled(block) && !block.scalar);
  const busiest = Math.max(0, ...labelled.map(({ edges }) => new Set(edges.map(({ to }) => to)).size));
  graph.setGraph({
    rankdir: 'LR',
    nodesep: Math.max(16, (busiest + 1) * LABEL_HEIGHT - NODE.height + 4),
    ranksep: 120,
    edgesep: 12,
    marginx: MARGIN.x,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(String(id), { ...NODE });
  for (const block of blocks) {
    for (const { from, to } of block.scalar ? block.edges : skeleton(block))
      graph.setEdge(String(from), String(to), {}, `${from}-${to}`);
  }
  layout(graph, { constraints: inOrder(influence) });
  const at = new Map(nodes.map(({ id }) => [id, below(graph.node(String(id)) as Point)]));
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    at,
    width: Math.max(width, 760),
    height: height + MARGIN.top + MARGIN.bottom,
    route({ from, to }) {
      const [a, b] = [at.get(from)!, at.get(to)!];
      const laid = graph.edge(String(from), String(to), `${from}-${to}`) as { points: Point[] } | undefined;
      const bends = laid?.points.slice(1, -1).map(below) ?? [];
      // an edge to the next rank is one curve; only one that passes nodes by is led around them
      const around = b.x - a.x > 1.5 * (NODE.width + 120) ? bends : [];
      return [{ x: a.x + NODE.width / 2, y: a.y }, ...around, { x: b.x - NODE.width / 2, y: b.y }];
    },
  };
}

/** Of a bipartite block the layout gets as few edges as keep every unit in its place: all of them would tear the columns apart. */
function skeleton({ edges }: Block): Pick<Edge, 'from' | 'to'>[] {
  const [sources, targets] = [
    [...new Set(edges.map(({ from }) => from))],
    [...new Set(edges.map(({ to }) => to))],
  ];
  const count = Math.max(sources.length, targets.length);
  const pick = (nodes: readonly number[], i: number) => nodes[Math.floor((i * nodes.length) / count)];
  return Array.from({ length: count }, (_, i) => ({ from: pick(sources, i), to: pick(targets, i) }));
}

const below = ({ x, y }: Point): Point => ({ x, y: y + MARGIN.top });

/** The units of a layer in their order, the constant below them. */
function inOrder({ nodes, blocks }: Influence): { left: string; right: string }[] {
  const layer = ({ name, kind }: Node) => `${kind}${name.replace(/_\d+/, '')}`;
  const siblings = nodes
    .slice(1)
    .filter((node, i) => layer(nodes[i]) === layer(node))
    .map(({ id }) => [id - 1, id]);
  const constants = blocks.flatMap(({ edges }) => {
    const bias = edges.find(({ from }) => nodes[from].kind === 'bias')?.from;
    return bias === undefined
      ? []
      : [...new Set(edges.map(({ from }) => from))]
          .filter((from) => from !== bias)
          .map((from) => [from, bias]);
  });
  return [...siblings, ...constants].map(([left, right]) => ({ left: String(left), right: String(right) }));
}

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

function edgesOf({ label, edges }: Block, { route }: Placed): string {
  const largest = Math.max(...edges.map(({ derivative }) => Math.abs(derivative)));
  const drawn = edges.map((edge) => {
    const share = largest > 0 ? Math.abs(edge.derivative) / largest : 0;
    return line(route(edge), signOf(edge.derivative), 0.7 + 2.3 * share, `${label}: ${edge.derivative}`);
  });
  return `<g opacity="${edges.length > LABELLED_EDGES ? 0.55 : 0.85}">${drawn.join('')}</g>`;
}

/** All labels of a block stand in one column, where its edges are furthest apart. */
function labelsOf({ edges }: Block, { route }: Placed): string {
  const shown = edges.filter(({ derivative }) => derivative !== 0);
  const routes = shown.map((edge) => route(edge));
  const shares = Array.from({ length: 25 }, (_, i) => 0.2 + 0.025 * i).sort(
    (a, b) => Math.abs(a - 0.5) - Math.abs(b - 0.5),
  );
  const share = shares.reduce((best, next) =>
    spread(routes, next) > spread(routes, best) + 0.5 ? next : best,
  );
  return shown
    .map(({ derivative }, i) =>
      pill(along(routes[i], share), `label ${derivative > 0 ? 'up' : 'down'}`, short(derivative)),
    )
    .join('');
}

/** What stands between two ranks, above them. */
function headings({ blocks }: Influence, { at }: Placed): string[] {
  const labels = new Map<number, Set<string>>();
  for (const { label, edges } of blocks) {
    const ends = [edges[0].from, edges[0].to].map((node) => at.get(node)!.x);
    const middle = Math.round((ends[0] + ends[1]) / 2);
    if (label !== 'Div')
      labels.set(middle, (labels.get(middle) ?? new Set()).add(label === 'dense' ? 'affine' : label));
  }
  return Array.from(labels, ([x, names]) =>
    text({ x, y: MARGIN.top - 10 }, 'heading', escaped([...names].join(', '))),
  );
}

/** The smallest distance between any two edges at a share of their way. */
function spread(routes: readonly (readonly Point[])[], share: number): number {
  const heights = routes.map((points) => along(points, share).y).sort((a, b) => a - b);
  return Math.min(40, ...heights.slice(1).map((y, i) => y - heights[i]));
}

/** A point on the way; of a way with bends, on its first part. */
function along([a, b, ...bends]: readonly Point[], share: number): Point {
  const rest = 1 - share;
  const rise = bends.length > 0 ? 3 * rest * share * share + share ** 3 : share;
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * rise };
}
