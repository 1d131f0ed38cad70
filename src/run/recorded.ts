import { UserError } from '../errors.js';
import type { TrainEvent } from '../train/events.js';
import { appendMetrics, type RunRecord, writeRecord } from './folder.js';

/** A training that keeps run.json and metrics.jsonl; nothing is written without a folder. */
interface Recorded {
  readonly folder: string | null;
  readonly record: RunRecord;
}

/** Passes on the events of a training, and records them, and how it ends, in its folder. */
export async function* recorded(
  { folder, record }: Recorded,
  events: AsyncIterable<TrainEvent>,
): AsyncGenerator<TrainEvent> {
  const close = (status: RunRecord['status'], exitCode: number, more: Partial<RunRecord>) => {
    if (!folder) return;
    writeRecord(folder, { ...record, status, exitCode, ended: new Date().toISOString(), ...more });
  };
  try {
    for await (const event of events) {
      if (folder && event.type !== 'step') appendMetrics(folder, event);
      if (event.type === 'end') {
        const { type, ...result } = event;
        close(result.status, result.status === 'interrupted' ? 130 : 0, { result });
      }
      yield event;
    }
  } catch (error) {
    const exitCode = error instanceof UserError ? error.exitCode : 1;
    close(exitCode === 4 ? 'diverged' : 'failed', exitCode, { error: (error as Error).message });
    throw error;
  }
}
