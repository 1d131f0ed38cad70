import { UsageError } from '../../src/errors.js';
import { defineCommand } from '../command.js';
import { readNames, readText } from '../readers.js';
import { json, print, printNotes, streamTo } from '../render/output.js';

export const runsCommand = defineCommand({
  usage: 'runs [folder] [a] [b]',
  describe: 'list, filter and sort the runs and trials below a folder; runs compare A B says how two differ',
  positionals: {
    folder: 'where to look; default: this folder',
    a: 'runs compare: a run or trial',
    b: 'runs compare: another one',
  },
  flags: {
    where: {
      describe: 'a condition in SQL, such as "val_accuracy > 0.97 and lr < 0.1"',
      read: readText,
    },
    sort: { describe: 'a column to sort by; --sort=-COLUMN puts the largest first', read: readText },
    columns: { describe: 'the columns to show', repeats: true, read: readNames },
    csv: { describe: 'print CSV', boolean: true },
    json: { describe: 'print JSON', boolean: true },
  },
  examples: [
    ['gradpool runs', 'all runs and trials below this folder'],
    ['gradpool runs sweeps/mine --where "val_accuracy > 0.97" --sort val_loss', 'the best trials of a sweep'],
    ['gradpool runs --columns run,lr,val_loss --csv', 'for a spreadsheet'],
    ['gradpool runs compare runs/a runs/b', 'what differs in configuration and metrics'],
  ],
  async run(args) {
    if (args.csv && args.json)
      throw new UsageError('--csv and --json are two formats: leave one of them out');
    if (args.folder === 'compare') return compare(args);
    if (args.a !== undefined) {
      throw new UsageError(
        `runs takes one folder, found '${args.a}' too; for two runs: gradpool runs compare A B`,
      );
    }
    const { findRuns } = await import('../../src/experiment/listing/query.js');
    const { where, sort, columns } = args;
    const found = await findRuns(args.folder ?? '.', { where, sort, columns });
    printNotes(found.notes);
    const { runsCsv, runsText } = await import('../render/runs.js');
    if (args.json) json(columns ? found.rows.map((row) => pick(row, columns)) : found.rows);
    else if (args.csv) await streamTo(undefined, (put) => put(runsCsv(found.columns, found.rows)));
    else print(runsText(found.columns, found.rows));
    return 0;
  },
});

const pick = (row: object, columns: readonly string[]): object =>
  Object.fromEntries(columns.map((name) => [name, (row as Record<string, unknown>)[name] ?? null]));

interface ComparedArgs {
  readonly a: string | undefined;
  readonly b: string | undefined;
  readonly where: string | undefined;
  readonly sort: string | undefined;
  readonly columns: readonly string[] | undefined;
  readonly csv: boolean | undefined;
  readonly json: boolean | undefined;
}

async function compare(args: ComparedArgs): Promise<number> {
  const { a, b } = args;
  if (a === undefined || b === undefined) {
    throw new UsageError('runs compare needs two runs: gradpool runs compare A B');
  }
  const idle = (['where', 'sort', 'columns', 'csv'] as const).find((flag) => args[flag] !== undefined);
  if (idle) throw new UsageError(`--${idle} filters a list, and runs compare shows two runs: leave it out`);
  const { compareRuns } = await import('../../src/experiment/listing/compareruns.js');
  const comparison = compareRuns(a, b);
  if (args.json) json(comparison);
  else print((await import('../render/runs.js')).runComparisonText(comparison));
  return 0;
}
