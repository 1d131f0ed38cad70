/** Does what `gradpool bench --ranks` and `gradpool bench scale` are asked for, and prints it. */
import { readFileSync } from 'node:fs';
import { RANKS_FORMAT, RANKS_VERSION, type RankReport } from '../src/bench/ranks/report.js';
import type { RankBenchOptions } from '../src/bench/ranks/setup.js';
import type { OutlookOptions } from '../src/bench/scale/outlook.js';
import { DataError, GateError } from '../src/errors.js';
import { markdownOfDocument, textOfDocument } from './render/bench.js';
import { ranksDocument } from './render/benchranks.js';
import { scaleDocument } from './render/benchscale.js';
import { json, print } from './render/output.js';
import { forTerminal } from './render/text.js';

type Format = 'json' | 'markdown' | undefined;

export async function runRankBench(
  options: RankBenchOptions,
  { quiet, format }: { readonly quiet: boolean; readonly format: Format },
): Promise<number> {
  const report = await measured(options, quiet);
  if (format === 'json') json(report);
  else print((format === 'markdown' ? markdownOfDocument : textOfDocument)(ranksDocument(report)));
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

/** @param file a report of `gradpool bench --ranks --json`, whose constants are taken */
export async function runScale(
  options: OutlookOptions,
  file: string | undefined,
  format: Format,
): Promise<number> {
  const { outlook } = await import('../src/bench/scale/outlook.js');
  const found = outlook({ ...options, measured: file === undefined ? undefined : readRanks(file).constants });
  if (format === 'json') json(found);
  else print((format === 'markdown' ? markdownOfDocument : textOfDocument)(scaleDocument(found)));
  return 0;
}

function readRanks(file: string): RankReport {
  const remedy = 'expected the output of gradpool bench --ranks --json';
  let report: Partial<RankReport> | null;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DataError(`${file}: ${missing ? 'no such file' : (error as Error).message}; ${remedy}`);
  }
  if (report?.format !== RANKS_FORMAT || report.version !== RANKS_VERSION) {
    throw new DataError(`${file}: not such a report, or of another version; ${remedy}`);
  }
  return report as RankReport;
}
