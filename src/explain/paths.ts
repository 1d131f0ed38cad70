/** Writes the distributed chain rule out: each path from a variable to Div and the product of its edges. */
import { type Edge, firstEdges, type Influence, outgoing, type PlacedInfluence } from './influence.js';
import type { Instance } from './instance.js';
import type { Variable } from './names.js';

/** A path leads from a variable to Div. */
export interface Path {
  /** Names of the nodes right after each fork, which tell it from other paths, such as z_1(2). */
  readonly via: readonly string[];
  /** Names of all its nodes; Div is the last. */
  readonly nodes: readonly string[];
  /** The ids of these nodes. */
  readonly ids: readonly number[];
  /** The derivative along each edge; for grouped paths, the last factor is the derivative of their unit. */
  readonly factors: readonly number[];
  readonly product: number;
}

/** Holds the paths from one variable and their sum. */
export interface PathSum {
  readonly variable: string;
  readonly count: number;
  /** Every path; where these are too many, all paths through one unit as one. */
  readonly paths: readonly Path[];
  /** Whether `paths` holds every path. */
  readonly enumerated: boolean;
  readonly sum: number;
  /** This derivative as backpropagation computes it. */
  readonly backpropagated: number;
}

/** More paths than this are grouped by the unit that they go through. */
const MOST_PATHS = 64;

/** Follows the edges from a variable to Div, and sums the products along all paths. */
export function pathSum(
  instance: Instance,
  placed: PlacedInfluence,
  variable: Variable,
  backpropagated: number,
): PathSum {
  return sumOfPaths(placed.graph, firstEdges(instance, placed, variable), variable.name, backpropagated);
}

/** Sums the products along all paths that begin with these edges. */
export function sumOfPaths(
  graph: Influence,
  first: readonly Edge[],
  variable: string,
  backpropagated: number,
): PathSum {
  const leaving = outgoing(graph.blocks);
  const count = countPaths(first, leaving, graph.end);
  const enumerated = count <= MOST_PATHS;
  const paths = enumerated ? enumerate(first, leaving, graph) : throughUnits(first, leaving, graph);
  const sum = paths.reduce((total, { product }) => total + product, 0);
  return { variable, count, paths, enumerated, sum, backpropagated };
}

/** Counts the paths without following each of them. */
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

/** Follows every path. */
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
      const longerPath = [...path, to];
      const longerVia = edges.length > 1 ? [...via, name] : via;
      const moreFactors = [...factors, derivative];
      if (to !== end) walk(leaving.get(to) ?? [], longerPath, longerVia, moreFactors);
      else {
        paths.push({
          via: longerVia,
          nodes: longerPath.map((node) => nodes[node].name),
          ids: longerPath,
          factors: moreFactors,
          product: moreFactors.reduce((a, b) => a * b, 1),
        });
      }
    }
  };
  walk(first, [], [], []);
  return paths;
}

/**
 * Groups the paths by the unit after the first fork. Up to the fork they share their edges; from the unit on,
 * the sum over all of them is the unit's own derivative.
 */
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
    const allFactors = [...factors, derivative, nodes[to].derivative];
    return {
      via: [nodes[to].name],
      nodes: [...path, to].map((node) => nodes[node].name),
      ids: [...path, to],
      factors: allFactors,
      product: allFactors.reduce((a, b) => a * b, 1),
    };
  });
}

/** The part of a small change that goes through one unit. */
export interface Share {
  /** The unit right after the first fork, such as z_1(2). */
  readonly via: string;
  /** By how much the unit changes. */
  readonly change: number;
  /** ∂Div by the unit. */
  readonly derivative: number;
  /** change · derivative, what the unit adds to the predicted change of Div. */
  readonly predicted: number;
}

/** Divides the predicted change of Div among the units at which the paths part; empty where they do not. */
export function sharesOf(
  instance: Instance,
  placed: PlacedInfluence,
  variable: Variable,
  step: number,
): Share[] {
  const { nodes, blocks } = placed.graph;
  const leaving = outgoing(blocks);
  let edges = firstEdges(instance, placed, variable);
  let before = step;
  while (edges.length === 1) {
    before *= edges[0].derivative;
    edges = leaving.get(edges[0].to) ?? [];
  }
  return edges.map(({ to, derivative: local }) => {
    const { name: via, derivative } = nodes[to];
    const change = before * local;
    return { via, change, derivative, predicted: change * derivative };
  });
}
