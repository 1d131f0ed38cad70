import { UsageError } from '../../src/errors.js';
import { IMPORTANCE_METRIC_NAMES } from '../../src/model/importancemetrics.js';
import type { Importance, Model } from '../../src/model/index.js';
import { defineCommand } from '../command.js';
import { CONFIG_FLAGS } from '../config/flags.js';
import { oneOf, readNames, readWhole } from '../readers.js';
import { dependenceCsv, dependenceText, importanceCsv, importanceText } from '../render/importance.js';
import { json, print, printNotes } from '../render/output.js';
import { withData } from '../stdin.js';

export const importanceCommand = defineCommand({
  usage: 'importance <run> <data>',
  describe: 'show which columns a model relies on: how much worse it is when a column is permuted',
  positionals: {
    run: "a run's folder or a model.safetensors",
    data: 'data with the target column, best held back from training; or - for standard input',
  },
  flags: {
    repeats: { describe: 'how often each column is permuted', default: '10', read: readWhole(1) },
    metric: {
      describe: 'what gets worse; default: logLoss for classes, rmse for numbers',
      ...oneOf(...IMPORTANCE_METRIC_NAMES),
    },
    dependence: {
      describe:
        'instead: the mean prediction when all rows have the same value in a column, for up to 20 of its values',
      repeats: true,
      read: readNames,
    },
    seed: { describe: 'seed of the permutations', default: '1', read: readWhole(0) },
    workers: {
      ...CONFIG_FLAGS.workers,
      describe: 'number of threads; the result is the same for any number',
    },
    csv: { describe: 'print comma-separated values', boolean: true },
    json: { describe: 'print one JSON document', boolean: true },
    'no-progress': { describe: 'show no bar', boolean: true },
  },
  examples: [
    ['gradpool importance runs/mine holdout.csv', 'the columns, the most important first'],
    [
      'gradpool importance runs/mine holdout.csv --dependence age,city',
      'how the prediction changes with two columns',
    ],
  ],
  async run(args) {
    if (args.csv && args.json) throw new UsageError('--csv and --json exclude each other; keep one of them');
    const { loadModel } = await import('../../src/model/index.js');
    const model = await loadModel(args.run);
    const { dependence: columns } = args;
    if (columns !== undefined) {
      const found = await withData(args.data, (source) => model.dependence(source, columns));
      if (args.json) json({ model: model.path, data: args.data, dependence: found });
      else print(args.csv ? dependenceCsv(found) : dependenceText(found, model.task));
      return 0;
    }
    const { repeats, metric, seed, workers } = args;
    const options = {
      ...(repeats === undefined ? {} : { repeats }),
      ...(metric === undefined ? {} : { metric }),
      ...(seed === undefined ? {} : { seed }),
      ...(workers === undefined ? {} : { workers: workers as number | 'auto' }),
    };
    const showsBar = process.stderr.isTTY && !args['no-progress'];
    const importance = await withData(args.data, async (source, named) => {
      const measured = await follow(model.importance(source, options), showsBar);
      return { ...measured, notes: measured.notes.map(named) };
    });
    printNotes(importance.notes);
    if (args.json) json({ model: model.path, data: args.data, ...importance });
    else print(args.csv ? importanceCsv(importance) : importanceText(importance, args.data));
    return 0;
  },
});

/** Follows a measurement to its end, with a bar if there is somebody to see it. */
async function follow(events: ReturnType<Model['importance']>, showsBar: boolean): Promise<Importance> {
  const bar = showsBar ? await (await import('../render/countbar.js')).countBar('permutations') : null;
  try {
    for await (const event of events) {
      if (event.type === 'progress') bar?.show(event.done, event.total);
      else {
        const { type, ...importance } = event;
        return importance;
      }
    }
  } finally {
    bar?.stop();
  }
  throw new Error('the measurement ended without its last event');
}
