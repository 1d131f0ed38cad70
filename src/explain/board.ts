/** Reads an influence diagram the way steps need it: who computes a node, what an edge is called. */
import { DIVERGENCES, type Divergence } from '../network/divergences.js';
import type { Checker } from './checker.js';
import {
  type Edge,
  type Influence,
  type Node,
  outgoing,
  type PlacedInfluence,
  type PlacedLayer,
} from './influence.js';
import type { Instance } from './instance.js';
import { byName, type Ends, type Factor, type JacobianGrid, type NodePlace, type Step } from './steps.js';
import type { Subject } from './subject.js';
import type { Trace } from './trace.js';

/** What the steps are made of. */
export interface Played {
  readonly subject: Subject;
  readonly instance: Instance;
  readonly checker: Checker;
  readonly trace: Trace;
  /** The formulas of the divergence. */
  readonly formula: Pick<Divergence, 'formula' | 'gradient'>;
}

/** A layer with those nodes of its outputs that are drawn. */
export type DrawnLayer = Pick<PlacedLayer, 'layer' | 'arrays' | 'outputs'>;

/** Says which layer computes a node, and where that is. */
export interface Owner {
  readonly placed: DrawnLayer;
  readonly place: NodePlace;
}

/** What a drawing consists of. */
interface Drawing {
  readonly graph: Influence;
  /** Which layer computes a node. */
  readonly owners: ReadonlyMap<number, Owner>;
  /** The layers that are played, by their paths, in the order of the forward pass. */
  readonly layers: readonly (readonly [path: string, layer: DrawnLayer])[];
}

/** Reads a whole influence diagram; layers without nodes of their own are left out. */
export function wholeDrawing({ graph, layers }: PlacedInfluence): Drawing {
  const owners = new Map<number, Owner>();
  for (const [path, placed] of layers) {
    for (const [unit, node] of placed.outputs.entries()) {
      // a layer that hands on what its branch computes has the branch's nodes
      if (!owners.has(node)) owners.set(node, { placed, place: { path, unit } });
    }
  }
  const isOwner = (path: string, node: number) => owners.get(node)?.place.path === path;
  return { graph, owners, layers: [...layers].filter(([path, { outputs }]) => isOwner(path, outputs[0])) };
}

/** A drawing with its derivatives, as backpropagation computed and differences checked them. */
export class Board {
  readonly #leaving: ReadonlyMap<number, Edge[]>;
  readonly #arriving = new Map<number, Edge[]>();

  constructor(
    readonly drawing: Drawing,
    private readonly checker: Checker,
  ) {
    const { blocks } = drawing.graph;
    this.#leaving = outgoing(blocks);
    for (const edge of blocks.flatMap(({ edges }) => edges)) {
      this.#arriving.set(edge.to, [...(this.#arriving.get(edge.to) ?? []), edge]);
    }
  }

  node = (id: number): Node => this.drawing.graph.nodes[id];
  into = (id: number): readonly Edge[] => this.#arriving.get(id) ?? [];
  outOf = (id: number): readonly Edge[] => this.#leaving.get(id) ?? [];
  isAffine = (id: number): boolean => this.drawing.owners.get(id)?.placed.layer.affine === true;

  value = (id: number): Factor => ({ name: this.node(id).name, value: this.node(id).value });
  derivative = (id: number): Factor => ({
    name: byName(this.node(id).name),
    value: this.checked(id).result,
  });

  /** Returns backpropagation's ∂Div by a node and its check; inside a branch, the sum over all paths. */
  checked(id: number): Pick<Step, 'result' | 'check'> {
    const { kind, name, derivative } = this.node(id);
    const place = this.drawing.owners.get(id)?.place;
    const vector =
      kind === 'input' ? 0 : place && /^\d+\.$/.test(place.path) ? Number.parseInt(place.path, 10) + 1 : null;
    if (vector === null) return { result: derivative, check: null };
    const unit = place?.unit ?? numberIn(name) - 1;
    return {
      result: this.checker.vectors[vector].derivatives[unit],
      check: this.checker.ofVector(vector, unit),
    };
  }

  /** Returns the one edge into a node that depends on one number alone. */
  scalarEdge(id: number): Edge | undefined {
    const edges = this.into(id);
    const layer = this.drawing.owners.get(id)?.placed.layer;
    return edges.length === 1 && layer && !layer.affine && layer.branches.length === 0 ? edges[0] : undefined;
  }

  /** Names the derivative along an edge: a weight, f′ or ∂y_j/∂z_i. */
  local({ from, to, derivative }: Edge): Factor {
    if (this.node(to).kind === 'rest') return { name: `through ${this.node(to).name}`, value: derivative };
    const [start, end] = [this.node(from).name, this.node(to).name];
    if (this.isAffine(to)) {
      const divided = this.scaling(from, to) === 1 ? '' : '/√K';
      return { name: `${this.weightName(from, to)}${divided}`, value: derivative };
    }
    return { name: this.scalarEdge(to) ? `f′(${start})` : `∂${end}/∂${start}`, value: derivative };
  }

  weightName(from: number, to: number): string {
    const [i, j] = [this.index(from), numberIn(this.node(to).name)];
    return `w_${i}${i > 9 || j > 9 ? ',' : ''}${j}${layerIn(this.node(to).name)}`;
  }

  /** Writes w_i1(1) for all weights to a node, or w_1j(1) for all that leave another one for its layer. */
  weightsName(to: number, from?: number): string {
    const { name } = this.node(to);
    return from === undefined
      ? `w_i${numberIn(name)}${layerIn(name)}`
      : `w_${this.index(from)}j${layerIn(name)}`;
  }

  /** Returns i of w_ij: the number of the unit, 0 for the constant. */
  index(from: number): number {
    const { kind, name } = this.node(from);
    return kind === 'bias' ? 0 : numberIn(name);
  }

  /** Returns what a combination multiplies its weights by: 1, or 1/√inputs with the option ntk. */
  scaling(from: number, to: number): number {
    const { layer } = this.drawing.owners.get(to)!.placed;
    return layer.argument?.ntk === true && this.node(from).kind !== 'bias' ? 1 / Math.sqrt(layer.inputs) : 1;
  }

  /** Finds the edge that carries number `index` of a combination's array; null for other numbers. */
  edgeAt(array: string, index: number): Ends | null {
    const [path, own] = splitName(array);
    const units = this.drawing.layers.find(([one]) => one === path)?.[1].layer;
    if (!units?.affine) return null;
    const i = own === 'bias' ? 0 : Math.floor(index / units.outputs) + 1;
    for (const [to, { place }] of this.drawing.owners) {
      if (place.path !== path || place.unit !== index % units.outputs) continue;
      const edge = this.into(to).find(
        ({ from }) => this.node(from).kind !== 'rest' && this.index(from) === i,
      );
      if (edge) return [edge.from, to];
    }
    return null;
  }

  /** Returns the Jacobian of the vector activation that computes a node; null for other layers. */
  jacobian(node: number): JacobianGrid | null {
    const { layer, outputs } = this.drawing.owners.get(node)!.placed;
    if (layer.affine || layer.branches.length > 0) return null;
    const starts = outputs.flatMap((to) => this.into(to).map(({ from }) => from));
    const inputs = [...new Set(starts)].sort((a, b) => a - b);
    if (inputs.length === outputs.length && outputs.every((to) => this.into(to).length <= 1)) return null;
    const derivative = (from: number, to: number) =>
      this.into(to).find((edge) => edge.from === from)?.derivative ?? 0;
    return {
      outputs: outputs.map((to) => this.node(to).name),
      inputs: inputs.map((from) => this.node(from).name),
      rows: outputs.map((to) => inputs.map((from) => derivative(from, to))),
    };
  }
}

/** Returns j of y_j(k). */
const numberIn = (name: string): number => Number(/_(\d+)/.exec(name)?.[1] ?? Number.NaN);

/** Returns (k) of y_j(k). */
const layerIn = (name: string): string => /\(.*\)$/.exec(name)?.[0] ?? '';

/** Splits '2.0.weight' into '2.0.' and 'weight'. */
export function splitName(array: string): [path: string, own: string] {
  const at = array.lastIndexOf('.') + 1;
  return [array.slice(0, at), array.slice(at)];
}

/** Returns the desired outputs, or the number of the class, counted from 1 as the outputs are. */
export function desiredOf({ subject, instance }: Pick<Played, 'subject' | 'instance'>): Factor[] {
  const { outputs } = subject.layers[subject.layers.length - 1];
  const { targets }: Divergence = DIVERGENCES[subject.loss];
  if (targets === 'class') return [{ name: 'c', value: instance.desired[0] + 1 }];
  return Array.from(instance.desired.subarray(0, outputs), (value, j) => ({ name: `d_${j + 1}`, value }));
}
