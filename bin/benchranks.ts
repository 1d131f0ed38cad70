/** Does what `gradpool bench --ranks` is asked for: measures, shows how far it is, and prints the report. */
import type { RankReport } from '../src/bench/ranks/report.js';
import type { RankBenchOptions } from '../src/bench/ranks/setup.js';
import { GateError } from '../src/errors.js';
import { documentMarkdown, documentText } from './render/bench.js';
import { ranksDocument } from './render/benchranks.js';
import { json, print } from './render/output.js';
import { forTerminal } from './render/text.js';

export async function runRankBench(
  options: RankBenchOptions,
  display: { readonly quiet: boolean; readonly format: 'json' | 'markdown' | undefined },
): Promise<number> {
  const report = await measured(options, display.quiet);
  if (display.format === 'json') json(report);
  else print((display.format === 'markdown' ? documentMarkdown : documentText)(ranksDocument(report)));
  if (!report.proof.identical) throw new GateError('the weights differ between numbers of ranks');
  return 0;
}

async function measured(options: RankBenchOptions, quiet: boolean): Promise<RankReport> {
  const { benchRanks } = await import('../src/bench/ranks/bench.js');
  for await (const event of benchRanks(options)) {
    if (event.type === 'end') return event.report;
    if (event.type !== 'start' || quiet) continue;
    const { network, batch, ranks, workers, launcher } = event.settings;
    const line = `${network.join('-')}: batch ${batch}, ranks ${ranks.join(', ')} in turn by ${launcher.join(' ')}, workers ${workers}`;
    process.stderr.write(`${forTerminal(line)}\nmeasuring …\n`);
  }
  throw new Error('the benchmark ended without its report');
}
