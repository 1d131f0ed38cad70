import type { Clock } from '../clock.js';
import type { TrainEvent } from '../train/events.js';

/**
 * Passes on the events of a training, but its steps, of which there may be thousands a second, only so many
 * milliseconds apart; all of them with 0.
 */
export async function* fewerSteps(
  events: AsyncIterable<TrainEvent>,
  milliseconds: number,
  clock: Clock,
): AsyncGenerator<TrainEvent> {
  let shown = Number.NEGATIVE_INFINITY;
  for await (const event of events) {
    if (event.type === 'step') {
      if (clock() - shown < milliseconds) continue;
      shown = clock();
    }
    yield event;
  }
}
