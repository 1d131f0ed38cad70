/** Prints how the contestants stand, and hands the same to the document. */

import { mean } from '#src/statistics.js';
import { ablation, averageRank, lost, SCORES, standing, totalSeconds } from './compare.mjs';
import { RESULTS, TIMES } from './folder.mjs';
import { splitsFor } from './splitfiles.mjs';
import { FOLDS, REPEATS } from './splits.mjs';
import { interval } from './statistics.mjs';
import { keyOf, readStore } from './store.mjs';

const PAIRS = splitsFor({ repeats: REPEATS, folds: FOLDS });

/** What each column of the table of ranks counts. */
const COLUMNS = {
  'log loss, RMSE': ['first'],
  'accuracy, R²': ['second'],
  choose: ['first', ({ half }) => half === 'choose'],
  confirm: ['first', ({ half }) => half === 'confirm'],
  classes: ['first', ({ task }) => task === 'classification'],
  numbers: ['first', ({ task }) => task === 'regression'],
};

/**
 * Returns the sections of a report as tables of text: { title, note, header, rows }.
 * @param contestants the first is the one whose lost tables are listed
 * @param ablations for each of them the base and its variants
 */
export function sections(tables, contestants, ablations) {
  const entries = readStore(RESULTS);
  const all = tables.map((table) => standing(entries, table, contestants, PAIRS));
  const standings = all.filter((one) => one !== null);
  const without = tables.filter((_, at) => all[at] === null).map(({ name }) => name);
  return [
    ...(standings.length === 0
      ? []
      : [
          rankSection(standings, contestants, without),
          ...Object.keys(SCORES).flatMap((task) => scoreSections(standings, contestants, task)),
          lostSection(standings, contestants[0]),
          failedSection(standings),
        ]),
    coverageSection(entries, tables, contestants),
    timeSection(tables, contestants),
    ...ablations.map((variants) => ablationSection(entries, tables, variants)),
  ].filter(({ rows }) => rows.length > 0);
}

function rankSection(standings, contestants, without) {
  const rows = contestants.map((name) => [
    name,
    ...Object.values(COLUMNS).map(([score, counts]) => fixed(averageRank(standings, name, score, counts), 2)),
    String(standings.filter(({ cells }) => cells.find((c) => c.contestant === name).firstRank === 1).length),
  ]);
  const splits = [...new Set(standings.map((one) => one.splits))].sort((a, b) => a - b).join(' to ');
  const missing = without.length > 0 ? `; not yet tried by all: ${without.join(', ')}` : '';
  return {
    title: 'Average rank',
    note: `1 is the best of ${contestants.length}; ${standings.length} tables, ${splits} splits each${missing}`,
    header: ['', ...Object.keys(COLUMNS), 'first'],
    rows: rows.sort((a, b) => a[1] - b[1]),
  };
}

/** Two tables for a task: one of each score. */
function scoreSections(standings, contestants, task) {
  const [first, second] = SCORES[task];
  const titles = { logLoss: 'Log loss', accuracy: 'Accuracy, in per cent', rmse: 'RMSE', r2: 'R²' };
  return [
    ['first', first],
    ['second', second],
  ].map(([which, score]) => ({
    title: titles[score],
    note: 'mean over the splits ± half the 95 % interval; the best in bold',
    header: ['table', ...contestants],
    rows: standings
      .filter((one) => one.task === task)
      .map(({ name, cells }) => [name, ...cells.map((cell) => scoreText(cell, which, score))]),
  }));
}

function scoreText(cell, which, score) {
  if (cell.failed.length > 0) return 'failed';
  const scale = score === 'accuracy' ? 100 : 1;
  const { mean: middle, half } = interval(cell[which].map((value) => scale * value));
  const digits = Math.max(
    0,
    Math.min(4, 2 - Math.floor(Math.log10(Number.isNaN(half) ? middle : half || 1))),
  );
  const places = score === 'accuracy' ? 1 : score === 'r2' ? 3 : Math.min(digits, middle < 10 ? 3 : 2);
  const text = `${fixed(middle, places)} ± ${fixed(half, places)}`;
  return cell[`${which}Rank`] < 2 ? `**${text}**` : text;
}

function lostSection(standings, contestant) {
  const rows = lost(standings, contestant).map((one) => [
    one.name,
    one.half,
    one.to,
    String(one.rank),
    one.failed > 0 ? 'failed' : `${signed(one.excess)} ± ${fixed(100 * one.width, 1)} %`,
    one.excess > one.width ? 'yes' : 'no',
  ]);
  const note = `its log loss or RMSE above the best one's; clear where the interval of the difference excludes 0`;
  return {
    title: `Lost by ${contestant}`,
    note,
    header: ['table', 'half', 'to', 'rank', 'excess', 'clear'],
    rows,
  };
}

function failedSection(standings) {
  const rows = standings.flatMap(({ name, cells }) =>
    cells
      .filter(({ failed }) => failed.length > 0)
      .map(({ contestant, failed }) => [name, contestant, String(failed.length), failed[0].error]),
  );
  return {
    title: 'Failed',
    note: 'splits without a score',
    header: ['table', 'contestant', 'splits', 'error'],
    rows,
  };
}

/** What holds the right answer, by task. */
const HELD = { regression: 'intervals', classification: 'sets' };

function coverageSection(entries, tables, contestants) {
  const shareOf = (contestant, { name }) => {
    const found = PAIRS.map(([repeat, fold]) =>
      entries.get(keyOf({ contestant, table: name, repeat, fold })),
    );
    return mean(found.flatMap((entry) => (entry?.coverage === undefined ? [] : [100 * entry.coverage])));
  };
  const rows = contestants.flatMap((contestant) =>
    Object.entries(HELD).flatMap(([task, held]) => {
      const shares = tables
        .filter((table) => table.task === task)
        .map((table) => ({ name: table.name, share: shareOf(contestant, table) }))
        .filter(({ share }) => !Number.isNaN(share))
        .sort((a, b) => a.share - b.share);
      if (shares.length === 0) return [];
      const { mean: middle, half } = interval(
        shares.map(({ share }) => share),
        0,
      );
      const text = ({ name, share }) => `${fixed(share, 1)} (${name})`;
      const average = `${fixed(middle, 1)} ± ${fixed(half, 1)}`;
      return [[contestant, held, String(shares.length), average, text(shares[0]), text(shares.at(-1))]];
    }),
  );
  return {
    title: 'Coverage',
    note: 'per cent of the test rows whose interval or set of level 0.9 holds the right answer, as a mean over the tables. A set is never empty, so where the accuracy is above 90 % the sets hold the answer as often at least',
    header: ['', '', 'tables', 'mean', 'least', 'most'],
    rows,
  };
}

function timeSection(tables, contestants) {
  const quiet = readStore(TIMES);
  const timed = contestants.filter((name) => [...quiet.values()].some((entry) => entry.contestant === name));
  const histogram = 'HistGradientBoosting';
  const total = (name, key) => totalSeconds(quiet, tables, timed, name, key);
  const rows = timed.map((name) => {
    const { seconds } = total(name, 'seconds');
    const ratio = timed.includes(histogram) ? fixed(seconds / total(histogram, 'seconds').seconds, 2) : '';
    const training = total(name, 'trainSeconds').seconds;
    return [
      name,
      fixed(seconds, 1),
      Number.isNaN(training) ? '' : fixed(training, 1),
      fixed(total(name, 'cpuSeconds').seconds, 1),
      ratio,
    ];
  });
  const loads = [...quiet.values()].map(({ load }) => load);
  const count = timed.length === 0 ? 0 : total(timed[0], 'seconds').tables;
  return {
    title: 'Seconds',
    note: `one split of each of ${count} tables, one at a time, two cores; load of the machine up to ${fixed(Math.max(...loads), 1)}. Of gradpool the whole command (its start, reading, training, testing, writing), of the peers only the fit`,
    header: ['', 'seconds', 'of these training', 'CPU seconds', 'ratio to HistGradientBoosting'],
    rows,
  };
}

function ablationSection(entries, tables, [base, ...variants]) {
  const rows = variants.map((variant) => {
    const standings = tables
      .map((table) => standing(entries, table, [base, variant], PAIRS))
      .filter((one) => one !== null);
    const of = (half) => {
      const some = standings.filter((one) => half === undefined || one.half === half);
      if (some.length === 0) return '';
      const { change, half: width } = ablation(some, base, variant);
      return `${signed(change)} ± ${fixed(100 * width, 1)} %`;
    };
    const { tables: count, failed, second, better } = ablation(standings, base, variant);
    return [
      variant,
      flagsOf(entries, variant),
      of(),
      of('choose'),
      of('confirm'),
      fixed(100 * second, 2),
      `${better} of ${count}`,
      String(failed),
    ];
  });
  return {
    title: `Changes against ${base}`,
    note: `${base} is version ${versionOf(entries, base)} with ${flagsOf(entries, base)}; log loss or RMSE, geometric mean over the tables and its 95 % interval; above 0 is worse`,
    header: ['variant', 'flags', 'all', 'choose', 'confirm', 'accuracy, R² (points)', 'better on', 'failed'],
    rows,
  };
}

const lastOf = (entries, contestant) =>
  [...entries.values()].findLast((entry) => entry.contestant === contestant);

const versionOf = (entries, contestant) => lastOf(entries, contestant)?.version ?? 'unknown';

/** Returns the flags of a variant without the number of workers, on which scores do not depend. */
const flagsOf = (entries, contestant) =>
  (lastOf(entries, contestant)?.flags ?? '').replace(/--workers \d+/, '').trim() || 'no flags';

/** Returns the sections as text for a terminal. */
export function terminalText(parts) {
  return parts
    .map(({ title, note, header, rows }) => {
      const lines = [header, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('**', '')));
      const widths = header.map((_, at) => Math.max(...lines.map((cells) => cells[at].length)));
      const text = lines.map((cells) =>
        cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  '),
      );
      return [`${title} (${note})`, ...text].join('\n');
    })
    .join('\n\n');
}

function fixed(value, places) {
  return Number.isFinite(value)
    ? value.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })
    : '–';
}

function signed(share) {
  return `${share < 0 ? '−' : '+'}${fixed(Math.abs(100 * share), 1)}`;
}
