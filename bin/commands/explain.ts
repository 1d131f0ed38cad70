import { UsageError } from '../../src/errors.js';
import type { Args, Command } from '../command.js';
import { json, print, streamTo } from '../render/output.js';

export const explain: Command = {
  usage: 'explain <network> [data]',
  describe: 'one instance through a network and back, every derivative beside its difference quotient',
  positionals: {
    network: "a run's folder, a model.safetensors or a configuration file",
    data: "what train takes (default: the run's or the configuration's data)",
  },
  flags: {
    row: { describe: 'which row of the data (default 1)' },
    input: { describe: "x1,x2,…: the network's own inputs instead of a row" },
    target: { describe: 'd1,d2,… or a class: the desired output of --input' },
    trace: { describe: 'print the two columns of a large network too', boolean: true },
    weight: {
      describe: 'the paths from this weight to Div, as in w[1][1,2] (layer, from, to; from 0: the bias)',
    },
    perturb: { describe: 'predicted and actual change of Div, as in x1=1e-3 or w[2][1,3]=1e-3' },
    diagram: { describe: 'write the influence diagram to this SVG file' },
    json: { describe: 'print one JSON document', boolean: true },
  },
  examples: [
    ['gradpool explain examples/lecture-2-2-2.yaml', 'the worked example of the lecture'],
    ['gradpool explain runs/mine --row 7 --diagram seven.svg', 'a row of the data it was trained on'],
    ["gradpool explain runs/mine --weight 'w[1][1,2]' --perturb x1=1e-3", 'every path, and a nudge'],
  ],
  run,
};

async function run({ values, set }: Args): Promise<number> {
  const { openSubject } = await import('../../src/explain/subject.js');
  const { explain } = await import('../../src/explain/explain.js');
  if (values.row !== undefined && values.input !== undefined) {
    throw new UsageError('--row and --input: give one of them');
  }
  const subject = await openSubject({
    path: values.network!,
    data: values.data,
    row: values.row === undefined ? undefined : wholeNumber('row', values.row),
    input: values.input === undefined ? undefined : numbers('input', values.input),
    target: values.target,
  });
  const explanation = explain(subject, {
    weight: values.weight,
    perturb: values.perturb,
    all: set.has('trace'),
  });
  if (values.diagram !== undefined) {
    const { diagram } = await import('../../src/explain/diagram.js');
    const svg = diagram(explanation, values.network!);
    await streamTo(values.diagram, (put) => put(svg));
  }
  if (set.has('json')) json({ network: values.network, ...explanation });
  else {
    const { explanationText } = await import('../render/explain.js');
    print(explanationText(explanation, values.network!, set.has('trace') || explanation.small));
  }
  return 0;
}

function wholeNumber(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--${flag}: expected a whole number, found "${text}"`);
}

function numbers(flag: string, text: string): number[] {
  const found = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const wrong = found.findIndex((one) => !Number.isFinite(one));
  if (wrong === -1) return found;
  throw new UsageError(
    `--${flag}: expected numbers separated by commas, found "${text.split(',')[wrong].trim()}"`,
  );
}
