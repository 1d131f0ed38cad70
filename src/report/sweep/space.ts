/** The space that a sweep searched: parallel coordinates, and the effect of each axis. */
import { COLOUR } from '../../bench/plot/theme.js';
import { moreIsBetter } from '../../experiment/scores.js';
import { axisValueText } from '../../experiment/searches/space.js';
import { mean } from '../../statistics.js';
import { type Draw, quantity } from '../chart.js';
import { grid, numbersTable, type PageSection } from '../elements.js';
import { type Html, html } from '../html.js';
import { scoreValueText } from './leaderboard.js';
import type { OpenedSweep, ReportedRow } from './open.js';

/** Groups of configurations by rank, the best first, with their colours. */
const GROUPS = [
  { name: 'best tenth', upTo: 0.1, colour: COLOUR.orange, width: 2.2 },
  { name: 'best third', upTo: 1 / 3, colour: COLOUR.blue, width: 1.4 },
  { name: 'others', upTo: 1, colour: COLOUR.grey, width: 1 },
] as const;

/** Values of an axis of words that are drawn apart. */
const MOST_WORDS = 20;

/** An axis as it is drawn. */
interface DrawnAxis {
  readonly path: string;
  /** Whether its values are numbers, and whether they stretch so far that a logarithm shows them better. */
  readonly scale: 'words' | 'linear' | 'log';
  /** The texts of its values, in their order. */
  readonly words: readonly string[];
  readonly low: number;
  readonly high: number;
}

/** Returns an axis with what its values in these rows say of it. */
function drawnAxis(path: string, rows: readonly ReportedRow[]): DrawnAxis {
  const values = rows.flatMap(({ axes }) => (path in axes ? [axes[path]] : []));
  const numbers = values.filter((value) => typeof value === 'number');
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  if (numbers.length === values.length && numbers.length > 0 && low < high) {
    return { path, scale: low > 0 && high / low >= 10 ? 'log' : 'linear', words: [], low, high };
  }
  const words = [...new Set(values.map(axisValueText))].sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  return { path, scale: 'words', words, low: 0, high: Math.max(1, words.length - 1) };
}

/** Returns where a value lies between the ends of its axis, from 0 to 1; a single one in the middle. */
function placeOn({ scale, words, low, high }: DrawnAxis, value: unknown): number {
  if (scale === 'words')
    return words.length < 2 ? 0.5 : words.indexOf(axisValueText(value)) / (words.length - 1);
  const at = value as number;
  return scale === 'log' ? Math.log(at / low) / Math.log(high / low) : (at - low) / (high - low);
}

const shownNumber = (value: number): string => String(Number(value.toPrecision(3)));

/** The texts beside an axis, with their places. */
function ticksOf(axis: DrawnAxis): { place: number; text: string }[] {
  const { scale, words, low, high } = axis;
  if (scale === 'words') {
    const step = Math.ceil(words.length / MOST_WORDS);
    return words
      .filter((_, i) => i % step === 0)
      .map((text) => ({ place: placeOn(axis, text), text: text.slice(0, 18) }));
  }
  return [0, 0.25, 0.5, 0.75, 1].map((place) => ({
    place,
    text: shownNumber(scale === 'log' ? low * (high / low) ** place : low + place * (high - low)),
  }));
}

/** Returns the section of parallel coordinates; null with fewer than two configurations that have a score. */
export async function coordinatesSection(
  { definition, paths, rows }: OpenedSweep,
  draw: Draw,
): Promise<PageSection | null> {
  const scored = rows.filter(({ score, status }) => score !== null && status === 'completed');
  if (scored.length < 2 || paths.length === 0) return null;
  const { score } = definition;
  const scores = scored.map((row) => row.score!);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const last: DrawnAxis = { path: score, scale: 'linear', words: [], low, high: high > low ? high : low + 1 };
  const axes = [...paths.map((path) => drawnAxis(path, scored)), last];
  const lines = scored.flatMap((row, i) => {
    const share = (i + 1) / scored.length;
    const group = i === 0 ? GROUPS[0] : GROUPS.find(({ upTo }) => share <= upTo + 1e-9)!;
    return axes.flatMap((axis, at) => {
      const value = at === paths.length ? row.score : row.axes[axis.path];
      return value === undefined
        ? []
        : [{ row: row.rank, series: group.name, at, place: placeOn(axis, value) }];
    });
  });
  const marks = axes.flatMap((axis, at) => ticksOf(axis).map((tick) => ({ at, ...tick })));
  const titles = axes.map(({ path }, at) => ({ at, text: path.slice(0, 22) }));
  const chart = await draw({
    title: 'Parallel coordinates',
    subtitle: `Each line is a configuration, from its values to its mean ${score}`,
    alt: `A line for each of ${scored.length} configurations through the axes ${paths.join(', ')} to ${score}; the best tenth stands out`,
    width: 117 * Math.max(3, axes.length),
    height: 340,
    spec: { layer: coordinateLayers(lines, marks, titles, axes.length) },
  });
  const body = html`<div class="scroll" role="group" aria-label="Parallel coordinates" tabindex="0">${chart}</div>`;
  return { id: 'coordinates', title: 'Parallel coordinates', body };
}

/** Keeps lines away from the text that is written on top of it. */
const HALO = { stroke: COLOUR.ground, strokeWidth: 4, strokeJoin: 'round' };

function coordinateLayers(
  lines: readonly { series: string }[],
  marks: readonly object[],
  titles: readonly { at: number }[],
  axes: number,
): object[] {
  const x = {
    field: 'at',
    type: 'quantitative',
    axis: null,
    scale: { domain: [-0.15, axes - 0.5], nice: false, zero: false },
  };
  const y = {
    field: 'place',
    type: 'quantitative',
    axis: null,
    scale: { domain: [-0.04, 1.1], nice: false },
  };
  const names = GROUPS.map(({ name }) => name);
  return [
    { data: { values: titles }, mark: { type: 'rule', stroke: COLOUR.faint }, encoding: { x } },
    ...[...GROUPS].reverse().map(({ name, width }) => ({
      data: { values: lines.filter(({ series }) => series === name) },
      mark: { type: 'line', strokeWidth: width, opacity: name === 'others' ? 0.5 : 1 },
      encoding: {
        x,
        y,
        detail: { field: 'row' },
        color: {
          field: 'series',
          type: 'nominal',
          sort: null,
          scale: { domain: names, range: GROUPS.map(({ colour }) => colour) },
        },
      },
    })),
    {
      data: { values: marks },
      mark: { type: 'text', align: 'left', dx: 5, fontSize: 11, color: COLOUR.ground, ...HALO },
      encoding: { x, y, text: { field: 'text' } },
    },
    {
      data: { values: marks },
      mark: { type: 'text', align: 'left', dx: 5, fontSize: 11, color: COLOUR.text },
      encoding: { x, y, text: { field: 'text' } },
    },
    {
      data: { values: titles.map((title) => ({ ...title, place: 1.07 })) },
      mark: { type: 'text', align: 'left', dx: -2, fontSize: 12, fontWeight: 600, color: COLOUR.text },
      encoding: { x, y, text: { field: 'text' } },
    },
  ];
}

/** Returns the section of the effects; null where there is nothing to compare. */
export async function effectsSection(
  { definition, paths, rows }: OpenedSweep,
  draw: Draw,
): Promise<PageSection | null> {
  const scored = rows.filter(({ score, status }) => score !== null && status === 'completed');
  const varied = paths.filter((path) => {
    return new Set(scored.flatMap(({ axes }) => (path in axes ? [axisValueText(axes[path])] : []))).size > 1;
  });
  if (varied.length === 0) return null;
  const { score } = definition;
  const better = moreIsBetter(score);
  const charts = await Promise.all(varied.map((path) => effectChart(path, scored, score, draw)));
  const tables = varied.map((path) => {
    const byValue = scoresByValue(scored, path);
    return numbersTable({
      caption: `${score} by ${path}`,
      columns: [path, 'configurations', 'mean', 'best'],
      rows: Array.from(byValue, ([value, found]) => [
        value,
        String(found.length),
        scoreValueText(score, mean(found)),
        scoreValueText(score, better ? Math.max(...found) : Math.min(...found)),
      ]),
    });
  });
  const body = html`<p>Each point is a configuration; the line joins the means. The other axes vary along, so an effect that depends on them is averaged.</p>${grid(charts)}${tables}`;
  return { id: 'effects', title: 'Effect of each axis', body };
}

/** Returns the scores of the configurations by the value of an axis, in the order of the values. */
function scoresByValue(rows: readonly ReportedRow[], path: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { axes, score } of rows) {
    if (!(path in axes)) continue;
    const value = axisValueText(axes[path]);
    found.set(value, [...(found.get(value) ?? []), score!]);
  }
  return new Map(
    [...found].sort(([a], [b]) => Number(a) - Number(b) || a.localeCompare(b, 'en', { numeric: true })),
  );
}

function effectChart(path: string, rows: readonly ReportedRow[], score: string, draw: Draw): Promise<Html> {
  const having = rows.filter(({ axes }) => path in axes);
  const axis = drawnAxis(path, having);
  const number = axis.scale !== 'words';
  const values = having.map((row) => ({
    value: number ? row.axes[path] : axisValueText(row.axes[path]).slice(0, 24),
    score: row.score!,
  }));
  const x = number
    ? quantity('value', path, {
        scale: { type: axis.scale, zero: false, padding: 12 },
        axis: { grid: false, format: '~g', tickCount: 5 },
      })
    : {
        field: 'value',
        type: 'ordinal',
        sort: axis.words.map((word) => word.slice(0, 24)),
        title: path,
        axis: { labelAngle: axis.words.length > 4 ? -40 : 0, labelLimit: 90 },
      };
  const y = quantity('score', score, score.endsWith('accuracy') ? { axis: { format: '.3~p' } } : {});
  const several = new Set(values.map(({ value }) => value)).size < values.length;
  return draw({
    title: path,
    alt: `${score} of ${having.length} configurations by ${path}`,
    spec: {
      data: { values },
      layer: [
        {
          mark: { type: 'point', filled: true, size: 28, opacity: 0.6, color: COLOUR.blue },
          encoding: { x, y },
        },
        ...(several
          ? [
              {
                mark: { type: 'line', color: COLOUR.orange, strokeWidth: 2 },
                encoding: { x, y: { ...y, aggregate: 'mean' } },
              },
            ]
          : []),
      ],
    },
  });
}
