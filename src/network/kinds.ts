/**
 * The list of all kinds of layer: what the argument may be, how it is built, and what `gradpool list` says of
 * it.
 */
import { z } from 'zod';
import { MAX_PERIODIC_VALUES } from '../kernels/kernels.js';
import { ACTIVATION_KINDS, GATE_KINDS } from './activationkinds.js';
import { type Branch, EXAMPLE_INPUTS, kind, type LayerKind, rate, uncheckedLayers } from './kind.js';
import type { Layer } from './layer.js';
import { batchNorm } from './layers/batchnorm.js';
import { concat, product, residual, sequential, sum } from './layers/composite.js';
import { dense } from './layers/dense.js';
import { dropout } from './layers/dropout.js';
import { embedding } from './layers/embedding.js';
import { logSoftmax } from './layers/logsoftmax.js';
import { groupMax, neighbours } from './layers/max.js';
import { noise } from './layers/noise.js';
import { l2Norm, layerNorm } from './layers/normalization.js';
import { periodic } from './layers/periodic.js';
import { powers, productUnits } from './layers/product.js';
import { scale } from './layers/scale.js';
import { softmax } from './layers/softmax.js';

const whole = (minimum: number) => z.number().int().min(minimum);
const share = z.number().min(0).lt(1);
const list = uncheckedLayers.min(1) as unknown as z.ZodType<Branch, Branch>;
const indices = z.array(z.array(whole(0)).min(1)).min(1);

const CATALOGUE = {
  dense: kind(
    {
      units: whole(1),
      bias: z.boolean().default(true),
      ntk: z.boolean().default(false),
      biasRate: rate,
      zero: z.boolean().default(false),
    },
    {
      formula: 'z = xW + b; ntk: z = xW/√inputs + b, W and b from N(0,1)',
      torch: 'Linear',
      examples: [4, { units: 4, bias: false }, { units: 4, ntk: true, biasRate: 0.1 }],
      shorthand: 'units',
      build: ({ units, ...options }, { inputs }) => dense(inputs, units, options),
    },
  ),
  softmax: kind({}, { formula: 'e^z_i/Σe^z_j', torch: 'Softmax', build: (_, { inputs }) => softmax(inputs) }),
  logSoftmax: kind(
    {},
    { formula: 'z_i − log Σe^z_j', torch: 'LogSoftmax', build: (_, { inputs }) => logSoftmax(inputs) },
  ),
  ...ACTIVATION_KINDS,
  dropout: kind(
    { p: share },
    {
      formula: 'x/(1−p) with probability 1−p, else 0',
      torch: 'Dropout',
      examples: [0.3],
      shorthand: 'p',
      build: ({ p }, { inputs }) => dropout(inputs, p),
    },
  ),
  noise: kind(
    { deviation: z.number().positive() },
    {
      formula: 'x + σ·N(0,1) in training',
      torch: 'none',
      examples: [0.3],
      shorthand: 'deviation',
      build: ({ deviation }, { inputs }) => noise(inputs, deviation),
    },
  ),
  batchNorm: kind(
    { eps: z.number().positive().default(1e-5), momentum: z.number().gt(0).max(1).default(0.1) },
    {
      formula: 'γ(x−mean)/√(var+ε)+β over the batch, from 64 rows on over parts of at least 32',
      torch: 'BatchNorm1d',
      build: ({ eps, momentum }, { inputs }) => batchNorm(inputs, eps, momentum),
    },
  ),
  layerNorm: kind(
    { eps: z.number().positive().default(1e-5), affine: z.boolean().default(true) },
    {
      formula: 'γ(x−mean)/√(var+ε)+β over the row',
      torch: 'LayerNorm',
      examples: [{}, { affine: false }],
      build: ({ eps, affine }, { inputs }) => layerNorm(inputs, eps, affine),
    },
  ),
  l2Norm: kind(
    { eps: z.number().positive().default(1e-12) },
    {
      formula: 'x/max(‖x‖,ε)',
      torch: 'functional.normalize',
      build: ({ eps }, { inputs }) => l2Norm(inputs, eps),
    },
  ),
  scale: kind(
    { rate },
    {
      formula: 'a·x, a learned, 1 at first',
      torch: 'none',
      examples: [{}, { rate: 6 }],
      build: ({ rate }, { inputs }) => scale(inputs, rate),
    },
  ),
  periodic: kind(
    {
      columns: whole(1),
      frequencies: whole(1).default(16),
      outputs: whole(1).max(MAX_PERIODIC_VALUES).default(3),
      deviation: z.number().positive().default(0.1),
      rate: rate.default(0.1),
    },
    {
      formula: '(x, A·cos(2πwx + b) + c) for each column, w, b, A and c learned',
      torch: 'none',
      examples: [2, { columns: 6, frequencies: 5, outputs: 2, deviation: 1, rate: 1 }],
      shorthand: 'columns',
      build({ outputs: values, ...options }, { inputs, fail }) {
        if (options.columns > inputs) fail(`${options.columns} columns, but the input has ${inputs}`);
        return periodic(inputs, { ...options, values });
      },
    },
  ),
  ...GATE_KINDS,
  groupMax: kind(
    { size: whole(1).optional(), groups: indices.optional() },
    {
      formula: 'y_j = max x_i over group j',
      torch: 'amax',
      examples: [3, { groups: [[0, 1, 2], [1, 4], [3]] }],
      kinked: true,
      shorthand: 'size',
      build({ size, groups }, { inputs, fail }) {
        if ((size === undefined) === (groups === undefined)) fail('give either size or groups');
        if (size !== undefined && inputs % size !== 0)
          fail(`${inputs} inputs do not divide into groups of ${size}`);
        const beyond = groups?.flat().find((index) => index >= inputs);
        if (beyond !== undefined)
          fail(`groups name input ${beyond}, but there are ${inputs} (counted from 0)`);
        return groupMax(inputs, groups ?? neighbours(inputs, size!));
      },
    },
  ),
  maxout: kind(
    { units: whole(1), pieces: whole(2) },
    {
      formula: 'y_j = max_p (xW_p + b_p)_j',
      torch: 'Linear, amax',
      examples: [{ units: 3, pieces: 2 }],
      build({ units, pieces }, { inputs }) {
        const width = units * pieces;
        return sequential('maxout', [dense(inputs, width), groupMax(width, neighbours(width, pieces))]);
      },
    },
  ),
  product: kind(
    { units: whole(1).optional(), exponents: z.array(z.array(z.number()).min(1)).min(1).optional() },
    {
      formula: 'y_j = Π_k x_k^α_jk, α learned or given',
      torch: 'none',
      examples: [
        2,
        {
          exponents: [
            [1, 2, 0, 0, 1, 0],
            [0, 0.5, 0, -1.5, 0, 0],
          ],
        },
      ],
      shorthand: 'units',
      build({ units, exponents }, { inputs, fail }) {
        if ((units === undefined) === (exponents === undefined))
          fail('give either units (learned) or exponents');
        const odd = exponents?.find((row) => row.length !== inputs);
        if (odd) fail(`exponents need ${inputs} numbers a row, one for each input, found ${odd.length}`);
        return exponents ? powers(inputs, exponents) : productUnits(inputs, units!);
      },
    },
  ),
  embedding: kind(
    { columns: z.array(z.strictObject({ categories: whole(1), size: whole(1) })).min(1) },
    {
      formula: 'E[code] for each category column',
      torch: 'Embedding',
      examples: [
        [
          { categories: 3, size: 2 },
          { categories: 2, size: 1 },
        ],
      ],
      shorthand: 'columns',
      build({ columns }, { inputs, fail }) {
        if (columns.length > inputs) fail(`${columns.length} columns, but the input has ${inputs}`);
        return embedding(inputs, columns);
      },
    },
  ),
  residual: kind(
    { layers: list },
    {
      formula: 'x + F(x)',
      torch: 'none',
      examples: [[{ dense: 4 }, 'tanh', { dense: EXAMPLE_INPUTS }]],
      shorthand: 'layers',
      build({ layers }, { inputs, fail, layers: branch }) {
        const inner = branch(layers);
        const outputs = inner[inner.length - 1].outputs;
        if (outputs !== inputs)
          fail(`x has ${inputs} values and F(x) ${outputs}: end the branch with {dense: ${inputs}}`);
        return residual(inner);
      },
    },
  ),
  add: branchesKind('Σ F_b(x)', sum, true),
  multiply: branchesKind('Π F_b(x)', product, true),
  concat: branchesKind('(F_1(x), F_2(x), …)', concat, false),
} as const;

/** The catalogue with each kind under its own name, from which `LayerSpec` is derived. */
export type LayerCatalogue = typeof CATALOGUE;
export const LAYER_KINDS: Readonly<Record<string, LayerKind>> = CATALOGUE;

function branchesKind(
  formula: string,
  combine: (branches: readonly (readonly Layer[])[]) => Layer,
  sameWidth: boolean,
) {
  return kind(
    { branches: z.array(list).min(2) },
    {
      formula,
      torch: 'none',
      examples: [[[{ dense: 4 }, 'tanh'], [{ dense: 4 }]]],
      shorthand: 'branches',
      build({ branches }, { inputs, fail, layers }) {
        const built = branches.map((branch, b) => layers(branch, inputs, `[${b}]`));
        const widths = built.map((branch) => branch[branch.length - 1].outputs);
        if (sameWidth && widths.some((width) => width !== widths[0])) {
          fail(`the branches end in ${widths.join(' and ')} values, and must end in as many`);
        }
        return combine(built);
      },
    },
  );
}
