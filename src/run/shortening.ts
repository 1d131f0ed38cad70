import { UsageError } from '../errors.js';
import { SCHEDULES, type Schedule } from '../optim/schedules.js';
import type { PlannedConfig } from '../train/config.js';

/** Refuses a resumed run fewer epochs than were planned, and more where the schedule depends on the end. */
export function refuseShortening(folder: string, before: PlannedConfig, config: PlannedConfig): void {
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
}
