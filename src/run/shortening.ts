import { UsageError } from '../errors.js';
import { SCHEDULES, type Schedule } from '../optim/schedules.js';
import type { PlannedConfig } from '../train/config.js';
import type { RunRecord } from './folder.js';

/** Refuses a resumed run fewer epochs than were planned, and more where the schedule depends on the end. */
export function refuseShortening(
  folder: string,
  before: PlannedConfig,
  config: PlannedConfig,
  record: RunRecord,
): void {
  if (config.epochs < before.epochs) {
    throw new UsageError(
      `--epochs ${config.epochs}: ${folder} was planned for ${before.epochs}; a run can only go on for longer`,
    );
  }
  const schedules = [before.schedule, ...Object.values(before.schedules ?? {})];
  const planned = schedules.find((name) => (SCHEDULES[name] as Schedule).planned);
  if (config.epochs > before.epochs && planned) {
    throw new UsageError(
      `--epochs ${config.epochs}: the ${planned} schedule of ${folder} ends at epoch ${before.epochs}; start a new run`,
    );
  }
  if (
    config.epochs === before.epochs &&
    (record.status === 'completed' || record.status === 'early-stopped')
  ) {
    const more =
      record.status === 'completed' ? `; give --epochs ${2 * before.epochs} to train for longer` : '';
    throw new UsageError(`${folder}: the run is complete (${record.status})${more}`);
  }
}
