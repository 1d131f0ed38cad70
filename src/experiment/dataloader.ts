/** Loads the data of a sweep: once for all trials that read the same rows in the same way. */
import { loadTrainingData, type TrainingData } from '../data/load.js';
import { withFindings } from '../run/newplan.js';
import { absoluteSources } from '../run/sources.js';
import { resolveConfig, type TrainConfig, type TrainOptions, withRows } from '../train/config.js';
import { CONFIG_GROUPS } from '../train/configkeys.js';

/** Keys on which it depends what is loaded. */
const DATA_KEYS = [...CONFIG_GROUPS.Data, 'seed'] as const;

/** The data of a sweep by the keys that say what is loaded. */
export class SweepData {
  readonly #loaded = new Map<string, Promise<TrainingData>>();

  /**
   * Returns the training data of a configuration.
   * @throws UsageError and DataError as a training does
   */
  load(options: TrainOptions): Promise<TrainingData> {
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
    return [...new Set(all.map(({ fingerprint }) => fingerprint))].sort();
  }

  async #read(config: TrainConfig, options: TrainOptions): Promise<TrainingData> {
    const before = await Promise.all(this.#loaded.values());
    const data = withFindings(await loadTrainingData(withRows(config, options)), config);
    // Another seed parts the rows in another way, but most often they are stored with the same bytes.
    const twin = before.find((other) => sameBytes(other, data));
    return twin ? withDataset(data, twin) : data;
  }
}

/** Returns a text that configurations share if the same is loaded for them. */
function dataKey(config: TrainConfig): string {
  const unparted = !isShare(config.val) && (config.test === undefined || !isShare(config.test));
  const values = DATA_KEYS.map((key) => (key === 'seed' && unparted ? null : (config[key] ?? null)));
  return JSON.stringify(values);
}

/** Whether rows are kept back for a part, which depends on the seed. */
const isShare = (part: TrainConfig['val']): boolean =>
  part === 'auto' || (typeof part === 'number' && part > 0);

/** Whether the stored rows of two loads are the same, so that one copy of them will do. */
function sameBytes(a: TrainingData, b: TrainingData): boolean {
  const arrays = ({ train: { dataset } }: TrainingData) => [
    dataset.numbers,
    dataset.codes,
    dataset.targets,
    dataset.weights,
  ];
  const others = arrays(b);
  return arrays(a).every((array, index) => {
    const other = others[index];
    if (!array || !other) return !array && !other;
    return array.constructor === other.constructor && bytesOf(array).equals(bytesOf(other));
  });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

/** Puts another load's copy of the rows in the place of a load's own. */
function withDataset(data: TrainingData, { train: { dataset } }: TrainingData): TrainingData {
  const own = data.train.dataset;
  const swap = <T extends TrainingData['val']>(part: T): T =>
    part?.dataset === own ? { ...part, dataset } : part;
  return { ...data, train: swap(data.train), val: swap(data.val), test: swap(data.test) };
}
