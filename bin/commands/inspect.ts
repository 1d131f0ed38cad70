import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand } from '../command.js';
import { TABLE_FLAGS, tableOverrides } from '../config/tables.js';
import { json, print } from '../render/output.js';
import { withData } from '../stdin.js';

export const inspectCommand = defineCommand({
  usage: 'inspect <what>',
  describe: 'show what is in a run, a model or data',
  positionals: {
    what: "a run's folder, a model.safetensors, data as for gradpool train, or - for standard input",
  },
  flags: { ...TABLE_FLAGS, json: { describe: 'print one JSON document', boolean: true } },
  examples: [
    ['gradpool inspect runs/mine', 'its status, history and network'],
    ['gradpool inspect houses.csv', 'columns, types, what was assumed, missing values'],
    [
      'gradpool inspect sales.csv --date-format day=dd/mm/yyyy',
      'the same, after telling how the column day writes its dates',
    ],
  ],
  async run(args) {
    const { what, json: asJson } = args;
    if (what !== '-' && existsSync(join(what, 'run.json'))) {
      const { describeRun, runText } = await import('../render/run.js');
      const run = await describeRun(what);
      asJson ? json({ kind: 'run', ...run }) : print(runText(run));
    } else if (what !== '-' && isModel(what)) {
      const { loadModel } = await import('../../src/model/index.js');
      const { describeModel, modelText } = await import('../render/model.js');
      const model = await loadModel(what);
      asJson ? json({ kind: 'model', ...describeModel(model) }) : print(modelText(model));
    } else {
      const { describeSource } = await import('../../src/data/describe.js');
      const { sourceText } = await import('../render/source.js');
      const overrides = tableOverrides(args);
      const source = await withData(what, (data) => describeSource(data, overrides));
      asJson ? json({ ...source, kind: 'data', stored: source.kind }) : print(sourceText(source));
    }
    return 0;
  },
});

function isModel(path: string): boolean {
  if (path.endsWith('.safetensors')) return true;
  return existsSync(path) && statSync(path).isDirectory() && existsSync(join(path, 'model.safetensors'));
}
