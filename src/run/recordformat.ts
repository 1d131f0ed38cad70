/** run.json: its type, and the schema by which it is read. */
import { z } from 'zod';
import { KERNEL_NAMES, type KernelName } from '../kernels/kernels.js';
import type { NativeLibrary } from '../kernels/native/index.js';
import { whole } from '../optim/hyper.js';
import { type ShapeOf, type StoredFormat, versionKey } from '../stored.js';
import type { TrainResult } from '../train/events.js';
import { PRESET_NAMES, type PresetName } from '../train/presets.js';
import { digest, RESULT_SHAPE } from './resultformat.js';

const VERSION = 1;

/** The contents of run.json: what happened, for people and scripts. */
export interface RunRecord {
  /** The version of the format; absent in runs of versions before 0.2. */
  readonly formatVersion?: number;
  readonly gradpool: string;
  readonly status: 'running' | TrainResult['status'] | 'diverged' | 'failed';
  readonly started: string;
  readonly ended: string | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly argv: readonly string[];
  /**
   * The folder in which it was begun, to which paths in a query are relative; absent in runs of older
   * versions.
   */
  readonly cwd?: string;
  readonly seed: number;
  /** The preset whose values the configuration holds; absent in runs of versions before 0.2. */
  readonly preset?: PresetName;
  readonly kernels: KernelName;
  /** The library that native kernels multiply with; null for other kernels. */
  readonly library: NativeLibrary | null;
  readonly machine: Readonly<Record<string, string | number>>;
  /** SHA-256 of the stored training data and its schema. */
  readonly dataset: string;
  /**
   * SHA-256 of validation and test data that have sources of their own; absent in runs of versions before
   * 0.2.
   */
  readonly sources?: { readonly val: string | null; readonly test: string | null };
  readonly result: TrainResult | null;
  /** Set in the folder of a bag's member: its number, counted from 1, and that of all. */
  readonly member?: { readonly number: number; readonly of: number };
  /** Set in the folder of a fold: its number, counted from 1, and that of all. */
  readonly fold?: { readonly number: number; readonly of: number };
  /** Set in the folder of a refit. */
  readonly refit?: true;
  /** Tells the run from others, whatever its folder is called; absent in runs of versions before 0.2. */
  readonly id?: string;
  /** SHA-256 of each config.yaml that the run has had, the newest last; absent where `id` is. */
  readonly configs?: readonly string[];
  /** What `resume --force` has gone on with although it had changed. */
  readonly forced?: readonly string[];
  /** SHA-256 of all the rest of the file; absent where `id` is. */
  readonly sha256?: string;
}

/** The library that native kernels multiply with. */
const numbered = z.looseObject({
  number: z.int().min(1).describe('its number'),
  of: z.int().min(1).describe('of how many'),
});

export const librarySchema = z.looseObject({
  path: z.string().describe('its file'),
  interface: z.enum(['oneDNN', 'CBLAS']).describe('how it is called'),
  version: z.string().describe('the name and version that it gives itself'),
  bf16: z.boolean().default(false).describe('whether it multiplies bfloat16 on that CPU'),
} satisfies ShapeOf<NativeLibrary>);

const SHAPE = {
  formatVersion: versionKey(VERSION),
  gradpool: z.string().describe('the version of gradpool that began the run'),
  status: z
    .enum(['running', 'completed', 'early-stopped', 'interrupted', 'diverged', 'failed'])
    .describe('how it stands; a run that was killed still says running'),
  started: z.iso.datetime().describe('when it began'),
  ended: z.iso.datetime().nullable().describe('when it ended; null while it runs'),
  exitCode: z.int().nullable().describe('what the command exited with; null while it runs'),
  error: z.string().nullable().describe('why it failed; null where it did not'),
  argv: z.array(z.string()).describe('the words of the command line'),
  cwd: z.string().exactOptional().describe('the folder in which it was begun'),
  seed: whole(0).describe('the seed'),
  preset: z.enum(PRESET_NAMES).exactOptional().describe('the preset whose values config.yaml holds'),
  kernels: z.enum(KERNEL_NAMES).describe('the code that does the arithmetic'),
  library: librarySchema.nullable().describe('the library of native kernels; null for others'),
  machine: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .describe('Node, CPU, cores and memory of the machine'),
  dataset: digest.describe('SHA-256 of the training data and its schema'),
  sources: z
    .looseObject({
      val: digest.nullable().describe('of the validation data'),
      test: digest.nullable().describe('of the test data'),
    })
    .exactOptional()
    .describe('SHA-256 of validation and test data that have sources of their own'),
  result: z.looseObject(RESULT_SHAPE).nullable().describe('what came of it; null while it runs'),
  member: numbered.exactOptional().describe("set in the folder of a bag's member"),
  fold: numbered.exactOptional().describe('set in the folder of a fold'),
  refit: z.literal(true).exactOptional().describe('set in the folder of a refit'),
  id: z.string().exactOptional().describe('tells the run from others, whatever its folder is called'),
  configs: z
    .array(digest)
    .min(1)
    .exactOptional()
    .describe('SHA-256 of each config.yaml that the run has had, the newest last'),
  forced: z
    .array(z.string())
    .exactOptional()
    .describe('what resume --force has gone on with although it had changed; the bits may differ since'),
  sha256: digest.exactOptional().describe('SHA-256 of all the rest of the file, as compact JSON'),
} satisfies ShapeOf<RunRecord>;

export const RECORD_FORMAT = {
  version: VERSION,
  schema: z.looseObject(SHAPE),
  remedy: 'restore the file from a copy, or train again with gradpool train -c on the config.yaml beside it',
} as const satisfies StoredFormat;
