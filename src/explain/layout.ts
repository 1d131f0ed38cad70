/** Places the nodes of an influence diagram in layers, which follow one another in one direction. */
import { Graph, layout } from '@dagrejs/dagre';
import type { Block, Edge, Influence, Node } from './influence.js';
import type { Point } from './svg.js';

/** Says how large nodes are, how far they are apart, and which way layers follow one another. */
export interface LayoutOptions {
  readonly node: { readonly width: number; readonly height: number };
  /** Distance between layers. */
  readonly gap: number;
  /** Distance between the nodes of a layer. */
  readonly apart: number;
  readonly direction: 'right' | 'down';
  /** What is left free at the left and at the right. */
  readonly margin: number;
}

/** Says where nodes lie. */
interface NodeLayout {
  readonly centres: ReadonlyMap<number, Point>;
  readonly width: number;
  readonly height: number;
  /** Returns where an edge bends: one that skips layers is led around their nodes. */
  readonly bends: (edge: Pick<Edge, 'from' | 'to'>) => readonly Point[];
}

/** Places the layers in one direction, and the units of each across it in their order. */
export function placeNodes(influence: Influence, options: LayoutOptions): NodeLayout {
  const { nodes, blocks } = influence;
  const { node: size, gap, apart, direction, margin } = options;
  const graph = new Graph({ multigraph: true });
  const rankdir = direction === 'right' ? 'LR' : 'TB';
  graph.setGraph({ rankdir, nodesep: apart, ranksep: gap, edgesep: 12, marginx: margin });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(String(id), { ...size });
  for (const block of blocks) {
    for (const { from, to } of block.scalar ? block.edges : skeleton(block))
      graph.setEdge(String(from), String(to), {}, `${from}-${to}`);
  }
  layout(graph, { constraints: inOrder(influence) });
  const centres = new Map(nodes.map(({ id }) => [id, graph.node(String(id)) as Point]));
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const [along, step] =
    direction === 'right' ? (['x', size.width + gap] as const) : (['y', size.height + gap] as const);
  return {
    centres,
    width,
    height,
    bends({ from, to }) {
      if (centres.get(to)![along] - centres.get(from)![along] <= 1.5 * step) return [];
      const edge = graph.edge(String(from), String(to), `${from}-${to}`) as { points: Point[] } | undefined;
      return edge?.points.slice(1, -1) ?? [];
    },
  };
}

/** Picks just enough edges of a bipartite block to keep its units in place: all would tear columns apart. */
function skeleton({ edges }: Block): Pick<Edge, 'from' | 'to'>[] {
  const [sources, targets] = [
    [...new Set(edges.map(({ from }) => from))],
    [...new Set(edges.map(({ to }) => to))],
  ];
  const count = Math.max(sources.length, targets.length);
  const pick = (nodes: readonly number[], i: number) => nodes[Math.floor((i * nodes.length) / count)];
  return Array.from({ length: count }, (_, i) => ({ from: pick(sources, i), to: pick(targets, i) }));
}

/** Tells the layout to keep the units of a layer in their order, with the constant y_0 below them. */
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
  const rests = nodes.flatMap(({ id, kind }) =>
    kind === 'rest' && id > 0
      ? [[id - 1, id], ...(nodes[id + 1]?.kind === 'bias' ? [[id, id + 1]] : [])]
      : [],
  );
  return [...siblings, ...rests, ...constants].map(([left, right]) => ({
    left: String(left),
    right: String(right),
  }));
}
