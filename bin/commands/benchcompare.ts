import { compareReports, readReport } from '../../src/bench/compare.js';
import { GateError, UsageError } from '../../src/errors.js';
import { comparisonText, gateLine } from '../render/benchcompare.js';
import { json, print } from '../render/output.js';

export interface Comparison {
  readonly old: string;
  readonly now: string;
  /** as it was written: 5% or 0.05 */
  readonly gate: string | undefined;
  readonly json: boolean;
}

export async function benchCompare({ old, now, gate, json: asJson }: Comparison): Promise<number> {
  const limit = gate === undefined ? null : share(gate);
  const [before, after] = [old, now].map((name) => ({ name, report: readReport(name) }));
  const comparison = compareReports(before, after, limit);
  if (asJson) json(comparison);
  else print(comparisonText(comparison));
  if (limit !== null && comparison.failed) throw new GateError(gateLine(comparison, limit));
  return 0;
}

function share(text: string): number {
  const [, digits, sign] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  if (digits === undefined) {
    throw new UsageError(
      `--fail-if-slower: expected a percentage such as 5%, or a share such as 0.05, found "${text}"`,
    );
  }
  const value = Number(digits) / (sign === '%' ? 100 : 1);
  if (value > 1 && sign === '') {
    throw new UsageError(
      `--fail-if-slower: ${text} would be ${100 * value} %; write ${text}% for that many percent`,
    );
  }
  return value;
}
