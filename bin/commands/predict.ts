import { setImmediate } from 'node:timers/promises';
import type { PredictOptions, PredictStreamOptions } from '../../src/model/index.js';
import { defineCommand } from '../command.js';
import { CONFIG_FLAGS } from '../config/flags.js';
import { oneOf, readNames, readShare, readText } from '../readers.js';
import { printNotes, streamTo } from '../render/output.js';
import { predictionWriter } from '../render/predictions.js';
import { noteUnfinished } from '../render/unfinished.js';
import { withStream } from '../stdin.js';

export const predictCommand = defineCommand({
  usage: 'predict <run> <data>',
  describe: 'predict DATA row by row: the class and its probabilities, or the value',
  positionals: {
    run: "a run's folder or a model.safetensors",
    data: 'data as for gradpool train, or - for standard input; needs no target, and may be larger than memory',
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
    workers: {
      ...CONFIG_FLAGS.workers,
      describe: 'threads that predict beside the one that reads; the result is the same for any number',
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
    const interval = args.interval !== undefined;
    const options: PredictStreamOptions = {
      ...keep,
      ...(interval && { interval: args.interval }),
      ...(args.workers !== undefined && { workers: args.workers as number | 'auto' }),
    };
    await withStream(args.data, async (source, named) => {
      const events = model.predictStream(source, options);
      // the columns are known, and the first rows are sound, before anything is written
      const { value: started } = await events.next();
      if (started?.type !== 'start') throw new Error('the first event of predictions is the start');
      try {
        const writer = predictionWriter(args.format ?? 'csv', started, interval);
        await streamTo(args.output, async (put) => {
          await put(writer.header);
          for await (const event of events) {
            if (event.type === 'end') printNotes(event.notes.map(named));
            if (event.type !== 'rows') continue;
            await put(writer.rows(event, event.predicted.length / started.targets.length));
            await setImmediate(); // lets signals through: with a fast reader, put never waits
          }
        });
      } finally {
        await events.return(undefined);
      }
    });
    return 0;
  },
});
