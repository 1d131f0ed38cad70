/**
 * Measures training on several numbers of ranks. All of them are started once, and wait while others have
 * their turn, so that whatever disturbs the machines for a while disturbs all of them.
 */
import { type Clock, systemClock } from '../../clock.js';
import { mean, middleHalf } from '../../statistics.js';
import { machineFacts } from '../machine.js';
import { type Breakdown, STEP_PARTS } from '../profile.js';
import { stepTime } from '../scale/model.js';
import { medianOf, pairedRatio, per } from '../statistics.js';
import { BUSY_MACHINE } from '../warnings.js';
import { fitted, type MeasuredExchange, ratesOnMachine } from './fit.js';
import { RankGroup } from './group.js';
import { RANKS_FORMAT, RANKS_VERSION, type RankPoint, type RankReport } from './report.js';
import {
  type RankAnswer,
  type RankBenchOptions,
  type RankFacts,
  type RankSettings,
  resolveRankBench,
  setupOf,
} from './setup.js';

/** Says that the benchmark starts, how far it is, or that it ends with its report. */
type RankBenchEvent =
  | { readonly type: 'start'; readonly settings: RankSettings }
  | { readonly type: 'progress'; readonly share: number }
  | { readonly type: 'end'; readonly report: RankReport };

const FEWEST_ROUNDS = 5;
const MOST_ROUNDS = 40;
const WARM_UP_STEPS = 6;
/** How often each exchange is measured, before and after the steps. */
const EXCHANGES = 3;
/** Seconds of a turn, where the number of rounds is not given. */
const TURN_SECONDS = 0.15;

interface Started {
  readonly group: RankGroup;
  readonly facts: RankFacts;
}

/**
 * Measures steps on several numbers of ranks, as `gradpool bench --ranks` does. The last event has type 'end'
 * and holds the report.
 * @throws UsageError where an option is wrong, or a launcher does not start ranks
 */
export async function* benchRanks(
  options: RankBenchOptions,
  clock: Clock = systemClock,
): AsyncGenerator<RankBenchEvent> {
  const started = new Date();
  const machine = machineFacts(); // first, while none of the load is our own
  const settings = resolveRankBench(options);
  const groups: Started[] = [];
  try {
    for (const ranks of settings.ranks) {
      const setup = setupOf(settings, options.training);
      groups.push(await RankGroup.start(ranks, settings.launcher, setup));
    }
    yield { type: 'start', settings };
    const before = await measuredExchanges(groups);
    const measured = yield* inTurn(groups, settings, clock);
    const exchanges = [...before, ...(await measuredExchanges(groups))];
    const report = reportOf(settings, groups, measured, exchanges);
    const seconds = (Date.now() - started.getTime()) / 1000;
    const warnings = warningsOf(report, machine);
    yield {
      type: 'end',
      report: { ...report, started: started.toISOString(), seconds, machine, warnings },
    };
  } finally {
    await Promise.all(groups.map(({ group }) => group.close()));
  }
}

/** Measures exchanges among the most ranks. */
async function measuredExchanges(groups: readonly Started[]): Promise<MeasuredExchange[]> {
  const { group, facts } = groups.at(-1)!;
  const { ranks } = facts;
  if (ranks < 2) return [];
  const long = Math.max(2 ** 17, 4 * Math.ceil(facts.length / ranks));
  const found: MeasuredExchange[] = [];
  for (let time = 0; time < EXCHANGES; time++) {
    for (const [bytes, messages, times] of [
      [8, 1, 20],
      [8, 32, 10],
      [long, 1, 10],
    ] as const) {
      const { seconds } = await group.ask({ kind: 'exchange', bytes, messages, times });
      found.push({ others: ranks - 1, bytes, messages, seconds });
    }
  }
  return found;
}

interface Turns {
  readonly answers: readonly (readonly RankAnswer[])[];
  readonly steps: number;
}

/** Lets the groups make equally many steps in turn; yields the share that is done. */
async function* inTurn(
  groups: readonly Started[],
  { seconds, rounds: wanted }: RankSettings,
  clock: Clock,
): AsyncGenerator<RankBenchEvent, Turns> {
  const begin = clock();
  let ofAll = 0;
  for (const { group } of groups) {
    const { seconds: step } = await group.ask({ kind: 'steps', steps: WARM_UP_STEPS });
    ofAll += step;
  }
  const left = Math.max(0, seconds - (clock() - begin) / 1000);
  const fitting = Math.round(left / TURN_SECONDS / groups.length);
  const rounds = wanted ?? Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, fitting));
  const steps = Math.max(1, Math.floor(left / rounds / ofAll) - 1);
  const answers = groups.map((): RankAnswer[] => []);
  for (let round = 0; round < rounds; round++) {
    yield { type: 'progress', share: round / rounds };
    for (let turn = 0; turn < groups.length; turn++) {
      // Every second round goes backwards, so that no group alexchanges follows the same one.
      const index = round % 2 === 0 ? turn : groups.length - 1 - turn;
      answers[index].push(await groups[index].group.ask({ kind: 'steps', steps }));
    }
  }
  return { answers, steps };
}

function reportOf(
  settings: RankSettings,
  groups: readonly Started[],
  { answers, steps }: Turns,
  exchanges: readonly MeasuredExchange[],
): Omit<RankReport, 'started' | 'seconds' | 'machine' | 'warnings'> {
  const facts = groups[0].facts;
  const times = answers.map((list) => list.map(({ seconds }) => seconds));
  const breakdowns = answers.map((list, index) => breakdownOf(list, times[index]));
  const constants = fitted(settings, facts, medianOf(times[0]).value, breakdowns[0], exchanges);
  const points = groups.map(({ facts: { ranks, hosts, bytes } }, index): RankPoint => {
    const step = medianOf(times[index]);
    const speedup = ranks === 1 ? null : pairedRatio(times[0], times[index]);
    const rates = ratesOnMachine(constants.rates, hosts);
    return {
      ranks,
      machines: Math.max(1, new Set(hosts).size),
      times: times[index],
      stepsPerRound: steps,
      step,
      samplesPerSecond: per(settings.batch, step),
      speedup,
      efficiency: speedup && speedup.value / ranks,
      bytes,
      breakdown: breakdowns[index],
      model: ranks > 1 ? stepTime(constants.shape, rates, constants.network!, ranks) : null,
      steps: answers[index].at(-1)!.steps,
      weightsSha256: answers[index].at(-1)!.weightsSha256,
    };
  });
  const sha256 = points.map(({ weightsSha256 }) => weightsSha256);
  return {
    format: RANKS_FORMAT,
    version: RANKS_VERSION,
    settings,
    mpi: groups.at(-1)!.facts.mpi,
    parameters: facts.parameters,
    flopsPerRow: facts.flopsPerRow,
    constants,
    points,
    proof: { identical: new Set(sha256).size === 1, steps: points[0].steps, sha256 },
  };
}

/** Returns the means of the parts of a step over the middle half of the rounds. */
function breakdownOf(answers: readonly RankAnswer[], times: readonly number[]): Breakdown {
  const rounds = middleHalf(times);
  const meanOf = (part: (typeof STEP_PARTS)[number]) =>
    mean(rounds.map((round) => answers[round].breakdown[part]));
  return Object.fromEntries(STEP_PARTS.map((part) => [part, meanOf(part)])) as Breakdown;
}

function warningsOf(
  { points, settings, proof }: Pick<RankReport, 'points' | 'settings' | 'proof'>,
  { load, cores }: RankReport['machine'],
): string[] {
  const { ranks, machines } = points.at(-1)!;
  const threads = Math.ceil(ranks / machines) * Math.max(1, settings.workers);
  return [
    ...(load[0] > Math.max(0.5, cores.usable / 4)
      ? [`${BUSY_MACHINE}: load ${load[0].toFixed(1)} on ${cores.usable} cores; close other programs`]
      : []),
    ...(threads > cores.usable
      ? [`${threads} threads of ranks share the ${cores.usable} cores of a machine: they wait for each other`]
      : []),
    ...(proof.identical
      ? []
      : ['the weights differ between numbers of ranks: this is a bug in gradpool, please report it']),
  ];
}
