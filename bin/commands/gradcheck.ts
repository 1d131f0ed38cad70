import { defineCommand } from '../command.js';
import { exampleFile } from '../examples.js';
import { readWhole } from '../readers.js';
import { noteMember } from '../render/member.js';
import { json, print } from '../render/output.js';

/** Two shards of three rows. */
const DEFAULT_ROWS = 6;

export const gradcheckCommand = defineCommand({
  usage: 'gradcheck [network] [data]',
  describe:
    'check every derivative against difference quotients in float64, and the float32 kernels against float64',
  positionals: {
    network: 'a configuration file, run or model; left out: every layer kind x activation x divergence',
    data: "data as for gradpool train (default: the network's own)",
  },
  flags: {
    rows: {
      describe: 'how many rows of the data to check on',
      default: `${DEFAULT_ROWS}`,
      read: readWhole(1),
    },
    member: { describe: 'which network of a bag', default: '1', read: readWhole(1) },
    json: { describe: 'print one JSON document', boolean: true },
  },
  examples: [
    ['gradpool gradcheck', 'the library itself'],
    ['gradpool gradcheck config.yaml', 'your own network, on the first rows of its data'],
  ],
  async run(args) {
    const library = await import('../../src/explain/gradcheck.js');
    const render = await import('../render/gradcheck.js');
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    if (args.network === undefined) {
      const report = library.gradcheck();
      if (args.json) json({ ...report, seconds: seconds() });
      else print(render.libraryText(report, seconds()));
      library.assertPassed(report);
      return 0;
    }
    const { openSubject } = await import('../../src/explain/subject.js');
    const { gradcheckNetwork } = await import('../../src/explain/ownnetwork.js');
    const subject = await openSubject({
      path: exampleFile(args.network),
      data: args.data,
      rows: args.rows ?? DEFAULT_ROWS,
      member: args.member,
    });
    noteMember(subject);
    const report = gradcheckNetwork(subject);
    if (args.json) json({ network: args.network, ...report, seconds: seconds() });
    else print(render.networkText(report, args.network, seconds()));
    library.assertPassed(report);
    return 0;
  },
});
