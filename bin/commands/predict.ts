import { setImmediate } from 'node:timers/promises';
import { UsageError } from '../../src/errors.js';
import type { PredictionBatch, Predictions } from '../../src/model/index.js';
import { defineCommand } from '../command.js';
import { oneOf, readNames, readText } from '../readers.js';
import { printNotes, streamTo } from '../render/output.js';
import { csvCell } from '../render/text.js';
import { withData } from '../stdin.js';

export const predictCommand = defineCommand({
  usage: 'predict <run> <data>',
  describe: 'predict DATA row by row: the class and its probabilities, or the value',
  positionals: {
    run: "a run's folder or a model.safetensors",
    data: 'data as for gradpool train, or - for standard input; needs no target',
  },
  flags: {
    format: { describe: 'how the predictions are written', ...oneOf('csv', 'jsonl'), default: 'csv' },
    output: {
      describe: 'write to this file instead of stdout; it appears complete or not at all',
      read: readText,
    },
    keep: {
      describe: "columns of DATA to copy unchanged in front of the prediction, such as 'id,name', or all",
      repeats: true,
      read: readNames,
    },
  },
  examples: [
    ['gradpool predict runs/mine new.csv > predicted.csv', 'a row for each row of new.csv'],
    [
      'gradpool predict runs/mine new.csv --keep id,name',
      'each prediction beside the id and name of its row',
    ],
    ["mysql -B -e 'select …' | gradpool predict runs/mine -", 'rows that another program writes'],
    [
      'gradpool predict runs/mine new.csv --format jsonl | jq .species',
      'a JSON object for each row, for another program',
    ],
  ],
  async run(args) {
    const { loadModel } = await import('../../src/model/index.js');
    const model = await loadModel(args.run);
    const keep = args.keep?.length === 1 && args.keep[0] === 'all' ? 'all' : args.keep;
    await withData(args.data, async (source, named) => {
      const predictions = await model.predict(source, keep === undefined ? {} : { keep });
      printNotes(predictions.notes.map(named));
      refuseNameTwice(predictions);
      const { header, row } = (args.format === 'jsonl' ? jsonl : csv)(predictions);
      await streamTo(args.output, async (put) => {
        await put(header);
        for (const batch of predictions.batches()) {
          const rows = batch.predicted.length / predictions.targets.length;
          await put(
            Array.from({ length: rows }, (_, index) => row(cellsOf(predictions, batch, index))).join(''),
          );
          await setImmediate(); // lets signals through: with a fast reader, put never waits
        }
      });
    });
    return 0;
  },
});

/** Refuses to keep a column with the name of a prediction: one would overwrite the other in JSON. */
function refuseNameTwice({ kept, targets }: Predictions): void {
  const twice = kept.find(({ name }) => targets.includes(name));
  if (twice === undefined) return;
  throw new UsageError(
    `--keep ${twice.name}: the prediction has this name; leave the column out of --keep, or rename it in the data`,
  );
}

interface Cells {
  /** Columns of the source; null where a cell is empty. */
  readonly kept: readonly (string | null)[];
  readonly predicted: readonly (string | number)[];
  /** Probabilities by class; empty where there are no classes. */
  readonly probabilities: readonly number[];
}

function cellsOf({ targets, classes, kept }: Predictions, batch: PredictionBatch, index: number): Cells {
  const { predicted, probabilities } = batch;
  const width = classes?.length ?? 0;
  return {
    kept: kept.map(({ text }) => text(batch.from + index)),
    predicted: predicted.slice(index * targets.length, (index + 1) * targets.length),
    probabilities: probabilities
      ? Array.from(probabilities.subarray(index * width, (index + 1) * width), rounded)
      : [],
  };
}

interface Format {
  readonly header: string;
  readonly row: (cells: Cells) => string;
}

function csv({ targets, classes, kept }: Predictions): Format {
  const line = (cells: readonly (string | number)[]) => `${cells.map(csvCell).join(',')}\n`;
  return {
    header: line([
      ...kept.map(({ name }) => name),
      ...targets,
      ...(classes ?? []).map((name) => `p(${name})`),
    ]),
    row: ({ kept: cells, predicted, probabilities }) =>
      line([...cells.map((cell) => cell ?? ''), ...predicted.map(rounded), ...probabilities]),
  };
}

function jsonl({ targets, classes, kept }: Predictions): Format {
  return {
    header: '',
    row: ({ kept: cells, predicted, probabilities }) => {
      const named = Object.fromEntries([
        ...kept.map(({ name }, index) => [name, cells[index]]),
        ...targets.map((target, index) => [target, rounded(predicted[index])]),
      ]);
      const shares = Object.fromEntries(probabilities.map((share, index) => [classes![index], share]));
      return `${JSON.stringify(probabilities.length > 0 ? { ...named, probabilities: shares } : named)}\n`;
    },
  };
}

/** Rounds to nine digits: they hold a float32 exactly, and the rest would be noise. */
function rounded<T extends string | number>(value: T): T {
  return typeof value === 'number' ? (Number(value.toPrecision(9)) as T) : value;
}
