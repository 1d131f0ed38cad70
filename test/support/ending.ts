import type { EndEvent, TrainEvent } from '#src/train/events.js';

/** Runs a training to its end and returns the last event; `see` is shown every event. */
export async function endOf(
  events: AsyncIterable<TrainEvent>,
  see: (event: TrainEvent) => void = () => {},
): Promise<EndEvent> {
  let last: TrainEvent | undefined;
  for await (const event of events) {
    see(event);
    last = event;
  }
  return last as EndEvent;
}
