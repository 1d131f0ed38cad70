/** Every format that others may read, by name, and its JSON Schema. */
import { z } from 'zod';
import { didYouMean } from '../didyoumean.js';
import { UsageError } from '../errors.js';
import { METRICS_FORMAT } from '../run/eventformat.js';
import { RECORD_FORMAT } from '../run/recordformat.js';
import { RESULT_FORMAT } from '../run/resultformat.js';
import type { StoredFormat } from '../stored.js';
import { CONFIG_FORMAT } from '../train/configfile.js';
import { EVALUATE_FORMAT, INSPECT_FORMAT, PREDICT_FORMAT } from './documents.js';
import { SWEEP_FORMAT, SWEEP_RECORD_FORMAT } from './sweepfile.js';
import { TRIALS_FORMAT } from './triallines.js';

interface PublicFormat {
  readonly title: string;
  /** What holds it, for lists. */
  readonly where: string;
  readonly format: StoredFormat;
}

export const FORMATS = {
  config: {
    title: 'config.yaml of a run, and the file that gradpool train -c reads',
    where: 'a file, YAML or JSON',
    format: CONFIG_FORMAT,
  },
  run: { title: 'run.json: what happened in a run', where: 'a file', format: RECORD_FORMAT },
  metrics: {
    title: 'metrics.jsonl: an event of a training',
    where: 'each line of a file',
    format: METRICS_FORMAT,
  },
  sweep: {
    title: 'sweep.yaml: the definition of a sweep, and the file that gradpool sweep reads',
    where: 'a file, YAML or JSON',
    format: SWEEP_FORMAT,
  },
  'sweep-record': {
    title: 'sweep.json: what became of a sweep',
    where: 'a file',
    format: SWEEP_RECORD_FORMAT,
  },
  trials: {
    title: 'trials.jsonl: a trial of a sweep begins or has ended',
    where: 'each line of a file',
    format: TRIALS_FORMAT,
  },
  train: {
    title: 'the result of a training',
    where: 'what gradpool train --json and resume --json print',
    format: RESULT_FORMAT,
  },
  evaluate: {
    title: 'the evaluation of a model',
    where: 'what gradpool evaluate --json prints',
    format: EVALUATE_FORMAT,
  },
  predict: {
    title: 'the prediction of a row',
    where: 'each line that gradpool predict --format jsonl prints',
    format: PREDICT_FORMAT,
  },
  inspect: {
    title: 'a run with its history',
    where: 'what gradpool inspect RUN --json prints',
    format: INSPECT_FORMAT,
  },
} as const satisfies Readonly<Record<string, PublicFormat>>;

/** The name of a format. */
type FormatName = keyof typeof FORMATS;
export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];

/** Returns the name of a format. Throws UsageError for a word that names none. */
export function formatName(word: string): FormatName {
  const name = FORMAT_NAMES.find((known) => known === word);
  if (name !== undefined) return name;
  const near = didYouMean(word, FORMAT_NAMES) || `; there are ${FORMAT_NAMES.join(', ')}`;
  throw new UsageError(`unknown format '${word}'${near}`);
}

/**
 * Returns the JSON Schema (draft 2020-12) of a format, made from the schema by which gradpool reads it. Rules
 * that a JSON Schema cannot say, such as which keys exclude each other, are left to the reader.
 */
export function jsonSchemaOf(name: FormatName): Readonly<Record<string, unknown>> {
  const { title, format }: PublicFormat = FORMATS[name];
  const { $schema, ...schema } = z.toJSONSchema(format.schema, { io: 'input' });
  return { $schema, $id: `urn:gradpool:${name}:${format.version}`, title, ...schema };
}
