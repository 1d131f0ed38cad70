/** Explains the lecture on one instance of the user's own network, in float64: `gradpool explain`. */
import { UsageError } from '../errors.js';
import { DIVERGENCES, type Divergence } from '../network/divergences.js';
import { type Layer, outputWidth } from '../network/layer.js';
import { objective, unfused } from '../network/network.js';
import { createChecker } from './checker.js';
import { taylorSlope } from './differences.js';
import { drawnView } from './drawnview.js';
import { type Influence, influence } from './influence.js';
import { createInstance, type Instance, type InstanceOptions } from './instance.js';
import { divergenceKinks, kinksMet } from './kinks.js';
import { findVariable, lectureLayers, type Variable } from './names.js';
import { neighbourhoods } from './neighbourhood.js';
import { type PathSum, pathSum, type Share, sharesOf } from './paths.js';
import { type PreciseLoss, preciseLoss } from './precise/pass.js';
import type { View } from './steps.js';
import type { Subject } from './subject.js';
import { type Trace, trace } from './trace.js';

/** Says how Div changes when one number is changed a little. */
export interface Perturbation {
  readonly variable: string;
  readonly step: number;
  /** derivative · step. */
  readonly predicted: number;
  readonly actual: number;
  /** Slope of the Taylor test: 2 if the derivative is right; null where Div is linear. */
  readonly slope: number | null;
  /** Number of kinks at the variable's value or on the way to the changed one: there Div bends. */
  readonly kinks: number;
  /** What each unit adds to the predicted change, where several ways lead to Div; empty in large networks. */
  readonly shares: readonly Share[];
}

/** Holds all that is printed and drawn about one instance. */
export interface Explanation {
  readonly origin: Subject['origin'];
  readonly instance: string;
  readonly parameters: number;
  /** Number of inputs and of all outputs of layers. */
  readonly units: number;
  /** Whether the network is small enough for every derivative to be compared and printed. */
  readonly small: boolean;
  readonly loss: Subject['loss'];
  readonly formula: Pick<Divergence, 'formula' | 'gradient'>;
  readonly desired: readonly number[];
  readonly classes: readonly string[] | null;
  readonly trace: Trace;
  /**
   * ∂Div/∂z(N) as training computes it, divergence and activation fused, and its distance from the two apart.
   */
  readonly fused: {
    readonly activation: string;
    readonly gradient: string;
    readonly derivatives: readonly number[];
    readonly difference: number;
  } | null;
  readonly paths: readonly PathSum[];
  readonly perturbations: readonly Perturbation[];
  /** Null where the network is too large to be drawn unit by unit. */
  readonly influence: Influence | null;
  /**
   * The steps of the lecture, on the drawn network or around single units of a larger one; empty unless
   * `steps` asked for them.
   */
  readonly views: readonly View[];
}

/** Says what to show beside the two passes. */
export interface ExplainOptions {
  /** The weight whose paths to Div are followed, such as w[1][1,2]. */
  readonly weight?: string | undefined;
  /** The variable that is changed, and by how much, as in x1=1e-3. */
  readonly perturb?: string | undefined;
  /** Whether to compare every derivative of a larger network as well, up to 2000 parameters. */
  readonly all?: boolean;
  /** Whether to write the two passes as single steps too. */
  readonly steps?: boolean;
}

/** Units, inputs included, up to which a network is drawn and its paths are summed. */
const DRAWN_UNITS = 60;
/** Parameters up to which each derivative is compared and printed. */
const SMALL_PARAMETERS = 100;
/** Parameters up to which each derivative is compared on request. */
const MOST_COMPARED = 2000;
/** Number of derivatives of each vector and parameter that are compared in larger networks. */
const LARGEST = 8;

/**
 * Explains a subject's first row: both passes, with derivatives beside difference quotients, the paths from a
 * weight to the divergence, and the effect of a small change. Computed in float64.
 *
 * @throws UsageError where an option names a variable that the network does not have
 * @example
 * ```js
 * import { explain, openSubject, train } from 'gradpool';
 *
 * for await (const event of train({ data: 'xor', hidden: [2] }, { out: 'runs/explained' })) void event;
 * const subject = await openSubject({ path: 'runs/explained', row: 2 });
 * const { trace, paths, perturbations } = explain(subject, { weight: 'w[1][1,2]', perturb: 'x1=1e-3' });
 * console.log(trace.layers.length, paths.length, perturbations.length); // → 2 1 1
 * ```
 */
export function explain(
  subject: Subject,
  { weight, perturb, all = false, steps = false }: ExplainOptions = {},
): Explanation {
  const { layers, loss, classes, origin } = subject;
  const options = optionsOf(subject);
  const instance = instanceOf(subject, options);
  const precise = preciseLoss(instance, options.objective);
  const { layout, network } = instance;
  const units = unitsOf(layers);
  const drawn = units <= DRAWN_UNITS;
  const small = drawn && layout.count <= SMALL_PARAMETERS;
  const requested = weight === undefined ? undefined : findVariable(weight, layers, layout);
  const requestedChange = perturb === undefined ? undefined : parsePerturbation(perturb, subject, instance);
  const checker = createChecker(instance, options, precise);
  const traced = trace(
    instance,
    checker,
    small || (all && layout.count <= MOST_COMPARED) ? Number.POSITIVE_INFINITY : LARGEST,
  );
  instance.gradient();
  const placed =
    drawn || requested ? influence(instance, network.outputGradient.slice(), traced.divergence) : null;
  const followed = requested ?? (small ? exampleOf(traced) : undefined);
  const formula = formulaOf(subject);
  const played = { subject, instance, checker, trace: traced, formula };
  const views = !steps ? [] : drawn && placed ? [drawnView(played, placed)] : neighbourhoods(played);
  const change = requestedChange ?? (small && followed ? { variable: followed, step: 1e-3 } : undefined);
  return {
    origin,
    instance: subject.instance,
    parameters: layout.count,
    units,
    small,
    loss,
    formula,
    desired: [...subject.d.slice(0, network.output.length)],
    classes,
    trace: traced,
    fused: fusedWith(subject, traced),
    paths: followed && placed ? [pathSum(instance, placed, followed, derivativeOf(followed, traced))] : [],
    perturbations: change
      ? [
          {
            ...perturbed(subject, precise, change, traced),
            shares: placed ? sharesOf(instance, placed, change.variable, change.step) : [],
          },
        ]
      : [],
    influence: drawn && placed ? placed.graph : null,
    views,
  };
}

/** Returns the formulas of the divergence; without label smoothing, cross-entropy's are the lecture's. */
function formulaOf({ layers, loss, lossParameter }: Subject): Explanation['formula'] {
  const { plain, ...general }: Divergence = DIVERGENCES[loss];
  const { parameter } = unfused(layers, loss, lossParameter);
  const { formula, gradient } = plain && parameter === 0 ? plain : general;
  return { formula, gradient };
}

/** Counts the inputs and all outputs of layers. */
function unitsOf(layers: readonly Layer[]): number {
  const outputs = lectureLayers(layers).map(
    ({ affineIndex, activationIndex }) => layers[(activationIndex ?? affineIndex)!].outputs,
  );
  return outputs.reduce((sum, width) => sum + width, layers[0].inputs);
}

/** Picks the weight to follow when none is asked for: w_11(1), or else the first w_ij. */
function exampleOf({ layers }: Trace): Variable | undefined {
  const weights = layers.flatMap((layer) => layer.weights).filter(({ factors }) => factors);
  return (weights.find(({ variable }) => variable.key === 'w[1][1,1]') ?? weights[0])?.variable;
}

/**
 * Describes an instance of the subject's first row, in which divergence and last activation are not fused.
 */
const optionsOf = ({ layers, loss, lossParameter }: Subject) => ({
  objective: unfused(layers, loss, lossParameter),
  rows: 1,
});

function instanceOf({ weights, x, d }: Subject, options: InstanceOptions): Instance {
  const instance = createInstance(options);
  fill(instance, weights, x, d);
  return instance;
}

function fill(
  { parameters, network, desired }: Instance,
  weights: Float64Array,
  x: Float64Array,
  d: Float64Array,
): void {
  parameters.set(weights);
  network.input.set(x.subarray(0, network.input.length));
  desired.set(d.subarray(0, desired.length));
}

function derivativeOf({ place }: Variable, { x, parameters }: Trace): number {
  return place.kind === 'input'
    ? x.derivatives[place.index]
    : parameters[place.view].derivatives[place.index];
}

function perturbed(
  subject: Subject,
  loss: PreciseLoss,
  { variable, step }: { readonly variable: Variable; readonly step: number },
  traced: Trace,
): Omit<Perturbation, 'shares'> {
  const { place } = variable;
  const changed = (h: number) =>
    place.kind === 'input'
      ? loss.withInput(0, place.index, h)
      : loss.withParameters(new Map([[place.offset, h]]));
  const rise = (h: number) => changed(h).minus(loss.at0).high;
  const derivative = derivativeOf(variable, traced);
  return {
    variable: variable.name,
    step,
    predicted: derivative * step,
    actual: rise(step),
    slope: taylorSlope(rise, derivative, {
      longest: Math.abs(step),
      shortest: 1e-6 * Math.abs(step),
      noise: (h) => 1e-13 * h * Math.abs(derivative) + 1e-28,
    }),
    kinks: kinksOnTheWay(subject, loss, place, step),
  };
}

function kinksOnTheWay(
  { layers, loss: name, d }: Subject,
  loss: PreciseLoss,
  place: Variable['place'],
  step: number,
): number {
  const before = loss.layersWith(new Map());
  const after =
    place.kind === 'input'
      ? loss.layersWith(new Map(), [place.index, step])
      : loss.layersWith(new Map([[place.offset, step]]));
  const outputs = [before, after].map((computed) => computed[computed.length - 1].y);
  return kinksMet(layers, before, after) + divergenceKinks(name, d, outputs[0], outputs[1]);
}

function parsePerturbation(
  text: string,
  { layers }: Subject,
  { layout }: Instance,
): { variable: Variable; step: number } {
  const [key, value, ...rest] = text.split('=');
  const step = Number(value);
  if (rest.length > 0 || value === undefined || value.trim() === '' || !Number.isFinite(step) || step === 0) {
    throw new UsageError(
      `--perturb ${text}: expected a variable and a step, as in x1=1e-3 or w[2][1,3]=1e-3`,
    );
  }
  return { variable: findVariable(key.trim(), layers, layout), step };
}

/** Computes ∂Div/∂z(N) with divergence and activation fused, which must equal what the two give apart. */
function fusedWith(subject: Subject, traced: Trace): Explanation['fused'] {
  const { fused, plain }: Divergence = DIVERGENCES[subject.loss];
  const target = objective(subject.layers, subject.loss, subject.lossParameter);
  if (!fused || target.layers.length === subject.layers.length) return null;
  const instance = createInstance({ objective: target, rows: 1 });
  fill(instance, subject.weights, subject.x, subject.d);
  instance.gradient();
  const derivatives = [...instance.network.outputGradient.subarray(0, outputWidth(target.layers))];
  const unfusedDerivatives = traced.layers[traced.layers.length - 1].z?.derivatives ?? [];
  const difference = Math.max(...unfusedDerivatives.map((value, i) => Math.abs(value - derivatives[i])));
  const fusedGradient = plain && target.parameter === 0 ? plain.fused : fused.gradient;
  return { activation: fused.activation, gradient: fusedGradient, derivatives, difference };
}
