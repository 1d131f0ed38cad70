/** Plays both passes on a drawing, step by step in the lecture's order. */
import { LAYER_KINDS } from '../network/kinds.js';
import { type Board, desiredOf, type Played, splitName } from './board.js';
import type { Edge, Node } from './influence.js';
import type { Variable } from './names.js';
import { activationNotes, divergenceNotes, maximumNotes } from './reasons.js';
import {
  byName,
  type Ends,
  type Factor,
  NO_MARKS,
  type Step,
  type StepStage,
  type Unplaced,
  type View,
} from './steps.js';
import type { Derivative } from './trace.js';
import { weightSteps } from './weightsteps.js';

/** What a drawing knows that its graph does not say. */
interface Playing {
  /** The nodes of the network's outputs; empty where these are not drawn. */
  readonly outputs: readonly number[];
  /** The weights of a layer whose derivatives are shown. */
  readonly weightsOf: (path: string) => readonly Derivative[];
  /** What the drawing leaves out beside each unit, in words; null where it is whole. */
  readonly others: string | null;
  /** The edges by which a parameter that is no edge begins to act. */
  readonly first: (variable: Variable) => readonly Edge[];
}

/** Plays both passes on a drawing. */
export function playedOn(
  board: Board,
  played: Played,
  playing: Playing,
): Pick<View, 'graph' | 'places' | 'stages' | 'steps'> {
  const builder = new Builder(played, board, playing);
  builder.forward();
  builder.divergence();
  builder.backward();
  const { graph, owners } = board.drawing;
  return {
    graph,
    places: graph.nodes.map(({ id }) => owners.get(id)?.place ?? null),
    stages: builder.stages,
    steps: builder.steps,
  };
}

/** How a step computes, without what it computes. */
type Rule = Pick<Step, 'formula' | 'terms' | 'of' | 'notes' | 'reads'>;

/** Arguments of a divergence that are listed at most. */
const MOST_TERMS = 24;

class Builder {
  readonly stages: StepStage[] = [];
  readonly steps: Step[] = [];

  constructor(
    private readonly played: Played,
    private readonly board: Board,
    private readonly playing: Playing,
  ) {}

  #add(
    stage: Pick<StepStage, 'name' | 'pass' | 'rule'> & Partial<StepStage>,
    steps: readonly Unplaced[],
  ): void {
    const index = this.stages.push({ left: 0, jacobian: null, ...stage }) - 1;
    this.steps.push(...steps.map((step) => ({ ...step, stage: index })));
  }

  forward(): void {
    for (const [, { layer, outputs }] of this.board.drawing.layers) {
      const joined = layer.branches.length > 0 ? 'join of branches' : 'activation';
      this.#add(
        {
          name: vectorName(this.board.node(outputs[0]).name),
          pass: 'forward',
          rule: layer.affine ? 'weighted combination' : `${joined}: ${layer.kind}`,
          jacobian: this.board.jacobian(outputs[0]),
        },
        outputs.map((node) => this.#valueOf(node)),
      );
    }
  }

  #valueOf(id: number): Unplaced {
    const { board } = this;
    const { name, value } = board.node(id);
    const { layer } = board.drawing.owners.get(id)!.placed;
    const edges = board.into(id);
    const starts = edges.map(({ from }) => from);
    const common = {
      name,
      result: value,
      check: null,
      reads: { values: starts, derivatives: [], edges: edges.map(endsOf) },
      writes: { ...NO_MARKS, values: [id] },
    };
    if (layer.affine) {
      return {
        ...common,
        formula: `Σ_i ${board.weightsName(id)}·y_i`,
        terms: edges
          .toSorted(byIndex(board))
          .map((edge) =>
            board.node(edge.from).kind === 'rest'
              ? [board.value(edge.from)]
              : [board.local(edge), board.value(edge.from)],
          ),
        of: null,
        notes: [],
      };
    }
    const adds = layer.kind === 'add' || layer.kind === 'residual';
    return {
      ...common,
      formula: `${layer.kind}: ${LAYER_KINDS[layer.kind]?.formula ?? layer.kind}`,
      terms: starts.map((start) => [board.value(start)]),
      of: adds ? null : layer.kind,
      notes: this.#notes(id),
    };
  }

  /** Says what is special about the derivative of an activation's output. */
  #notes(id: number): string[] {
    const { board } = this;
    const owner = board.drawing.owners.get(id);
    if (!owner) return [];
    const { placed, place } = owner;
    const names = board.into(id).map(({ from }) => board.node(from).name);
    if (placed.layer.kind === 'groupMax') {
      return maximumNotes(placed.layer, place.unit, names, [...placed.arrays.x]);
    }
    const only = board.scalarEdge(id);
    return only ? activationNotes(placed.layer, names[0], board.node(only.from).value, only.derivative) : [];
  }

  divergence(): void {
    const { formula, subject, trace } = this.played;
    const { y } = trace.layers[trace.layers.length - 1];
    const outputs = y.values.map((value, j) => ({ name: `y_${j + 1}(${trace.layers.length})`, value }));
    const step: Unplaced = {
      name: 'Div',
      formula: formula.formula,
      terms: [...outputs, ...desiredOf(this.played)].slice(0, MOST_TERMS).map((factor) => [factor]),
      of: subject.loss,
      result: trace.divergence,
      check: null,
      notes: [],
      reads: { ...NO_MARKS, values: this.playing.outputs },
      writes: { ...NO_MARKS, values: [this.board.drawing.graph.end] },
    };
    this.#add({ name: 'Div', pass: 'divergence', rule: `divergence: ${subject.loss}` }, [step]);
  }

  backward(): void {
    const { layers, graph } = this.board.drawing;
    for (const [path, { layer, outputs }] of layers.toReversed()) {
      this.#derivatives(outputs);
      if (layer.parameters.length > 0) this.#weights(path, layer.affine === true, outputs);
    }
    const drawnFirst = graph.nodes.filter(
      ({ id, kind }) => kind !== 'bias' && kind !== 'rest' && this.board.into(id).length === 0,
    );
    this.#derivatives(drawnFirst.map(({ id }) => id));
  }

  #derivatives(nodes: readonly number[]): void {
    const { board } = this;
    const ends = [...new Set(nodes.flatMap((node) => board.outOf(node).map(({ to }) => to)))];
    const [next] = ends;
    const owner = next === undefined ? undefined : board.drawing.owners.get(next);
    const vector = owner && !owner.placed.layer.affine && owner.placed.layer.branches.length === 0;
    this.#add(
      {
        name: byName(vectorName(board.node(nodes[0]).name)),
        pass: 'backward',
        rule: this.#ruleOf(ends),
        jacobian: vector ? board.jacobian(next) : null,
      },
      nodes.map((node) => this.#derivativeOf(node)),
    );
  }

  #ruleOf(ends: readonly number[]): string {
    const { board } = this;
    if (ends.includes(board.drawing.graph.end)) return 'derivative of the divergence';
    const paths = new Set(ends.map((end) => board.drawing.owners.get(end)?.place.path));
    if (paths.size > 1) return 'distributed chain rule: the sum over all that it influences';
    return board.isAffine(ends[0])
      ? 'backward weighted combination'
      : 'backward equivalent of the activation';
  }

  #derivativeOf(id: number): Unplaced {
    const { board } = this;
    const { name } = board.node(id);
    const edges = board.outOf(id);
    const ends = edges.map(({ to }) => to);
    const common = { name: byName(name), ...board.checked(id), writes: { ...NO_MARKS, derivatives: [id] } };
    if (ends.length === 1 && ends[0] === board.drawing.graph.end) {
      return {
        ...common,
        ...(this.playing.outputs.includes(id) ? this.#ofOutput(id) : this.#given(edges[0])),
      };
    }
    const scalar = ends.length === 1 && board.scalarEdge(ends[0]) !== undefined;
    const units = ends.filter((end) => board.node(end).kind !== 'rest');
    const affine = units.length > 0 && units.every(board.isAffine);
    const all = (end: number) => byName(board.node(end).name.replace(/_[\d,]+/, '_j'));
    const shown = edges.map((edge) =>
      board.node(edge.to).kind === 'rest'
        ? [board.local(edge)]
        : [board.local(edge), board.derivative(edge.to)],
    );
    const formula = scalar
      ? `f′(${name})·${byName(board.node(ends[0]).name)}`
      : affine
        ? `Σ_j ${board.weightsName(units[0], id)}·${all(units[0])}`
        : `Σ_j ∂y_j/∂${name}·∂Div/∂y_j`;
    return {
      ...common,
      formula,
      terms: [...shown, ...this.#left(id, common.result)],
      of: null,
      notes: ends.flatMap((end) => (board.isAffine(end) ? [] : this.#notes(end))),
      reads: { values: scalar ? [id] : [], derivatives: ends, edges: edges.map(endsOf) },
    };
  }

  /** The derivative as the layers that are not drawn pass it back. */
  #given(edge: Edge): Rule {
    const terms = [[{ name: 'from the layers behind', value: edge.derivative }]];
    return { formula: 'as the layers behind give it', terms, of: null, notes: [], reads: NO_MARKS };
  }

  /** What a sum over drawn edges leaves out, where others are not drawn. */
  #left(id: number, result: number): Factor[][] {
    const { others } = this.playing;
    if (others === null || this.board.into(id).length > 0) return [];
    const drawn = this.board
      .outOf(id)
      .reduce((sum, { to, derivative }) => sum + derivative * this.board.derivative(to).value, 0);
    return [[{ name: `through ${others}`, value: result - drawn }]];
  }

  #ofOutput(id: number): Rule {
    const { board, played } = this;
    const unit = board.drawing.owners.get(id)?.place.unit ?? 0;
    const desired = desiredOf(played);
    const own = desired.length === 1 ? desired : desired.slice(unit, unit + 1);
    return {
      formula: played.formula.gradient,
      terms: [board.value(id), ...own].map((factor) => [factor]),
      of: `${played.subject.loss}′`,
      notes: divergenceNotes(played.subject.loss, board.node(id).value, own[0]?.value ?? Number.NaN),
      reads: { ...NO_MARKS, values: [id] },
    };
  }

  #weights(path: string, affine: boolean, outputs: readonly number[]): void {
    const { views } = this.played.instance.layout;
    const found = this.playing.weightsOf(path);
    if (found.length === 0) return;
    const learned = views.filter(
      ({ name, spec }) => splitName(name)[0] === path && spec.statistic === undefined,
    );
    const k = /\(.*\)$/.exec(this.board.node(outputs[0]).name)?.[0] ?? '';
    this.#add(
      {
        name: byName(affine ? `w${k}` : `parameters${k}`),
        pass: 'backward',
        rule: affine ? 'gradient of the weights' : 'gradient of the parameters',
        left: learned.reduce((sum, { length }) => sum + length, 0) - found.length,
      },
      weightSteps(this.board, this.played, found, this.playing.first),
    );
  }
}

/** Puts the bias first, as the sum begins at i = 0, and what is not drawn last. */
const byIndex =
  ({ node }: Board) =>
  (a: Edge, b: Edge) =>
    orderOf(node(a.from).kind) - orderOf(node(b.from).kind);

const orderOf = (kind: Node['kind']) => (kind === 'bias' ? 0 : kind === 'rest' ? 2 : 1);

const endsOf = ({ from, to }: Edge): Ends => [from, to];

/** Writes z(1) for z_2(1). */
const vectorName = (name: string): string => name.replace(/_[\d,]+/, '').replace(/^x$/, 'y(0)');
