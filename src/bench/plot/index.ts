import type { BenchReport } from '../report.js';
export async function benchSvg(_report: BenchReport): Promise<string> {
  return '';
}
