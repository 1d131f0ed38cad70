/** Chooses a preset, and says which of its values apply beside those that the user gives. */
import { isFolded } from '../data/parting.js';
import type { ProblemType } from '../data/schema.js';
import { type DataSource, openSource, type Source } from '../data/source.js';
import { UsageError, UserError } from '../errors.js';
import { valueText } from '../hyperparameters.js';
import { SCHEDULES, type Schedule } from '../optim/schedules.js';
import { CHOICES, type ConfigInput, WITHOUT_LAYERS } from './configkeys.js';
import { PRESET_NAMES, PRESETS, type Preset, type PresetName } from './presets.js';
import { refitConflict } from './refit.js';

/** What a preset may depend on; known once the data is loaded. */
export interface PresetFacts {
  /** Training rows. */
  readonly rows: number;
  /** Whether there are validation rows. */
  readonly validated: boolean;
  /** Whether they were cut from the training data. */
  readonly heldBack: boolean;
  /** What is predicted. */
  readonly problemType: ProblemType;
}

type Values = Partial<Omit<ConfigInput, 'data' | 'preset'>>;
/** The presets, with values that the configuration's keys may have. */
const TYPED: Readonly<Record<PresetName, Preset & { readonly values: Values }>> = PRESETS;

/**
 * Returns the preset that `name` stands for; auto takes the one for this kind of data.
 * @throws UsageError for a preset that is meant for another kind of data
 */
export function choosePreset(name: PresetName | 'auto' | undefined, data: DataSource): PresetName {
  const wanted = name === undefined || name === 'auto' ? null : name;
  if (wanted !== null && TYPED[wanted].data === undefined) return wanted;
  const kind = kindOf(data);
  const fitting = PRESET_NAMES.find((preset) => TYPED[preset].data === kind) ?? 'none';
  if (wanted === null || kind === null || TYPED[wanted].data === kind) return wanted ?? fitting;
  const words = { table: 'a table', arrays: 'arrays' };
  throw new UsageError(
    `preset ${wanted} is for ${words[TYPED[wanted].data!]}, but the data is ${words[kind]}: take preset ${fitting}, or leave it out`,
  );
}

/** Returns what kind of data a source is; null for one that cannot be opened, which loading reports. */
export function kindOf(data: DataSource): Source['kind'] | null {
  try {
    return openSource(data).kind;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/**
 * Returns the values that a preset gives to the keys that `given` leaves open. What belongs to another
 * optimizer, schedule, averaging or network than the one given is left out. Before the data is loaded, a
 * batch and epochs that depend on it are 'auto', and other values that do are missing.
 */
export function presetValues(name: PresetName, given: ConfigInput, facts: PresetFacts | null): Values {
  const preset = TYPED[name];
  const all: Values = { ...preset.values, ...(facts ? preset.byTask?.[facts.problemType] : {}) };
  const open = Object.entries(all).filter(([key]) => given[key as keyof Values] === undefined);
  const values: Record<string, unknown> = Object.fromEntries(open);
  if (given.hidden?.length === 0) {
    // Without hidden layers the model is linear, which it would not be with embedded numbers.
    delete values.numberEmbedding;
    delete values.dropout;
  }
  if (given.layers !== undefined) for (const key of WITHOUT_LAYERS) delete values[key];
  for (const choice of CHOICES) {
    const [ofPreset, ofUser] = [all, given].map((source) => source[choice.key as keyof Values]);
    if (ofUser === undefined || ofUser === ofPreset) continue;
    const belonging = Object.keys(choice.members[String(ofPreset)] ?? {});
    for (const key of choice.key === 'optimizer' ? ['lr', ...belonging] : belonging) delete values[key];
  }
  if ((facts && !facts.validated) || endsAsGiven(given)) delete values.patience;
  if ((facts && !facts.heldBack) || refitConflict({ ...values, ...given })) delete values.refit;
  // The folds are the validation rows, unless the user wants others beside them.
  if (isFolded(given)) delete values.val;
  if (given.until !== undefined) delete values.epochs;
  if (values.schedules) values.schedules = scheduled(all.schedules!, (key) => given[key] ?? values[key]);
  if (preset.batch && given.batch === undefined) values.batch = facts ? preset.batch(facts.rows) : 'auto';
  const fewSteps = given.epochs === undefined && given.until === undefined;
  if (preset.epochs && fewSteps) {
    values.epochs = facts ? preset.epochs(stepsPerEpoch(given.batch ?? values.batch, facts.rows)) : 'auto';
  }
  return values as Values;
}

/**
 * Says which values a preset gives by what is predicted, which is known once the data is loaded: '0.1 for
 * classification, 0.05 for regression'.
 */
export function valuesByTask(name: PresetName, given: ConfigInput): Record<string, string> {
  const before = presetValues(name, given, null);
  const found: Record<string, string[]> = {};
  for (const problemType of Object.keys(TYPED[name].byTask ?? {}) as ProblemType[]) {
    const known = presetValues(name, given, { problemType, rows: 1, validated: true, heldBack: true });
    for (const [key, value] of Object.entries(known)) {
      if (key in before) continue;
      found[key] = [...(found[key] ?? []), `${valueText(value)} for ${problemType}`];
    }
  }
  return Object.fromEntries(Object.entries(found).map(([key, texts]) => [key, texts.join(', ')]));
}

/** Returns the schedules of the values that are there and not 0. */
function scheduled(
  schedules: NonNullable<Values['schedules']>,
  current: (key: keyof Values) => unknown,
): Values['schedules'] {
  return Object.fromEntries(
    Object.entries(schedules).filter(([key]) => (current(key as keyof Values) ?? 0) !== 0),
  );
}

/** Whether the user says when training ends, by `until` or a schedule that is planned to the last epoch. */
function endsAsGiven({ until, schedule }: ConfigInput): boolean {
  const planned = schedule !== undefined && (SCHEDULES[schedule] as Schedule).planned;
  return until !== undefined || planned === true;
}

function stepsPerEpoch(batch: unknown, rows: number): number {
  return typeof batch === 'number' ? Math.ceil(rows / batch) : 1;
}
