/** Trains several networks, a bag's members or the folds of a cross-validation, beside each other. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.js';
import { readModel } from '../model/read.js';
import { parameterLayout } from '../network/layout.js';
import { runJobs } from '../parallel/jobs.js';
import type { TrainEvent, TrainResult } from '../train/events.js';
import { hasFunctions, type OwnFunctions } from '../train/own.js';
import type { TrainingPlan } from '../train/plan.js';
import { oneByOne, shareThreads } from './bagplan.js';
import { boardOfParts } from './board.js';
import { RUN_FILES, readRun, refuseChangedPart } from './folder.js';
import { type MemberJob, type MemberPlace, type MemberReport, trainMember } from './member.js';

/** A network as a session finds or leaves it. */
export interface Member {
  readonly weights: Float32Array;
  /** Null while it has not been trained. */
  result: TrainResult | null;
}

interface MembersOptions {
  readonly kind: MemberPlace['kind'];
  readonly plans: readonly TrainingPlan[];
  readonly config: TrainingPlan['config'];
  /** The folder of the whole, and of each, counted from 0; null when nothing is written. */
  readonly folder: string | null;
  readonly folderOf: (index: number) => string | null;
  readonly argv: readonly string[];
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  /** The functions of the program that trains, which only its own thread has. */
  readonly own?: OwnFunctions;
  /** Whether checkpoints are taken that do not belong to their networks. */
  readonly force?: boolean;
}

/** A report of one of the networks, counted from 0. */
interface MembersReport {
  readonly index: number;
  readonly report: MemberReport;
}

const MEMBER_FILE = fileURLToPath(new URL('../../workers/member.js', import.meta.url));

/** The networks of a session, how many are trained at the same time, and their reports. */
export interface Members {
  readonly members: readonly Member[];
  /** Those that an earlier session has left something to do for. */
  readonly pending: readonly number[];
  /** 0 trains one after the other in this thread. */
  readonly atOnce: number;
  /** All threads together. */
  readonly workers: number;
  /** Trains those that are pending; each one's last report holds its result. */
  readonly reports: () => AsyncGenerator<MembersReport>;
}

/** Finds what earlier sessions have done, and prepares the rest. */
export function openMembers(options: MembersOptions): Members {
  const { kind, plans, config, folderOf, argv, clock, own = {}, force = false } = options;
  const members = plans.map((plan, index): Member => {
    const { length } = parameterLayout(plan.layers);
    const weights = new Float32Array(new SharedArrayBuffer(4 * length));
    const folder = folderOf(index);
    return { weights, result: folder === null ? null : finished(folder, plan, weights) };
  });
  const pending = [...members.keys()].filter((index) => members[index].result === null);
  const bytes = plans.reduce((most, { sharedBytes }) => Math.max(most, sharedBytes), 0);
  const { atOnce, inside, cores } = hasFunctions(own)
    ? oneByOne(config)
    : shareThreads(config, pending.length, bytes);
  const workers = atOnce * Math.max(1, inside === 'auto' ? cores : inside);
  const jobs = pending.map((index): MemberJob => {
    const { config: own, data } = plans[index];
    const folder = folderOf(index);
    const tensorboard = boardOfParts(own.tensorboard, options.folder);
    const { memoryLimit } = own;
    const limit = memoryLimit && atOnce > 1 ? { memoryLimit: memoryLimit / atOnce } : {};
    return {
      place: { kind, number: index + 1, of: members.length },
      config: { ...own, workers: inside, tensorboard, ...limit },
      data,
      cores,
      folder,
      argv,
      weights: members[index].weights,
      force,
    };
  });
  const signal = options.signal ?? new AbortController().signal;
  async function* reports(): AsyncGenerator<MembersReport> {
    const told = runJobs<MemberJob, MemberReport>(jobs, {
      filename: MEMBER_FILE,
      threads: atOnce,
      here: (job, asked) => trainMember(job, asked, { clock, own }),
      signal,
      retried: ({ message }) => ({ type: 'retry', message }),
    });
    for await (const { index: job, report } of told) {
      const index = pending[job];
      if (report.type === 'end') {
        const { type, ...result } = report;
        members[index].result = result;
      }
      yield { index, report };
    }
  }
  return { members, pending, atOnce, workers, reports };
}

/**
 * Tells of the networks: how many are trained at the same time, those that were done before, and then what
 * happens in each.
 * @param ended makes the event that a network, counted from 0, has ended
 */
export async function* membersEvents(
  { members, pending, atOnce, workers, reports }: Members,
  kind: MemberPlace['kind'],
  ended: (index: number, result: TrainResult) => TrainEvent,
): AsyncGenerator<TrainEvent> {
  if (pending.length > 0) {
    const why =
      atOnce === 0 ? `one ${kind} after the other` : `${atOnce} of ${pending.length} ${kind}s at a time`;
    yield { type: 'workers', workers, why };
  }
  for (const [index, { result }] of members.entries()) if (result) yield ended(index, result);
  /** What holds for one network often holds for all, and is said once. */
  const said = new Set<string>();
  for await (const { index, report } of reports()) {
    if (report.type === 'note') {
      if (said.has(report.message)) continue;
      said.add(report.message);
    }
    yield report.type === 'end' ? ended(index, report) : { ...report, [kind]: index + 1 };
  }
}

/**
 * Returns the result of a network that an earlier session has trained to its end, and fills in its weights;
 * null where there is something left to train.
 */
function finished(folder: string, plan: TrainingPlan, weights: Float32Array): TrainResult | null {
  if (!existsSync(join(folder, RUN_FILES.record))) return null;
  const { record, config } = readRun(folder, refuseChangedPart(folder));
  const { status, result } = record;
  const done = status === 'completed' || (status === 'early-stopped' && result !== null);
  if (!done || result === null || config.epochs < plan.config.epochs) return null;
  const model = readModel(folder);
  if (model.weightsSha256 !== result.weightsSha256) {
    refuseChangedPart(folder)(`${model.file}: not the model that run.json beside it tells of`);
  }
  weights.set(model.weights);
  return result;
}
