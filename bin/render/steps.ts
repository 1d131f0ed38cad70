/** Writes the two passes of one instance one step after the other, with the numbers put into each formula. */
import type { Explanation } from '../../src/explain/explain.js';
import type { Derivative, TracedLayer, Vector } from '../../src/explain/trace.js';
import { derivative, derivatives, value, vector } from './digits.js';
import { folded, terminalWidth } from './text.js';

/** A step is one thing that is computed, unit by unit. */
interface Step {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Writes all steps in the lecture's order; the network must be small, so that all weights were traced. */
export function stepsText(explanation: Explanation): string {
  const { trace, formula, desired } = explanation;
  const { layers, divergence } = trace;
  const last = layers[layers.length - 1];
  const forward = [
    { title: 'y(0) = x', lines: [`y(0) = ${vector(trace.x.values)}, and y_0(0) = 1 for the biases`] },
    ...layers.flatMap((layer, index) => forwardSteps(layer, inputOf(explanation, index))),
  ];
  const loss: Step = {
    title: 'Div',
    lines: [`Div = ${formula.formula} = ${divergence.toPrecision(12)}, with d = ${vector(desired)}`],
  };
  const output: Step = {
    title: `dy(${last.k}), which stands for dDiv/dy(${last.k})`,
    lines: [`dy(${last.k}) = ${formula.gradient} = ${derivatives(last.y.derivatives)}`],
  };
  const backward = [...layers.keys()]
    .reverse()
    .flatMap((index) => backwardSteps(layers[index], inputOf(explanation, index)));
  const parts: [string, Step[]][] = [
    ['forward pass', forward],
    ['divergence', [loss]],
    ['backward pass', [output, ...backward]],
  ];
  let number = 0;
  return parts
    .flatMap(([name, steps]) => [name, ...steps.flatMap((step) => stepLines(step, ++number))])
    .join('\n');
}

/** What a layer takes in, and the number of the layer that it comes from. */
const inputOf = ({ trace: { layers, x } }: Explanation, index: number): Vector =>
  index === 0 ? x : layers[index - 1].y;

const stepLines = ({ title, lines }: Step, number: number): string[] => [
  `${String(number).padStart(3)}  ${title}`,
  ...lines.flatMap((line) => folded(`       ${line}`, terminalWidth(), 11)),
];

/** Returns the weights of a combination that lead to unit j, the bias first. */
const weightsTo = ({ weights }: TracedLayer, j: number): Derivative[] =>
  weights.filter(({ variable: { place } }) => place.kind === 'parameter' && place.ij?.[1] === j);

/** Returns i of a weight w_ij. */
const startOf = ({ variable: { place } }: Derivative): number =>
  place.kind === 'parameter' && place.ij ? place.ij[0] : 0;

const sumText = (terms: readonly string[]): string => terms.join(' + ') || '0';

/** z(k) of a combination that an activation follows, else y(k). */
const sumOf = ({ k, z, y }: TracedLayer): { symbol: string; vector: Vector } =>
  z ? { symbol: `z_#(${k})`, vector: z } : { symbol: `y_#(${k})`, vector: y };

const unit = (symbol: string, j: number): string => symbol.replace('#', String(j));

function forwardSteps(layer: TracedLayer, input: Vector): Step[] {
  const { k, affine, activation, z, y, slopes } = layer;
  const steps: Step[] = [];
  if (affine) {
    const { symbol, vector: sums } = sumOf(layer);
    const lines = sums.values.map((sum, at) => {
      const terms = weightsTo(layer, at + 1).map(
        (weight) =>
          `${value(weight.value)}*${value(startOf(weight) === 0 ? 1 : input.values[startOf(weight) - 1])}`,
      );
      return `${unit(symbol, at + 1)} = ${terms.length > 0 ? `${sumText(terms)} = ` : ''}${value(sum)}`;
    });
    const name = symbol.replace('_#', '');
    steps.push({
      title: `${name}: each ${unit(symbol, 1).replace('_1', '_j')} = sum_i w_ij(${k}) y_i(${k - 1}), from i = 0 on`,
      lines,
    });
  }
  if (activation) {
    const before = z ?? input;
    const from = z ? `z_#(${k})` : `y_#(${k - 1})`;
    const lines = slopes
      ? y.values.map(
          (one, at) =>
            `y_${at + 1}(${k}) = ${activation}(${unit(from, at + 1)}) = ${activation}(${value(before.values[at])}) = ${value(one)}`,
        )
      : [`y(${k}) = ${activation}(${from.replace('_#', '')}) = ${vector(y.values)}`];
    steps.push({ title: `y(${k}) = ${activation}(${from.replace('_#', '')})`, lines });
  }
  return steps;
}

function backwardSteps(layer: TracedLayer, input: Vector): Step[] {
  const { affine, activation } = layer;
  return [
    ...(activation ? [activationStep(layer, layer.z ?? input)] : []),
    ...weightStep(layer),
    ...(affine ? [combinationStep(layer, input)] : []),
  ];
}

/** Back through an activation: by its slopes, or by the Jacobian where every input acts on every output. */
function activationStep({ k, z, y, slopes, jacobian }: TracedLayer, before: Vector): Step {
  const symbol = z ? `dz_#(${k})` : `dy_#(${k - 1})`;
  const argument = z ? `z_#(${k})` : `y_#(${k - 1})`;
  const name = symbol.replace('_#', '');
  const results = before.derivatives;
  if (slopes) {
    return {
      title: `${name} = f'(${argument.replace('_#', '')}) dy(${k})`,
      lines: results.map(
        (one, at) =>
          `${unit(symbol, at + 1)} = ${value(slopes[at])}*${derivative(y.derivatives[at])} = ${derivative(one)}`,
      ),
    };
  }
  if (jacobian === null) return { title: name, lines: [`${name} = ${derivatives(results)}`] };
  return {
    title: `${name}: each ${symbol.replace('#', 'i')} = sum_j dy_j(${k}) dy_j(${k})/d${argument.replace('#', 'i')}`,
    lines: results.map((one, at) => {
      const terms = jacobian.map((row, j) => `${derivative(y.derivatives[j])}*${value(row[at])}`);
      return `${unit(symbol, at + 1)} = ${sumText(terms)} = ${derivative(one)}`;
    }),
  };
}

/** The derivatives by a layer's weights and by its other parameters. */
function weightStep({ k, affine, z, weights }: TracedLayer): Step[] {
  if (weights.length === 0) return [];
  const end = z ? 'dz' : 'dy';
  const title = affine
    ? `dw(${k}): each dw_ij(${k}) = y_i(${k - 1}) ${end}_j(${k}), with y_0(${k - 1}) = 1`
    : `the parameters of layer ${k}`;
  const lines = weights.map(({ variable, factors, derivative: one }) => {
    const product = factors ? `${value(factors[0])}*${derivative(factors[1])} = ` : '';
    return `d${variable.name} = ${product}${derivative(one)}`;
  });
  return [{ title, lines }];
}

/** Back through the weighted sums, by the weights of the forward pass. */
function combinationStep(layer: TracedLayer, input: Vector): Step {
  const { k, z, y } = layer;
  const [end, after] = z ? ['dz', z] : ['dy', y];
  return {
    title: `dy(${k - 1}): each dy_i(${k - 1}) = sum_j w_ij(${k}) ${end}_j(${k})`,
    lines: input.derivatives.map((one, at) => {
      const leaving = after.derivatives.flatMap((changed, j) =>
        weightsTo(layer, j + 1)
          .filter((weight) => startOf(weight) === at + 1)
          .map((weight) => `${value(weight.value)}*${derivative(changed)}`),
      );
      return `dy_${at + 1}(${k - 1}) = ${leaving.length > 0 ? `${sumText(leaving)} = ` : ''}${derivative(one)}`;
    }),
  };
}
