import { setImmediate } from 'node:timers/promises';
import type { PredictionBatch, Predictions } from '../../src/model/index.js';
import type { Command } from '../command.js';
import { streamTo } from '../render/output.js';
import { notes } from './notes.js';
import { withData } from './stdin.js';

export const predict: Command = {
  usage: 'predict <run> <data>',
  describe: 'predict DATA row by row: the class and its probabilities, or the value',
  positionals: {
    run: "a run's folder or a model.safetensors",
    data: 'what train takes, or - for standard input; needs no target',
  },
  flags: {
    format: { describe: 'of the predictions', choices: ['csv', 'jsonl'], default: 'csv' },
    output: { describe: 'write this file, whole or not at all, instead of stdout' },
  },
  examples: [
    ['gradpool predict runs/mine new.csv > predicted.csv', 'a row for each row of new.csv'],
    ["mysql -B -e 'select …' | gradpool predict runs/mine -", 'what another program writes'],
    ['gradpool predict runs/mine new.csv --format jsonl | jq .species', 'for another program'],
  ],
  async run({ values }) {
    const { loadModel } = await import('../../src/model/index.js');
    const model = await loadModel(values.run!);
    await withData(values.data!, async (source, named) => {
      const predictions = await model.predict(source);
      notes(predictions.notes.map(named));
      const { header, row } = (values.format === 'jsonl' ? jsonl : csv)(predictions);
      await streamTo(values.output, async (put) => {
        await put(header);
        for (const batch of predictions.batches()) {
          const rows = batch.predicted.length / predictions.targets.length;
          await put(
            Array.from({ length: rows }, (_, index) => row(cellsOf(predictions, batch, index))).join(''),
          );
          await setImmediate(); // a fast reader never makes put wait, and then no signal would come through
        }
      });
    });
    return 0;
  },
};

interface Cells {
  readonly predicted: readonly (string | number)[];
  /** by class; empty where there are none */
  readonly probabilities: readonly number[];
}

function cellsOf({ targets, classes }: Predictions, batch: PredictionBatch, index: number): Cells {
  const { predicted, probabilities } = batch;
  const width = classes?.length ?? 0;
  return {
    predicted: predicted.slice(index * targets.length, (index + 1) * targets.length),
    probabilities: probabilities
      ? Array.from(probabilities.subarray(index * width, (index + 1) * width), short)
      : [],
  };
}

interface Format {
  readonly header: string;
  readonly row: (cells: Cells) => string;
}

function csv({ targets, classes }: Predictions): Format {
  const line = (cells: readonly (string | number)[]) => `${cells.map(quoted).join(',')}\n`;
  return {
    header: line([...targets, ...(classes ?? []).map((name) => `p(${name})`)]),
    row: ({ predicted, probabilities }) => line([...predicted.map(short), ...probabilities]),
  };
}

function jsonl({ targets, classes }: Predictions): Format {
  return {
    header: '',
    row: ({ predicted, probabilities }) => {
      const named = Object.fromEntries(targets.map((target, index) => [target, short(predicted[index])]));
      const shares = Object.fromEntries(probabilities.map((share, index) => [classes![index], share]));
      return `${JSON.stringify(probabilities.length > 0 ? { ...named, probabilities: shares } : named)}\n`;
    },
  };
}

/** RFC 4180. */
function quoted(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Nine digits hold a float32 exactly; the rest would be noise. */
function short<T extends string | number>(value: T): T {
  return typeof value === 'number' ? (Number(value.toPrecision(9)) as T) : value;
}
