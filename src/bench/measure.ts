/** Interleaved measurement: in every round each lane has its turn, so that what disturbs the machine disturbs them all. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '../clock.js';
import { costOf, type Lane, type LaneSpec, weightsOf } from './lane.js';
import { type Breakdown, Stopwatch } from './profile.js';
import { middleHalf } from './statistics.js';

export interface Measured {
  readonly spec: LaneSpec;
  readonly parameters: number;
  readonly flopsPerRow: number;
  /** seconds a step, one of each round: the mean of the round's steps */
  readonly times: readonly number[];
  /** how many steps a round's time is the mean of */
  readonly stepsPerRound: number;
  /** of the rounds that were neither fast nor slow */
  readonly breakdown: Breakdown;
  /** steps in all, with warm-up, and the weights after them */
  readonly steps: number;
  readonly sha256: string;
}

export interface Pace {
  readonly seconds: number;
  readonly rounds: number | null;
  /**
   * `equal`: every lane makes the same number of steps a round, so that their weights can be compared; `own`: as many as
   * fit its share of the time, a whole number of `unit`s
   */
  readonly steps: 'equal' | 'own';
  /** of each lane: its epoch, where whole epochs are to be measured */
  readonly units?: readonly number[];
}

const MOST_ROUNDS = 40;
const FEWEST_ROUNDS = 5;
/** Warm-up: threads start, code gets compiled, the machine's clock settles. */
const WARM_UP = { steps: 6, share: 0.08, mostSeconds: 1 } as const;

/** Yields the share that is done. */
export async function* measureLanes(
  lanes: readonly Lane[],
  pace: Pace,
  clock: Clock = systemClock,
): AsyncGenerator<number, readonly Measured[]> {
  const begin = clock();
  const single = await warmUp(lanes, pace, clock);
  const { rounds, steps } = schedule(single, pace, (clock() - begin) / 1000);
  const times = lanes.map((): number[] => []);
  const watches = lanes.map(({ profile }) => new Stopwatch(profile));

  for (let round = 0; round < rounds; round++) {
    yield round / rounds;
    for (let turn = 0; turn < lanes.length; turn++) {
      const lane = round % 2 === 0 ? turn : lanes.length - 1 - turn; // whoever follows whom, it is the other way round next
      await nextTurn(); // signals are heard and the bar is drawn between turns
      await lanes[lane].trainer.step(); // brings the lane's memory back into the caches
      watches[lane].begin();
      times[lane].push(await timeSteps(lanes[lane], steps[lane], clock));
      watches[lane].end();
    }
  }
  return lanes.map((lane, index) => ({
    spec: lane.spec,
    ...costOf(lane.trainer),
    times: times[index],
    stepsPerRound: steps[index],
    breakdown: watches[index].breakdown(middleHalf(times[index])),
    steps: lane.trainer.state.step,
    sha256: weightsOf(lane),
  }));
}

/** Seconds a step. */
async function timeSteps({ trainer }: Lane, steps: number, clock: Clock): Promise<number> {
  const begin = clock();
  for (let step = 0; step < steps; step++) await trainer.step();
  return (clock() - begin) / 1000 / steps;
}

/** As many steps in every lane; returns the seconds that a step takes at the end. */
async function warmUp(lanes: readonly Lane[], { seconds }: Pace, clock: Clock): Promise<number[]> {
  const until = clock() + 1000 * Math.min(WARM_UP.mostSeconds, WARM_UP.share * seconds);
  const block = async (steps: number) => {
    const seconds: number[] = [];
    for (const lane of lanes) seconds.push(await timeSteps(lane, steps, clock));
    return seconds;
  };
  let single = await block(1);
  do single = await block(WARM_UP.steps);
  while (clock() < until);
  return single;
}

/** How many rounds, and how many steps of each lane in one of them. */
function schedule(
  single: readonly number[],
  { seconds, rounds: wanted, steps, units }: Pace,
  spent: number,
): { rounds: number; steps: number[] } {
  const left = Math.max(0, seconds - spent);
  const all = single.reduce((sum, step) => sum + step, 0);
  const turn = left / (wanted ?? MOST_ROUNDS) / single.length;
  const equal = Math.max(1, Math.floor((turn * single.length) / all) - 1);
  const each = single.map((step, lane) => {
    if (steps === 'equal') return equal;
    const unit = units?.[lane] ?? 1;
    return unit * Math.max(1, Math.round(turn / step / unit));
  });
  const round = single.reduce((sum, step, lane) => sum + step * (each[lane] + 1), 0);
  const fit = Math.max(FEWEST_ROUNDS, Math.min(MOST_ROUNDS, Math.round(left / round)));
  return { rounds: wanted ?? fit, steps: each };
}
