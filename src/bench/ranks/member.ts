/** One of the ranks that are measured: it trains on made-up rows and does what rank 0 is asked for. */
import type { Piece, Ranks } from '../../ranks/ranks.js';
import {
  type Contestant,
  closeContestants,
  contestantSha256,
  costOf,
  openContestant,
} from '../contestant.js';
import { randomData } from '../data.js';
import { resolveBench } from '../options.js';
import { STEP_PARTS, Stopwatch } from '../profile.js';
import { bytesOfStep, trafficOf } from '../scale/model.js';
import { benchOptionsOf, type RankAnswer, type RankFacts, type RankOrder, type RankSetup } from './setup.js';

/** Rows of which minibatches are taken, at least. */
const ROWS = 4096;

/** How rank 0 talks with the benchmark. */
interface RankTalk {
  /** Returns the next order. */
  hear(): Promise<RankOrder>;
  say(words: RankFacts | RankAnswer): void;
}

/**
 * Serves orders until the last.
 * @param ranks the ranks of which this process is one; null where it is alone
 * @param mpi the MPI that moves bytes
 */
export async function serveRank(
  setup: RankSetup,
  ranks: Ranks | null,
  mpi: string | null,
  talk: RankTalk,
): Promise<void> {
  const settings = resolveBench(benchOptionsOf(setup), 1);
  const { network, batch, seed, shards } = settings;
  const size = { rows: Math.max(ROWS, 2 * batch), inputs: network[0], outputs: network.at(-1)!, seed };
  const spec = { workers: setup.workers, shards, batch, network };
  const contestant = openContestant(settings, spec, randomData(size), { ranks });
  const first = ranks === null || ranks.rank === 0;
  const tell = async (order: RankOrder | null) =>
    ranks ? ((await ranks.tell(order))[0] as RankOrder) : order!;
  try {
    if (ranks) await ranks.tell(null); // all have their memory and their threads
    if (first) talk.say(factsOf(contestant, ranks, mpi));
    for (;;) {
      const order = await tell(first ? await talk.hear() : null);
      if (order.kind === 'end') return;
      const answer =
        order.kind === 'steps'
          ? await timeSteps(contestant, order.steps)
          : { ...unchanged(contestant), seconds: await timeExchanges(ranks!, order) };
      if (first) talk.say(answer);
    }
  } finally {
    await closeContestants([contestant]);
  }
}

function factsOf(contestant: Contestant, ranks: Ranks | null, mpi: string | null): RankFacts {
  const { trainer } = contestant;
  const { layout, slots } = trainer.memory;
  const shape = { shards: contestant.spec.shards, parameters: layout.length };
  const { sums, weights } = bytesOfStep(trafficOf(shape, ranks?.size ?? 1));
  return {
    ranks: ranks?.size ?? 1,
    hosts: ranks?.hosts ?? [],
    mpi,
    kernels: trainer.plan.kernels,
    ...costOf(trainer),
    length: layout.length,
    slots: slots.length,
    bytes: sums + weights,
  };
}

async function timeSteps(contestant: Contestant, steps: number): Promise<RankAnswer> {
  const { trainer, profile } = contestant;
  await trainer.step(); // not timed: brings its memory back into the caches
  const stopwatch = new Stopwatch(profile);
  stopwatch.begin();
  const begin = performance.now();
  for (let step = 0; step < steps; step++) await trainer.step();
  const seconds = (performance.now() - begin) / 1000 / steps;
  stopwatch.end();
  return { ...unchanged(contestant), seconds, breakdown: stopwatch.breakdown([0]) };
}

function unchanged(contestant: Contestant): Omit<RankAnswer, 'seconds'> {
  const none = Object.fromEntries(STEP_PARTS.map((part) => [part, 0])) as RankAnswer['breakdown'];
  const { step } = contestant.trainer.state;
  return { steps: step, weightsSha256: contestantSha256(contestant), breakdown: none };
}

/** Returns the mean seconds of exchanges among all ranks. */
async function timeExchanges(
  ranks: Ranks,
  { bytes, messages, times }: Extract<RankOrder, { kind: 'exchange' }>,
): Promise<number> {
  const arrays = () =>
    ranks.others.flatMap((rank) => Array.from({ length: messages }, () => newPiece(rank, bytes)));
  const [sends, receives] = [arrays(), arrays()];
  await ranks.transfer(sends, receives);
  const begin = performance.now();
  for (let time = 0; time < times; time++) await ranks.transfer(sends, receives);
  return (performance.now() - begin) / 1000 / times;
}

const newPiece = (rank: number, bytes: number): Piece => ({
  rank,
  bytes: new Uint8Array(new SharedArrayBuffer(bytes)),
});
