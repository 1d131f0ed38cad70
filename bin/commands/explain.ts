import { UsageError } from '../../src/errors.js';
import { type Args, type Command, defineCommand } from '../command.js';
import { exampleFile } from '../examples.js';
import { readNumbers, readText, readWhole } from '../readers.js';
import { noteMember } from '../render/member.js';
import { json, print, streamTo } from '../render/output.js';

export const explainCommand: Command = defineCommand({
  usage: 'explain [network] [data]',
  describe: 'show one instance go through a network and back, each derivative beside its difference quotient',
  positionals: {
    network:
      "a run's folder, a model.safetensors or a configuration file; with --tour, a station's name or a slide's number",
    data: "data as for gradpool train (default: the run's or the configuration's data)",
  },
  flags: {
    row: { describe: 'which row of the data', default: '1', read: readWhole(0) },
    member: { describe: 'which network of a bag', default: '1', read: readWhole(1) },
    input: { describe: "x1,x2,…: the network's own inputs instead of a row", read: readNumbers },
    target: { describe: 'd1,d2,… or a class: the desired output of --input', read: readText },
    steps: {
      describe:
        'print one step after the other, in the order of the lecture, with the numbers put in; of a large network, those of one unit',
      boolean: true,
    },
    tour: {
      describe:
        "list the stretches of the lecture's slides with the commands that show them; with a name, run one",
      boolean: true,
    },
    trace: { describe: 'print every number of a large network too', boolean: true },
    weight: {
      describe:
        'show every path from this weight to Div, the loss, as in w[1][1,2] (layer, from unit, to unit; from 0 is the bias)',
      read: readText,
    },
    perturb: {
      describe:
        'change one number, as in x1=1e-3 or w[2][1,3]=1e-3, and compare the predicted change of Div with the actual one',
      read: readText,
    },
    diagram: { describe: 'write the influence diagram to this SVG file', read: readText },
    html: {
      describe: 'write a page to this file that plays both passes step by step, without any network access',
      read: readText,
    },
    json: { describe: 'print one JSON document', boolean: true },
  },
  examples: [
    ['gradpool explain examples/lecture-2-2-2.yaml', 'the worked example of the lecture'],
    ['gradpool explain runs/mine --row 7 --diagram seven.svg', 'a row of the data it was trained on'],
    ['gradpool explain runs/mine --row 7 --html seven.html', 'a page that plays the lecture on that row'],
    ['gradpool explain --tour', 'the lecture slide by slide, each with a command'],
    [
      "gradpool explain runs/mine --weight 'w[1][1,2]' --perturb x1=1e-3",
      'the paths from a weight, and the effect of a small change of an input',
    ],
  ],
  async run(args) {
    const { openSubject } = await import('../../src/explain/subject.js');
    const { explain } = await import('../../src/explain/explain.js');
    const { assertPassed } = await import('../../src/explain/gradcheck.js');
    if (args.tour) return tour(args);
    const { data, row, input, member, target, weight, perturb } = args;
    if (args.network === undefined) {
      throw new UsageError(
        'explain needs a network: gradpool explain NETWORK, or gradpool explain --tour for the lecture',
      );
    }
    const network = exampleFile(args.network);
    if (row !== undefined && input !== undefined) {
      throw new UsageError('--row and --input: give one of them');
    }
    const subject = await openSubject({ path: network, data, row, input, member, target });
    noteMember(subject);
    const explanation = explain(subject, {
      weight,
      perturb,
      all: args.trace === true,
      steps: args.steps === true || args.json === true || args.html !== undefined,
    });
    if (args.diagram !== undefined) {
      const { diagram } = await import('../../src/explain/diagram.js');
      const svg = diagram(explanation, args.network);
      await streamTo(args.diagram, (put) => put(svg));
    }
    if (args.html !== undefined) {
      const { explanationPage } = await import('../../src/report/lecture.js');
      const page = await explanationPage(subject, explanation, args.network);
      await streamTo(args.html, (put) => put(page));
    }
    if (args.json) json({ network: args.network, ...explanation });
    else {
      const { explanationText } = await import('../render/explain.js');
      const how = { full: args.trace === true || explanation.small, steps: args.steps === true };
      print(explanationText(explanation, args.network, how));
    }
    assertPassed(explanation.trace, 'explain');
    return 0;
  },
});

/** Lists the stations of the tour, or runs the one that is named in place of a network. */
async function tour({ network, data, json: asJson, tour: _, ...flags }: Args): Promise<number> {
  const others = Object.keys(flags).filter((name) => flags[name] !== undefined);
  if (data !== undefined || others.length > 0) {
    const what = others.length > 0 ? `--${others[0]}` : `'${data}'`;
    throw new UsageError(
      `--tour and ${what}: a station of the tour has a command of its own; type that command with ${what}`,
    );
  }
  const { listTour, runStation } = await import('../tour.js');
  if (network !== undefined) return runStation(String(network), explainCommand);
  listTour(asJson === true);
  return 0;
}
