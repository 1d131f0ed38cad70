/** Opens a sweep for a report: its definition, its leaderboard and the curves of its trials. */
import type { SweepDefinition } from '../../experiment/definition.js';
import { readSweep, type SweepRecord, trialFolder } from '../../experiment/folder.js';
import { type LeaderboardRow, leaderboardOf } from '../../experiment/leaderboard.js';
import { scoreOf } from '../../experiment/scores.js';
import { type Assignment, assignmentKey } from '../../experiment/searches/space.js';
import { hasFailed, readTrialLines, TrialBook, type TrialResult } from '../../experiment/triallines.js';
import { type Units, unitsOf } from '../../experiment/units.js';
import { type LoggedEpoch, readRunLog } from '../run/log.js';

/** A configuration with what came of it. */
export interface ReportedRow extends LeaderboardRow {
  /** The score by seed and fold, of the trials that have one. */
  readonly bySeed: ReadonlyMap<string, number>;
  /** The results of its trials, in the order of the seeds. */
  readonly results: readonly TrialResult[];
}

/** All that a report of a sweep is made from. */
export interface OpenedSweep {
  readonly folder: string;
  readonly record: SweepRecord;
  readonly definition: SweepDefinition;
  /** The dotted paths of the axes. */
  readonly paths: readonly string[];
  /** The trainings of each configuration: its seeds, and the folds of each. */
  readonly units: Units;
  readonly rows: readonly ReportedRow[];
  /** Trials that have ended, and those that have only begun. */
  readonly ended: number;
  readonly begun: number;
  readonly notes: readonly string[];
}

/** Opens a sweep. Throws DataError where the folder is no sweep's or is damaged. */
export function openSweep(folder: string): OpenedSweep {
  const { record, notes: changes } = readSweep(folder);
  const { definition } = record;
  const { lines, notes } = readTrialLines(folder);
  const book = new TrialBook(lines);
  const tried = new Map<string, Assignment>();
  const [ended, begun] = [new Set<number>(), new Set<number>()];
  for (const line of lines) {
    tried.set(assignmentKey(line.axes), line.axes);
    begun.add(line.trial);
    if (line.status !== 'begun') ended.add(line.trial);
  }
  const folds = Math.max(0, ...lines.map(({ fold = 0 }) => fold));
  const units = unitsOf(definition.seeds, folds, record.folds?.testToTrain ?? 0);
  const rows = leaderboardOf(definition, units, tried.values(), book).map((row): ReportedRow => {
    const results = units.all.flatMap((unit) => book.last(row.axes, unit) ?? []);
    const compared = results.filter((result) => result.epochs === row.epochs && !hasFailed(result));
    const scores = compared.flatMap((result): [string, number][] => {
      const score = scoreOf(definition.score, result);
      return score === null ? [] : [[`${result.seed}/${result.fold ?? 0}`, score]];
    });
    return { ...row, results, bySeed: new Map(scores) };
  });
  return {
    folder,
    record,
    definition,
    paths: Object.keys(definition.axes),
    units,
    rows,
    ended: ended.size,
    begun: begun.size,
    notes: [...changes, ...notes],
  };
}

/** Reads the epochs of a trial; none where its folder is gone. */
export function trialEpochs(folder: string, trial: number): readonly LoggedEpoch[] {
  return readRunLog(trialFolder(folder, trial)).curves[0]?.epochs ?? [];
}
