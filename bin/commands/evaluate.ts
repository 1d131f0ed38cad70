import { defineCommand } from '../command.js';
import { classScores, confusionTable, metricsText, scoresTable } from '../render/metrics.js';
import { json, print, printNotes } from '../render/output.js';
import { countOf, facts, painter, significant } from '../render/text.js';
import { withData } from '../stdin.js';

/** The tables show at most this many classes; --json lists all. */
const MOST_CLASSES = 20;

export const evaluateCommand = defineCommand({
  usage: 'evaluate <run> <data>',
  describe: 'measure a trained model on DATA that has the target',
  positionals: {
    run: "a run's folder or a model.safetensors",
    data: 'what train takes, or - for standard input',
  },
  flags: { json: { describe: 'print one JSON document', boolean: true } },
  examples: [['gradpool evaluate runs/mine holdout.csv', 'loss, accuracy, and each class on its own']],
  async run(args) {
    const { loadModel } = await import('../../src/model/index.js');
    const model = await loadModel(args.run);
    const { notes: remarks, ...found } = await withData(args.data, async (source, named) => {
      const evaluation = await model.evaluate(source);
      return { ...evaluation, notes: evaluation.notes.map(named) };
    });
    const { metrics, confusion, mae, r2 } = found;
    printNotes(remarks);
    const scores = model.classes && confusion ? classScores(model.classes, confusion) : null;
    if (args.json) {
      const { classes, path, weightsSha256 } = model;
      json({
        model: path,
        weightsSha256,
        data: args.data,
        ...found,
        classes,
        perClass: scores,
        notes: remarks,
      });
      return 0;
    }
    const rmse = metrics.rmse === undefined ? null : significant(metrics.rmse);
    const summary =
      rmse === null
        ? `${painter(process.stdout)('bold', metricsText(metrics))} on ${countOf(found.rows, 'row')}`
        : facts([
            ['rows', String(found.rows)],
            ['rmse', rmse],
            ['mae', mae === null ? null : significant(mae)],
            ['r2', r2 === null ? 'undefined: the target is constant' : significant(r2)],
            ['loss', significant(metrics.loss)],
          ]);
    print(summary);
    if (scores && confusion && scores.length <= MOST_CLASSES) {
      print(`\n${scoresTable(scores)}\n\n${confusionTable(model.classes!, confusion)}`);
    }
    return 0;
  },
});
