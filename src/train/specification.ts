/** From configuration and data to the network that is trained: its layers and its divergence. */
import type { ProblemType } from '../data/schema.js';
import { UsageError } from '../errors.js';
import { DIVERGENCES, type Divergence, type DivergenceName } from '../network/divergences.js';
import type { Layer } from '../network/layer.js';
import type { EmbeddedColumn } from '../network/layers/embedding.js';
import { buildLayers, type LayerSpec } from '../network/spec.js';
import { RULES } from '../optim/rules.js';
import type { TrainConfig } from './config.js';

/** What the network must fit: the data's side of the bargain. */
export interface Problem {
  readonly task: ProblemType;
  readonly inputs: number;
  /** classes, or values to be regressed */
  readonly outputs: number;
  /** the category columns at the end of the input that are to be embedded */
  readonly embedded: readonly EmbeddedColumn[];
}

/** Plain data from which any thread, and any later reader of the model, builds the same network. */
export interface NetworkSpec {
  readonly inputs: number;
  readonly layers: readonly LayerSpec[];
  readonly loss: DivergenceName;
  /** the divergence's parameter, where it has one; left out: its default */
  readonly lossParameter?: number | undefined;
}

/** The network of a configuration, checked against the problem. Throws UsageError naming the layer and both widths. */
export function specify(config: TrainConfig, problem: Problem): NetworkSpec {
  const loss = config.loss === 'auto' ? defaultLoss(problem.task) : config.loss;
  const outputs = outputUnits(loss, problem);
  const layers = config.layers ?? feedForward(config, loss, problem, outputs);
  const built = buildLayers(layers, problem.inputs);
  const last = built.at(-1);
  const width = last?.outputs;
  if (width !== outputs) {
    const what =
      problem.task === 'classification' ? `${problem.outputs} classes` : `${problem.outputs} target values`;
    throw new UsageError(
      `layers: the last layer has ${width ?? 0} outputs, but ${what} with loss ${loss} need ${outputs}`,
    );
  }
  refuseUntrainable(built, 'layers', false);
  const { parameter, outputs: wanted, fused }: Divergence = DIVERGENCES[loss];
  if (wanted && fused && last?.affine) {
    throw new UsageError(
      `layers[${built.length - 1}] (${last.kind}): gives any number, but loss ${loss} takes ${wanted}: end the list with ${fused.activation}`,
    );
  }
  const network = { inputs: problem.inputs, layers, loss };
  return parameter ? { ...network, lossParameter: config[parameter.name] } : network;
}

/**
 * An activation that passes nothing back is refused where something before it should learn. Returns whether something
 * does, by the end of these layers.
 */
function refuseUntrainable(layers: readonly Layer[], where: string, before: boolean): boolean {
  return layers.reduce((learns, { kind, parameters, gradient, branches }, index) => {
    const place = `${where}[${index}] (${kind})`;
    if (learns && gradient === 'none') {
      throw new UsageError(
        `${place}: its derivative is 0 wherever it has one, so backpropagation cannot train what lies before it: take sigmoid or tanh, or {${kind}: {gradient: straightThrough}}, or for a single layer {${kind}: {gradient: perceptron}}`,
      );
    }
    const inner = branches.map((branch, b) =>
      refuseUntrainable(branch, branches.length === 1 ? place : `${place}[${b}]`, learns),
    );
    return learns || parameters.length > 0 || inner.includes(true);
  }, before);
}

/** The learning rate of a configuration: SGD on unbounded errors needs a smaller step than on class probabilities. */
export function learningRate(config: TrainConfig, task: ProblemType): number {
  const own = RULES[config.optimizer].lr;
  return config.lr ?? (config.optimizer === 'sgd' && task === 'regression' ? own / 10 : own);
}

function defaultLoss(task: ProblemType): DivergenceName {
  return task === 'classification' ? 'crossEntropy' : 'squaredError';
}

/** Two classes are a single output where the divergence allows it; else there is one for each class or value. */
function outputUnits(loss: DivergenceName, { task, outputs }: Problem): number {
  const { targets, single, fused }: Divergence = DIVERGENCES[loss];
  if (targets === 'class' && task !== 'classification') {
    throw new UsageError(
      `loss: ${loss} is for classes, but the target is a number: take squaredError, or --task classification`,
    );
  }
  if (task === 'regression' && outputs === 1 && fused?.activation === 'softmax') {
    throw new UsageError(
      `loss: ${loss} compares distributions, but the target is one number: take squaredError, or binaryCrossEntropy for a probability`,
    );
  }
  return task === 'classification' && single !== undefined && outputs === 2 ? 1 : outputs;
}

function feedForward(
  config: TrainConfig,
  loss: DivergenceName,
  problem: Problem,
  outputs: number,
): LayerSpec[] {
  const { fused }: Divergence = DIVERGENCES[loss];
  return [
    ...(problem.embedded.length > 0 ? [{ embedding: problem.embedded }] : []),
    ...(config.hidden ?? []).flatMap((units) => [{ dense: units }, config.activation ?? 'relu']),
    { dense: outputs },
    ...(fused ? [fused.activation] : []),
  ];
}

/** One line for people: 784-256-128-10. */
export function widths(layers: readonly Layer[]): string {
  const weighted = layers.filter((layer) => layer.multiplyAdds > 0).map((layer) => layer.outputs);
  return [layers[0].inputs, ...weighted].join('-');
}
