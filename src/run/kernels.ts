/** A run goes on with the kernels that it began with, or with others that lead to the same bits. */
import { UsageError } from '../errors.js';
import { chooseKernels } from '../kernels/choose.js';
import type { KernelName } from '../kernels/kernels.js';
import { refuseNamedLibrary } from '../kernels/native/index.js';
import type { TrainConfig } from '../train/config.js';
import type { TrainingPlan } from '../train/plan.js';
import type { RunRecord } from './folder.js';

/** Returns the keys of a configuration that name kernels, and the library of native ones. */
export const kernelKeys = (kernels: KernelName, library: RunRecord['library']) => ({
  kernels,
  ...(library ? { nativeLibrary: library.path } : {}),
});

/** Returns the configuration with kernels that were chosen before. */
export function withChosenKernels<Config extends TrainConfig>(
  { nativeLibrary, ...config }: Config,
  { kernels, library }: Pick<RunRecord, 'kernels' | 'library'>,
) {
  return { ...config, ...kernelKeys(kernels, library) };
}

/**
 * Returns the configuration with the kernels of the record, or with those that were asked for instead.
 * @param named a library that the user names now, in the place of the run's
 * @throws UsageError where this machine does not have the record's kernels, and where the folder names a
 *   library that this machine's own search does not find
 */
export function withKernels(
  folder: string,
  config: TrainConfig,
  record: RunRecord,
  asked: TrainConfig['kernels'] | undefined,
  named?: string,
): TrainConfig {
  if (asked !== undefined) {
    const { nativeLibrary: own, ...rest } = config;
    const given = named ?? own;
    const uses = given !== undefined && (asked === 'auto' || asked === 'native');
    if (uses && named === undefined) refuseNamedLibrary(own, `${folder}: nativeLibrary`);
    return { ...rest, kernels: asked, ...(uses ? { nativeLibrary: given } : {}) };
  }
  const { kernels: name, library } = record;
  if (haveWasmBits(name) && (name !== config.kernels || name === 'jit')) {
    const chosen = chooseKernels({ kernels: 'auto', precision: 'f32' });
    if (haveWasmBits(chosen.name)) return withChosenKernels(config, { kernels: chosen.name, library: null });
  }
  const recorded = withChosenKernels(config, record);
  if (named !== undefined) return { ...recorded, nativeLibrary: named };
  try {
    refuseNamedLibrary(library?.path, 'its library');
    chooseKernels(recorded);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const by = library ? ` of ${library.version}` : '';
    throw new UsageError(
      `${folder} was begun with ${name} kernels${by}: ${error.message}; --kernels auto goes on with what is here, to other bits`,
    );
  }
  return recorded;
}

/**
 * Returns the configuration with kernels that have the bits of the record's and are other code: machine code
 * in place of WebAssembly and the other way round. Where there are none, they are the record's own.
 */
export function withTwin<Config extends TrainConfig>(
  folder: string,
  config: Config,
  record: RunRecord,
  named?: string,
): Config {
  const { nativeLibrary, ...rest } = config;
  const twin = haveWasmBits(record.kernels) ? (record.kernels === 'jit' ? 'wasm' : 'jit') : null;
  if (twin !== null && isHere({ ...rest, kernels: twin })) return { ...rest, kernels: twin } as Config;
  return withKernels(folder, config, record, undefined, named) as Config;
}

/** Whether this machine has the kernels that a configuration names. */
function isHere(config: Pick<TrainConfig, 'kernels' | 'precision'>): boolean {
  try {
    chooseKernels(config);
    return true;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return false;
  }
}

/** Whether kernels have the bits of `wasm`. */
export const haveWasmBits = (name: KernelName): boolean => name === 'wasm' || name === 'jit';

/** Returns a note for the user when the kernels are not those of the record, else null. */
function changeOfKernels(record: RunRecord, plan: TrainingPlan): string | null {
  if (haveWasmBits(record.kernels) && haveWasmBits(plan.kernels)) return null;
  const [before, now] = [record, plan].map(({ kernels, library }) => library?.version ?? kernels);
  if (before === now) return null;
  return `begun with ${before}, goes on with ${now}: the bits are not those of a run that was never stopped`;
}

/** Adds the note that kernels have changed to what a plan says at its start. */
export function notingKernels<Plan extends { readonly notes: readonly string[] }>(
  plan: Plan,
  before: RunRecord,
  now: TrainingPlan,
): Plan {
  const note = changeOfKernels(before, now);
  return note === null ? plan : { ...plan, notes: [...plan.notes, note] };
}
