/** Specifies the network of a training, its layers and its divergence, from configuration and data. */
import type { ProblemType } from '../data/schema.js';
import { UsageError } from '../errors.js';
import { DIVERGENCES, type Divergence, type DivergenceName } from '../network/divergences.js';
import type { Layer } from '../network/layer.js';
import type { EmbeddedColumn } from '../network/layers/embedding.js';
import { buildLayers, type LayerSpec, type NetworkSpec } from '../network/spec.js';
import { RULES, type UpdateRule } from '../optim/rules.js';
import { architectureOf } from './architectures.js';
import type { TrainConfig } from './config.js';
import { MOST_EMBEDDED } from './configkeys.js';

/** The requirements that the data makes of the network. */
interface NetworkRequirements {
  readonly problemType: ProblemType;
  readonly inputs: number;
  /** The number of classes, or of values to predict. */
  readonly outputs: number;
  /** The numbers at the beginning of the input that may be embedded. */
  readonly continuous: number;
  /** The category columns at the end of the input that are to be embedded. */
  readonly embedded: readonly EmbeddedColumn[];
}

/** A network that fits its data. */
interface SpecifiedNetwork {
  readonly network: NetworkSpec;
  /** The layers that the specification stands for. */
  readonly layers: readonly Layer[];
}

/**
 * Specifies the network that a configuration asks for.
 * @throws UsageError, which names the layer and both widths, where it does not fit the data
 */
export function specify(config: TrainConfig, requirements: NetworkRequirements): SpecifiedNetwork {
  const loss = lossOf(config, requirements.problemType);
  const outputs = outputUnits(config, loss, requirements);
  const layers = config.layers ?? feedForward(config, loss, requirements, outputs);
  const built = buildLayers(layers, requirements.inputs);
  const last = built.at(-1);
  const width = last?.outputs;
  if (width !== outputs) {
    const what =
      requirements.problemType === 'classification'
        ? `${requirements.outputs} classes`
        : `${requirements.outputs} target values`;
    throw new UsageError(
      `layers: the last layer has ${width ?? 0} outputs, but ${what} with loss ${loss} need ${outputs}`,
    );
  }
  refuseUntrainable(built, 'layers', false);
  const { outputs: wanted, fused }: Divergence = DIVERGENCES[loss];
  if (wanted && fused && last?.affine) {
    throw new UsageError(
      `layers[${built.length - 1}] (${last.kind}): gives any number, but loss ${loss} takes ${wanted}: end the list with ${fused.activation}`,
    );
  }
  const lossParameter = lossParameterOf(config, loss);
  const network = { inputs: requirements.inputs, layers, loss };
  return {
    network: lossParameter === undefined ? network : { ...network, lossParameter },
    layers: built,
  };
}

/** Returns the parameter or the levels of a loss by the configuration; undefined if it has none. */
export function lossParameterOf(config: TrainConfig, loss: DivergenceName): NetworkSpec['lossParameter'] {
  const { parameter, levels }: Divergence = DIVERGENCES[loss];
  if (levels) return config.quantiles ?? levels;
  return parameter && config[parameter.name];
}

/**
 * Refuses an activation that passes nothing back where a layer before it should learn.
 * @param before whether a layer before these learns
 * @returns whether any layer up to the last of these learns
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

/** Returns the learning rate of a configuration, or the update rule's own for this type of problem. */
export function learningRate(config: TrainConfig, problemType: ProblemType): number {
  const { lr, regressionLr = lr }: UpdateRule = RULES[config.optimizer];
  return config.lr ?? (problemType === 'regression' ? regressionLr : lr);
}

/** Returns the loss that a configuration names or, with `auto`, the one that fits the target. */
function lossOf({ loss, quantiles }: TrainConfig, problemType: ProblemType): DivergenceName {
  const classes = problemType === 'classification';
  if (quantiles !== undefined && classes) {
    throw new UsageError(
      'quantiles: are of a target that is a number, but the target is a class: leave them out, or take --task regression',
    );
  }
  if (quantiles !== undefined && loss !== 'auto' && loss !== 'quantiles') {
    throw new UsageError(`quantiles: loss ${loss} does not use them: leave one of the two out`);
  }
  if (loss !== 'auto') return loss;
  if (quantiles !== undefined) return 'quantiles';
  return classes ? 'crossEntropy' : 'squaredError';
}

/**
 * Returns how many outputs the network needs: one for each class or value, one for two classes if possible,
 * and one for each quantile of a value.
 */
function outputUnits(
  config: TrainConfig,
  loss: DivergenceName,
  { problemType, outputs }: NetworkRequirements,
): number {
  const { targets, single, fused, levels }: Divergence = DIVERGENCES[loss];
  if (levels && problemType === 'classification') {
    throw new UsageError(
      `loss: ${loss} is for a target that is a number, but it is a class: take crossEntropy, or --task regression`,
    );
  }
  if (levels) return outputs * (config.quantiles ?? levels).length;
  if (targets === 'class' && problemType !== 'classification') {
    throw new UsageError(
      `loss: ${loss} is for classes, but the target is a number: take squaredError, or --task classification`,
    );
  }
  if (problemType === 'regression' && outputs === 1 && fused?.activation === 'softmax') {
    throw new UsageError(
      `loss: ${loss} compares distributions, but the target is one number: take squaredError, or binaryCrossEntropy for a probability`,
    );
  }
  return problemType === 'classification' && single !== undefined && outputs === 2 ? 1 : outputs;
}

function feedForward(
  config: TrainConfig,
  loss: DivergenceName,
  requirements: NetworkRequirements,
  outputs: number,
): LayerSpec[] {
  const { fused }: Divergence = DIVERGENCES[loss];
  const { activation = 'relu', architecture, dropout, hidden = [] } = config;
  const { front, dense, activate, output } = architectureOf(architecture);
  return [
    ...(requirements.embedded.length > 0 ? [{ embedding: requirements.embedded }] : []),
    ...numberEmbedding(config, requirements),
    ...front,
    ...hidden.flatMap((units) => [dense(units), activate(activation), ...(dropout > 0 ? [{ dropout }] : [])]),
    output(outputs),
    ...(fused ? [fused.activation] : []),
  ];
}

function numberEmbedding(
  { numberEmbedding: wanted }: TrainConfig,
  { continuous: columns }: NetworkRequirements,
): LayerSpec[] {
  const embeds = wanted === 'periodic' || (wanted === 'auto' && columns <= MOST_EMBEDDED);
  return embeds && columns > 0 ? [{ periodic: { columns } }] : [];
}

/** Writes the widths of a network for people: 784-256-128-10. */
export function widths(layers: readonly Layer[]): string {
  const weighted = layers.filter((layer) => layer.multiplyAdds > 0).map((layer) => layer.outputs);
  return [layers[0].inputs, ...weighted].join('-');
}
