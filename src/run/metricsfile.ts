/** Reads metrics.jsonl, the history of a run. */
import { existsSync } from 'node:fs';
import { DataError } from '../errors.js';
import { isSoundLine, jsonLines } from '../lines.js';
import { partOf, readRegularText } from '../regular.js';
import { checkStored } from '../stored.js';
import { METRICS_FORMAT, type RecordedEvent } from './eventformat.js';
import { RUN_FILES } from './folder.js';

/** The events of a run, and what was passed over. */
interface RunMetrics {
  readonly events: readonly RecordedEvent[];
  /** Names the lines that a kill has cut short, a plain line each. */
  readonly notes: readonly string[];
}

/**
 * Reads the events of a run in the order in which they were written. A line that a kill has cut short is
 * passed over, and a note names it.
 * @throws DataError, which names the line, for an event that is damaged or of a newer version
 */
export function readMetrics(folder: string): RunMetrics {
  const file = partOf(folder, RUN_FILES.metrics);
  const notes: string[] = [];
  if (!existsSync(file)) return { events: [], notes };
  const events = jsonLines(readRegularText(file)).flatMap(({ number, text, value }): RecordedEvent[] => {
    const place = `${file}:${number}`;
    if (value !== undefined) {
      const event = checkStored(METRICS_FORMAT, value, place) as RecordedEvent;
      if (isSoundLine(text)) return [withoutChecksum(event)];
      throw new DataError(
        `${place}: was changed or damaged (its checksum does not match); restore the file from a copy, or remove the line`,
      );
    }
    notes.push(`${place}: the line is cut short and was passed over`);
    return [];
  });
  return { events, notes };
}

function withoutChecksum({ crc32, ...event }: RecordedEvent & { readonly crc32?: string }): RecordedEvent {
  return event as RecordedEvent;
}
