/** Reads the configuration file of `explain`: a training's, with a section that only `explain` reads. */
import { z } from 'zod';
import { DataError, UsageError } from '../errors.js';
import { describeIssue } from '../issues.js';
import type { FloatArray } from '../kernels/kernels.js';
import type { Layer } from '../network/layer.js';
import type { ParameterLayout } from '../network/layout.js';
import { readRegularText } from '../regular.js';
import type { TrainOptions } from '../train/config.js';
import { parseYaml } from '../yamltext.js';
import { lectureLayers } from './names.js';

const numbers = z.array(z.number());
const SHAPE = {
  /** The network's inputs x_1, x_2, … */
  input: numbers.optional(),
  /** The desired outputs, or a class counted from 0. */
  target: z.union([z.number(), numbers]).optional(),
  /** A matrix w_ij for each weighted combination: row 0 holds the biases, row i what leads from unit i. */
  weights: z.array(z.array(numbers).min(1)).optional(),
};
const givenSchema = z.strictObject(SHAPE);
/** Holds the section `explain` of a configuration. */
export type Given = z.infer<typeof givenSchema>;

/** Holds a configuration file: the training's options and the section `explain`. */
interface GivenConfig {
  readonly options: Omit<TrainOptions, 'data'> & { readonly data?: string };
  readonly given: Given;
}

/**
 * Reads a YAML or JSON file. Throws DataError if it cannot be read, and UsageError if its content is wrong.
 */
export function readGivenConfig(file: string): GivenConfig {
  let text: string;
  let value: unknown;
  try {
    text = readRegularText(file);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${file}: cannot be read (${(error as Error).message})`);
  }
  try {
    value = parseYaml(text, file);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${file}: expected keys with their values, such as layers: [{dense: 2}, sigmoid]`);
  }
  const { explain = {}, ...options } = value as Record<string, unknown>;
  const parsed = givenSchema.safeParse(explain);
  if (parsed.success) return { options: options as GivenConfig['options'], given: parsed.data };
  throw new UsageError(
    `${file}: explain: ${describeIssue(parsed.error.issues[0], explain, Object.keys(SHAPE))}`,
  );
}

/** Writes the given matrices over the initial weights. Throws UsageError naming the layer and both shapes. */
export function setWeights(
  parameters: FloatArray,
  layers: readonly Layer[],
  { views }: ParameterLayout,
  weights: NonNullable<Given['weights']>,
): void {
  const combinations = lectureLayers(layers).flatMap(({ k, affineIndex }) =>
    affineIndex === null ? [] : [{ k, affineIndex }],
  );
  if (weights.length !== combinations.length) {
    throw new UsageError(
      `explain: weights: ${weights.length} matrices for ${combinations.length} weighted combinations; give one for each`,
    );
  }
  for (const [index, { k, affineIndex }] of combinations.entries()) {
    const { inputs, outputs, parameters: specs } = layers[affineIndex];
    const hasBias = specs.length > 1;
    const rows = hasBias ? inputs + 1 : inputs;
    const matrix = weights[index];
    if (matrix.length !== rows || matrix.some((row) => row.length !== outputs)) {
      const found = [...new Set(matrix.map((row) => row.length))].join(' or ');
      throw new UsageError(
        `explain: weights of layer ${k}: expected ${rows} rows (${hasBias ? 'the biases, then ' : ''}one for each input) of ${outputs}, found ${matrix.length} of ${found}`,
      );
    }
    const write = (name: string, values: readonly number[]) =>
      parameters.set(values, views.find((view) => view.name === `${affineIndex}.${name}`)!.offset);
    if (hasBias) write('bias', matrix[0]);
    write('weight', matrix.slice(rows - inputs).flat());
  }
}
