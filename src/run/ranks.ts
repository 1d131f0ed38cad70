/**
 * A run by several ranks: each reads the data itself and does all that follows from it, so that all of them
 * come to the same decisions. Rank 0 alone has the run's folder.
 */
import { availableParallelism, cpus } from 'node:os';
import { isFolded } from '../data/parting.js';
import { DataError, UsageError } from '../errors.js';
import { type Ranks, STARTED_ALIKE } from '../ranks/ranks.js';
import type { TrainConfig } from '../train/config.js';
import type { TrainingPlan } from '../train/plan.js';
import type { Trainer } from '../train/trainer.js';
import { VERSION } from '../version.js';
import type { RunRecord } from './folder.js';
import { haveWasmBits } from './kernels.js';
import type { BestWeights } from './session.js';

/** The exit code of a run that is stopped without one. */
const INTERRUPTED = 130;

/**
 * Begins a run among ranks. Returns the signal by which it ends: where one rank is asked to stop, all of them
 * stop after the same step.
 */
export function beginAmong(
  ranks: Ranks | undefined,
  signal: AbortSignal | undefined,
): AbortSignal | undefined {
  if (!ranks) return signal;
  ranks.begin();
  const stop = () => {
    ranks.wantsStop = typeof signal?.reason === 'number' ? signal.reason : INTERRUPTED;
  };
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  return ranks.stopSignal;
}

/** Whether this process writes the run's folder. */
export const writes = (ranks: Ranks | undefined): boolean => !ranks || ranks.rank === 0;

/** Throws UsageError for what several ranks do not do together. */
export function refuseAmong(ranks: Ranks | undefined, config: TrainConfig): void {
  if (!ranks) return;
  const alone = [
    config.bag > 1 && `--bag ${config.bag}`,
    isFolded(config) && 'a cross-validation (--cv, --fold)',
    config.audit > 0 && `--audit ${config.audit}`,
  ].find((what) => what !== false);
  if (alone === undefined) return;
  throw new UsageError(
    `${alone}: several ranks train one network together, and cannot do this; start gradpool without mpiexec`,
  );
}

/** Returns the cores that a rank may use, undefined for all, and the number of ranks. */
export function shareOfRank(ranks: Ranks | null | undefined): [cores: number | undefined, ranks: number] {
  if (!ranks) return [undefined, 1];
  return [Math.max(1, Math.floor(availableParallelism() / ranks.onThisHost)), ranks.size];
}

/** Keys that may differ between ranks: the weights do not depend on them, or they are compared otherwise. */
const OWN_KEYS: ReadonlySet<string> = new Set<keyof TrainConfig>([
  'workers',
  'memoryLimit',
  'watchdog',
  'tensorboard',
  'keepCheckpoints',
  'kernels',
  'nativeLibrary',
]);

/** What a rank tells the others of its plan. */
interface Facts {
  readonly version: string;
  readonly data: Readonly<Record<'data' | 'val' | 'test', string | null>>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly arithmetic: string;
}

/**
 * Returns a rank's plan once all ranks have the same.
 * @throws UsageError or DataError, on all ranks, that names the rank and what it has otherwise than rank 0
 */
export async function agreedPlan(ranks: Ranks | undefined, plan: TrainingPlan): Promise<TrainingPlan> {
  if (!ranks) return plan;
  const [first, ...others] = await ranks.tell(factsOf(plan));
  for (const [index, other] of others.entries()) {
    const error = differenceOf(ranks.nameOf(index + 1), other, first);
    if (error) throw ranks.agreedOn(error);
  }
  const hosts = new Set(ranks.hosts).size;
  const note = `ranks: ${ranks.size} on ${hosts} ${hosts === 1 ? 'machine' : 'machines'}`;
  const config = writes(ranks) ? plan.config : { ...plan.config, tensorboard: false as const };
  return { ...plan, config, notes: [...plan.notes, note] };
}

function factsOf({ config, data, kernels, library }: TrainingPlan): Facts {
  const cpu = cpus()[0]?.model ?? 'an unknown CPU';
  return {
    version: VERSION,
    data: { data: data.fingerprint, ...data.fingerprints },
    config: Object.fromEntries(
      Object.entries(config)
        .filter(([key]) => !OWN_KEYS.has(key))
        // The same data may stand elsewhere on another machine; its checksum tells.
        .map(([key, value]) => [key, SOURCES.has(key) && typeof value === 'string' ? 'a source' : value]),
    ),
    arithmetic: library
      ? `native kernels of ${library.version} on ${cpu}`
      : `${haveWasmBits(kernels) ? 'wasm' : kernels} kernels`,
  };
}

const SOURCES: ReadonlySet<string> = new Set(['data', 'val', 'test']);
const NAMES = { data: 'training data', val: 'validation data', test: 'test data' } as const;

function differenceOf(name: string, own: Facts, first: Facts): Error | null {
  if (own.version !== first.version) {
    return new UsageError(
      `${name} runs gradpool ${own.version}, and rank 0 runs ${first.version}: install the same version everywhere`,
    );
  }
  for (const source of ['data', 'val', 'test'] as const) {
    if (own.data[source] === first.data[source]) continue;
    const [here, there] = [own, first].map(({ data }) => data[source]?.slice(0, 12) ?? 'none');
    return new DataError(
      `${name} has other ${NAMES[source]} than rank 0 (SHA-256 ${here}… and ${there}…): give all ranks the same files`,
    );
  }
  const keys = new Set([...Object.keys(first.config), ...Object.keys(own.config)]);
  for (const key of keys) {
    const [here, there] = [own, first].map(({ config }) => JSON.stringify(config[key]) ?? 'not set');
    if (here !== there)
      return new UsageError(`${name} has ${key} ${here}, and rank 0 has ${there}: ${STARTED_ALIKE}`);
  }
  if (own.arithmetic === first.arithmetic) return null;
  return new UsageError(
    `${name} computes with ${own.arithmetic}, and rank 0 with ${first.arithmetic}, which round otherwise: give all ranks --kernels that all of them have`,
  );
}

/** What a run begins from: its record, and the best weights so far. */
interface Opened {
  readonly record: RunRecord;
  readonly best: BestWeights | null;
}

/**
 * Lets rank 0 open the run's folder and bring the trainer to its last checkpoint, and brings the others there
 * too. It ends what prepares a training.
 */
export async function openTogether(
  ranks: Ranks | undefined,
  trainer: Trainer,
  open: () => Opened,
): Promise<Opened> {
  if (!ranks) return open();
  await ranks.tell(null); // all have their memory and their threads
  let own: Opened | null = null;
  const first = await ranks.fromFirst(() => {
    own = open();
    return { state: trainer.state, record: own.record, hasBest: own.best !== null };
  });
  trainer.state = first.state;
  const { weights, slots } = trainer.memory;
  const opened: Opened = own ?? {
    record: first.record,
    best: first.hasBest ? { weights: new Float32Array(weights.length), saved: true } : null,
  };
  await ranks.spread([weights, ...slots, ...(opened.best ? [opened.best.weights] : [])]);
  ranks.preparing = false;
  return opened;
}
