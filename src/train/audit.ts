/**
 * Finds faults of the hardware that nothing else shows: in a share of the steps another worker computes the
 * shards a second time, and every bit is compared. This works because a shard has the same bits whoever
 * computes it. Gradients are compared before the weights change, so a fault ends the run as it was before the
 * step.
 *
 * A worker sums its shards as it goes, so a shard's own gradient would not exist afterwards. In a step that
 * is audited, each shard is therefore summed in its own block, and all additions are left to the update. The
 * worker that computes a range of shards again does so in a second set of blocks, and compares the two.
 */
import { type Subset, sourceRow } from '../data/dataset.js';
import { GateError } from '../errors.js';
import type { ParameterLayout } from '../network/layout.js';
import { HERE } from '../parallel/executor.js';
import { shardBounds } from '../parallel/shards.js';
import { type Left, leftAt } from './audited.js';
import type { GradientTask } from './gradient.js';
import type { TrainingMemory } from './memory.js';
import type { TrainingPlan } from './plan.js';
import type { BatchPass } from './stepcells.js';
import type { RunTasks, WorkerGradientTask } from './tasks.js';

/** The gradient tasks of a batch that have been computed, and the place that has computed each of them. */
export interface ComputedBatch {
  readonly batch: BatchPass;
  readonly tasks: readonly WorkerGradientTask[];
  readonly places: readonly number[];
  readonly workers: number;
  /** Shards of the batch. */
  readonly shards: number;
}

interface AuditorOptions {
  readonly plan: TrainingPlan;
  readonly memory: TrainingMemory;
  /** Returns the rows that are trained on, as the tasks count them. */
  readonly trainingRows: () => Subset;
  /** Computes tasks, each at its place. */
  readonly run: RunTasks;
  /** Takes what the user should know. */
  readonly onNote: (message: string) => void;
}

/** A task that is to be computed again, and the place that has computed it. */
interface Pending {
  readonly task: WorkerGradientTask;
  readonly before: number;
}

/** Said where the same thread computes a shard twice. */
const SAME_WORKER =
  'audit: one thread computes its shards twice, which finds faults that come and go; with --workers 2 or more another one does';

export class Auditor {
  /** Shards that were compared so far. */
  compared = 0;
  readonly #options: AuditorOptions;
  #saidSame = false;

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  /**
   * Has all tasks of a batch, which have left each shard in its own block, computed again, and compares.
   * They go in rounds, in each of which every place takes a task that it has not computed.
   * @throws GateError where a bit differs
   */
  async audit(computed: ComputedBatch): Promise<void> {
    const { tasks, workers } = computed;
    const places = placesOf(workers);
    let pending = tasks.map((task, i): Pending => ({ task, before: computed.places[i] }));
    while (pending.length > 0) {
      const round = new Map<number, Pending>();
      for (const place of places) {
        const next = pending.find(({ before }) => places.length === 1 || before !== place);
        if (next === undefined) continue;
        round.set(place, next);
        pending = pending.filter((other) => other !== next);
      }
      await this.#compare(computed, round);
    }
    this.compared += computed.shards;
  }

  async #compare(computed: ComputedBatch, round: ReadonlyMap<number, Pending>): Promise<void> {
    const { run, onNote, memory } = this.#options;
    const { workers } = computed;
    const tasks = [...round].map(([place, { task }]): WorkerGradientTask => {
      const workspace = place === HERE ? Math.max(0, workers - 1) : place;
      return { ...task, workspace, leaves: 'again' };
    });
    await run(tasks, workers, [...round.keys()]);
    for (const [i, [place, { before }]] of [...round].entries()) {
      if (memory.workspaces[tasks[i].workspace].differs[0] === 1) {
        this.#compareShards(computed, tasks[i], before, place);
      }
      if (place === before && !this.#saidSame) {
        this.#saidSame = true;
        onNote(SAME_WORKER);
      }
    }
  }

  /** Throws GateError for the first shard of a task that has left other bits at `place` than before. */
  #compareShards(
    computed: ComputedBatch,
    { first, last }: GradientTask,
    before: number,
    place: number,
  ): void {
    const { plan, memory } = this.#options;
    for (let shard = first; shard < last; shard++) {
      const [one, other] = [shard, memory.secondBlocks + shard].map((at) => leftAt(memory, at));
      const difference = differenceOf(plan, memory.layout, one, other);
      if (difference !== null) throw this.#fault(computed, { shard, before, place }, difference);
    }
  }

  /** Describes two computations of a shard that differ. */
  #fault(
    { batch: { start, rows, step }, shards, workers }: ComputedBatch,
    { shard, before, place }: { readonly shard: number; readonly before: number; readonly place: number },
    difference: string,
  ): GateError {
    const { plan, trainingRows } = this.#options;
    const bounds: number[] = [];
    shardBounds(rows, shards, bounds);
    const length = bounds[shard + 1] - bounds[shard];
    const own = Uint32Array.from({ length }, (_, i) => sourceRow(trainingRows(), start + bounds[shard] + i));
    const epoch = Math.floor(step / plan.stepsPerEpoch) + 1;
    const [one, other] = [before, place].map((each) => placeName(each, workers));
    const who = one === other ? `twice by ${one}` : `by ${one} and by ${other}`;
    const library = plan.library === null ? '' : `, or ${plan.library.version},`;
    return new GateError(
      `audit: shard ${shard} of step ${step + 1} (epoch ${epoch}, ${rowsText(own)}) was computed ${who}, and ${difference}; the hardware or a driver${library} is faulty: test this machine's memory and processor, and resume the run on a sound one`,
    );
  }
}

/** Returns the places of so many workers. */
function placesOf(workers: number): number[] {
  if (workers < 2) return [workers === 0 ? HERE : 0];
  return [...Array.from({ length: workers - 1 }, (_, thread) => thread), HERE];
}

function placeName(place: number, workers: number): string {
  if (place !== HERE) return `worker ${place + 1}`;
  return workers === 0 ? 'the main thread' : 'the coordinator';
}

/** Rows that an error names at most. */
const ROWS_NAMED = 3;

/** Names rows of the data as people count them, from 1. */
function rowsText(rows: Uint32Array): string {
  const named = Array.from(rows.subarray(0, ROWS_NAMED), (row) => row + 1).join(', ');
  return rows.length > ROWS_NAMED ? `${rows.length} rows: data row ${named}, ...` : `data row ${named}`;
}

/** Says how two computations differ; null where they have the same bits. */
function differenceOf({ objective }: TrainingPlan, { views }: ParameterLayout, one: Left, other: Left) {
  const sums = ['loss', 'weight', 'score'].filter((_, i) => !Object.is(one.sums[i], other.sums[i]));
  const differing = differingValues(one.gradient, other.gradient);
  if (differing.length === 0) {
    return sums.length === 0 ? null : `the sum of its ${sums.join(', its ')} differs, but no gradient`;
  }
  const view = views.find(({ offset, length }) => offset <= differing[0] && differing[0] < offset + length);
  const number = Number.parseInt(view?.name ?? '', 10);
  const layer = objective.layers[number];
  const where = view
    ? `layer ${number} (${layer.kind} ${layer.inputs}->${layer.outputs}), ${view.name.slice(view.name.indexOf('.') + 1)}`
    : 'the padding behind a parameter';
  const values = `${differing.length} of ${one.gradient.length} values of its gradient`;
  return `${values} differ${differing.length === 1 ? 's' : ''}, the first in ${where}`;
}

/**
 * Returns the places at which bits differ. A value that is not a number has many bit patterns, and which of
 * them it gets may depend on a row's neighbours; the step then ends as a divergence.
 */
function differingValues(one: Float32Array, other: Float32Array): number[] {
  const found: number[] = [];
  for (let i = 0; i < one.length; i++) if (!Object.is(one[i], other[i])) found.push(i);
  return found;
}
