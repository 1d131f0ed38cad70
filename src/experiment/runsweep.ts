/** Runs a sweep that is prepared, round after round, and keeps its files. */
import { join } from 'node:path';
import { writeFileAtomic } from '../atomic.js';
import { systemClock } from '../clock.js';
import { DivergedError } from '../errors.js';
import { sha256Of } from '../run/belonging.js';
import { isHeldBack } from '../train/refit.js';
import { comparisonsOf } from './comparisons.js';
import type { SweepEndEvent, SweepEvent, SweepStartEvent, TrialEndEvent } from './events.js';
import { appendTime, SWEEP_FILES, type SweepRecord, writeSweepRecord } from './folder.js';
import { type LeaderboardRow, leaderboardCsv, leaderboardOf, meanScore } from './leaderboard.js';
import type { PreparedSweep } from './prepare.js';
import { refitBest } from './refitbest.js';
import { type Finished, type RoundContext, trainRound } from './round.js';
import type { SweepRunOptions } from './runoptions.js';
import { scoreOf } from './scores.js';
import { type Assignment, assignmentKey, assignmentText } from './searches/space.js';
import { createStopper, type Stopper } from './stopper.js';
import { appendTrialLines, hasFailed, type TrialBook } from './triallines.js';

/** Where a sweep is kept, and what has been done of it. */
interface SweepSession {
  readonly folder: string | null;
  readonly record: SweepRecord;
  readonly book: TrialBook;
  readonly run: SweepRunOptions;
}

/** Runs a sweep to its end or an interruption, and records how it ended. */
export async function* runSweep(prepared: PreparedSweep, session: SweepSession): AsyncGenerator<SweepEvent> {
  const { folder, record, run } = session;
  const split = { chosen: record.split ?? null };
  const close = (status: SweepRecord['status'], error: string | null) => {
    const { chosen } = split;
    const ended = { status, error, ended: new Date().toISOString(), ...(chosen && { split: chosen }) };
    const { leaderboardSha256 } = sweep;
    if (folder)
      writeSweepRecord(folder, { ...record, ...ended, ...(leaderboardSha256 && { leaderboardSha256 }) });
  };
  const stopper = createStopper(run.signal, run.timeLimit);
  const sweep = new SweepRun(prepared, session, stopper, split);
  try {
    for await (const event of sweep.events()) {
      if (event.type === 'end') close(event.status, null);
      yield event;
    }
  } catch (error) {
    close('failed', (error as Error).message);
    throw error;
  } finally {
    stopper.release();
  }
}

/** Milliseconds between two writings of the leaderboard while trials go on. */
const LEADERBOARD_INTERVAL = 1000;

class SweepRun {
  readonly #tried = new Map<string, Assignment>();
  readonly #context: RoundContext;
  #rows: readonly LeaderboardRow[] = [];
  #ranked = Number.NEGATIVE_INFINITY;
  /** SHA-256 of leaderboard.csv as it is now. */
  leaderboardSha256: string | null = null;
  /** Why the first trial failed that ends the sweep. */
  #failure: string | null = null;

  constructor(
    private readonly prepared: PreparedSweep,
    private readonly session: SweepSession,
    private readonly stopper: Stopper,
    split: RoundContext['split'],
  ) {
    const { folder, book, run, record } = session;
    this.#context = { prepared, folder, book, run, argv: record.argv, signal: stopper.signal, split };
  }

  async *events(): AsyncGenerator<SweepEvent> {
    const { prepared, session, stopper } = this;
    const { definition } = prepared;
    const begin = systemClock();
    yield this.#start();
    const rounds = prepared.search.rounds();
    let complete = true;
    let round = 0;
    for (let next = rounds.next(); !next.done && complete; ) {
      const proposals = next.value;
      for (const { assignment } of proposals) this.#tried.set(assignmentKey(assignment), assignment);
      for await (const report of trainRound(proposals, ++round, this.#context)) {
        if (report.type === 'finished') yield this.#keep(report);
        else yield report;
      }
      complete = proposals.every(({ assignment, epochs }) =>
        prepared.units.all.every((unit) => session.book.at(assignment, unit, epochs) !== null),
      );
      if (!complete) break;
      next = rounds.next(
        proposals.map(({ assignment, epochs }) =>
          meanScore(definition, prepared.units, session.book, assignment, epochs),
        ),
      );
    }
    this.#rank();
    if (this.#failure !== null) throw new DivergedError(this.#failure);
    const refit = complete ? await this.#refit() : null;
    yield {
      type: 'end',
      sweep: session.folder,
      status: complete && !(refit === null && this.#refits) ? 'completed' : 'interrupted',
      reason: complete ? 'all trials have ended' : (stopper.reason() ?? 'interrupted'),
      score: definition.score,
      folds: prepared.foldsOf,
      leaderboard: this.#rows,
      comparisons: comparisonsOf(this.#rows, prepared, session.book),
      refit,
      wallSeconds: (systemClock() - begin) / 1000,
    } satisfies SweepEndEvent;
  }

  #start(): SweepStartEvent {
    const { definition, search, first, notes, units, foldsOf } = this.prepared;
    const { folder, run } = this.session;
    const limit =
      run.timeLimit === undefined
        ? []
        : [
            'time limit: how many trials are done by then depends on the machine, and so does the leaderboard',
          ];
    return {
      type: 'start',
      sweep: folder,
      search: definition.search,
      axes: Object.keys(definition.axes),
      score: definition.score,
      seeds: definition.seeds,
      folds: foldsOf,
      configurations: search.configurations,
      trials: search.configurations * units.all.length,
      epochs: first.config.epochs,
      notes: [...notes, ...limit],
    };
  }

  /** Keeps a result in the book and on disk. */
  #keep({ result, seconds, samplesPerSecond }: Finished): TrialEndEvent {
    const { folder, book, run } = this.session;
    const { trial, axes, epochs } = result;
    book.add(result);
    if (folder) {
      appendTrialLines(folder, [result]);
      appendTime(folder, { trial, epochs, seconds, speed: samplesPerSecond });
    }
    const failed = hasFailed(result);
    if (failed && run.failFast) {
      this.#failure ??= `trial ${trial} (${assignmentText(axes)}): ${result.reason}; --fail-fast ended the sweep`;
      this.stopper.stop('a trial failed');
    }
    if (systemClock() - this.#ranked > LEADERBOARD_INTERVAL) this.#rank();
    const score = failed ? null : scoreOf(this.prepared.definition.score, result);
    return { type: 'trialEnd', result, score, seconds, best: this.#rows[0] ?? null };
  }

  /** Brings the leaderboard up to date, in its file too. */
  #rank(): void {
    const { definition, units } = this.prepared;
    const { folder, book } = this.session;
    this.#rows = leaderboardOf(definition, units, this.#tried.values(), book);
    this.#ranked = systemClock();
    if (!folder) return;
    const tried = [definition.axes, ...this.#tried.values()];
    const paths = new Set(tried.flatMap((assignment) => Object.keys(assignment)));
    const text = leaderboardCsv(this.#rows, [...paths], definition.score, units);
    writeFileAtomic(join(folder, SWEEP_FILES.leaderboard), text);
    this.leaderboardSha256 = sha256Of(text);
  }

  /** Whether the best configuration is trained on all rows at the end. */
  get #refits(): boolean {
    const { definition, first } = this.prepared;
    return definition.refit && isHeldBack(first.data) && this.#rows[0]?.status === 'completed';
  }

  async #refit(): Promise<string | null> {
    const { folder, record } = this.session;
    if (!this.#refits || folder === null) return null;
    const { signal } = this.stopper;
    return refitBest(this.prepared, folder, this.#rows[0], { signal, argv: record.argv });
  }
}
