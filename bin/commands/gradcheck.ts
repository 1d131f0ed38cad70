import { UsageError } from '../../src/errors.js';
import type { Args, Command } from '../command.js';
import { json, print } from '../render/output.js';

export const gradcheck: Command = {
  usage: 'gradcheck [network] [data]',
  describe: 'compare every derivative with differences in float64, and the float32 kernels with float64',
  positionals: {
    network: 'a configuration file, run or model; left out: every layer kind x activation x divergence',
    data: "what train takes (default: the network's own)",
  },
  flags: {
    rows: { describe: 'how many rows of the data (default 6)' },
    json: { describe: 'print one JSON document', boolean: true },
  },
  examples: [
    ['gradpool gradcheck', 'the library itself'],
    ['gradpool gradcheck config.yaml', 'your own network, on the first rows of its data'],
  ],
  run,
};

async function run({ values, set }: Args): Promise<number> {
  const library = await import('../../src/explain/gradcheck.js');
  const render = await import('../render/gradcheck.js');
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  if (values.network === undefined) {
    const report = library.gradcheck();
    if (set.has('json')) json({ ...report, seconds: seconds() });
    else print(render.libraryText(report, seconds()));
    library.assertPassed(report);
    return 0;
  }
  const { openSubject } = await import('../../src/explain/subject.js');
  const { gradcheckNetwork } = await import('../../src/explain/ownnetwork.js');
  const rows = Number(values.rows ?? 6);
  if (!(Number.isInteger(rows) && rows >= 1)) {
    throw new UsageError(`--rows: expected a whole number from 1, found "${values.rows}"`);
  }
  const report = gradcheckNetwork(await openSubject({ path: values.network, data: values.data, rows }));
  if (set.has('json')) json({ network: values.network, ...report, seconds: seconds() });
  else print(render.networkText(report, values.network, seconds()));
  library.assertPassed(report);
  return 0;
}
