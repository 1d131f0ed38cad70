/** The distributed chain rule, written out: every path from a variable to Div, and the product of its edges. */
import { type Edge, firstEdges, type Influence, outgoing, type Placed } from './influence.js';
import type { Instance } from './instance.js';
import type { Variable } from './names.js';

export interface Path {
  /** the nodes at which it parts from other paths: z_1(2) */
  readonly via: readonly string[];
  /** all of its nodes, Div last */
  readonly nodes: readonly string[];
  /** one more than nodes would have without the variable itself: the derivative along each edge */
  readonly factors: readonly number[];
  readonly product: number;
}

export interface PathSum {
  readonly variable: string;
  readonly count: number;
  /** each of them, or where there are too many, all through one unit together */
  readonly paths: readonly Path[];
  readonly enumerated: boolean;
  readonly sum: number;
  /** what backpropagation gives for the same derivative */
  readonly backpropagated: number;
}

/** More paths than this are summed by the unit through which they go. */
const MOST_PATHS = 64;

export function pathSum(
  instance: Instance,
  placed: Placed,
  variable: Variable,
  backpropagated: number,
): PathSum {
  const { graph } = placed;
  const first = firstEdges(instance, placed, variable);
  const leaving = outgoing(graph.blocks);
  const count = countPaths(first, leaving, graph.end);
  const enumerated = count <= MOST_PATHS;
  const paths = enumerated ? enumerate(first, leaving, graph) : throughUnits(first, leaving, graph);
  const sum = paths.reduce((total, { product }) => total + product, 0);
  return { variable: variable.name, count, paths, enumerated, sum, backpropagated };
}

function countPaths(first: readonly Edge[], leaving: ReadonlyMap<number, Edge[]>, end: number): number {
  const memo = new Map<number, number>([[end, 1]]);
  const from = (node: number): number => {
    const known = memo.get(node);
    if (known !== undefined) return known;
    const found = (leaving.get(node) ?? []).reduce((sum, { to }) => sum + from(to), 0);
    memo.set(node, found);
    return found;
  };
  return first.reduce((sum, { to }) => sum + from(to), 0);
}

function enumerate(
  first: readonly Edge[],
  leaving: ReadonlyMap<number, Edge[]>,
  { nodes, end }: Influence,
): Path[] {
  const paths: Path[] = [];
  const walk = (
    edges: readonly Edge[],
    path: readonly number[],
    via: readonly string[],
    factors: readonly number[],
  ) => {
    for (const { to, derivative } of edges) {
      const { name } = nodes[to];
      const parted = edges.length > 1 ? [...via, name] : via;
      const [visited, multiplied] = [
        [...path, to],
        [...factors, derivative],
      ];
      if (to !== end) walk(leaving.get(to) ?? [], visited, parted, multiplied);
      else {
        const product = multiplied.reduce((a, b) => a * b, 1);
        paths.push({
          via: parted,
          nodes: visited.map((node) => nodes[node].name),
          factors: multiplied,
          product,
        });
      }
    }
  };
  walk(first, [], [], []);
  return paths;
}

/** Up to the first parting of the ways edge by edge, from there on by the sum that each unit's derivative is. */
function throughUnits(
  first: readonly Edge[],
  leaving: ReadonlyMap<number, Edge[]>,
  { nodes }: Influence,
): Path[] {
  const path: number[] = [];
  const factors: number[] = [];
  let edges = first;
  while (edges.length === 1) {
    path.push(edges[0].to);
    factors.push(edges[0].derivative);
    edges = leaving.get(edges[0].to) ?? [];
  }
  return edges.map(({ to, derivative }) => {
    const multiplied = [...factors, derivative, nodes[to].derivative];
    return {
      via: [nodes[to].name],
      nodes: [...path, to].map((node) => nodes[node].name),
      factors: multiplied,
      product: multiplied.reduce((a, b) => a * b, 1),
    };
  });
}
