import type { EvaluatedUncertainty } from '../../src/model/coverage.js';
import type { Evaluation } from '../../src/model/evaluate.js';
import { defineCommand } from '../command.js';
import { readText, readWhole } from '../readers.js';
import { classTable, confusionTable, metricsText, scoreFacts } from '../render/metrics.js';
import { json, print, printNotes } from '../render/output.js';
import { countOf, facts, painter, percent, significant } from '../render/text.js';
import { noteUnfinished } from '../render/unfinished.js';
import { withStream } from '../stdin.js';

/** The tables show at most this many classes; --json lists all. */
const MOST_CLASSES = 20;

export const evaluateCommand = defineCommand({
  usage: 'evaluate <run> <data>',
  describe: 'test a trained model on DATA that holds the target column, the right answers',
  positionals: {
    run: "a run's folder or a model.safetensors",
    data: 'data as for gradpool train, or - for standard input; it may be larger than memory',
  },
  flags: {
    weights: {
      describe: 'tables: the column that says what each row counts in the metrics',
      read: readText,
    },
    bootstrap: {
      describe: 'draw the rows so many times anew for 95 % intervals of the metrics; 1000 are usual',
      read: readWhole(40),
    },
    seed: { describe: 'seed of these draws', default: '1', read: readWhole(0) },
    json: { describe: 'print one JSON document', boolean: true },
  },
  examples: [
    ['gradpool evaluate runs/mine holdout.csv', 'loss, accuracy, and each class on its own'],
    ['gradpool evaluate runs/mine holdout.csv --bootstrap 1000', 'every metric with its interval'],
    ['gradpool list metrics', 'what the metrics are'],
  ],
  async run(args) {
    const { loadModel } = await import('../../src/model/index.js');
    const model = await loadModel(args.run);
    await noteUnfinished(args.run, model);
    const { weights, bootstrap, seed } = args;
    const options = {
      ...(weights === undefined ? {} : { weights }),
      ...(bootstrap === undefined ? {} : { bootstrap }),
      ...(seed === undefined ? {} : { seed }),
    };
    const { notes, ...found } = await withStream(args.data, async (source, named) => {
      const evaluation = await model.evaluate(source, options);
      return { ...evaluation, notes: evaluation.notes.map(named) };
    });
    const { confusion, perClass, scores } = found;
    printNotes(notes);
    if (args.json) {
      const { classes, path, weightsSha256 } = model;
      json({ model: path, weightsSha256, data: args.data, ...found, classes, notes });
      return 0;
    }
    print(summaryText(found));
    if (model.classes) {
      const { ece, ...rest } = scores;
      const shown = found.ece === null && ece ? { ...rest, ece } : rest;
      print(facts([...scoreFacts(shown), ...uncertaintyFacts(found)]));
    }
    if (perClass && confusion && perClass.length <= MOST_CLASSES) {
      print(`\n${classTable(perClass)}\n\n${confusionTable(model.classes!, confusion)}`);
    }
    return 0;
  },
});

/** Writes the metrics: classes have them in one line, numbers in several. */
function summaryText(found: Omit<Evaluation, 'notes'>): string {
  const { rows, metrics, scores } = found;
  if (metrics.rmse === undefined) {
    return `${painter(process.stdout)('bold', metricsText(metrics))} on ${countOf(rows, 'row')}`;
  }
  const { rmse, mae, r2, ...others } = scores;
  const shown = { ...(rmse && { rmse }), ...(mae && { mae }), ...(r2 && { r2 }), ...others };
  return facts([
    ['rows', String(rows)],
    ...scoreFacts(shown),
    ['loss', significant(metrics.loss)],
    ...uncertaintyFacts(found),
  ]);
}

/** Says how often intervals or sets hold the right answer, and how far confidence is from accuracy. */
function uncertaintyFacts({ uncertainty, ece }: Omit<Evaluation, 'notes'>): [string, string | null][] {
  const after = ece === null || ece.after === null ? '' : `, ${significant(ece.after)} with the temperature`;
  return [
    [uncertainty?.width === null ? 'sets' : 'intervals', uncertainty && coverageText(uncertainty)],
    ['ece', ece && `${significant(ece.before)}${after}`],
  ];
}

function coverageText({ level, coverage, width, size }: EvaluatedUncertainty): string {
  const extent = width === null ? `${significant(size ?? 0)} classes` : `width ${significant(width)}`;
  return `${percent(coverage)} hold the right answer at level ${level}, mean ${extent}`;
}
