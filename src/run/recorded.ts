import { UserError } from '../errors.js';
import type { TrainEvent } from '../train/events.js';
import { appendMetrics, type RunRecord, writeRecord } from './folder.js';

/** A training that keeps run.json and metrics.jsonl; nothing is written without a folder. */
interface Recorded {
  readonly folder: string | null;
  readonly record: RunRecord;
  readonly signal: AbortSignal | undefined;
}

/** The exit code of an interruption, where the signal does not give another as its reason. */
const INTERRUPTED = 130;

/** Passes on the events of a training, and records them, and how it ends, in its folder. */
export async function* recorded(
  { folder, record, signal }: Recorded,
  events: AsyncIterable<TrainEvent>,
): AsyncGenerator<TrainEvent> {
  const close = (status: RunRecord['status'], exitCode: number, more: Partial<RunRecord>) => {
    if (!folder) return;
    writeRecord(folder, { ...record, status, exitCode, ended: new Date().toISOString(), ...more });
  };
  // A second Ctrl-C, or an error that nobody catches, ends the process in the middle of a step.
  const atExit = (code: number) => {
    const interrupted = code === 0 || code > 128;
    const error = interrupted ? null : `the process ended with exit code ${code}`;
    close(interrupted ? 'interrupted' : 'failed', code, { error });
  };
  process.once('exit', atExit);
  try {
    for await (const event of events) {
      if (folder && event.type !== 'step') appendMetrics(folder, event);
      if (event.type === 'end') {
        const { type, ...result } = event;
        close(result.status, result.status === 'interrupted' ? codeOf(signal) : 0, { result });
      }
      yield event;
    }
  } catch (error) {
    const exitCode = error instanceof UserError ? error.exitCode : 1;
    close(exitCode === 4 ? 'diverged' : 'failed', exitCode, { error: (error as Error).message });
    throw error;
  } finally {
    process.off('exit', atExit);
  }
}

const codeOf = (signal: AbortSignal | undefined): number =>
  typeof signal?.reason === 'number' ? signal.reason : INTERRUPTED;
