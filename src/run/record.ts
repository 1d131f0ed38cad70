import { availableParallelism, cpus, totalmem } from 'node:os';
import { machineInstructions } from '../kernels/load.js';
import type { TrainingPlan } from '../train/plan.js';
import { VERSION } from '../version.js';
import { newRunId, withConfig } from './belonging.js';
import type { RunRecord } from './folder.js';

/** Returns the record of a run that goes on, with the kernels that it is given now. */
export function resumedRecord(
  before: RunRecord,
  { kernels, library }: Pick<RunRecord, 'kernels' | 'library'>,
): RunRecord {
  const running = { status: 'running', ended: null, exitCode: null, error: null, result: null } as const;
  return { ...before, id: before.id ?? newRunId(), kernels, library, ...running };
}

/** Returns the record of a run that begins now. */
export function newRecord(plan: TrainingPlan, started: Date, argv: readonly string[]): RunRecord {
  const record: RunRecord = {
    gradpool: VERSION,
    id: newRunId(),
    status: 'running',
    started: started.toISOString(),
    ended: null,
    exitCode: null,
    error: null,
    argv,
    cwd: process.cwd(),
    seed: plan.config.seed,
    preset: plan.config.preset,
    kernels: plan.kernels,
    library: plan.library,
    machine: {
      node: process.versions.node,
      v8: process.versions.v8,
      platform: `${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryMiB: Math.round(totalmem() / 2 ** 20),
      ...(plan.kernels === 'jit' ? { instructions: machineInstructions()! } : {}),
    },
    dataset: plan.data.fingerprint,
    sources: plan.data.fingerprints,
    result: null,
  };
  return withConfig(record, plan.config);
}
