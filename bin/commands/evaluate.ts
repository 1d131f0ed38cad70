import type { EvaluatedUncertainty, Evaluation } from '../../src/model/evaluate.js';
import { defineCommand } from '../command.js';
import { classScores, confusionTable, metricsText, scoresTable } from '../render/metrics.js';
import { json, print, printNotes } from '../render/output.js';
import { countOf, facts, painter, percent, r2Text, significant } from '../render/text.js';
import { withData } from '../stdin.js';

/** The tables show at most this many classes; --json lists all. */
const MOST_CLASSES = 20;

export const evaluateCommand = defineCommand({
  usage: 'evaluate <run> <data>',
  describe: 'test a trained model on DATA that holds the target column, the right answers',
  positionals: {
    run: "a run's folder or a model.safetensors",
    data: 'data as for gradpool train, or - for standard input',
  },
  flags: { json: { describe: 'print one JSON document', boolean: true } },
  examples: [['gradpool evaluate runs/mine holdout.csv', 'loss, accuracy, and each class on its own']],
  async run(args) {
    const { loadModel } = await import('../../src/model/index.js');
    const model = await loadModel(args.run);
    const { notes, ...found } = await withData(args.data, async (source, named) => {
      const evaluation = await model.evaluate(source);
      return { ...evaluation, notes: evaluation.notes.map(named) };
    });
    const { confusion } = found;
    printNotes(notes);
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
        notes,
      });
      return 0;
    }
    print(summaryText(found));
    if (model.classes && found.ece) print(facts(uncertaintyFacts(found)));
    if (scores && confusion && scores.length <= MOST_CLASSES) {
      print(`\n${scoresTable(scores)}\n\n${confusionTable(model.classes!, confusion)}`);
    }
    return 0;
  },
});

/** Writes the metrics: classes have them in one line, numbers in several. */
function summaryText(found: Omit<Evaluation, 'notes'>): string {
  const { rows, metrics, mae, r2 } = found;
  if (metrics.rmse === undefined) {
    return `${painter(process.stdout)('bold', metricsText(metrics))} on ${countOf(rows, 'row')}`;
  }
  return facts([
    ['rows', String(rows)],
    ['rmse', significant(metrics.rmse)],
    ['mae', mae === null ? null : significant(mae)],
    ['r2', r2 === null ? 'undefined: the target is constant' : r2Text(r2)],
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
