/**
 * Checks promise P1 on the steps that were timed: equally many steps end in the same bits for any number of
 * workers.
 */
import { closeContestants, contestantSha256, openContestant } from './contestant.js';
import { randomData } from './data.js';
import type { BenchSettings } from './options.js';
import type { BenchReport, Proof } from './report.js';

/** Holds the digests of the weights that several trainings end in after the same steps. */
interface Comparison {
  readonly name: string;
  readonly workers: readonly number[];
  readonly steps: number;
  readonly sha256: readonly string[];
}

type MeasuredParts = Pick<BenchReport, 'strong' | 'batch' | 'target'>;

/**
 * Compares the weights of everything that was measured. Where strong scaling was not, a few extra steps take
 * its place.
 */
export async function prove(settings: BenchSettings, measured: MeasuredParts): Promise<Proof> {
  const first = measured.strong
    ? comparison('strong scaling', measured.strong.points)
    : await shortComparison(settings);
  const others = [...batchComparisons(measured), ...targetComparisons(measured)];
  const failures = [first, ...others].flatMap((one) => (agree(one) ? [] : [one.name]));
  const { workers, steps, sha256 } = first;
  return { workers, steps, sha256, identical: failures.length === 0, others: others.length, failures };
}

const agree = ({ sha256 }: Comparison) => new Set(sha256).size === 1;

interface Trained {
  readonly workers: number;
  readonly steps: number;
  readonly weightsSha256: string;
}

function comparison(name: string, points: readonly Trained[]): Comparison {
  return {
    name,
    workers: points.map(({ workers }) => workers),
    steps: points[0].steps,
    sha256: points.map(({ weightsSha256 }) => weightsSha256),
  };
}

const batchComparisons = ({ batch }: MeasuredParts) =>
  (batch?.points ?? []).map(({ serial, parallel }) =>
    comparison(`batch ${serial.batch}`, [serial, parallel]),
  );

const targetComparisons = ({ target }: MeasuredParts) =>
  target
    ? [
        comparison(
          'time to target',
          target.points.map((point) => ({ ...point, steps: target.steps })),
        ),
      ]
    : [];

const STEPS = 20;

async function shortComparison(settings: BenchSettings): Promise<Comparison> {
  const { network, batch, shards, workers, seed } = settings;
  const data = randomData({ rows: 4 * batch, inputs: network[0], outputs: network.at(-1)!, seed });
  const trained: Trained[] = [];
  for (const count of workers) {
    const contestant = openContestant(settings, { workers: count, shards, batch, network }, data);
    try {
      for (let step = 0; step < STEPS; step++) await contestant.trainer.step();
      trained.push({ workers: count, steps: STEPS, weightsSha256: contestantSha256(contestant) });
    } finally {
      await closeContestants([contestant]);
    }
  }
  return comparison(`${STEPS} steps`, trained);
}
