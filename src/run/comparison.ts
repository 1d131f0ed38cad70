/** Compares a training, event by event, with the run that it repeats. */
import { isDeepStrictEqual } from 'node:util';
import { DataError, UsageError } from '../errors.js';
import { partOf } from '../regular.js';
import type { TrainEvent } from '../train/events.js';
import type { Trainer } from '../train/trainer.js';
import { type Checkpoint, readCheckpoint } from './checkpoint.js';
import { RUN_FILES } from './folder.js';
import { generation, generationAges } from './generations.js';
import { eventDifference, keyOf, plain, type Reference } from './reference.js';

export class Comparison {
  /** Where the trainings first differ. */
  difference: string | null = null;
  /** Ends of epochs that were compared. */
  epochs = 0;
  /** Steps of the checkpoints that were compared. */
  readonly checkpoints: number[] = [];
  /** The digest of the final weights, where both have it. */
  weightsSha256: string | null = null;
  readonly #reference: Reference;
  readonly #trainer: Trainer | null;
  readonly #checkpoints: readonly Checkpoint[];
  /** The step after which there is nothing left to compare. */
  readonly #last: number;

  /**
   * @param trainer null for several networks
   * @throws UsageError or DataError where there is nothing to compare
   */
  constructor(
    folder: string,
    reference: Reference,
    trainer: Trainer | null,
    steps = Number.POSITIVE_INFINITY,
  ) {
    this.#reference = reference;
    this.#trainer = trainer;
    this.#checkpoints = trainer === null ? [] : readCheckpoints(folder, trainer);
    const recorded = trainer === null ? [] : stepsOf(reference, this.#checkpoints);
    if (trainer !== null && recorded.length === 0) {
      throw new DataError(`${folder}: the run has left no epoch and no checkpoint to compare with`);
    }
    const first = Math.min(...recorded);
    if (steps < first) {
      throw new UsageError(`--steps ${steps}: what ${folder} can be compared by begins after step ${first}`);
    }
    this.#last = Math.min(steps, reference.result === null ? Math.max(0, ...recorded) : steps);
  }

  /** Compares an event; returns whether it is the last one to compare. */
  endsWith(event: TrainEvent): boolean {
    this.difference = this.#compare(event) ?? this.#compareCheckpoints(event);
    const trainer = this.#trainer;
    return (
      this.difference !== null ||
      (trainer !== null && settled(event, trainer) && trainer.state.step >= this.#last)
    );
  }

  #compare(event: TrainEvent): string | null {
    const { events, result } = this.#reference;
    const key = keyOf(event);
    const recorded = event.type === 'end' ? result : events.get(key ?? '');
    if (!recorded) return null;
    const difference = eventDifference(event, recorded);
    if (event.type === 'epoch' || event.type === 'refitEpoch') this.epochs++;
    if (event.type === 'end' && difference === null) this.weightsSha256 = event.weightsSha256;
    return difference;
  }

  #compareCheckpoints(event: TrainEvent): string | null {
    const trainer = this.#trainer;
    if (trainer === null || !settled(event, trainer)) return null;
    const { step } = trainer.state;
    const checkpoint = this.#checkpoints.find(({ state }) => state.step === step);
    if (checkpoint === undefined || this.checkpoints.includes(step)) return null;
    this.checkpoints.push(step);
    return checkpointDifference(trainer, checkpoint);
  }
}

/** Whether the trainer stands, at this event, as a checkpoint of its step does: epochs have ended. */
function settled(event: TrainEvent, { plan }: Trainer): boolean {
  if (event.type === 'step') return event.refit === undefined && event.step % plan.stepsPerEpoch !== 0;
  return event.type === 'start' || event.type === 'epoch';
}

/** Returns the steps after which a run can be compared. */
function stepsOf({ events }: Reference, checkpoints: readonly Checkpoint[]): number[] {
  const epochs = [...events.values()].flatMap((event) => (event.type === 'epoch' ? [event.step] : []));
  return [...epochs, ...checkpoints.map(({ state }) => state.step).filter((step) => step > 0)];
}

/**
 * Reads the checkpoints of a single network, the earliest step first.
 * @throws DataError for one that is damaged
 */
function readCheckpoints(folder: string, { memory }: Trainer): Checkpoint[] {
  const { layout, slots } = memory;
  const ages = generationAges(partOf(folder, RUN_FILES.last));
  const read = ages.map((age) =>
    readCheckpoint(partOf(folder, generation(RUN_FILES.last, age)), layout.length, slots.length),
  );
  return read.sort((a, b) => a.state.step - b.state.step);
}

/** Says how a trainer stands otherwise than a checkpoint of the same step; null where it does not. */
function checkpointDifference({ memory, state }: Trainer, checkpoint: Checkpoint): string | null {
  const { step } = checkpoint.state;
  const place = `the checkpoint after step ${step}`;
  const arrays = [checkpoint.weights, ...checkpoint.slots];
  const own = [memory.weights, ...memory.slots];
  for (const [index, array] of arrays.entries()) {
    const name = index === 0 ? 'weights' : `array ${index} of the optimizer`;
    const count = array.filter((value, i) => !Object.is(value, own[index][i])).length;
    if (count > 0) return `${place}: ${count} of ${array.length} ${name} differ`;
  }
  // How long it took, and how much was audited, is up to each session.
  const timeless = { seconds: 0, audited: 0 };
  const same = isDeepStrictEqual(
    plain({ ...state, ...timeless }),
    plain({ ...checkpoint.state, ...timeless }),
  );
  return same ? null : `${place}: the state differs, such as the sums of the epoch under way`;
}
