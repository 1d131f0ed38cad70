/**
 * Computes Div with 31 digits at the numbers of an instance, and at numbers that differ from these by small
 * steps: what difference quotients are made of.
 */
import type { FloatArray } from '../../kernels/kernels.js';
import type { BoundSequence, Layer } from '../../network/layer.js';
import { desiredWidth, type Objective } from '../../network/network.js';
import type { Instance } from '../instance.js';
import { PRECISE_DIVERGENCES } from './divergences.js';
import { type DoubleDouble, preciseOf, preciseSum } from './doubledouble.js';
import { PRECISE_LAYERS } from './layers.js';
import type { Computed, Values } from './task.js';

/** By how much to change numbers of the block of all parameters, by their offsets. */
type ParameterSteps = ReadonlyMap<number, number>;

/** Div of all rows, and how it changes. */
export interface PreciseLoss {
  readonly at0: DoubleDouble;
  /** Returns Div with parameters changed; if `quick`, changes are summed in float64. */
  withParameters(steps: ParameterSteps, quick?: boolean): DoubleDouble;
  /** Returns Div with number i of what layer `from` reads changed; layer N is the divergence. */
  withInput(from: number, i: number, step: number, quick?: boolean): DoubleDouble;
  /** What each layer computes, with parameters or an input changed. */
  layersWith(steps: ParameterSteps, input?: readonly [i: number, step: number]): readonly Computed[];
}

const NO_STEPS: ParameterSteps = new Map();

/** Prepares to compute the objective of an instance, whose numbers must stay as they are from then on. */
export function preciseLoss(
  instance: Instance,
  objective: Pick<Objective, 'layers' | 'divergence' | 'parameter' | 'targets' | 'levels'>,
): PreciseLoss {
  const { network, pass, desired } = instance;
  const input = Array.from(network.input, preciseOf);
  const width = desiredWidth(objective);
  const targets = Array.from({ length: pass.rows }, (_, r) => [
    ...desired.subarray(r * width, (r + 1) * width),
  ]);
  const divergence = PRECISE_DIVERGENCES[objective.divergence];
  const lossOf = (y: Values) => {
    const outputs = y.length / pass.rows;
    return preciseSum(
      targets.map((d, r) => divergence(y.slice(r * outputs, (r + 1) * outputs), d, objective.parameter)),
    );
  };
  const run = (
    x: Values,
    changed: Partial<Omit<Run, 'instance'>>,
    before: readonly Computed[] | null,
    from = 0,
  ) => runSequence({ instance, steps: NO_STEPS, quick: false, ...changed }, network, x, before, from);
  const base = run(input, {}, null);
  const outputOf = (computed: readonly Computed[]) => computed[computed.length - 1].y;
  return {
    at0: lossOf(outputOf(base)),
    withParameters: (steps, quick = false) => lossOf(outputOf(run(input, { steps, quick }, base))),
    withInput(from, i, step, quick = false) {
      const x = [...(base[from]?.x ?? outputOf(base))];
      x[i] = x[i].plus(step);
      return lossOf(from === base.length ? x : outputOf(run(x, { quick }, base, from)));
    },
    layersWith(steps, nudge) {
      const x = [...input];
      if (nudge) x[nudge[0]] = x[nudge[0]].plus(nudge[1]);
      return run(x, { steps }, base);
    },
  };
}

interface Run {
  readonly instance: Instance;
  readonly steps: ParameterSteps;
  readonly quick: boolean;
}

/** Runs the layers of a sequence from `from` on. */
function runSequence(
  run: Run,
  { layers, arrays }: BoundSequence,
  input: Values,
  before: readonly Computed[] | null,
  from = 0,
): Computed[] {
  const computed: Computed[] = [];
  let x = input;
  for (let k = from; k < layers.length; k++) {
    const found = runLayer(run, layers[k], arrays[k], x, before?.[k] ?? null);
    computed.push(found);
    x = found.y;
  }
  return computed;
}

/** Runs one layer; where nothing has changed, it returns what was computed before. */
function runLayer(
  run: Run,
  layer: Layer,
  arrays: BoundSequence['arrays'][number],
  x: Values,
  before: Computed | null,
): Computed {
  const { pass } = run.instance;
  const branches = arrays.branches.map((branch, b) =>
    runSequence(run, branch, x, before?.branches[b] ?? null),
  );
  const changes = arrays.parameters.map((parameter) => changesIn(run, parameter));
  const same =
    before !== null &&
    changes.every((list) => list.length === 0) &&
    branches.every((branch, b) => branch.every((one, i) => one === before.branches[b][i])) &&
    (x === before.x || x.every((value, i) => value === before.x[i]));
  if (same) return before;
  const forward = PRECISE_LAYERS[layer.kind];
  const outputs = branches.map((branch) => branch[branch.length - 1].y);
  const y = forward({
    layer,
    arrays,
    pass,
    rows: pass.rows,
    x,
    before,
    branches: outputs,
    quick: run.quick,
    changes,
  });
  return { x, y, branches };
}

/** Lists the changes of one parameter: its numbers lie in the block of all parameters. */
function changesIn({ instance: { parameters }, steps }: Run, parameter: FloatArray): [number, number][] {
  const first = (parameter.byteOffset - parameters.byteOffset) / parameter.BYTES_PER_ELEMENT;
  return [...steps].flatMap(([offset, step]) =>
    offset >= first && offset < first + parameter.length ? [[offset - first, step]] : [],
  );
}
