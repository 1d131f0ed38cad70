/** Warnings that a reader should know before believing the figures. */
import type { BenchReport } from './report.js';

/** Lists what makes the figures doubtful. @param workerFailures messages of workers that failed */
export function warningsOf(
  report: Omit<BenchReport, 'warnings' | 'seconds'>,
  workerFailures: readonly string[],
): string[] {
  return [
    ...machineWarnings(report),
    ...speedupWarnings(report),
    ...targetWarnings(report),
    ...proofWarnings(report),
    ...workerFailures.map((message) => `a worker failed in the middle of a measurement: ${message}`),
  ];
}

/** The warning of a busy machine begins with these words, by which `bench compare` finds it in a report. */
export const BUSY_MACHINE = 'the machine was busy before the start';

function* machineWarnings({
  machine,
  settings,
}: Pick<BenchReport, 'machine' | 'settings'>): Generator<string> {
  const { load, cores, cpuQuota } = machine;
  const most = settings.workers.at(-1)!;
  if (load[0] > Math.max(0.5, cores.usable / 4)) {
    yield `${BUSY_MACHINE}: load ${load[0].toFixed(1)} on ${cores.usable} cores; close other programs`;
  }
  if (most > cores.usable)
    yield `${most} workers are more than the ${cores.usable} cores: they wait for each other`;
  else if (cores.physical !== null && most > cores.physical) {
    yield `${most} workers are more than the ${cores.physical} physical cores: some share one`;
  }
  if (settings.shards < cores.usable && most === settings.shards) {
    yield `${settings.shards} shards occupy at most ${most} of the ${cores.usable} cores; --shards ${cores.usable} occupies all of them`;
  }
  if (cpuQuota !== null && cpuQuota < most) {
    yield `the control group allows ${cpuQuota} CPUs, fewer than ${most} workers need: it will pause them again and again`;
  }
}

function* speedupWarnings({ strong, weak }: Pick<BenchReport, 'strong' | 'weak'>): Generator<string> {
  for (const [name, part] of Object.entries({ 'strong scaling': strong, 'weak scaling': weak })) {
    for (const { workers, speedup } of part?.points ?? []) {
      if (workers < 2 || speedup === null || speedup.low > 1 || speedup.high < 1) continue;
      const interval = `${speedup.low.toFixed(2)} to ${speedup.high.toFixed(2)}`;
      yield `${name}, ${workers} workers: the interval of the speed-up, ${interval}, includes 1; take more --seconds, or a larger network or batch`;
    }
  }
}

function* targetWarnings({ target }: Pick<BenchReport, 'target'>): Generator<string> {
  if (target === null || target.reached) return;
  yield `${target.data}: ${(100 * target.wanted).toFixed(1)} % was not reached in ${target.epochs} epochs; the last accuracy was ${(100 * target.accuracy).toFixed(2)} %: lower --accuracy`;
}

function* proofWarnings({ proof }: Pick<BenchReport, 'proof'>): Generator<string> {
  if (!proof.identical) {
    yield `the weights differ between worker counts: this is a bug in gradpool, please report it (${proof.failures.join('; ')})`;
  }
}
