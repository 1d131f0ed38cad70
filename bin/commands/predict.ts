import { setImmediate } from 'node:timers/promises';
import { UsageError } from '../../src/errors.js';
import type { PredictionBatch, Predictions, PredictOptions } from '../../src/model/index.js';
import { defineCommand } from '../command.js';
import { oneOf, readNames, readShare, readText } from '../readers.js';
import { printNotes, streamTo } from '../render/output.js';
import { csvCell } from '../render/text.js';
import { noteUnfinished } from '../render/unfinished.js';
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
    interval: {
      describe:
        'add an interval, or for classes a set of them, that holds the right answer with this probability, such as 0.9',
      read: readShare,
    },
  },
  examples: [
    ['gradpool predict runs/mine new.csv > predicted.csv', 'a row for each row of new.csv'],
    [
      'gradpool predict runs/mine new.csv --keep id,name',
      'each prediction beside the id and name of its row',
    ],
    [
      'gradpool predict runs/mine new.csv --interval 0.9',
      'the same, with two columns between which nine of ten true values lie',
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
    await noteUnfinished(args.run, model);
    const all = args.keep?.length === 1 && args.keep[0] === 'all';
    const keep: PredictOptions = args.keep ? { keep: all ? 'all' : args.keep } : {};
    await withData(args.data, async (source, named) => {
      const { interval } = args;
      const predictions = await model.predict(source, {
        ...keep,
        ...(interval !== undefined && { interval }),
      });
      printNotes(predictions.notes.map(named));
      const columns = columnsOf(predictions, interval !== undefined);
      refuseNameTwice(predictions, columns);
      const { header, row } = (args.format === 'jsonl' ? jsonl : csv)(predictions, columns);
      await streamTo(args.output, async (put) => {
        await put(header);
        for (const batch of predictions.batches()) {
          const rows = batch.predicted.length / predictions.targets.length;
          await put(
            Array.from({ length: rows }, (_, index) => row(cellsOf(predictions, columns, batch, index))).join(
              '',
            ),
          );
          await setImmediate(); // lets signals through: with a fast reader, put never waits
        }
      });
    });
    return 0;
  },
});

type Value = string | number | readonly string[];

/** A column of predictions, which reads its cell off a batch. */
interface Column {
  readonly name: string;
  readonly value: (batch: PredictionBatch, index: number) => Value;
}

/** Lists the columns of the predictions: each target, then its quantiles, its interval or its set. */
function columnsOf({ targets, classes, quantiles }: Predictions, interval: boolean): Column[] {
  const width = targets.length;
  return targets.flatMap((name, t) => {
    const at = (index: number) => index * width + t;
    const levels = quantiles ?? [];
    const end = (suffix: string, side: 0 | 1): Column => ({
      name: `${name}_${suffix}`,
      value: ({ intervals }, index) => intervals![2 * at(index) + side],
    });
    const set: Column = { name: `${name}_set`, value: ({ sets }, index) => sets![index] };
    const range = classes ? [set] : [end('low', 0), end('high', 1)];
    return [
      { name, value: ({ predicted }, index) => predicted[at(index)] },
      ...levels.map(
        (level, q): Column => ({
          name: `${name}_q${level}`,
          value: ({ quantiles: values }, index) => values![at(index) * levels.length + q],
        }),
      ),
      ...(interval ? range : []),
    ];
  });
}

/** Refuses two columns of the same name: one would overwrite the other in JSON. */
function refuseNameTwice({ kept }: Predictions, columns: readonly Column[]): void {
  const predicted = columns.map(({ name }) => name);
  const twice = kept.find(({ name }) => predicted.includes(name));
  if (twice !== undefined) {
    throw new UsageError(
      `--keep ${twice.name}: the prediction has this name; leave the column out of --keep, or rename it in the data`,
    );
  }
  const other = predicted.find((name, i) => predicted.indexOf(name) < i);
  if (other === undefined) return;
  throw new UsageError(
    `--interval: two columns of the prediction would be called ${other}; rename that target in the training data`,
  );
}

interface Cells {
  /** Columns of the source; null where a cell is empty. */
  readonly kept: readonly (string | null)[];
  readonly predicted: readonly Value[];
  /** Probabilities by class; empty where there are no classes. */
  readonly probabilities: readonly number[];
}

function cellsOf(
  { classes, kept }: Predictions,
  columns: readonly Column[],
  batch: PredictionBatch,
  index: number,
): Cells {
  const { probabilities } = batch;
  const width = classes?.length ?? 0;
  return {
    kept: kept.map(({ text }) => text(batch.from + index)),
    predicted: columns.map(({ value }) => rounded(value(batch, index))),
    probabilities: probabilities
      ? Array.from(probabilities.subarray(index * width, (index + 1) * width), rounded)
      : [],
  };
}

interface Format {
  readonly header: string;
  readonly row: (cells: Cells) => string;
}

function csv({ classes, kept }: Predictions, columns: readonly Column[]): Format {
  const line = (cells: readonly Value[]) => `${cells.map(cellText).join(',')}\n`;
  return {
    header: line([
      ...kept.map(({ name }) => name),
      ...columns.map(({ name }) => name),
      ...(classes ?? []).map((name) => `p(${name})`),
    ]),
    row: ({ kept: cells, predicted, probabilities }) =>
      line([...cells.map((cell) => cell ?? ''), ...predicted, ...probabilities]),
  };
}

function jsonl({ classes, kept }: Predictions, columns: readonly Column[]): Format {
  return {
    header: '',
    row: ({ kept: cells, predicted, probabilities }) => {
      const named = Object.fromEntries([
        ...kept.map(({ name }, index) => [name, cells[index]]),
        ...columns.map(({ name }, index) => [name, predicted[index]]),
      ]);
      const shares = Object.fromEntries(probabilities.map((share, index) => [classes![index], share]));
      return `${JSON.stringify(probabilities.length > 0 ? { ...named, probabilities: shares } : named)}\n`;
    },
  };
}

/** Writes a cell of CSV. The names of a set are separated by bars. */
const cellText = (cell: Value): string => csvCell(typeof cell === 'object' ? cell.join('|') : cell);

/** Rounds to nine digits: they hold a float32 exactly, and the rest would be noise. */
function rounded<T extends Value>(value: T): T {
  return typeof value === 'number' ? (Number(value.toPrecision(9)) as T) : value;
}
