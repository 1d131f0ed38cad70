/** sweep.yaml, the definition of a sweep in a file, and sweep.json, what became of it. */

import { z } from 'zod';
import { UsageError } from '../errors.js';
import { describeIssue } from '../issues.js';
import { KERNEL_NAMES } from '../kernels/kernels.js';
import type { Folds } from '../meaninterval.js';
import { whole } from '../optim/hyper.js';
import { librarySchema } from '../run/recordformat.js';
import { digest } from '../run/resultformat.js';
import { refuseNewer, type ShapeOf, type StoredFormat, versionKey } from '../stored.js';
import { CONFIG_KEYS, configSchema } from '../train/config.js';
import { parseYaml } from '../yamltext.js';
import { SWEEP_KEYS, SWEEP_SHAPE, type SweepDefinition, type SweepOptions } from './definition.js';
import { axesSchema } from './searches/axes.js';
import type { ChosenSplit } from './split.js';
import type { SweepKernels } from './trialplan.js';

/** The contents of sweep.json: what a sweep was begun with, and how it stands. */
export interface SweepRecord {
  /** The version of the format; absent in sweeps of versions before 0.2. */
  readonly formatVersion?: number;
  readonly gradpool: string;
  readonly status: 'running' | 'completed' | 'interrupted' | 'failed';
  readonly started: string;
  readonly ended: string | null;
  readonly error: string | null;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The definition with which it was last run, from which sweep.yaml may only grow. */
  readonly definition: SweepDefinition;
  /** What `kernels: auto` stands for in all trials. */
  readonly kernels: SweepKernels | null;
  /** How the cores are shared between trials and their workers, where that was measured. */
  readonly split?: ChosenSplit;
  /** SHA-256 of all training data that was read. */
  readonly data: readonly string[];
  /** What the folds of its trials share, which intervals account for; absent without a cross-validation. */
  readonly folds?: Folds;
  /**
   * SHA-256 of sweep.yaml as it was last read, and of leaderboard.csv as it was last written; absent in
   * sweeps of versions before 0.2.
   */
  readonly definitionSha256?: string;
  readonly leaderboardSha256?: string;
  /** SHA-256 of all the rest of the file; absent where `definitionSha256` is. */
  readonly sha256?: string;
}

const VERSION = 1;

/** The keys of a training that all trials share; an axis or the command line may give the rest. */
const base = configSchema
  .partial()
  .describe('the configuration that all trials share, as config.yaml has it');
const SWEEP_FILE = {
  formatVersion: versionKey(VERSION),
  base: base.default({}),
  axes: axesSchema
    .default({})
    .describe('the values of each key that is varied, by its dotted path: a list, or a range'),
  ...SWEEP_SHAPE,
};

/** The names of a search, and of a score, that are functions of the program that began the sweep. */
const ownSearch = z.string().regex(/^own:/);
const ownScore = z.string().regex(/^(val|test)_(max|min):/);

export const SWEEP_FORMAT = {
  version: VERSION,
  schema: z.strictObject({
    ...SWEEP_FILE,
    search: z.union([SWEEP_SHAPE.search, ownSearch]).describe(SWEEP_SHAPE.search.description!),
    score: z.union([SWEEP_SHAPE.score, ownScore]).describe(SWEEP_SHAPE.score.description!),
  }),
  remedy: 'correct it',
} as const satisfies StoredFormat;

export const SWEEP_RECORD_FORMAT = {
  version: VERSION,
  schema: z.looseObject({
    formatVersion: versionKey(VERSION),
    gradpool: z.string().describe('the version of gradpool that began the sweep'),
    status: z
      .enum(['running', 'completed', 'interrupted', 'failed'])
      .describe('how it stands; a sweep that was killed still says running'),
    started: z.iso.datetime().describe('when it began'),
    ended: z.iso.datetime().nullable().describe('when it ended; null while it runs'),
    error: z.string().nullable().describe('why it failed; null where it did not'),
    argv: z.array(z.string()).describe('the words of the command line'),
    cwd: z.string().describe('the folder in which it was begun'),
    definition: z
      .looseObject({
        base: z.looseObject({}).describe('the configuration that all trials share'),
        axes: axesSchema.describe('the values of each key that is varied'),
        seeds: z.array(whole(0)).min(1).describe('the seeds with which each configuration is trained'),
      })
      .describe('the definition with which it was last run, from which sweep.yaml may only grow')
      .transform((definition) => definition as unknown as SweepDefinition),
    kernels: z
      .looseObject({
        name: z.enum(KERNEL_NAMES).describe('their name'),
        library: librarySchema.nullable().describe('the library of native kernels; null for others'),
      } satisfies ShapeOf<SweepKernels>)
      .nullable()
      .describe('what kernels auto stands for in all trials'),
    split: z
      .looseObject({
        parallel: z.int().min(1).describe('trials at the same time'),
        workers: whole(0).describe('workers inside each'),
        cores: z.int().min(1).describe('the cores that it was measured with'),
        why: z.string().describe('what it was compared with'),
      } satisfies ShapeOf<ChosenSplit>)
      .exactOptional()
      .describe('how the cores are shared between trials, where that was measured'),
    data: z.array(digest).describe('SHA-256 of all training data that was read'),
    folds: z
      .looseObject({
        testToTrain: z.number().describe('held-out rows over training rows'),
      } satisfies ShapeOf<Folds>)
      .exactOptional()
      .describe('what the folds share, which intervals account for; absent without a cross-validation'),
    definitionSha256: digest.exactOptional().describe('SHA-256 of sweep.yaml as it was last read'),
    leaderboardSha256: digest
      .exactOptional()
      .describe('SHA-256 of leaderboard.csv, where the sweep has ended'),
    sha256: digest.exactOptional().describe('SHA-256 of all the rest of the file, as compact JSON'),
  } satisfies ShapeOf<SweepRecord>),
  remedy: 'restore the file from a copy, or start a new sweep from the sweep.yaml beside it',
} as const satisfies StoredFormat;

/** What a person may write, whose mistakes are named more plainly than those of a choice among schemas. */
const fileSchema = z.strictObject(SWEEP_FILE);

/** Leaves out what stands for functions of the program that began the sweep. */
function withoutOwn(sweep: object): object {
  const { search, score, ...rest } = sweep as Record<string, unknown>;
  return {
    ...rest,
    ...(search === undefined || ownSearch.safeParse(search).success ? {} : { search }),
    ...(score === undefined || ownScore.safeParse(score).success ? {} : { score }),
  };
}

/**
 * Reads the text of a sweep's file. What is wrong with an axis is said once its axes are checked.
 * @param file what an error calls the file
 * @throws UsageError, which names the file, the key and its value; DataError for a file of a newer version
 */
export function parseSweep(text: string, file: string): SweepOptions {
  let value: unknown;
  try {
    value = parseYaml(text, file);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${file}: expected keys with their values: base, axes, search, …`);
  }
  refuseNewer(VERSION, value, file);
  const { issues = [] } = fileSchema.safeParse(withoutOwn(value)).error ?? {};
  const issue = issues.find(({ path: [key] }) => key !== 'axes' || !isObject((value as SweepOptions).axes));
  if (issue) {
    const known = issue.path[0] === 'base' ? CONFIG_KEYS : ['base', 'axes', ...SWEEP_KEYS];
    const thing = issue.path[0] === 'base' ? 'config key' : 'key of a sweep';
    throw new UsageError(`${file}: ${describeIssue(issue, value, known, thing)}`);
  }
  const { formatVersion, ...sweep } = value as Record<string, unknown>;
  return { base: {}, axes: {}, ...sweep } as unknown as SweepOptions;
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
