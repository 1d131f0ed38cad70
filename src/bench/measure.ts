/**
 * Measures contestants in turn: in every round each contestant has its turn, so that whatever disturbs the
 * machine for a while disturbs all of them.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '../clock.js';
import type { TrainingData } from '../data/load.js';
import { middleHalf } from '../statistics.js';
import {
  type Contestant,
  type ContestantSpec,
  closeContestants,
  contestantSha256,
  costOf,
  openContestant,
} from './contestant.js';
import type { BenchSettings } from './options.js';
import type { Peaks } from './peak.js';
import { type Breakdown, Stopwatch } from './profile.js';

/** Holds what every part of the benchmark measures with. */
export interface BenchContext {
  readonly settings: BenchSettings;
  readonly data: TrainingData;
  /** Measured before the parts; a second measurement after them may find better ones. */
  readonly peaks: Peaks;
  /** Collects the messages of workers that failed while they were measured. */
  readonly workerFailures: string[];
  /** Times rounds and steps; the system's by default. */
  readonly clock?: Clock | undefined;
}

/** Holds what was measured of one contestant. */
export interface Measured {
  readonly spec: ContestantSpec;
  readonly parameters: number;
  readonly flopsPerRow: number;
  /** Seconds of a step, one number for each round: the mean of the round's steps. */
  readonly times: readonly number[];
  readonly stepsPerRound: number;
  readonly stepsPerEpoch: number;
  /** Seconds of each part of a step: means over the middle half of the rounds. */
  readonly breakdown: Breakdown;
  /** All steps since the start, warm-up included. */
  readonly steps: number;
  /** Digest of the weights after these steps. */
  readonly sha256: string;
}

/** Says how long to measure, and how the time is divided. */
interface Pace {
  readonly seconds: number;
  /**
   * How many steps a contestant makes in a round. `equal`: all make the same number, so that their weights
   * can be compared; `own`: each makes as many as fit its share of the time; `epochs`: likewise, rounded to
   * whole epochs.
   */
  readonly steps: 'equal' | 'own' | 'epochs';
}

const MOST_ROUNDS = 40;
const FEWEST_ROUNDS = 5;
/** During the warm-up threads start, code gets compiled, and the machine's clock frequency settles. */
const WARM_UP = { steps: 6, share: 0.08, mostSeconds: 1 } as const;

/** Describes a contestant that is yet to be opened, and what it trains on. */
interface Entrant {
  readonly spec: ContestantSpec;
  readonly data: TrainingData;
}

/**
 * Opens contestants, measures them in turn, and closes them whatever happens. Yields the share that is done.
 */
export async function* measureInTurn(
  { settings, workerFailures, clock = systemClock }: BenchContext,
  entrants: readonly Entrant[],
  pace: Pace,
): AsyncGenerator<number, readonly Measured[]> {
  const contestants: Contestant[] = [];
  try {
    for (const { spec, data } of entrants) contestants.push(openContestant(settings, spec, data, { clock }));
    return yield* measureContestants(contestants, pace, settings.rounds, clock);
  } finally {
    await closeContestants(contestants);
    workerFailures.push(...contestants.flatMap((contestant) => contestant.workerFailures));
  }
}

async function* measureContestants(
  contestants: readonly Contestant[],
  pace: Pace,
  wantedRounds: number | null,
  clock: Clock,
): AsyncGenerator<number, readonly Measured[]> {
  const begin = clock();
  const stepSeconds = await warmUp(contestants, pace, clock);
  const secondsLeft = Math.max(0, pace.seconds - (clock() - begin) / 1000);
  const epochs = contestants.map(({ trainer }) => trainer.plan.stepsPerEpoch);
  const { rounds, steps } = schedule(stepSeconds, secondsLeft, wantedRounds, {
    equal: pace.steps === 'equal',
    multiplesOf: pace.steps === 'epochs' ? epochs : epochs.map(() => 1),
  });
  const times = contestants.map((): number[] => []);
  const stopwatches = contestants.map(({ profile }) => new Stopwatch(profile));

  for (let round = 0; round < rounds; round++) {
    yield round / rounds;
    for (let turn = 0; turn < contestants.length; turn++) {
      // Every second round goes backwards, so that no contestant always follows the same one.
      const index = round % 2 === 0 ? turn : contestants.length - 1 - turn;
      await nextTurn(); // lets the process handle signals and draw the progress bar
      await contestants[index].trainer.step(); // not timed: brings its memory back into the caches
      stopwatches[index].begin();
      times[index].push(await timeSteps(contestants[index], steps[index], clock));
      stopwatches[index].end();
    }
  }
  return contestants.map((contestant, index) => ({
    spec: contestant.spec,
    ...costOf(contestant.trainer),
    times: times[index],
    stepsPerRound: steps[index],
    stepsPerEpoch: epochs[index],
    breakdown: stopwatches[index].breakdown(middleHalf(times[index])),
    steps: contestant.trainer.state.step,
    sha256: contestantSha256(contestant),
  }));
}

/** Returns the seconds of a step, the mean of `steps` of them. */
async function timeSteps({ trainer }: Contestant, steps: number, clock: Clock): Promise<number> {
  const begin = clock();
  for (let step = 0; step < steps; step++) await trainer.step();
  return (clock() - begin) / 1000 / steps;
}

/**
 * Warms the contestants up, all by the same number of steps. Returns the seconds that a step of each takes.
 */
async function warmUp(
  contestants: readonly Contestant[],
  { seconds }: Pace,
  clock: Clock,
): Promise<number[]> {
  const end = clock() + 1000 * Math.min(WARM_UP.mostSeconds, WARM_UP.share * seconds);
  const timeAll = async (steps: number) => {
    const times: number[] = [];
    for (const contestant of contestants) times.push(await timeSteps(contestant, steps, clock));
    return times;
  };
  await timeAll(1);
  let stepSeconds: number[];
  do stepSeconds = await timeAll(WARM_UP.steps);
  while (clock() < end);
  return stepSeconds;
}

/**
 * Divides the seconds that are left into rounds, and says how many steps each contestant makes in a round.
 * The step that it makes before them, untimed, is not among these.
 * @param steps whether all make equally many; if not, what each one's number is a multiple of
 */
function schedule(
  stepSeconds: readonly number[],
  secondsLeft: number,
  wantedRounds: number | null,
  { equal, multiplesOf }: { readonly equal: boolean; readonly multiplesOf: readonly number[] },
): { rounds: number; steps: number[] } {
  const stepOfAll = stepSeconds.reduce((sum, seconds) => sum + seconds, 0);
  const turnSeconds = secondsLeft / (wantedRounds ?? MOST_ROUNDS) / stepSeconds.length;
  const equalSteps = Math.max(1, Math.floor((turnSeconds * stepSeconds.length) / stepOfAll) - 1);
  const ownSteps = (seconds: number, unit: number) =>
    unit * Math.max(1, Math.round(turnSeconds / seconds / unit));
  const steps = stepSeconds.map((seconds, index) =>
    equal ? equalSteps : ownSteps(seconds, multiplesOf[index]),
  );
  const roundSeconds = stepSeconds.reduce((sum, seconds, index) => sum + seconds * (steps[index] + 1), 0);
  const fitting = Math.max(FEWEST_ROUNDS, Math.min(MOST_ROUNDS, Math.round(secondsLeft / roundSeconds)));
  return { rounds: wantedRounds ?? fitting, steps };
}
