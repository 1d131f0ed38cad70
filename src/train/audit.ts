/**
 * Finds faults of the hardware that nothing else shows: a share of the shards is computed a second time by
 * another worker, and every bit is compared. This works because a shard has the same bits whoever computes
 * it. Gradients are compared before the weights change, so a fault ends the run as it was before the step.
 *
 * A worker sums its shards as it goes, so a shard's own gradient would not exist afterwards. Shards that are
 * audited are therefore summed apart from the first (`taskPasses`), each into its own block. The second
 * computation writes to that block again, beside a copy of the first; then the additions that were left out
 * are made.
 */
import { type Subset, sourceRow } from '../data/dataset.js';
import { GateError } from '../errors.js';
import type { Kernels } from '../kernels/kernels.js';
import type { ParameterLayout } from '../network/layout.js';
import { HERE } from '../parallel/executor.js';
import { additionsInside, shardBounds } from '../parallel/shards.js';
import { auditedShards } from './audited.js';
import type { GradientTask } from './gradient.js';
import type { TrainingMemory } from './memory.js';
import type { TrainingPlan } from './plan.js';

/** The gradient tasks of a batch that have been computed, and the place that has computed each of them. */
export interface ComputedBatch {
  readonly tasks: readonly (GradientTask & { readonly workspace: number })[];
  readonly places: readonly number[];
  readonly workers: number;
  /** Shards of the batch. */
  readonly shards: number;
}

type AuditTask = { readonly kind: 'gradient'; readonly workspace: number } & GradientTask;

interface AuditorOptions {
  readonly plan: TrainingPlan;
  readonly memory: TrainingMemory;
  /** Returns the rows that are trained on, as the tasks count them. */
  readonly trainingRows: () => Subset;
  /** Computes tasks, each at its place. */
  readonly run: (tasks: readonly AuditTask[], workers: number, places: readonly number[]) => Promise<unknown>;
  /** Takes what the user should know. */
  readonly onNote: (message: string) => void;
}

/** What one computation of a shard has left. */
interface Left {
  readonly gradient: Float32Array;
  /** Loss, weight and score. */
  readonly sums: readonly number[];
}

/** A shard that is to be computed again, and the place that has computed it. */
interface Pending {
  readonly shard: number;
  readonly before: number;
}

/** Said where the same thread computes a shard twice. */
const SAME_WORKER =
  'audit: one thread computes its shards twice, which finds faults that come and go; with --workers 2 or more another one does';

export class Auditor {
  /** Shards that were compared so far. */
  compared = 0;
  readonly #options: AuditorOptions;
  /** Blocks for what the first computation has left, made when they are first needed. */
  readonly #copies: Float32Array[] = [];
  #saidSame = false;

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  /**
   * Computes the audited shards of a batch again and compares; after that the gradient blocks hold what they
   * do without an audit.
   * @throws GateError where a bit differs
   */
  async audit(computed: ComputedBatch, kernels: Pick<Kernels, 'add'>): Promise<void> {
    const { config } = this.#options.plan;
    const { tasks, shards } = computed;
    const audited = auditedShards(config, tasks[0].step, { first: 0, last: shards });
    if (audited.length === 0) return;
    await this.#compareAll(computed, audited);
    this.compared += audited.length;
    const { gradients, layout } = this.#options.memory;
    for (const { into, from } of additionsInside(tasks, audited, shards)) {
      kernels.add(gradients[into], gradients[from], layout.length);
    }
  }

  /** Computes shards again in rounds, in each of which every place takes a shard that it has not computed. */
  async #compareAll(computed: ComputedBatch, audited: readonly number[]): Promise<void> {
    const { tasks, workers } = computed;
    const places = placesOf(workers);
    const owner = (shard: number) => tasks.findIndex(({ first, last }) => first <= shard && shard < last);
    let pending = audited.map((shard): Pending => ({ shard, before: computed.places[owner(shard)] }));
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
  }

  async #compare(computed: ComputedBatch, round: ReadonlyMap<number, Pending>): Promise<void> {
    const { run, onNote, plan, memory } = this.#options;
    const {
      tasks: [first],
      workers,
    } = computed;
    const found = [...round].map(([place, pending], i) => ({
      place,
      ...pending,
      copy: this.#copy(pending, i),
    }));
    const tasks = found.map(({ place, shard }): AuditTask => {
      const workspace = place === HERE ? Math.max(0, workers - 1) : place;
      return { ...first, kind: 'gradient', workspace, first: shard, last: shard + 1 };
    });
    await run(tasks, workers, [...round.keys()]);
    for (const { place, before, shard, copy } of found) {
      const difference = differenceOf(plan, memory.layout, copy, this.#left(shard));
      if (difference !== null) throw this.#fault(computed, { shard, before }, place, difference);
      if (place === before && !this.#saidSame) {
        this.#saidSame = true;
        onNote(SAME_WORKER);
      }
    }
  }

  #left(shard: number): Left {
    const { gradients, shardLosses, shardWeights, shardScores } = this.#options.memory;
    return {
      gradient: gradients[shard],
      sums: [shardLosses[shard], shardWeights[shard], shardScores[shard]],
    };
  }

  #copy({ shard }: Pending, index: number): Left {
    const { gradient, sums } = this.#left(shard);
    this.#copies[index] ??= new Float32Array(gradient.length);
    this.#copies[index].set(gradient);
    return { gradient: this.#copies[index], sums };
  }

  /** Describes two computations of a shard that differ. */
  #fault(
    { tasks: [{ start, rows, step }], shards, workers }: ComputedBatch,
    { shard, before }: Pending,
    place: number,
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
  const [a, b] = [bytesOf(one.gradient), bytesOf(other.gradient)];
  const sums = ['loss', 'weight', 'score'].filter((_, i) => !Object.is(one.sums[i], other.sums[i]));
  const differing = a.equals(b) ? [] : differingValues(one.gradient, other.gradient);
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

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/**
 * Returns the places at which bits differ. A value that is not a number has many bit patterns, and which of
 * them it gets may depend on a row's neighbours; the step then ends as a divergence.
 */
function differingValues(one: Float32Array, other: Float32Array): number[] {
  const found: number[] = [];
  for (let i = 0; i < one.length; i++) if (!Object.is(one[i], other[i])) found.push(i);
  return found;
}
