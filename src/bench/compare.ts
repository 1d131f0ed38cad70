/** Compares two reports point by point: is the newer program slower, and could chance explain it? */
import { DataError } from '../errors.js';
import { readRegularText } from '../regular.js';
import { type NamedPoint, namedPoints } from './points.js';
import { type BenchReport, REPORT_FORMAT, REPORT_VERSION } from './report.js';
import { type Estimate, ratio } from './statistics.js';
import { BUSY_MACHINE } from './warnings.js';

/**
 * The verdict on a point follows from the 95 % interval of its ratio. Where the whole interval lies above 1
 * the point is `slower`, and where it lies below 1 `faster`. An interval around 1 says `no difference` if it
 * leaves no room for one that matters, and else `cannot tell`: too few rounds, or too noisy ones.
 */
export type Verdict = 'slower' | 'faster' | 'no difference' | 'cannot tell';

/** A difference of this share matters where no gate says how much does. */
export const RELEVANT = 0.05;

/** One measurement that both reports hold; times are in seconds. */
export interface ComparedPoint {
  readonly name: string;
  readonly measured: NamedPoint['measured'];
  readonly old: number;
  readonly new: number;
  /** The new time over the old: above 1 is slower. */
  readonly ratio: Estimate;
  readonly verdict: Verdict;
  /** Whether it is slower by more than the gate allows. */
  readonly failed: boolean;
}

/** A newer report beside an older one. */
export interface BenchComparison {
  readonly old: string;
  readonly new: string;
  /** The share by which a point may be slower; null where there is no gate. */
  readonly gate: number | null;
  readonly points: readonly ComparedPoint[];
  /** Names of points that only one report holds. */
  readonly unmatched: { readonly old: readonly string[]; readonly new: readonly string[] };
  readonly warnings: readonly string[];
  readonly failed: boolean;
}

/**
 * Compares two reports point by point: whether the newer program is slower, and whether chance could explain
 * it.
 *
 * @param gate share by which a point may be slower before it fails, such as 0.05; null for no gate
 * @throws DataError where nothing was measured in both reports
 * @example
 * ```js
 * import { bench, compareReports } from 'gradpool';
 *
 * const options = { network: [20, 16, 4], batch: 64, workers: [1], seconds: 1 };
 * for await (const event of bench({ ...options, parts: ['strong'] })) {
 *   if (event.type !== 'end') continue;
 *   const { report } = event;
 *   const { points, failed } = compareReports({ name: 'old', report }, { name: 'new', report }, 0.05);
 *   console.log(points[0].ratio.value, failed); // → 1 false
 * }
 * ```
 */
export function compareReports(
  before: { readonly name: string; readonly report: BenchReport },
  after: { readonly name: string; readonly report: BenchReport },
  gate: number | null,
): BenchComparison {
  const [old, now] = [namedPoints(before.report), namedPoints(after.report)];
  const points = now.flatMap((point) => {
    const other = old.find(({ name }) => name === point.name);
    return other ? [comparedPoint(other, point, gate)] : [];
  });
  if (points.length === 0) {
    throw new DataError(
      `${before.name} and ${after.name}: nothing was measured in both (${summary(before.report)}; ${summary(after.report)})`,
    );
  }
  const namesMissingFrom = (others: readonly NamedPoint[], points: readonly NamedPoint[]) =>
    points.map(({ name }) => name).filter((name) => !others.some((other) => other.name === name));
  return {
    old: before.name,
    new: after.name,
    gate,
    points,
    unmatched: { old: namesMissingFrom(now, old), new: namesMissingFrom(old, now) },
    warnings: otherExplanations(before.report, after.report),
    failed: points.some(({ failed }) => failed),
  };
}

function comparedPoint(old: NamedPoint, now: NamedPoint, gate: number | null): ComparedPoint {
  const change = ratio(now.times, old.times);
  const verdict = verdictOn(change, gate ?? RELEVANT);
  return {
    name: now.name,
    measured: now.measured,
    old: old.seconds.value,
    new: now.seconds.value,
    ratio: change,
    verdict,
    failed: gate !== null && verdict === 'slower' && change.value > 1 + gate,
  };
}

function verdictOn({ low, high }: Estimate, relevant: number): Verdict {
  if (low > 1) return 'slower';
  if (high < 1) return 'faster';
  return low >= 1 - relevant && high <= 1 + relevant ? 'no difference' : 'cannot tell';
}

const summary = ({ settings }: BenchReport) =>
  `${settings.network.join('-')} batch ${settings.batch}, ${settings.parts.join(', ')}`;

/**
 * Lists what could explain a difference apart from the program: another machine or setting, a busy machine.
 */
function otherExplanations(old: BenchReport, now: BenchReport): string[] {
  const facts: readonly (readonly [string, unknown, unknown])[] = [
    ['cpu', old.machine.cpu, now.machine.cpu],
    ['cores', old.machine.cores.usable, now.machine.cores.usable],
    ['cpu quota', old.machine.cpuQuota ?? 'none', now.machine.cpuQuota ?? 'none'],
    ['platform', old.machine.platform, now.machine.platform],
    ['node', old.machine.node, now.machine.node],
    ['kernels', old.settings.kernels, now.settings.kernels],
    ['precision', old.settings.precision, now.settings.precision],
    ['optimizer', old.settings.optimizer, now.settings.optimizer],
    ['shards', old.settings.shards, now.settings.shards],
  ];
  const different = facts.flatMap(([name, before, after]) =>
    before === after ? [] : [`${name} differs: ${before} before, ${after} now`],
  );
  const busy = (when: string, warnings: readonly string[]) =>
    warnings.filter((text) => text.startsWith(BUSY_MACHINE)).map((text) => `${when}: ${text}`);
  return [...different, ...busy('old', old.warnings), ...busy('new', now.warnings)];
}

/**
 * Reads a report that `gradpool bench --json` printed. Throws DataError that names the file and what is wrong
 * with it.
 */
export function readReport(file: string): BenchReport {
  const remedy = 'expected the output of gradpool bench --json';
  let text: string;
  try {
    text = readRegularText(file);
  } catch (error) {
    if (error instanceof DataError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DataError(`${file}: ${missing ? 'no such file' : (error as Error).message}; ${remedy}`);
  }
  let report: Partial<BenchReport> | null;
  try {
    report = JSON.parse(text);
  } catch {
    throw new DataError(`${file}: not JSON; ${remedy}`);
  }
  if (report?.format !== REPORT_FORMAT) throw new DataError(`${file}: not a benchmark's report; ${remedy}`);
  if (report.version !== REPORT_VERSION) {
    throw new DataError(
      `${file}: version ${report.version} of the report's format, this gradpool reads ${REPORT_VERSION}; measure again`,
    );
  }
  return report as BenchReport;
}
