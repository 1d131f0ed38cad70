/** Makes reports: pages of HTML that hold everything they show. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readReport } from '../bench/compare.js';
import { DataError, UsageError } from '../errors.js';
import { isSweep } from '../experiment/folder.js';
import { RUN_FILES } from '../run/folder.js';
import { benchPage } from './bench.js';
import { type Page, pageText } from './page.js';
import { runPage } from './run/page.js';
import { sweepPage } from './sweep/page.js';

/** A report, ready to be written. */
export interface Report {
  readonly kind: 'run' | 'sweep' | 'bench';
  /** Where it belongs by default: in the folder of a run or sweep, or beside the file of a benchmark. */
  readonly path: string;
  /** The page. It loads nothing and runs nothing. */
  readonly html: string;
  /** What was passed over or could not be read, one plain line each. */
  readonly notes: readonly string[];
}

/** Says what to report on beside the run. */
export interface ReportOptions {
  /** A run: rows with targets to evaluate the model on, in place of its own test or validation rows. */
  readonly data?: string | undefined;
}

/** The name of a report in the folder of a run or sweep. */
const NAME = 'report.html';

/**
 * Makes the report of a run's or sweep's folder, or of a file that `gradpool bench --json` printed. A run or
 * sweep that still goes on is shown as it stands. Nothing is written.
 *
 * @throws DataError where there is no such run, sweep or benchmark, or it is damaged; UsageError for rows
 *   beside a sweep or benchmark
 * @example
 * ```js
 * import { makeReport, train } from 'gradpool';
 *
 * const training = train({ data: 'iris', hidden: [4], epochs: 3 }, { out: 'runs/shown' });
 * for await (const event of training) void event;
 * const { kind, path, html } = await makeReport('runs/shown');
 * console.log(kind, path, html.includes('<script')); // → run runs/shown/report.html false
 * ```
 */
export async function makeReport(path: string, { data }: ReportOptions = {}): Promise<Report> {
  if (!existsSync(path)) {
    throw new DataError(`${path}: there is no such run, sweep or benchmark; check the path`);
  }
  if (isSweep(path)) {
    refuseRows(path, 'sweep', data);
    return reportOf('sweep', join(path, NAME), await sweepPage(path));
  }
  if (statSync(path).isDirectory() && existsSync(join(path, RUN_FILES.record))) {
    return reportOf('run', join(path, NAME), await runPage(path, data));
  }
  if (statSync(path).isDirectory()) {
    throw new DataError(
      `${path}: neither a run's nor a sweep's folder; gradpool runs lists those below a folder`,
    );
  }
  refuseRows(path, 'benchmark', data);
  const beside = join(dirname(path), `${basename(path).replace(/\.json$/, '')}.html`);
  return reportOf('bench', beside, await benchPage(readReport(path), path));
}

function reportOf(kind: Report['kind'], path: string, page: Page): Report {
  return { kind, path, html: pageText(page), notes: page.notes };
}

function refuseRows(path: string, kind: string, data: string | undefined): void {
  if (data === undefined) return;
  throw new UsageError(
    `--data ${data}: ${path} is a ${kind}, and only a run's model predicts rows; leave it out`,
  );
}
