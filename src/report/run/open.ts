/** Opens a run for a report: its record, its model, and the rows on which the model is looked at. */
import { existsSync } from 'node:fs';
import { bagSources } from '../../data/bag.js';
import type { Subset } from '../../data/dataset.js';
import { loadTrainingData, loadWithSchema, type TrainingData } from '../../data/load.js';
import type { KeptColumn } from '../../data/tables/load.js';
import { UserError } from '../../errors.js';
import { type ReadModel, readModel } from '../../model/read.js';
import { weightsSha256 } from '../../network/digest.js';
import { parameterLayout } from '../../network/layout.js';
import { partOf } from '../../regular.js';
import { readCheckpoint } from '../../run/checkpoint.js';
import { RUN_FILES, type RunRecord, readRun } from '../../run/folder.js';
import { resolveConfig, type TrainConfig, withRows } from '../../train/config.js';
import { planTraining } from '../../train/plan.js';
import { type RunLog, readRunLog } from './log.js';

/** The rows that the model is evaluated on. */
export interface ReportRows {
  /** What they are, such as 'the test rows'. */
  readonly name: string;
  /** Where they come from, as errors name it. */
  readonly source: string;
  readonly subset: Subset;
  /** Whether the network was trained on them. */
  readonly learned: boolean;
  readonly notes: readonly string[];
  /** Reads the rows of a table as they are written, or short arrays; null for longer ones. */
  readonly cells: () => Promise<readonly KeptColumn[] | null>;
}

/** All that a report of a run is made from; what could not be read is null, and a note says why. */
export interface OpenedRun {
  readonly folder: string;
  readonly record: RunRecord;
  readonly config: TrainConfig;
  readonly log: RunLog;
  /** The run's model; while it is trained, the best weights so far. */
  readonly model: ReadModel | null;
  readonly data: TrainingData | null;
  readonly rows: ReportRows | null;
  readonly notes: readonly string[];
}

/**
 * Opens a run.
 * @param source rows with targets to evaluate on, in place of the run's own
 * @throws DataError where the folder is no run's, and for a source that cannot be read
 */
export async function openRun(folder: string, source: string | undefined): Promise<OpenedRun> {
  const { record, config: stored } = readRun(folder);
  const config = resolveConfig(stored);
  const log = readRunLog(folder);
  const notes = [...log.notes];
  const say = (note: string) => void notes.push(note);
  const data = source === undefined ? await ownData(config, record, say) : null;
  const model = openModel(folder, config, data, say);
  const rows =
    source === undefined
      ? data && rowsOf(data, config, record)
      : model && (await givenRows(source, model.schema));
  return { folder, record, config, log, model, data, rows, notes };
}

/** Loads the data of a run again; null, with a note, where that fails or they are other data now. */
async function ownData(
  config: TrainConfig,
  record: RunRecord,
  say: (note: string) => void,
): Promise<TrainingData | null> {
  const remedy = '--data FILE takes other rows with targets';
  try {
    const whole = withRows(config, config);
    const data = await loadTrainingData(config.bag > 1 ? bagSources(whole).options : whole);
    if (data.fingerprint === record.dataset) return data;
    say(
      `${config.data}: not the data that the run was trained on, so nothing is said of its rows; ${remedy}`,
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(`The data could not be read again, so nothing is said of its rows: ${error.message}; ${remedy}`);
  }
  return null;
}

/** Reads the model, or the best weights of a run that has none yet. */
function openModel(
  folder: string,
  config: TrainConfig,
  data: TrainingData | null,
  say: (note: string) => void,
): ReadModel | null {
  try {
    if (existsSync(partOf(folder, RUN_FILES.model))) return readModel(folder);
    const best = partOf(folder, RUN_FILES.best);
    if (config.bag > 1 || data === null || !existsSync(best)) return null;
    const model = checkpointModel(best, config, data);
    say('The run has no model yet; its predictions are those of the best epoch so far.');
    return model;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(`The model could not be read: ${error.message}`);
    return null;
  }
}

function checkpointModel(file: string, config: TrainConfig, data: TrainingData): ReadModel {
  const { network, layers, kernels } = planTraining({ ...config, workers: 0 }, data);
  const layout = parameterLayout(layers);
  const { weights, state } = readCheckpoint(file, layout.length, 0);
  return {
    file,
    network,
    layers,
    layout,
    weights,
    schema: data.schema,
    calibration: null,
    facts: { epochs: state.best?.epoch ?? 0, steps: state.step, seed: config.seed, kernels },
    weightsSha256: weightsSha256(layout, weights),
  };
}

/** Chooses the rows that say most about the model: those of the test, of the validation, or all others. */
function rowsOf(data: TrainingData, config: TrainConfig, { result }: RunRecord): ReportRows {
  const ownVal = data.val !== null && result?.refit === undefined ? data.val : null;
  if (data.test) return ownRows(data, data.test, 'test', config.test, config.data);
  if (ownVal) return ownRows(data, ownVal, 'validation', config.val, config.data);
  return ownRows(data, data.train, 'training', config.data, config.data);
}

function ownRows(
  { schema }: TrainingData,
  subset: Subset,
  part: 'test' | 'validation' | 'training',
  given: TrainConfig['test'],
  whole: string,
): ReportRows {
  return {
    name: `the ${part} rows`,
    source: `the ${part} rows`,
    subset,
    learned: part === 'training',
    notes: [],
    cells: async () => {
      if (schema.kind !== 'table') return elementColumns(subset);
      const source = typeof given === 'string' && given !== 'auto' ? given : whole;
      const { kept } = await loadWithSchema(source, schema, { needTargets: true, keep: 'all' });
      return kept;
    },
  };
}

async function givenRows(source: string, schema: TrainingData['schema']): Promise<ReportRows> {
  const keep = schema.kind === 'table' ? ({ keep: 'all' } as const) : {};
  const { subset, kept, notes } = await loadWithSchema(source, schema, { needTargets: true, ...keep });
  return {
    name: `the rows of ${source}`,
    source,
    subset,
    learned: false,
    notes,
    cells: async () => (schema.kind === 'table' ? kept : elementColumns(subset)),
  };
}

/** Numbers of a row of arrays that are few enough to be shown as columns. */
const MOST_ELEMENTS = 12;

/** Returns the elements of short arrays as columns, or null. */
function elementColumns({ dataset: { numbers, numberWidth } }: Subset): KeptColumn[] | null {
  if (numberWidth > MOST_ELEMENTS) return null;
  return Array.from({ length: numberWidth }, (_, j) => ({
    name: `input ${j + 1}`,
    text: (row) => String(numbers[row * numberWidth + j]),
  }));
}
