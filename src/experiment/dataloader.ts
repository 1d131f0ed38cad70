/** Loads the data of a sweep: once for all trials that read the same rows in the same way. */

import { type Dataset, withSharedArrays } from '../data/dataset.js';
import { type FoldedData, loadFolds } from '../data/folded.js';
import { loadTrainingData, type TrainingData } from '../data/load.js';
import { isFolded } from '../data/parting.js';
import { UsageError } from '../errors.js';
import { withFindings } from '../run/newplan.js';
import { absoluteSources } from '../run/sources.js';
import { resolveConfig, type TrainConfig, type TrainOptions, withRows } from '../train/config.js';
import { CONFIG_GROUPS } from '../train/configkeys.js';

/** Keys on which it depends what is loaded. */
const DATA_KEYS = [...CONFIG_GROUPS.Data, 'seed'] as const;

/** What was loaded for some options: the data of one network, and of each fold's where there are folds. */
interface Loaded {
  readonly whole: TrainingData;
  readonly folded: FoldedData | null;
}

/** The data of a sweep by the keys that say what is loaded. */
export class SweepData {
  readonly #loaded = new Map<string, Promise<Loaded>>();

  /**
   * Returns the training data of a configuration; in a cross-validation with all rows but the test rows.
   * @throws UsageError and DataError as a training does
   */
  async load(options: TrainOptions): Promise<TrainingData> {
    return (await this.#load(options)).whole;
  }

  /**
   * Returns the data of the folds of a configuration that has some.
   * @throws UsageError and DataError as a cross-validation does
   */
  async folds(options: TrainOptions): Promise<FoldedData> {
    return (await this.#load(options)).folded!;
  }

  #load(options: TrainOptions): Promise<Loaded> {
    const config = absoluteSources(resolveConfig(options));
    const key = dataKey(config);
    const known = this.#loaded.get(key);
    if (known) return known;
    const loaded = this.#read(config, options);
    this.#loaded.set(key, loaded);
    return loaded;
  }

  /** The fingerprints of all that was loaded, without repetitions and sorted. */
  async fingerprints(): Promise<string[]> {
    const all = await Promise.all(this.#loaded.values());
    return [...new Set(all.map(({ whole }) => whole.fingerprint))].sort();
  }

  async #read(config: TrainConfig, options: TrainOptions): Promise<Loaded> {
    const before = (await Promise.all(this.#loaded.values())).flatMap(datasetsOf);
    if (config.stream)
      throw new UsageError('stream: the trials of a sweep share their rows in memory; leave it out');
    const rows = { ...withRows(config, options), stream: false };
    const folded = isFolded(config) ? await loadFolds(rows) : null;
    const whole = withFindings(folded?.whole ?? (await loadTrainingData(rows)), config);
    // Another seed parts the rows in another way, but most often they are stored with the same bytes.
    return withSharedDatasets({ whole, folded: folded && { ...folded, whole } }, before);
  }
}

/** Returns a text that configurations share if the same is loaded for them. */
function dataKey(config: TrainConfig): string {
  const unparted =
    !isFolded(config) && !isShare(config.val) && (config.test === undefined || !isShare(config.test));
  const values = DATA_KEYS.map((key) => (key === 'seed' && unparted ? null : (config[key] ?? null)));
  return JSON.stringify(values);
}

/** Whether rows are kept back for a part, which depends on the seed. */
const isShare = (part: TrainConfig['val']): boolean =>
  part === 'auto' || (typeof part === 'number' && part > 0);

const datasetsOf = ({ whole, folded }: Loaded): Dataset[] =>
  [whole, ...(folded?.folds.map(({ data }) => data) ?? [])].map(({ train }) => train.dataset);

/** Puts an earlier load's arrays in the place of those with the same bytes. */
function withSharedDatasets({ whole, folded }: Loaded, before: readonly Dataset[]): Loaded {
  const shared = new Map<Dataset, Dataset>();
  const share = (dataset: Dataset): Dataset => {
    const known = shared.get(dataset);
    if (known !== undefined) return known;
    const fewer = before.reduce((own, other) => withSharedArrays(own, other), dataset);
    // Where all arrays are another dataset's, it is that dataset.
    const twin = before.find((other) => fewer.numbers === other.numbers && sameArrays(fewer, other)) ?? fewer;
    shared.set(dataset, twin);
    return twin;
  };
  const swap = (data: TrainingData): TrainingData => {
    const own = data.train.dataset;
    const part = <T extends TrainingData['val']>(subset: T): T =>
      subset?.dataset === own ? { ...subset, dataset: share(own) } : subset;
    return { ...data, train: part(data.train), val: part(data.val), test: part(data.test) };
  };
  const own = swap(whole);
  if (folded === null) return { whole: own, folded };
  const folds = folded.folds.map((fold) => ({ ...fold, data: swap(fold.data) }));
  return { whole: own, folded: { ...folded, whole: own, folds } };
}

const sameArrays = (a: Dataset, b: Dataset): boolean =>
  a.codes === b.codes && a.targets === b.targets && a.weights === b.weights;
