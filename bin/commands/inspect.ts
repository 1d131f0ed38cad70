import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainingParts } from '../../src/data/describe.js';
import { UsageError } from '../../src/errors.js';
import { type Args, defineCommand, type Flags } from '../command.js';
import { CONFIG_FLAGS, givenValues } from '../config/flags.js';
import { TABLE_FLAGS, tableOverrides } from '../config/tables.js';
import { json, print, printNotes } from '../render/output.js';
import { withData } from '../stdin.js';

/** The keys of a training on which the findings depend. */
const PARTS = ['target', 'val', 'test', 'seed'] as const;
const PART_FLAGS: Flags = Object.fromEntries(PARTS.map((key) => [key, CONFIG_FLAGS[key]]));

export const inspectCommand = defineCommand({
  usage: 'inspect <what>',
  describe: 'show what is in a run, a model or data',
  positionals: {
    what: "a run's folder, a model.safetensors, data as for gradpool train, or - for standard input",
  },
  flags: { ...PART_FLAGS, ...TABLE_FLAGS, json: { describe: 'print one JSON document', boolean: true } },
  examples: [
    ['gradpool inspect runs/mine', 'its status, history and network'],
    ['gradpool inspect houses.csv', 'columns, types, what was assumed, missing values'],
    [
      'gradpool inspect houses.csv -t price --test new.csv',
      'also what to check before training: leakage, duplicates, drift, …',
    ],
    [
      'gradpool inspect sales.csv --date-format day=dd/mm/yyyy',
      'the same, after telling how the column day writes its dates',
    ],
  ],
  async run(args) {
    const { what, json: asJson } = args;
    const parts: TrainingParts = givenValues(PARTS, args);
    if (what !== '-' && existsSync(join(what, 'run.json'))) {
      rejectParts(what, parts);
      const { describeRun, runText } = await import('../render/run.js');
      const run = await describeRun(what);
      printNotes(run.notes);
      asJson ? json({ kind: 'run', ...run }) : print(runText(run));
    } else if (what !== '-' && isModel(what)) {
      rejectParts(what, parts);
      const { loadModel } = await import('../../src/model/index.js');
      const { describeModel, modelText } = await import('../render/model.js');
      const model = await loadModel(what);
      asJson ? json({ kind: 'model', ...describeModel(model) }) : print(modelText(model));
    } else {
      const { describeSource } = await import('../../src/data/describe.js');
      const { sourceText } = await import('../render/source.js');
      const overrides = tableOverrides(args);
      const source = await withData(what, async (data, named) => {
        const described = await describeSource(data, overrides, parts);
        const findings = described.findings.map((finding) => ({ ...finding, remedy: named(finding.remedy) }));
        return { ...described, findings };
      });
      asJson
        ? json({ ...source, kind: 'data', stored: source.kind })
        : print(sourceText(source, Object.keys(parts).length > 0));
    }
    return 0;
  },
});

/** Refuses flags that speak of data where a run or a model is shown. */
function rejectParts(what: string, parts: Args): void {
  const [flag] = Object.keys(parts);
  if (flag === undefined) return;
  throw new UsageError(`--${flag}: ${what} is a run or a model; the flag is for data, so leave it out`);
}

function isModel(path: string): boolean {
  if (path.endsWith('.safetensors')) return true;
  return existsSync(path) && statSync(path).isDirectory() && existsSync(join(path, 'model.safetensors'));
}
